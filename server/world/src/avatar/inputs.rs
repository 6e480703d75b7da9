//! One input per tick: what came for which tick, and which one holds now.

use bevy_ecs::prelude::*;
use vivarium_contract::Intent;
use vivarium_protocol::{
    intent::{Input, TrackedPoses},
    limits::INPUT_LEAD_TICKS_MAX,
    snapshot::packet::Ack,
};

use crate::{
    authority::{Claim, Granted, Wish},
    limits::{REPEATED_INPUT_TICKS_MAX, WAITING_INPUTS_MAX},
    replicate::Client,
    tick::{Clock, Report},
};

/// A latest-lane message: moving, looking, acknowledging.
pub(crate) struct Latest {
    ack: Ack,
    pub tracked: Option<TrackedPoses>,
    first_tick: u32,
    inputs: Vec<Input>,
}

impl Wish for Latest {
    fn claim(intent: Intent) -> Claim<Self> {
        match intent {
            Intent::Latest(latest) => Claim::Allowed(Self {
                ack: latest.ack,
                tracked: latest.tracked,
                first_tick: latest.first_tick,
                inputs: latest.inputs,
            }),
            other => Claim::Other(other),
        }
    }
}

/// The inputs of one person.
#[derive(Component, Default)]
pub(crate) struct Inputs {
    /// For ticks still to come, ascending, one each.
    waiting: Vec<(u32, Input)>,
    /// The newest tick for which an input came.
    newest: u32,
    /// The tick in which one came last, too late or not.
    came: u32,
    held: Input,
    held_since: u32,
    on_time: bool,
}

/// Ticks after the last input for which somebody counts as steering.
const STEERING_TICKS: u32 = 60;

/// What became of an input that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arrival {
    Waits,
    /// It came before; nothing changes.
    Repeated,
    /// Its tick is over, or lies too far ahead, or too many wait.
    Dropped,
}

impl Inputs {
    /// What the avatar does in this tick.
    pub fn held(&self) -> Input {
        self.held
    }

    /// Whether the input of this tick had come when it was needed.
    pub fn on_time(&self) -> bool {
        self.on_time
    }

    /// Whether any input came within the last second or so: whoever only looks on need not be told
    /// when to send.
    pub fn is_steering(&self, tick: u32) -> bool {
        tick.saturating_sub(self.came) <= STEERING_TICKS
    }

    /// Ticks between `tick` and the newest input.
    pub fn lead_ticks(&self, tick: u32) -> i8 {
        let lead = i64::from(self.newest) - i64::from(tick);
        lead.clamp(i64::from(i8::MIN), i64::from(i8::MAX)) as i8
    }

    /// Forgets everything, for a new place or a new connection; keeps where the person looks.
    pub fn rest(&mut self) {
        *self = Self { held: self.stand(), ..Self::default() };
    }

    fn stand(&self) -> Input {
        Input { yaw: self.held.yaw, pitch: self.held.pitch, ..Input::default() }
    }

    /// Faces this way (1/65536 turn), before the first input.
    pub fn face(&mut self, yaw: u16) {
        self.held.yaw = yaw;
    }

    /// Takes an input in while `now` is being simulated, for which it is not too late.
    fn arrive(&mut self, tick: u32, input: Input, now: u32) -> Arrival {
        self.came = now;
        if tick < now {
            return if tick <= self.newest { Arrival::Repeated } else { Arrival::Dropped };
        }
        if tick > now.saturating_add(INPUT_LEAD_TICKS_MAX) {
            return Arrival::Dropped;
        }
        match self.waiting.binary_search_by_key(&tick, |(tick, _)| *tick) {
            // The first word holds: nobody may change their mind about a tick.
            Ok(_) => Arrival::Repeated,
            Err(_) if self.waiting.len() >= WAITING_INPUTS_MAX => Arrival::Dropped,
            Err(index) => {
                self.waiting.insert(index, (tick, input));
                self.newest = self.newest.max(tick);
                Arrival::Waits
            }
        }
    }

    /// Chooses the one input of tick `now`: its own, or the last one for a while, or standing.
    fn choose(&mut self, now: u32) {
        let passed = self.waiting.partition_point(|(tick, _)| *tick < now);
        self.waiting.drain(..passed);
        self.on_time = self.waiting.first().is_some_and(|(tick, _)| *tick == now);
        if self.on_time {
            let (tick, input) = self.waiting.remove(0);
            self.held = input;
            self.held_since = tick;
        } else if now.saturating_sub(self.held_since) > REPEATED_INPUT_TICKS_MAX {
            self.held = self.stand();
        }
    }
}

/// Takes in what came, acknowledgements too, and chooses one input for every avatar.
pub(super) fn take_inputs(
    clock: Res<Clock>,
    latest: Res<Granted<Latest>>,
    mut people: Query<(&mut Inputs, &mut Client)>,
    mut report: ResMut<Report>,
) {
    for latest in latest.iter() {
        let Ok((mut inputs, mut client)) = people.get_mut(latest.avatar()) else { continue };
        let wish = latest.wish();
        client.acknowledge(wish.ack, wish.first_tick, clock.tick);
        for (index, input) in wish.inputs.iter().enumerate() {
            let arrival = wish
                .first_tick
                .checked_add(index as u32)
                .map_or(Arrival::Dropped, |tick| inputs.arrive(tick, *input, clock.tick));
            report.0.inputs_dropped += u32::from(arrival == Arrival::Dropped);
        }
    }
    for (mut inputs, _) in &mut people {
        inputs.choose(clock.tick);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn east() -> Input {
        Input { move_x: 127, ..Input::default() }
    }

    #[test]
    fn one_input_is_used_per_tick_however_many_come() {
        let mut inputs = Inputs::default();
        for _ in 0..3 {
            assert_ne!(inputs.arrive(10, east(), 10), Arrival::Dropped);
        }
        assert_eq!(inputs.waiting.len(), 1);
        inputs.choose(10);
        assert!(inputs.on_time());
        inputs.choose(11);
        assert!(!inputs.on_time(), "the second tick has no input of its own");
        assert_eq!(inputs.held(), east(), "a lost input is bridged by the one before");
    }

    #[test]
    fn the_past_and_the_far_future_are_refused() {
        let mut inputs = Inputs::default();
        assert_eq!(inputs.arrive(9, east(), 10), Arrival::Dropped);
        assert_eq!(inputs.arrive(10 + INPUT_LEAD_TICKS_MAX, east(), 10), Arrival::Waits);
        assert_eq!(inputs.arrive(11 + INPUT_LEAD_TICKS_MAX, east(), 10), Arrival::Dropped);
        assert_eq!(inputs.arrive(u32::MAX, east(), 10), Arrival::Dropped);
        assert_eq!(inputs.arrive(u32::MAX, east(), u32::MAX - 1), Arrival::Waits);
    }

    #[test]
    fn a_promise_for_a_tick_cannot_be_changed() {
        let mut inputs = Inputs::default();
        inputs.arrive(12, east(), 10);
        assert_eq!(inputs.arrive(12, Input::default(), 10), Arrival::Repeated);
        inputs.choose(12);
        assert_eq!(inputs.held(), east());
    }

    #[test]
    fn silence_ends_in_standing_still_but_not_in_looking_away() {
        let mut inputs = Inputs::default();
        inputs.arrive(1, Input { yaw: 77, ..east() }, 1);
        inputs.choose(1);
        inputs.choose(1 + REPEATED_INPUT_TICKS_MAX);
        assert_eq!(inputs.held().move_x, 127);
        inputs.choose(2 + REPEATED_INPUT_TICKS_MAX);
        assert_eq!(inputs.held(), Input { yaw: 77, ..Input::default() });
    }
}

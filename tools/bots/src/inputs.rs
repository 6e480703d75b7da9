//! Which input is sent for which tick of the server.
//!
//! Each input belongs to one tick, and the server wants it a little before. How early inputs arrive
//! is told in every packet (`PacketHead::lead_ticks`): too late, and some ticks are skipped with the
//! last input repeated; too early, and no input is made for some ticks of the bot's own clock.

use std::collections::VecDeque;

use vivarium_protocol::{
    intent::{ClientLatest, Input},
    limits::{INPUT_LEAD_TICKS_MAX, INPUTS_PER_MESSAGE_MAX},
    snapshot::packet::{Ack, PacketHead},
};

/// Least and greatest lead (ticks) that is left as it is.
const LEAD_WANTED_TICKS: std::ops::RangeInclusive<i32> = 2..=4;
/// Packets over which the smallest lead is looked for before anything is changed.
const PACKETS_OBSERVED: u32 = 15;
/// Earlier inputs that a message repeats in case it is the first to get through.
const REPEATED: usize = 3;

/// The inputs made so far, and the tick of the next.
#[derive(Debug)]
pub struct InputSchedule {
    next_tick: u32,
    /// The last of them is for the tick before `next_tick`.
    made: VecDeque<Input>,
    /// Made since the last message.
    unsent: usize,
    /// Ticks of the bot's clock for which nothing is to be made.
    hold: u32,
    lead_min: i32,
    packets: u32,
    /// Packets of earlier ticks were made before the last correction could be felt.
    settled_at_tick: u32,
}

impl InputSchedule {
    /// Starts a little ahead of the tick in which the person entered.
    pub fn entered(tick: u32) -> Self {
        let next_tick = tick.saturating_add(*LEAD_WANTED_TICKS.end() as u32);
        Self {
            next_tick,
            made: VecDeque::with_capacity(INPUTS_PER_MESSAGE_MAX + 1),
            unsent: 0,
            hold: 0,
            lead_min: i32::MAX,
            packets: 0,
            settled_at_tick: next_tick,
        }
    }

    /// A tick has passed on the bot's clock, in which the person held `input`.
    pub fn push(&mut self, input: Input) {
        if self.hold > 0 {
            self.hold -= 1;
        } else {
            self.make(input);
        }
    }

    fn make(&mut self, input: Input) {
        self.made.push_back(input);
        if self.made.len() > INPUTS_PER_MESSAGE_MAX {
            self.made.pop_front();
        }
        self.unsent = (self.unsent + 1).min(self.made.len());
        self.next_tick = self.next_tick.saturating_add(1);
    }

    /// What to send now: the inputs made since the last message, and a few before them.
    pub fn message(&mut self, ack: Ack) -> ClientLatest {
        let count = (self.unsent + REPEATED).min(self.made.len());
        self.unsent = 0;
        ClientLatest {
            ack,
            first_tick: self.next_tick.saturating_sub(count as u32),
            inputs: self.made.iter().skip(self.made.len() - count).copied().collect(),
            tracked: None,
        }
    }

    /// Learns from a packet how early inputs arrive, and corrects what is made next.
    pub fn packet_arrived(&mut self, packet: &PacketHead) {
        // Far behind, as after a pause of the whole process: start anew where the server is.
        let behind = i64::from(packet.tick) - i64::from(self.next_tick);
        if behind >= 0 || -behind > i64::from(INPUT_LEAD_TICKS_MAX) {
            *self = Self::entered(packet.tick);
            return;
        }
        if packet.tick < self.settled_at_tick {
            return;
        }
        self.lead_min = self.lead_min.min(i32::from(packet.lead_ticks));
        self.packets += 1;
        // Late inputs are felt at once; early ones only make the avatar answer later.
        if self.packets < PACKETS_OBSERVED && self.lead_min >= 0 {
            return;
        }
        if self.lead_min < *LEAD_WANTED_TICKS.start() {
            let skip = LEAD_WANTED_TICKS.start() + 1 - self.lead_min;
            let repeated = self.made.back().copied().unwrap_or_default();
            for _ in 0..skip.min(INPUTS_PER_MESSAGE_MAX as i32) {
                self.make(repeated);
            }
        } else if self.lead_min > *LEAD_WANTED_TICKS.end() {
            self.hold = (self.lead_min - LEAD_WANTED_TICKS.start() - 1) as u32;
        }
        self.lead_min = i32::MAX;
        self.packets = 0;
        self.settled_at_tick = self.next_tick.saturating_add(self.hold);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vivarium_protocol::snapshot::packet::OwnNote;

    fn packet(tick: u32, lead_ticks: i8) -> PacketHead {
        PacketHead {
            number: tick,
            era: 0,
            tick,
            on_time: lead_ticks >= 0,
            lead_ticks,
            own: OwnNote::Same,
        }
    }

    /// A bot and a server whose messages take `way` ticks each; the lead that packets tell at the end.
    fn lead_after(ticks: u32, way: u32) -> i8 {
        let mut schedule = InputSchedule::entered(100);
        let mut under_way = VecDeque::new();
        let mut packets = VecDeque::new();
        let mut newest_held = 100_i64;
        let mut lead = 0;
        for tick in 100 + way..100 + way + ticks {
            schedule.push(Input::default());
            let message = schedule.message(Ack::default());
            under_way.push_back((tick + way, message));
            while under_way.front().is_some_and(|(at, _)| *at <= tick) {
                let (_, message) = under_way.pop_front().unwrap();
                let newest = i64::from(message.first_tick) + message.inputs.len() as i64 - 1;
                newest_held = newest_held.max(newest);
            }
            lead = (newest_held - i64::from(tick)).clamp(-128, 127) as i8;
            packets.push_back((tick + way, packet(tick, lead)));
            while packets.front().is_some_and(|(at, _)| *at <= tick) {
                schedule.packet_arrived(&packets.pop_front().unwrap().1);
            }
        }
        lead
    }

    #[test]
    fn inputs_come_a_little_early_however_long_the_way_is() {
        for way in [0, 1, 2, 5, 8] {
            let lead = lead_after(300, way);
            assert!((2..=4).contains(&lead), "lead {lead} on a way of {way} ticks");
        }
    }

    #[test]
    fn messages_repeat_the_last_inputs_and_name_their_first_tick() {
        let mut schedule = InputSchedule::entered(10);
        let ack = Ack { newest: 7, before: [1, 0] };
        for step in 0..6 {
            schedule.push(Input { move_x: step, ..Input::default() });
            let message = schedule.message(ack);
            let moves: Vec<i8> = message.inputs.iter().map(|input| input.move_x).collect();
            let expected: Vec<i8> = (step.saturating_sub(3).max(0)..=step).collect();
            assert_eq!(moves, expected);
            assert_eq!(message.first_tick, 14 + expected[0] as u32);
            assert_eq!(message.ack, ack);
        }
    }

    #[test]
    fn after_a_pause_the_schedule_starts_where_the_server_is() {
        let mut schedule = InputSchedule::entered(10);
        schedule.push(Input::default());
        schedule.packet_arrived(&packet(500, -128));
        schedule.push(Input::default());
        assert_eq!(schedule.message(Ack::default()).first_tick, 504);
    }
}

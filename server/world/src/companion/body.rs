//! Legs and eyes: where a companion goes, round whom, and where it looks.
//!
//! What others decide is a [`Goal`] and a gaze; each tick the legs make of it the same [`Input`] that
//! a person's keys would make, and the body moves as an avatar does. A companion that stands on
//! something that does not move is not stepped in every tick.

use bevy_ecs::prelude::*;
use rapier3d::prelude::*;
use vivarium_contract::companion::Being;
use vivarium_motion::{AvatarState, consts::CAPSULE_RADIUS_M};
use vivarium_protocol::intent::{Input, buttons};

use super::{
    Companion, Companions,
    hands::Hands,
    manner::Manner,
    mood::Feelings,
    surroundings::{Surroundings, apart_flat_m, apart_m, feet_m, middle_m},
    ways::{Way, Ways},
};
use crate::{
    avatar::{Avatar, Walking, heading},
    edit::Current,
    limits::{COMPANION_REST_TICKS, WAYS_PER_TICK},
    physics::Physics,
    tick::Clock,
};

/// How near (metres, seen from above) a place on the way counts as reached.
const CORNER_M: f32 = 0.35;
/// Others are walked round within this distance, metres.
const ROUND_M: f32 = 1.1;
/// A target that has moved this far (metres) is gone to on another way.
const STRAYED_M: f32 = 0.8;
/// Turns by at most so much in a tick, 1/65536 turn.
const TURN_MAX: i16 = 2_400;
/// Ticks without getting on after which another way is tried.
const STUCK_TICKS: u16 = 40;
/// Ways that are tried before a place counts as out of reach.
const TRIES_MAX: u8 = 3;
/// Ticks after which it asks again for a way on ground that was not known.
const WAIT_TICKS: u32 = 10;
/// How often it does.
const WAITS_MAX: u8 = 30;
/// Less than this (metres) in a tick is not getting on.
const STEP_M_MIN: f32 = 0.01;

/// How fast a companion goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// At leisure.
    Stroll,
    /// As people walk.
    Walk,
    /// As fast as it can.
    Run,
}

impl Pace {
    /// Part of full deflection, and the buttons.
    fn keys(self) -> (f32, u8) {
        match self {
            Self::Stroll => (0.45, 0),
            Self::Walk => (0.85, 0),
            Self::Run => (1.0, buttons::RUN),
        }
    }
}

/// Where a companion is to go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Goal {
    /// The place: feet, metres.
    pub place_m: [f32; 3],
    /// How near it must come, metres as seen from above.
    pub within_m: f32,
    /// How fast.
    pub pace: Pace,
}

/// How far a companion has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Progress {
    /// It has no goal.
    #[default]
    Idle,
    /// On its way.
    Going,
    /// It is there.
    There,
    /// It cannot get there.
    NoWay,
}

/// What moves a companion.
#[derive(Component, Default)]
pub(crate) struct Legs {
    goal: Option<Goal>,
    pub progress: Progress,
    /// Where the way leads, and the places on it that are still ahead, last first.
    way_to_m: [f32; 3],
    way: Vec<[f32; 3]>,
    stuck_ticks: u16,
    tries: u8,
    /// Whether it stands where the way ends, as near to the goal as one can.
    is_at_end: bool,
    /// Where it found no way to.
    no_way_to_m: Option<[f32; 3]>,
    /// How often it has waited until the ground is known, and when it asks again.
    waits: u8,
    plans_at: u32,
    /// At whom or what it looks while it does not walk.
    pub gaze: Option<Being>,
    pub sits: bool,
    /// Ticks for which it is stepped though it stands.
    restless_ticks: u8,
    /// Whether it stands on a platform, which carries it along.
    rides: bool,
    pub input: Input,
}

impl Legs {
    /// Standing, with its face this way.
    pub fn facing(yaw: u16) -> Self {
        Self { input: Input { yaw, ..Input::default() }, restless_ticks: 30, ..Self::default() }
    }

    /// Goes somewhere. The way there is sought anew only when the place is another one.
    pub fn go(&mut self, goal: Goal) {
        let is_near = |old: &Goal| apart_m(old.place_m, goal.place_m) < STRAYED_M;
        let goes_on = self.goal.as_ref().is_some_and(is_near);
        if !goes_on {
            self.way.clear();
            (self.stuck_ticks, self.tries) = (0, 0);
            (self.waits, self.plans_at) = (0, 0);
            (self.is_at_end, self.no_way_to_m) = (false, None);
            self.progress = Progress::Going;
        }
        self.goal = Some(goal);
        self.sits = false;
    }

    /// Whether it has tried to go there, and found no way.
    pub fn has_given_up(&self, place_m: [f32; 3]) -> bool {
        self.no_way_to_m.is_some_and(|given_up_m| apart_m(given_up_m, place_m) < STRAYED_M)
    }

    /// Stays where it is.
    pub fn stop(&mut self) {
        self.goal = None;
        (self.is_at_end, self.no_way_to_m) = (false, None);
        self.way.clear();
        self.progress = Progress::Idle;
    }

    /// Something has happened to the body: it must be stepped for a while.
    pub fn disturb(&mut self) {
        self.restless_ticks = 30;
    }

    /// How far away (metres) its goal is.
    pub fn far_m(&self, at_m: [f32; 3]) -> Option<f32> {
        self.goal.map(|goal| apart_flat_m(at_m, goal.place_m))
    }

    /// Finds a way to the goal, if it has none; whether it had to look for one. A way that leads out
    /// of its range is none.
    fn plan(&mut self, who: &Companion, from_m: [f32; 3], tick: u32, ways: &Ways) -> bool {
        let Some(goal) = self.goal else { return false };
        let strayed = apart_m(self.way_to_m, goal.place_m) >= STRAYED_M;
        if !self.way.is_empty() && !strayed {
            return false;
        }
        let is_there = apart_flat_m(from_m, goal.place_m) <= goal.within_m;
        if is_there || (self.is_at_end && !strayed) || tick < self.plans_at {
            return false;
        }
        self.is_at_end = false;
        self.way_to_m = goal.place_m;
        match ways.find(feet_m(from_m), goal.place_m) {
            Way::Found(way) if !stays_in_range(who, from_m, &way, goal.place_m) => self.give_up(),
            Way::Found(mut way) => {
                way.reverse();
                self.way = way;
                self.waits = 0;
            }
            Way::NotYet if self.waits < WAITS_MAX => {
                self.waits += 1;
                self.plans_at = tick + WAIT_TICKS;
            }
            Way::NotYet | Way::None => self.give_up(),
        }
        true
    }

    fn give_up(&mut self) {
        self.no_way_to_m = self.goal.take().map(|goal| goal.place_m);
        self.way.clear();
        self.progress = Progress::NoWay;
    }

    /// The direction (seen from above, at most of length 1) in which it wants to go now, so many
    /// times as quickly as usual.
    fn wanted(&mut self, at_m: [f32; 3], times: f32) -> [f32; 2] {
        let Some(goal) = self.goal else { return [0.0; 2] };
        let left_m = apart_flat_m(at_m, goal.place_m);
        let is_level = (feet_m(at_m)[1] - goal.place_m[1]).abs() < 1.5;
        if left_m <= goal.within_m && is_level {
            self.progress = Progress::There;
            self.way.clear();
            return [0.0; 2];
        }
        if self.is_at_end {
            return [0.0; 2];
        }
        self.progress = Progress::Going;
        while self.way.len() > 1
            && self.way.last().is_some_and(|corner| apart_flat_m(at_m, *corner) < CORNER_M)
        {
            self.way.pop();
        }
        let Some(corner) = self.way.last() else { return [0.0; 2] };
        if self.way.len() == 1 && apart_flat_m(at_m, *corner) < CORNER_M {
            (self.is_at_end, self.progress) = (true, Progress::There);
            self.way.clear();
            return [0.0; 2];
        }
        let (x, z) = (corner[0] - at_m[0], corner[2] - at_m[2]);
        let length_m = (x * x + z * z).sqrt();
        if length_m < 1e-3 {
            return [0.0; 2];
        }
        let pace = (goal.pace.keys().0 * times).min(1.0);
        // Slower just before the end, so that it does not run past it.
        let pace = if self.way.len() == 1 { pace.min(0.2 + length_m) } else { pace };
        [x / length_m * pace, z / length_m * pace]
    }

    /// Whether it goes somewhere at leisure.
    fn strolls(&self) -> bool {
        self.goal.is_some_and(|goal| goal.pace == Pace::Stroll)
    }

    /// Notes whether it gets on.
    fn note_progress(&mut self, wants: bool, went_m: f32) {
        if !wants || went_m > STEP_M_MIN {
            self.stuck_ticks = 0;
            return;
        }
        self.stuck_ticks += 1;
        if self.stuck_ticks < STUCK_TICKS {
            return;
        }
        self.stuck_ticks = 0;
        self.tries += 1;
        self.way.clear();
        if self.tries >= TRIES_MAX {
            self.give_up();
        }
    }
}

/// Whether a way stays where a companion goes. Its range is a ball: what is straight between two
/// places in it is in it. Whoever was pushed out may come in, and go home whichever way.
fn stays_in_range(who: &Companion, from_m: [f32; 3], way: &[[f32; 3]], to_m: [f32; 3]) -> bool {
    let is_out = !who.may_go(from_m);
    let goes_home = apart_m(to_m, feet_m(who.home_m)) < STRAYED_M;
    // The first is where it stands, or the ground beside that.
    let mut corners = way.iter().skip(1);
    (is_out && goes_home) || corners.all(|corner| who.may_go(middle_m(*corner)))
}

/// The way round those who are near: away from them, and past those who are ahead on one side.
fn round(at_m: [f32; 3], wanted: [f32; 2], crowd: &[[f32; 3]]) -> [f32; 2] {
    let [mut x, mut z] = wanted;
    for other in crowd {
        let (dx, dz) = (at_m[0] - other[0], at_m[2] - other[2]);
        let apart_m2 = dx * dx + dz * dz;
        // Nobody walks round themselves.
        let is_near = (1e-6..ROUND_M * ROUND_M).contains(&apart_m2);
        if !is_near || (at_m[1] - other[1]).abs() > 1.5 {
            continue;
        }
        let apart_m = apart_m2.sqrt();
        let push = (1.0 - apart_m / ROUND_M) * 0.9;
        let (away_x, away_z) = (dx / apart_m, dz / apart_m);
        x += away_x * push;
        z += away_z * push;
        let ahead = -(wanted[0] * away_x + wanted[1] * away_z);
        if ahead > 0.0 {
            // To the right of whoever comes.
            x += -wanted[1] * push * ahead;
            z += wanted[0] * push * ahead;
        }
    }
    let length = (x * x + z * z).sqrt();
    if length > 1.0 { [x / length, z / length] } else { [x, z] }
}

/// Turns from one heading towards another, by at most [`TURN_MAX`].
fn turned(from: u16, to: u16) -> u16 {
    let by = to.wrapping_sub(from) as i16;
    from.wrapping_add_signed(by.clamp(-TURN_MAX, TURN_MAX))
}

/// Elevation (1/127 quarter turn) of a direction that rises by `up_m` over `flat_m`.
fn elevation(up_m: f32, flat_m: f32) -> i8 {
    let quarters = libm::atan2f(up_m, flat_m.max(0.05)) / std::f32::consts::FRAC_PI_2;
    (quarters * 127.0).clamp(-100.0, 100.0) as i8
}

/// What the legs need to know of the world.
#[derive(bevy_ecs::system::SystemParam)]
pub(super) struct Known<'w> {
    clock: Res<'w, Clock>,
    companions: Res<'w, Companions>,
    surroundings: Res<'w, Surroundings>,
    current: Res<'w, Current>,
}

/// Moves all companions, in the order of ids.
pub(super) fn go(
    known: Known,
    mut walking: Walking,
    ways: Res<Ways>,
    mut bodies: Query<(&Companion, &mut Legs, &mut Avatar, &Hands, &Feelings)>,
    mut crowd: Local<Vec<[f32; 3]>>,
) {
    let Known { clock, companions, surroundings, current } = known;
    if companions.0.is_empty() {
        return;
    }
    crowd.clear();
    crowd.extend(surroundings.people.iter().map(|(_, at_m)| *at_m));
    crowd.extend(surroundings.companions.iter().map(|(_, at_m)| *at_m));
    // Others come first in every tick: who finds no time for a way stands until it is their turn.
    let mut ways_left = WAYS_PER_TICK;
    for (_, entity) in companions.in_turn(clock.tick) {
        let Ok((who, mut legs, avatar, ..)) = bodies.get_mut(entity) else { continue };
        if legs.plan(who, avatar.state.position_m, clock.tick, &ways) {
            ways_left -= 1;
        }
        if ways_left == 0 {
            break;
        }
    }
    for (object, entity) in companions.iter() {
        let Ok((_, mut legs, mut avatar, hands, feelings)) = bodies.get_mut(entity) else {
            continue;
        };
        let at_m = avatar.state.position_m;
        let manner = Manner::of(feelings.mood());
        let wanted = if legs.strolls() && manner.pauses(object, clock.tick) {
            [0.0; 2]
        } else {
            legs.wanted(at_m, manner.pace())
        };
        let wants = wanted != [0.0; 2];
        let moves = if wants { round(at_m, wanted, &crowd) } else { wanted };
        let mut input = Input { yaw: legs.input.yaw, ..Input::default() };
        if wants {
            let pace = legs.goal.map_or(Pace::Walk, |goal| goal.pace);
            input.buttons = pace.keys().1;
            [input.move_x, input.move_z] = moves.map(|part| (part * 127.0) as i8);
            input.yaw = turned(input.yaw, heading(moves[0], moves[1]));
        } else if let Some(being) = legs.gaze {
            let (objects, physics) = walking.things();
            let place = surroundings.place(being, &current, objects, physics);
            if let Some(place_m) = place {
                let (x, z) = (place_m[0] - at_m[0], place_m[2] - at_m[2]);
                let flat_m = (x * x + z * z).sqrt();
                if flat_m > CAPSULE_RADIUS_M / 2.0 {
                    input.yaw = turned(input.yaw, heading(x, z));
                }
                input.pitch = elevation(place_m[1] - at_m[1], flat_m);
            }
        }
        legs.input = input;
        let is_due = object.0.wrapping_add(clock.tick).is_multiple_of(COMPANION_REST_TICKS);
        let is_still = !wants && legs.restless_ticks == 0 && !legs.rides;
        let rests = is_still && avatar.state.grounded && !is_due;
        if rests {
            continue;
        }
        legs.restless_ticks = legs.restless_ticks.saturating_sub(1);
        walking.step(&mut avatar, &input, hands.held());
        let went_m = apart_m(at_m, avatar.state.position_m);
        if went_m > STEP_M_MIN {
            legs.restless_ticks = legs.restless_ticks.max(COMPANION_REST_TICKS as u8);
        }
        legs.rides = walking.rides(&avatar);
        legs.note_progress(wants, went_m);
    }
}

/// Puts a body somewhere, at rest.
pub(super) fn put(avatar: &mut Avatar, place_m: [f32; 3], physics: &mut Physics) {
    avatar.state = AvatarState::at(place_m);
    let pose = Pose::from_translation(Vector::from_array(place_m));
    physics.world.bodies[avatar.capsule].set_position(pose, true);
}

/// Brings those who fell out of the world back home.
pub(super) fn bring_back_fallen(
    current: Res<Current>,
    mut physics: ResMut<Physics>,
    mut bodies: Query<(&Companion, &mut Legs, &mut Avatar)>,
) {
    let floor_m = current.0.head().settings.floor_m;
    for (companion, mut legs, mut avatar) in &mut bodies {
        let position = Vector::from_array(avatar.state.position_m);
        // Written so that a position that is not a number counts as fallen, too.
        if position.is_finite() && position.y >= floor_m {
            continue;
        }
        put(&mut avatar, companion.home_m, &mut physics);
        *legs = Legs::facing(companion.home_yaw);
    }
}

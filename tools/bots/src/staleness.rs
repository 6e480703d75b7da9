//! How old what a bot knows of the people near it is, as somebody who looks at them would find it.
//!
//! On every tick of its own clock a bot looks at a few people near it, drawn by lot. It sees them as
//! they were at the end of some tick. The age of a look is the server's time at that moment minus
//! the end of that tick, but only as far as there was something newer to know: nothing is sent of
//! those who stand. Whether there was is only known when the next state arrives, so a look waits
//! until then:
//!
//! - Who is where he was before did not move: the look was not old, and is not counted.
//! - Who moved took some ticks for it, as many as the way has paces of his last few steps, at most all
//!   ticks between the two states. Before these ticks he stood, and what was known of him was true:
//!   the age counts from their beginning. For who walks on, these are all ticks, so that a state
//!   that the server left out, that was lost, or that waited somewhere is paid for in full.
//! - Looks that a bot was too busy to take are made up for, with what it knew before.
//! - Who is replaced by somebody else is watched until his next state arrives, so that long waits
//!   count as often as they happen. What still waits at the end counts in full for who walked steadily
//!   when he was last told of; who had just begun or was slowing down is taken to stand.
//!
//! So a server cannot look good here by sending less, or by leaving people out.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use vivarium_protocol::ids::PersonId;

use crate::{clock::WorldClock, measure::Durations};

/// People that are watched at a time.
pub const WATCHED_MAX: usize = 8;
/// Looks that wait for the next state of one person; beyond, the oldest look is passed over, which
/// makes a long wait seem longer.
const LOOKS_MAX: usize = 128;
/// States whose steps tell the pace.
const STEPS: usize = 8;

/// A person as he was at the end of a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Who.
    pub person: PersonId,
    /// When.
    pub tick: u32,
    /// Where, in steps of [`vivarium_protocol::quantise`].
    pub position: [i32; 3],
}

#[derive(Debug)]
struct Watched {
    seen: Seen,
    /// Way per tick before each of the last states; the newest last.
    steps: VecDeque<f32>,
    /// Taken since `seen`.
    looks: VecDeque<Instant>,
    /// Somebody else takes his place as soon as his next state arrives.
    retired: bool,
}

impl Watched {
    fn new(seen: Seen) -> Self {
        Self {
            seen,
            steps: VecDeque::with_capacity(STEPS + 1),
            looks: VecDeque::new(),
            retired: false,
        }
    }

    fn look(&mut self, at: Instant) {
        if self.looks.len() == LOOKS_MAX {
            self.looks.pop_front();
        }
        self.looks.push_back(at);
    }

    /// The longest of the last steps; nothing before the second state.
    fn pace(&self) -> Option<f32> {
        self.steps.iter().copied().reduce(f32::max)
    }

    /// Whether all of the last steps were those of somebody who walks on.
    fn is_walking(&self) -> bool {
        let pace = self.pace().unwrap_or(0.0);
        self.steps.len() == STEPS && pace > 0.0 && self.steps.iter().all(|it| *it >= pace / 2.0)
    }

    /// Counts the looks that waited for this state.
    fn see(&mut self, seen: Seen, clock: &WorldClock, ages: &mut Durations) {
        let between = seen.tick - self.seen.tick;
        let way = apart(self.seen.position, seen.position);
        // The first wait had begun before anybody looked: it is left out.
        if let Some(pace) = self.pace()
            && way > 0.0
        {
            let moved = if pace > 0.0 { (way / pace).ceil() as u32 } else { 1 };
            self.count(seen.tick - moved.clamp(1, between), clock, ages);
        }
        self.looks.clear();
        self.steps.push_back(way / between as f32);
        if self.steps.len() > STEPS {
            self.steps.pop_front();
        }
        self.seen = seen;
    }

    /// Counts all looks; what was seen was true until the end of tick `until`.
    fn count(&self, until: u32, clock: &WorldClock, ages: &mut Durations) {
        for look in &self.looks {
            match clock.age(*look, until) {
                Some(Duration::ZERO) if until > self.seen.tick => {}
                Some(age) => ages.record(age),
                None => {}
            }
        }
    }
}

/// The people that a bot watches.
#[derive(Debug, Default)]
pub struct Watch {
    all: Vec<Watched>,
}

impl Watch {
    /// The bot looks at all of them.
    pub fn look(&mut self, at: Instant) {
        self.all.iter_mut().for_each(|watched| watched.look(at));
    }

    /// States of this tick or before it bring nothing new.
    pub fn oldest_tick(&self) -> u32 {
        self.all.iter().map(|watched| watched.seen.tick).min().unwrap_or(u32::MAX)
    }

    /// A bit for each person's number modulo 64: most of those who are not watched have none here.
    pub fn numbers(&self) -> u64 {
        self.all.iter().fold(0, |bits, watched| bits | 1 << (watched.seen.person.0 % 64))
    }

    /// A state has arrived, of anybody.
    pub fn see(&mut self, seen: Seen, clock: &WorldClock, ages: &mut Durations) {
        let all = &mut self.all;
        let Some(index) = all.iter().position(|watched| watched.seen.person == seen.person) else {
            return;
        };
        if seen.tick > all[index].seen.tick {
            all[index].see(seen, clock, ages);
            if all[index].retired {
                all.swap_remove(index);
            }
        }
    }

    /// From now on, people are watched in the order of `candidates`, as long as there is room.
    pub fn choose(&mut self, candidates: impl IntoIterator<Item = Seen>) {
        // Who stood has nothing that waits to be counted.
        self.all.retain(|watched| watched.pace().is_some_and(|pace| pace > 0.0));
        self.all.iter_mut().for_each(|watched| watched.retired = true);
        for seen in candidates {
            if self.all.len() >= WATCHED_MAX {
                return;
            }
            match self.all.iter_mut().find(|watched| watched.seen.person == seen.person) {
                Some(watched) => watched.retired = false,
                None => self.all.push(Watched::new(seen)),
            }
        }
    }

    /// Who is not among those that are seen any more has gone.
    pub fn keep(&mut self, is_seen: impl Fn(PersonId) -> bool) {
        self.all.retain(|watched| is_seen(watched.seen.person));
    }

    /// Nobody is watched any more; what waits counts in full for those who walked.
    pub fn end(&mut self, clock: &WorldClock, ages: &mut Durations) {
        for watched in self.all.drain(..) {
            if watched.is_walking() {
                watched.count(watched.seen.tick, clock, ages);
            }
        }
    }
}

/// How far two places are from each other, in steps.
pub fn apart(a: [i32; 3], b: [i32; 3]) -> f32 {
    (0..3).map(|axis| (f64::from(a[axis]) - f64::from(b[axis])).powi(2)).sum::<f64>().sqrt() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: PersonId = PersonId(1);
    const TICK_MS: u64 = 10;

    /// Tick 100 ends when the story begins, and nothing takes any time on its way.
    struct Story {
        began: Instant,
        clock: WorldClock,
        watch: Watch,
        ages: Durations,
    }

    impl Story {
        fn new() -> Self {
            let began = Instant::now();
            let clock = WorldClock::new(began, 100);
            clock.packet_arrived(began, 100);
            let mut watch = Watch::default();
            watch.choose([seen(90, 0)]);
            Self { began, clock, watch, ages: Durations::default() }
        }

        /// He walks 50 steps in each tick, is told of in all of them, and nobody looks until now.
        fn walk(&mut self, until: u32) {
            (91..=until).for_each(|tick| self.see(tick, (tick as i32 - 90) * 50));
        }

        /// The state of a tick arrives.
        fn see(&mut self, tick: u32, x: i32) {
            self.watch.see(seen(tick, x), &self.clock, &mut self.ages);
        }

        /// The bot looks, `ms` after the end of tick 100.
        fn look(&mut self, ms: u64) {
            self.watch.look(self.began + Duration::from_millis(ms));
        }

        /// Smallest and largest age (milliseconds), and how many looks count.
        fn ages(&self) -> (u64, u64, u64) {
            let ms = |quantile| self.ages.quantile_ms(quantile).unwrap_or(0.0).round() as u64;
            (ms(0.0), ms(1.0), self.ages.count())
        }
    }

    fn seen(tick: u32, x: i32) -> Seen {
        Seen { person: ANA, tick, position: [x, 0, 0] }
    }

    #[test]
    fn who_is_told_every_tick_is_as_old_as_the_look_is_late() {
        let mut story = Story::new();
        story.walk(99);
        for tick in 100..110 {
            story.see(tick, (tick as i32 - 90) * 50);
            story.look(u64::from(tick - 100) * TICK_MS + 4);
        }
        assert_eq!(story.ages(), (4, 4, 9));
    }

    #[test]
    fn states_that_were_left_out_of_a_walk_are_paid_for() {
        let mut story = Story::new();
        story.walk(100);
        for ms in [4, 14, 24, 34] {
            story.look(ms);
        }
        story.see(104, 700);
        assert_eq!(story.ages(), (4, 34, 4));
    }

    #[test]
    fn standing_is_not_staleness() {
        let mut story = Story::new();
        story.walk(100);
        for ms in (4..2_000).step_by(10) {
            story.look(ms);
        }
        // He stood until the end of tick 299, which was 1,990 ms after the beginning.
        story.see(300, 550);
        assert_eq!(story.ages(), (4, 4, 1));
        story.look(2_004);
        story.see(301, 550);
        assert_eq!(story.ages(), (4, 4, 1), "the leaf was told of, but he did not move");
    }

    #[test]
    fn a_server_that_falls_silent_about_a_walker_does_not_look_good() {
        let mut story = Story::new();
        story.walk(100);
        for ms in (4..1_000).step_by(10) {
            story.look(ms);
        }
        // Others may be watched meanwhile; he is not forgotten.
        story.watch.choose([]);
        story.watch.end(&story.clock, &mut story.ages);
        assert_eq!(story.ages(), (4, 994, 100));
    }

    #[test]
    fn who_had_hardly_moved_is_taken_to_stand_at_the_end() {
        let mut story = Story::new();
        story.walk(93);
        story.look(4);
        story.watch.end(&story.clock, &mut story.ages);
        assert_eq!(story.ages.count(), 0);
    }

    #[test]
    fn others_get_their_turn_and_nobody_who_left_is_waited_for() {
        let mut story = Story::new();
        story.walk(100);
        story.look(4);
        let other = Seen { person: PersonId(2), ..seen(100, 7) };
        story.watch.choose([other]);
        assert_eq!(story.watch.all.len(), 2);
        story.see(101, 550);
        assert_eq!(story.ages.count(), 1);
        assert_eq!(story.watch.all.len(), 1, "the first was replaced");
        story.watch.keep(|person| person == ANA);
        assert!(story.watch.all.is_empty());
    }
}

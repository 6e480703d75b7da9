//! When ticks are due, and what happens when they cannot be on time. Pure: time is an argument.

use std::time::{Duration, Instant};

use vivarium_contract::PRESSURE_STEPS;

use crate::limits::BEHIND_TICKS_MAX;

/// The fixed steps of a world. Tick n is due n periods after the start; time that was dropped
/// moves the start.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    start: Instant,
    ticks_per_s: u32,
    done: u64,
}

/// What the end of a tick told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The tick had not ended when the next one was due.
    pub late: bool,
    /// Ticks whose time was dropped, because the world was too far behind.
    pub dropped: u32,
}

impl Schedule {
    /// The first tick is due at once.
    pub fn new(start: Instant, ticks_per_s: u16) -> Self {
        Self { start, ticks_per_s: u32::from(ticks_per_s).max(1), done: 0 }
    }

    /// When the next tick is due.
    pub fn due(&self) -> Instant {
        // From the count, not by adding periods, so that rounding does not add up.
        let whole = Duration::from_secs(self.done / u64::from(self.ticks_per_s));
        let part = self.done % u64::from(self.ticks_per_s);
        let nanos = part * 1_000_000_000 / u64::from(self.ticks_per_s);
        self.start + whole + Duration::from_nanos(nanos)
    }

    /// Notes that a tick has ended.
    pub fn end_tick(&mut self, now: Instant) -> Ended {
        self.done += 1;
        let behind = now.saturating_duration_since(self.due());
        let late = !behind.is_zero();
        let period = Duration::from_secs(1) / self.ticks_per_s;
        let behind_ticks = (behind.as_nanos() / period.as_nanos()) as u64;
        if behind_ticks <= u64::from(BEHIND_TICKS_MAX) {
            return Ended { late, dropped: 0 };
        }
        let dropped = u32::try_from(behind_ticks).unwrap_or(u32::MAX);
        self.start += period * dropped;
        Ended { late, dropped }
    }
}

/// How much of their time ticks take, and in how many steps the world should send less for it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Load {
    /// Time of a tick in periods, smoothed.
    share: f64,
    level: u8,
    /// Ticks since the level changed.
    held: u32,
}

// Beyond the first the world sends less, below the second more again.
const LOAD_SHARE_HIGH: f64 = 0.85;
const LOAD_SHARE_LOW: f64 = 0.55;
// A step must show what it brings before the next one is taken.
const STEP_UP_TICKS: u32 = 15;
const STEP_DOWN_TICKS: u32 = 90;

impl Load {
    /// Notes how long a tick took, in periods; gives the new level when it changes.
    pub fn note(&mut self, periods: f64) -> Option<u8> {
        self.share += (periods - self.share) / 8.0;
        self.held = self.held.saturating_add(1);
        let level = if self.share > LOAD_SHARE_HIGH && self.held >= STEP_UP_TICKS {
            (self.level + 1).min(PRESSURE_STEPS as u8 - 1)
        } else if self.share < LOAD_SHARE_LOW && self.held >= STEP_DOWN_TICKS {
            self.level.saturating_sub(1)
        } else {
            self.level
        };
        if level == self.level {
            return None;
        }
        (self.level, self.held) = (level, 0);
        Some(level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_world_that_is_late_sends_less_in_steps_and_recovers() {
        let mut load = Load::default();
        let steps: Vec<u8> = (0..100).filter_map(|_| load.note(1.3)).collect();
        assert_eq!(steps, [1, 2, 3, 4]);
        assert_eq!((0..500).filter_map(|_| load.note(0.7)).next(), None, "neither late nor idle");
        let steps: Vec<u8> = (0..500).filter_map(|_| load.note(0.2)).collect();
        assert_eq!(steps, [3, 2, 1, 0]);
        assert_eq!((0..8).filter_map(|_| load.note(3.0)).next(), Some(1), "rested long enough");
        assert_eq!((0..14).filter_map(|_| load.note(3.0)).next(), None);
    }

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn ticks_stay_on_the_grid_for_hours() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start, 30);
        for tick in 0..30 * 3_600 {
            let due = schedule.due();
            assert_eq!(schedule.end_tick(due), Ended { late: false, dropped: 0 }, "tick {tick}");
        }
        assert_eq!(schedule.due(), start + Duration::from_secs(3_600));
    }

    #[test]
    fn a_world_catches_up_when_it_is_a_little_late() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start, 10);
        assert_eq!(schedule.end_tick(start + ms(350)), Ended { late: true, dropped: 0 });
        assert_eq!(schedule.due(), start + ms(100), "the next tick is due at once");
        assert_eq!(schedule.end_tick(start + ms(360)), Ended { late: true, dropped: 0 });
        assert_eq!(schedule.end_tick(start + ms(370)), Ended { late: true, dropped: 0 });
        assert_eq!(schedule.end_tick(start + ms(380)), Ended { late: false, dropped: 0 });
        assert_eq!(schedule.due(), start + ms(400));
    }

    #[test]
    fn time_is_dropped_instead_of_a_spiral() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start, 10);
        assert_eq!(schedule.end_tick(start + ms(2_150)), Ended { late: true, dropped: 20 });
        assert_eq!(schedule.due(), start + ms(2_100));
        assert_eq!(schedule.end_tick(start + ms(2_160)), Ended { late: false, dropped: 0 });
    }
}

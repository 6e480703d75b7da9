//! When ticks are due, and what happens when they cannot be on time. Pure: time is an argument.

use std::time::{Duration, Instant};

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

#[cfg(test)]
mod tests {
    use super::*;

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

//! What time it is on the server, as nearly as its clients can tell.
//!
//! A packet of tick `t` cannot arrive before `t` has ended. So among all packets of a world, over all
//! bots of a run, the smallest difference between the time of arrival and `t` ticks is the server's
//! clock plus the shortest way to a bot. Half of the shortest round trip is taken off for that way.
//! The age of a state is then the server's time now minus the end of its tick; what is old and what
//! merely rests is told apart in [`crate::staleness`].
//!
//! Only the last [`WINDOW`] to twice that counts: a server that cannot keep up drops time, and from
//! then on its ticks are later for ever, which is not the age of what it sends.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

/// How long the shortest way is remembered, at least.
const WINDOW: Duration = Duration::from_secs(2);

/// The smallest offset of this window of time and of the one before.
#[derive(Debug)]
struct Smallest {
    window: u64,
    now_us: i64,
    before_us: i64,
}

impl Smallest {
    fn note(&mut self, window: u64, offset_us: i64) {
        if window > self.window {
            let follows = window == self.window + 1;
            self.before_us = if follows { self.now_us } else { i64::MAX };
            self.now_us = i64::MAX;
            self.window = window;
        }
        self.now_us = self.now_us.min(offset_us);
    }

    fn get(&self) -> i64 {
        self.now_us.min(self.before_us)
    }
}

/// The server's time in one world, shared by the bots in it.
#[derive(Debug)]
pub struct WorldClock {
    began: Instant,
    ticks_per_s: u16,
    /// Microseconds from tick 0 to `began`, on the shortest way seen so far; see the module.
    offset_us: Mutex<Smallest>,
    round_trip_us: AtomicI64,
}

impl WorldClock {
    /// A clock that has seen no packet.
    pub fn new(began: Instant, ticks_per_s: u16) -> Self {
        Self {
            began,
            ticks_per_s: ticks_per_s.max(1),
            offset_us: Mutex::new(Smallest { window: 0, now_us: i64::MAX, before_us: i64::MAX }),
            round_trip_us: AtomicI64::new(i64::MAX),
        }
    }

    /// How long a tick is.
    pub fn tick(&self) -> Duration {
        Duration::from_secs(1) / u32::from(self.ticks_per_s)
    }

    fn tick_us(&self, tick: u32) -> i64 {
        i64::from(tick) * 1_000_000 / i64::from(self.ticks_per_s)
    }

    fn elapsed_us(&self, now: Instant) -> i64 {
        now.saturating_duration_since(self.began).as_micros() as i64
    }

    fn smallest(&self) -> MutexGuard<'_, Smallest> {
        self.offset_us.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A packet of `tick` has arrived.
    pub fn packet_arrived(&self, now: Instant, tick: u32) {
        let elapsed_us = self.elapsed_us(now);
        let window = elapsed_us as u64 / WINDOW.as_micros() as u64;
        self.smallest().note(window, elapsed_us - self.tick_us(tick));
    }

    /// A round trip was measured.
    pub fn round_trip(&self, round_trip: Duration) {
        self.round_trip_us.fetch_min(round_trip.as_micros() as i64, Ordering::Relaxed);
    }

    /// How old the state of `tick` is; `None` before the first packet.
    pub fn age(&self, now: Instant, tick: u32) -> Option<Duration> {
        let offset = self.smallest().get();
        if offset == i64::MAX {
            return None;
        }
        let way = match self.round_trip_us.load(Ordering::Relaxed) {
            i64::MAX => 0,
            round_trip => round_trip / 2,
        };
        let age_us = self.elapsed_us(now) - self.tick_us(tick) - (offset - way);
        Some(Duration::from_micros(age_us.max(0) as u64))
    }
}

/// The clocks of all worlds of a run.
#[derive(Debug)]
pub struct Clocks {
    began: Instant,
    worlds: Mutex<BTreeMap<String, Arc<WorldClock>>>,
}

impl Clocks {
    /// No worlds yet.
    pub fn new(began: Instant) -> Self {
        Self { began, worlds: Mutex::default() }
    }

    /// The clock of a world.
    pub fn world(&self, name: &str, ticks_per_s: u16) -> Arc<WorldClock> {
        let mut worlds = self.worlds.lock().unwrap_or_else(PoisonError::into_inner);
        let clock = worlds
            .entry(name.to_owned())
            .or_insert_with(|| Arc::new(WorldClock::new(self.began, ticks_per_s)));
        Arc::clone(clock)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn age_counts_from_the_fastest_packet_and_half_the_shortest_round_trip() {
        let began = Instant::now();
        let at = |ms| began + Duration::from_millis(ms);
        let clock = WorldClock::new(began, 100);
        assert_eq!(clock.age(at(5), 100), None);
        clock.packet_arrived(at(30), 100);
        clock.packet_arrived(at(32), 101);
        clock.packet_arrived(at(60), 102);
        // Tick 101 came fastest, at 32 ms: tick 102 ended 10 ms after it, and was 18 ms late.
        assert_eq!(clock.age(at(60), 102), Some(Duration::from_millis(18)));
        clock.round_trip(Duration::from_millis(9));
        clock.round_trip(Duration::from_millis(4));
        assert_eq!(clock.age(at(60), 102), Some(Duration::from_millis(20)));
    }
    #[test]
    fn time_that_the_server_dropped_does_not_make_everything_old_for_ever() {
        let began = Instant::now();
        let at = |ms| began + Duration::from_millis(ms);
        let clock = WorldClock::new(began, 100);
        clock.packet_arrived(at(0), 100);
        // Half a second was dropped: ticks come 500 ms later than before.
        clock.packet_arrived(at(1_500), 200);
        assert_eq!(clock.age(at(1_500), 200), Some(Duration::from_millis(500)));
        clock.packet_arrived(at(2_500), 300);
        clock.packet_arrived(at(4_500), 500);
        assert_eq!(clock.age(at(4_510), 500), Some(Duration::from_millis(10)));
    }
}

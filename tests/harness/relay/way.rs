//! What becomes of what is sent one way. No sockets and no clock, so that a seed decides everything.

use std::time::Duration;

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// How bad a way is.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// Of 100 datagrams, how many are lost.
    pub lost: u32,
    /// Of 100 datagrams, how many come twice.
    pub twice: u32,
    /// From one end to the other.
    pub delay: Duration,
    /// By as much it is longer or shorter, so that datagrams overtake each other.
    pub jitter: Duration,
    /// Bytes that pass in a second; none: any number.
    pub bytes_per_s: Option<u32>,
    /// Bytes that wait when more come; datagrams beyond are lost, streams stand still.
    pub queue_bytes_max: u32,
}

impl Conditions {
    /// Nothing is lost, and nothing takes any time.
    pub const GOOD: Self = Self {
        lost: 0,
        twice: 0,
        delay: Duration::ZERO,
        jitter: Duration::ZERO,
        bytes_per_s: None,
        queue_bytes_max: u32::MAX,
    };
}

/// One direction. Times are since the beginning.
pub struct Way {
    conditions: Conditions,
    chances: ChaCha8Rng,
    /// When the last byte that was put in will have left the queue.
    busy_until: Duration,
    /// When the last byte of a stream comes out.
    last_out: Duration,
    waits: Vec<(Duration, Duration)>,
    bytes: usize,
}

impl Way {
    pub fn new(conditions: Conditions, seed: u64) -> Self {
        Self {
            conditions,
            chances: ChaCha8Rng::seed_from_u64(seed),
            busy_until: Duration::ZERO,
            last_out: Duration::ZERO,
            waits: Vec::new(),
            bytes: 0,
        }
    }

    fn happens(&mut self, of_hundred: u32) -> bool {
        self.chances.next_u32() % 100 < of_hundred
    }

    fn delay(&mut self) -> Duration {
        let Conditions { delay, jitter, .. } = self.conditions;
        let spread_us = 2 * jitter.as_micros() as u64;
        let more = Duration::from_micros(self.chances.next_u64() % (spread_us + 1));
        (delay + more).saturating_sub(jitter)
    }

    /// When so many bytes have left the queue, or that there is no room for them.
    fn leaves(&mut self, now: Duration, bytes: usize) -> Option<Duration> {
        let waits = self.busy_until.saturating_sub(now);
        let Some(bytes_per_s) = self.conditions.bytes_per_s else { return Some(now) };
        let queued = waits.as_secs_f64() * f64::from(bytes_per_s);
        if queued + bytes as f64 > f64::from(self.conditions.queue_bytes_max) {
            return None;
        }
        self.waits.push((now, waits));
        let takes = Duration::from_secs_f64(bytes as f64 / f64::from(bytes_per_s));
        self.busy_until = now.max(self.busy_until) + takes;
        Some(self.busy_until)
    }

    /// When the copies of a datagram come out, if any do.
    pub fn datagram(&mut self, now: Duration, bytes: usize) -> [Option<Duration>; 2] {
        let (is_lost, is_twice) =
            (self.happens(self.conditions.lost), self.happens(self.conditions.twice));
        let delays = [self.delay(), self.delay()];
        let Some(left) = self.leaves(now, bytes).filter(|_| !is_lost) else { return [None; 2] };
        self.bytes += bytes;
        [Some(left + delays[0]), is_twice.then_some(left + delays[1])]
    }

    /// When a piece of a stream comes out, or that it has to wait before it is put in.
    pub fn piece(&mut self, now: Duration, bytes: usize) -> Option<Duration> {
        let left = self.leaves(now, bytes)?;
        self.bytes += bytes;
        self.last_out = self.last_out.max(left + self.delay());
        Some(self.last_out)
    }

    pub fn waits_since(&self, since: Duration) -> Vec<Duration> {
        self.waits.iter().filter(|(at, _)| *at >= since).map(|(_, waits)| *waits).collect()
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

#[test]
fn a_way_is_as_bad_as_it_should_be_and_the_same_for_the_same_seed() {
    let ms = Duration::from_millis;
    let conditions =
        Conditions { lost: 20, twice: 10, delay: ms(100), jitter: ms(40), ..Conditions::GOOD };
    let run = |seed| {
        let mut way = Way::new(conditions, seed);
        (0..10_000).map(|at| way.datagram(ms(at), 100)).collect::<Vec<_>>()
    };
    let fates = run(1);
    assert!(fates == run(1) && fates != run(2));
    let lost = fates.iter().filter(|copies| **copies == [None; 2]).count();
    let twice = fates.iter().filter(|copies| copies[1].is_some()).count();
    assert!((1_800..2_200).contains(&lost) && (700..900).contains(&twice), "{lost}, {twice}");
    for (at, copies) in (0..).zip(&fates) {
        for out in copies.iter().flatten() {
            assert!((ms(at + 60)..=ms(at + 140)).contains(out), "{out:?} for {at}");
        }
    }
}

#[test]
fn a_narrow_way_takes_its_time_and_loses_what_finds_no_room() {
    let ms = Duration::from_millis;
    let conditions =
        Conditions { bytes_per_s: Some(10_000), queue_bytes_max: 3_000, ..Conditions::GOOD };
    let mut way = Way::new(conditions, 1);
    let out: Vec<_> = (0..5).map(|_| way.datagram(ms(0), 1_000)[0]).collect();
    assert_eq!(out, [Some(ms(100)), Some(ms(200)), Some(ms(300)), None, None]);
    assert_eq!(way.piece(ms(150), 1_000), Some(ms(400)));
    assert_eq!(way.piece(ms(150), 1_000), None, "it has to wait");
    assert_eq!(way.waits_since(ms(100)), [ms(150)]);
    assert_eq!(way.bytes(), 4_000);
}

//! How many bytes a client can take: a setting at most, less while the way to it is narrower.
//!
//! A queue on the way shows in acknowledgements, whatever carries them: even the quickest of a second
//! take longer than the quickest of the seconds before. Then less is sent than arrives, until the
//! queue is gone. Much loss says the same where queues are short, and a transport may know how much
//! its path takes.

use crate::limits::{CLIENT_BYTES_PER_S_MIN, PRESSURE_MAX};

/// Judged by the packets of about one second.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    bytes_per_s_max: u32,
    bytes_per_s: u32,
    /// What the transport says that its path takes.
    path_bytes_per_s: Option<u32>,
    /// Bytes that may go out now; negative after a frame that could not be smaller.
    tokens: f32,
    /// What arrived in the second in which it was too much last.
    limit_bytes_per_s: Option<u32>,
    second: Second,
    judged: u32,
    /// Ticks from sending to acknowledgement, at least: of the current span, and of the one before.
    least_delays: [Option<u32>; 2],
    span_began: u32,
    pressure: u8,
    tight_ticks: u32,
    easy_ticks: u32,
}

/// What became of packets in about a second.
#[derive(Clone, Copy, Debug, Default)]
struct Second {
    arrived: u32,
    arrived_bytes: u32,
    lost: u32,
    least_delay: Option<u32>,
}

// Of the packets whose fate is known, as many may be lost without the road being too narrow.
const LOST_SHARE_MAX: f32 = 0.15;
// Seconds that even the quickest packets may wait on the way, and those from which on it is much.
const QUEUE_S_MAX: f32 = 0.1;
const QUEUE_S_MUCH: f32 = 0.3;
// Delay alone narrows a budget no further: what else is under way may be why others wait.
const QUEUED_BYTES_PER_S_MIN: u32 = 16 * 1024;
// Before a client has shown that more arrives, it is sent no more than this; then twice what arrived.
const UNPROVEN_BYTES_PER_S: u32 = 64 * 1024;
// Seconds after which the quickest packets of a span are forgotten: ways change.
const SPAN_S: f32 = 10.0;
// Ticks without room, or with much room, before the far tiers change their pace.
const TIGHT_TICKS: u32 = 12;
const EASY_TICKS: u32 = 60;
// What was saved up may be spent at once: ticks of the budget.
const SAVED_TICKS: f32 = 2.0;

impl Budget {
    /// As much as may be sent to somebody unknown, at no pressure.
    pub fn new(bytes_per_s_max: u32) -> Self {
        Self {
            bytes_per_s_max,
            bytes_per_s: bytes_per_s_max.min(UNPROVEN_BYTES_PER_S),
            path_bytes_per_s: None,
            limit_bytes_per_s: None,
            tokens: 0.0,
            second: Second::default(),
            judged: 0,
            least_delays: [None; 2],
            span_began: 0,
            pressure: 0,
            tight_ticks: 0,
            easy_ticks: 0,
        }
    }

    /// The client is reached another way, of which nothing is known.
    pub fn move_on(&mut self) {
        self.bytes_per_s = self.bytes_per_s_max.min(UNPROVEN_BYTES_PER_S);
        self.path_bytes_per_s = None;
        self.limit_bytes_per_s = None;
        self.second = Second::default();
        self.least_delays = [None; 2];
    }

    /// What the transport says of the way, if it knows.
    pub fn path(&mut self, bytes_per_s: Option<u32>) {
        self.path_bytes_per_s = bytes_per_s;
    }

    /// Bytes that this tick may send.
    pub fn begin(&mut self, tick: u32, tick_s: f32) -> usize {
        if (tick - self.judged) as f32 * tick_s >= 1.0 {
            self.judge(tick, tick_s);
            self.judged = tick;
        }
        let each = self.bytes_per_s() as f32 * tick_s;
        self.tokens = (self.tokens + each).min(each * SAVED_TICKS);
        self.tokens.max(0.0) as usize
    }

    fn judge(&mut self, tick: u32, tick_s: f32) {
        let Second { arrived, arrived_bytes, lost, .. } = self.second;
        let queue_s = self.queued_ticks() as f32 * tick_s;
        let known = arrived + lost;
        let least = CLIENT_BYTES_PER_S_MIN.min(self.bytes_per_s_max);
        if known == 0 {
            // Nobody knows: a stutter of the client, or nothing was sent.
        } else if known >= 4 && lost as f32 > known as f32 * LOST_SHARE_MAX {
            self.bytes_per_s = (self.bytes_per_s / 10 * 7).max(least);
        } else if queue_s > QUEUE_S_MAX {
            let share = if queue_s > QUEUE_S_MUCH { 5 } else { 8 };
            let less = (arrived_bytes / 10 * share).max(QUEUED_BYTES_PER_S_MIN);
            self.bytes_per_s = self.bytes_per_s.min(less).max(least);
            self.limit_bytes_per_s = Some(arrived_bytes.max(self.bytes_per_s));
        } else {
            let proven = arrived_bytes.saturating_mul(2).max(self.bytes_per_s / 2);
            let proven = proven.max(UNPROVEN_BYTES_PER_S);
            let more = self.bytes_per_s + self.step();
            self.bytes_per_s = more.min(proven).min(self.bytes_per_s_max);
        }
        self.remember_delay(tick, tick_s);
        self.second = Second::default();
    }

    /// By how much to try more: carefully around what was too much last.
    fn step(&self) -> u32 {
        let now = self.bytes_per_s;
        let near = |limit: u32| (limit / 20 * 17..limit / 20 * 23).contains(&now);
        if self.limit_bytes_per_s.is_some_and(near) { now / 50 } else { now / 8 }
    }

    /// Ticks for which even the quickest packets of this second waited on the way.
    fn queued_ticks(&self) -> u32 {
        let ever = self.least_delays.into_iter().flatten().min();
        self.second.least_delay.zip(ever).map_or(0, |(now, ever)| now.saturating_sub(ever))
    }

    fn remember_delay(&mut self, tick: u32, tick_s: f32) {
        if (tick - self.span_began) as f32 * tick_s >= SPAN_S {
            self.span_began = tick;
            self.least_delays = [None, self.least_delays[0]];
        }
        let span = [self.least_delays[0], self.second.least_delay];
        self.least_delays[0] = span.into_iter().flatten().min();
    }

    /// Bytes went out.
    pub fn spend(&mut self, bytes: usize) {
        self.tokens -= bytes as f32;
    }

    /// A packet was acknowledged.
    pub fn arrived(&mut self, bytes: usize) {
        self.second.arrived += 1;
        self.second.arrived_bytes = self.second.arrived_bytes.saturating_add(bytes as u32);
    }

    /// The newest packet was acknowledged so many ticks after it was sent.
    pub fn took(&mut self, ticks: u32) {
        let before = self.second.least_delay.unwrap_or(ticks);
        self.second.least_delay = Some(before.min(ticks));
    }

    pub fn lost(&mut self) {
        self.second.lost += 1;
    }

    /// Ticks in which what is due does not fit slow the far tiers down; room brings them back. The
    /// last step, which slows near ones too, is taken only when those alone do not fit.
    pub fn press(&mut self, due_bytes: usize, near_bytes: usize, room_bytes: usize) {
        if due_bytes > room_bytes {
            (self.tight_ticks, self.easy_ticks) = (self.tight_ticks + 1, 0);
            let steps = if near_bytes > room_bytes { PRESSURE_MAX } else { PRESSURE_MAX - 1 };
            if self.tight_ticks >= TIGHT_TICKS && self.pressure < steps {
                self.tight_ticks = 0;
                self.pressure += 1;
            }
        } else {
            self.tight_ticks = self.tight_ticks.saturating_sub(1);
            let easy = due_bytes * 2 <= room_bytes;
            self.easy_ticks = if easy { self.easy_ticks + 1 } else { 0 };
            if self.easy_ticks >= EASY_TICKS {
                self.easy_ticks = 0;
                self.pressure = self.pressure.saturating_sub(1);
            }
        }
    }

    /// The step in which far tiers are slowed down for this client.
    pub fn pressure(&self) -> u8 {
        self.pressure
    }

    /// Bytes per second now.
    pub fn bytes_per_s(&self) -> u32 {
        let path = self.path_bytes_per_s.unwrap_or(u32::MAX).max(CLIENT_BYTES_PER_S_MIN);
        self.bytes_per_s.min(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A second of a client at 20 ticks per second.
    fn second(budget: &mut Budget, s: u32, lost: u32, delay_ticks: u32, bytes: usize) -> u32 {
        for _ in 0..20 - lost {
            budget.arrived(bytes / 20);
            budget.took(delay_ticks);
        }
        (0..lost).for_each(|_| budget.lost());
        budget.begin(s * 20, 0.05);
        budget.bytes_per_s()
    }

    #[test]
    fn much_loss_narrows_the_budget_and_quiet_widens_it_again() {
        let mut budget = Budget::new(60_000);
        let mut second = |s, lost| second(&mut budget, s, lost, 2, 60_000);
        assert_eq!(second(1, 1), 60_000, "a little loss is the way of the air");
        assert_eq!(second(2, 10), 42_000);
        (3..40).for_each(|s| assert!(second(s, 20) >= CLIENT_BYTES_PER_S_MIN));
        assert!(second(40, 20) < 9_000);
        (41..70).for_each(|s| assert!(second(s, 0) > 9_000));
        assert_eq!(second(70, 0), 60_000);
    }

    #[test]
    fn more_is_sent_once_as_much_has_arrived() {
        let mut budget = Budget::new(400_000);
        assert_eq!(budget.bytes_per_s(), UNPROVEN_BYTES_PER_S);
        (1..20).for_each(|s| assert_eq!(second(&mut budget, s, 0, 2, 20_000), 64 * 1024));
        let all = (20..60).map(|s| {
            let sent = budget.bytes_per_s() as usize;
            second(&mut budget, s, 0, 2, sent)
        });
        assert_eq!(all.last(), Some(400_000));
    }

    #[test]
    fn who_waits_on_the_way_is_sent_less_than_arrives() {
        let mut budget = Budget::new(60_000);
        second(&mut budget, 1, 0, 3, 60_000);
        assert_eq!(second(&mut budget, 2, 0, 5, 32_000), 60_000, "a tenth of a second is no queue");
        assert_eq!(second(&mut budget, 3, 0, 7, 32_000), 25_600);
        assert_eq!(second(&mut budget, 4, 0, 20, 32_000), QUEUED_BYTES_PER_S_MIN);
        (5..15).for_each(|s| assert!(second(&mut budget, s, 0, 20, 0) >= QUEUED_BYTES_PER_S_MIN));
        // A way that is long is no queue: what was quickest is forgotten in the end.
        let _ = (15..45).map(|s| second(&mut budget, s, 0, 20, 60_000)).last();
        assert_eq!(budget.bytes_per_s(), 60_000);
    }

    #[test]
    fn what_the_transport_knows_is_kept_to_and_another_way_is_another_matter() {
        let mut budget = Budget::new(60_000);
        second(&mut budget, 1, 0, 3, 60_000);
        budget.path(Some(30_000));
        assert_eq!(second(&mut budget, 2, 0, 3, 30_000), 30_000);
        budget.path(Some(10));
        assert_eq!(budget.bytes_per_s(), CLIENT_BYTES_PER_S_MIN);
        budget.path(None);
        assert_eq!(second(&mut budget, 3, 0, 3, 30_000), 60_000);
        second(&mut budget, 4, 0, 30, 0);
        budget.move_on();
        assert_eq!(second(&mut budget, 5, 0, 30, 60_000), 60_000);
    }

    #[test]
    fn pressure_comes_in_steps_and_goes_again() {
        let mut budget = Budget::new(100_000);
        (0..TIGHT_TICKS * 2).for_each(|_| budget.press(2_000, 1_500, 1_000));
        assert_eq!(budget.pressure(), 2);
        (0..1_000).for_each(|_| budget.press(2_000, 1_500, 1_000));
        assert_eq!(budget.pressure(), PRESSURE_MAX);
        (0..EASY_TICKS * u32::from(PRESSURE_MAX)).for_each(|_| budget.press(100, 50, 1_000));
        assert_eq!(budget.pressure(), 0);
        (0..1_000).for_each(|_| budget.press(2_000, 900, 1_000));
        assert_eq!(budget.pressure(), PRESSURE_MAX - 1, "near ones fit");
    }
}

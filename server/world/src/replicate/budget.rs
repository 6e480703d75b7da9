//! How many bytes a client can take: a setting at most, less while much is lost on the way.

use crate::limits::{CLIENT_BYTES_PER_S_MIN, PRESSURE_MAX};

/// Additive increase, multiplicative decrease, judged by the packets of about one second.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    bytes_per_s_max: u32,
    bytes_per_s: u32,
    /// Bytes that may go out now; negative after a frame that could not be smaller.
    tokens: f32,
    arrived: u32,
    lost: u32,
    judged: u32,
    pressure: u8,
    tight_ticks: u32,
    easy_ticks: u32,
}

// Of the packets whose fate is known, as many may be lost without the road being too narrow.
const LOST_SHARE_MAX: f32 = 0.15;
// Ticks without room, or with much room, before the far tiers change their pace.
const TIGHT_TICKS: u32 = 12;
const EASY_TICKS: u32 = 60;
// What was saved up may be spent at once: ticks of the budget.
const SAVED_TICKS: f32 = 2.0;

impl Budget {
    /// The whole budget, at no pressure.
    pub fn new(bytes_per_s_max: u32) -> Self {
        Self {
            bytes_per_s_max,
            bytes_per_s: bytes_per_s_max,
            tokens: 0.0,
            arrived: 0,
            lost: 0,
            judged: 0,
            pressure: 0,
            tight_ticks: 0,
            easy_ticks: 0,
        }
    }

    /// Bytes that this tick may send.
    pub fn begin(&mut self, tick: u32, tick_s: f32) -> usize {
        if (tick - self.judged) as f32 * tick_s >= 1.0 {
            self.judge();
            self.judged = tick;
        }
        let each = self.bytes_per_s as f32 * tick_s;
        self.tokens = (self.tokens + each).min(each * SAVED_TICKS);
        self.tokens.max(0.0) as usize
    }

    fn judge(&mut self) {
        let known = self.arrived + self.lost;
        if known >= 4 && self.lost as f32 > known as f32 * LOST_SHARE_MAX {
            let less = self.bytes_per_s / 10 * 7;
            self.bytes_per_s = less.max(CLIENT_BYTES_PER_S_MIN.min(self.bytes_per_s_max));
        } else {
            let more = self.bytes_per_s + self.bytes_per_s_max / 16;
            self.bytes_per_s = more.min(self.bytes_per_s_max);
        }
        (self.arrived, self.lost) = (0, 0);
    }

    /// Bytes went out.
    pub fn spend(&mut self, bytes: usize) {
        self.tokens -= bytes as f32;
    }

    pub fn arrived(&mut self) {
        self.arrived += 1;
    }

    pub fn lost(&mut self) {
        self.lost += 1;
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
    #[cfg(test)]
    pub fn bytes_per_s(&self) -> u32 {
        self.bytes_per_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn much_loss_narrows_the_budget_and_quiet_widens_it_again() {
        let mut budget = Budget::new(100_000);
        let second = |budget: &mut Budget, tick: u32, lost: u32| {
            (0..20 - lost).for_each(|_| budget.arrived());
            (0..lost).for_each(|_| budget.lost());
            budget.begin(tick, 1.0);
            budget.bytes_per_s()
        };
        assert_eq!(second(&mut budget, 1, 1), 100_000, "a little loss is the way of the air");
        assert_eq!(second(&mut budget, 2, 10), 70_000);
        (3..40).for_each(|tick| assert!(second(&mut budget, tick, 20) >= CLIENT_BYTES_PER_S_MIN));
        assert!(second(&mut budget, 40, 20) < 9_000);
        (41..60).for_each(|tick| assert!(second(&mut budget, tick, 0) > 9_000));
        assert_eq!(second(&mut budget, 60, 0), 100_000);
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

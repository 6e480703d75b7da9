//! A token bucket that is told the time.

use std::time::Instant;

use crate::limits::Rate;

/// Grants `burst` at once and `per_s` per second after that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    rate: Rate,
    tokens: f64,
    filled_at: Instant,
}

impl Bucket {
    /// A full one.
    pub(super) fn new(now: Instant, rate: Rate) -> Self {
        Self { rate, tokens: f64::from(rate.burst), filled_at: now }
    }

    /// Takes one token, if there is one.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let gained = now.saturating_duration_since(self.filled_at).as_secs_f64()
            * f64::from(self.rate.per_s);
        self.tokens = (self.tokens + gained).min(f64::from(self.rate.burst));
        self.filled_at = self.filled_at.max(now);
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_is_granted_at_once_and_then_the_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::new(start, Rate { per_s: 2, burst: 3 });
        let granted = |bucket: &mut Bucket, ms: u64| {
            let now = start + Duration::from_millis(ms);
            (0..10).filter(|_| bucket.take(now)).count()
        };
        assert_eq!(granted(&mut bucket, 0), 3);
        assert_eq!(granted(&mut bucket, 499), 0);
        assert_eq!(granted(&mut bucket, 500), 1);
        assert_eq!(granted(&mut bucket, 100), 0, "time that goes back grants nothing");
        assert_eq!(granted(&mut bucket, 60_000), 3, "never more than the burst");
    }
}

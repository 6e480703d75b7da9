//! How long is waited before something is tried again.
//!
//! Twice as long each time up to a limit, with full jitter: anything from nothing to that, so that
//! those who failed together do not come back together. (`backon` adds its jitter to the whole wait,
//! and retries one call, where here the next try may be of another model.)

use std::time::Duration;

/// Before the try after `failures` of them; `jitter` is a lot from 0 to 1.
pub fn wait(first: Duration, longest: Duration, failures: u32, jitter: f64) -> Duration {
    let doubled = first.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
    doubled.min(longest).mul_f64(jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_their_limit_and_are_drawn_below_it() {
        let [first, longest] = [100, 1_000].map(Duration::from_millis);
        let whole: Vec<_> = (1..7).map(|it| wait(first, longest, it, 1.0).as_millis()).collect();
        assert_eq!(whole, [100, 200, 400, 800, 1_000, 1_000]);
        assert_eq!(wait(first, longest, 3, 0.5), Duration::from_millis(200));
        assert_eq!(wait(first, longest, u32::MAX, 0.0), Duration::ZERO);
    }
}

//! How providers are: how often they fail, how quickly their first word comes, and which of them are
//! left alone for a while.
//!
//! Without IO, clock or lots: time and jitter are arguments. A provider that is left alone is asked
//! again by one request first; the others stay away until that one is answered, or some time passed.

use std::time::{Duration, Instant};

use super::limits::{COOL_DOWN, COOL_DOWN_MAX, FAILURES_IN_A_ROW_MAX, KEY_COOL_DOWN};
use crate::provider::ProviderError;

/// What the newest attempt counts in an average.
const NEWEST_WEIGHT: f32 = 0.2;
/// From this share of failures on, others are asked first.
const AILING_SHARE: f32 = 0.5;
/// How long others are asked first after a failure.
const AILING_MAX: Duration = Duration::from_secs(30);
/// How long others stay away while one looks whether a provider is well again.
const PROBE_MAX: Duration = Duration::from_secs(10);

/// How one provider is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Health {
    /// Share of attempts that failed, from 0 to 1, the newest counting most.
    pub failures: f32,
    /// Until the first word, of the attempts that had one, the newest counting most.
    pub first_token: Option<Duration>,
    /// Failures since the last success.
    pub failures_in_a_row: u32,
    /// It is not asked before.
    alone_until: Option<Instant>,
    failed_at: Option<Instant>,
}

impl Health {
    /// Whether it may be asked now.
    pub fn is_open(&self, now: Instant) -> bool {
        self.alone_until.is_none_or(|until| now >= until)
    }

    /// How long it is left alone yet.
    pub fn opens_in(&self, now: Instant) -> Duration {
        self.alone_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }

    /// Whether others should be asked first: it failed often, and not long ago. After a while it gets
    /// its place back, since nobody would notice otherwise that it is well again.
    pub fn is_ailing(&self, now: Instant) -> bool {
        let is_recent = self.failed_at.is_some_and(|at| now < at + AILING_MAX);
        let is_bad =
            self.failures >= AILING_SHARE || self.failures_in_a_row >= FAILURES_IN_A_ROW_MAX;
        is_recent && is_bad
    }

    /// It is being asked. If it was left alone until now, others wait for what comes of it.
    pub fn asked(&mut self, now: Instant) {
        if self.alone_until.is_some() {
            self.alone_until = Some(now + PROBE_MAX);
        }
    }

    /// It gave its first word.
    pub fn spoke(&mut self, first_token: Duration) {
        self.alone_until = None;
        self.failures_in_a_row = 0;
        self.failures += NEWEST_WEIGHT * (0.0 - self.failures);
        self.first_token = Some(match self.first_token {
            None => first_token,
            Some(average) => {
                average.mul_f32(1.0 - NEWEST_WEIGHT) + first_token.mul_f32(NEWEST_WEIGHT)
            }
        });
    }

    /// It failed. `jitter` is a lot from 0 to 1, so that not everybody comes back at once.
    pub fn failed(&mut self, error: &ProviderError, now: Instant, jitter: f32) {
        if !error.is_illness() {
            // It answered: whoever stays away need not.
            self.alone_until = None;
            return;
        }
        self.failures += NEWEST_WEIGHT * (1.0 - self.failures);
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        self.failed_at = Some(now);
        let own = self.cool_down(error).map(|it| it.mul_f32(0.5 + 0.5 * jitter.clamp(0.0, 1.0)));
        // What it asks for itself is kept in full.
        if let Some(alone) = own.max(error.retry_after()) {
            self.alone_until = Some(now + alone);
        }
    }

    fn cool_down(&self, error: &ProviderError) -> Option<Duration> {
        match error {
            ProviderError::Unauthorised { .. } => return Some(KEY_COOL_DOWN),
            ProviderError::RateLimited { .. } => {}
            _ if self.failures_in_a_row < FAILURES_IN_A_ROW_MAX => return None,
            _ => {}
        }
        let times = self.failures_in_a_row.saturating_sub(FAILURES_IN_A_ROW_MAX).min(16);
        Some((COOL_DOWN * 2_u32.pow(times)).min(COOL_DOWN_MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOWN: ProviderError = ProviderError::Overloaded { retry_after: None };

    fn seconds(count: f32) -> Duration {
        Duration::from_secs_f32(count)
    }

    #[test]
    fn one_failure_is_forgiven_and_some_in_a_row_are_not() {
        let now = Instant::now();
        let mut health = Health::default();
        health.failed(&DOWN, now, 1.0);
        health.failed(&DOWN, now, 1.0);
        assert!(health.is_open(now));
        health.failed(&DOWN, now, 1.0);
        assert!(!health.is_open(now));
        assert_eq!(health.opens_in(now), COOL_DOWN);
        assert!(health.is_open(now + COOL_DOWN));
    }

    #[test]
    fn it_is_left_alone_for_longer_each_time_but_not_for_ever() {
        let now = Instant::now();
        let mut health = Health::default();
        let mut waits = Vec::new();
        for _ in 0..12 {
            health.failed(&DOWN, now, 1.0);
            waits.push(health.opens_in(now).as_secs());
        }
        assert_eq!(waits, [0, 0, 2, 4, 8, 16, 32, 64, 120, 120, 120, 120]);
    }

    #[test]
    fn what_it_asks_for_is_kept_in_full() {
        let now = Instant::now();
        let mut health = Health::default();
        health.failed(&ProviderError::RateLimited { retry_after: Some(seconds(30.0)) }, now, 0.0);
        assert_eq!(health.opens_in(now), seconds(30.0));
        let mut health = Health::default();
        health.failed(&ProviderError::RateLimited { retry_after: None }, now, 0.0);
        assert_eq!(health.opens_in(now), COOL_DOWN / 2);
    }

    #[test]
    fn one_looks_first_whether_it_is_well_again() {
        let now = Instant::now();
        let mut health = Health::default();
        health.failed(&ProviderError::RateLimited { retry_after: Some(seconds(5.0)) }, now, 0.0);
        let later = now + seconds(5.0);
        assert!(health.is_open(later));
        health.asked(later);
        assert!(!health.is_open(later));
        assert!(health.is_open(later + PROBE_MAX));
        health.spoke(seconds(0.2));
        assert!(health.is_open(later));
        assert!(!health.is_ailing(later));
    }

    #[test]
    fn what_was_wrong_with_a_request_is_not_the_provider_s_fault() {
        let now = Instant::now();
        let mut health = Health::default();
        for _ in 0..10 {
            let error = ProviderError::BadRequest { status: 400, told: String::new() };
            health.failed(&error, now, 1.0);
        }
        assert_eq!(health, Health::default());
    }

    #[test]
    fn averages_follow_what_is() {
        let mut health = Health::default();
        health.spoke(seconds(1.0));
        for _ in 0..30 {
            health.spoke(seconds(0.2));
        }
        let average = health.first_token.unwrap().as_secs_f32();
        assert!((0.2..0.22).contains(&average), "{average}");
    }
}

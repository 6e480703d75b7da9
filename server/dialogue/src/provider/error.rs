//! Why a provider gave no answer, or no whole one, sorted by what can be done about it.

use std::time::{Duration, SystemTime};

use http::StatusCode;

use super::limits::{REFUSAL_CHARS_MAX, RETRY_AFTER_MAX};

/// Why a provider gave no answer, or no whole one. Never holds a key. What the provider says may hold
/// what somebody said: it is not in the words for people, only in [`ProviderError::told`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// It wants fewer requests.
    #[error("it wants fewer requests")]
    RateLimited {
        /// When it wants to be asked again, if it says so.
        retry_after: Option<Duration>,
    },
    /// It has too much to do.
    #[error("it is overloaded")]
    Overloaded {
        /// When it wants to be asked again, if it says so.
        retry_after: Option<Duration>,
    },
    /// Something broke at its end.
    #[error("it failed")]
    Server {
        /// What it says, shortened.
        told: String,
    },
    /// It does not take the request; it would not the next time either.
    #[error("it does not take the request ({status})")]
    BadRequest {
        /// What HTTP says.
        status: u16,
        /// What it says, shortened.
        told: String,
    },
    /// It does not take the key, or wants one.
    #[error("it does not take the key ({status})")]
    Unauthorised {
        /// What HTTP says.
        status: u16,
    },
    /// What it sends is not what its protocol says.
    #[error("what it sends cannot be read")]
    Malformed(String),
    /// The answer ended before its end.
    #[error("the answer was cut off")]
    Cut,
    /// No byte came for too long.
    #[error("nothing came for {} ms", after.as_millis())]
    Stalled {
        /// For how long.
        after: Duration,
    },
    /// No word came in time.
    #[error("no word came within {} ms", after.as_millis())]
    TimedOut {
        /// How long was waited.
        after: Duration,
    },
    /// No connection could be made.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    /// Too much was asked, or came.
    #[error("more than {max} {what}")]
    TooLarge {
        /// Of what, in the plural.
        what: &'static str,
        /// How many there may be.
        max: usize,
    },
    /// The answer ended in good order, with nothing in it.
    #[error("the answer is empty")]
    Empty,
}

impl ProviderError {
    /// Whether the same request may well succeed at the same provider a moment later.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::RateLimited { .. }
            | Self::Overloaded { .. }
            | Self::Server { .. }
            | Self::Malformed(_)
            | Self::Cut
            | Self::Stalled { .. }
            | Self::TimedOut { .. }
            | Self::Unreachable(_)
            | Self::Empty => true,
            Self::BadRequest { .. } | Self::Unauthorised { .. } | Self::TooLarge { .. } => false,
        }
    }

    /// Whether it says something of how the provider is, rather than of what was asked.
    pub fn is_illness(&self) -> bool {
        !matches!(self, Self::BadRequest { .. } | Self::TooLarge { .. } | Self::Empty)
    }

    /// When the provider wants to be asked again, if it says so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } | Self::Overloaded { retry_after } => *retry_after,
            _ => None,
        }
    }

    /// What the provider says, shortened; empty: nothing.
    pub fn told(&self) -> &str {
        match self {
            Self::Server { told } | Self::BadRequest { told, .. } | Self::Malformed(told) => told,
            _ => "",
        }
    }

    /// A word for metrics, of a few that never change.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::RateLimited { .. } => "rate_limited",
            Self::Overloaded { .. } => "overloaded",
            Self::Server { .. } => "server",
            Self::BadRequest { .. } => "bad_request",
            Self::Unauthorised { .. } => "unauthorised",
            Self::Malformed(_) => "malformed",
            Self::Cut => "cut",
            Self::Stalled { .. } => "stalled",
            Self::TimedOut { .. } => "timed_out",
            Self::Unreachable(_) => "unreachable",
            Self::TooLarge { .. } => "too_large",
            Self::Empty => "empty",
        }
    }

    /// What an answer with another status than success means. `told` is the beginning of its body.
    pub fn of_status(status: StatusCode, retry_after: Option<Duration>, told: &str) -> Self {
        let status_number = status.as_u16();
        match status_number {
            401 | 403 => Self::Unauthorised { status: status_number },
            429 => Self::RateLimited { retry_after },
            503 | 529 => Self::Overloaded { retry_after },
            300..=399 => Self::BadRequest {
                status: status_number,
                told: "it points to another address, which is not followed with a key".into(),
            },
            408 | 409 | 425 | 500..=599 => {
                Self::Server { told: format!("{status}: {}", shortened(told)) }
            }
            _ => Self::BadRequest { status: status_number, told: shortened(told) },
        }
    }

    /// What an error in the middle of an answer means, by the name that the provider gives it.
    pub fn of_name(name: &str, told: &str) -> Self {
        match name {
            "rate_limit_error" | "rate_limit_exceeded" => Self::RateLimited { retry_after: None },
            "overloaded_error" | "server_overloaded" => Self::Overloaded { retry_after: None },
            "authentication_error" | "permission_error" => Self::Unauthorised { status: 401 },
            "invalid_request_error" | "not_found_error" => {
                Self::BadRequest { status: 400, told: shortened(told) }
            }
            _ => Self::Server { told: shortened(told) },
        }
    }
}

/// A `Retry-After`: seconds, or a date of HTTP (RFC 9110, section 10.2.3). A date that has passed
/// is no wait.
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    let wait = match value.parse::<f64>() {
        // Some send fractions of seconds.
        Ok(seconds) if seconds.is_finite() && seconds >= 0.0 => {
            Duration::from_secs_f64(seconds.min(RETRY_AFTER_MAX.as_secs_f64()))
        }
        Ok(_) => return None,
        Err(_) => {
            let until = httpdate::parse_http_date(value).ok()?;
            until.duration_since(now).unwrap_or_default()
        }
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

/// One line of what a provider says, without control characters.
pub fn shortened(told: &str) -> String {
    let plain = told.split(|it: char| it.is_control() || it.is_whitespace());
    let words: Vec<&str> = plain.filter(|it| !it.is_empty()).collect();
    words.join(" ").chars().take(REFUSAL_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn a_wait_is_told_in_seconds_or_as_a_date() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777);
        let told = |value| retry_after(value, now);
        assert_eq!(told("7"), Some(Duration::from_secs(7)));
        assert_eq!(told(" 0.5 "), Some(Duration::from_millis(500)));
        assert_eq!(told("Sun, 06 Nov 1994 08:49:40 GMT"), Some(Duration::from_secs(3)));
        assert_eq!(told("Sun, 06 Nov 1994 08:49:00 GMT"), Some(Duration::ZERO));
        assert_eq!(told("99999999999999999999"), Some(RETRY_AFTER_MAX));
        for nonsense in ["", "-1", "soon", "NaN", "inf"] {
            assert_eq!(told(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn statuses_are_sorted_by_what_can_be_done() {
        let kind = |status: u16| {
            let status = StatusCode::from_u16(status).unwrap();
            ProviderError::of_status(status, None, "x").kind()
        };
        assert_eq!([400, 404, 422, 302, 413].map(kind), ["bad_request"; 5]);
        assert_eq!([401, 403].map(kind), ["unauthorised"; 2]);
        assert_eq!([503, 529].map(kind), ["overloaded"; 2]);
        assert_eq!([500, 502, 504, 408].map(kind), ["server"; 4]);
        assert_eq!(kind(429), "rate_limited");
    }

    #[test]
    fn what_a_provider_says_is_one_short_line() {
        assert_eq!(shortened("a\n\tb\u{0}c  "), "a b c");
        assert_eq!(shortened(&"x".repeat(9_999)).len(), REFUSAL_CHARS_MAX);
    }
}

//! Dollars as people write them, as whole millionths.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, de};

use super::limits::DOLLARS_MAX;

const MICRODOLLARS: u64 = 1_000_000;
const PLACES_MAX: usize = 6;

/// Millionths of a dollar, read from `"2.50"`, `2.5` or `2`, exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dollars {
    /// All of it.
    pub microdollars: u64,
}

/// Why something is no amount of dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DollarsError {
    /// It is not digits, perhaps with a point in them.
    #[error("dollars are written as digits and a point, such as \"2.50\"")]
    NotDecimal,
    /// It is finer than what is counted.
    #[error("dollars have at most {PLACES_MAX} digits after the point")]
    TooFine,
    /// It is too much.
    #[error("it may be at most {DOLLARS_MAX} dollars")]
    TooMany,
}

impl FromStr for Dollars {
    type Err = DollarsError;

    fn from_str(text: &str) -> Result<Self, DollarsError> {
        let (whole, part) = match text.split_once('.') {
            Some((_, "")) => return Err(DollarsError::NotDecimal),
            Some((whole, part)) => (whole, part),
            None => (text, ""),
        };
        let is_digits = |it: &str| it.bytes().all(|it| it.is_ascii_digit());
        if whole.is_empty() || !is_digits(whole) || !is_digits(part) {
            return Err(DollarsError::NotDecimal);
        }
        if part.len() > PLACES_MAX {
            return Err(DollarsError::TooFine);
        }
        // Nothing but digits: what cannot be read is too large.
        let whole: u64 = whole.parse().map_err(|_| DollarsError::TooMany)?;
        let part: u64 = format!("{part:0<PLACES_MAX$}").parse().unwrap_or(0);
        if whole > DOLLARS_MAX || (whole == DOLLARS_MAX && part > 0) {
            return Err(DollarsError::TooMany);
        }
        Ok(Self { microdollars: whole * MICRODOLLARS + part })
    }
}

impl fmt::Display for Dollars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.microdollars / MICRODOLLARS, self.microdollars % MICRODOLLARS);
        let part = format!("{part:06}");
        let part = part.trim_end_matches('0');
        write!(f, "{whole}.{part:0<2}")
    }
}

impl<'de> Deserialize<'de> for Dollars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

/// Takes texts and numbers. A number is read by the shortest digits that mean it: within
/// [`DOLLARS_MAX`] and six places those are the ones that were written.
struct Written;

impl de::Visitor<'_> for Written {
    type Value = Dollars;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("dollars, such as \"2.50\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Dollars, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Dollars, E> {
        number.to_string().parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Dollars, E> {
        number.to_string().parse().map_err(E::custom)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Dollars, E> {
        number.to_string().parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_read_to_the_last_millionth() {
        let table = [
            ("0", Ok(0)),
            ("0.1", Ok(100_000)),
            ("2.50", Ok(2_500_000)),
            ("19.999999", Ok(19_999_999)),
            ("1000000", Ok(1_000_000_000_000)),
            ("1000000.000001", Err(DollarsError::TooMany)),
            ("99999999999999999999999", Err(DollarsError::TooMany)),
            ("0.0000001", Err(DollarsError::TooFine)),
            ("", Err(DollarsError::NotDecimal)),
            (".5", Err(DollarsError::NotDecimal)),
            ("5.", Err(DollarsError::NotDecimal)),
            ("-1", Err(DollarsError::NotDecimal)),
            ("1e3", Err(DollarsError::NotDecimal)),
            ("$5", Err(DollarsError::NotDecimal)),
            ("1,5", Err(DollarsError::NotDecimal)),
            ("inf", Err(DollarsError::NotDecimal)),
        ];
        for (text, expected) in table {
            let read = text.parse::<Dollars>().map(|it| it.microdollars);
            assert_eq!(read, expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_back_as_text_and_as_number(
            microdollars in 0..=DOLLARS_MAX * MICRODOLLARS,
        ) {
            let dollars = Dollars { microdollars };
            let text = dollars.to_string();
            proptest::prop_assert_eq!(text.parse(), Ok(dollars));
            let number: f64 = text.parse().unwrap();
            proptest::prop_assert_eq!(number.to_string().parse(), Ok(dollars));
        }
    }
}

//! Hours, days and months, and what was spent in the present ones. No clock: times are arguments,
//! milliseconds since 1970.

use serde::{Deserialize, Serialize};

const HOUR_MS: u64 = 60 * 60 * 1_000;
const DAY_MS: u64 = 24 * HOUR_MS;

/// How long a budget lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    /// From one full hour to the next.
    Hour,
    /// From midnight to midnight, in UTC.
    Day,
    /// From the first of a month on, in UTC.
    Month,
}

impl Period {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Month];

    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// Which one it is, counted from 1970 on (months: from the year 0 on).
    pub fn index(self, now_ms: u64) -> u64 {
        match self {
            Self::Hour => now_ms / HOUR_MS,
            Self::Day => now_ms / DAY_MS,
            Self::Month => month(now_ms / DAY_MS),
        }
    }
}

/// The month of a day since 1970, as year times 12 and month from 0 on.
fn month(days: u64) -> u64 {
    civil(days).0
}

/// A day since 1970 as people write it, such as `2026-11-30`.
pub fn date(days: u32) -> String {
    let (month, day) = civil(u64::from(days));
    format!("{:04}-{:02}-{day:02}", month / 12, month % 12 + 1)
}

/// The month of a day since 1970, as year times 12 and month from 0 on, and which day of it that is:
/// `civil_from_days` in Hinnant, "chrono-Compatible Low-Level Date Algorithms", for days from 1970 on.
fn civil(days: u64) -> (u64, u64) {
    let shifted = days.saturating_add(719_468);
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // From March on, so that January and February are those of the following year.
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    ((era * 400 + year_of_era) * 12 + from_march + 2, day)
}

/// What was spent in one hour, day or month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spent {
    /// Which one: [`Period::index`].
    pub index: u64,
    /// Millionths of a dollar.
    pub microdollars: u64,
    /// Tokens of requests and answers together.
    pub tokens: u64,
}

/// What was spent in the present hour, day and month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Windows {
    /// In the hour.
    pub hour: Spent,
    /// In the day.
    pub day: Spent,
    /// In the month.
    pub month: Spent,
}

impl Windows {
    /// What was spent in one of them.
    pub fn of(&self, period: Period) -> &Spent {
        match period {
            Period::Hour => &self.hour,
            Period::Day => &self.day,
            Period::Month => &self.month,
        }
    }

    fn of_mut(&mut self, period: Period) -> &mut Spent {
        match period {
            Period::Hour => &mut self.hour,
            Period::Day => &mut self.day,
            Period::Month => &mut self.month,
        }
    }

    /// Begins those anew that are over. A clock that goes back begins nothing.
    pub fn turn(&mut self, now_ms: u64) {
        for period in Period::ALL {
            let (index, spent) = (period.index(now_ms), self.of_mut(period));
            if index > spent.index {
                *spent = Spent { index, ..Spent::default() };
            }
        }
    }

    /// Spends in each of them.
    pub fn book(&mut self, microdollars: u64, tokens: u64) {
        for period in Period::ALL {
            let spent = self.of_mut(period);
            spent.microdollars = spent.microdollars.saturating_add(microdollars);
            spent.tokens = spent.tokens.saturating_add(tokens);
        }
    }

    /// The more of both, one by one.
    pub fn at_least(&mut self, other: &Self) {
        for period in Period::ALL {
            let (spent, other) = (self.of_mut(period), other.of(period));
            match other.index.cmp(&spent.index) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Greater => *spent = *other,
                std::cmp::Ordering::Equal => {
                    spent.microdollars = spent.microdollars.max(other.microdollars);
                    spent.tokens = spent.tokens.max(other.tokens);
                }
            }
        }
    }

    /// Whether nothing of them counts any more.
    pub fn is_over(&self, now_ms: u64) -> bool {
        Period::ALL.into_iter().all(|period| {
            let spent = self.of(period);
            spent.index < period.index(now_ms) || (spent.microdollars, spent.tokens) == (0, 0)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_those_of_the_calendar() {
        let table = [
            (0, 1970, 1),
            (30, 1970, 1),
            (31, 1970, 2),
            (364, 1970, 12),
            (365, 1971, 1),
            (11_016, 2000, 2), // the 29th
            (11_017, 2000, 3),
            (20_787, 2026, 11), // the 30th
            (20_788, 2026, 12),
            (47_540, 2100, 2), // the 28th, in a year without a 29th
            (47_541, 2100, 3),
        ];
        for (day, year, month) in table {
            let now_ms = day * DAY_MS;
            assert_eq!(Period::Month.index(now_ms), year * 12 + month - 1, "{day}");
            assert_eq!(Period::Month.index(now_ms + DAY_MS - 1), year * 12 + month - 1, "{day}");
        }
    }

    #[test]
    fn days_are_written_as_people_write_them() {
        let days = [0, 30, 11_016, 11_017, 20_787, 20_788, 47_540, 47_541];
        let written = [
            "1970-01-01",
            "1970-01-31",
            "2000-02-29",
            "2000-03-01",
            "2026-11-30",
            "2026-12-01",
            "2100-02-28",
            "2100-03-01",
        ];
        assert_eq!(days.map(date), written);
    }

    #[test]
    fn an_hour_begins_anew_and_the_day_goes_on() {
        let mut windows = Windows::default();
        windows.turn(10 * DAY_MS);
        windows.book(5, 7);
        windows.turn(10 * DAY_MS + HOUR_MS);
        windows.book(1, 1);
        let told = Period::ALL.map(|it| (windows.of(it).microdollars, windows.of(it).tokens));
        assert_eq!(told, [(1, 1), (6, 8), (6, 8)]);
        // A clock that goes back gives nothing back.
        windows.turn(9 * DAY_MS);
        assert_eq!(windows.hour.microdollars, 1);
        assert!(!windows.is_over(11 * DAY_MS));
        assert!(windows.is_over(40 * DAY_MS));
    }
}

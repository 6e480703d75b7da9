//! The part `[cache]` of `dialogue.toml`: how much is kept of answers to small talk, and how long.
//!
//! ```toml
//! [cache]
//! bytes_max = 16_777_216
//! time_to_live_s = 86_400
//! warm_up = ["hello", "who are you?", "bonjour"]   # asked at the start
//! ```

use serde::Deserialize;

use super::limits::{BYTES_MAX, TIME_TO_LIVE_S_MAX, WARM_UP_MAX, WARM_UP_TEXT_BYTES_MAX};

/// Everything that `[cache]` says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CacheSettings {
    /// Bytes of all answers in memory; 0 keeps none there.
    pub bytes_max: u64,
    /// How long an answer may be given again.
    pub time_to_live_s: u64,
    /// What is asked at the start, so that the first visitors need not wait.
    pub warm_up: Vec<String>,
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self { bytes_max: 16 << 20, time_to_live_s: 24 * 60 * 60, warm_up: Vec::new() }
    }
}

impl CacheSettings {
    /// What cannot be used of them: the field from `[cache]` on, and what is wrong with it.
    pub fn fault(&self) -> Option<(String, String)> {
        if self.bytes_max > BYTES_MAX {
            return Some(("bytes_max".into(), format!("it may be at most {BYTES_MAX}")));
        }
        if !(1..=TIME_TO_LIVE_S_MAX).contains(&self.time_to_live_s) {
            let told = format!("it must be from 1 to {TIME_TO_LIVE_S_MAX}");
            return Some(("time_to_live_s".into(), told));
        }
        if self.warm_up.len() > WARM_UP_MAX {
            return Some(("warm_up".into(), format!("there may be at most {WARM_UP_MAX}")));
        }
        let is_wrong = |it: &String| it.trim().is_empty() || it.len() > WARM_UP_TEXT_BYTES_MAX;
        let place = self.warm_up.iter().position(is_wrong)?;
        let told = format!("a text has from 1 to {WARM_UP_TEXT_BYTES_MAX} bytes");
        Some((format!("warm_up[{place}]"), told))
    }
}

//! What a run has seen, in numbers.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// Longest time (microseconds) that a histogram tells apart; longer ones count as this.
const LONGEST_US: u64 = 120_000_000;
/// Most things that a histogram tells apart; more count as this.
const MOST: u64 = 1_000_000;

/// Durations in microseconds, three significant digits.
#[derive(Clone, Debug)]
pub struct Durations(Histogram<u64>);

impl Default for Durations {
    fn default() -> Self {
        let histogram = Histogram::new_with_bounds(1, LONGEST_US, 3);
        Self(histogram.expect("the bounds are in order and three digits are allowed"))
    }
}

impl Durations {
    /// One more.
    pub fn record(&mut self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.0.saturating_record(micros.clamp(1, LONGEST_US));
    }

    /// Milliseconds below which the fraction `quantile` lies; `None` when nothing was recorded.
    pub fn quantile_ms(&self, quantile: f64) -> Option<f64> {
        let micros = (!self.0.is_empty()).then(|| self.0.value_at_quantile(quantile));
        micros.map(|micros| micros as f64 / 1_000.0)
    }

    /// How many were recorded.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    fn add(&mut self, other: &Self) {
        self.0.add(&other.0).expect("all histograms of a run have the same bounds");
    }
}

/// Numbers of things, three significant digits.
#[derive(Clone, Debug)]
pub struct Counts(Histogram<u64>);

impl Default for Counts {
    fn default() -> Self {
        let histogram = Histogram::new_with_bounds(1, MOST, 3);
        Self(histogram.expect("the bounds are in order and three digits are allowed"))
    }
}

impl Counts {
    /// One more.
    pub fn record(&mut self, count: u64) {
        self.0.saturating_record(count.clamp(1, MOST));
    }

    /// The median; `None` when nothing was recorded.
    pub fn median(&self) -> Option<u64> {
        (!self.0.is_empty()).then(|| self.0.value_at_quantile(0.5))
    }

    fn add(&mut self, other: &Self) {
        self.0.add(&other.0).expect("all histograms of a run have the same bounds");
    }
}

/// What one bot, or all of them together, have seen.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// From before connecting to `Entered`.
    pub join: Durations,
    /// From `Ping` to `Pong`.
    pub round_trip: Durations,
    /// Age of what is known of moving people near the bot; see [`crate::staleness`].
    pub staleness: Durations,
    /// People seen, the bot included.
    pub entities: Counts,
    /// Bots that came in.
    pub joined: u32,
    /// Bots that did not.
    pub failed: u32,
    /// Bots that were cut off before the end.
    pub disconnects: u32,
    /// Messages that were not understood.
    pub decode_errors: u64,
    /// Packets received.
    pub snapshots: u64,
    /// Newer states of people, whether they moved or not, that came in packets.
    pub avatar_updates: u64,
    /// Bytes of packets received, without the headers of the transport.
    pub packet_bytes: u64,
    /// Bytes of messages received, without the headers of the transport.
    pub bytes_down: u64,
    /// Bytes of messages sent.
    pub bytes_up: u64,
    /// Time that bots spent in the world, summed.
    pub inside: Duration,
}

impl Tally {
    /// Takes in what another bot has seen.
    pub fn add(&mut self, other: &Self) {
        self.join.add(&other.join);
        self.round_trip.add(&other.round_trip);
        self.staleness.add(&other.staleness);
        self.entities.add(&other.entities);
        self.joined += other.joined;
        self.failed += other.failed;
        self.disconnects += other.disconnects;
        self.decode_errors += other.decode_errors;
        self.snapshots += other.snapshots;
        self.avatar_updates += other.avatar_updates;
        self.packet_bytes += other.packet_bytes;
        self.bytes_down += other.bytes_down;
        self.bytes_up += other.bytes_up;
        self.inside += other.inside;
    }

    /// Whether every bot came in, stayed to the end and understood everything.
    pub fn is_clean(&self) -> bool {
        self.failed == 0 && self.disconnects == 0 && self.decode_errors == 0 && self.joined > 0
    }

    /// The numbers that are printed.
    pub fn report(&self) -> Report {
        let per_second = |count: u64| {
            let inside_s = self.inside.as_secs_f64();
            if inside_s > 0.0 { (count as f64 / inside_s * 10.0).round() / 10.0 } else { 0.0 }
        };
        Report {
            joined: self.joined,
            failed: self.failed,
            join_ms_p50: self.join.quantile_ms(0.5),
            join_ms_p99: self.join.quantile_ms(0.99),
            rtt_ms_p50: self.round_trip.quantile_ms(0.5),
            rtt_ms_p99: self.round_trip.quantile_ms(0.99),
            snapshots_per_s: per_second(self.snapshots),
            bytes_down_per_s: per_second(self.bytes_down),
            bytes_up_per_s: per_second(self.bytes_up),
            staleness_ms_p50: self.staleness.quantile_ms(0.5),
            staleness_ms_p99: self.staleness.quantile_ms(0.99),
            entities_p50: self.entities.median(),
            bytes_down_per_avatar_update: (self.avatar_updates > 0).then(|| {
                (self.packet_bytes as f64 / self.avatar_updates as f64 * 100.0).round() / 100.0
            }),
            decode_errors: self.decode_errors,
            disconnects: self.disconnects,
        }
    }
}

/// The result of a run. Rates are those of one bot, on average; what could not be measured is null.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Bots that came in.
    pub joined: u32,
    /// Bots that did not.
    pub failed: u32,
    /// Milliseconds from connecting to being in the world, median.
    pub join_ms_p50: Option<f64>,
    /// The same, 99th percentile.
    pub join_ms_p99: Option<f64>,
    /// Milliseconds from `Ping` to `Pong`, median.
    pub rtt_ms_p50: Option<f64>,
    /// The same, 99th percentile.
    pub rtt_ms_p99: Option<f64>,
    /// Packets per second and bot.
    pub snapshots_per_s: f64,
    /// Bytes received per second and bot.
    pub bytes_down_per_s: f64,
    /// Bytes sent per second and bot.
    pub bytes_up_per_s: f64,
    /// Age (milliseconds) of what a bot knows of moving people near it, median; see
    /// [`crate::staleness`].
    pub staleness_ms_p50: Option<f64>,
    /// The same, 99th percentile.
    pub staleness_ms_p99: Option<f64>,
    /// People that a bot sees, itself included, median.
    pub entities_p50: Option<u64>,
    /// Bytes of packets, with everything in them, per newer state of a person.
    pub bytes_down_per_avatar_update: Option<f64>,
    /// Messages that were not understood.
    pub decode_errors: u64,
    /// Bots that were cut off before the end.
    pub disconnects: u32,
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let pair = |p50: Option<f64>, p99: Option<f64>| match (p50, p99) {
            (Some(p50), Some(p99)) => format!("{p50:.1} ms median, {p99:.1} ms at p99"),
            _ => "not measured".to_owned(),
        };
        writeln!(f, "joined      {} of {}", self.joined, self.joined + self.failed)?;
        writeln!(f, "join        {}", pair(self.join_ms_p50, self.join_ms_p99))?;
        writeln!(f, "round trip  {}", pair(self.rtt_ms_p50, self.rtt_ms_p99))?;
        writeln!(f, "staleness   {}", pair(self.staleness_ms_p50, self.staleness_ms_p99))?;
        if let Some(entities) = self.entities_p50 {
            writeln!(f, "people      {entities} seen, median")?;
        }
        writeln!(f, "snapshots   {:.1} per second and bot", self.snapshots_per_s)?;
        writeln!(f, "down        {:.0} bytes per second and bot", self.bytes_down_per_s)?;
        if let Some(bytes) = self.bytes_down_per_avatar_update {
            writeln!(f, "            {bytes:.2} bytes per newer state of a person")?;
        }
        writeln!(f, "up          {:.0} bytes per second and bot", self.bytes_up_per_s)?;
        writeln!(f, "errors      {} decode errors", self.decode_errors)?;
        write!(f, "cut off     {}", self.disconnects)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_has_the_fields_that_scripts_read() {
        let mut tally = Tally { joined: 2, snapshots: 600, ..Tally::default() };
        tally.inside = Duration::from_secs(20);
        (tally.packet_bytes, tally.avatar_updates) = (100, 80);
        for ms in 1..=100 {
            tally.round_trip.record(Duration::from_millis(ms));
        }
        let json = serde_json::to_value(tally.report()).unwrap();
        assert_eq!(json["joined"], 2);
        assert_eq!(json["snapshots_per_s"], 30.0);
        assert_eq!(json["join_ms_p50"], serde_json::Value::Null);
        assert_eq!(json["entities_p50"], serde_json::Value::Null);
        assert_eq!(json["bytes_down_per_avatar_update"], 1.25);
        let p50 = json["rtt_ms_p50"].as_f64().unwrap();
        assert!((49.9..50.2).contains(&p50), "{p50}");
        assert!(tally.is_clean());
        tally.decode_errors = 1;
        assert!(!tally.is_clean());
    }
}

//! Counters of all connections of one transport, read by the host's metrics.
//!
//! Plain atomics, so that counting costs next to nothing and no metrics library is named here.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use vivarium_protocol::close::CloseReason;

use crate::{path::PathStats, transport::Lane};

/// Number of close reasons.
pub const CLOSE_REASONS: usize = CLOSE_REASON_ALL.len();

/// Every close reason, in the order of the protocol.
pub const CLOSE_REASON_ALL: [CloseReason; 16] = [
    CloseReason::Bye,
    CloseReason::VersionMismatch,
    CloseReason::NotVivarium,
    CloseReason::Malformed,
    CloseReason::Oversized,
    CloseReason::WrongLane,
    CloseReason::UnknownWorld,
    CloseReason::WorldFull,
    CloseReason::TooManyMessages,
    CloseReason::TooSlow,
    CloseReason::Idle,
    CloseReason::HandshakeTimeout,
    CloseReason::ResumedElsewhere,
    CloseReason::ShuttingDown,
    CloseReason::WorldRestarting,
    CloseReason::BadTicket,
];

/// What the sessions of one transport did.
#[derive(Debug, Default)]
pub struct LinkStats {
    /// Sessions that are open now, those in their handshake included.
    pub open: AtomicI64,
    /// Handshakes that were accepted.
    pub accepted: AtomicU64,
    /// Accepted handshakes that resumed an earlier session.
    pub resumed: AtomicU64,
    /// Bytes of messages from clients, by lane.
    pub received_bytes: [AtomicU64; 2],
    /// Bytes of messages to clients, by lane.
    pub sent_bytes: [AtomicU64; 2],
    /// Messages from clients, by lane.
    pub received_messages: [AtomicU64; 2],
    /// Messages to clients, by lane.
    pub sent_messages: [AtomicU64; 2],
    /// Latest-lane messages to clients that did not fit the way, dropped.
    pub latest_unsent: AtomicU64,
    /// Latest-lane messages of clients beyond their rate, dropped.
    pub latest_too_fast: AtomicU64,
    /// Latest-lane messages of clients that a full world inbox dropped.
    pub latest_inbox_full: AtomicU64,
    /// Wishes denied with `TooFast`.
    pub denied_too_fast: AtomicU64,
    /// Round trips that were measured, and the sum of them in microseconds.
    pub round_trips: AtomicU64,
    /// See [`LinkStats::round_trips`].
    pub round_trips_us: AtomicU64,
    /// Reports of ways, and the sum of the shares that were lost in them, in millionths.
    pub path_reports: AtomicU64,
    /// See [`LinkStats::path_reports`].
    pub path_losses_ppm: AtomicU64,
    /// Reports of a way that takes no more than it gets.
    pub narrow_paths: AtomicU64,
    /// Sessions that ended without a close, because the connection was lost.
    pub lost: AtomicU64,
    /// Sessions closed, by reason in the order of [`CLOSE_REASON_ALL`].
    pub closed: [AtomicU64; CLOSE_REASONS],
}

impl LinkStats {
    pub(crate) fn count_received(&self, lane: Lane, bytes: usize) {
        self.received_bytes[lane as usize].fetch_add(bytes as u64, Relaxed);
        self.received_messages[lane as usize].fetch_add(1, Relaxed);
    }

    pub(crate) fn count_sent(&self, lane: Lane, bytes: usize) {
        self.sent_bytes[lane as usize].fetch_add(bytes as u64, Relaxed);
        self.sent_messages[lane as usize].fetch_add(1, Relaxed);
    }

    pub(crate) fn count_dropped(&self) {
        self.latest_unsent.fetch_add(1, Relaxed);
    }

    pub(crate) fn count_path(&self, path: &PathStats) {
        if let Some(round_trip_s) = path.round_trip_s {
            self.round_trips.fetch_add(1, Relaxed);
            self.round_trips_us.fetch_add((f64::from(round_trip_s) * 1e6) as u64, Relaxed);
        }
        self.path_reports.fetch_add(1, Relaxed);
        self.path_losses_ppm.fetch_add((f64::from(path.loss01) * 1e6) as u64, Relaxed);
        self.narrow_paths.fetch_add(u64::from(path.bytes_per_s.is_some()), Relaxed);
    }

    pub(crate) fn count_closed(&self, reason: CloseReason) {
        self.closed[reason as usize].fetch_add(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_close_reason_has_its_own_counter() {
        for (index, reason) in CLOSE_REASON_ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, index, "{reason:?}");
        }
        assert_eq!(CloseReason::BadTicket as usize + 1, CLOSE_REASONS);
    }
}

//! What a transport knows of the way to its client.

/// Measured by the transport since it was last asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PathStats {
    /// Seconds there and back, smoothed.
    pub round_trip_s: f32,
    /// Share of the packets that were lost.
    pub loss01: f32,
    /// Bytes per second that the way takes now, where the transport knows: what may be under way at
    /// once, divided by the round trip.
    pub bytes_per_s: Option<u32>,
}

//! What a transport knows of the way to its client.

/// Measured by the transport since it was last asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PathStats {
    /// Seconds there and back; none: nothing has come back yet.
    pub round_trip_s: Option<f32>,
    /// Share of the packets or messages that were lost, as far as the transport sees it.
    pub loss01: f32,
    /// Bytes per second that the way takes now; none: no limit was felt.
    pub bytes_per_s: Option<u32>,
}

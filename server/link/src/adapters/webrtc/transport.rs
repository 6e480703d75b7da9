//! Fills the seam of [`crate::transport`] with a connection.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use bytes::Bytes;
use tokio::{sync::Notify, time::Instant};
use vivarium_protocol::{close::CloseReason, limits::DATAGRAM_BYTES_MAX};

use super::{
    connection::{Channel, WebRtcConnection, WebRtcReceiver, WebRtcSender},
    peer::EndReason,
};
use crate::{
    path::PathStats,
    transport::{Capabilities, ConnectionLost, Lane, Received, Receiver, Sender, Sent, Transport},
};

/// Name of this transport in metrics.
pub const NAME: &str = "webrtc";

/// A connection of which both channels are open.
pub struct WebRtcTransport(WebRtcConnection);

impl From<WebRtcConnection> for WebRtcTransport {
    fn from(connection: WebRtcConnection) -> Self {
        Self(connection)
    }
}

/// What both halves know of signs of life without content: the keep-alives of ICE.
#[derive(Debug, Default)]
struct Alive {
    bytes: AtomicU64,
    seen: Notify,
}

impl Transport for WebRtcTransport {
    type Receiver = Receiving;
    type Sender = Sending;

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            name: NAME,
            latest_is_datagram: true,
            latest_bytes_max: DATAGRAM_BYTES_MAX,
            can_probe: true,
        }
    }

    fn split(self) -> (Sending, Receiving) {
        let (sender, receiver) = self.0.split();
        let alive = Arc::new(Alive::default());
        let sending = Sending { sender, alive: alive.clone(), meter: Meter::new() };
        (sending, Receiving { receiver, alive, is_broken: false })
    }
}

/// Receives from the client.
pub struct Receiving {
    receiver: WebRtcReceiver,
    alive: Arc<Alive>,
    is_broken: bool,
}

impl Receiver for Receiving {
    async fn receive(&mut self) -> Received {
        let came = tokio::select! {
            came = self.receiver.recv() => came,
            () = self.alive.seen.notified() => return Received::Alive,
        };
        match came {
            Some((Channel::Reliable, bytes)) => Received::Message { lane: Lane::Reliable, bytes },
            Some((Channel::Unreliable, bytes)) => Received::Message { lane: Lane::Latest, bytes },
            // Why it ended is told once.
            None if std::mem::replace(&mut self.is_broken, true) => Received::Lost,
            None => broken(self.receiver.end_reason()),
        }
    }
}

fn broken(end: Option<EndReason>) -> Received {
    let (reason, detail) = match end {
        None | Some(EndReason::Lost) => return Received::Lost,
        Some(EndReason::ForeignChannel) => {
            (CloseReason::Malformed, "a client must not open channels")
        }
        Some(EndReason::Text) => (CloseReason::Malformed, "messages are binary, not text"),
        Some(EndReason::Oversized) => (CloseReason::Oversized, CloseReason::Oversized.text()),
    };
    Received::Broken { reason, detail }
}

/// What became of the latest lane since somebody asked.
struct Meter {
    began: Instant,
    bytes: u64,
    messages: u32,
    dropped: u32,
}

impl Meter {
    fn new() -> Self {
        Self { began: Instant::now(), bytes: 0, messages: 0, dropped: 0 }
    }
}

/// Sends to the client.
pub struct Sending {
    sender: WebRtcSender,
    alive: Arc<Alive>,
    meter: Meter,
}

impl Sender for Sending {
    async fn send(&mut self, lane: Lane, bytes: &Bytes) -> Result<Sent, ConnectionLost> {
        match lane {
            Lane::Reliable => {
                self.sender.send_reliable(bytes.clone()).await.map_err(|_| ConnectionLost)?;
                Ok(Sent::Yes)
            }
            Lane::Latest => {
                // Dropped when too much waits already: the network would lose it.
                let meter = &mut self.meter;
                meter.messages += 1;
                if self.sender.try_send_unreliable(bytes.clone()).await {
                    meter.bytes += bytes.len() as u64;
                    return Ok(Sent::Yes);
                }
                meter.dropped += 1;
                Ok(Sent::Dropped)
            }
        }
    }

    async fn flush(&mut self) -> Result<(), ConnectionLost> {
        Ok(())
    }

    async fn probe(&mut self) -> Result<(), ConnectionLost> {
        let bytes = self.sender.stats().await.bytes_in;
        if self.alive.bytes.swap(bytes, Relaxed) != bytes {
            self.alive.seen.notify_one();
        }
        Ok(())
    }

    /// WebRTC has no code for the reason; the message before it tells it.
    async fn close(&mut self, _: CloseReason) {
        self.sender.close().await;
    }

    async fn path(&mut self) -> Option<PathStats> {
        let Meter { began, bytes, messages, dropped } =
            std::mem::replace(&mut self.meter, Meter::new());
        let bytes_per_s = bytes as f32 / began.elapsed().as_secs_f32();
        Some(PathStats {
            round_trip_s: self.sender.stats().await.round_trip_s.map(|s| s as f32),
            loss01: dropped as f32 / messages.max(1) as f32,
            bytes_per_s: (dropped > 0).then_some(bytes_per_s as u32),
        })
    }
}

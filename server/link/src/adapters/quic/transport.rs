//! One connection: two lanes over a stream and datagrams.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt, StreamExt};
use tokio::sync::Notify;
use tokio_util::codec::{FramedRead, FramedWrite, LengthDelimitedCodec};
use vivarium_protocol::{
    close::CloseReason,
    limits::{CLIENT_RELIABLE_BYTES_MAX, DATAGRAM_BYTES_MAX, SERVER_RELIABLE_BYTES_MAX},
};
use web_transport_quinn::{RecvStream, SendStream, Session, SessionError};

use super::{NAME, NAME_WEBTRANSPORT};
use crate::{
    adapters::framing::framing,
    limits::{QUIC_LAST_WORDS_MAX, QUIC_READ_BUFFER_BYTES},
    path::PathStats,
    transport::{Capabilities, ConnectionLost, Lane, Received, Receiver, Sender, Sent, Transport},
};

/// What the client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// QUIC without anything around it.
    Quic,
    /// WebTransport over HTTP/3.
    WebTransport,
}

/// A connection that is closed when it is given up. The library reads on for a session that was
/// dropped, so that without this its connection would live for as long as its client likes, counted
/// by nobody. Closing one that is closed already changes nothing.
#[derive(Debug)]
pub(super) struct Closing(pub Session);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close(0, b"");
    }
}

impl std::ops::Deref for Closing {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.0
    }
}

/// A connection whose reliable lane is open.
#[derive(Debug)]
pub struct QuicTransport {
    kind: Kind,
    sender: QuicSender,
    receiver: QuicReceiver,
}

impl QuicTransport {
    pub(super) fn new(kind: Kind, session: Closing, send: SendStream, receive: RecvStream) -> Self {
        let alive = Arc::new(Alive::default());
        let receiver = QuicReceiver {
            session: session.0.clone(),
            stream: FramedRead::with_capacity(
                receive,
                framing(CLIENT_RELIABLE_BYTES_MAX),
                QUIC_READ_BUFFER_BYTES,
            ),
            alive: alive.clone(),
        };
        let stream = FramedWrite::new(send, framing(SERVER_RELIABLE_BYTES_MAX));
        let sender = QuicSender { session, stream, alive, last: Counted::default() };
        Self { kind, sender, receiver }
    }

    /// What the client speaks.
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

impl Transport for QuicTransport {
    type Receiver = QuicReceiver;
    type Sender = QuicSender;

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            name: match self.kind {
                Kind::Quic => NAME,
                Kind::WebTransport => NAME_WEBTRANSPORT,
            },
            latest_is_datagram: true,
            latest_bytes_max: DATAGRAM_BYTES_MAX,
            can_probe: true,
        }
    }

    fn split(self) -> (QuicSender, QuicReceiver) {
        (self.sender, self.receiver)
    }
}

/// Keep-alives and acknowledgements are signs of life, too, but nobody hears of them: the sender
/// looks, when asked to probe, whether any came.
#[derive(Debug, Default)]
struct Alive {
    packets: AtomicU64,
    seen: Notify,
}

/// Receives from the client.
#[derive(Debug)]
pub struct QuicReceiver {
    session: Session,
    stream: FramedRead<RecvStream, LengthDelimitedCodec>,
    alive: Arc<Alive>,
}

impl Receiver for QuicReceiver {
    async fn receive(&mut self) -> Received {
        tokio::select! {
            frame = self.stream.next() => match frame {
                Some(Ok(bytes)) => Received::Message { lane: Lane::Reliable, bytes: bytes.freeze() },
                Some(Err(error)) => broken(&error),
                None => Received::Lost,
            },
            datagram = self.session.read_datagram() => match datagram {
                Ok(bytes) => Received::Message { lane: Lane::Latest, bytes },
                Err(_) => Received::Lost,
            },
            () = self.alive.seen.notified() => Received::Alive,
        }
    }
}

fn broken(error: &io::Error) -> Received {
    match error.kind() {
        // What the codec says of a length beyond the maximum.
        io::ErrorKind::InvalidData => Received::Broken {
            reason: CloseReason::Oversized,
            detail: CloseReason::Oversized.text(),
        },
        _ => Received::Lost,
    }
}

/// Counters at the last look.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    packets: u64,
    lost: u64,
}

/// Sends to the client.
#[derive(Debug)]
pub struct QuicSender {
    session: Closing,
    stream: FramedWrite<SendStream, LengthDelimitedCodec>,
    alive: Arc<Alive>,
    last: Counted,
}

impl Sender for QuicSender {
    async fn send(&mut self, lane: Lane, bytes: &Bytes) -> Result<Sent, ConnectionLost> {
        match lane {
            Lane::Reliable => {
                self.stream.feed(bytes.clone()).await.map_err(|_| ConnectionLost)?;
                Ok(Sent::Yes)
            }
            Lane::Latest => match self.session.send_datagram(bytes.clone()) {
                Ok(()) => Ok(Sent::Yes),
                // A path that carries only smaller ones loses this one, as it would a large packet.
                Err(SessionError::SendDatagramError(quinn::SendDatagramError::TooLarge)) => {
                    Ok(Sent::Dropped)
                }
                Err(_) => Err(ConnectionLost),
            },
        }
    }

    async fn flush(&mut self) -> Result<(), ConnectionLost> {
        if self.stream.write_buffer().is_empty() {
            return Ok(());
        }
        SinkExt::<Bytes>::flush(&mut self.stream).await.map_err(|_| ConnectionLost)?;
        if self.stream.write_buffer().capacity() > WRITE_BUFFER_KEPT_BYTES {
            // A roster was in it, and most connections send none again for a long time.
            *self.stream.write_buffer_mut() = BytesMut::new();
        }
        Ok(())
    }

    async fn probe(&mut self) -> Result<(), ConnectionLost> {
        let packets = quinn::Connection::stats(&self.session).udp_rx.datagrams;
        if self.alive.packets.swap(packets, Relaxed) != packets {
            self.alive.seen.notify_one();
        }
        Ok(())
    }

    async fn close(&mut self, reason: CloseReason) {
        let stream = self.stream.get_mut();
        // It is finished or reset already when this fails.
        let _ = stream.finish();
        // The last words must be acknowledged before the connection is closed, which takes back
        // whatever is still on the way.
        let _ = tokio::time::timeout(QUIC_LAST_WORDS_MAX, stream.stopped()).await;
        self.session.close(reason.code().into(), reason.text().as_bytes());
    }

    async fn path(&mut self) -> Option<PathStats> {
        let path = quinn::Connection::stats(&self.session).path;
        let sent = Counted { packets: path.sent_packets, lost: path.lost_packets };
        let packets = sent.packets.saturating_sub(self.last.packets);
        let lost = sent.lost.saturating_sub(self.last.lost);
        self.last = sent;
        let round_trip_s = path.rtt.max(ROUND_TRIP_MIN).as_secs_f32();
        Some(PathStats {
            round_trip_s: Some(round_trip_s),
            loss01: lost as f32 / packets.max(1) as f32,
            bytes_per_s: Some((path.cwnd as f32 / round_trip_s) as u32),
        })
    }
}

/// Shorter round trips are within one machine, and say nothing of what a path carries.
const ROUND_TRIP_MIN: Duration = Duration::from_millis(1);
/// A larger write buffer is given back once it is empty.
const WRITE_BUFFER_KEPT_BYTES: usize = 16 * 1024;

//! WebSocket: both lanes over one ordered stream, the first byte of a message naming the lane.
//!
//! The HTTP upgrade is the host's; this file begins where both ends speak WebSocket. There is no
//! compression: frames are dense already.
//!
//! The way to the client is measured by pings, and by how long writing has to wait: the kernel holds
//! little that was not sent (`TCP_NOTSENT_LOWAT`).

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::{BufMut, Bytes, BytesMut};
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        error::ProtocolError,
        protocol::{CloseFrame, Role, WebSocketConfig},
    },
};
use vivarium_protocol::{close::CloseReason, limits::FRAME_BYTES_MAX};

use crate::{
    limits::{
        CLIENT_MESSAGE_BYTES_MAX, WEBSOCKET_READ_BUFFER_BYTES, WEBSOCKET_WRITE_BUFFER_BYTES,
        WEBSOCKET_WRITE_BUFFER_BYTES_MAX,
    },
    path::PathStats,
    transport::{Capabilities, ConnectionLost, Lane, Received, Receiver, Sender, Sent, Transport},
};

/// Name of this transport in metrics.
pub const NAME: &str = "websocket";

/// A connection that has been upgraded to WebSocket.
#[derive(Debug)]
pub struct WebSocketTransport<S> {
    stream: WebSocketStream<S>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> WebSocketTransport<S> {
    /// Speaks WebSocket, as the server, over a stream whose HTTP upgrade is over.
    pub async fn after_upgrade(io: S) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(WEBSOCKET_READ_BUFFER_BYTES)
            .write_buffer_size(WEBSOCKET_WRITE_BUFFER_BYTES)
            .max_write_buffer_size(WEBSOCKET_WRITE_BUFFER_BYTES_MAX)
            .max_message_size(Some(CLIENT_MESSAGE_BYTES_MAX))
            .max_frame_size(Some(CLIENT_MESSAGE_BYTES_MAX));
        let stream = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
        Self { stream }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Transport for WebSocketTransport<S> {
    type Receiver = WebSocketReceiver<S>;
    type Sender = WebSocketSender<S>;

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            name: NAME,
            latest_is_datagram: false,
            latest_bytes_max: FRAME_BYTES_MAX,
            can_probe: true,
        }
    }

    fn split(self) -> (WebSocketSender<S>, WebSocketReceiver<S>) {
        let (sink, stream) = self.stream.split();
        let pings = Arc::new(Mutex::new(Pings::default()));
        let meter = Meter::new();
        let sender =
            WebSocketSender { sink, scratch: BytesMut::new(), pings: pings.clone(), meter };
        (sender, WebSocketReceiver { stream, pings })
    }
}

/// Receives from the client.
#[derive(Debug)]
pub struct WebSocketReceiver<S> {
    stream: SplitStream<WebSocketStream<S>>,
    pings: Arc<Mutex<Pings>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Receiver for WebSocketReceiver<S> {
    async fn receive(&mut self) -> Received {
        loop {
            return match self.stream.next().await {
                Some(Ok(Message::Binary(bytes))) => message(bytes),
                Some(Ok(Message::Pong(number))) => {
                    lock(&self.pings).answered(&number);
                    Received::Alive
                }
                Some(Ok(Message::Ping(_))) => Received::Alive,
                Some(Ok(Message::Text(_))) => Received::Broken {
                    reason: CloseReason::Malformed,
                    detail: "messages are binary, not text",
                },
                // The library answers it on the next calls, and then the stream ends.
                Some(Ok(Message::Close(_) | Message::Frame(_))) => continue,
                Some(Err(error)) => broken(&error),
                None => Received::Lost,
            };
        }
    }
}

fn message(mut bytes: Bytes) -> Received {
    let Some(byte) = bytes.first() else {
        return Received::Broken {
            reason: CloseReason::Malformed,
            detail: "a message has at least one byte, which names its lane",
        };
    };
    match Lane::from_byte(*byte) {
        Some(lane) => Received::Message { lane, bytes: bytes.split_off(1) },
        None => Received::Broken {
            reason: CloseReason::WrongLane,
            detail: "the first byte of a message names its lane: 0 reliable, 1 latest",
        },
    }
}

fn broken(error: &Error) -> Received {
    match error {
        Error::Capacity(_) => Received::Broken {
            reason: CloseReason::Oversized,
            detail: CloseReason::Oversized.text(),
        },
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Received::Lost,
        Error::Protocol(_) | Error::Utf8(_) | Error::AttackAttempt => Received::Broken {
            reason: CloseReason::Malformed,
            detail: "the WebSocket protocol was broken",
        },
        _ => Received::Lost,
    }
}

fn lock(pings: &Mutex<Pings>) -> MutexGuard<'_, Pings> {
    pings.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The ping that is under way, and how long the last one took.
#[derive(Debug, Default)]
struct Pings {
    number: u32,
    sent: Option<Instant>,
    round_trip: Option<Duration>,
}

impl Pings {
    /// What to put into the next ping; an earlier one is given up.
    fn next(&mut self) -> Bytes {
        self.number = self.number.wrapping_add(1);
        self.sent = Some(Instant::now());
        Bytes::copy_from_slice(&self.number.to_le_bytes())
    }

    fn answered(&mut self, number: &[u8]) {
        if number == self.number.to_le_bytes()
            && let Some(sent) = self.sent.take()
        {
            self.round_trip = Some(sent.elapsed());
        }
    }
}

/// How much was written, and for how long that had to wait.
#[derive(Debug)]
struct Meter {
    began: Instant,
    bytes: u64,
    waited: Duration,
}

/// Writing that waits for so large a share of the time is held up by the way.
const WAITING_SHARE_MIN: f32 = 0.2;

impl Meter {
    fn new() -> Self {
        Self { began: Instant::now(), bytes: 0, waited: Duration::ZERO }
    }

    /// Bytes per second since the last turn, if the way took no more than that.
    fn turn(&mut self) -> Option<u32> {
        let Self { began, bytes, waited } = std::mem::replace(self, Self::new());
        let passed_s = began.elapsed().as_secs_f32();
        let is_held_up = waited.as_secs_f32() > passed_s * WAITING_SHARE_MIN;
        is_held_up.then_some((bytes as f32 / passed_s) as u32)
    }
}

/// Sends to the client.
#[derive(Debug)]
pub struct WebSocketSender<S> {
    sink: SplitSink<WebSocketStream<S>, Message>,
    /// Where lane and message are joined; its memory is used again once the library has copied
    /// the message into its own buffer.
    scratch: BytesMut,
    pings: Arc<Mutex<Pings>>,
    meter: Meter,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> WebSocketSender<S> {
    async fn feed(&mut self, message: Message) -> Result<(), ConnectionLost> {
        self.sink.feed(message).await.map_err(|_| ConnectionLost)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Sender for WebSocketSender<S> {
    async fn send(&mut self, lane: Lane, bytes: &Bytes) -> Result<Sent, ConnectionLost> {
        self.scratch.reserve(1 + bytes.len());
        self.scratch.put_u8(lane as u8);
        self.scratch.put_slice(bytes);
        let message = Message::Binary(self.scratch.split().freeze());
        self.meter.bytes += bytes.len() as u64;
        let began = Instant::now();
        let fed = self.feed(message).await;
        self.meter.waited += began.elapsed();
        fed.map(|()| Sent::Yes)
    }

    async fn flush(&mut self) -> Result<(), ConnectionLost> {
        let began = Instant::now();
        let flushed = self.sink.flush().await.map_err(|_| ConnectionLost);
        self.meter.waited += began.elapsed();
        flushed
    }

    async fn probe(&mut self) -> Result<(), ConnectionLost> {
        let number = lock(&self.pings).next();
        self.feed(Message::Ping(number)).await?;
        self.flush().await
    }

    async fn path(&mut self) -> Option<PathStats> {
        let path = PathStats {
            round_trip_s: lock(&self.pings).round_trip.map(|time| time.as_secs_f32()),
            // TCP repeats what is lost.
            loss01: 0.0,
            bytes_per_s: self.meter.turn(),
        };
        // A ping that cannot be sent tells the writer so with the next message.
        let _ = self.probe().await;
        Some(path)
    }

    async fn close(&mut self, reason: CloseReason) {
        let frame = CloseFrame { code: reason.code().into(), reason: reason.text().into() };
        // Nobody is left to be told when this fails.
        let _ = self.sink.send(Message::Close(Some(frame))).await;
    }
}

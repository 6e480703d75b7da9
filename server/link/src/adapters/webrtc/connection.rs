//! A peer from its answer to its end: two lanes over two channels.
//!
//! The reliable lane is a stream of framed messages in pieces of at most 16 KiB; the latest lane
//! is one message per datagram, cut by nobody. Reading is what lets the peer go on sending: when
//! the application stops, the library's queues fill (up to 512 pieces of 16 KiB), then the receive
//! window of SCTP closes. So read always, and drop the connection when [`WebRtcReceiver::recv`]
//! says that it has ended.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc, watch},
    time::{Instant, timeout, timeout_at},
};
use vivarium_protocol::limits::SERVER_RELIABLE_BYTES_MAX;
use webrtc::{
    data_channel::{DataChannel, DataChannelEvent},
    media_stream::track_remote::TrackRemote,
    peer_connection::{PeerConnection, StatsSelector},
};

use super::{
    config::{LATEST_BYTES_MAX, LATEST_WAITING_MAX, WebRtcConfig},
    hub::Port,
    peer::{EndReason, Life, Peer, Progress},
    pieces::{self, Assembler},
};

/// The lane of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Everything arrives, in order.
    Reliable,
    /// The newest wins.
    Unreliable,
}

/// A peer did not become a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// Both channels were not open in time.
    #[error("the peer did not connect in time")]
    TimedOut,
    /// The connection ended before.
    #[error("the peer did not connect: {0}")]
    Ended(#[from] EndReason),
}

/// The connection no longer takes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection is lost")]
pub struct ConnectionLost;

/// What is known about a connection's road.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stats {
    /// Of the last check that was answered, in seconds.
    pub round_trip_s: Option<f64>,
    /// Bytes of datagrams from the peer, without IP and UDP headers.
    pub bytes_in: u64,
    /// Bytes of datagrams to the peer, without IP and UDP headers.
    pub bytes_out: u64,
    /// Latest-lane messages from the peer that newer ones displaced before they were read.
    pub latest_dropped_in: u64,
    /// Latest-lane messages to the peer that were not sent because too much was waiting.
    pub latest_dropped_out: u64,
}

struct Shared {
    pc: Arc<dyn PeerConnection>,
    reliable: Arc<dyn DataChannel>,
    latest: Arc<dyn DataChannel>,
    port: Arc<Port>,
    latest_send_buffer_bytes: usize,
    close_timeout: Duration,
    latest_dropped_in: AtomicU64,
    latest_dropped_out: AtomicU64,
    _life: Life,
}

/// A peer that has its answer. Dropping it gives everything back.
pub struct PendingPeer {
    connection: WebRtcConnection,
    _pending_place: OwnedSemaphorePermit,
    deadline: Instant,
}

impl PendingPeer {
    pub(crate) fn new(
        peer: Peer,
        port: Arc<Port>,
        life: Life,
        pending_place: OwnedSemaphorePermit,
        deadline: Instant,
        config: &WebRtcConfig,
    ) -> Self {
        let shared = Arc::new(Shared {
            pc: peer.pc,
            reliable: peer.reliable,
            latest: peer.latest,
            port,
            latest_send_buffer_bytes: config.latest_send_buffer_bytes,
            close_timeout: config.close_timeout,
            latest_dropped_in: AtomicU64::new(0),
            latest_dropped_out: AtomicU64::new(0),
            _life: life,
        });
        let receiver = WebRtcReceiver {
            shared: Arc::clone(&shared),
            progress: peer.progress.clone(),
            tracks: peer.tracks,
            assembler: Assembler::new(config.message_bytes_max_in),
            latest: VecDeque::new(),
            open_channels: 0,
            end: None,
        };
        let sender = WebRtcSender { shared, progress: peer.progress, is_torn: false };
        let connection = WebRtcConnection { sender, receiver };
        Self { connection, _pending_place: pending_place, deadline }
    }

    /// Waits until both channels are open.
    ///
    /// # Errors
    ///
    /// The peer did not come in time, or left.
    pub async fn connected(mut self) -> Result<WebRtcConnection, ConnectError> {
        timeout_at(self.deadline, self.connection.receiver.opened())
            .await
            .map_err(|_| ConnectError::TimedOut)??;
        self.connection.sender.shared.port.set_established();
        Ok(self.connection)
    }
}

/// A connection with both lanes open. Dropping it closes it.
pub struct WebRtcConnection {
    sender: WebRtcSender,
    receiver: WebRtcReceiver,
}

impl WebRtcConnection {
    /// The halves, which are used at the same time. The connection ends when both are gone.
    pub fn split(self) -> (WebRtcSender, WebRtcReceiver) {
        (self.sender, self.receiver)
    }

    /// See [`WebRtcReceiver::recv`].
    pub async fn recv(&mut self) -> Option<(Channel, Bytes)> {
        self.receiver.recv().await
    }

    /// See [`WebRtcReceiver::end_reason`].
    pub fn end_reason(&self) -> Option<EndReason> {
        self.receiver.end_reason()
    }

    /// See [`WebRtcSender::send_reliable`].
    ///
    /// # Errors
    ///
    /// The connection is lost.
    pub async fn send_reliable(&mut self, message: Bytes) -> Result<(), ConnectionLost> {
        self.sender.send_reliable(message).await
    }

    /// See [`WebRtcSender::try_send_unreliable`].
    pub async fn try_send_unreliable(&mut self, message: Bytes) -> bool {
        self.sender.try_send_unreliable(message).await
    }

    /// See [`WebRtcSender::stats`].
    pub async fn stats(&self) -> Stats {
        self.sender.stats().await
    }

    /// Where the peer is reached now.
    pub fn remote_addr(&self) -> Option<SocketAddr> {
        self.sender.remote_addr()
    }

    /// See [`WebRtcSender::close`].
    pub async fn close(mut self) {
        self.sender.close().await;
    }
}

/// Sends to the peer.
pub struct WebRtcSender {
    shared: Arc<Shared>,
    progress: watch::Receiver<Progress>,
    /// A message was left half-sent, so the stream cannot go on.
    is_torn: bool,
}

impl WebRtcSender {
    /// Sends a message on the reliable lane; waits while too much is waiting for the peer.
    ///
    /// Not safe to cancel: a message that was left half-sent makes all later ones fail.
    ///
    /// # Errors
    ///
    /// The connection is lost.
    pub async fn send_reliable(&mut self, message: Bytes) -> Result<(), ConnectionLost> {
        if std::mem::replace(&mut self.is_torn, true) {
            return Err(ConnectionLost);
        }
        let pieces = pieces::pieces(&message, SERVER_RELIABLE_BYTES_MAX);
        for piece in pieces.map_err(|_| ConnectionLost)? {
            let sent = self.shared.reliable.send(piece);
            let mut ended = self.progress.clone();
            let mut ended = pin!(ended.wait_for(|progress| progress.end.is_some()));
            tokio::select! {
                biased;
                _ = &mut ended => return Err(ConnectionLost),
                sent = sent => sent.map_err(|_| ConnectionLost)?,
            }
        }
        self.is_torn = false;
        Ok(())
    }

    /// Sends a message on the latest lane, or drops it when too much is waiting already. Returns
    /// at once; `async` because the library's lock is.
    pub async fn try_send_unreliable(&self, message: Bytes) -> bool {
        let channel = &self.shared.latest;
        let waiting = channel.outstanding_bytes().await.unwrap_or(usize::MAX);
        let fits = message.len() <= LATEST_BYTES_MAX
            && waiting.saturating_add(message.len()) <= self.shared.latest_send_buffer_bytes;
        let sent = fits && channel.try_send(BytesMut::from(message)).await.is_ok();
        if !sent {
            self.shared.latest_dropped_out.fetch_add(1, Ordering::Relaxed);
        }
        sent
    }

    /// Bytes on the reliable lane that the peer has not confirmed.
    pub async fn reliable_waiting_bytes(&self) -> usize {
        self.shared.reliable.outstanding_bytes().await.unwrap_or(0)
    }

    /// What is known about the road.
    pub async fn stats(&self) -> Stats {
        let now = std::time::Instant::now();
        let report = self.shared.pc.get_stats(now, StatsSelector::None).await;
        let round_trip_s = report
            .candidate_pairs()
            .filter(|pair| pair.nominated && pair.responses_received > 0)
            .map(|pair| pair.current_round_trip_time)
            .last();
        let (bytes_in, bytes_out) = self.shared.port.bytes();
        Stats {
            round_trip_s,
            bytes_in,
            bytes_out,
            latest_dropped_in: self.shared.latest_dropped_in.load(Ordering::Relaxed),
            latest_dropped_out: self.shared.latest_dropped_out.load(Ordering::Relaxed),
        }
    }

    /// Where the peer is reached now.
    pub fn remote_addr(&self) -> Option<SocketAddr> {
        self.shared.port.reached_at()
    }

    /// The library's handle, for voices.
    pub fn peer_connection(&self) -> &Arc<dyn PeerConnection> {
        &self.shared.pc
    }

    /// Ends the connection, after what is waiting on the reliable lane has arrived or its time is
    /// over.
    pub async fn close(&mut self) {
        self.is_torn = true;
        let drained = async {
            let mut pause = tokio::time::interval(Duration::from_millis(5));
            while self.reliable_waiting_bytes().await > 0 && self.progress.borrow().end.is_none() {
                pause.tick().await;
            }
        };
        let _ = timeout(self.shared.close_timeout, drained).await;
        // On its own: closing that is given up halfway leaves the library's driver behind.
        let shared = self.shared.clone();
        let closing = tokio::spawn(async move { shared.pc.close().await });
        let _ = timeout(self.shared.close_timeout, closing).await;
    }
}

/// Receives from the peer.
pub struct WebRtcReceiver {
    shared: Arc<Shared>,
    progress: watch::Receiver<Progress>,
    tracks: mpsc::Receiver<Arc<dyn TrackRemote>>,
    assembler: Assembler,
    latest: VecDeque<Bytes>,
    open_channels: usize,
    end: Option<EndReason>,
}

impl WebRtcReceiver {
    /// The next message, or `None` when the connection has ended. Safe to cancel.
    pub async fn recv(&mut self) -> Option<(Channel, Bytes)> {
        loop {
            if let Some(message) = self.waiting() {
                return Some(message);
            }
            self.turn().await?;
        }
    }

    /// Why there is nothing more to receive.
    pub fn end_reason(&self) -> Option<EndReason> {
        self.end
    }

    /// The next voice of the peer.
    pub async fn next_voice(&mut self) -> Option<Arc<dyn TrackRemote>> {
        self.tracks.recv().await
    }

    async fn opened(&mut self) -> Result<(), EndReason> {
        while self.open_channels < 2 {
            if self.turn().await.is_none() {
                return Err(self.end.unwrap_or(EndReason::Lost));
            }
        }
        Ok(())
    }

    fn waiting(&mut self) -> Option<(Channel, Bytes)> {
        if self.end.is_some() {
            return None;
        }
        if let Some(message) = self.latest.pop_front() {
            return Some((Channel::Unreliable, message));
        }
        match self.assembler.next_message() {
            Ok(message) => Some((Channel::Reliable, message?)),
            Err(_) => {
                self.end = Some(EndReason::Oversized);
                None
            }
        }
    }

    /// Takes what has come on either channel. `None` at the end.
    async fn turn(&mut self) -> Option<()> {
        if self.end.is_some() {
            return None;
        }
        let shared = Arc::clone(&self.shared);
        let mut progress = self.progress.clone();
        let (channel, event) = tokio::select! {
            biased;
            event = shared.latest.poll() => (Channel::Unreliable, event),
            event = shared.reliable.poll() => (Channel::Reliable, event),
            progress = progress.wait_for(|progress| progress.end.is_some()) => {
                let end = progress.ok().and_then(|progress| progress.end);
                self.end = Some(end.unwrap_or(EndReason::Lost));
                return None;
            }
        };
        self.take(channel, event);
        if channel == Channel::Unreliable {
            while let Some(event) = shared.latest.poll().now_or_never() {
                self.take(Channel::Unreliable, event);
                if self.end.is_some() {
                    break;
                }
            }
        }
        Some(())
    }

    fn take(&mut self, channel: Channel, event: Option<DataChannelEvent>) {
        match (channel, event) {
            (_, Some(DataChannelEvent::OnOpen)) => self.open_channels += 1,
            (_, Some(DataChannelEvent::OnMessage(message))) if message.is_string => {
                self.end = Some(EndReason::Text);
            }
            (Channel::Reliable, Some(DataChannelEvent::OnMessage(message))) => {
                self.assembler.push(&message.data);
            }
            (Channel::Unreliable, Some(DataChannelEvent::OnMessage(message))) => {
                if self.latest.len() >= LATEST_WAITING_MAX {
                    self.latest.pop_front(); // the newest wins
                    self.shared.latest_dropped_in.fetch_add(1, Ordering::Relaxed);
                }
                self.latest.push_back(message.data.freeze());
            }
            (_, Some(DataChannelEvent::OnClose) | None) => {
                let reported = self.progress.borrow().end;
                self.end = Some(reported.unwrap_or(EndReason::Lost));
            }
            _ => {}
        }
    }
}

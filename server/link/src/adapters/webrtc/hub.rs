//! The one UDP socket of an endpoint: takes datagrams, gives them to the peers' ports.
//!
//! A [`Port`] is what a peer's protocol stack sees as its socket. It is bounded, never blocks,
//! and hides the network: the stack knows a single peer address, [`PEER_ADDRESS`], while
//! [`super::routes`] decides where the peer really is. Whatever the stack sends elsewhere is
//! dropped: nothing that a client writes into an offer can make this server send anywhere.

use std::{
    collections::{HashMap, VecDeque},
    io::{self, IoSliceMut},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use tokio::net::UdpSocket;
use webrtc::runtime::{AsyncUdpSocket, RecvMeta, Transmit};

use super::{
    config::{DATAGRAM_BYTES_MAX, DATAGRAMS_WAITING_MAX, HANDSHAKE_BYTES_MAX},
    routes::{Credentials, Dropped, Effects, PeerKey, Routes},
    stun::{self, Kind},
};

/// The address that every protocol stack believes its peer to have (TEST-NET-1, RFC 5737).
pub const PEER_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 1024);
/// Datagrams that are taken in a row before others may run.
const DATAGRAMS_PER_TURN: usize = 64;

/// Extra turns of the library's driver after each datagram of the handshakes; see
/// [`Port::take_turn`].
const TURNS_PER_DATAGRAM: usize = 2;

/// What happened at the shared port since it was bound.
#[derive(Debug, Default)]
pub struct Counters {
    /// Datagrams from the network.
    pub received: AtomicU64,
    /// Datagrams to the network.
    pub sent: AtomicU64,
    /// From addresses that belong to no peer.
    pub unknown_source: AtomicU64,
    /// STUN for no session of ours.
    pub unknown_user: AtomicU64,
    /// STUN with a wrong signature, and forged DTLS.
    pub not_authentic: AtomicU64,
    /// Malformed, oversized or of no use.
    pub unhandled: AtomicU64,
    /// For peers that had no room.
    pub queue_full: AtomicU64,
    /// Not sent because the kernel did not take them.
    pub send_failed: AtomicU64,
    /// Not sent because a stack wanted to reach something else than its peer.
    pub send_refused: AtomicU64,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// A lock whose holders cannot leave it in a bad state: none of them panics half-way.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug, Default)]
struct Switchboard {
    routes: Routes,
    ports: HashMap<PeerKey, Arc<Port>>,
}

/// The shared socket and who is behind it.
#[derive(Debug)]
pub struct Hub {
    socket: UdpSocket,
    is_v6: bool,
    switchboard: Mutex<Switchboard>,
    /// Shared with whoever reports them.
    pub counters: Counters,
}

impl Hub {
    /// Takes over a bound socket.
    pub fn new(socket: UdpSocket) -> io::Result<Arc<Self>> {
        let is_v6 = socket.local_addr()?.is_ipv6();
        let (switchboard, counters) = (Mutex::default(), Counters::default());
        Ok(Arc::new(Self { socket, is_v6, switchboard, counters }))
    }

    /// The bound address.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Opens a port for a peer with these credentials.
    pub fn open(&self, credentials: &Credentials) -> Option<(PeerKey, Arc<Port>)> {
        let mut switchboard = lock(&self.switchboard);
        let key = switchboard.routes.add(credentials)?;
        let port = Arc::new(Port::default());
        switchboard.ports.insert(key, Arc::clone(&port));
        Some((key, port))
    }

    /// Closes the port of a peer and forgets its addresses.
    pub fn close(&self, key: PeerKey) {
        let mut switchboard = lock(&self.switchboard);
        switchboard.routes.remove(key);
        if let Some(port) = switchboard.ports.remove(&key) {
            port.close();
        }
    }

    /// Peers, addresses and checks under way.
    pub fn sizes(&self) -> (usize, usize, usize) {
        lock(&self.switchboard).routes.sizes()
    }

    /// Takes datagrams for ever. Runs until it is aborted.
    pub async fn run(self: Arc<Self>) {
        let mut buffer = vec![0; DATAGRAM_BYTES_MAX + 1];
        let mut effects = Effects::default();
        loop {
            if let Err(error) = self.socket.readable().await {
                tracing::error!(%error, "the UDP socket of the WebRTC road cannot be waited for");
                return;
            }
            for _ in 0..DATAGRAMS_PER_TURN {
                match self.socket.try_recv_from(&mut buffer) {
                    Ok((size, from)) => self.take(&buffer[..size], from, &mut effects),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    // An ICMP message about somebody who has gone: nothing to do with the others.
                    Err(_) => {
                        tokio::time::sleep(Duration::from_millis(1)).await;
                        break;
                    }
                }
            }
            tokio::task::yield_now().await;
        }
    }

    fn take(&self, datagram: &[u8], from: SocketAddr, effects: &mut Effects) {
        count(&self.counters.received);
        if datagram.len() > DATAGRAM_BYTES_MAX {
            return count(&self.counters.unhandled);
        }
        let from = SocketAddr::new(from.ip().to_canonical(), from.port());
        let mut switchboard = lock(&self.switchboard);
        if let Err(reason) = switchboard.routes.inbound(from, datagram, effects) {
            return count(match reason {
                Dropped::UnknownSource => &self.counters.unknown_source,
                Dropped::UnknownUser => &self.counters.unknown_user,
                Dropped::NotAuthentic => &self.counters.not_authentic,
                Dropped::Unhandled => &self.counters.unhandled,
            });
        }
        let moved = effects.moved.and_then(|(key, to)| Some((switchboard.ports.get(&key)?, to)));
        if let Some((port, to)) = moved {
            *lock(&port.reached_at) = Some(to);
        }
        let port = effects.deliver.and_then(|key| switchboard.ports.get(&key).cloned());
        drop(switchboard);
        for (to, reply) in &effects.replies {
            self.send(*to, reply);
        }
        let Some(port) = port else { return };
        for bytes in [Some(datagram), effects.deliver_after.as_deref()].into_iter().flatten() {
            if !port.push(Bytes::copy_from_slice(bytes)) {
                count(&self.counters.queue_full);
            }
        }
    }

    /// Sends or drops: the protocols above repeat what matters.
    fn send(&self, to: SocketAddr, datagram: &[u8]) {
        let to = match to {
            SocketAddr::V4(v4) if self.is_v6 => {
                SocketAddr::new(v4.ip().to_ipv6_mapped().into(), v4.port())
            }
            other => other,
        };
        match self.socket.try_send_to(datagram, to) {
            Ok(_) => count(&self.counters.sent),
            Err(_) => count(&self.counters.send_failed),
        }
    }
}

/// The socket of one peer, as its protocol stack sees it.
#[derive(Debug, Default)]
pub struct Port {
    inbound: Mutex<Inbound>,
    reached_at: Mutex<Option<SocketAddr>>,
    is_established: AtomicBool,
    turns: AtomicUsize,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
}

#[derive(Debug, Default)]
struct Inbound {
    queue: VecDeque<Bytes>,
    waker: Option<Waker>,
    is_closed: bool,
}

impl Port {
    /// Where the peer is reached now.
    pub fn reached_at(&self) -> Option<SocketAddr> {
        *lock(&self.reached_at)
    }

    /// Bytes of datagrams from and to the peer, without IP and UDP headers.
    pub fn bytes(&self) -> (u64, u64) {
        (self.bytes_in.load(Ordering::Relaxed), self.bytes_out.load(Ordering::Relaxed))
    }

    /// The handshakes are over: [`Port::take_turn`] is no longer needed.
    pub fn set_established(&self) {
        self.is_established.store(true, Ordering::Relaxed);
    }

    /// Whether the stack's driver should turn once more instead of waiting.
    ///
    /// webrtc 0.21.1 leaves the first DTLS flight in its endpoint until a timer fires
    /// (`rtc/.../handler/dtls.rs`, `handle_event`), and what an event makes ready to be sent until
    /// the driver wakes up for something else (`driver.rs`, `event_loop`, which sends before it
    /// handles events). Without an extra turn after each datagram of the handshakes, each of the
    /// two costs a connecting peer some 50 ms.
    pub fn take_turn(&self) -> bool {
        let fewer = |turns: usize| turns.checked_sub(1);
        self.turns.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer).is_ok()
    }

    /// False when there is no room: the newest is dropped, as a full kernel buffer would.
    fn push(&self, datagram: Bytes) -> bool {
        let mut inbound = lock(&self.inbound);
        let is_early = !self.is_established.load(Ordering::Relaxed);
        if inbound.queue.len() >= DATAGRAMS_WAITING_MAX
            || is_early && self.bytes_in.load(Ordering::Relaxed) >= HANDSHAKE_BYTES_MAX
        {
            return false;
        }
        self.bytes_in.fetch_add(datagram.len() as u64, Ordering::Relaxed);
        inbound.queue.push_back(datagram);
        let waker = inbound.waker.take();
        drop(inbound);
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }

    fn close(&self) {
        let mut inbound = lock(&self.inbound);
        inbound.is_closed = true;
        inbound.queue = VecDeque::new();
        if let Some(waker) = inbound.waker.take() {
            waker.wake();
        }
    }
}

/// A peer's way to the shared socket.
#[derive(Debug)]
pub struct PortSocket {
    hub: Arc<Hub>,
    port: Arc<Port>,
    local_addr: SocketAddr,
}

impl PortSocket {
    /// `local_addr` names the socket within the peer's stack alone.
    pub fn new(hub: Arc<Hub>, port: Arc<Port>, local_addr: SocketAddr) -> Self {
        Self { hub, port, local_addr }
    }
}

impl AsyncUdpSocket for PortSocket {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.local_addr)
    }

    /// Never waits: what the kernel does not take at once is dropped and counted.
    fn poll_send(&self, _: &mut Context<'_>, transmit: &Transmit<'_>) -> Poll<io::Result<usize>> {
        let datagram = transmit.contents;
        let size = Poll::Ready(Ok(datagram.len()));
        if transmit.destination != PEER_ADDRESS {
            count(&self.hub.counters.send_refused);
            return size;
        }
        // Requests are answered by the routes already, with the address they really came from.
        let is_answer =
            stun::claims_to_be_stun(datagram) && stun::kind_of(datagram) != Some(Kind::Request);
        if let Some(to) = self.port.reached_at().filter(|_| !is_answer) {
            self.port.bytes_out.fetch_add(datagram.len() as u64, Ordering::Relaxed);
            self.hub.send(to, datagram);
        }
        size
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let (Some(buffer), Some(meta)) = (buffers.first_mut(), meta.first_mut()) else {
            return Poll::Ready(Ok(0));
        };
        let mut inbound = lock(&self.port.inbound);
        let Some(datagram) = inbound.queue.pop_front() else {
            if inbound.is_closed {
                return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
            }
            inbound.waker = Some(cx.waker().clone());
            return Poll::Pending;
        };
        let size = datagram.len().min(buffer.len());
        buffer[..size].copy_from_slice(&datagram[..size]);
        *meta = RecvMeta::default();
        (meta.addr, meta.len, meta.stride) = (PEER_ADDRESS, size, size.max(1));
        if !self.port.is_established.load(Ordering::Relaxed) {
            self.port.turns.store(TURNS_PER_DATAGRAM, Ordering::Relaxed);
        }
        Poll::Ready(Ok(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_does_not_connect_cannot_send_without_end() {
        let port = Port::default();
        let datagram = Bytes::from(vec![22; 1_000]);
        let mut taken = 0;
        for _ in 0..10_000 {
            taken += u64::from(port.push(datagram.clone()));
            lock(&port.inbound).queue.clear();
        }
        assert!(taken * 1_000 < HANDSHAKE_BYTES_MAX + 1_000);
        port.set_established();
        assert!(port.push(datagram.clone()));
        let queued = (0..10_000).filter(|_| port.push(datagram.clone())).count();
        assert_eq!(queued, DATAGRAMS_WAITING_MAX - 1);
    }
}

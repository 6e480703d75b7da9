//! Takes TCP connections in, within limits, and runs HTTP on each.
//!
//! Invariant: a connection holds a [`Ticket`] from its first byte to its last, as HTTP and as
//! WebSocket; when all tickets are back, nobody is connected.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{Router, body::Body, http::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};
use tokio_rustls::TlsAcceptor;
use tower::Service;
use vivarium_link::prefix::PrefixBudget;

use crate::{
    limits::{
        CONNECTIONS_PER_PREFIX, HEADER_READ_TIMEOUT, REFUSALS_MAX, REQUEST_HEAD_BYTES_MAX,
        TLS_HANDSHAKE_TIMEOUT,
    },
    metrics::Metrics,
    patient::Patient,
};

/// How many connections there may be, and how many there are.
#[derive(Debug)]
pub struct Gate {
    all: Arc<Semaphore>,
    all_max: u32,
    per_address_max: u32,
    by_address: Mutex<BTreeMap<IpAddr, u32>>,
}

/// The right to be connected; given back when dropped.
#[derive(Debug)]
pub struct Ticket {
    gate: Arc<Gate>,
    address: Option<IpAddr>,
    _permit: OwnedSemaphorePermit,
}

impl Gate {
    /// Nobody is connected yet.
    pub fn new(all_max: u32, per_address_max: u32) -> Self {
        // The semaphore's own maximum is far above what a machine can hold.
        let all_max = all_max.min(1 << 20);
        let all = Arc::new(Semaphore::new(all_max as usize));
        Self { all, all_max, per_address_max, by_address: Mutex::default() }
    }

    fn by_address(&self) -> std::sync::MutexGuard<'_, BTreeMap<IpAddr, u32>> {
        self.by_address.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a connection in, unless there are too many.
    pub fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Ticket> {
        self.enter_from((!address.to_canonical().is_loopback()).then(|| network(address)))
    }

    fn enter_from(self: &Arc<Self>, address: Option<IpAddr>) -> Option<Ticket> {
        let permit = self.all.clone().try_acquire_owned().ok()?;
        if let Some(address) = address {
            let mut by_address = self.by_address();
            let count = by_address.entry(address).or_default();
            if *count >= self.per_address_max {
                return None;
            }
            *count += 1;
        }
        Some(Ticket { gate: self.clone(), address, _permit: permit })
    }

    /// Waits until nobody is connected.
    pub async fn empty(&self) {
        // The semaphore is never closed, so that this fails never.
        let _ = self.all.acquire_many(self.all_max).await;
    }
}

impl Ticket {
    /// Where the connection comes from; none for this machine.
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// One for another connection from the same place.
    pub fn another(&self) -> Option<Ticket> {
        self.gate.enter_from(self.address)
    }
}

/// Whom an address stands for: with IPv6 every home has 2^64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let Some(address) = self.address else { return };
        let mut by_address = self.gate.by_address();
        if let Some(count) = by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                by_address.remove(&address);
            }
        }
    }
}

/// Takes connections in until `ending` says otherwise. With `tls`, they speak HTTPS.
pub async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    gate: Arc<Gate>,
    metrics: Arc<Metrics>,
    mut ending: watch::Receiver<bool>,
) {
    let refusals = Arc::new(Semaphore::new(REFUSALS_MAX));
    let budget = PrefixBudget::new(CONNECTIONS_PER_PREFIX);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = ending.wait_for(|ending| *ending) => return,
        };
        match accepted {
            Ok((_, peer)) if !budget.allows(peer.ip()) => {
                metrics.connections_refused.inc();
            }
            Ok((stream, peer)) => match gate.enter(peer.ip()) {
                Some(ticket) => {
                    let (tls, router) = (tls.clone(), router.clone());
                    tokio::spawn(begin(stream, tls, router, Arc::new(ticket), ending.clone()));
                }
                None => {
                    metrics.connections_refused.inc();
                    if let Ok(permit) = refusals.clone().try_acquire_owned() {
                        tokio::spawn(refuse(stream, permit));
                    }
                }
            },
            Err(error) => {
                // Most often the process has no file descriptors left: some must be given back
                // before trying again makes sense.
                tracing::warn!(%error, "cannot take a connection in");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn refuse(mut stream: TcpStream, _permit: OwnedSemaphorePermit) {
    let answer = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain\r\n\
        retry-after: 10\r\nconnection: close\r\ncontent-length: 42\r\n\r\n\
        too many connections: try again in a while";
    let telling = async {
        stream.write_all(answer).await?;
        stream.shutdown().await?;
        // Until the client hangs up: closing with a request unread would take the answer back.
        let mut request = [0; 1_024];
        while stream.read(&mut request).await? > 0 {}
        Ok::<_, std::io::Error>(())
    };
    // Nobody is left to be told when this fails.
    let _ = tokio::time::timeout(Duration::from_secs(1), telling).await;
}

async fn begin(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    router: Router,
    ticket: Arc<Ticket>,
    ending: watch::Receiver<bool>,
) {
    // Frames are small and must leave at once.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    keep_queue_short(&stream);
    let Some(tls) = tls else { return serve(stream, router, ticket, ending).await };
    match tokio::time::timeout(TLS_HANDSHAKE_TIMEOUT, tls.accept(stream)).await {
        Ok(Ok(stream)) => serve(stream, router, ticket, ending).await,
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    ticket: Arc<Ticket>,
    mut ending: watch::Receiver<bool>,
) {
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ticket.clone());
        let mut router = router.clone();
        async move { Ok::<_, Infallible>(answer(&mut router, request.map(Body::new)).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ_TIMEOUT)
        .max_buf_size(REQUEST_HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(Patient::new(stream)), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        _ = ending.wait_for(|ending| *ending) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "an HTTP connection ended early");
    }
}

async fn answer(router: &mut Router, request: Request<Body>) -> axum::response::Response {
    match router.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// Lets the kernel hold little that it has not sent: a frame that waits there cannot be replaced
/// by a newer one.
#[cfg(target_os = "linux")]
fn keep_queue_short(stream: &TcpStream) {
    let socket = socket2::SockRef::from(stream);
    if let Err(error) = socket.set_tcp_notsent_lowat(crate::limits::UNSENT_BYTES_MAX) {
        tracing::debug!(%error, "cannot set TCP_NOTSENT_LOWAT");
    }
}

#[cfg(not(target_os = "linux"))]
fn keep_queue_short(_: &TcpStream) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn connections_are_limited_in_all_and_per_address_but_not_from_this_machine() {
        let gate = Arc::new(Gate::new(4, 2));
        let far: IpAddr = "203.0.113.7".parse().unwrap();
        let other: IpAddr = "203.0.113.8".parse().unwrap();
        let here: IpAddr = "127.0.0.1".parse().unwrap();
        let mut tickets: Vec<Ticket> = (0..2).map(|_| gate.enter(far).unwrap()).collect();
        assert!(gate.enter(far).is_none(), "the third of one address");
        tickets.extend((0..2).map(|_| gate.enter(here).unwrap()));
        assert!(gate.enter(other).is_none(), "the fifth of all");
        tickets.remove(0);
        assert!(gate.enter(other).is_some());
        drop(tickets);
        gate.empty().await;
        assert!(gate.by_address().is_empty());
    }

    #[test]
    fn one_home_with_many_addresses_is_one_address() {
        let gate = Arc::new(Gate::new(8, 1));
        let _first = gate.enter("2001:db8:0:7::1".parse().unwrap()).unwrap();
        assert!(gate.enter("2001:db8:0:7:ffff::2".parse().unwrap()).is_none());
        assert!(gate.enter("2001:db8:0:8::1".parse().unwrap()).is_some());
        let _mapped = gate.enter("::ffff:203.0.113.7".parse().unwrap()).unwrap();
        assert!(gate.enter("203.0.113.7".parse().unwrap()).is_none());
    }
}

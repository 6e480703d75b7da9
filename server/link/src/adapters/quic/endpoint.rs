//! The UDP port: takes connections in, within limits, and finds out what they speak.

use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use quinn::{
    AckFrequencyConfig, Endpoint, EndpointConfig, IdleTimeout, Incoming, ServerConfig,
    TransportConfig, VarInt, crypto::rustls::QuicServerConfig,
};
use rustls::server::ResolvesServerCert;
use tokio::sync::Semaphore;
use vivarium_protocol::close::CloseReason;
use web_transport_quinn::{Request, Session, http::StatusCode};

use super::{
    ALPN, ALPN_HTTP3, PATH,
    transport::{Closing, Kind, QuicTransport},
};
use crate::{
    limits::{self, QuicLimits},
    prefix::{PrefixBudget, PrefixPlaces},
};

/// What the host decides about connections.
pub trait QuicHost: Send + Sync + 'static {
    /// The right to be connected, held for as long as a connection lasts.
    type Permit: Send + 'static;

    /// Whether another connection from there may come in.
    fn enter(&self, address: IpAddr) -> Option<Self::Permit>;

    /// Whether pages of `origin` may connect to the `authority` that they named.
    fn may_connect(&self, authority: &str, origin: Option<&str>) -> bool;

    /// Runs a session to its end.
    fn connected(
        &self,
        transport: QuicTransport,
        permit: Self::Permit,
    ) -> impl Future<Output = ()> + Send;
}

/// What became of those who knocked.
#[derive(Debug, Default)]
pub struct QuicStats {
    /// Handshakes that were ignored, since their network began too many.
    pub ignored: AtomicU64,
    /// Handshakes that had to show that they receive what is sent to them.
    pub retried: AtomicU64,
    /// Handshakes that were refused, since too many were pending or connected.
    pub refused: AtomicU64,
    /// Handshakes that broke, took too long, or asked for something that is not here.
    pub failed: AtomicU64,
}

/// One UDP port.
#[derive(Clone, Debug)]
pub struct QuicEndpoint {
    endpoint: Endpoint,
}

impl QuicEndpoint {
    /// Opens the port. `certificates` chooses the certificate of each handshake, so that it can be
    /// replaced at any time.
    pub fn bind(
        address: SocketAddr,
        certificates: Arc<dyn ResolvesServerCert>,
        limits: &QuicLimits,
    ) -> io::Result<Self> {
        let config = server_config(certificates, limits).map_err(io::Error::other)?;
        let socket = std::net::UdpSocket::bind(address)?;
        let runtime = quinn::default_runtime()
            .ok_or_else(|| io::Error::other("QUIC needs a running tokio runtime"))?;
        let endpoint = Endpoint::new(EndpointConfig::default(), Some(config), socket, runtime)?;
        Ok(Self { endpoint })
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.endpoint.local_addr()
    }

    /// Takes connections in until the endpoint is closed.
    pub async fn serve<H: QuicHost>(self, host: Arc<H>, limits: QuicLimits, stats: Arc<QuicStats>) {
        let budget = PrefixBudget::new(limits.handshakes_per_prefix);
        let shown = PrefixBudget::new(limits.handshakes_per_prefix);
        let pending_max = limits.pending_handshakes_max as usize;
        let pending = Arc::new(Semaphore::new(pending_max));
        let places = PrefixPlaces::new(limits.pending_handshakes_per_prefix_max);
        while let Some(incoming) = self.endpoint.accept().await {
            let address = incoming.remote_address().ip();
            let waiting = pending_max - pending.available_permits();
            // Whoever has spent the budget of a network may only have written its address: then
            // the one who is really there is asked to show it, which costs us no memory.
            let is_busy = waiting >= limits.handshakes_before_retry as usize;
            let is_shown = incoming.remote_address_validated();
            let is_within = if is_shown { shown.allows(address) } else { budget.allows(address) };
            if !is_shown && (is_busy || !is_within) && incoming.may_retry() {
                stats.retried.fetch_add(1, Relaxed);
                // It has not been validated, as retrying wants it.
                let _ = incoming.retry();
                continue;
            }
            if !is_within {
                stats.ignored.fetch_add(1, Relaxed);
                incoming.ignore();
                continue;
            }
            let handshake = pending.clone().try_acquire_owned().ok().zip(places.take(address));
            let Some((handshake, permit)) = handshake.zip(host.enter(address)) else {
                stats.refused.fetch_add(1, Relaxed);
                incoming.refuse();
                continue;
            };
            let (host, stats) = (host.clone(), stats.clone());
            tokio::spawn(async move {
                let opening = open(incoming, &*host);
                let opened = tokio::time::timeout(limits.handshake_timeout, opening).await;
                drop(handshake);
                match opened {
                    Ok(Some(transport)) => host.connected(transport, permit).await,
                    Ok(None) | Err(_) => {
                        stats.failed.fetch_add(1, Relaxed);
                    }
                }
            });
        }
    }

    /// Lets nobody in any more; those who are connected are cut after a moment for last words.
    pub async fn close(&self, reason: CloseReason, patience: Duration) {
        self.endpoint.set_server_config(None);
        self.endpoint.close(u32::from(reason.code()).into(), reason.text().as_bytes());
        let _ = tokio::time::timeout(patience, self.endpoint.wait_idle()).await;
    }
}

/// From the first packet to the reliable lane.
async fn open<H: QuicHost>(incoming: Incoming, host: &H) -> Option<QuicTransport> {
    let connection = incoming.accept().ok()?.await.ok()?;
    let data = connection.handshake_data()?;
    let data = data.downcast::<quinn::crypto::rustls::HandshakeData>().ok()?;
    let (kind, session) = match data.protocol.as_deref() {
        Some(ALPN) => (Kind::Quic, Closing(Session::raw(connection))),
        Some(ALPN_HTTP3) => (Kind::WebTransport, Closing(admit(connection, host).await?)),
        // TLS lets in none but these.
        _ => return None,
    };
    let (send, receive) = session.accept_bi().await.ok()?;
    Some(QuicTransport::new(kind, session, send, receive))
}

/// Answers a browser's request.
async fn admit<H: QuicHost>(connection: quinn::Connection, host: &H) -> Option<Session> {
    let request = Request::accept(connection.clone()).await.ok()?;
    let origin = request.headers.get("origin").map(|value| value.to_str().unwrap_or("not text"));
    let status = if request.url.path() != PATH {
        StatusCode::NOT_FOUND
    } else if !host.may_connect(request.url.authority(), origin) {
        StatusCode::FORBIDDEN
    } else {
        return request.ok().await.ok();
    };
    // Nobody is left to be told when this fails.
    let _ = request.reject(status).await;
    // The client closes once it has read the answer, which would be lost if this end closed first.
    let _ = tokio::time::timeout(limits::QUIC_LAST_WORDS_MAX, connection.closed()).await;
    None
}

fn server_config(
    certificates: Arc<dyn ResolvesServerCert>,
    limits: &QuicLimits,
) -> Result<ServerConfig, Box<dyn std::error::Error + Send + Sync>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    tls.alpn_protocols = vec![ALPN_HTTP3.to_vec(), ALPN.to_vec()];
    let mut config = ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls)?));
    config.transport_config(Arc::new(transport_config(limits)?));
    config.max_incoming(limits::QUIC_INCOMING_MAX);
    config.incoming_buffer_size(limits::QUIC_INCOMING_BYTES_MAX);
    config.incoming_buffer_size_total(limits::QUIC_INCOMING_BYTES_TOTAL_MAX);
    Ok(config)
}

/// What one connection may take of us, and how it is kept alive.
fn transport_config(
    limits: &QuicLimits,
) -> Result<TransportConfig, Box<dyn std::error::Error + Send + Sync>> {
    let mut config = TransportConfig::default();
    config
        .max_concurrent_bidi_streams(VarInt::from_u32(limits::QUIC_BIDI_STREAMS_MAX))
        .max_concurrent_uni_streams(VarInt::from_u32(limits::QUIC_UNI_STREAMS_MAX))
        .stream_receive_window(VarInt::from_u32(limits::QUIC_STREAM_WINDOW_BYTES))
        .receive_window(VarInt::from_u32(limits::QUIC_CONNECTION_WINDOW_BYTES))
        .send_window(limits::QUIC_SEND_WINDOW_BYTES)
        .crypto_buffer_size(limits::QUIC_CRYPTO_BUFFER_BYTES)
        .datagram_receive_buffer_size(Some(limits::QUIC_DATAGRAMS_RECEIVED_BYTES))
        .datagram_send_buffer_size(limits::QUIC_DATAGRAMS_SENT_BYTES)
        .max_idle_timeout(Some(IdleTimeout::try_from(limits.idle_timeout)?))
        .keep_alive_interval(Some(limits.keep_alive_interval))
        .enable_segmentation_offload(true);
    // What a client acknowledges costs this end more than what it sends. Clients that know the
    // extension are asked to wait for more packets.
    let mut acknowledgements = AckFrequencyConfig::default();
    acknowledgements
        .ack_eliciting_threshold(VarInt::from_u32(limits::QUIC_PACKETS_PER_ACK))
        .max_ack_delay(Some(limits::QUIC_ACK_DELAY_MAX));
    config.ack_frequency_config(Some(acknowledgements));
    Ok(config)
}

//! Clients of both kinds, and what strangers do to the port.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, atomic::Ordering::Relaxed},
};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use quinn::{ClientConfig, Endpoint, TransportConfig, crypto::rustls::QuicClientConfig};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::{
    sync::{Notify, oneshot},
    time::Duration,
};
use tokio_util::codec::{FramedRead, FramedWrite, LengthDelimitedCodec};
use web_transport_quinn::{
    RecvStream, SendStream, Session, SessionError, WebTransportError, http::HeaderValue,
    proto::ConnectRequest,
};

use super::{super::conformance, *};
use crate::{
    limits::{self, QUIC_CONNECTION_WINDOW_BYTES, QuicLimits},
    transport::{Lane, Received, Receiver, Sender, Transport},
};

/// Longer than anything here should take; reached only when a test fails.
const DEADLINE: Duration = Duration::from_secs(20);

#[derive(Debug)]
struct OneCertificate(Arc<CertifiedKey>);

impl ResolvesServerCert for OneCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

/// A certificate, and what trusts it.
fn certificate() -> (Arc<dyn ResolvesServerCert>, RootCertStore) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    let certificate: CertificateDer<'static> = made.cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let key = rustls::crypto::ring::sign::any_supported_type(&key.into()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    (Arc::new(OneCertificate(Arc::new(CertifiedKey::new(vec![certificate], key)))), roots)
}

/// Lets everyone in, and keeps whoever came for the test.
#[derive(Default)]
struct House {
    first: Mutex<Option<oneshot::Sender<QuicTransport>>>,
    closed_to: Mutex<Vec<(String, Option<String>)>>,
    held: Mutex<Vec<QuicTransport>>,
    came: Notify,
    is_full: bool,
}

impl QuicHost for House {
    type Permit = ();

    fn enter(&self, _: IpAddr) -> Option<()> {
        (!self.is_full).then_some(())
    }

    fn may_connect(&self, authority: &str, origin: Option<&str>) -> bool {
        if origin == Some("https://evil.example") {
            let mut closed_to = self.closed_to.lock().unwrap();
            closed_to.push((authority.to_owned(), origin.map(str::to_owned)));
            return false;
        }
        true
    }

    async fn connected(&self, transport: QuicTransport, (): ()) {
        match self.first.lock().unwrap().take() {
            Some(first) => drop(first.send(transport)),
            None => self.held.lock().unwrap().push(transport),
        }
        self.came.notify_one();
    }
}

/// An endpoint on a free port.
struct Server {
    endpoint: QuicEndpoint,
    address: SocketAddr,
    house: Arc<House>,
    stats: Arc<QuicStats>,
    roots: RootCertStore,
}

impl Server {
    fn start(house: House, limits: QuicLimits) -> Self {
        let (certificates, roots) = certificate();
        let here = SocketAddr::from(([127, 0, 0, 1], 0));
        let endpoint = QuicEndpoint::bind(here, certificates, &limits).unwrap();
        let address = endpoint.address().unwrap();
        let (house, stats) = (Arc::new(house), Arc::new(QuicStats::default()));
        tokio::spawn(endpoint.clone().serve(house.clone(), limits, stats.clone()));
        Self { endpoint, address, house, stats, roots }
    }

    fn client_config(&self, alpn: &[u8]) -> ClientConfig {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(self.roots.clone())
            .with_no_client_auth();
        tls.alpn_protocols = vec![alpn.to_vec()];
        let mut config = ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).unwrap()));
        let mut transport = TransportConfig::default();
        // Small, so that a client which does not read is noticed soon.
        transport.stream_receive_window(QUIC_CONNECTION_WINDOW_BYTES.into());
        config.transport_config(Arc::new(transport));
        config
    }

    fn endpoint() -> Endpoint {
        Endpoint::client(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap()
    }

    async fn connect(&self, alpn: &[u8]) -> Result<(Endpoint, quinn::Connection), String> {
        let endpoint = Self::endpoint();
        let config = self.client_config(alpn);
        let connecting = endpoint.connect_with(config, self.address, "localhost").unwrap();
        let connected = tokio::time::timeout(DEADLINE, connecting).await.unwrap();
        connected.map(|connection| (endpoint, connection)).map_err(|error| error.to_string())
    }

    async fn browser(&self, path: &str, origin: &str) -> Result<Session, String> {
        let (_endpoint, connection) = self.connect(ALPN_HTTP3).await?;
        let url = format!("https://localhost:{}{path}", self.address.port());
        let request = ConnectRequest::new(url.parse::<url::Url>().unwrap()).with_header(
            web_transport_quinn::http::header::ORIGIN,
            HeaderValue::from_str(origin).unwrap(),
        );
        Session::connect(connection, request).await.map_err(|error| error.to_string())
    }
}

/// The client's end, over WebTransport or without it.
pub(crate) struct QuicClient<const IS_WEB: bool> {
    session: Session,
    send: FramedWrite<SendStream, LengthDelimitedCodec>,
    receive: FramedRead<RecvStream, LengthDelimitedCodec>,
    is_over: bool,
    _server: Server,
}

fn framing() -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().little_endian().length_field_length(4).new_codec()
}

impl<const IS_WEB: bool> conformance::Client for QuicClient<IS_WEB> {
    type Transport = QuicTransport;
    const IS_HEARD_AT_ONCE: bool = false;

    async fn connect() -> (oneshot::Receiver<QuicTransport>, Self) {
        let (there, comes) = oneshot::channel();
        let house = House { first: Mutex::new(Some(there)), ..House::default() };
        let server = Server::start(house, QuicLimits::default());
        let session = if IS_WEB {
            server.browser(PATH, "https://localhost").await.unwrap()
        } else {
            Session::raw(server.connect(ALPN).await.unwrap().1)
        };
        let (send, receive) = session.open_bi().await.unwrap();
        let send = FramedWrite::new(send, framing());
        let receive = FramedRead::new(receive, framing());
        (comes, Self { session, send, receive, is_over: false, _server: server })
    }

    async fn send(&mut self, lane: Lane, bytes: Vec<u8>) {
        // A server that has closed reads no more; the test finds out by what it receives.
        match lane {
            Lane::Reliable => drop(self.send.send(Bytes::from(bytes)).await),
            Lane::Latest => drop(self.session.send_datagram(bytes.into())),
        }
    }

    async fn receive(&mut self) -> Option<conformance::Got> {
        if self.is_over {
            return None;
        }
        tokio::select! {
            frame = self.receive.next() => if let Some(Ok(bytes)) = frame {
                return Some(conformance::Got::Message(Lane::Reliable, bytes.freeze()));
            },
            Ok(bytes) = self.session.read_datagram() => {
                return Some(conformance::Got::Message(Lane::Latest, bytes));
            }
        }
        self.is_over = true;
        let code = match self.session.closed().await {
            SessionError::WebTransportError(WebTransportError::Closed(code, _)) => code,
            SessionError::ConnectionError(quinn::ConnectionError::ApplicationClosed(close)) => {
                u64::from(close.error_code) as u32
            }
            other => panic!("{other:?} is no close with a reason"),
        };
        Some(conformance::Got::Closed(code as u16))
    }
}

/// The server's end of the newest connection.
async fn held(server: &Server) -> QuicTransport {
    loop {
        if let Some(transport) = server.house.held.lock().unwrap().pop() {
            return transport;
        }
        tokio::time::timeout(DEADLINE, server.house.came.notified()).await.expect("nobody came");
    }
}

#[tokio::test]
async fn only_what_is_spoken_here_gets_in() {
    let server = Server::start(House::default(), QuicLimits::default());
    let refused = server.connect(b"h2").await.unwrap_err();
    assert!(refused.contains("protocol"), "{refused}");
    let refused = server.browser("/elsewhere", "https://localhost").await.unwrap_err();
    assert!(refused.contains("404"), "{refused}");
    let refused = server.browser(PATH, "https://evil.example").await.unwrap_err();
    assert!(refused.contains("403"), "{refused}");
    let authority = format!("localhost:{}", server.address.port());
    let evil = Some("https://evil.example".to_owned());
    assert_eq!(*server.house.closed_to.lock().unwrap(), [(authority, evil)]);
    assert!(server.browser(PATH, "https://localhost").await.is_ok());
}

#[tokio::test]
async fn a_full_house_refuses() {
    let house = House { is_full: true, ..House::default() };
    let server = Server::start(house, QuicLimits::default());
    server.connect(ALPN).await.unwrap_err();
    assert_eq!(server.stats.refused.load(Relaxed), 1);
}

#[tokio::test]
async fn a_session_goes_on_when_the_clients_address_changes() {
    let server = Server::start(House::default(), QuicLimits::default());
    let (endpoint, connection) = server.connect(ALPN).await.unwrap();
    let (send, receive) = connection.open_bi().await.unwrap();
    let mut send = FramedWrite::new(send, framing());
    let mut receive = FramedRead::new(receive, framing());
    send.send(Bytes::from_static(b"from the first port")).await.unwrap();
    let (mut sender, mut receiver) = held(&server).await.split();
    let said = |text: &'static str| Received::Message {
        lane: Lane::Reliable,
        bytes: Bytes::from_static(text.as_bytes()),
    };
    assert_eq!(receiver.receive().await, said("from the first port"));
    let before = endpoint.local_addr().unwrap();
    endpoint.rebind(std::net::UdpSocket::bind("127.0.0.1:0").unwrap()).unwrap();
    assert_ne!(endpoint.local_addr().unwrap(), before);
    send.send(Bytes::from_static(b"from the second")).await.unwrap();
    assert_eq!(receiver.receive().await, said("from the second"));
    sender.send(Lane::Reliable, &Bytes::from_static(b"and back")).await.unwrap();
    sender.flush().await.unwrap();
    assert_eq!(receive.next().await.unwrap().unwrap(), "and back");
    connection.send_datagram(Bytes::from_static(b"a pose")).unwrap();
    let pose = Received::Message { lane: Lane::Latest, bytes: Bytes::from_static(b"a pose") };
    assert_eq!(receiver.receive().await, pose);
}

#[tokio::test]
async fn the_largest_packet_fits_from_the_first_moment_on_and_larger_ones_are_lost() {
    use vivarium_protocol::limits::DATAGRAM_BYTES_MAX;

    for is_web in [false, true] {
        let server = Server::start(House::default(), QuicLimits::default());
        let session = if is_web {
            server.browser(PATH, "https://localhost").await.unwrap()
        } else {
            Session::raw(server.connect(ALPN).await.unwrap().1)
        };
        let (mut stream, _keep) = session.open_bi().await.unwrap();
        stream.write_all(&[1, 0, 0, 0, 9]).await.unwrap();
        let (mut sender, _receiver) = held(&server).await.split();
        sender.send(Lane::Latest, &vec![7; 60_000].into()).await.unwrap();
        sender.send(Lane::Latest, &vec![8; DATAGRAM_BYTES_MAX].into()).await.unwrap();
        let packet = tokio::time::timeout(DEADLINE, session.read_datagram()).await;
        assert_eq!(packet.unwrap().unwrap(), vec![8; DATAGRAM_BYTES_MAX], "{is_web}");
    }
}

#[tokio::test]
async fn who_only_answers_keep_alives_is_alive() {
    let limits =
        QuicLimits { keep_alive_interval: Duration::from_millis(5), ..QuicLimits::default() };
    let server = Server::start(House::default(), limits);
    let (_endpoint, connection) = server.connect(ALPN).await.unwrap();
    let (mut stream, _keep) = connection.open_bi().await.unwrap();
    stream.write_all(&[0, 0, 0, 0]).await.unwrap();
    let (mut sender, mut receiver) = held(&server).await.split();
    assert!(matches!(receiver.receive().await, Received::Message { .. }));
    for _ in 0..3 {
        sender.probe().await.unwrap();
        let alive = tokio::time::timeout(DEADLINE, async {
            loop {
                let probing = tokio::time::timeout(Duration::from_millis(20), receiver.receive());
                if let Ok(received) = probing.await {
                    return received;
                }
                sender.probe().await.unwrap();
            }
        });
        assert_eq!(alive.await.unwrap(), Received::Alive);
    }
    assert!(sender.path().await.unwrap().bytes_per_s.unwrap() > 10_000);
}

#[tokio::test]
async fn handshakes_under_load_must_show_that_they_receive_and_only_so_many_are_pending() {
    let limits = QuicLimits {
        pending_handshakes_max: 8,
        handshakes_before_retry: 2,
        ..QuicLimits::default()
    };
    let server = Server::start(House::default(), limits);
    // Connected, but without the stream that every client opens at once: pending.
    let mut idle = Vec::new();
    for _ in 0..8 {
        idle.push(server.connect(ALPN).await.unwrap());
    }
    assert_eq!(server.stats.retried.load(Relaxed), 6, "all but the first two");
    server.connect(ALPN).await.unwrap_err();
    assert_eq!(server.stats.refused.load(Relaxed), 1);
    idle.clear();
    // Their places are free again as soon as they are gone.
    let mut tries = 0;
    while server.connect(ALPN).await.is_err() {
        tries += 1;
        assert!(tries < 1_000, "the places are not given back");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_browser_that_is_given_up_is_cut_off() {
    let limits = QuicLimits { handshake_timeout: Duration::from_secs(1), ..QuicLimits::default() };
    let server = Server::start(House::default(), limits);
    // It asks for a session and then for nothing more.
    let lazy = server.browser(PATH, "https://localhost").await.unwrap();
    tokio::time::timeout(DEADLINE, lazy.closed()).await.expect("the connection lives on");
    assert_eq!(server.stats.failed.load(Relaxed), 1);
    // Its session ends here without a word, as when its connection counts as lost.
    let session = server.browser(PATH, "https://localhost").await.unwrap();
    let (mut stream, _keep) = session.open_bi().await.unwrap();
    stream.write_all(&[0, 0, 0, 0]).await.unwrap();
    drop(held(&server).await);
    tokio::time::timeout(DEADLINE, session.closed()).await.expect("the connection lives on");
}

/// A client's first packet, as its library makes it.
async fn first_packet(server: &Server) -> Vec<u8> {
    let listener = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Server::endpoint();
    let config = server.client_config(ALPN);
    let address = listener.local_addr().unwrap();
    let _connecting = endpoint.connect_with(config, address, "localhost").unwrap();
    let mut packet = vec![0; 2_048];
    let (size, _) =
        tokio::time::timeout(DEADLINE, listener.recv_from(&mut packet)).await.unwrap().unwrap();
    packet.truncate(size);
    packet
}

#[tokio::test]
async fn an_address_that_did_not_answer_is_sent_at_most_three_times_what_it_sent() {
    let server = Server::start(House::default(), QuicLimits::default());
    let packet = first_packet(&server).await;
    // Somebody whose address was borrowed: the answers come here, and nothing is said to them.
    let victim = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    victim.send_to(&packet, server.address).await.unwrap();
    let mut answered = 0;
    let mut answer = vec![0; 2_048];
    // Nothing is kept of it, so nothing comes after the first answer: a whole handshake of somebody
    // else goes by meanwhile, and one more packet like the first.
    let mut sent = packet.len();
    for _ in 0..2 {
        let receiving = tokio::time::timeout(DEADLINE, victim.recv_from(&mut answer)).await;
        answered += receiving.expect("no answer").unwrap().0;
        assert!(answered <= 3 * sent, "{answered} bytes for {sent}");
        server.connect(ALPN).await.unwrap();
        while let Ok((size, _)) = victim.try_recv_from(&mut answer) {
            answered += size;
        }
        assert!(answered <= 3 * sent, "{answered} bytes for {sent}");
        victim.send_to(&packet, server.address).await.unwrap();
        sent += packet.len();
    }
    assert!(server.stats.retried.load(Relaxed) >= 4, "both, and the honest ones between them");
}

#[tokio::test]
async fn half_open_handshakes_and_noise_leave_room_for_the_honest() {
    let limits = QuicLimits { pending_handshakes_max: 32, ..QuicLimits::default() };
    let server = Server::start(House::default(), limits);
    let stranger = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for round in 0..20_u8 {
        for _ in 0..50 {
            stranger.send_to(&[round; 1_200], server.address).await.unwrap();
        }
        // Each of them begins a handshake that nobody goes on with.
        let packet = first_packet(&server).await;
        stranger.send_to(&packet, server.address).await.unwrap();
    }
    let session = Session::raw(server.connect(ALPN).await.unwrap().1);
    let (mut stream, _keep) = session.open_bi().await.unwrap();
    stream.write_all(&[2, 0, 0, 0, 1, 2]).await.unwrap();
    let (_sender, mut receiver) = held(&server).await.split();
    assert!(matches!(receiver.receive().await, Received::Message { .. }));
}

#[tokio::test]
async fn a_message_that_is_too_long_is_refused_at_its_first_bytes() {
    let server = Server::start(House::default(), QuicLimits::default());
    let (_endpoint, connection) = server.connect(ALPN).await.unwrap();
    let (mut lane, _keep) = connection.open_bi().await.unwrap();
    lane.write_all(&u32::MAX.to_le_bytes()).await.unwrap();
    let (_sender, mut receiver) = held(&server).await.split();
    let broken = tokio::time::timeout(DEADLINE, receiver.receive()).await.unwrap();
    assert!(matches!(broken, Received::Broken { .. }), "{broken:?}");
}

#[tokio::test]
async fn streams_beyond_the_lane_take_no_more_than_the_windows() {
    let server = Server::start(House::default(), QuicLimits::default());
    let (_endpoint, connection) = server.connect(ALPN).await.unwrap();
    let (mut lane, _keep) = connection.open_bi().await.unwrap();
    lane.write_all(&[1, 0, 0, 0, 9]).await.unwrap();
    let (_sender, mut receiver) = held(&server).await.split();
    assert!(matches!(receiver.receive().await, Received::Message { .. }));
    // As many streams as there may be, and as much on them as the windows let through.
    let mut streams = Vec::new();
    for _ in 1..limits::QUIC_BIDI_STREAMS_MAX {
        let (mut stream, keep) = connection.open_bi().await.unwrap();
        streams.push(tokio::spawn(async move {
            let _keep = keep;
            while stream.write(&[0; 1_024]).await.is_ok() {}
        }));
    }
    let one_more = tokio::time::timeout(Duration::from_millis(50), connection.open_bi()).await;
    assert!(one_more.is_err(), "one stream more than there may be");
    let blocked = async {
        loop {
            let frames = connection.stats().frame_tx;
            if frames.data_blocked + frames.stream_data_blocked > 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(DEADLINE, blocked).await.expect("the windows have no end");
    let carried = connection.stats().udp_tx.bytes;
    assert!(carried < 2 * u64::from(QUIC_CONNECTION_WINDOW_BYTES), "{carried}");
    streams.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn a_closed_endpoint_tells_why() {
    let server = Server::start(House::default(), QuicLimits::default());
    let (_endpoint, connection) = server.connect(ALPN).await.unwrap();
    let (mut lane, _keep) = connection.open_bi().await.unwrap();
    lane.write_all(&[1, 0, 0, 0, 9]).await.unwrap();
    let _transport = held(&server).await;
    let (closed, ()) = tokio::join!(
        connection.closed(),
        server.endpoint.close(vivarium_protocol::close::CloseReason::ShuttingDown, DEADLINE)
    );
    assert!(closed.to_string().contains("shutting down"), "{closed}");
}

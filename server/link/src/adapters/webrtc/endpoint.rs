//! The endpoint: one UDP port, one answer per offer, a bounded number of peers.
//!
//! ```text
//! offer --vet--> place + port --library--> answer + PendingPeer --both channels open--> connection
//!          |          |                          |                       |
//!       refused     refused                  dropped, timed out, closed: everything is given back
//! ```

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use rtc::{peer_connection::certificate::CertificateParams, shared::ifaces::ifaces};
use tokio::{
    net::UdpSocket,
    sync::{OwnedSemaphorePermit, Semaphore},
    task::AbortHandle,
    time::{Instant, timeout_at},
};
use webrtc::{
    error::Error as LibraryError,
    media_stream::track_local::TrackLocal,
    peer_connection::{RTCCertificate, RTCSessionDescription, crypto},
    runtime::{Runtime, default_runtime},
};

use super::{
    config::{IceServer, SOCKET_BUFFER_BYTES, WebRtcConfig},
    connection::PendingPeer,
    hub::{Counters, Hub, Port},
    peer::{Life, Peer, Recipe},
    routes::Credentials,
    runtime::PeerRuntime,
    sdp::{self, Offer, OfferError},
};
use crate::prefix::{PrefixBudget, PrefixPlace, PrefixPlaces};

/// For making an answer, which needs no network.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
const UFRAG_CHARS: usize = 16;
const PWD_CHARS: usize = 32;

/// The endpoint could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The operating system refused the socket.
    #[error("the UDP port for WebRTC cannot be opened: {0}")]
    Socket(#[from] io::Error),
    /// No address that a client could be told.
    #[error("no address of this machine can be advertised; name one in the configuration")]
    NoAddress,
    /// The library could not be set up.
    #[error("WebRTC cannot be set up: {0}")]
    Setup(String),
}

/// An offer got no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// It does not fit this server.
    #[error(transparent)]
    Offer(#[from] OfferError),
    /// The library does not understand it.
    #[error("the offer cannot be answered: {0}")]
    Refused(String),
    /// Too many offers are being connected: try again soon.
    #[error("too many connections are pending ({max})")]
    TooManyPending {
        /// How many may be pending.
        max: usize,
    },
    /// The server is full.
    #[error("too many connections ({max})")]
    TooManyPeers {
        /// How many there may be.
        max: usize,
    },
    /// The answer was not ready in time; the machine is overloaded.
    #[error("the answer was not ready in time")]
    TimedOut,
}

impl From<LibraryError> for AnswerError {
    fn from(error: LibraryError) -> Self {
        Self::Refused(error.to_string())
    }
}

/// A WebRTC server on one UDP port. Dropping it ends all its peers.
pub struct WebRtcEndpoint {
    hub: Arc<Hub>,
    reader: AbortHandle,
    runtime: Arc<dyn Runtime>,
    recipe: Recipe,
    config: WebRtcConfig,
    advertised: Vec<IpAddr>,
    port: u16,
    offers: PrefixBudget,
    pending_by_prefix: Arc<PrefixPlaces>,
    places: Arc<Semaphore>,
    pending_places: Arc<Semaphore>,
}

impl Drop for WebRtcEndpoint {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl WebRtcEndpoint {
    /// Opens the port. Must be called within a tokio runtime.
    ///
    /// # Errors
    ///
    /// The port is taken, or there is nothing to advertise.
    pub fn bind(address: SocketAddr, config: WebRtcConfig) -> Result<Self, BindError> {
        let setup = |text: String| BindError::Setup(text);
        let socket = open_socket(address)?;
        let bound = socket.local_addr()?;
        let advertised = addresses_to_advertise(bound.ip(), &config);
        if advertised.is_empty() {
            return Err(BindError::NoAddress);
        }
        let certificate = make_certificate().map_err(|error| setup(error.to_string()))?;
        let runtime = default_runtime().ok_or_else(|| setup("no runtime".to_owned()))?;
        let hub = Hub::new(socket)?;
        let reader = tokio::spawn(Arc::clone(&hub).run()).abort_handle();
        Ok(Self {
            hub,
            reader,
            runtime,
            recipe: Recipe::new(config.clone(), certificate),
            advertised,
            port: bound.port(),
            offers: PrefixBudget::new(config.offers_per_prefix),
            pending_by_prefix: PrefixPlaces::new(config.pending_per_prefix_max),
            places: Arc::new(Semaphore::new(config.peers_max)),
            pending_places: Arc::new(Semaphore::new(config.pending_max)),
            config,
        })
    }

    /// The bound address.
    ///
    /// # Errors
    ///
    /// Those of the operating system.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.hub.local_addr()
    }

    /// What clients are to put into their `iceServers`.
    pub fn ice_servers(&self) -> &[IceServer] {
        &self.config.ice_servers
    }

    /// What happened at the port.
    pub fn counters(&self) -> &Counters {
        &self.hub.counters
    }

    /// Peers, source addresses in use, and checks of addresses under way.
    pub fn sizes(&self) -> (usize, usize, usize) {
        self.hub.sizes()
    }

    /// Whether another offer from there is to be answered; counts it. The place is held until the
    /// peer is connected.
    pub fn admit(&self, from: IpAddr) -> Option<PrefixPlace> {
        self.offers.allows(from).then(|| self.pending_by_prefix.take(from)).flatten()
    }

    /// Answers an offer. The answer is complete: nothing is trickled in either direction.
    ///
    /// # Errors
    ///
    /// The offer does not fit, or there is no room.
    pub async fn answer(&self, offer_sdp: &str) -> Result<(String, PendingPeer), AnswerError> {
        self.answer_with_voices(offer_sdp, &[]).await
    }

    /// Answers an offer and sends these voices over its audio sections, in their order.
    ///
    /// # Errors
    ///
    /// The offer does not fit, or there is no room.
    pub async fn answer_with_voices(
        &self,
        offer_sdp: &str,
        voices: &[Arc<dyn TrackLocal>],
    ) -> Result<(String, PendingPeer), AnswerError> {
        let started = Instant::now();
        let offer = sdp::vet_offer(offer_sdp)?;
        let (place, pending_place) = self.take_places()?;
        let credentials = random_credentials(&offer);
        let (key, port) = self
            .hub
            .open(&credentials)
            .ok_or_else(|| AnswerError::Refused("the session name is taken".to_owned()))?;
        let life = Life::new(Arc::clone(&self.hub), key, place);
        let negotiated = self.negotiate(&offer, &credentials, &port, &life, voices);
        let (answer, peer) = timeout_at(started + ANSWER_TIMEOUT, negotiated)
            .await
            .map_err(|_| AnswerError::TimedOut)??;
        let answer = sdp::advertise(&answer, &self.advertised, self.port);
        let deadline = started + self.config.handshake_timeout;
        let pending = PendingPeer::new(peer, port, life, pending_place, deadline, &self.config);
        Ok((answer, pending))
    }

    /// Offers beyond the maxima are refused, never queued.
    fn take_places(&self) -> Result<(OwnedSemaphorePermit, OwnedSemaphorePermit), AnswerError> {
        let pending = Arc::clone(&self.pending_places)
            .try_acquire_owned()
            .map_err(|_| AnswerError::TooManyPending { max: self.config.pending_max })?;
        let place = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| AnswerError::TooManyPeers { max: self.config.peers_max })?;
        Ok((place, pending))
    }

    async fn negotiate(
        &self,
        offer: &Offer,
        credentials: &Credentials,
        port: &Arc<Port>,
        life: &Life,
        voices: &[Arc<dyn TrackLocal>],
    ) -> Result<(String, Peer), AnswerError> {
        let runtime =
            PeerRuntime::new(Arc::clone(&self.runtime), Arc::clone(&self.hub), Arc::clone(port));
        let mut peer = self.recipe.make(Arc::new(runtime), credentials, life).await?;
        let remote = RTCSessionDescription::offer(offer.sdp.clone())?;
        peer.pc.set_remote_description(remote).await?;
        for voice in voices.iter().take(offer.audio_sections) {
            peer.pc.add_track(Arc::clone(voice)).await?;
        }
        let answer = peer.pc.create_answer(None).await?;
        let text = answer.sdp.clone();
        peer.pc.set_local_description(answer).await?;
        // Until then the agent would not know the address that checks arrive at.
        peer.progress
            .wait_for(|progress| progress.is_gathered || progress.end.is_some())
            .await
            .map_err(|_| AnswerError::Refused("the connection ended".to_owned()))?;
        Ok((text, peer))
    }
}

impl std::fmt::Debug for WebRtcEndpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebRtcEndpoint").field("port", &self.port).finish_non_exhaustive()
    }
}

fn open_socket(address: SocketAddr) -> io::Result<UdpSocket> {
    use socket2::{Domain, Protocol, Socket, Type};
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    socket.set_nonblocking(true)?;
    // A wish: the kernel may grant less.
    let _ = socket.set_recv_buffer_size(SOCKET_BUFFER_BYTES);
    let _ = socket.set_send_buffer_size(SOCKET_BUFFER_BYTES);
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

fn addresses_to_advertise(bound: IpAddr, config: &WebRtcConfig) -> Vec<IpAddr> {
    if !config.advertised_addresses.is_empty() {
        return config.advertised_addresses.clone();
    }
    if !bound.is_unspecified() {
        return vec![bound];
    }
    let interfaces = ifaces().unwrap_or_default();
    let mut addresses: Vec<IpAddr> = interfaces
        .into_iter()
        .filter_map(|interface| interface.addr)
        .map(|address| address.ip())
        .filter(|ip| bound.is_ipv6() || ip.is_ipv4())
        .filter(|ip| match ip {
            IpAddr::V4(v4) => !v4.is_loopback() && !v4.is_link_local() && !v4.is_unspecified(),
            IpAddr::V6(v6) => {
                !v6.is_loopback() && !v6.is_unicast_link_local() && !v6.is_unspecified()
            }
        })
        .collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

fn make_certificate() -> Result<RTCCertificate, LibraryError> {
    let provider =
        crypto::default_provider().map_err(|error| LibraryError::Crypto(error.to_string()))?;
    let params = CertificateParams::new(vec!["webrtc".to_owned()])
        .map_err(|error| LibraryError::Other(error.to_string()))?;
    RTCCertificate::generate(provider.crypto(), crypto::SignatureScheme::EcdsaP256Sha256, params)
}

fn random_credentials(offer: &Offer) -> Credentials {
    Credentials {
        local_ufrag: random_text(UFRAG_CHARS),
        local_pwd: random_text(PWD_CHARS),
        remote_ufrag: offer.ufrag.clone(),
        remote_pwd: offer.pwd.clone(),
    }
}

/// Letters of the 64 that ICE allows: six bits of a random byte each.
fn random_text(chars: usize) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = vec![0; chars];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 64)])).collect()
}

//! One WebRTC connection as the library knows it: its settings, what it reports, how it ends.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, OnceLock},
    time::Duration,
};

use rtc::{
    ice::mdns::MulticastDnsMode,
    peer_connection::configuration::{
        media_engine::MIME_TYPE_OPUS, setting_engine::SctpMaxMessageSize,
    },
    rtp_transceiver::rtp_sender::{RTCRtpCodec, RTCRtpCodecParameters, RtpCodecKind},
};
use tokio::sync::{OwnedSemaphorePermit, watch};
use webrtc::{
    data_channel::{DataChannel, RTCDataChannelInit},
    error::{Error, Result},
    media_stream::track_remote::TrackRemote,
    peer_connection::{
        MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler,
        RTCCertificate, RTCConfigurationBuilder, RTCIceGatheringState, RTCPeerConnectionState,
        Registry, SettingEngine, SettingEngineBuilder, configure_rtcp_reports,
    },
    runtime::Runtime,
};

use super::{
    config::{RECEIVE_WINDOW_BYTES, WebRtcConfig},
    hub::Hub,
    pieces::PIECE_BYTES_MAX,
    routes::{Credentials, PeerKey},
};

/// Label of the reliable, ordered channel.
pub const RELIABLE_LABEL: &str = "reliable";
/// Label of the unordered channel without repetitions.
pub const LATEST_LABEL: &str = "latest";

/// Between two checks of the library's ICE agent while a peer connects.
const CHECK_INTERVAL: Duration = Duration::from_millis(50);
/// Checks of one path before the agent gives it up: three seconds of them.
const CHECKS_MAX: u16 = 60;
/// For the goodbye of the protocols when a connection ends.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(1);
/// Voices that wait to be taken by the application; more are ignored.
const TRACKS_WAITING_MAX: usize = 4;

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndReason {
    /// The peer left, with or without a goodbye.
    #[error("the connection is lost")]
    Lost,
    /// The peer opened a channel; only the server does.
    #[error("a client must not open channels")]
    ForeignChannel,
    /// The peer sent text.
    #[error("messages are binary, not text")]
    Text,
    /// The peer announced a message beyond the maximum.
    #[error("a message exceeds the maximum")]
    Oversized,
}

/// What has been reported about a connection so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// The agent knows its own address, so it can take checks.
    pub is_gathered: bool,
    /// Set once.
    pub end: Option<EndReason>,
}

/// Takes the library's reports. Runs on the connection's driver: waits for nobody.
struct Reporter {
    progress: watch::Sender<Progress>,
    tracks: tokio::sync::mpsc::Sender<Arc<dyn TrackRemote>>,
}

impl Reporter {
    fn end(&self, reason: EndReason) {
        self.progress.send_if_modified(|progress| {
            let is_first = progress.end.is_none();
            progress.end = progress.end.or(Some(reason));
            is_first
        });
    }
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Reporter {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            self.progress.send_modify(|progress| progress.is_gathered = true);
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        if matches!(state, RTCPeerConnectionState::Failed | RTCPeerConnectionState::Closed) {
            self.end(EndReason::Lost);
        }
    }

    /// Channels of our own are not announced here. Never returns: each foreign channel costs the
    /// driver some 20 kB, so it is stopped at the first, and aborted when the connection is
    /// dropped.
    async fn on_data_channel(&self, _: Arc<dyn DataChannel>) {
        self.end(EndReason::ForeignChannel);
        std::future::pending().await
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let _ = self.tracks.try_send(track);
    }
}

/// Holds the place of a peer, and gives everything back when it is dropped.
pub struct Life {
    pc: OnceLock<Arc<dyn PeerConnection>>,
    hub: Arc<Hub>,
    key: PeerKey,
    place: Option<OwnedSemaphorePermit>,
}

impl std::fmt::Debug for Life {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Life").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Life {
    /// A place that has a port but no connection yet.
    pub fn new(hub: Arc<Hub>, key: PeerKey, place: OwnedSemaphorePermit) -> Self {
        Self { pc: OnceLock::new(), hub, key, place: Some(place) }
    }
}

impl Drop for Life {
    /// The library leaves a dropped connection running: it has to be closed.
    fn drop(&mut self) {
        let (hub, key, place) = (Arc::clone(&self.hub), self.key, self.place.take());
        match (self.pc.take(), tokio::runtime::Handle::try_current()) {
            (Some(pc), Ok(runtime)) => {
                runtime.spawn(async move {
                    let _ = tokio::time::timeout(GOODBYE_TIMEOUT, pc.close()).await;
                    hub.close(key);
                    drop(place);
                });
            }
            // Its socket fails from now on, which ends the driver too.
            _ => hub.close(key),
        }
    }
}

/// A connection with its two channels, before it is negotiated.
pub struct Peer {
    /// The library's handle.
    pub pc: Arc<dyn PeerConnection>,
    /// Reliable and ordered.
    pub reliable: Arc<dyn DataChannel>,
    /// Unordered, never repeated.
    pub latest: Arc<dyn DataChannel>,
    /// What is reported about it.
    pub progress: watch::Receiver<Progress>,
    /// Voices of the peer.
    pub tracks: tokio::sync::mpsc::Receiver<Arc<dyn TrackRemote>>,
}

/// What all peers of an endpoint share.
pub struct Recipe {
    config: WebRtcConfig,
    certificate: RTCCertificate,
}

impl Recipe {
    /// `certificate` is the one of the endpoint: making one per offer would cost time.
    pub fn new(config: WebRtcConfig, certificate: RTCCertificate) -> Self {
        Self { config, certificate }
    }

    /// Makes a connection and opens its channels, in-band, as soon as it is connected.
    ///
    /// # Errors
    ///
    /// Those of the library.
    pub async fn make(
        &self,
        runtime: Arc<dyn Runtime>,
        credentials: &Credentials,
        life: &Life,
    ) -> Result<Peer> {
        let (progress, watcher) = watch::channel(Progress::default());
        let (tracks, track_receiver) = tokio::sync::mpsc::channel(TRACKS_WAITING_MAX);
        let configuration = RTCConfigurationBuilder::new()
            .with_certificates(vec![self.certificate.clone()])
            .build();
        let pc = PeerConnectionBuilder::<SocketAddr>::new()
            .with_configuration(configuration)
            .with_media_engine(voices_only()?)
            .with_interceptor_registry(configure_rtcp_reports(Registry::new()))
            .with_setting_engine(self.settings(credentials))
            .with_runtime(runtime)
            .with_handler(Arc::new(Reporter { progress, tracks }))
            .with_udp_addrs(vec![(Ipv4Addr::LOCALHOST, 0).into()])
            .with_data_channel_send_buffer_limit(self.config.reliable_send_buffer_bytes)
            .build()
            .await?;
        let pc: Arc<dyn PeerConnection> = Arc::new(pc);
        life.pc
            .set(Arc::clone(&pc))
            .map_err(|_| Error::Other("a life has one connection".to_owned()))?;
        let reliable = pc.create_data_channel(RELIABLE_LABEL, None).await?;
        let unreliable = RTCDataChannelInit {
            ordered: false,
            max_retransmits: Some(0),
            ..RTCDataChannelInit::default()
        };
        let latest = pc.create_data_channel(LATEST_LABEL, Some(unreliable)).await?;
        Ok(Peer { pc, reliable, latest, progress: watcher, tracks: track_receiver })
    }

    fn settings(&self, credentials: &Credentials) -> SettingEngine {
        let config = &self.config;
        SettingEngineBuilder::new()
            .with_ice_credentials(credentials.local_ufrag.clone(), credentials.local_pwd.clone())
            .with_multicast_dns_mode(MulticastDnsMode::Disabled)
            .with_ice_connection_attempts(Some(CHECK_INTERVAL), Some(CHECKS_MAX))
            .with_ice_timeouts(
                Some(config.ice_disconnected_timeout),
                Some(config.ice_failed_timeout),
                Some(config.ice_keepalive_interval),
            )
            .with_sctp_max_message_size(SctpMaxMessageSize::Bounded(PIECE_BYTES_MAX as u32))
            .with_sctp_max_receive_buffer_size(RECEIVE_WINDOW_BYTES)
            .with_dcep_handshake_timeout(Some(config.handshake_timeout))
            .build()
    }
}

/// Opus as browsers name it, and nothing else.
fn voices_only() -> Result<MediaEngine> {
    let mut engine = MediaEngine::default();
    let opus = RTCRtpCodecParameters {
        rtp_codec: RTCRtpCodec {
            mime_type: MIME_TYPE_OPUS.to_owned(),
            clock_rate: 48_000,
            channels: 2,
            sdp_fmtp_line: "minptime=10;useinbandfec=1".to_owned(),
            rtcp_feedback: vec![],
        },
        payload_type: 111,
    };
    engine.register_codec(opus, RtpCodecKind::Audio)?;
    Ok(engine)
}

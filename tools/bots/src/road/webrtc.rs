//! WebRTC: one offer over HTTP, and two data channels that the server opens.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use bytes::{Bytes, BytesMut};
use rtc::ice::mdns::MulticastDnsMode;
use tokio::sync::mpsc;
use tokio_util::codec::{Decoder, Encoder, LengthDelimitedCodec};
use vivarium_protocol::limits::SERVER_RELIABLE_BYTES_MAX;
use webrtc::{
    data_channel::{DataChannel, DataChannelEvent, RTCDataChannelInit},
    peer_connection::{
        PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCSessionDescription,
        SettingEngineBuilder,
    },
};

use super::{Came, LATEST, RELIABLE, Server, find};

/// Bytes of the largest piece that travels in one message of a channel.
const PIECE_BYTES_MAX: usize = 16 * 1024;
/// Bytes that may wait to be sent.
const WAITING_BYTES_MAX: usize = 256 * 1024;
/// Channels that a server opens.
const CHANNELS: usize = 2;

/// A connection.
pub struct WebRtc {
    peer: Arc<dyn PeerConnection>,
    reliable: Arc<dyn DataChannel>,
    latest: Arc<dyn DataChannel>,
    framing: LengthDelimitedCodec,
    waiting: BytesMut,
}

struct Channels(mpsc::Sender<Arc<dyn DataChannel>>);

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Channels {
    async fn on_data_channel(&self, channel: Arc<dyn DataChannel>) {
        // A server that opens more of them is of no use to a bot.
        let _ = self.0.try_send(channel);
    }
}

impl WebRtc {
    pub async fn connect(server: &Server) -> Result<Self> {
        let settings = SettingEngineBuilder::new()
            .with_multicast_dns_mode(MulticastDnsMode::Disabled)
            .with_ice_connection_attempts(Some(Duration::from_millis(20)), Some(500))
            .build();
        let (channels, mut opened) = mpsc::channel(CHANNELS);
        let peer = PeerConnectionBuilder::new()
            .with_setting_engine(settings)
            .with_handler(Arc::new(Channels(channels)))
            .with_udp_addrs(vec![SocketAddr::new(server.local, 0).to_string()])
            .with_data_channel_send_buffer_limit(WAITING_BYTES_MAX)
            .build()
            .await?;
        // The offer needs a section for data; a negotiated channel opens nothing at the server.
        let negotiated = RTCDataChannelInit { negotiated: Some(1_000), ..Default::default() };
        let _placeholder = peer.create_data_channel("", Some(negotiated)).await?;
        let offer = peer.create_offer(None).await?;
        let text = offer.sdp.clone();
        peer.set_local_description(offer).await?;
        let mut answer = find::offer(server, text).await?;
        if let Some(address) = server.webrtc {
            answer = with_candidate(&answer, address);
        }
        peer.set_remote_description(RTCSessionDescription::answer(answer)?).await?;
        let (mut reliable, mut latest) = (None, None);
        while reliable.is_none() || latest.is_none() {
            let channel = opened.recv().await.context("the connection ended")?;
            match channel.label().await?.as_str() {
                "reliable" => reliable = Some(channel),
                "latest" => latest = Some(channel),
                other => bail!("the server opened a channel called {other}"),
            }
        }
        let framing = LengthDelimitedCodec::builder()
            .little_endian()
            .length_field_length(4)
            .max_frame_length(SERVER_RELIABLE_BYTES_MAX)
            .new_codec();
        Ok(Self {
            peer: Arc::new(peer),
            reliable: reliable.context("a reliable channel")?,
            latest: latest.context("a channel for the latest")?,
            framing,
            waiting: BytesMut::new(),
        })
    }

    pub async fn send(&mut self, lane: u8, message: &[u8]) -> Result<()> {
        if lane != RELIABLE {
            self.latest.send(BytesMut::from(message)).await?;
            return Ok(());
        }
        let mut framed = BytesMut::new();
        self.framing.encode(Bytes::copy_from_slice(message), &mut framed)?;
        while !framed.is_empty() {
            let piece = framed.split_to(framed.len().min(PIECE_BYTES_MAX));
            self.reliable.send(piece).await?;
        }
        Ok(())
    }

    pub async fn receive(&mut self) -> Came {
        loop {
            match self.framing.decode(&mut self.waiting) {
                Ok(Some(message)) => return Came::Message(RELIABLE, message.freeze()),
                Ok(None) => {}
                Err(_) => return Came::End,
            }
            let (lane, event) = tokio::select! {
                event = self.reliable.poll() => (RELIABLE, event),
                event = self.latest.poll() => (LATEST, event),
            };
            match event {
                Some(DataChannelEvent::OnMessage(message)) if lane == RELIABLE => {
                    self.waiting.extend_from_slice(&message.data);
                }
                Some(DataChannelEvent::OnMessage(message)) => {
                    return Came::Message(LATEST, message.data.freeze());
                }
                Some(DataChannelEvent::OnClose) | None => return Came::End,
                Some(_) => {}
            }
        }
    }
}

/// An answer with another address in place of its candidates.
fn with_candidate(answer: &str, address: SocketAddr) -> String {
    let (ip, port) = (address.ip(), address.port());
    let candidate = format!("a=candidate:1 1 udp 2130706431 {ip} {port} typ host");
    let mut is_told = false;
    let lines = answer.lines().filter_map(|line| match line.starts_with("a=candidate:") {
        true if std::mem::replace(&mut is_told, true) => None,
        true => Some(candidate.as_str()),
        false => Some(line),
    });
    lines.flat_map(|line| [line, "\r\n"]).collect()
}

impl Drop for WebRtc {
    /// The library leaves a dropped connection running: it has to be closed.
    fn drop(&mut self) {
        let peer = self.peer.clone();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                // It is over already when this fails.
                let _ = peer.close().await;
            });
        }
    }
}

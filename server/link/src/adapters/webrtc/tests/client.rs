//! A client as a browser is one: it offers, and waits for the server's channels.

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use rtc::{
    ice::mdns::MulticastDnsMode,
    rtp_transceiver::{
        RTCRtpTransceiverDirection, RTCRtpTransceiverInit, rtp_sender::RtpCodecKind,
    },
};
use tokio::sync::mpsc;

use webrtc::{
    data_channel::{DataChannel, DataChannelEvent, RTCDataChannelInit},
    media_stream::track_remote::TrackRemote,
    peer_connection::{
        MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler,
        RTCSessionDescription, SettingEngineBuilder,
    },
};

use crate::{
    adapters::webrtc::{
        peer::{LATEST_LABEL, RELIABLE_LABEL},
        pieces::{self, Assembler},
    },
    transport::Lane,
};

/// Bytes of the largest message that goes in either direction.
const MESSAGE_BYTES_MAX: usize = 1024 * 1024;

struct Reports {
    channels: mpsc::UnboundedSender<Arc<dyn DataChannel>>,
    tracks: mpsc::UnboundedSender<Arc<dyn TrackRemote>>,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Reports {
    async fn on_data_channel(&self, channel: Arc<dyn DataChannel>) {
        let _ = self.channels.send(channel);
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let _ = self.tracks.send(track);
    }
}

pub struct Client {
    pub pc: Arc<dyn PeerConnection>,
    /// Makes the offer have a data section without opening a channel.
    _placeholder: Arc<dyn DataChannel>,
    channels: mpsc::UnboundedReceiver<Arc<dyn DataChannel>>,
    pub tracks: mpsc::UnboundedReceiver<Arc<dyn TrackRemote>>,
    reliable: Option<Arc<dyn DataChannel>>,
    latest: Option<Arc<dyn DataChannel>>,
    assembler: Assembler,
}

impl Client {
    pub async fn new() -> Self {
        Self::at("127.0.0.1:0").await
    }

    pub async fn at(address: &str) -> Self {
        let (channels, channel_receiver) = mpsc::unbounded_channel();
        let (tracks, track_receiver) = mpsc::unbounded_channel();
        let settings = SettingEngineBuilder::new()
            .with_multicast_dns_mode(MulticastDnsMode::Disabled)
            .with_ice_connection_attempts(Some(Duration::from_millis(20)), Some(500))
            .build();
        let mut engine = MediaEngine::default();
        engine.register_default_codecs().unwrap();
        let pc = PeerConnectionBuilder::new()
            .with_setting_engine(settings)
            .with_media_engine(engine)
            .with_handler(Arc::new(Reports { channels, tracks }))
            .with_udp_addrs(vec![address.to_owned()])
            .with_data_channel_send_buffer_limit(256 * 1024)
            .build()
            .await
            .unwrap();
        let negotiated = RTCDataChannelInit { negotiated: Some(1_000), ..Default::default() };
        let placeholder = pc.create_data_channel("", Some(negotiated)).await.unwrap();
        Self {
            pc: Arc::new(pc),
            _placeholder: placeholder,
            channels: channel_receiver,
            tracks: track_receiver,
            reliable: None,
            latest: None,
            assembler: Assembler::new(MESSAGE_BYTES_MAX),
        }
    }

    pub async fn listens_to_voices(&self, count: usize) {
        for _ in 0..count {
            let init = RTCRtpTransceiverInit {
                direction: RTCRtpTransceiverDirection::Recvonly,
                streams: vec![],
                send_encodings: vec![],
            };
            self.pc.add_transceiver_from_kind(RtpCodecKind::Audio, Some(init)).await.unwrap();
        }
    }

    pub async fn offer(&self) -> String {
        let offer = self.pc.create_offer(None).await.unwrap();
        let text = offer.sdp.clone();
        self.pc.set_local_description(offer).await.unwrap();
        text
    }

    pub async fn accept(&self, answer: &str) {
        let answer = RTCSessionDescription::answer(answer.to_owned()).unwrap();
        self.pc.set_remote_description(answer).await.unwrap();
    }

    /// Waits for the server's two channels.
    pub async fn lanes(&mut self) {
        while self.reliable.is_none() || self.latest.is_none() {
            let channel = self.channels.recv().await.expect("the client lives");
            let label = channel.label().await.unwrap();
            if label == RELIABLE_LABEL {
                self.reliable = Some(channel);
            } else {
                assert_eq!(label, LATEST_LABEL);
                assert!(!channel.ordered().await.unwrap());
                self.latest = Some(channel);
            }
        }
    }

    pub fn reliable(&self) -> &Arc<dyn DataChannel> {
        self.reliable.as_ref().expect("the lanes are open")
    }

    pub fn latest(&self) -> &Arc<dyn DataChannel> {
        self.latest.as_ref().expect("the lanes are open")
    }

    pub async fn send_reliable(&self, message: impl Into<Bytes>) {
        for piece in pieces::pieces(&message.into(), MESSAGE_BYTES_MAX).unwrap() {
            self.reliable().send(piece).await.unwrap();
        }
    }

    pub async fn send_latest(&self, message: &[u8]) {
        self.latest().send(BytesMut::from(message)).await.unwrap();
    }

    /// As far as the server still takes it.
    pub async fn try_send_reliable(&self, message: impl Into<Bytes>) {
        for piece in pieces::pieces(&message.into(), MESSAGE_BYTES_MAX).unwrap() {
            if self.reliable().send(piece).await.is_err() {
                return;
            }
        }
    }

    /// As far as the server still takes it.
    pub async fn try_send_latest(&self, message: &[u8]) {
        let _ = self.latest().send(BytesMut::from(message)).await;
    }

    /// Whatever comes next on either channel; nothing when one of them has ended.
    pub async fn hears(&mut self) -> (Lane, Option<Bytes>) {
        if let Some(message) = self.assembler.next_message().unwrap() {
            return (Lane::Reliable, Some(message));
        }
        let latest = Arc::clone(self.latest());
        tokio::select! {
            message = self.hears_reliable() => (Lane::Reliable, message),
            message = message_of(&latest) => (Lane::Latest, message),
        }
    }

    /// `None` when the channel has ended.
    pub async fn hears_reliable(&mut self) -> Option<Bytes> {
        loop {
            if let Some(message) = self.assembler.next_message().unwrap() {
                return Some(message);
            }
            let channel = Arc::clone(self.reliable());
            let piece = message_of(&channel).await?;
            self.assembler.push(&piece);
        }
    }

    pub async fn hears_latest(&mut self) -> Option<Bytes> {
        let channel = Arc::clone(self.latest());
        message_of(&channel).await
    }
}

async fn message_of(channel: &Arc<dyn DataChannel>) -> Option<Bytes> {
    loop {
        match channel.poll().await? {
            DataChannelEvent::OnMessage(message) => return Some(message.data.freeze()),
            DataChannelEvent::OnClose => return None,
            _ => {}
        }
    }
}

//! How a bot reaches the server: two lanes, over whichever transport it was told to take.

mod find;
mod quic;
mod webrtc;
mod websocket;

use anyhow::Result;
use bytes::Bytes;
use clap::ValueEnum;

pub use self::{
    find::{Server, find},
    quic::config as quic_config,
};
use self::{quic::Quic, webrtc::WebRtc, websocket::WebSocket};

/// First byte of a WebSocket message on the reliable lane.
pub const RELIABLE: u8 = 0;
/// First byte of a WebSocket message on the latest lane.
pub const LATEST: u8 = 1;

/// A transport by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Transport {
    /// WebSocket over TCP.
    Websocket,
    /// QUIC, as native clients speak it.
    Quic,
    /// WebTransport over HTTP/3, as browsers speak it.
    Webtransport,
    /// Data channels of WebRTC.
    Webrtc,
}

impl Transport {
    /// All, in the order in which a mix takes them.
    pub const ALL: [Self; 4] = [Self::Websocket, Self::Quic, Self::Webtransport, Self::Webrtc];
}

/// A connection.
pub enum Road {
    /// Over WebSocket.
    WebSocket(Box<WebSocket>),
    /// Over QUIC or WebTransport.
    Quic(Box<Quic>),
    /// Over WebRTC.
    WebRtc(Box<WebRtc>),
}

/// What came, or that nothing will come any more.
pub enum Came {
    /// A message and its lane.
    Message(u8, Bytes),
    /// Something that no server sends.
    Nonsense,
    /// The connection is over.
    End,
}

impl Road {
    /// Connects.
    pub async fn connect(transport: Transport, server: &Server) -> Result<Self> {
        Ok(match transport {
            Transport::Websocket => Self::WebSocket(Box::new(WebSocket::connect(server).await?)),
            Transport::Quic => Self::Quic(Box::new(Quic::connect(server, false).await?)),
            Transport::Webtransport => Self::Quic(Box::new(Quic::connect(server, true).await?)),
            Transport::Webrtc => Self::WebRtc(Box::new(WebRtc::connect(server).await?)),
        })
    }

    /// Whether what is on the latest lane arrives, and in order.
    pub fn keeps_order(&self) -> bool {
        matches!(self, Self::WebSocket(_))
    }

    /// Sends a message.
    pub async fn send(&mut self, lane: u8, message: &[u8]) -> Result<()> {
        match self {
            Self::WebSocket(road) => road.send(lane, message).await,
            Self::Quic(road) => road.send(lane, message).await,
            Self::WebRtc(road) => road.send(lane, message).await,
        }
    }

    /// Waits for the next message. May be cancelled: nothing is lost.
    pub async fn receive(&mut self) -> Came {
        match self {
            Self::WebSocket(road) => road.receive().await,
            Self::Quic(road) => road.receive().await,
            Self::WebRtc(road) => road.receive().await,
        }
    }

    /// Waits until the server has closed.
    pub async fn close(&mut self) {
        if let Self::WebSocket(road) = self {
            road.close().await;
        }
        while !matches!(self.receive().await, Came::End) {}
    }
}

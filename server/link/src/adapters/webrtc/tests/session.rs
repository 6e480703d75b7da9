//! The client's end for the suite that all transports pass.

use bytes::Bytes;
use tokio::sync::oneshot;

use super::{client::Client, connected, endpoint};
use crate::{
    adapters::{
        conformance,
        webrtc::{config::WebRtcConfig, endpoint::WebRtcEndpoint, transport::WebRtcTransport},
    },
    transport::Lane,
};
use vivarium_protocol::{notice::ServerMessage, wire};

/// A client, and the endpoint that it came to.
pub(crate) struct WebRtcClient {
    client: Client,
    /// WebRTC has no close code: the last message says why.
    told: Option<u16>,
    is_over: bool,
    _endpoint: WebRtcEndpoint,
}

impl conformance::Client for WebRtcClient {
    type Transport = WebRtcTransport;
    const IS_HEARD_AT_ONCE: bool = true;

    async fn connect() -> (oneshot::Receiver<WebRtcTransport>, Self) {
        let endpoint = endpoint(WebRtcConfig {
            message_bytes_max_in: vivarium_protocol::limits::CLIENT_RELIABLE_BYTES_MAX,
            ..WebRtcConfig::default()
        });
        let (client, connection) = connected(&endpoint).await;
        let (there, comes) = oneshot::channel();
        assert!(there.send(connection.into()).is_ok());
        (comes, Self { client, told: None, is_over: false, _endpoint: endpoint })
    }

    async fn send(&mut self, lane: Lane, bytes: Vec<u8>) {
        match lane {
            Lane::Reliable => self.client.try_send_reliable(bytes).await,
            Lane::Latest => self.client.try_send_latest(&bytes).await,
        }
    }

    async fn receive(&mut self) -> Option<conformance::Got> {
        if self.is_over {
            return None;
        }
        let (lane, message) = self.client.hears().await;
        let Some(bytes) = message else {
            self.is_over = true;
            return self.told.map(conformance::Got::Closed);
        };
        if lane == Lane::Reliable
            && let Ok(ServerMessage::Closed { reason, .. }) = wire::decode_server_message(&bytes)
        {
            self.told = Some(reason.code());
        }
        Some(conformance::Got::Message(lane, Bytes::from(bytes.to_vec())))
    }
}

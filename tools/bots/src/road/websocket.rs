//! WebSocket: the first byte of a message names its lane.

use anyhow::{Context, Result};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};
use vivarium_protocol::limits::{FRAME_BYTES_MAX, SERVER_RELIABLE_BYTES_MAX};

use super::{Came, Server};

/// A connection.
pub struct WebSocket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl WebSocket {
    pub async fn connect(server: &Server) -> Result<Self> {
        let largest = FRAME_BYTES_MAX.max(SERVER_RELIABLE_BYTES_MAX) + 1;
        let config = WebSocketConfig::default()
            .read_buffer_size(16 * 1024)
            .max_message_size(Some(largest))
            .max_frame_size(Some(largest));
        let url = &server.websocket_url;
        let (socket, _) = connect_async_with_config(url, Some(config), true)
            .await
            .with_context(|| format!("connecting to {url}"))?;
        Ok(Self(socket))
    }

    pub async fn send(&mut self, lane: u8, message: &[u8]) -> Result<()> {
        let mut bytes = Vec::with_capacity(message.len() + 1);
        bytes.push(lane);
        bytes.extend_from_slice(message);
        Ok(self.0.send(Message::Binary(bytes.into())).await?)
    }

    pub async fn receive(&mut self) -> Came {
        loop {
            return match self.0.next().await {
                Some(Ok(Message::Binary(mut bytes))) => match bytes.first().copied() {
                    Some(lane) => Came::Message(lane, bytes.split_off(1)),
                    None => Came::Nonsense,
                },
                Some(Ok(Message::Text(_))) => Came::Nonsense,
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                Some(Ok(Message::Close(_)) | Err(_)) | None => Came::End,
            };
        }
    }

    pub async fn close(&mut self) {
        // A server that has hung up already needs no goodbye.
        let _ = self.0.close(None).await;
    }
}

//! A connection inside one process, for tests: bounded, ordered, and as strict as a real one.

use bytes::Bytes;
use tokio::sync::mpsc;
use vivarium_protocol::{close::CloseReason, limits::FRAME_BYTES_MAX};

use crate::{
    limits::MEMORY_MESSAGES_MAX,
    transport::{Capabilities, ConnectionLost, Lane, Received, Receiver, Sender, Sent, Transport},
};

/// What a client of an in-memory connection gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToClient {
    /// A message.
    Message {
        /// On which lane.
        lane: Lane,
        /// As it was sent.
        bytes: Bytes,
    },
    /// The server closed the connection.
    Closed(CloseReason),
}

/// The server's end.
#[derive(Debug)]
pub struct MemoryTransport {
    sender: MemorySender,
    receiver: MemoryReceiver,
}

/// The client's end. Dropping it loses the connection.
#[derive(Debug)]
pub struct MemoryClient {
    to_server: mpsc::Sender<Received>,
    from_server: mpsc::Receiver<ToClient>,
}

/// Both ends of a new connection.
pub fn pair() -> (MemoryTransport, MemoryClient) {
    let (to_server, from_client) = mpsc::channel(MEMORY_MESSAGES_MAX);
    let (to_client, from_server) = mpsc::channel(MEMORY_MESSAGES_MAX);
    let transport = MemoryTransport {
        sender: MemorySender { to_client },
        receiver: MemoryReceiver { from_client },
    };
    (transport, MemoryClient { to_server, from_server })
}

impl MemoryClient {
    /// Sends a message, waiting while the server does not read.
    pub async fn send(&self, lane: Lane, bytes: impl Into<Bytes>) -> Result<(), ConnectionLost> {
        let message = Received::Message { lane, bytes: bytes.into() };
        self.to_server.send(message).await.map_err(|_| ConnectionLost)
    }

    /// Gives a sign of life without content.
    pub async fn show_life(&self) -> Result<(), ConnectionLost> {
        self.to_server.send(Received::Alive).await.map_err(|_| ConnectionLost)
    }

    /// Waits for the next message; `None` once the connection is gone.
    pub async fn receive(&mut self) -> Option<ToClient> {
        self.from_server.recv().await
    }
}

impl Transport for MemoryTransport {
    type Receiver = MemoryReceiver;
    type Sender = MemorySender;

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            name: "memory",
            latest_is_datagram: false,
            latest_bytes_max: FRAME_BYTES_MAX,
            can_probe: false,
        }
    }

    fn split(self) -> (MemorySender, MemoryReceiver) {
        (self.sender, self.receiver)
    }
}

/// Receives from the client.
#[derive(Debug)]
pub struct MemoryReceiver {
    from_client: mpsc::Receiver<Received>,
}

impl Receiver for MemoryReceiver {
    async fn receive(&mut self) -> Received {
        self.from_client.recv().await.unwrap_or(Received::Lost)
    }
}

/// Sends to the client.
#[derive(Debug)]
pub struct MemorySender {
    to_client: mpsc::Sender<ToClient>,
}

impl Sender for MemorySender {
    async fn send(&mut self, lane: Lane, bytes: &Bytes) -> Result<Sent, ConnectionLost> {
        let message = ToClient::Message { lane, bytes: bytes.clone() };
        self.to_client.send(message).await.map_err(|_| ConnectionLost)?;
        Ok(Sent::Yes)
    }

    async fn flush(&mut self) -> Result<(), ConnectionLost> {
        Ok(())
    }

    async fn probe(&mut self) -> Result<(), ConnectionLost> {
        Ok(())
    }

    async fn close(&mut self, reason: CloseReason) {
        // Nobody is left to be told when this fails.
        let _ = self.to_client.send(ToClient::Closed(reason)).await;
    }
}

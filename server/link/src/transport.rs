//! The seam that every transport fills: two lanes, a sign of life, a close with a reason.
//!
//! A transport moves bytes and nothing else: it knows neither messages nor rules.

use std::future::Future;

use bytes::Bytes;
use vivarium_protocol::close::CloseReason;

use crate::path::PathStats;

/// The two lanes of a session. The number is the first byte of a WebSocket message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Lane {
    /// Everything arrives, in order.
    Reliable = 0,
    /// The newest wins; older ones may be lost.
    Latest = 1,
}

impl Lane {
    /// Both, in the order of their numbers.
    pub const ALL: [Self; 2] = [Self::Reliable, Self::Latest];

    /// The lane of a number.
    pub fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Reliable),
            1 => Some(Self::Latest),
            _ => None,
        }
    }

    /// Name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reliable => "reliable",
            Self::Latest => "latest",
        }
    }
}

/// What a transport can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Name in metrics and in clients' indicators.
    pub name: &'static str,
    /// Whether the latest lane is carried by datagrams, which may be lost and overtake each other.
    pub latest_is_datagram: bool,
    /// Bytes of the largest message on the latest lane towards the client.
    pub latest_bytes_max: usize,
    /// Whether the transport can ask the client for a sign of life.
    pub can_probe: bool,
}

/// What came from the other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// A message.
    Message {
        /// On which lane.
        lane: Lane,
        /// As it was sent, without the transport's framing.
        bytes: Bytes,
    },
    /// A sign of life without content, such as the answer to a probe.
    Alive,
    /// Something that this transport does not allow.
    Broken {
        /// Why it is not allowed.
        reason: CloseReason,
        /// For people.
        detail: &'static str,
    },
    /// The connection ended, with or without a goodbye of the transport.
    Lost,
}

/// The connection no longer takes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection is lost")]
pub struct ConnectionLost;

/// The half of a connection that receives.
pub trait Receiver: Send {
    /// Waits for the next thing. Must be safe to cancel: nothing is lost when the future is
    /// dropped.
    fn receive(&mut self) -> impl Future<Output = Received> + Send;
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It was taken.
    Yes,
    /// It is of the latest lane, and did not fit: the network would have lost it.
    Dropped,
}

/// The half of a connection that sends.
pub trait Sender: Send {
    /// Takes a message; it need not leave before [`Sender::flush`].
    fn send(
        &mut self,
        lane: Lane,
        bytes: &Bytes,
    ) -> impl Future<Output = Result<Sent, ConnectionLost>> + Send;

    /// Waits until what was sent has left this process.
    fn flush(&mut self) -> impl Future<Output = Result<(), ConnectionLost>> + Send;

    /// Asks the client for a sign of life, where the transport can.
    fn probe(&mut self) -> impl Future<Output = Result<(), ConnectionLost>> + Send;

    /// Ends the connection with the code and text of a reason.
    fn close(&mut self, reason: CloseReason) -> impl Future<Output = ()> + Send;

    /// What the transport itself has measured since this was last asked; none where it cannot.
    fn path(&mut self) -> impl Future<Output = Option<PathStats>> + Send {
        std::future::ready(None)
    }
}

/// A connection on which a session can run.
pub trait Transport: Send {
    /// Its receiving half.
    type Receiver: Receiver;
    /// Its sending half.
    type Sender: Sender;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// The two halves, which are used at the same time.
    fn split(self) -> (Self::Sender, Self::Receiver);
}

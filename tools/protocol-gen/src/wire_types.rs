//! Asks serde which shapes the wire types have.

use serde_reflection::{Registry, Tracer, TracerConfig};
use vivarium_protocol::{
    close::CloseReason,
    intent::{ClientLatest, ClientMessage, Emote, Hello},
    notice::{Denial, ServerMessage, SpeechEnd},
    snapshot::packet::{OwnNote, PacketHead},
};

/// How a root lies in its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It is the message.
    Whole,
    /// Magic and version come before it.
    Handshake,
    /// Other bytes, which are no wire types, follow it.
    Prefix,
}

/// What a message is, or begins with: what is exported, and what decoding it must check.
pub struct Root {
    /// Name of the Rust type.
    pub name: &'static str,
    /// Constant of `limits` that bounds its bytes.
    pub bytes_max: &'static str,
    /// How it lies in its message.
    pub place: Place,
    /// A TypeScript condition on `value` that breaks a limit, and what to say then.
    pub refused_if: Option<(&'static str, &'static str)>,
}

/// Every root.
pub const ROOTS: [Root; 5] = [
    Root {
        name: "Hello",
        bytes_max: "clientReliableBytesMax",
        place: Place::Handshake,
        refused_if: None,
    },
    Root {
        name: "ClientMessage",
        bytes_max: "clientReliableBytesMax",
        place: Place::Whole,
        refused_if: None,
    },
    Root {
        name: "ClientLatest",
        bytes_max: "clientLatestBytesMax",
        place: Place::Whole,
        refused_if: Some((
            "value.inputs.length > limits.inputsPerMessageMax",
            "too many inputs in one message",
        )),
    },
    Root {
        name: "ServerMessage",
        bytes_max: "serverReliableBytesMax",
        place: Place::Whole,
        refused_if: None,
    },
    Root { name: "PacketHead", bytes_max: "frameBytesMax", place: Place::Prefix, refused_if: None },
];

/// Shapes of all wire types by name.
pub fn registry() -> Registry {
    let mut tracer = Tracer::new(TracerConfig::default());
    let traced = (|| {
        // Enums first: a type that holds one is traced with a single variant of it.
        tracer.trace_simple_type::<CloseReason>()?;
        tracer.trace_simple_type::<Denial>()?;
        tracer.trace_simple_type::<SpeechEnd>()?;
        tracer.trace_simple_type::<Emote>()?;
        tracer.trace_simple_type::<OwnNote>()?;
        tracer.trace_simple_type::<Hello>()?;
        tracer.trace_simple_type::<ClientMessage>()?;
        tracer.trace_simple_type::<ClientLatest>()?;
        tracer.trace_simple_type::<ServerMessage>()?;
        tracer.trace_simple_type::<PacketHead>()?;
        tracer.registry()
    })();
    traced.expect("wire types are plain data without checks of their own, so they can be traced")
}

/// All variants of a fieldless enum, in the order of the protocol.
pub fn variants<T: for<'de> serde::Deserialize<'de>>() -> Vec<T> {
    let mut tracer = Tracer::new(TracerConfig::default());
    tracer.trace_simple_type::<T>().expect("a fieldless enum can be traced").1
}

//! Asks serde which shapes the wire types have.

use serde_reflection::{Registry, Tracer, TracerConfig};
use vivarium_protocol::{
    close::CloseReason,
    frame::{EntityKind, Frame},
    intent::{ClientLatest, ClientMessage, Emote, Hello},
    notice::{Denial, ServerMessage},
};

/// A message that travels alone: what is exported, and what decoding it must check.
pub struct Root {
    /// Name of the Rust type.
    pub name: &'static str,
    /// Constant of `limits` that bounds its bytes.
    pub bytes_max: &'static str,
    /// Whether magic and version come before it.
    pub handshake: bool,
    /// A TypeScript condition on `value` that breaks a limit, and what to say then.
    pub refused_if: Option<(&'static str, &'static str)>,
}

/// Every message that travels alone.
pub const ROOTS: [Root; 5] = [
    Root { name: "Hello", bytes_max: "clientReliableBytesMax", handshake: true, refused_if: None },
    Root {
        name: "ClientMessage",
        bytes_max: "clientReliableBytesMax",
        handshake: false,
        refused_if: None,
    },
    Root {
        name: "ClientLatest",
        bytes_max: "clientLatestBytesMax",
        handshake: false,
        refused_if: Some((
            "value.inputs.length > limits.inputsPerMessageMax",
            "too many inputs in one message",
        )),
    },
    Root {
        name: "ServerMessage",
        bytes_max: "serverReliableBytesMax",
        handshake: false,
        refused_if: None,
    },
    Root {
        name: "Frame",
        bytes_max: "frameBytesMax",
        handshake: false,
        refused_if: Some((
            "value.gone.length + value.come.length + value.changed.length > limits.entitiesPerFrameMax",
            "too many entities in one frame",
        )),
    },
];

/// Shapes of all wire types by name.
pub fn registry() -> Registry {
    let mut tracer = Tracer::new(TracerConfig::default());
    let traced = (|| {
        // Enums first: a type that holds one is traced with a single variant of it.
        tracer.trace_simple_type::<CloseReason>()?;
        tracer.trace_simple_type::<Denial>()?;
        tracer.trace_simple_type::<Emote>()?;
        tracer.trace_simple_type::<EntityKind>()?;
        tracer.trace_simple_type::<Hello>()?;
        tracer.trace_simple_type::<ClientMessage>()?;
        tracer.trace_simple_type::<ClientLatest>()?;
        tracer.trace_simple_type::<ServerMessage>()?;
        tracer.trace_simple_type::<Frame>()?;
        tracer.registry()
    })();
    traced.expect("wire types are plain data without checks of their own, so they can be traced")
}

/// All variants of a fieldless enum, in the order of the protocol.
pub fn variants<T: for<'de> serde::Deserialize<'de>>() -> Vec<T> {
    let mut tracer = Tracer::new(TracerConfig::default());
    tracer.trace_simple_type::<T>().expect("a fieldless enum can be traced").1
}

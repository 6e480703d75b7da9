//! The one module that knows how values become bytes: bincode 2, standard configuration
//! (variable-length integers, little-endian), always with a byte limit.
//!
//! bincode is no longer developed; nothing outside this module names it, so that it can be
//! replaced. There are no 64-bit integers on the wire, so that JavaScript needs no `bigint`.

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    PROTOCOL_VERSION,
    intent::{ClientLatest, ClientMessage, Hello, MAGIC},
    limits::{
        CLIENT_LATEST_BYTES_MAX, CLIENT_RELIABLE_BYTES_MAX, INPUTS_PER_MESSAGE_MAX,
        SERVER_RELIABLE_BYTES_MAX,
    },
    notice::ServerMessage,
};

/// Why bytes of the other end were refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// More bytes than this message may have.
    #[error("message of {size} bytes exceeds {max}")]
    TooLarge {
        /// Bytes that came.
        size: usize,
        /// Bytes that are allowed.
        max: usize,
    },
    /// The bytes are not such a message.
    #[error("not a valid message: {0}")]
    Malformed(String),
    /// Bytes are left over after the message.
    #[error("{0} bytes follow the message")]
    TrailingBytes(usize),
    /// The first bytes are not [`MAGIC`].
    #[error("the first bytes are not a Vivarium handshake")]
    NotVivarium,
    /// The other end speaks another version.
    #[error("protocol version {theirs} is not spoken here; this is version {ours}")]
    Version {
        /// Version of the other end.
        theirs: u16,
        /// [`PROTOCOL_VERSION`].
        ours: u16,
    },
}

// The allocation limit of the decoder: a length prefix cannot make it reserve more than this.
const DECODE_BYTES_MAX: usize = 4 * 1024 * 1024;

fn configuration() -> Configuration<LittleEndian, Varint, Limit<DECODE_BYTES_MAX>> {
    bincode::config::standard().with_limit::<DECODE_BYTES_MAX>()
}

/// A value as bytes. Our own values always fit.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    bincode::serde::encode_to_vec(value, configuration())
        .expect("wire types have no maps of unknown length or untagged parts, so they encode")
}

/// A small value as bytes at the start of `buffer`; gives their count. Needs no memory.
pub fn encode_into<T: Serialize>(value: &T, buffer: &mut [u8]) -> usize {
    bincode::serde::encode_into_slice(value, buffer, configuration())
        .expect("the caller's buffer holds the largest value of this type")
}

/// A value from the start of at most `bytes_max` bytes, and the bytes that follow it.
pub fn decode_prefix<T: DeserializeOwned>(
    bytes: &[u8],
    bytes_max: usize,
) -> Result<(T, &[u8]), DecodeError> {
    if bytes.len() > bytes_max {
        return Err(DecodeError::TooLarge { size: bytes.len(), max: bytes_max });
    }
    let (value, used) = bincode::serde::decode_from_slice(bytes, configuration())
        .map_err(|error| DecodeError::Malformed(error.to_string()))?;
    Ok((value, &bytes[used..]))
}

/// A value from at most `bytes_max` bytes, all of which must be used.
pub fn decode<T: DeserializeOwned>(bytes: &[u8], bytes_max: usize) -> Result<T, DecodeError> {
    if bytes.len() > bytes_max {
        return Err(DecodeError::TooLarge { size: bytes.len(), max: bytes_max });
    }
    let (value, used) = bincode::serde::decode_from_slice(bytes, configuration())
        .map_err(|error| DecodeError::Malformed(error.to_string()))?;
    match bytes.len() - used {
        0 => Ok(value),
        left => Err(DecodeError::TrailingBytes(left)),
    }
}

/// The first message of a session: magic, version, [`Hello`].
pub fn encode_hello(hello: &Hello) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&PROTOCOL_VERSION.to_le_bytes());
    bytes.extend_from_slice(&encode(hello));
    bytes
}

/// Reads the first message of a session. The version is looked at before anything that may differ
/// between versions.
pub fn decode_hello(bytes: &[u8]) -> Result<Hello, DecodeError> {
    let rest = bytes.strip_prefix(&MAGIC).ok_or(DecodeError::NotVivarium)?;
    let (version, rest) = rest.split_first_chunk::<2>().ok_or(DecodeError::NotVivarium)?;
    let theirs = u16::from_le_bytes(*version);
    if theirs != PROTOCOL_VERSION {
        return Err(DecodeError::Version { theirs, ours: PROTOCOL_VERSION });
    }
    decode(rest, CLIENT_RELIABLE_BYTES_MAX)
}

/// A client's reliable message, after the handshake.
pub fn decode_client_message(bytes: &[u8]) -> Result<ClientMessage, DecodeError> {
    decode(bytes, CLIENT_RELIABLE_BYTES_MAX)
}

/// A client's latest-lane message.
pub fn decode_client_latest(bytes: &[u8]) -> Result<ClientLatest, DecodeError> {
    let latest: ClientLatest = decode(bytes, CLIENT_LATEST_BYTES_MAX)?;
    if latest.inputs.len() > INPUTS_PER_MESSAGE_MAX {
        return Err(DecodeError::Malformed(format!(
            "{} inputs in one message; at most {INPUTS_PER_MESSAGE_MAX} are allowed",
            latest.inputs.len()
        )));
    }
    Ok(latest)
}

/// A server's reliable message.
pub fn decode_server_message(bytes: &[u8]) -> Result<ServerMessage, DecodeError> {
    decode(bytes, SERVER_RELIABLE_BYTES_MAX)
}

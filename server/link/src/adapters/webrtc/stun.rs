//! The part of STUN (RFC 8489) that ICE (RFC 8445) needs of a server: reading a Binding message,
//! checking its MESSAGE-INTEGRITY, and writing a success response or a check of its own. The format
//! itself is the library's.
//!
//! Pure: no sockets, no time. Whatever a stranger sends is `None` or "not authentic", never a
//! panic and never an allocation much larger than the datagram.

use std::{
    fmt,
    net::SocketAddr,
    sync::{Arc, LazyLock},
};

use rtc::stun::{
    attributes::{
        ATTR_ICE_CONTROLLED, ATTR_MESSAGE_INTEGRITY, ATTR_PRIORITY, ATTR_USE_CANDIDATE,
        ATTR_USERNAME, AttrType,
    },
    fingerprint::FINGERPRINT,
    integrity::MessageIntegrity,
    message::{
        BINDING_ERROR, BINDING_REQUEST, BINDING_SUCCESS, CLASS_INDICATION, MESSAGE_HEADER_SIZE,
        METHOD_BINDING, MessageType, Setter,
    },
    xoraddr::XorMappedAddress,
};
use webrtc::peer_connection::crypto::{self, RTCCryptoProvider};

/// Identifies a request and its response.
pub type TransactionId = [u8; 12];

/// Priority of a peer-reflexive candidate (RFC 8445, 5.1.2): what a check must carry.
const PEER_REFLEXIVE_PRIORITY: u32 = (110 << 24) | (65_535 << 8) | 255;

static CRYPTO: LazyLock<Arc<dyn RTCCryptoProvider>> =
    LazyLock::new(|| crypto::default_provider().expect("a provider is built in"));

/// Class of a Binding message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A connectivity check.
    Request,
    /// A keepalive that wants no answer.
    Indication,
    /// The answer to a check.
    Success,
    /// The refusal of a check.
    Error,
}

/// Whether a datagram claims to be STUN by its first byte (RFC 7983).
pub fn claims_to_be_stun(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|byte| *byte < 4)
}

/// The class of a Binding message, without looking further than its first two bytes.
pub fn kind_of(datagram: &[u8]) -> Option<Kind> {
    let number = u16::from_be_bytes(*datagram.first_chunk()?);
    let indication = MessageType::new(METHOD_BINDING, CLASS_INDICATION);
    let kinds = [
        (BINDING_REQUEST, Kind::Request),
        (indication, Kind::Indication),
        (BINDING_SUCCESS, Kind::Success),
        (BINDING_ERROR, Kind::Error),
    ];
    kinds.into_iter().find_map(|(kind, name)| (kind.value() == number).then_some(name))
}

/// Signs messages: the password of whoever answers (RFC 8489, 9.1.1).
#[derive(Clone)]
pub struct Key(Vec<u8>);

impl Key {
    /// Signs with this password.
    pub fn new(password: &str) -> Self {
        Self(password.as_bytes().to_vec())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// A Binding message that has been read. Nothing in it is proven before [`Message::is_authentic`].
#[derive(Debug)]
pub struct Message {
    message: rtc::stun::message::Message,
    /// Request, response or indication.
    pub kind: Kind,
    /// Names the request.
    pub transaction: TransactionId,
    /// The two halves of USERNAME: the fragment of the receiver, then that of the sender.
    pub username: Option<(String, String)>,
    /// Whether the sender wants this path to be used (USE-CANDIDATE).
    pub nominates: bool,
}

impl Message {
    /// Reads a Binding message. `None` when it is anything else or malformed.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let kind = kind_of(bytes)?;
        let mut message = rtc::stun::message::Message::new();
        message.unmarshal_binary(bytes).ok()?;
        if bytes.len() != MESSAGE_HEADER_SIZE + usize::try_from(message.length).ok()? {
            return None;
        }
        let transaction = message.transaction_id.0;
        let (mut username, mut nominates) = (None, false);
        for attribute in &message.attributes.0 {
            match attribute.typ {
                // What follows the signature is not protected by it.
                ATTR_MESSAGE_INTEGRITY => break,
                ATTR_USERNAME => {
                    let text = std::str::from_utf8(&attribute.value).ok()?;
                    let halves = text.split_once(':');
                    username = halves.map(|(to, from)| (to.to_owned(), from.to_owned()));
                }
                ATTR_USE_CANDIDATE => nominates = true,
                _ => {}
            }
        }
        Some(Self { message, kind, transaction, username, nominates })
    }

    /// Whether the message carries a MESSAGE-INTEGRITY made with this key.
    pub fn is_authentic(&mut self, key: &Key) -> bool {
        MessageIntegrity::check(&mut self.message, &key.0, CRYPTO.crypto()).is_ok()
    }
}

/// An attribute as it is.
struct Attribute<'a>(AttrType, &'a [u8]);

impl Setter for Attribute<'_> {
    fn add_to(&self, m: &mut rtc::stun::message::Message) -> rtc::shared::error::Result<()> {
        m.add(self.0, self.1);
        Ok(())
    }
}

/// The answer to a check: tells the sender the address that its check came from.
pub fn success_response(transaction: TransactionId, mapped: SocketAddr, key: &Key) -> Vec<u8> {
    let mapped = XorMappedAddress { ip: mapped.ip(), port: mapped.port() };
    sealed(BINDING_SUCCESS, transaction, &[&mapped], key)
}

/// A check of the controlled side, which asks whether `username`'s owner can be reached there.
pub fn check(transaction: TransactionId, username: &str, tie_breaker: u64, key: &Key) -> Vec<u8> {
    let username = Attribute(ATTR_USERNAME, username.as_bytes());
    let tie_breaker = tie_breaker.to_be_bytes();
    let controlled = Attribute(ATTR_ICE_CONTROLLED, &tie_breaker);
    sealed(BINDING_REQUEST, transaction, &[&username, &controlled, &priority()], key)
}

/// A check as a client sends it, with or without a nomination.
#[cfg(test)]
pub fn client_check(
    transaction: TransactionId,
    username: &str,
    nominates: bool,
    key: &Key,
) -> Vec<u8> {
    let username = Attribute(ATTR_USERNAME, username.as_bytes());
    let nomination = Attribute(ATTR_USE_CANDIDATE, &[]);
    let mut parts: Vec<&dyn Setter> = vec![&username];
    if nominates {
        parts.push(&nomination);
    }
    let priority = priority();
    parts.push(&priority);
    sealed(BINDING_REQUEST, transaction, &parts, key)
}

fn priority() -> Attribute<'static> {
    const BYTES: [u8; 4] = PEER_REFLEXIVE_PRIORITY.to_be_bytes();
    Attribute(ATTR_PRIORITY, &BYTES)
}

/// A message with MESSAGE-INTEGRITY and FINGERPRINT.
fn sealed(
    kind: MessageType,
    transaction: TransactionId,
    parts: &[&dyn Setter],
    key: &Key,
) -> Vec<u8> {
    let mut message = rtc::stun::message::Message::new();
    message.typ = kind;
    message.transaction_id.0 = transaction;
    message.write_header();
    let crypto = CRYPTO.crypto();
    let integrity = MessageIntegrity::new_raw_integrity_with_provider(key.0.clone(), crypto);
    for part in parts.iter().copied().chain([&integrity as &dyn Setter, &FINGERPRINT]) {
        part.add_to(&mut message).expect("our own attributes are short");
    }
    message.raw
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 5769, 2.1: sample request; the password is the RFC's.
    const SAMPLE: &str = "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e2074657374\
        20636c69656e74002400046e0001ff80290008932ff9b151263b36000600096576746a3a68367659202020\
        000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf";
    const SAMPLE_PASSWORD: &str = "VOkJxbRl1RmTxUk/WvJxBt";

    fn bytes_of(hex: &str) -> Vec<u8> {
        (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect()
    }

    #[test]
    fn reads_and_authenticates_the_sample_of_rfc_5769() {
        let bytes = bytes_of(SAMPLE);
        let mut message = Message::read(&bytes).unwrap();
        assert_eq!(message.kind, Kind::Request);
        assert_eq!(message.username, Some(("evtj".to_owned(), "h6vY".to_owned())));
        assert!(!message.nominates);
        assert!(message.is_authentic(&Key::new(SAMPLE_PASSWORD)));
        assert!(!message.is_authentic(&Key::new("something else entirely")));
    }

    #[test]
    fn a_changed_bit_is_not_authentic() {
        let key = Key::new(SAMPLE_PASSWORD);
        let sample = bytes_of(SAMPLE);
        // Up to the end of MESSAGE-INTEGRITY; FINGERPRINT is not protected by it.
        for bit in 0..(sample.len() - 8) * 8 {
            let mut bytes = sample.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let accepted =
                Message::read(&bytes).is_some_and(|mut message| message.is_authentic(&key));
            assert!(!accepted, "bit {bit} may be changed unnoticed");
        }
    }

    #[test]
    fn the_response_names_the_mapped_address_of_rfc_5769() {
        let transaction = bytes_of("b7e7a701bc34d686fa87dfae").try_into().unwrap();
        let answer = |mapped: &str| {
            success_response(transaction, mapped.parse().unwrap(), &Key::new(SAMPLE_PASSWORD))
        };
        let v4 = bytes_of("002000080001a147e112a643");
        assert_eq!(answer("192.0.2.1:32853")[20..32], v4);
        let v6 = bytes_of("002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9");
        assert_eq!(answer("[2001:db8:1234:5678:11:2233:4455:6677]:32853")[20..44], v6);
    }

    #[test]
    fn a_nomination_behind_the_signature_counts_for_nothing() {
        let key = Key::new(SAMPLE_PASSWORD);
        let mut bytes = client_check([8; 12], "them:us", false, &key);
        bytes.extend_from_slice(&[0x00, 0x25, 0, 0]);
        let length = u16::try_from(bytes.len() - MESSAGE_HEADER_SIZE).unwrap();
        bytes[2..4].copy_from_slice(&length.to_be_bytes());
        let mut message = Message::read(&bytes).unwrap();
        assert!(message.is_authentic(&key), "the signature covers what is before it");
        assert!(!message.nominates);
    }

    #[test]
    fn what_we_write_can_be_read() {
        let key = Key::new(SAMPLE_PASSWORD);
        let bytes = check([7; 12], "them:us", 1, &key);
        let mut message = Message::read(&bytes).unwrap();
        assert_eq!(message.username, Some(("them".to_owned(), "us".to_owned())));
        assert!(message.is_authentic(&key));
        assert!(!message.nominates);
        let bytes = client_check([8; 12], "them:us", true, &key);
        assert!(Message::read(&bytes).unwrap().nominates);
    }

    proptest! {
        #[test]
        fn garbage_is_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Some(mut message) = Message::read(&bytes) {
                prop_assert!(!message.is_authentic(&Key::new("x")));
            }
        }

        #[test]
        fn garbage_behind_a_good_header_is_refused(
            body in proptest::collection::vec(any::<u8>(), 0..64),
        ) {
            let mut bytes = client_check([1; 12], "", false, &Key::new("y"));
            bytes.truncate(MESSAGE_HEADER_SIZE);
            bytes.extend_from_slice(&body[..body.len() / 4 * 4]);
            let length = u16::try_from(bytes.len() - MESSAGE_HEADER_SIZE).unwrap();
            bytes[2..4].copy_from_slice(&length.to_be_bytes());
            if let Some(mut message) = Message::read(&bytes) {
                prop_assert!(!message.is_authentic(&Key::new("x")));
            }
        }
    }
}

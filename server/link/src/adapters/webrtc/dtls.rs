//! DTLS records (RFC 6347, 4.1) that must not reach the library.
//!
//! rtc-dtls 0.21.1 takes a ChangeCipherSpec of an encrypted epoch without authentication
//! (`crypto/crypto_gcm.rs` and its siblings, `decrypt`; `conn/mod.rs`, `handle_incoming_packet`):
//! whoever can forge a peer's source address could silence its connection for good with one
//! datagram of 14 bytes. No genuine peer sends one: epochs change once, and the message that says
//! so belongs to epoch 0.

const HEADER_BYTES: usize = 13;
const CHANGE_CIPHER_SPEC: u8 = 20;
/// First bytes of DTLS records (RFC 7983).
const FIRST_BYTES: std::ops::RangeInclusive<u8> = 20..=63;

/// Whether a datagram has a record that only a forger sends.
pub fn is_forged(datagram: &[u8]) -> bool {
    if !datagram.first().is_some_and(|byte| FIRST_BYTES.contains(byte)) {
        return false;
    }
    let mut rest = datagram;
    while let Some(header) = rest.first_chunk::<HEADER_BYTES>() {
        let [kind, _, _, epoch_high, epoch_low, .., length_high, length_low] = *header;
        if kind == CHANGE_CIPHER_SPEC && (epoch_high, epoch_low) != (0, 0) {
            return true;
        }
        let length = usize::from(u16::from_be_bytes([length_high, length_low]));
        rest = rest.get(HEADER_BYTES + length..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(kind: u8, epoch: u8, body: &[u8]) -> Vec<u8> {
        let mut record = vec![kind, 254, 253, 0, epoch, 0, 0, 0, 0, 0, 1, 0, body.len() as u8];
        record.extend_from_slice(body);
        record
    }

    #[test]
    fn a_change_of_keys_within_encryption_is_forged_wherever_it_hides() {
        assert!(is_forged(&record(20, 1, &[1])));
        assert!(is_forged(&[record(22, 0, &[0; 40]), record(20, 1, &[1])].concat()));
        assert!(!is_forged(&[record(20, 0, &[1]), record(22, 1, &[0; 40])].concat()));
        assert!(!is_forged(&record(23, 1, &[20, 254, 253, 0, 1])));
        assert!(!is_forged(&[200, 254, 253, 0, 1]), "voices are not DTLS");
    }

    proptest! {
        #[test]
        fn any_datagram_is_read(datagram in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = is_forged(&datagram);
        }
    }
}

//! Names that say nothing of who bears them, for logs and for providers.

/// A server's secret, by which its names are made. Other servers make others.
#[derive(Clone)]
pub struct NameKey([u8; 32]);

impl std::fmt::Debug for NameKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NameKey(..)")
    }
}

/// Hexadecimal digits of a name.
pub const NAME_DIGITS: usize = 32;

impl NameKey {
    /// A key from 32 secret bytes.
    pub fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    /// A key for what nobody may know in advance, of a secret that outlives processes: another one for
    /// each that begins at another time.
    pub fn for_one_process(secret: [u8; 32], began_ms: u64) -> Self {
        let keyed =
            blake3::keyed_hash(&secret, &[b"process ", &began_ms.to_le_bytes()[..]].concat());
        Self(*keyed.as_bytes())
    }

    /// The name of a user: always the same, and not to be turned back without the key.
    pub fn name(&self, user: &[u8]) -> String {
        let hash = blake3::keyed_hash(&self.0, user).to_hex();
        hash[..NAME_DIGITS].to_owned()
    }
}

/// The name of an account for what all servers count together, the same at each of them. It says
/// nothing of whoever has the account, as long as nobody can guess what it is called: it is called by
/// the digest of a secret.
pub fn shared(account: &[u8]) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("vivarium 2026 accounts for limits");
    hasher.update(account);
    hasher.finalize().to_hex()[..NAME_DIGITS].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_stable_and_of_one_server() {
        let (a, b) = (NameKey::new([1; 32]), NameKey::new([2; 32]));
        assert_eq!(a.name(b"ana"), a.name(b"ana"));
        assert_ne!(a.name(b"ana"), a.name(b"bo"));
        assert_ne!(a.name(b"ana"), b.name(b"ana"));
        assert_eq!(a.name(b"ana").len(), NAME_DIGITS);
        assert_ne!(shared(b"ana"), shared(b"bo"));
        assert_eq!(shared(b"ana").len(), NAME_DIGITS);
        assert_eq!(format!("{a:?}"), "NameKey(..)");
        let [now, then] = [7, 8].map(|began_ms| NameKey::for_one_process([1; 32], began_ms));
        assert_ne!(now.name(b"ana"), then.name(b"ana"));
        assert_ne!(now.name(b"ana"), a.name(b"ana"));
    }
}

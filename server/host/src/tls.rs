//! Certificates: given by the operator and read again when they change, or made here for
//! development and replaced before they end.
//!
//! One [`Certificates`] serves HTTPS and QUIC alike; whatever it holds when a handshake begins is
//! used for it. Invariant: it always holds a certificate that fits its key.

use std::{
    io,
    net::IpAddr,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use rcgen::{CertificateParams, KeyPair, SanType};
use rustls::{
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use crate::limits::{CERTIFICATE_CHECK_INTERVAL, DEVELOPMENT_CERTIFICATE_LIFE};

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {path}: {error}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file has no certificate or no key in it.
    #[error("{path} is not a {what} in PEM format: {detail}")]
    NotPem {
        /// Which.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
        /// What is wrong.
        detail: String,
    },
    /// They do not fit, or the key is of an unknown kind.
    #[error("the key in {key} does not fit the certificate in {certificate}: {error}")]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What is wrong.
        error: rustls::Error,
    },
    /// No certificate could be made.
    #[error("cannot make a certificate for development: {0}")]
    Make(String),
}

/// Where certificates come from.
#[derive(Clone, Debug)]
enum Source {
    Files { certificate: PathBuf, key: PathBuf },
    Made { names: Vec<String> },
}

/// Of the certificate and of the key: either may be the older one.
type Stamp = [Option<SystemTime>; 2];

#[derive(Debug)]
struct Current {
    key: Arc<CertifiedKey>,
    /// Digests (SHA-256) of the newest certificate and the one before, for clients that trust a
    /// certificate by its digest; none for certificates that are trusted otherwise.
    digests: Vec<[u8; 32]>,
    /// When the files that were read had been changed, or when a made one was made.
    stamp: Stamp,
    /// As `stamp`, of the files that were last found to be of no use.
    tried: Option<Stamp>,
}

/// The certificate of this server.
#[derive(Debug)]
pub struct Certificates {
    source: Source,
    current: RwLock<Current>,
}

impl Certificates {
    /// Those in files.
    pub fn from_files(certificate: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let stamp = [&certificate, &key].map(changed_at);
        let read = read(&certificate, &key)?;
        let current = Current { key: read, digests: Vec::new(), stamp, tried: None };
        Ok(Self { source: Source::Files { certificate, key }, current: RwLock::new(current) })
    }

    /// One that is made now, for this machine's own names and the address that it listens on.
    pub fn for_development(address: IpAddr) -> Result<Self, TlsError> {
        let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
        if !address.is_unspecified() && !names.contains(&address.to_string()) {
            names.push(address.to_string());
        }
        let (key, digest) = make(&names)?;
        let stamp = [Some(SystemTime::now()); 2];
        let current = Current { key, digests: vec![digest], stamp, tried: None };
        Ok(Self { source: Source::Made { names }, current: RwLock::new(current) })
    }

    /// Whether the operator gave them: then pages and documents travel encrypted, too.
    pub fn are_given(&self) -> bool {
        matches!(self.source, Source::Files { .. })
    }

    /// Digests (SHA-256) for clients that trust a certificate by its digest, the newest first.
    pub fn digests(&self) -> Vec<[u8; 32]> {
        self.read().digests.clone()
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Current> {
        self.current.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks from time to time whether there is, or must be, a new one.
    pub async fn keep(self: Arc<Self>) {
        let mut interval = tokio::time::interval(CERTIFICATE_CHECK_INTERVAL);
        loop {
            interval.tick().await;
            let certificates = self.clone();
            // Reads files and computes a key.
            let renewed =
                tokio::task::spawn_blocking(move || certificates.renew(SystemTime::now()));
            match renewed.await {
                Ok(Ok(false)) | Err(_) => {}
                Ok(Ok(true)) => tracing::info!("the certificate was replaced"),
                Ok(Err(error)) => {
                    tracing::error!(%error, "the new certificate is of no use; the old one stays");
                }
            }
        }
    }

    /// Takes a new one when there is one, or when it is time; whether it did.
    fn renew(&self, now: SystemTime) -> Result<bool, TlsError> {
        let stamp = self.read().stamp;
        match &self.source {
            Source::Files { certificate, key } => {
                let changed = [certificate, key].map(changed_at);
                if changed == stamp {
                    return Ok(false);
                }
                let read = read(certificate, key);
                let mut current = self.write();
                // What is of no use is complained about once, but tried again: a key that could
                // not be opened may be readable by now, with its time unchanged.
                let is_new = current.tried.replace(changed) != Some(changed);
                let read = match read {
                    Ok(read) => read,
                    Err(error) if is_new => return Err(error),
                    Err(_) => return Ok(false),
                };
                current.key = read;
                current.stamp = changed;
            }
            Source::Made { names } => {
                let age = stamp[0].and_then(|made| now.duration_since(made).ok());
                // Clients may have been told of the old one shortly before it goes: both digests are
                // told for as long as either may be met.
                if age.is_some_and(|age| age < DEVELOPMENT_CERTIFICATE_LIFE / 2) {
                    return Ok(false);
                }
                let (key, digest) = make(names)?;
                let mut current = self.write();
                current.key = key;
                current.stamp = [Some(now); 2];
                current.digests.insert(0, digest);
                current.digests.truncate(2);
            }
        }
        Ok(true)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Current> {
        self.current.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.read().key.clone())
    }
}

/// What HTTPS is served with.
pub fn https(certificates: Arc<Certificates>) -> Result<rustls::ServerConfig, rustls::Error> {
    let mut config =
        rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_no_client_auth()
            .with_cert_resolver(certificates);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn changed_at(path: &PathBuf) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|meta| meta.modified()).ok()
}

fn read(certificate: &PathBuf, key: &PathBuf) -> Result<Arc<CertifiedKey>, TlsError> {
    let bytes = |path: &PathBuf| {
        std::fs::read(path).map_err(|error| TlsError::Read { path: path.clone(), error })
    };
    let not_pem = |path: &PathBuf, what, detail: String| TlsError::NotPem {
        path: path.clone(),
        what,
        detail,
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&bytes(certificate)?)
        .collect::<Result<_, _>>()
        .map_err(|error| not_pem(certificate, "certificate", error.to_string()))?;
    if chain.is_empty() {
        return Err(not_pem(certificate, "certificate", "there is none in it".to_owned()));
    }
    let der = PrivateKeyDer::from_pem_slice(&bytes(key)?)
        .map_err(|error| not_pem(key, "private key", error.to_string()))?;
    CertifiedKey::from_der(chain, der, &ring::default_provider()).map(Arc::new).map_err(|error| {
        TlsError::Mismatch { certificate: certificate.clone(), key: key.clone(), error }
    })
}

/// A certificate as browsers accept it by its digest: ECDSA with P-256, and at most 14 days.
fn make(names: &[String]) -> Result<(Arc<CertifiedKey>, [u8; 32]), TlsError> {
    let failed = |error: rcgen::Error| TlsError::Make(error.to_string());
    let mut parameters = CertificateParams::new(Vec::<String>::new()).map_err(failed)?;
    for name in names {
        parameters.subject_alt_names.push(match name.parse::<IpAddr>() {
            Ok(address) => SanType::IpAddress(address),
            Err(_) => SanType::DnsName(name.as_str().try_into().map_err(failed)?),
        });
    }
    // Clocks differ: an hour ago it was valid already.
    let begin = SystemTime::now() - Duration::from_secs(3_600);
    parameters.not_before = begin.into();
    parameters.not_after = (begin + DEVELOPMENT_CERTIFICATE_LIFE).into();
    let key = KeyPair::generate().map_err(failed)?;
    let certificate = parameters.self_signed(&key).map_err(failed)?;
    let der = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let chain = vec![certificate.der().clone()];
    let hash = sha256(certificate.der());
    let key = CertifiedKey::from_der(chain, der, &ring::default_provider())
        .map_err(|error| TlsError::Make(error.to_string()))?;
    Ok((Arc::new(key), hash))
}

/// SHA-256, from the provider that TLS uses anyway.
fn sha256(bytes: &[u8]) -> [u8; 32] {
    let suite = ring::cipher_suite::TLS13_AES_128_GCM_SHA256.tls13();
    let suite = suite.expect("it is a suite of TLS 1.3");
    let output = suite.common.hash_provider.hash(bytes);
    output.as_ref().try_into().expect("SHA-256 gives 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> IpAddr {
        [127, 0, 0, 1].into()
    }

    fn served(certificates: &Certificates) -> Vec<u8> {
        certificates.read().key.cert[0].to_vec()
    }

    #[test]
    fn a_made_certificate_is_replaced_in_time_and_both_are_told() {
        let certificates = Certificates::for_development(here()).unwrap();
        let first = (served(&certificates), certificates.digests());
        assert_eq!(first.1, [sha256(&first.0)]);
        let now = SystemTime::now();
        assert!(!certificates.renew(now).unwrap());
        assert!(!certificates.renew(now + Duration::from_secs(6 * 24 * 3_600)).unwrap());
        assert!(certificates.renew(now + Duration::from_secs(7 * 24 * 3_600)).unwrap());
        let second = (served(&certificates), certificates.digests());
        assert_ne!(second.0, first.0);
        assert_eq!(second.1, [sha256(&second.0), first.1[0]]);
        assert!(!certificates.are_given());
    }

    fn files(folder: &std::path::Path, name: &str) -> (PathBuf, PathBuf) {
        let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
        let paths = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
        std::fs::write(&paths.0, made.cert.pem()).unwrap();
        std::fs::write(&paths.1, made.signing_key.serialize_pem()).unwrap();
        paths
    }

    #[test]
    fn given_files_are_read_again_when_they_change_and_bad_ones_change_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = files(folder.path(), "one");
        let certificates = Certificates::from_files(certificate.clone(), key.clone()).unwrap();
        assert!(certificates.are_given() && certificates.digests().is_empty());
        let first = served(&certificates);
        let now = SystemTime::now();
        assert!(!certificates.renew(now).unwrap());

        let (other_certificate, other_key) = files(folder.path(), "two");
        let touch = |path: &PathBuf, s: u64| {
            let file = std::fs::File::options().append(true).open(path).unwrap();
            file.set_modified(now + Duration::from_secs(s)).unwrap();
        };
        std::fs::copy(&other_certificate, &certificate).unwrap();
        touch(&certificate, 10);
        let error = certificates.renew(now).unwrap_err();
        assert!(error.to_string().contains("does not fit"), "{error}");
        assert_eq!(served(&certificates), first, "half a change");
        assert!(!certificates.renew(now).unwrap(), "which is told once");
        // The key is the older file of the two, as copies that keep their times are.
        std::fs::copy(&other_key, &key).unwrap();
        touch(&key, 5);
        assert!(certificates.renew(now).unwrap());
        let second = served(&certificates);
        assert_ne!(second, first);

        // One that cannot be read at the first look, and whose time does not change.
        let hidden = folder.path().join("hidden");
        let (third_certificate, third_key) = files(folder.path(), "three");
        std::fs::copy(&third_certificate, &certificate).unwrap();
        std::fs::copy(&third_key, &hidden).unwrap();
        std::fs::write(&key, "").unwrap();
        touch(&certificate, 20);
        touch(&key, 20);
        certificates.renew(now).unwrap_err();
        std::fs::copy(&hidden, &key).unwrap();
        touch(&key, 20);
        assert!(certificates.renew(now).unwrap());
        assert_ne!(served(&certificates), second);
    }

    #[test]
    fn what_is_no_certificate_is_told_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = files(folder.path(), "one");
        let told = |certificate: &PathBuf, key: &PathBuf| {
            Certificates::from_files(certificate.clone(), key.clone()).unwrap_err().to_string()
        };
        let missing = folder.path().join("missing.pem");
        assert!(told(&missing, &key).contains("missing.pem"));
        assert!(told(&key, &key).contains("not a certificate"));
        assert!(told(&certificate, &certificate).contains("not a private key"));
    }
}

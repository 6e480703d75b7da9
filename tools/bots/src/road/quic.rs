//! QUIC and WebTransport: one stream is the reliable lane, datagrams are the latest lane.

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context, Result, anyhow};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use quinn::{ClientConfig, Endpoint, crypto::rustls::QuicClientConfig};
use rustls::{
    DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio_util::codec::{FramedRead, FramedWrite, LengthDelimitedCodec};
use vivarium_protocol::limits::SERVER_RELIABLE_BYTES_MAX;
use web_transport_quinn::{RecvStream, SendStream, Session, proto::ConnectRequest};

use super::{Came, LATEST, RELIABLE, Server};

/// A connection.
pub struct Quic {
    session: Session,
    send: FramedWrite<SendStream, LengthDelimitedCodec>,
    receive: FramedRead<RecvStream, LengthDelimitedCodec>,
    /// Drives the socket.
    _endpoint: Endpoint,
}

impl Quic {
    pub async fn connect(server: &Server, is_web: bool) -> Result<Self> {
        let address = server.udp.context("the server has no QUIC")?;
        let local: SocketAddr = match address {
            SocketAddr::V4(_) => ([0, 0, 0, 0], 0).into(),
            SocketAddr::V6(_) => ([0_u16; 8], 0).into(),
        };
        let endpoint = Endpoint::client(local)?;
        let alpn: &[u8] = if is_web { b"h3" } else { b"vivarium/1" };
        let tls = config(&server.certificate_hashes, alpn)?;
        let tls = QuicClientConfig::try_from(tls).map_err(|error| anyhow!("{error}"))?;
        let config = ClientConfig::new(Arc::new(tls));
        let connection = endpoint.connect_with(config, address, "localhost")?.await?;
        let session = if is_web {
            let request = ConnectRequest::new(server.webtransport_url.parse::<url::Url>()?);
            Session::connect(connection, request).await?
        } else {
            Session::raw(connection)
        };
        let (send, receive) = session.open_bi().await?;
        let framing = || {
            LengthDelimitedCodec::builder()
                .little_endian()
                .length_field_length(4)
                .max_frame_length(SERVER_RELIABLE_BYTES_MAX)
                .new_codec()
        };
        let (send, receive) =
            (FramedWrite::new(send, framing()), FramedRead::new(receive, framing()));
        Ok(Self { session, send, receive, _endpoint: endpoint })
    }

    pub async fn send(&mut self, lane: u8, message: &[u8]) -> Result<()> {
        let bytes = Bytes::copy_from_slice(message);
        match lane {
            RELIABLE => Ok(self.send.send(bytes).await?),
            _ => Ok(self.session.send_datagram(bytes)?),
        }
    }

    pub async fn receive(&mut self) -> Came {
        tokio::select! {
            frame = self.receive.next() => match frame {
                Some(Ok(bytes)) => Came::Message(RELIABLE, bytes.freeze()),
                Some(Err(_)) | None => Came::End,
            },
            datagram = self.session.read_datagram() => match datagram {
                Ok(bytes) => Came::Message(LATEST, bytes),
                Err(_) => Came::End,
            },
        }
    }
}

/// What a client of this protocol trusts, and what it speaks.
pub fn config(hashes: &[[u8; 32]], alpn: &[u8]) -> Result<rustls::ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let trust = Arc::new(Pinned { hashes: hashes.to_vec(), provider: provider.clone() });
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(trust)
        .with_no_client_auth();
    tls.alpn_protocols = vec![alpn.to_vec()];
    Ok(tls)
}

/// Trusts the certificates whose digests the server told over HTTP, as a browser does with
/// `serverCertificateHashes`, and no others.
#[derive(Debug)]
struct Pinned {
    hashes: Vec<[u8; 32]>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let digest = web_transport_quinn::crypto::sha256(&self.provider, certificate);
        if self.hashes.iter().any(|hash| hash == digest.as_ref()) {
            return Ok(ServerCertVerified::assertion());
        }
        Err(rustls::CertificateError::UnknownIssuer.into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

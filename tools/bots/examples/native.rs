//! A whole client over QUIC in one file: connects, says hello, runs in circles, and prints what it
//! hears and sees.
//!
//! `cargo run --release -p vivarium-bots --example native -- http://127.0.0.1:8080 [SECONDS]`
//!
//! PROTOCOL.md tells the rest: coming back after a lost connection (`Taken`, `Hello.resume`),
//! inputs that are repeated in case of loss, and a clock that follows `lead_ticks`.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use quinn::crypto::rustls::QuicClientConfig;
use rustls::{
    DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio_util::codec::{FramedRead, FramedWrite, LengthDelimitedCodec};
use vivarium_bots::road::find;
use vivarium_protocol::{
    intent::{ClientLatest, ClientMessage, Hello, Input, Look, buttons},
    limits::SERVER_RELIABLE_BYTES_MAX,
    notice::ServerMessage,
    snapshot::view::View,
    wire,
};

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().context("usage: native http://HOST:PORT [SECONDS]")?;
    let seconds: u64 = arguments.next().map_or(Ok(10), |text| text.parse())?;

    // 1. Where is QUIC, and whose certificate is to be trusted there? (GET /api/roads)
    let roads = find(&url, true).await?;
    let address = roads.udp.context("the server has no QUIC")?;

    // 2. Connect with ALPN vivarium/1, and open the stream that is the reliable lane.
    let provider = Arc::new(ring::default_provider());
    let trust = Pinned { hashes: roads.certificate_hashes, provider: provider.clone() };
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trust))
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"vivarium/1".to_vec()];
    let config = quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls)?));
    let local = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let endpoint = quinn::Endpoint::client(local.parse()?)?;
    let connection = endpoint.connect_with(config, address, "localhost")?.await?;
    let (send, receive) = connection.open_bi().await?;
    // Each message in the stream: its length in four bytes, little-endian, then the message.
    let framing = || {
        LengthDelimitedCodec::builder()
            .little_endian()
            .max_frame_length(SERVER_RELIABLE_BYTES_MAX)
            .new_codec()
    };
    let mut reliable_out = FramedWrite::new(send, framing());
    let mut reliable_in = FramedRead::new(receive, framing());

    // 3. Say who comes. An empty world is the server's first one.
    let look = Look { body: [70, 130, 180], accent: [240, 220, 130] };
    let hello = Hello {
        world: String::new(),
        name: "Native".into(),
        look,
        ticket: None,
        resume: None,
        key: None,
    };
    reliable_out.send(Bytes::from(wire::encode_hello(&hello))).await?;
    let greeting = ClientMessage::Say { text: "Hello from a native client".into() };
    reliable_out.send(Bytes::from(wire::encode(&greeting))).await?;

    // 4. Listen on both lanes; once per tick, acknowledge and send an input for a tick soon to come.
    let (mut view, mut taken) = (View::default(), 0);
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / 30);
    let mut report = tokio::time::interval(Duration::from_secs(1));
    let end = tokio::time::sleep(Duration::from_secs(seconds));
    tokio::pin!(end);
    loop {
        tokio::select! {
            message = reliable_in.next() => {
                let message = wire::decode_server_message(&message.context("the end")??)?;
                println!("heard {message:?}");
                taken += u32::from(message.is_numbered());
                match message {
                    ServerMessage::Closed { reason, detail } => bail!("{reason:?}: {detail}"),
                    ServerMessage::Entered { ticks_per_s, .. } => {
                        ticks = tokio::time::interval(Duration::from_secs(1) / u32::from(ticks_per_s));
                    }
                    _ => {}
                }
                // What is confirmed need not be kept for a connection that may follow this one.
                let taken = wire::encode(&ClientMessage::Taken { count: taken });
                reliable_out.send(Bytes::from(taken)).await?;
            }
            datagram = connection.read_datagram() => drop(view.apply(&datagram?)?),
            _ = ticks.tick(), if view.tick() > 0 => {
                let angle = view.tick() as f32 / 20.0;
                let (move_x, move_z) = (angle.cos() * 127.0, angle.sin() * 127.0);
                let (move_x, move_z, buttons) = (move_x as i8, move_z as i8, buttons::RUN);
                let input = Input { move_x, move_z, buttons, ..Input::default() };
                let (ack, first_tick) = (view.ack(), view.tick() + 4);
                let latest = ClientLatest { ack, first_tick, inputs: vec![input], tracked: None };
                connection.send_datagram(Bytes::from(wire::encode(&latest)))?;
            }
            _ = report.tick() => {
                let at = view.own().map(|own| own.position_m);
                println!("tick {}: at {at:?}, sees {}", view.tick(), view.members().len());
            }
            () = &mut end => break,
        }
    }
    reliable_out.send(Bytes::from(wire::encode(&ClientMessage::Bye))).await?;
    while reliable_in.next().await.is_some_and(|message| message.is_ok()) {}
    Ok(())
}

/// Trusts exactly the certificates whose SHA-256 digests the server told.
#[derive(Debug)]
struct Pinned {
    hashes: Vec<[u8; 32]>,
    provider: Arc<CryptoProvider>,
}

#[rustfmt::skip]
impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self, certificate: &CertificateDer<'_>, _: &[CertificateDer<'_>], _: &ServerName<'_>,
        _: &[u8], _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let suite = ring::cipher_suite::TLS13_AES_128_GCM_SHA256.tls13();
        let digest = suite.map(|suite| suite.common.hash_provider.hash(certificate));
        let known = digest.is_some_and(|digest| self.hashes.iter().any(|hash| hash == digest.as_ref()));
        if known { return Ok(ServerCertVerified::assertion()) }
        Err(rustls::CertificateError::UnknownIssuer.into())
    }

    fn verify_tls12_signature(&self, message: &[u8], certificate: &CertificateDer<'_>, signed: &DigitallySignedStruct) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(&self, message: &[u8], certificate: &CertificateDer<'_>, signed: &DigitallySignedStruct) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

//! One visit over several roads: QUIC, WebTransport and WebSocket carry the same session.

use std::sync::Arc;

use anyhow::{Context, ensure};
use rustls::{RootCertStore, pki_types::pem::PemObject};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use vivarium_bots::road::{Came, RELIABLE, Transport};
use vivarium_protocol::{close::CloseReason, notice::ServerMessage, wire};

use crate::harness::{
    socket::{hello, server},
    traveller::{PATIENCE, Traveller, find},
};

#[tokio::test]
async fn a_visit_goes_on_over_every_road_and_nothing_is_lost_or_told_twice() -> anyhow::Result<()> {
    use Transport::{Quic, Webrtc, Websocket, Webtransport};

    let server = server(|config| config.link.rates.chat.burst = 20).await?;
    let roads = find(&server).await?;
    let mut bo = Traveller::set_out(&roads, Quic, &hello("Bo")).await?;
    let mut ana = Traveller::set_out(&roads, Websocket, &hello("Ana")).await?;
    ana.sees().await?;
    let mut expected = Vec::new();
    for (step, transport) in
        [Quic, Webtransport, Webrtc, Websocket, Webrtc, Webtransport, Quic, Quic]
            .into_iter()
            .enumerate()
    {
        let (mine, theirs) = (format!("{step} from Ana"), format!("{step} from Bo"));
        ana.say(&mine).await?;
        bo.heard(&mine).await?;
        bo.say(&theirs).await?;
        bo.heard(&theirs).await?;
        // What Bo said is on its way or lies there already, and is told over the next road at the
        // latest.
        let taken = ana.go_on(&roads, transport).await?;
        ensure!(taken == step as u32 + 1, "{taken} of Ana's messages after step {step}");
        ana.heard(&theirs).await?;
        ana.sees().await?;
        expected.extend([mine, theirs]);
    }
    assert_eq!(ana.texts(), expected);
    assert_eq!(bo.texts(), expected);
    let entered =
        ana.told.iter().filter(|told| matches!(told, ServerMessage::Entered { .. })).count();
    assert_eq!(entered, 1, "she never had to be told anew");
    assert!(server.people_count() == 2);
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn a_server_that_stops_says_so_on_every_road() -> anyhow::Result<()> {
    for transport in Transport::ALL {
        let server = server(|_| {}).await?;
        let roads = find(&server).await?;
        let mut ana = Traveller::set_out(&roads, transport, &hello("Ana")).await?;
        let listening = async {
            loop {
                if let Came::Message(RELIABLE, bytes) = ana.came().await?
                    && let ServerMessage::Closed { reason, .. } =
                        wire::decode_server_message(&bytes)?
                {
                    ana.road.close().await;
                    return anyhow::Ok(reason);
                }
            }
        };
        let (reason, ended) = tokio::join!(listening, server.shutdown());
        assert_eq!(reason?, CloseReason::ShuttingDown, "{transport:?}");
        assert_eq!(ended.worlds.len(), 2);
    }
    Ok(())
}

#[tokio::test]
async fn with_a_certificate_pages_are_served_over_https_and_nothing_in_plain() -> anyhow::Result<()>
{
    let folder = tempfile::tempdir()?;
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
    let (certificate, key) = (folder.path().join("tls.pem"), folder.path().join("tls.key"));
    std::fs::write(&certificate, made.cert.pem())?;
    std::fs::write(&key, made.signing_key.serialize_pem())?;
    let server = server(|config| {
        config.tls_cert = Some(certificate.clone());
        config.tls_key = Some(key);
    })
    .await?;

    let mut roots = RootCertStore::empty();
    roots.add(rustls::pki_types::CertificateDer::from_pem_file(&certificate)?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let stream = TcpStream::connect(server.address()).await?;
    let mut stream = connector.connect("localhost".try_into()?, stream).await?;
    let request = b"GET /api/roads HTTP/1.1\r\nhost: localhost:1\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await?;
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.context("no answer")??;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let port = server.udp_address().context("QUIC is there")?.port();
    assert!(answer.contains(&format!("https://localhost:{port}/connect")), "{answer}");
    assert!(answer.contains(r#""certificate_hashes":[]"#), "it is trusted otherwise: {answer}");

    let mut plain = TcpStream::connect(server.address()).await?;
    plain.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await?;
    let mut answer = Vec::new();
    // A TLS alert, or the end; no page.
    let _ = timeout(PATIENCE, plain.read_to_end(&mut answer)).await.context("no end")?;
    assert!(!answer.starts_with(b"HTTP"), "{}", String::from_utf8_lossy(&answer));
    server.shutdown().await;
    Ok(())
}

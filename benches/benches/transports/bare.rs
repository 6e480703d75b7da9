//! The least that sends the same over the same libraries: no session, no limits, nothing kept.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use axum::{Router, http::StatusCode, routing::post};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use quinn::{AckFrequencyConfig, Endpoint, TransportConfig, crypto::rustls::QuicServerConfig};
use rustls::{
    pki_types::PrivatePkcs8KeyDer,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::{net::TcpListener, sync::watch};
use tokio_tungstenite::{
    accept_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};
use tokio_util::codec::{FramedWrite, LengthDelimitedCodec};
use vivarium_bots::road::{Server, Transport};
use vivarium_link::{
    adapters::webrtc::{config::WebRtcConfig, endpoint::WebRtcEndpoint},
    limits::{
        QUIC_ACK_DELAY_MAX, QUIC_PACKETS_PER_ACK, WEBSOCKET_READ_BUFFER_BYTES,
        WEBSOCKET_WRITE_BUFFER_BYTES,
    },
};
use web_transport_quinn::{Request, Session};

use crate::{Lane, Load, PER_S, Serving};

/// Tells all connections that it is time.
type Ticks = watch::Receiver<u64>;

pub async fn serve(transport: Transport, load: Option<Load>, is_tuned: bool) -> Result<Serving> {
    let load = load.context("a bare server only sends")?;
    let (tick, ticks) = watch::channel(0_u64);
    tokio::spawn(async move {
        let mut interval = tokio::time::interval(Duration::from_millis(1_000 / PER_S));
        while !tick.is_closed() {
            interval.tick().await;
            tick.send_modify(|tick| *tick += 1);
        }
    });
    match transport {
        Transport::Websocket => websocket(load, ticks).await,
        Transport::Quic | Transport::Webtransport => quic(load, ticks, is_tuned),
        Transport::Webrtc => webrtc(load, ticks).await,
    }
}

fn roads() -> Server {
    Server {
        authority: String::new(),
        local: [127, 0, 0, 1].into(),
        websocket_url: String::new(),
        webtransport_url: String::new(),
        udp: None,
        webrtc: None,
        certificate_hashes: Vec::new(),
    }
}

pub fn websocket_roads(listener: &TcpListener) -> Result<Server> {
    let websocket_url = format!("ws://{}/connect", listener.local_addr()?);
    Ok(Server { websocket_url, ..roads() })
}

pub fn quic_roads(udp: SocketAddr, digest: [u8; 32]) -> Server {
    let webtransport_url = format!("https://localhost:{}/connect", udp.port());
    Server { udp: Some(udp), webtransport_url, certificate_hashes: vec![digest], ..roads() }
}

async fn websocket(load: Load, ticks: Ticks) -> Result<Serving> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let roads = websocket_roads(&listener)?;
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut ticks = ticks.clone();
            tokio::spawn(async move {
                stream.set_nodelay(true)?;
                let config = WebSocketConfig::default()
                    .read_buffer_size(WEBSOCKET_READ_BUFFER_BYTES)
                    .write_buffer_size(WEBSOCKET_WRITE_BUFFER_BYTES);
                let mut socket = accept_async_with_config(stream, Some(config)).await?;
                let lane = if load.lane == Lane::Latest { 1 } else { 0 };
                let message = Bytes::from([&[lane], &load.message()[..]].concat());
                loop {
                    tokio::select! {
                        Ok(()) = ticks.changed() => {
                            socket.send(Message::Binary(message.clone())).await?;
                        }
                        came = socket.next() => drop(came.context("the end")??),
                    }
                }
                #[expect(unreachable_code, reason = "names the type")]
                anyhow::Ok(())
            });
        }
    });
    Ok(Serving { roads, task: task.abort_handle() })
}

/// Always the same.
#[derive(Debug)]
struct OneCertificate(Arc<CertifiedKey>);

impl ResolvesServerCert for OneCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

/// A certificate, and its digest (SHA-256).
pub fn certificate() -> Result<(Arc<dyn ResolvesServerCert>, [u8; 32])> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into()])?;
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = rustls::crypto::ring::default_provider();
    let key = provider.key_provider.load_private_key(key.into())?;
    let certificate = made.cert.der().clone();
    let digest = web_transport_quinn::crypto::sha256(&provider.into(), &certificate);
    let digest = digest.as_ref().try_into()?;
    let certificate = CertifiedKey::new(vec![certificate], key);
    Ok((Arc::new(OneCertificate(Arc::new(certificate))), digest))
}

fn quic(load: Load, ticks: Ticks, is_tuned: bool) -> Result<Serving> {
    let (certificate, digest) = certificate()?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_cert_resolver(certificate);
    tls.alpn_protocols = vec![b"h3".to_vec(), b"vivarium/1".to_vec()];
    let mut config = quinn::ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls)?));
    let mut transport = TransportConfig::default();
    if is_tuned {
        let mut acks = AckFrequencyConfig::default();
        acks.ack_eliciting_threshold(QUIC_PACKETS_PER_ACK.into())
            .max_ack_delay(Some(QUIC_ACK_DELAY_MAX));
        transport.ack_frequency_config(Some(acks));
    }
    config.transport_config(Arc::new(transport));
    let endpoint = Endpoint::server(config, ([127, 0, 0, 1], 0).into())?;
    let roads = quic_roads(endpoint.local_addr()?, digest);
    let task = tokio::spawn(async move {
        while let Some(incoming) = endpoint.accept().await {
            let ticks = ticks.clone();
            tokio::spawn(async move {
                let connection = incoming.await?;
                let data = connection.handshake_data().context("a handshake")?;
                let data = data.downcast::<quinn::crypto::rustls::HandshakeData>();
                let is_web = data.is_ok_and(|data| data.protocol.as_deref() == Some(b"h3"));
                let session = if is_web {
                    Request::accept(connection).await?.ok().await?
                } else {
                    Session::raw(connection)
                };
                push(session, load, ticks).await
            });
        }
    });
    Ok(Serving { roads, task: task.abort_handle() })
}

async fn push(session: Session, load: Load, mut ticks: Ticks) -> Result<()> {
    let (send, mut receive) = session.accept_bi().await?;
    let framing = LengthDelimitedCodec::builder().little_endian().new_codec();
    let mut send = FramedWrite::new(send, framing);
    let message = load.message();
    let mut buffer = [0; 512];
    loop {
        tokio::select! {
            Ok(()) = ticks.changed() => match load.lane {
                Lane::Latest => session.send_datagram(message.clone())?,
                Lane::Reliable => send.send(message.clone()).await?,
            },
            came = session.read_datagram() => drop(came?),
            came = receive.read(&mut buffer) => drop(came?),
        }
    }
}

/// Where offers are answered.
pub async fn signalling<F>(
    answer: impl Fn(String) -> F + Clone + Send + Sync + 'static,
) -> Result<Serving>
where
    F: Future<Output = Result<String>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let authority = listener.local_addr()?.to_string();
    let router = Router::new().route(
        "/api/rtc",
        post(move |offer: String| {
            let answered = answer(offer);
            async move {
                answered.await.map_err(|error| (StatusCode::SERVICE_UNAVAILABLE, error.to_string()))
            }
        }),
    );
    let task = tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(Serving { roads: Server { authority, ..roads() }, task: task.abort_handle() })
}

/// Over the port that all peers share, which is ours: the library itself has one socket for each.
async fn webrtc(load: Load, ticks: Ticks) -> Result<Serving> {
    let here = SocketAddr::from(([127, 0, 0, 1], 0));
    let endpoint = Arc::new(WebRtcEndpoint::bind(here, WebRtcConfig::default())?);
    signalling(move |offer| {
        let (endpoint, mut ticks) = (endpoint.clone(), ticks.clone());
        async move {
            let (answer, pending) = endpoint.answer(&offer).await?;
            tokio::spawn(async move {
                let (mut sender, mut receiver) = pending.connected().await?.split();
                let message = load.message();
                loop {
                    tokio::select! {
                        Ok(()) = ticks.changed() => match load.lane {
                            Lane::Latest => drop(sender.try_send_unreliable(message.clone()).await),
                            Lane::Reliable => sender.send_reliable(message.clone()).await?,
                        },
                        came = receiver.recv() => drop(came.context("the end")?),
                    }
                }
                #[expect(unreachable_code, reason = "names the type")]
                anyhow::Ok(())
            });
            Ok(answer)
        }
    })
    .await
}

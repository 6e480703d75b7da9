//! Finds out over HTTP where the server's roads begin.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::{Context, Result, bail, ensure};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Method, Request, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpStream;

/// Bytes of an answer; a longer one is refused.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Where a server's roads begin.
#[derive(Clone, Debug)]
pub struct Server {
    /// `HOST:PORT` of its HTTP.
    pub authority: String,
    /// Address of this machine on the way to the server.
    pub local: IpAddr,
    /// Address of the WebSocket.
    pub websocket_url: String,
    /// Address of WebTransport.
    pub webtransport_url: String,
    /// Where QUIC is, if it is.
    pub udp: Option<SocketAddr>,
    /// Where WebRTC is reached instead of where the answer says, as behind a forwarded port.
    pub webrtc: Option<SocketAddr>,
    /// Digests (SHA-256) of the certificates there.
    pub certificate_hashes: Vec<[u8; 32]>,
}

#[derive(Debug, Deserialize)]
struct Roads {
    quic: Option<QuicRoad>,
}

#[derive(Debug, Deserialize)]
struct QuicRoad {
    port: u16,
    certificate_hashes: Vec<String>,
}

/// `HOST:PORT` of an HTTP address.
fn authority(url: &str) -> Result<&str> {
    let Some(host) = url.strip_prefix("http://") else {
        bail!("{url} is not an address like http://HOST:PORT (https is not spoken by the bots)");
    };
    let host = host.trim_end_matches('/');
    if host.is_empty() || host.contains('/') {
        bail!("{url} is not an address like http://HOST:PORT");
    }
    Ok(host)
}

/// What a server says of itself; `needs_udp`: whether it must say where QUIC is.
pub async fn find(url: &str, needs_udp: bool) -> Result<Server> {
    let authority = authority(url)?;
    let mut server = Server {
        authority: authority.to_owned(),
        local: Ipv4Addr::UNSPECIFIED.into(),
        websocket_url: format!("ws://{authority}/connect"),
        webtransport_url: String::new(),
        udp: None,
        webrtc: None,
        certificate_hashes: Vec::new(),
    };
    if !needs_udp {
        return Ok(server);
    }
    let stream = connect(authority).await?;
    let peer = stream.peer_addr()?;
    server.local = stream.local_addr()?.ip();
    let answer = ask(stream, authority, Method::GET, "/api/roads", String::new()).await;
    let roads: Roads = serde_json::from_slice(&answer.context("asking for /api/roads")?)?;
    let quic = roads.quic.context("the server has no QUIC")?;
    server.udp = Some(SocketAddr::new(peer.ip(), quic.port));
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    server.webtransport_url = format!("https://{host}:{}/connect", quic.port);
    for hash in &quic.certificate_hashes {
        server.certificate_hashes.push(digest(hash).context("a digest of 64 hexadecimal digits")?);
    }
    Ok(server)
}

/// The answer to a WebRTC offer; both are SDP.
pub(super) async fn offer(server: &Server, sdp: String) -> Result<String> {
    let stream = connect(&server.authority).await?;
    let answer = ask(stream, &server.authority, Method::POST, "/api/rtc", sdp).await;
    Ok(String::from_utf8(answer.context("posting an offer to /api/rtc")?.to_vec())?)
}

async fn connect(authority: &str) -> Result<TcpStream> {
    TcpStream::connect(authority)
        .await
        .with_context(|| format!("connecting to {authority} (a port is needed)"))
}

async fn ask(
    stream: TcpStream,
    authority: &str,
    method: Method,
    path: &str,
    body: String,
) -> Result<Bytes> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", authority)
        .body(Full::new(Bytes::from(body)))
        .context("a request")?;
    let response = sender.send_request(request).await?;
    ensure!(response.status().is_success(), "{}", response.status());
    let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX);
    let body = body.collect().await.map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(body.to_bytes())
}

fn digest(hex: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    for (index, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn addresses_lead_to_the_socket() {
        let server = find("http://127.0.0.1:8080/", false).await.unwrap();
        assert_eq!(server.websocket_url, "ws://127.0.0.1:8080/connect");
        for wrong in ["127.0.0.1:8080", "https://x", "http://", "http://host/path"] {
            assert!(find(wrong, false).await.is_err(), "{wrong}");
        }
    }

    #[test]
    fn digests_are_read_or_refused() {
        assert_eq!(digest(&"0f".repeat(32)), Some([15; 32]));
        assert_eq!(digest(&"zz".repeat(32)), None);
        assert_eq!(digest("0f"), None);
    }
}

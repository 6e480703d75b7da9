//! Requests over a connection that is kept.

use std::{net::SocketAddr, pin::pin};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Request,
    client::conn::http1::{SendRequest, handshake},
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A builder's connection.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    address: SocketAddr,
    bearer: String,
}

impl Connection {
    pub async fn open(address: SocketAddr, key: &[u8]) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move {
            // It ends with the server.
            let _ = pin!(connection).await;
        });
        let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { sender, address, bearer: format!("Bearer {digits}") })
    }

    /// Posts JSON; gives the status.
    pub async fn post(&mut self, path: &str, body: &serde_json::Value) -> anyhow::Result<u16> {
        let request = Request::post(path)
            .header("host", self.address.to_string())
            .header("authorization", &self.bearer)
            .header("content-type", "application/json")
            .body(Full::from(body.to_string()))?;
        let answer = self.sender.send_request(request).await?;
        let status = answer.status().as_u16();
        answer.into_body().collect().await?;
        Ok(status)
    }
}

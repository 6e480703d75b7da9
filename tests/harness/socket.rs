//! A real server in this process, and clients that speak the real protocol to it over sockets.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{self, Message, client::IntoClientRequest},
};
use vivarium_bots::replica::Replica;
use vivarium_host::{config::ServerConfig, server::Server, worlds::WorldSource};
use vivarium_protocol::{
    close::CloseReason,
    frame::Frame,
    ids::PersonId,
    intent::{ClientLatest, ClientMessage, Hello, Input},
    limits::RESUME_TOKEN_BYTES,
    notice::ServerMessage,
    wire,
};

use super::LOOK;

/// Nothing that is awaited takes longer on a machine that works.
const PATIENCE: Duration = Duration::from_secs(20);

pub const RELIABLE: u8 = 0;
pub const LATEST: u8 = 1;

/// Two small worlds, joined by portals: `here`, where people arrive, and `there`.
pub fn worlds() -> Vec<WorldSource> {
    let world = |name: &str, other: &str| {
        let document = json!({
            "version": 1, "name": name, "title": name,
            "objects": [
                { "position_m": [0.0, -0.5, 0.0], "properties": { "colliders": [
                    { "shape": { "box": { "size_m": [100.0, 1.0, 100.0] } } }] } },
                { "name": "gate", "properties": { "spawn": {} } },
                { "position_m": [3.0, 1.0, 0.0], "properties": {
                    "portal": { "world": other, "spawn": "gate", "size_m": [1.0, 2.0, 4.0] } } },
                { "name": "ball", "position_m": [0.0, 0.4, -3.0], "properties": {
                    "body": { "kind": "dynamic" },
                    "colliders": [{ "shape": { "ball": { "radius_m": 0.4 } } }] } }
            ]
        });
        WorldSource::from_json(document.to_string().into()).expect("a valid document")
    };
    vec![world("here", "there"), world("there", "here")]
}

/// A server with [`worlds`] on a free port, and `change` made to its configuration.
pub async fn server(change: impl FnOnce(&mut ServerConfig)) -> anyhow::Result<Server> {
    let mut config = ServerConfig::on_free_port();
    change(&mut config);
    Ok(Server::start_with(config, worlds()).await?)
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A client that sends whatever a test wants.
pub struct Client {
    socket: Socket,
    pub person: PersonId,
    pub resume: [u8; RESUME_TOKEN_BYTES],
    pub replica: Replica,
    pub frame: Option<Frame>,
}

/// What the server said at the end.
#[derive(Debug, PartialEq, Eq)]
pub struct Farewell {
    pub told: Option<(CloseReason, String)>,
    pub code: Option<u16>,
}

pub fn hello(name: &str) -> Hello {
    Hello { world: String::new(), name: name.into(), look: LOOK, resume: None }
}

impl Client {
    /// Connects, without a handshake.
    pub async fn connect(server: &Server) -> anyhow::Result<Self> {
        Self::connect_from(server, None).await.context("connecting")
    }

    /// Connects from a page of `origin`.
    pub async fn connect_from(
        server: &Server,
        origin: Option<&str>,
    ) -> Result<Self, tungstenite::Error> {
        let mut request = format!("ws://{}/connect", server.address()).into_client_request()?;
        if let Some(origin) = origin {
            let origin = origin.parse().expect("origins are header values");
            request.headers_mut().insert("origin", origin);
        }
        let (socket, _) = tokio_tungstenite::connect_async(request).await?;
        Ok(Self {
            socket,
            person: PersonId(0),
            resume: [0; RESUME_TOKEN_BYTES],
            replica: Replica::default(),
            frame: None,
        })
    }

    /// Connects and is accepted; gives whether an earlier session goes on.
    pub async fn join(server: &Server, hello: &Hello) -> anyhow::Result<(Self, bool)> {
        let mut client = Self::connect(server).await?;
        client.send_raw(RELIABLE, &wire::encode_hello(hello)).await?;
        let ServerMessage::Accepted { person, resume, resumed, .. } = client.told().await? else {
            bail!("the first word is Accepted");
        };
        client.person = person;
        client.resume = resume;
        Ok((client, resumed))
    }

    /// Joins and waits until it is in a world.
    pub async fn enter(server: &Server, name: &str) -> anyhow::Result<Self> {
        let (mut client, _) = Self::join(server, &hello(name)).await?;
        client.told_of(|notice| matches!(notice, ServerMessage::Entered { .. })).await?;
        Ok(client)
    }

    pub async fn send_raw(&mut self, lane: u8, message: &[u8]) -> anyhow::Result<()> {
        let mut bytes = vec![lane];
        bytes.extend_from_slice(message);
        Ok(self.socket.send(Message::binary(bytes)).await?)
    }

    pub async fn send_message(&mut self, message: Message) -> anyhow::Result<()> {
        Ok(self.socket.send(message).await?)
    }

    pub async fn send(&mut self, message: &ClientMessage) -> anyhow::Result<()> {
        self.send_raw(RELIABLE, &wire::encode(message)).await
    }

    /// Walks for one tick, three ticks ahead of the newest frame.
    pub async fn steer(&mut self, input: Input) -> anyhow::Result<()> {
        let ack = self.frame.as_ref().map_or(0, |frame| frame.tick);
        let latest = ClientLatest { ack, first_tick: ack + 3, inputs: vec![input], tracked: None };
        self.send_raw(LATEST, &wire::encode(&latest)).await
    }

    async fn next(&mut self) -> anyhow::Result<(u8, Vec<u8>)> {
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await.context("silence")?;
            match message.context("the connection ended")?? {
                Message::Binary(bytes) => {
                    let (lane, rest) = bytes.split_first().context("an empty message")?;
                    return Ok((*lane, rest.to_vec()));
                }
                Message::Close(frame) => bail!("closed: {frame:?}"),
                _ => {}
            }
        }
    }

    /// The next notice; frames on the way are applied.
    pub async fn told(&mut self) -> anyhow::Result<ServerMessage> {
        loop {
            let (lane, bytes) = self.next().await?;
            if lane == RELIABLE {
                let notice = wire::decode_server_message(&bytes)?;
                if matches!(notice, ServerMessage::Entered { .. }) {
                    self.replica.clear();
                    self.frame = None;
                }
                return Ok(notice);
            }
            self.apply(&bytes)?;
        }
    }

    /// Waits for a notice that `fits`.
    pub async fn told_of(
        &mut self,
        fits: impl Fn(&ServerMessage) -> bool,
    ) -> anyhow::Result<ServerMessage> {
        loop {
            let notice = self.told().await?;
            if fits(&notice) {
                return Ok(notice);
            }
        }
    }

    /// Waits for the next frame; notices on the way are passed over.
    pub async fn framed(&mut self) -> anyhow::Result<&Frame> {
        loop {
            let (lane, bytes) = self.next().await?;
            if lane == LATEST {
                self.apply(&bytes)?;
                return self.frame.as_ref().context("a frame was applied");
            }
        }
    }

    fn apply(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        let frame = wire::decode_frame(bytes)?;
        let applied = self.replica.apply(&frame);
        ensure!(applied.is_ok(), "frame {} does not apply: {applied:?}", frame.tick);
        self.frame = Some(frame);
        Ok(())
    }

    /// Reads until the server ends the connection.
    pub async fn farewell(mut self) -> anyhow::Result<Farewell> {
        let mut farewell = Farewell { told: None, code: None };
        loop {
            match timeout(PATIENCE, self.socket.next()).await.context("not closed")? {
                Some(Ok(Message::Binary(bytes))) if bytes.first() == Some(&RELIABLE) => {
                    if let ServerMessage::Closed { reason, detail } =
                        wire::decode_server_message(&bytes[1..])?
                    {
                        farewell.told = Some((reason, detail));
                    }
                }
                Some(Ok(Message::Close(frame))) => {
                    farewell.code = frame.map(|frame| frame.code.into());
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Ok(farewell),
            }
        }
    }

    /// Ends the connection without a word, as a network does.
    pub fn vanish(self) {
        drop(self.socket);
    }
}

/// A plain HTTP request; gives status and body.
pub async fn get(server: &Server, path: &str) -> anyhow::Result<(u16, String)> {
    let mut stream = TcpStream::connect(server.address()).await?;
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", server.address());
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut answer)).await.context("no answer")??;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
    Ok((status.context("a status line")?, body.context("a body")?))
}

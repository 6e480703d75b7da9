//! A real server in this process, and clients that speak the real protocol to it over sockets.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use futures_util::{FutureExt, SinkExt, StreamExt};
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
use vivarium_host::{config::ServerConfig, server::Server, worlds::WorldSource};
use vivarium_protocol::{
    close::CloseReason,
    ids::PersonId,
    intent::{ClientLatest, ClientMessage, Hello, Input, Resume},
    limits::RESUME_TOKEN_BYTES,
    notice::ServerMessage,
    snapshot::{
        packet::PacketHead,
        view::{Applied, View},
    },
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
    pub view: View,
    /// Numbered messages of the server that were taken in.
    pub taken: u32,
    /// Those of its own that the server had taken in when it was accepted.
    server_taken: u32,
    /// The newest packet, and when it came.
    packet: Option<(PacketHead, Instant)>,
    ticks_per_s: u16,
    /// Came while nobody listened.
    notices: VecDeque<ServerMessage>,
}

/// What the server said at the end.
#[derive(Debug, PartialEq, Eq)]
pub struct Farewell {
    pub told: Option<(CloseReason, String)>,
    pub code: Option<u16>,
}

pub fn hello(name: &str) -> Hello {
    Hello {
        world: String::new(),
        name: name.into(),
        look: LOOK,
        ticket: None,
        resume: None,
        key: None,
    }
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
        Self::connect_to(server.address(), origin).await
    }

    async fn connect_to(
        address: SocketAddr,
        origin: Option<&str>,
    ) -> Result<Self, tungstenite::Error> {
        let mut request = format!("ws://{address}/connect").into_client_request()?;
        if let Some(origin) = origin {
            let origin = origin.parse().expect("origins are header values");
            request.headers_mut().insert("origin", origin);
        }
        let (socket, _) = tokio_tungstenite::connect_async(request).await?;
        Ok(Self {
            socket,
            person: PersonId(0),
            resume: [0; RESUME_TOKEN_BYTES],
            view: View::default(),
            taken: 0,
            server_taken: 0,
            packet: None,
            ticks_per_s: 0,
            notices: VecDeque::new(),
        })
    }

    /// Joins a server of another process, and waits until it is in a world.
    pub async fn enter_at(address: SocketAddr, name: &str) -> anyhow::Result<Self> {
        let mut client = Self::connect_to(address, None).await.context("connecting")?;
        client.greet(&hello(name)).await?;
        client.told_of(|notice| matches!(notice, ServerMessage::Entered { .. })).await?;
        Ok(client)
    }

    /// Connects and is accepted; gives whether an earlier session goes on.
    pub async fn join(server: &Server, hello: &Hello) -> anyhow::Result<(Self, bool)> {
        let mut client = Self::connect(server).await?;
        let resumed = client.greet(hello).await?;
        Ok((client, resumed))
    }

    async fn greet(&mut self, hello: &Hello) -> anyhow::Result<bool> {
        self.send_raw(RELIABLE, &wire::encode_hello(hello)).await?;
        let ServerMessage::Accepted { person, resume, resumed, taken, told, .. } =
            self.told().await?
        else {
            bail!("the first word is Accepted");
        };
        (self.person, self.resume) = (person, resume);
        (self.taken, self.server_taken) = (told, taken);
        Ok(resumed)
    }

    /// Goes on with this session over a new connection, and gives how many of its own numbered
    /// messages the server has taken in.
    pub async fn come_back(&mut self, server: &Server) -> anyhow::Result<u32> {
        let resume = Some(Resume { token: self.resume, taken: Some(self.taken) });
        let (next, resumed) = Self::join(server, &Hello { resume, ..hello("somebody") }).await?;
        ensure!(resumed, "the session is over");
        ensure!(next.taken == self.taken, "the server tells what it told before");
        self.socket = next.socket;
        self.resume = next.resume;
        self.send(&ClientMessage::Taken { count: self.taken }).await?;
        Ok(next.server_taken)
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

    /// Walks for one tick, three ticks ahead of the server; nothing comes from it while all rests.
    pub async fn steer(&mut self, input: Input) -> anyhow::Result<()> {
        // What has come already is newer than what was read.
        while let Some(read) = self.next().now_or_never() {
            let (lane, bytes) = read?;
            self.take(lane, &bytes)?;
        }
        let now = self.packet.map_or(0, |(packet, came)| {
            packet.tick + (came.elapsed().as_secs_f32() * f32::from(self.ticks_per_s)) as u32
        });
        let ack = self.view.ack();
        let latest = ClientLatest { ack, first_tick: now + 3, inputs: vec![input], tracked: None };
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

    /// Applies a packet, and gives its head; keeps a notice.
    fn take(&mut self, lane: u8, bytes: &[u8]) -> anyhow::Result<Option<PacketHead>> {
        if lane == RELIABLE {
            let notice = wire::decode_server_message(bytes)?;
            self.taken += u32::from(notice.is_numbered());
            if let ServerMessage::Entered { ticks_per_s, .. } = notice {
                self.view.clear();
                self.packet = None;
                self.ticks_per_s = ticks_per_s;
            }
            self.notices.push_back(notice);
            return Ok(None);
        }
        let (head, applied) = self.view.apply(bytes)?;
        ensure!(applied == Applied::Whole, "packet {} does not apply: {applied:?}", head.number);
        self.packet = Some((head, Instant::now()));
        Ok(Some(head))
    }

    /// The next notice; packets on the way are applied.
    pub async fn told(&mut self) -> anyhow::Result<ServerMessage> {
        loop {
            if let Some(notice) = self.notices.pop_front() {
                return Ok(notice);
            }
            let (lane, bytes) = self.next().await?;
            self.take(lane, &bytes)?;
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

    /// Waits for the next packet; notices on the way are kept.
    pub async fn framed(&mut self) -> anyhow::Result<PacketHead> {
        loop {
            let (lane, bytes) = self.next().await?;
            if let Some(head) = self.take(lane, &bytes)? {
                return Ok(head);
            }
        }
    }

    /// Reads until the server ends the connection.
    pub async fn farewell(mut self) -> anyhow::Result<Farewell> {
        let told = self.notices.iter().find_map(|notice| match notice {
            ServerMessage::Closed { reason, detail } => Some((*reason, detail.clone())),
            _ => None,
        });
        let mut farewell = Farewell { told, code: None };
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

    /// Swaps the connection for that of another client.
    pub fn exchange(&mut self, mut other: Self) -> Self {
        std::mem::swap(&mut self.socket, &mut other.socket);
        other
    }

    /// Ends the connection without a word, as a network does.
    pub fn vanish(self) {
        drop(self.socket);
    }
}

/// A plain HTTP request; gives status and body.
pub async fn get(server: &Server, path: &str) -> anyhow::Result<(u16, String)> {
    ask(server, "GET", path, None, "").await
}

/// The same, without a body of its own.
pub async fn post(server: &Server, path: &str) -> anyhow::Result<(u16, String)> {
    ask(server, "POST", path, None, "").await
}

/// Posts a body from a page of `origin`.
pub async fn post_from(
    server: &Server,
    path: &str,
    origin: &str,
    body: &str,
) -> anyhow::Result<(u16, String)> {
    ask(server, "POST", path, Some(origin), body).await
}

/// Sends the head of a request whose body of `bytes` bytes never comes.
pub async fn post_head(
    server: &Server,
    path: &str,
    origin: &str,
    bytes: usize,
) -> anyhow::Result<(u16, String)> {
    let head = format!("origin: {origin}\r\ncontent-length: {bytes}\r\n");
    exchange(server, format!("POST {path} HTTP/1.1\r\nhost: {}\r\n{head}\r\n", server.address()))
        .await
}

async fn ask(
    server: &Server,
    method: &str,
    path: &str,
    origin: Option<&str>,
    body: &str,
) -> anyhow::Result<(u16, String)> {
    let host = server.address();
    let origin = origin.map(|origin| format!("origin: {origin}\r\n")).unwrap_or_default();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\n{origin}content-type: application/sdp\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len(),
    );
    exchange(server, request).await
}

/// A request as a builder makes it: JSON with the secret of a device. Gives status, headers and
/// body.
pub async fn build(
    address: SocketAddr,
    (method, path): (&str, &str),
    key: &str,
    body: &str,
) -> anyhow::Result<(u16, String, String)> {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len(),
    );
    let (status, head, body) = exchange_with(address, request).await?;
    Ok((status, head.to_lowercase(), body))
}

async fn exchange(server: &Server, request: String) -> anyhow::Result<(u16, String)> {
    let (status, _, body) = exchange_with(server.address(), request).await?;
    Ok((status, body))
}

async fn exchange_with(
    address: SocketAddr,
    request: String,
) -> anyhow::Result<(u16, String, String)> {
    let mut stream = TcpStream::connect(address).await?;
    // A body that is too large is refused before it was sent.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut answer)).await.context("no answer")??;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
    let (head, body) = answer.split_once("\r\n\r\n").context("a body")?;
    Ok((status.context("a status line")?, head.to_owned(), body.to_owned()))
}

//! Stories over real sockets, with puppet worlds where the world is not the point.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest},
};
use vivarium_contract::{Digest, Phase, TickReport, WorldInput, WorldOutput, WorldSpec};
use vivarium_link::transport::Lane;
use vivarium_protocol::{
    close::CloseReason,
    ids::PersonId,
    intent::{ClientMessage, Hello, Resume},
    limits::RESUME_TOKEN_BYTES,
    notice::ServerMessage,
    snapshot::view::View,
    wire,
};

use super::*;
use crate::{
    puppet::{LOOK, Puppet, source},
    recording::Records,
    replay::{self, replay},
};

/// Longer than anything here should take; reached only when a test fails.
const DEADLINE: Duration = Duration::from_secs(30);

fn config(folder: &tempfile::TempDir) -> ServerConfig {
    ServerConfig {
        data: folder.path().join("data"),
        client: folder.path().join("client"),
        assets: folder.path().join("assets"),
        ..ServerConfig::on_free_port()
    }
}

async fn start_worlds<W: Ticking>(
    config: ServerConfig,
    sources: Vec<WorldSource>,
) -> Result<Server, StartError> {
    Server::start_worlds::<W>(config, sources, Box::new(MemoryStore::default())).await
}

async fn puppets(folder: &tempfile::TempDir) -> Server {
    let sources = vec![source("plaza"), source("garden")];
    start_worlds::<Puppet>(config(folder), sources).await.unwrap()
}

type Token = [u8; RESUME_TOKEN_BYTES];

/// Somebody with a browser.
struct Visitor {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    person: PersonId,
    token: [u8; RESUME_TOKEN_BYTES],
    resumed: bool,
}

impl Visitor {
    async fn new(server: &Server, name: &str, resume: Option<(Token, Option<u32>)>) -> Self {
        let url = format!("ws://{}/connect", server.address());
        let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        let mut visitor = Self { socket, person: PersonId(0), token: [0; 16], resumed: false };
        let resume = resume.map(|(token, taken)| Resume { token, taken });
        let (world, name) = (String::new(), name.into());
        let hello = Hello { world, name, look: LOOK, ticket: None, resume, key: None };
        visitor.send(Lane::Reliable, wire::encode_hello(&hello)).await;
        match visitor.message().await {
            ServerMessage::Accepted { person, resume, resumed, .. } => {
                (visitor.person, visitor.token, visitor.resumed) = (person, resume, resumed);
            }
            other => panic!("{other:?}"),
        }
        visitor
    }

    async fn send(&mut self, lane: Lane, bytes: Vec<u8>) {
        let message = [vec![lane as u8], bytes].concat();
        self.socket.send(Message::Binary(message.into())).await.unwrap();
    }

    async fn say(&mut self, text: &str) {
        let message = ClientMessage::Say { text: text.into() };
        self.send(Lane::Reliable, wire::encode(&message)).await;
    }

    async fn next(&mut self) -> Option<Message> {
        let next = tokio::time::timeout(DEADLINE, self.socket.next());
        next.await.expect("nothing came").map(Result::unwrap)
    }

    /// The next message of a lane.
    async fn on(&mut self, lane: Lane) -> Vec<u8> {
        loop {
            match self.next().await {
                Some(Message::Binary(bytes)) if bytes[0] == lane as u8 => {
                    return bytes[1..].to_vec();
                }
                Some(Message::Binary(_) | Message::Ping(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    async fn message(&mut self) -> ServerMessage {
        wire::decode_server_message(&self.on(Lane::Reliable).await).unwrap()
    }

    /// Reads on until something is heard.
    async fn hears(&mut self, expected: &str) {
        match self.message().await {
            ServerMessage::Heard { text, .. } => assert_eq!(text, expected),
            other => panic!("{other:?} instead of {expected}"),
        }
    }

    /// Reads on until the readable end, and expects the close frame after it.
    async fn ends_with(mut self, expected: CloseReason) {
        loop {
            if let ServerMessage::Closed { reason, .. } = self.message().await {
                assert_eq!(reason, expected);
                break;
            }
        }
        match self.next().await {
            Some(Message::Close(Some(frame))) => {
                assert_eq!(u16::from(frame.code), expected.code());
                assert_eq!(frame.reason.as_str(), expected.text());
            }
            other => panic!("{other:?} instead of a close frame"),
        }
        // Answers the close frame.
        assert_eq!(self.next().await, None);
    }
}

/// One plain HTTP request; the head and the body of the answer.
async fn ask(server: &Server, head: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let host = server.address();
    let request = format!("{head}\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(DEADLINE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    answer
}

async fn get(server: &Server, path: &str) -> String {
    ask(server, &format!("GET {path} HTTP/1.1")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_meet_talk_and_go_through_a_portal() {
    let folder = tempfile::tempdir().unwrap();
    let server = puppets(&folder).await;
    let mut ana = Visitor::new(&server, "Ana", None).await;
    ana.hears("Ana enters plaza at anywhere").await;
    let mut bo = Visitor::new(&server, "Bo", None).await;
    ana.hears("Bo enters plaza at anywhere").await;
    bo.hears("Bo enters plaza at anywhere").await;
    bo.say("hello").await;
    ana.hears("hello").await;
    bo.hears("hello").await;
    ana.say("go garden").await;
    ana.hears("Ana enters garden at gate").await;
    let frame = String::from_utf8(ana.on(Lane::Latest).await).unwrap();
    assert!(frame.ends_with("of garden"), "{frame}");
    ana.say("go atlantis").await;
    ana.hears("Ana enters garden at anywhere").await;
    assert!(get(&server, "/api/worlds").await.contains(r#""name":"plaza""#));
    let ended = server.shutdown().await;
    assert_eq!(ended.worlds.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_connection_comes_back_to_the_same_person() {
    let folder = tempfile::tempdir().unwrap();
    let server = puppets(&folder).await;
    let mut bo = Visitor::new(&server, "Bo", None).await;
    bo.hears("Bo enters plaza at anywhere").await;
    let ana = Visitor::new(&server, "Ana", None).await;
    bo.hears("Ana enters plaza at anywhere").await;
    let (person, token) = (ana.person, ana.token);
    drop(ana.socket);
    bo.hears("is away").await;
    bo.say("while she is away").await;
    bo.hears("while she is away").await;
    // She has heard nothing of it all yet: it is told again, and what was said meanwhile.
    let mut ana = Visitor::new(&server, "Ana", Some((token, Some(0)))).await;
    assert_eq!((ana.person, ana.resumed), (person, true));
    for text in ["Ana enters plaza at anywhere", "is away", "while she is away", "is there"] {
        ana.hears(text).await;
    }
    bo.hears("is there").await;
    // And from another window, which knows nothing, while this one is open.
    let mut second = Visitor::new(&server, "Ana", Some((ana.token, None))).await;
    assert_eq!(second.person, person);
    ana.ends_with(CloseReason::ResumedElsewhere).await;
    second.hears("is there, and knows nothing").await;
    bo.hears("is there, and knows nothing").await;
    second.send(Lane::Reliable, wire::encode(&ClientMessage::Bye)).await;
    second.ends_with(CloseReason::Bye).await;
    bo.hears("leaves").await;
    assert_eq!(server.people_count(), 1);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_world_that_fails_is_restarted_while_the_other_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let server = puppets(&folder).await;
    let mut bo = Visitor::new(&server, "Bo", None).await;
    bo.hears("Bo enters plaza at anywhere").await;
    bo.say("go garden").await;
    bo.hears("Bo enters garden at gate").await;
    let mut ana = Visitor::new(&server, "Ana", None).await;
    ana.hears("Ana enters plaza at anywhere").await;
    let token = ana.token;
    ana.say("fail").await;
    ana.ends_with(CloseReason::WorldRestarting).await;
    bo.say("still here").await;
    bo.hears("still here").await;
    // She tries until the world is back, and is the same person in it.
    let mut ana = loop {
        let mut ana = Visitor::new(&server, "Ana", Some((token, Some(0)))).await;
        assert!(ana.resumed);
        match ana.message().await {
            ServerMessage::Heard { text, .. } => {
                assert_eq!(text, "Ana enters plaza at anywhere");
                break ana;
            }
            ServerMessage::Closed { reason, .. } => {
                assert_eq!(reason, CloseReason::WorldRestarting)
            }
            other => panic!("{other:?}"),
        }
    };
    ana.say("better").await;
    ana.hears("better").await;
    let metrics = get(&server, "/metrics").await;
    assert!(metrics.contains(r#"vivarium_restarts_total{world="plaza"} 1"#), "{metrics}");
    assert!(metrics.contains(r#"vivarium_restarts_total{world="garden"} 0"#), "{metrics}");
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_world_refuses_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let server = puppets(&folder).await;
    let unwanted = Visitor::new(&server, "unwanted", None).await;
    unwanted.ends_with(CloseReason::WorldFull).await;
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_end_everyone_is_told_and_the_port_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let server = puppets(&folder).await;
    let mut ana = Visitor::new(&server, "Ana", None).await;
    ana.hears("Ana enters plaza at anywhere").await;
    let address = server.address();
    let taken = start_worlds::<Puppet>(
        ServerConfig { listen: address, ..config(&folder) },
        vec![source("plaza")],
    );
    let text = taken.await.unwrap_err().to_string();
    assert!(text.contains("already in use") && text.contains("--listen"), "{text}");
    let ending = tokio::spawn(server.shutdown());
    ana.ends_with(CloseReason::ShuttingDown).await;
    let ended = tokio::time::timeout(DEADLINE, ending).await.unwrap().unwrap();
    let names: Vec<&str> = ended.worlds.iter().map(|world| world.name.as_str()).collect();
    assert_eq!(names, ["plaza", "garden"]);
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_of_the_real_world_replays_to_the_same_digest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.recording");
    let config = ServerConfig { record: Some(path.clone()), ..config(&folder) };
    let sources = vec![source("plaza"), source("garden")];
    let server = Server::start_with(config, sources).await.unwrap();
    let mut ana = Visitor::new(&server, "Ana", None).await;
    let entered = ana.message().await;
    assert!(matches!(&entered, ServerMessage::Entered { world, .. } if world == "plaza"));
    ana.say("hello").await;
    loop {
        if let ServerMessage::Heard { text, .. } = ana.message().await {
            assert_eq!(text, "hello");
            break;
        }
    }
    let mut view = View::default();
    view.apply(&ana.on(Lane::Latest).await).unwrap();
    assert!(view.own().is_some(), "{view:?}");
    let ending = tokio::spawn(server.shutdown());
    ana.ends_with(CloseReason::ShuttingDown).await;
    let ended = ending.await.unwrap();
    assert!(ended.is_recorded);
    let replayed = replay::<Simulation, _>(Records::open(&path).unwrap(), |_| {}).unwrap();
    assert!(replayed.is_complete);
    assert_eq!(replayed.worlds, ended.worlds);
    assert_eq!(replay::combined(&replayed.worlds), replay::combined(&ended.worlds));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_pages_may_not_connect_and_odd_requests_are_answered() {
    let folder = tempfile::tempdir().unwrap();
    let server = puppets(&folder).await;
    let url = format!("ws://{}/connect", server.address());
    let mut request = url.clone().into_client_request().unwrap();
    request.headers_mut().insert("origin", "https://evil.example".parse().unwrap());
    let refused = tokio_tungstenite::connect_async(request).await.unwrap_err();
    assert!(refused.to_string().contains("403"), "{refused}");
    let mut request = url.into_client_request().unwrap();
    let own = format!("http://{}", server.address());
    request.headers_mut().insert("origin", own.parse().unwrap());
    tokio_tungstenite::connect_async(request).await.unwrap();
    assert!(get(&server, "/connect").await.starts_with("HTTP/1.1 426"));
    assert!(ask(&server, "POST /api/worlds HTTP/1.1").await.starts_with("HTTP/1.1 405"));
    assert!(ask(&server, "nonsense").await.starts_with("HTTP/1.1 400"));
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_documents_and_health_are_served_with_their_headers() {
    let folder = tempfile::tempdir().unwrap();
    let (assets, client) = (folder.path().join("assets"), folder.path().join("client"));
    std::fs::create_dir_all(assets.join("models")).unwrap();
    std::fs::create_dir_all(client.join("app")).unwrap();
    std::fs::write(assets.join("models/tree.glb"), "a tree").unwrap();
    std::fs::write(client.join("index.html"), "the page").unwrap();
    std::fs::write(client.join("app/index-12345678.js"), "the code").unwrap();
    let server = puppets(&folder).await;
    let page = get(&server, "/").await;
    assert!(page.ends_with("the page") && page.contains("'wasm-unsafe-eval'"), "{page}");
    assert!(page.contains("cache-control: no-cache"), "{page}");
    let page = get(&server, "/garden").await;
    assert!(page.starts_with("HTTP/1.1 200") && page.ends_with("the page"), "{page}");
    let code = get(&server, "/app/index-12345678.js").await;
    assert!(code.ends_with("the code") && code.contains("immutable"), "{code}");
    assert!(get(&server, "/assets/models/tree.glb").await.ends_with("a tree"));
    for missing in ["/app/gone.js", "/assets/models/gone.glb", "/worlds/gone.json"] {
        assert!(get(&server, missing).await.starts_with("HTTP/1.1 404"), "{missing}");
    }
    for outside in ["/assets/../../etc/passwd", "/..%2f..%2fetc/passwd", "/assets/%2e%2e/a"] {
        let answer = get(&server, outside).await;
        assert!(!answer.contains("root:"), "{outside}: {answer}");
    }
    let document = get(&server, "/worlds/garden.json").await;
    assert!(document.contains(r#""title": "garden""#), "{document}");
    let etag = document.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().trim();
    let again = format!("GET /worlds/garden.json HTTP/1.1\r\nIf-None-Match: {etag}");
    assert!(ask(&server, &again).await.starts_with("HTTP/1.1 304"));
    assert!(get(&server, "/livez").await.ends_with("ok\n"));
    while !get(&server, "/readyz").await.ends_with("ok\n") {
        tokio::task::yield_now().await;
    }
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_built_client_the_page_says_how_to_build_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = puppets(&folder).await;
    let page = get(&server, "/").await;
    assert!(page.starts_with("HTTP/1.1 503") && page.contains("npm run build"), "{page}");
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_connections_are_turned_away() {
    let folder = tempfile::tempdir().unwrap();
    let config = ServerConfig { connections_max: 1, ..config(&folder) };
    let server = start_worlds::<Puppet>(config, vec![source("plaza")]).await.unwrap();
    let mut ana = Visitor::new(&server, "Ana", None).await;
    let answer = get(&server, "/").await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.ends_with("in a while"), "{answer}");
    ana.hears("Ana enters plaza at anywhere").await;
    drop(ana);
    // The place is free once the server has noticed.
    let noticed = async { while !get(&server, "/livez").await.ends_with("ok\n") {} };
    tokio::time::timeout(DEADLINE, noticed).await.unwrap();
    server.shutdown().await;
}

#[tokio::test]
async fn a_server_that_has_started_is_ready() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..10 {
        let server = puppets(&folder).await;
        assert!(get(&server, "/readyz").await.starts_with("HTTP/1.1 200"));
        server.shutdown().await;
    }
}

/// A world that cannot even begin.
struct Stillborn;

impl Ticking for Stillborn {
    fn build(_: &WorldSpec) -> Result<Self, WorldError> {
        Ok(Self)
    }

    fn tick_number(&self) -> u32 {
        0
    }

    fn edit(&mut self, _: Vec<WorldInput>, _: &mut Vec<WorldOutput>) -> bool {
        false
    }

    fn tick(
        &mut self,
        _: Vec<WorldInput>,
        _: &mut Vec<WorldOutput>,
        _: &mut dyn FnMut(Phase),
    ) -> TickReport {
        panic!("a fault in the first tick")
    }

    fn digest(&mut self) -> Digest {
        Digest([0; 32])
    }
}

#[tokio::test]
async fn a_world_that_fails_at_its_first_tick_ends_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let start = start_worlds::<Stillborn>(config(&folder), vec![source("plaza")]);
    let started = tokio::time::timeout(DEADLINE, start).await.unwrap();
    assert!(matches!(started, Err(StartError::Failed(name)) if name == "plaza"));
}

//! What every transport must do, told once and run on each.

use std::{
    sync::{Arc, Mutex, atomic::Ordering::Relaxed},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::{io::DuplexStream, sync::oneshot, task::JoinHandle};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::Role},
};
use vivarium_contract::{Intent, Road};
use vivarium_protocol::{
    close::CloseReason,
    ids::PersonId,
    intent::{ClientLatest, ClientMessage, Hello, Look, Resume},
    limits::{CLIENT_RELIABLE_BYTES_MAX, RESUME_TOKEN_BYTES},
    notice::ServerMessage,
    snapshot::packet::Ack,
    wire,
};

use super::{
    memory::{self, MemoryClient, ToClient},
    quic::tests::QuicClient,
    webrtc::tests::session::WebRtcClient,
    websocket::WebSocketTransport,
};
use crate::{
    driver::{Admission, Departure, Door, Taken, drive},
    limits::LinkLimits,
    outbox::{Outbox, OutboxStats},
    path::PathStats,
    session::Session,
    stats::LinkStats,
    transport::{Lane, Transport},
};

macro_rules! conformance {
    ($name:ident, $client:ty) => {
        mod $name {
            use super::*;

            #[tokio::test]
            async fn carries_a_conversation() {
                a_conversation::<$client>().await;
            }

            #[tokio::test]
            async fn tells_why_it_refuses() {
                refusals::<$client>().await;
            }

            #[tokio::test]
            async fn does_not_wait_for_ever() {
                timeouts::<$client>().await;
            }

            #[tokio::test]
            async fn notices_a_lost_connection() {
                a_lost_connection::<$client>().await;
            }

            #[tokio::test]
            async fn closes_a_client_that_never_reads() {
                a_client_that_never_reads::<$client>().await;
            }

            #[tokio::test]
            async fn closes_a_client_whose_writes_stall() {
                a_write_that_stalls::<$client>().await;
            }

            #[tokio::test]
            async fn measures_the_way() {
                a_way_that_is_measured::<$client>().await;
            }

            #[tokio::test]
            async fn resumes_a_session() {
                a_session_that_goes_on::<$client, $client>().await;
                a_session_that_goes_on::<$client, MemoryClient>().await;
                a_session_that_goes_on::<MemoryClient, $client>().await;
            }

            #[tokio::test]
            async fn resumes_nothing_for_strangers() {
                forged_tokens_and_counts::<$client>().await;
            }

            #[tokio::test]
            async fn passes_on_what_the_host_says_last() {
                closed_by_the_host::<$client>().await;
            }
        }
    };
}

mod rfc6455;

/// Longer than anything here should take; reached only when a test fails.
const DEADLINE: Duration = Duration::from_secs(20);

/// The client's end of some transport.
pub(super) trait Client: Sized + Send {
    type Transport: Transport + 'static;
    /// Whether the server's end is there before the client has said anything.
    const IS_HEARD_AT_ONCE: bool;
    /// Whether the server's end measures the way.
    const IS_MEASURED: bool = true;
    /// The client's end, and where the server's will come out.
    fn connect() -> impl Future<Output = (oneshot::Receiver<Self::Transport>, Self)> + Send;
    fn send(&mut self, lane: Lane, bytes: Vec<u8>) -> impl Future<Output = ()> + Send;
    /// The next message, the close reason's code, or nothing when the connection is gone.
    fn receive(&mut self) -> impl Future<Output = Option<Got>> + Send;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Got {
    Message(Lane, Bytes),
    Closed(u16),
}

impl Client for MemoryClient {
    type Transport = memory::MemoryTransport;
    const IS_HEARD_AT_ONCE: bool = true;
    const IS_MEASURED: bool = false;

    async fn connect() -> (oneshot::Receiver<Self::Transport>, Self) {
        let (transport, client) = memory::pair();
        (at_once(transport), client)
    }

    async fn send(&mut self, lane: Lane, bytes: Vec<u8>) {
        // A server that has closed reads no more; the test finds out by what it receives.
        let _ = MemoryClient::send(self, lane, bytes).await;
    }

    async fn receive(&mut self) -> Option<Got> {
        Some(match MemoryClient::receive(self).await? {
            ToClient::Message { lane, bytes } => Got::Message(lane, bytes),
            ToClient::Closed(reason) => Got::Closed(reason.code()),
        })
    }
}

impl Client for WebSocketStream<DuplexStream> {
    type Transport = WebSocketTransport<DuplexStream>;
    const IS_HEARD_AT_ONCE: bool = true;

    async fn connect() -> (oneshot::Receiver<Self::Transport>, Self) {
        let (server, client) = tokio::io::duplex(8 * 1024);
        let transport = WebSocketTransport::after_upgrade(server).await;
        (at_once(transport), WebSocketStream::from_raw_socket(client, Role::Client, None).await)
    }

    async fn send(&mut self, lane: Lane, bytes: Vec<u8>) {
        let message = [vec![lane as u8], bytes].concat();
        let _ = SinkExt::send(self, Message::Binary(message.into())).await;
    }

    async fn receive(&mut self) -> Option<Got> {
        loop {
            match self.next().await?.ok()? {
                Message::Binary(mut bytes) => {
                    let lane = Lane::from_byte(bytes[0]).unwrap();
                    return Some(Got::Message(lane, bytes.split_off(1)));
                }
                Message::Close(frame) => return Some(Got::Closed(frame.unwrap().code.into())),
                _ => {}
            }
        }
    }
}

fn at_once<T>(transport: T) -> oneshot::Receiver<T> {
    let (there, comes) = oneshot::channel();
    assert!(there.send(transport).is_ok());
    comes
}

/// A host with one world that repeats what it is told, and room for one person.
#[derive(Default)]
struct Echo {
    intents: Mutex<Vec<Intent>>,
    person: Mutex<Option<Someone>>,
    gone: Mutex<Vec<Departure>>,
    paths: Mutex<Vec<PathStats>>,
    stats: Arc<OutboxStats>,
    limits: LinkLimits,
}

#[derive(Clone)]
struct Someone {
    session: Arc<Mutex<Session>>,
    outbox: Arc<Outbox>,
    token: [u8; RESUME_TOKEN_BYTES],
}

impl Echo {
    fn outbox(&self) -> Arc<Outbox> {
        self.person.lock().unwrap().as_ref().unwrap().outbox.clone()
    }
}

impl Door for Echo {
    type Seat = ();

    fn admit(&self, hello: &Hello, road: Road) -> Result<Admission<()>, CloseReason> {
        if hello.world != "plaza" {
            return Err(CloseReason::UnknownWorld);
        }
        let mut person = self.person.lock().unwrap();
        let now = tokio::time::Instant::now().into_std();
        let token = person
            .as_ref()
            .map_or([1; RESUME_TOKEN_BYTES], |someone| someone.token.map(|byte| byte + 1));
        let back = hello
            .resume
            .filter(|resume| person.as_ref().is_some_and(|someone| someone.token == resume.token));
        let someone = match (&mut *person, back) {
            (Some(someone), Some(_)) => {
                someone.token = token;
                someone.clone()
            }
            (person, _) => {
                let bytes_max = self.limits.reliable_queue_bytes_max;
                let someone = Someone {
                    session: Arc::new(Mutex::new(Session::new(now, self.limits))),
                    outbox: Arc::new(Outbox::new(bytes_max, self.stats.clone())),
                    token,
                };
                *person = Some(someone.clone());
                someone
            }
        };
        let attached = someone.outbox.attach(back.and_then(|resume| resume.taken), road);
        let taken = someone.session.lock().unwrap().attach(now, attached.attachment);
        // The world is quicker than the handshake: its words must still come second.
        if attached.anew {
            someone.outbox.push_reliable(heard(&hello.name));
        }
        Ok(Admission {
            seat: (),
            session: someone.session,
            outbox: someone.outbox,
            attached,
            taken,
            person: PersonId(1),
            resume: token,
            resume_window_s: 30,
            resumed: back.is_some(),
        })
    }

    fn enter(&self, (): &(), _: Hello, _: bool) {
        self.outbox().put_latest(true, Bytes::from_static(b"a frame"));
    }

    fn confirmed(&self, (): &()) {}

    fn path(&self, (): &(), path: PathStats) {
        self.paths.lock().unwrap().push(path);
    }

    fn intent(&self, (): &(), intent: Intent) -> Taken {
        if let Intent::Say { text } = &intent {
            self.outbox().push_reliable(heard(text));
        }
        self.intents.lock().unwrap().push(intent);
        Taken::Yes
    }

    fn gone(&self, (): (), departure: Departure) {
        self.gone.lock().unwrap().push(departure);
    }
}

fn heard(text: &str) -> Bytes {
    wire::encode(&ServerMessage::Heard { person: PersonId(1), text: text.into() }).into()
}

fn hello(world: &str, resume: Option<Resume>) -> Vec<u8> {
    wire::encode_hello(&Hello {
        world: world.into(),
        name: "Ana".into(),
        look: Look { body: [0; 3], accent: [0; 3] },
        ticket: None,
        resume,
        key: None,
    })
}

/// One client, and the server that it speaks to.
struct Visit<C> {
    client: C,
    echo: Arc<Echo>,
    stats: Arc<LinkStats>,
    task: JoinHandle<Departure>,
    /// Frames that came while something else was awaited.
    frames: usize,
}

impl<C: Client> Visit<C> {
    async fn new(limits: LinkLimits) -> Self {
        let echo = Echo { limits, ..Echo::default() };
        Self::at(Arc::new(echo), limits).await
    }

    async fn at(echo: Arc<Echo>, limits: LinkLimits) -> Self {
        let (transport, client) = C::connect().await;
        let transport = async { transport.await.expect("the endpoint takes the client in") };
        let stats = Arc::new(LinkStats::default());
        let (door, counters) = (echo.clone(), stats.clone());
        let task =
            tokio::spawn(async move { drive(transport.await, &*door, limits, &counters).await });
        Self { client, echo, stats, task, frames: 0 }
    }

    /// With the handshake behind it.
    async fn open(limits: LinkLimits) -> Self {
        let mut visit = Self::new(limits).await;
        visit.client.send(Lane::Reliable, hello("plaza", None)).await;
        assert_eq!(visit.message().await, accepted(1, false, 0, 0));
        assert_eq!(visit.message().await, decoded(&heard("Ana")));
        while visit.frames == 0 {
            match visit.receive().await {
                Some(Got::Message(Lane::Latest, bytes)) if bytes == "a frame" => visit.frames += 1,
                other => panic!("{other:?} is not a frame"),
            }
        }
        visit
    }

    async fn receive(&mut self) -> Option<Got> {
        tokio::time::timeout(DEADLINE, self.client.receive()).await.expect("nothing came")
    }

    /// The next reliable message, whatever frames come before it.
    async fn message(&mut self) -> ServerMessage {
        loop {
            match self.receive().await {
                Some(Got::Message(Lane::Reliable, bytes)) => return decoded(&bytes),
                Some(Got::Message(Lane::Latest, bytes)) => {
                    assert_eq!(bytes, "a frame");
                    self.frames += 1;
                }
                other => panic!("{other:?} is not a reliable message"),
            }
        }
    }

    /// The session ends with a readable message, then the transport's close, then nothing.
    async fn ends(mut self, expected: CloseReason) {
        loop {
            match self.receive().await {
                Some(Got::Message(Lane::Reliable, bytes)) => {
                    if let ServerMessage::Closed { reason, .. } = decoded(&bytes) {
                        assert_eq!(reason, expected);
                        break;
                    }
                }
                Some(Got::Message(Lane::Latest, _)) => {}
                other => panic!("{other:?} instead of a readable end"),
            }
        }
        assert_eq!(self.receive().await, Some(Got::Closed(expected.code())));
        assert_eq!(self.departure().await, Departure::Closed(expected));
    }

    async fn departure(self) -> Departure {
        let Self { client, echo, stats, task, .. } = self;
        drop(client);
        let departure = tokio::time::timeout(DEADLINE, task).await.expect("it goes on").unwrap();
        assert_eq!(stats.open.load(Relaxed), 0);
        if stats.accepted.load(Relaxed) == 1 {
            assert_eq!(echo.gone.lock().unwrap().last(), Some(&departure), "the seat is back");
            let goes_on = departure == Departure::Closed(CloseReason::ResumedElsewhere);
            assert_eq!(echo.outbox().line().road.is_some(), goes_on, "who is attached");
        }
        departure
    }
}

fn accepted(token: u8, resumed: bool, taken: u32, told: u32) -> ServerMessage {
    ServerMessage::Accepted {
        person: PersonId(1),
        resume: [token; RESUME_TOKEN_BYTES],
        resume_window_s: 30,
        resumed,
        taken,
        told,
    }
}

fn decoded(bytes: &[u8]) -> ServerMessage {
    wire::decode_server_message(bytes).unwrap()
}

async fn a_conversation<C: Client>() {
    let mut visit = Visit::<C>::open(LinkLimits::default()).await;
    let said = ClientMessage::Say { text: "hello".into() };
    visit.client.send(Lane::Reliable, wire::encode(&said)).await;
    assert_eq!(visit.message().await, decoded(&heard("hello")));
    let latest = ClientLatest {
        ack: Ack { newest: 1, before: [0; 2] },
        first_tick: 2,
        inputs: vec![],
        tracked: None,
    };
    visit.client.send(Lane::Latest, wire::encode(&latest)).await;
    // A datagram may be overtaken by the question, though not for long.
    for nonce in 6.. {
        visit.client.send(Lane::Reliable, wire::encode(&ClientMessage::Ping { nonce })).await;
        assert_eq!(visit.message().await, ServerMessage::Pong { nonce });
        if visit.echo.intents.lock().unwrap().len() == 2 {
            break;
        }
    }
    assert_eq!(
        *visit.echo.intents.lock().unwrap(),
        [Intent::Say { text: "hello".into() }, Intent::Latest(latest)]
    );
    visit.client.send(Lane::Reliable, wire::encode(&ClientMessage::Bye)).await;
    visit.ends(CloseReason::Bye).await;
}

async fn refusals<C: Client>() {
    let mut visit = Visit::<C>::new(LinkLimits::default()).await;
    visit.client.send(Lane::Reliable, hello("atlantis", None)).await;
    visit.ends(CloseReason::UnknownWorld).await;
    let mut visit = Visit::<C>::new(LinkLimits::default()).await;
    visit.client.send(Lane::Reliable, b"VIVA\x63\x00 of the future".to_vec()).await;
    visit.ends(CloseReason::VersionMismatch).await;
    if C::IS_HEARD_AT_ONCE {
        let mut visit = Visit::<C>::new(LinkLimits::default()).await;
        visit.client.send(Lane::Latest, hello("plaza", None)).await;
        visit.ends(CloseReason::WrongLane).await;
    }
    let mut visit = Visit::<C>::open(LinkLimits::default()).await;
    visit.client.send(Lane::Reliable, vec![0; CLIENT_RELIABLE_BYTES_MAX + 1]).await;
    visit.ends(CloseReason::Oversized).await;
    let mut visit = Visit::<C>::open(LinkLimits::default()).await;
    visit.client.send(Lane::Reliable, vec![250]).await;
    visit.ends(CloseReason::Malformed).await;
}

async fn timeouts<C: Client>() {
    let short = Duration::from_millis(20);
    let limits = LinkLimits { handshake_timeout: short, ..LinkLimits::default() };
    if C::IS_HEARD_AT_ONCE {
        Visit::<C>::new(limits).await.ends(CloseReason::HandshakeTimeout).await;
    }
    // A client that does not even answer probes, because it does not read.
    let limits = LinkLimits { idle_timeout: short, probe_interval: short, ..limits };
    let visit = Visit::<C>::open(LinkLimits { handshake_timeout: DEADLINE, ..limits }).await;
    visit.ends(CloseReason::Idle).await;
}

async fn a_lost_connection<C: Client>() {
    let visit = Visit::<C>::open(LinkLimits::default()).await;
    assert_eq!(visit.departure().await, Departure::Lost);
}

async fn a_client_that_never_reads<C: Client>() {
    let limits = LinkLimits { reliable_queue_bytes_max: 64 * 1024, ..LinkLimits::default() };
    let visit = Visit::<C>::open(limits).await;
    let outbox = visit.echo.outbox();
    let line = heard(&"x".repeat(1_000));
    // The transport holds some, the outbox holds some, and then it is over.
    for _ in 0..10_000 {
        outbox.push_reliable(line.clone());
        outbox.put_latest(true, line.clone());
        tokio::task::yield_now().await;
    }
    drop(outbox);
    assert_eq!(visit.task_only().await, Departure::Closed(CloseReason::TooSlow));
}

async fn a_write_that_stalls<C: Client>() {
    let limits = LinkLimits {
        write_stall_max: Duration::from_millis(20),
        close_timeout: Duration::from_millis(20),
        reliable_queue_bytes_max: usize::MAX,
        ..LinkLimits::default()
    };
    let visit = Visit::<C>::open(limits).await;
    let outbox = visit.echo.outbox();
    for _ in 0..2_000 {
        outbox.push_reliable(heard(&"x".repeat(1_000)));
    }
    drop(outbox);
    assert_eq!(visit.task_only().await, Departure::Closed(CloseReason::TooSlow));
}

impl<C: Client> Visit<C> {
    /// Waits for the server's end while the client is there and does nothing.
    async fn task_only(self) -> Departure {
        let Self { client, echo, task, .. } = self;
        let departure = tokio::time::timeout(DEADLINE, task).await.expect("it goes on").unwrap();
        assert_eq!(*echo.gone.lock().unwrap(), [departure]);
        drop(client);
        departure
    }
}

async fn closed_by_the_host<C: Client>() {
    let visit = Visit::<C>::open(LinkLimits::default()).await;
    let outbox = visit.echo.outbox();
    outbox.push_reliable(heard("last words"));
    outbox.close(CloseReason::ShuttingDown);
    drop(outbox);
    visit.ends(CloseReason::ShuttingDown).await;
}

async fn a_way_that_is_measured<C: Client>() {
    let limits = LinkLimits { path_interval: Duration::from_millis(5), ..LinkLimits::default() };
    let mut visit = Visit::<C>::open(limits).await;
    let is_measured = |visit: &Visit<C>| {
        let paths = visit.echo.paths.lock().unwrap();
        paths.iter().any(|path| path.round_trip_s.is_some_and(|s| s > 0.0 && s < 5.0))
    };
    // A second is long for this machine, and short beside the deadline of a test.
    let patience = Duration::from_secs(if C::IS_MEASURED { 15 } else { 1 });
    let measured = tokio::time::timeout(patience, async {
        while !is_measured(&visit) {
            visit.echo.outbox().put_latest(true, Bytes::from_static(b"a frame"));
            // Reading is what answers pings.
            let _ = tokio::time::timeout(limits.path_interval, visit.client.receive()).await;
        }
    });
    assert_eq!(measured.await.is_ok(), C::IS_MEASURED);
    assert!(visit.echo.paths.lock().unwrap().iter().all(|path| path.loss01 <= 1.0));
    assert_eq!(visit.stats.round_trips.load(Relaxed) > 0, C::IS_MEASURED);
}

async fn say<C: Client>(visit: &mut Visit<C>, text: &str) {
    let message = ClientMessage::Say { text: text.into() };
    visit.client.send(Lane::Reliable, wire::encode(&message)).await;
}

/// Comes back to the session of `token` over a transport of its own.
async fn come_back<C: Client>(echo: &Arc<Echo>, token: u8, taken: Option<u32>) -> Visit<C> {
    let mut visit = Visit::<C>::at(echo.clone(), LinkLimits::default()).await;
    let resume = Resume { token: [token; RESUME_TOKEN_BYTES], taken };
    visit.client.send(Lane::Reliable, hello("plaza", Some(resume))).await;
    visit
}

async fn a_session_that_goes_on<A: Client, B: Client>() {
    let mut visit = Visit::<A>::open(LinkLimits::default()).await;
    say(&mut visit, "one").await;
    assert_eq!(visit.message().await, decoded(&heard("one")));
    let echo = visit.echo.clone();
    assert_eq!(visit.departure().await, Departure::Lost);
    // Said while nobody was there; "one" was heard, but its confirmation was lost.
    echo.outbox().push_reliable(heard("meanwhile"));
    let mut visit = come_back::<B>(&echo, 1, Some(1)).await;
    assert_eq!(visit.message().await, accepted(2, true, 1, 1));
    assert_eq!(visit.message().await, decoded(&heard("one")), "told again");
    assert_eq!(visit.message().await, decoded(&heard("meanwhile")));
    let taken = wire::encode(&ClientMessage::Taken { count: 3 });
    visit.client.send(Lane::Reliable, taken).await;
    say(&mut visit, "two").await;
    assert_eq!(visit.message().await, decoded(&heard("two")));
    // A newer connection takes over while this one still stands, and says that it knows nothing.
    let mut newest = come_back::<A>(&echo, 2, None).await;
    visit.ends(CloseReason::ResumedElsewhere).await;
    assert_eq!(newest.message().await, accepted(3, true, 2, 4));
    assert_eq!(newest.message().await, decoded(&heard("Ana")), "told anew");
    let said: Vec<_> = ["one", "two"].map(|text| Intent::Say { text: text.into() }).into();
    assert_eq!(*echo.intents.lock().unwrap(), said, "each exactly once");
    newest.client.send(Lane::Reliable, wire::encode(&ClientMessage::Bye)).await;
    newest.ends(CloseReason::Bye).await;
}

async fn forged_tokens_and_counts<C: Client>() {
    let visit = Visit::<C>::open(LinkLimits::default()).await;
    let echo = visit.echo.clone();
    assert_eq!(visit.departure().await, Departure::Lost);
    let mut stranger = come_back::<C>(&echo, 99, Some(0)).await;
    assert_eq!(stranger.message().await, accepted(2, false, 0, 0), "a visit of its own");
    let lie = wire::encode(&ClientMessage::Taken { count: 1_000 });
    stranger.client.send(Lane::Reliable, lie).await;
    stranger.ends(CloseReason::Malformed).await;
    // The token of the first visit is void by now.
    let mut replayed = come_back::<C>(&echo, 1, Some(0)).await;
    assert_eq!(replayed.message().await, accepted(3, false, 0, 0));
    assert_eq!(replayed.departure().await, Departure::Lost);
}

conformance!(memory_transport, MemoryClient);
conformance!(websocket_transport, WebSocketStream<DuplexStream>);
conformance!(quic_transport, QuicClient<false>);
conformance!(webtransport, QuicClient<true>);
conformance!(webrtc_transport, WebRtcClient);

type WebSocketClient = WebSocketStream<DuplexStream>;

#[tokio::test]
async fn a_websocket_takes_neither_text_nor_unknown_lanes_nor_huge_messages() {
    let cases = [
        (Message::Text("hello".into()), CloseReason::Malformed),
        (Message::Binary(Bytes::new()), CloseReason::Malformed),
        (Message::Binary(Bytes::from_static(&[2, 1, 1])), CloseReason::WrongLane),
        (Message::Binary(vec![0; 1 << 20].into()), CloseReason::Oversized),
    ];
    for (message, expected) in cases {
        let mut visit = Visit::<WebSocketClient>::open(LinkLimits::default()).await;
        // A huge message does not even leave whole: the server stops reading it.
        let sending = visit.client.feed(message);
        let _ = tokio::time::timeout(Duration::from_millis(200), sending).await;
        let _ = tokio::time::timeout(Duration::from_millis(200), visit.client.flush()).await;
        visit.ends(expected).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_websocket_that_is_read_slowly_tells_how_slowly() {
    let mut visit = Visit::<WebSocketClient>::open(LinkLimits::default()).await;
    let mut frames = tokio::time::interval(Duration::from_millis(25));
    let mut reads = tokio::time::interval(Duration::from_millis(100));
    let end = tokio::time::Instant::now() + Duration::from_secs(6);
    let frame = Bytes::from(vec![7; 1_000]);
    while tokio::time::Instant::now() < end {
        tokio::select! {
            biased;
            _ = frames.tick() => visit.echo.outbox().put_latest(true, frame.clone()),
            // Nothing may be there yet.
            _ = reads.tick() => {
                let read = tokio::time::timeout(Duration::from_millis(1), visit.client.receive());
                drop(read.await);
            }
        }
    }
    // 1,000 bytes ten times a second, once the 8 KiB on the way are full.
    let told = visit.echo.paths.lock().unwrap().last().unwrap().bytes_per_s;
    assert!(told.is_some_and(|told| (8_000..13_000).contains(&told)), "{told:?}");
    // Then it catches up, and no limit is felt any more.
    while tokio::time::Instant::now() < end + Duration::from_secs(3) {
        frames.tick().await;
        visit.echo.outbox().put_latest(true, frame.clone());
        while let Ok(Some(_)) =
            tokio::time::timeout(Duration::from_millis(1), visit.client.receive()).await
        {}
    }
    assert_eq!(visit.echo.paths.lock().unwrap().last().unwrap().bytes_per_s, None);
}

#[tokio::test]
async fn a_websocket_that_answers_probes_is_not_idle() {
    let short = Duration::from_millis(30);
    let limits =
        LinkLimits { probe_interval: short, idle_timeout: short * 3, ..LinkLimits::default() };
    let mut visit = Visit::<WebSocketClient>::open(limits).await;
    // Reading answers probes by itself; several idle timeouts pass.
    let silence = tokio::time::timeout(limits.idle_timeout * 5, visit.client.receive()).await;
    assert!(silence.is_err(), "{silence:?}");
    let ping = wire::encode(&ClientMessage::Ping { nonce: 8 });
    Client::send(&mut visit.client, Lane::Reliable, ping).await;
    assert_eq!(visit.message().await, ServerMessage::Pong { nonce: 8 });
}

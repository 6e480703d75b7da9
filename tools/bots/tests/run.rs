//! Whole runs of bots against a small server of the test's own, which speaks the protocol and can
//! misbehave.

use std::{sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Mutex,
};
use tokio_tungstenite::{accept_async, tungstenite::Message};
use vivarium_bots::{
    measure::Tally,
    run::{Settings, run},
    walk::Behaviour,
};
use vivarium_protocol::{
    close::CloseReason,
    ids::PersonId,
    intent::{ClientLatest, ClientMessage},
    notice::ServerMessage,
    snapshot::{
        block::{BlockEncoder, Identity, Source},
        member::{Known, Times},
        packet::{self, Ack, OwnNote, OwnState, PacketHead},
        schema::{FIELDS_MAX, Facet},
    },
    wire,
};

/// How the server treats a bot once it is in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// A packet for every message, built on what the bot acknowledged.
    Good,
    /// Packets that build on what was never sent.
    LostBaseline,
    /// Noise on the latest lane.
    Noise,
    /// Hangs up after a few messages.
    HangsUp,
    /// Refuses everybody.
    Full,
}

/// What the server saw of all bots.
#[derive(Default)]
struct Seen {
    worlds: Vec<String>,
    latest: Vec<ClientLatest>,
    byes: u32,
}

fn reliable(message: &ServerMessage) -> Message {
    Message::Binary([&[0], &wire::encode(message)[..]].concat().into())
}

/// The first tick; its end is told in packet 1.
const FIRST_TICK: u32 = 1_001;

/// A leaf with one walker, who is one step further in each tick.
struct Walker {
    is_known: bool,
    base: [i32; 6],
    now: [i32; 6],
}

impl Walker {
    /// At the end of a tick, when the other end knows him as he was `age` ticks before; 0: not.
    fn at(tick: u32, age: u32) -> Self {
        let place = |tick: u32| [(tick - FIRST_TICK) as i32 * 50, 0, 0, 0, 0, 1];
        // What never was has to be somewhere, too.
        let then = (tick - age).max(FIRST_TICK);
        Self { is_known: age != 0, base: place(then), now: place(tick) }
    }
}

impl Source for Walker {
    fn base(&self) -> u64 {
        u64::from(self.is_known)
    }

    fn stays(&self) -> u64 {
        u64::from(self.is_known)
    }

    fn comes(&self) -> u64 {
        u64::from(!self.is_known)
    }

    fn moved(&self, _: usize) -> bool {
        false
    }

    fn identity(&self, _: usize) -> Identity {
        Identity { facet: Facet::Avatar, subject: 2 }
    }

    fn known<'a>(&'a self, _: usize, _: &'a mut [[i32; FIELDS_MAX]; 3]) -> Known<'a> {
        Known { base: &self.base, earlier: [None; 2] }
    }

    fn now(&self, _: usize, fields: &mut [i32]) {
        fields.copy_from_slice(&self.now);
    }
}

/// The packet of a tick, in which the walker is told against the state `age` ticks before.
fn packet(tick: u32, age: u32, held: u32) -> Vec<u8> {
    let own = OwnState {
        position_m: [0.0; 3],
        velocity_mps: [0.0; 3],
        flags: 0,
        airborne_ticks: 0,
        teleports: 0,
    };
    let lead_ticks = (i64::from(held) - i64::from(tick)).clamp(-128, 127) as i8;
    let number = tick - FIRST_TICK + 1;
    let own = OwnNote::State(own);
    let mut bytes = Vec::new();
    packet::write_head(
        &mut bytes,
        &PacketHead { number, era: 0, tick, on_time: true, lead_ticks, own },
    );
    let (mut block, mut parts) = (Vec::new(), Vec::new());
    let times = Times { age, ..Times::default() };
    BlockEncoder::default().encode(times, &Walker::at(tick, age), &mut block, &mut parts);
    assert_eq!(parts.len(), 1, "one walker fits into one part");
    packet::write_block_head(&mut bytes, 7, block.len());
    bytes.extend_from_slice(&block);
    bytes
}

/// How long ago the newest acknowledged state was; 0: nothing is acknowledged.
fn age(tick: u32, ack: Ack) -> u32 {
    if ack.newest == 0 { 0 } else { tick - (FIRST_TICK - 1 + ack.newest) }
}

async fn serve(stream: TcpStream, manner: Manner, seen: Arc<Mutex<Seen>>) -> Option<()> {
    let mut socket = accept_async(stream).await.ok()?;
    let Message::Binary(hello) = socket.next().await?.ok()? else { return None };
    assert_eq!(hello[0], 0, "the handshake is on the reliable lane");
    let hello = wire::decode_hello(&hello[1..]).expect("bots speak the protocol");
    seen.lock().await.worlds.push(hello.world.clone());
    if manner == Manner::Full {
        let reason = CloseReason::WorldFull;
        let detail = reason.text().to_owned();
        return socket.send(reliable(&ServerMessage::Closed { reason, detail })).await.ok();
    }
    let accepted = ServerMessage::Accepted {
        person: PersonId(1),
        resume: [0; 16],
        resume_window_s: 30,
        resumed: false,
        taken: 0,
        told: 0,
    };
    socket.send(reliable(&accepted)).await.ok()?;
    let mut tick = FIRST_TICK - 1;
    let entered = ServerMessage::Entered {
        world: hello.world,
        document_url: String::new(),
        ticks_per_s: 100,
        substeps: 2,
        tick,
        people: vec![],
        edits: 0,
    };
    socket.send(reliable(&entered)).await.ok()?;
    while let Some(Ok(Message::Binary(bytes))) = socket.next().await {
        if bytes[0] == 0 {
            match wire::decode_client_message(&bytes[1..]).expect("bots speak the protocol") {
                ClientMessage::Ping { nonce } => {
                    socket.send(reliable(&ServerMessage::Pong { nonce })).await.ok()?;
                }
                ClientMessage::Bye => seen.lock().await.byes += 1,
                // `Entered` is the only numbered message that was told.
                ClientMessage::Taken { count } => assert_eq!(count, 1),
                other => panic!("bots do not send {other:?}"),
            }
            continue;
        }
        let latest = wire::decode_client_latest(&bytes[1..]).expect("bots speak the protocol");
        tick += 1;
        let held = latest.first_tick + latest.inputs.len() as u32 - 1;
        let bytes = match manner {
            Manner::LostBaseline => packet(tick, 50, held),
            Manner::Noise => vec![0xFF; 20],
            Manner::HangsUp if tick > 1_003 => return None,
            _ => packet(tick, age(tick, latest.ack), held),
        };
        seen.lock().await.latest.push(latest);
        socket.send(Message::Binary([&[1], &bytes[..]].concat().into())).await.ok()?;
    }
    Some(())
}

/// Three bots for a second on such a server.
async fn visit(manner: Manner) -> (Tally, Arc<Mutex<Seen>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("a bound socket has an address");
    let seen = Arc::new(Mutex::new(Seen::default()));
    let all = Arc::clone(&seen);
    let server = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, manner, Arc::clone(&all)));
        }
    });
    let settings = Settings {
        url: format!("http://{address}"),
        transports: vec![],
        world: "plaza".into(),
        count: 3,
        duration: Duration::from_secs(1),
        behaviour: Behaviour::Wander,
        seed: 1,
    };
    let tally = run(&settings).await.expect("the address is right");
    server.abort();
    (tally, seen)
}

#[tokio::test]
async fn bots_come_in_walk_and_take_their_leave() {
    let (tally, seen) = visit(Manner::Good).await;
    assert!(tally.is_clean(), "{}", tally.report());
    let report = tally.report();
    assert_eq!((report.joined, report.failed), (3, 0));
    assert!(report.rtt_ms_p50.is_some() && report.staleness_ms_p50.is_some());
    assert!(report.snapshots_per_s > 0.0 && report.bytes_up_per_s > 0.0);
    assert_eq!(report.entities_p50, Some(1));
    let bytes = report.bytes_down_per_avatar_update.expect("the walker was told of");
    assert!((10.0..60.0).contains(&bytes), "a whole packet for one walker took {bytes} bytes");
    let seen = seen.lock().await;
    assert_eq!(seen.worlds, ["plaza"; 3]);
    assert_eq!(seen.byes, 3);
    assert!(seen.latest.iter().any(|it| it.ack.newest > 5), "packets are acknowledged");
    assert!(seen.latest.iter().flat_map(|it| &it.inputs).any(|it| it.move_x != 0), "bots walk");
}

#[tokio::test]
async fn a_baseline_that_never_was_is_a_decode_error() {
    let (tally, _) = visit(Manner::LostBaseline).await;
    assert!(tally.decode_errors > 0 && tally.disconnects == 0, "{}", tally.report());
    assert!(!tally.is_clean());
}

#[tokio::test]
async fn noise_is_a_decode_error_and_no_panic() {
    let (tally, _) = visit(Manner::Noise).await;
    assert!(tally.decode_errors > 0 && tally.snapshots == 0, "{}", tally.report());
}

#[tokio::test]
async fn a_server_that_hangs_up_is_told() {
    let (tally, _) = visit(Manner::HangsUp).await;
    assert_eq!((tally.joined, tally.disconnects), (3, 3), "{}", tally.report());
    assert!(!tally.is_clean());
}

#[tokio::test]
async fn a_refusal_is_a_failure_to_join() {
    let (tally, _) = visit(Manner::Full).await;
    assert_eq!((tally.joined, tally.failed), (0, 3), "{}", tally.report());
    assert!(!tally.is_clean());
}

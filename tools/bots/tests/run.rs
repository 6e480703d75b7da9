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
    frame::{Change, Comer, EntityKind, FieldDelta, Frame, OwnState},
    ids::{EntityId, PersonId},
    intent::{ClientLatest, ClientMessage},
    notice::ServerMessage,
    wire,
};

/// How the server treats a bot once it is in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// A frame for every message, against the baseline that the bot acknowledged.
    Good,
    /// Frames against baselines that never were.
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

fn frame(tick: u32, baseline: u32, held: u32) -> Frame {
    let own = OwnState {
        position_m: [0.0; 3],
        velocity_mps: [0.0; 3],
        flags: 0,
        airborne_ticks: 0,
        on_time: true,
        lead_ticks: (i64::from(held) - i64::from(tick)).clamp(-128, 127) as i8,
        teleports: 0,
    };
    let delta = FieldDelta { mask: 1, values: vec![1] };
    let mut frame =
        Frame { tick, baseline, own: Some(own), gone: vec![], come: vec![], changed: vec![] };
    if baseline == 0 {
        let kind = EntityKind::Avatar { person: PersonId(1) };
        frame.come.push(Comer { entity: EntityId(1), kind, state: delta });
    } else {
        frame.changed.push(Change { entity: EntityId(1), delta });
    }
    frame
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
    let mut tick = 1_000;
    let entered = ServerMessage::Entered {
        world: hello.world,
        document_url: String::new(),
        ticks_per_s: 100,
        substeps: 2,
        tick,
        avatar: EntityId(1),
        people: vec![],
    };
    socket.send(reliable(&entered)).await.ok()?;
    while let Some(Ok(Message::Binary(bytes))) = socket.next().await {
        if bytes[0] == 0 {
            match wire::decode_client_message(&bytes[1..]).expect("bots speak the protocol") {
                ClientMessage::Ping { nonce } => {
                    socket.send(reliable(&ServerMessage::Pong { nonce })).await.ok()?;
                }
                ClientMessage::Bye => seen.lock().await.byes += 1,
                other => panic!("bots do not send {other:?}"),
            }
            continue;
        }
        let latest = wire::decode_client_latest(&bytes[1..]).expect("bots speak the protocol");
        tick += 1;
        let held = latest.first_tick + latest.inputs.len() as u32 - 1;
        let bytes = match manner {
            Manner::LostBaseline => wire::encode(&frame(tick, tick - 1_000, held)),
            Manner::Noise => vec![0xFF; 20],
            Manner::HangsUp if tick > 1_003 => return None,
            _ => wire::encode(&frame(tick, latest.ack, held)),
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
    let seen = seen.lock().await;
    assert_eq!(seen.worlds, ["plaza"; 3]);
    assert_eq!(seen.byes, 3);
    assert!(seen.latest.iter().any(|it| it.ack > 1_000), "frames are acknowledged");
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

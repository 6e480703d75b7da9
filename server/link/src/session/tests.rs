//! What strangers send, and what becomes of them.

use std::time::Duration;

use proptest::prelude::*;
use vivarium_protocol::{
    PROTOCOL_VERSION,
    intent::{ClientLatest, Emote, Input, Look, MAGIC},
    limits::INPUTS_PER_MESSAGE_MAX,
    snapshot::packet::Ack,
};

use super::*;

const LOOK: Look = Look { body: [1, 2, 3], accent: [4, 5, 6] };

/// A session and a clock that only moves when it is told.
struct Stage {
    session: Session,
    now: Instant,
}

impl Stage {
    fn new() -> Self {
        let now = Instant::now();
        Self { session: Session::new(now, LinkLimits::default()), now }
    }

    /// With the handshake behind it.
    fn open() -> Self {
        let mut stage = Self::new();
        stage.send(Lane::Reliable, &wire::encode_hello(&hello()));
        assert_eq!(stage.outputs(), [SessionOutput::Enter(hello())]);
        stage.session.handle(stage.now, SessionInput::Admitted(ADMITTED));
        assert_eq!(
            stage.said(),
            [ServerMessage::Accepted {
                person: ADMITTED.person,
                resume: ADMITTED.resume,
                resume_window_s: 30,
                resumed: false,
            }]
        );
        stage
    }

    fn send(&mut self, lane: Lane, bytes: &[u8]) {
        self.session.handle(self.now, SessionInput::Message { lane, bytes });
    }

    fn say(&mut self, message: &ClientMessage) {
        self.send(Lane::Reliable, &wire::encode(message));
    }

    fn wait(&mut self, duration: Duration) {
        self.now += duration;
        self.session.handle_timeout(self.now);
    }

    fn outputs(&mut self) -> Vec<SessionOutput> {
        std::iter::from_fn(|| self.session.poll_output()).collect()
    }

    fn said(&mut self) -> Vec<ServerMessage> {
        self.outputs()
            .into_iter()
            .map(|output| match output {
                SessionOutput::Send(bytes) => wire::decode_server_message(&bytes).unwrap(),
                other => panic!("{other:?} is not a message"),
            })
            .collect()
    }

    /// The session must have ended, with a readable message before the close.
    fn closed(&mut self) -> (CloseReason, String) {
        let mut outputs = self.outputs();
        let Some(SessionOutput::Close { reason, detail }) = outputs.pop() else {
            panic!("not closed: {outputs:?}")
        };
        let Some(SessionOutput::Send(bytes)) = outputs.pop() else { panic!("closed silently") };
        assert_eq!(
            wire::decode_server_message(&bytes),
            Ok(ServerMessage::Closed { reason, detail: detail.clone() })
        );
        assert_eq!(self.session.poll_timeout(), None);
        self.say(&ClientMessage::Ping { nonce: 1 });
        assert_eq!(self.outputs(), [], "nothing comes after the end");
        (reason, detail)
    }
}

const ADMITTED: Admitted =
    Admitted { person: PersonId(7), resume: [9; 16], resume_window_s: 30, resumed: false };

fn hello() -> Hello {
    Hello { world: "plaza".into(), name: "Ana".into(), look: LOOK, resume: None }
}

fn latest() -> ClientLatest {
    ClientLatest {
        ack: Ack { newest: 3, before: [0; 2] },
        first_tick: 5,
        inputs: vec![Input::default()],
        tracked: None,
    }
}

#[test]
fn ana_comes_in_talks_walks_and_leaves() {
    let mut stage = Stage::open();
    stage.say(&ClientMessage::Say { text: "hello".into() });
    stage.say(&ClientMessage::Emote { emote: Emote::Wave });
    stage.say(&ClientMessage::SetLook { name: "Anna".into(), look: LOOK });
    stage.send(Lane::Latest, &wire::encode(&latest()));
    assert_eq!(
        stage.outputs(),
        [
            SessionOutput::ToWorld(Intent::Say { text: "hello".into() }),
            SessionOutput::ToWorld(Intent::Emote { emote: Emote::Wave }),
            SessionOutput::ToWorld(Intent::SetLook { name: "Anna".into(), look: LOOK }),
            SessionOutput::ToWorld(Intent::Latest(latest())),
        ]
    );
    stage.say(&ClientMessage::Ping { nonce: 77 });
    assert_eq!(stage.said(), [ServerMessage::Pong { nonce: 77 }]);
    stage.say(&ClientMessage::Bye);
    assert_eq!(stage.closed().0, CloseReason::Bye);
}

#[test]
fn another_version_is_refused_with_both_numbers_whatever_follows_them() {
    let mut stage = Stage::new();
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&(PROTOCOL_VERSION + 41).to_le_bytes());
    bytes.extend_from_slice(b"\xff\xffthings that only version 42 understands");
    stage.send(Lane::Reliable, &bytes);
    let (reason, detail) = stage.closed();
    assert_eq!(reason, CloseReason::VersionMismatch);
    assert!(detail.contains("reload"), "{detail}");
    assert!(detail.contains(&format!("{}", PROTOCOL_VERSION + 41)), "{detail}");
    assert!(detail.contains(&format!("this is version {PROTOCOL_VERSION}")), "{detail}");
}

#[test]
fn whatever_is_not_a_handshake_is_refused() {
    let cases: [(Lane, &[u8], CloseReason); 6] = [
        (Lane::Reliable, b"", CloseReason::NotVivarium),
        (Lane::Reliable, b"GET / HTTP/1.1\r\n", CloseReason::NotVivarium),
        (Lane::Reliable, b"VIV", CloseReason::NotVivarium),
        (Lane::Reliable, b"VIVA\x02\x00", CloseReason::Malformed),
        (Lane::Latest, b"VIVA\x02\x00", CloseReason::WrongLane),
        (Lane::Reliable, &[0; CLIENT_RELIABLE_BYTES_MAX + 1], CloseReason::Oversized),
    ];
    for (lane, bytes, expected) in cases {
        let mut stage = Stage::new();
        stage.send(lane, bytes);
        assert_eq!(stage.closed().0, expected, "{bytes:?}");
    }
}

#[test]
fn a_handshake_with_something_behind_it_or_cut_short_is_refused() {
    let whole = wire::encode_hello(&hello());
    for length in 0..whole.len() {
        let mut stage = Stage::new();
        stage.send(Lane::Reliable, &whole[..length]);
        let (reason, _) = stage.closed();
        assert!(
            matches!(reason, CloseReason::NotVivarium | CloseReason::Malformed),
            "{length}: {reason:?}"
        );
    }
    let mut stage = Stage::new();
    stage.send(Lane::Reliable, &[whole, vec![0]].concat());
    assert_eq!(stage.closed().0, CloseReason::Malformed);
}

#[test]
fn bad_messages_end_a_session_with_the_reason_that_names_the_mistake() {
    let mut too_many = latest();
    too_many.inputs = vec![Input::default(); INPUTS_PER_MESSAGE_MAX + 1];
    let ping = wire::encode(&ClientMessage::Ping { nonce: 300 });
    let wave = wire::encode(&ClientMessage::Emote { emote: Emote::Wave });
    let cases: Vec<(&str, Lane, Vec<u8>, CloseReason)> = vec![
        ("empty", Lane::Reliable, vec![], CloseReason::Malformed),
        ("unknown message", Lane::Reliable, vec![200], CloseReason::Malformed),
        ("unknown emote", Lane::Reliable, vec![wave[0], 99], CloseReason::Malformed),
        ("cut short", Lane::Reliable, ping[..2].to_vec(), CloseReason::Malformed),
        ("bytes behind", Lane::Reliable, [ping.clone(), vec![1]].concat(), CloseReason::Malformed),
        ("not text", Lane::Reliable, vec![0, 1, 0xff], CloseReason::Malformed),
        (
            "length of 4 GiB",
            Lane::Reliable,
            vec![0, 252, 255, 255, 255, 255],
            CloseReason::Malformed,
        ),
        (
            "too long",
            Lane::Reliable,
            vec![0; CLIENT_RELIABLE_BYTES_MAX + 1],
            CloseReason::Oversized,
        ),
        ("too long", Lane::Latest, vec![0; CLIENT_LATEST_BYTES_MAX + 1], CloseReason::Oversized),
        ("too many inputs", Lane::Latest, wire::encode(&too_many), CloseReason::Malformed),
        ("empty", Lane::Latest, vec![], CloseReason::Malformed),
        ("latest on reliable", Lane::Reliable, wire::encode(&latest()), CloseReason::WrongLane),
        ("reliable on latest", Lane::Latest, ping, CloseReason::WrongLane),
        ("hello on latest", Lane::Latest, wire::encode_hello(&hello()), CloseReason::WrongLane),
        ("a second hello", Lane::Reliable, wire::encode_hello(&hello()), CloseReason::Malformed),
    ];
    for (story, lane, bytes, expected) in cases {
        let mut stage = Stage::open();
        stage.send(lane, &bytes);
        assert_eq!(stage.closed().0, expected, "{story}");
    }
}

#[test]
fn what_the_transport_does_not_allow_ends_the_session_in_its_words() {
    let mut stage = Stage::open();
    let reason = CloseReason::Malformed;
    stage.session.handle(stage.now, SessionInput::Broken { reason, detail: "text" });
    assert_eq!(stage.closed(), (reason, "text".to_owned()));
}

#[test]
fn somebody_who_chats_too_fast_is_denied_and_stays() {
    let mut stage = Stage::open();
    let burst = LinkLimits::default().rates.chat.burst;
    for _ in 0..burst {
        stage.say(&ClientMessage::Say { text: "spam".into() });
    }
    assert_eq!(stage.outputs().len(), burst as usize);
    stage.say(&ClientMessage::Say { text: "spam".into() });
    stage.say(&ClientMessage::Ping { nonce: 5 });
    assert_eq!(
        stage.said(),
        [ServerMessage::Denied { denial: Denial::TooFast }, ServerMessage::Pong { nonce: 5 },]
    );
    stage.wait(Duration::from_secs(1));
    stage.say(&ClientMessage::Say { text: "sorry".into() });
    assert_eq!(stage.outputs(), [SessionOutput::ToWorld(Intent::Say { text: "sorry".into() })]);
    assert_eq!(stage.session.counts().denied_too_fast, 1);
}

#[test]
fn emotes_looks_and_pings_beyond_their_rate_are_denied() {
    let rates = LinkLimits::default().rates;
    let cases = [
        (ClientMessage::Emote { emote: Emote::Clap }, rates.emote.burst),
        (ClientMessage::SetLook { name: "A".into(), look: LOOK }, rates.look.burst),
        (ClientMessage::Ping { nonce: 1 }, rates.ping.burst),
    ];
    for (message, burst) in cases {
        let mut stage = Stage::open();
        for _ in 0..burst {
            stage.say(&message);
        }
        stage.outputs();
        stage.say(&message);
        assert_eq!(stage.said(), [ServerMessage::Denied { denial: Denial::TooFast }]);
    }
}

#[test]
fn latest_messages_beyond_their_rate_are_dropped_and_the_session_goes_on() {
    let mut stage = Stage::open();
    let burst = LinkLimits::default().rates.latest.burst;
    for _ in 0..burst + 10 {
        stage.send(Lane::Latest, &wire::encode(&latest()));
    }
    assert_eq!(stage.outputs().len(), burst as usize);
    assert_eq!(stage.session.counts().latest_too_fast, 10);
}

#[test]
fn sixty_messages_per_second_are_fine_for_ever_and_a_flood_is_not() {
    let mut stage = Stage::open();
    for _ in 0..60 * 60 {
        stage.wait(Duration::from_micros(16_667));
        stage.send(Lane::Latest, &wire::encode(&latest()));
        assert_eq!(stage.outputs().len(), 1);
    }
    let burst = LinkLimits::default().rates.all.burst;
    for _ in 0..=burst {
        stage.send(Lane::Latest, &wire::encode(&latest()));
    }
    assert_eq!(stage.closed().0, CloseReason::TooManyMessages);
}

#[test]
fn signs_of_life_alone_are_a_flood_too() {
    let mut stage = Stage::open();
    for _ in 0..=LinkLimits::default().rates.all.burst {
        stage.session.handle(stage.now, SessionInput::Alive);
    }
    assert_eq!(stage.closed().0, CloseReason::TooManyMessages);
}

#[test]
fn whoever_never_says_hello_is_sent_away() {
    let mut stage = Stage::new();
    let timeout = LinkLimits::default().handshake_timeout;
    assert_eq!(stage.session.poll_timeout(), Some(stage.now + timeout));
    stage.wait(timeout - Duration::from_millis(1));
    assert_eq!(stage.outputs(), []);
    stage.wait(Duration::from_millis(1));
    assert_eq!(stage.closed().0, CloseReason::HandshakeTimeout);
}

#[test]
fn a_silent_client_is_probed_and_then_closed_as_idle() {
    let limits = LinkLimits::default();
    let mut stage = Stage::open();
    stage.wait(limits.probe_interval);
    assert_eq!(stage.outputs(), [SessionOutput::Probe]);
    stage.session.handle(stage.now, SessionInput::Alive);
    stage.wait(limits.probe_interval);
    assert_eq!(stage.outputs(), [SessionOutput::Probe], "the answer started the time anew");
    stage.wait(limits.idle_timeout - limits.probe_interval);
    assert_eq!(stage.closed().0, CloseReason::Idle);
}

#[test]
fn whoever_does_not_wait_for_the_answer_is_closed() {
    let mut stage = Stage::new();
    stage.send(Lane::Reliable, &wire::encode_hello(&hello()));
    stage.say(&ClientMessage::Say { text: "me first".into() });
    assert_eq!(stage.closed().0, CloseReason::Malformed);
}

#[test]
fn the_host_may_refuse_and_close_at_any_time() {
    let mut stage = Stage::new();
    stage.send(Lane::Reliable, &wire::encode_hello(&hello()));
    stage.session.handle(stage.now, SessionInput::CloseWanted(CloseReason::UnknownWorld));
    assert_eq!(stage.closed().0, CloseReason::UnknownWorld);
    let mut stage = Stage::open();
    stage.session.handle(stage.now, SessionInput::CloseWanted(CloseReason::ShuttingDown));
    assert_eq!(stage.closed().0, CloseReason::ShuttingDown);
}

#[derive(Clone, Debug)]
enum Step {
    Message(Lane, Vec<u8>),
    Alive,
    Admit,
    NotTaken,
    Wait(u16),
}

fn message_bytes() -> impl Strategy<Value = Vec<u8>> {
    let start = prop_oneof![
        Just(Vec::new()),
        Just(wire::encode_hello(&hello())),
        Just(wire::encode(&latest())),
        Just(wire::encode(&ClientMessage::Say { text: "hello".into() })),
        Just(wire::encode(&ClientMessage::Ping { nonce: 9 })),
        Just(wire::encode(&ClientMessage::Bye)),
    ];
    (start, proptest::collection::vec(any::<u8>(), 0..8), 0_usize..64).prop_map(
        |(mut bytes, tail, keep)| {
            // Mostly whole messages, sometimes cut, sometimes with rubbish behind them.
            if keep < 8 {
                bytes.truncate(keep);
            }
            if keep % 3 == 0 {
                bytes.extend(tail);
            }
            bytes
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let lane = prop_oneof![Just(Lane::Reliable), Just(Lane::Latest)];
    prop_oneof![
        6 => (lane, message_bytes()).prop_map(|(lane, bytes)| Step::Message(lane, bytes)),
        1 => Just(Step::Alive),
        2 => Just(Step::Admit),
        1 => Just(Step::NotTaken),
        1 => any::<u16>().prop_map(Step::Wait),
    ]
}

proptest! {
    #[test]
    fn nothing_in_any_order_makes_a_session_panic_or_speak_after_its_end(
        steps in proptest::collection::vec(step(), 0..60),
    ) {
        let mut stage = Stage::new();
        let mut closed = false;
        let mut admitted = false;
        for step in steps {
            match step {
                Step::Message(lane, bytes) => stage.send(lane, &bytes),
                Step::Alive => stage.session.handle(stage.now, SessionInput::Alive),
                Step::Admit => stage.session.handle(stage.now, SessionInput::Admitted(ADMITTED)),
                Step::NotTaken => {
                    stage.session.handle(stage.now, SessionInput::NotTaken(Denial::TooFast));
                }
                Step::Wait(ms) => stage.wait(Duration::from_millis(ms.into())),
            }
            for output in stage.outputs() {
                prop_assert!(!closed, "{output:?} after the end");
                match output {
                    SessionOutput::Close { .. } => closed = true,
                    SessionOutput::Send(bytes) => {
                        let message = wire::decode_server_message(&bytes).unwrap();
                        admitted |= matches!(message, ServerMessage::Accepted { .. });
                    }
                    SessionOutput::ToWorld(_) => prop_assert!(admitted, "a stranger acts"),
                    SessionOutput::Enter(_) | SessionOutput::Probe => {}
                }
            }
            prop_assert_eq!(closed, stage.session.poll_timeout().is_none());
        }
    }
}

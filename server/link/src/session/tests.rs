//! What strangers send, and what becomes of them.

use std::time::Duration;

use proptest::prelude::*;
use vivarium_protocol::{
    PROTOCOL_VERSION,
    intent::{ClientLatest, Emote, Hello, Input, Look},
    limits::INPUTS_PER_MESSAGE_MAX,
    snapshot::packet::Ack,
};

use super::*;

const LOOK: Look = Look { body: [1, 2, 3], accent: [4, 5, 6] };

const HERE: Attachment = 1;

/// A session and a clock that only moves when it is told.
struct Stage {
    session: Session,
    now: Instant,
    attachment: Attachment,
}

impl Stage {
    fn new() -> Self {
        let now = Instant::now();
        let mut session = Session::new(now, LinkLimits::default());
        assert_eq!(session.attach(now, HERE), 0);
        Self { session, now, attachment: HERE }
    }

    fn handle(&mut self, input: SessionInput<'_>) {
        self.session.handle(self.now, self.attachment, input);
    }

    fn send(&mut self, lane: Lane, bytes: &[u8]) {
        self.handle(SessionInput::Message { lane, bytes });
    }

    fn say(&mut self, message: &ClientMessage) {
        self.send(Lane::Reliable, &wire::encode(message));
    }

    fn wait(&mut self, duration: Duration) {
        self.now += duration;
        self.session.handle_timeout(self.now, self.attachment);
    }

    fn outputs(&mut self) -> Vec<SessionOutput> {
        std::iter::from_fn(|| self.session.poll_output(self.attachment)).collect()
    }

    fn said(&mut self) -> Vec<ServerMessage> {
        self.outputs()
            .into_iter()
            .map(|output| match output {
                SessionOutput::Tell(bytes) => {
                    let message = wire::decode_server_message(&bytes).unwrap();
                    assert!(message.is_numbered(), "{message:?}");
                    message
                }
                SessionOutput::Control(bytes) => {
                    let message = wire::decode_server_message(&bytes).unwrap();
                    assert!(!message.is_numbered(), "{message:?}");
                    message
                }
                other => panic!("{other:?} is not a message"),
            })
            .collect()
    }

    /// The connection must have ended, with readable last words.
    fn closed(&mut self) -> (CloseReason, String) {
        let mut outputs = self.outputs();
        let Some(SessionOutput::Close { reason, message }) = outputs.pop() else {
            panic!("not closed: {outputs:?}")
        };
        let Ok(ServerMessage::Closed { reason: told, detail }) =
            wire::decode_server_message(&message)
        else {
            panic!("the last words are unreadable")
        };
        assert_eq!(told, reason);
        assert!(!self.session.is_attached(self.attachment));
        self.say(&ClientMessage::Ping { nonce: 1 });
        assert_eq!(self.outputs(), [], "nothing comes after the end");
        (reason, detail)
    }
}

fn hello() -> Hello {
    Hello {
        world: "plaza".into(),
        name: "Ana".into(),
        look: LOOK,
        ticket: None,
        resume: None,
        key: None,
    }
}

fn refused(lane: Lane, bytes: &[u8]) -> (CloseReason, String) {
    let refusal = Greeting::read(lane, bytes).expect_err("it must not come in");
    assert_eq!(
        wire::decode_server_message(&refusal.message()),
        Ok(ServerMessage::Closed { reason: refusal.reason, detail: refusal.detail.clone() })
    );
    (refusal.reason, refusal.detail)
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
    let mut stage = Stage::new();
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
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&(PROTOCOL_VERSION + 41).to_le_bytes());
    bytes.extend_from_slice(b"\xff\xffthings that only version 42 understands");
    let (reason, detail) = refused(Lane::Reliable, &bytes);
    assert_eq!(reason, CloseReason::VersionMismatch);
    assert!(detail.contains("reload"), "{detail}");
    assert!(detail.contains(&format!("{}", PROTOCOL_VERSION + 41)), "{detail}");
    assert!(detail.contains(&format!("this is version {PROTOCOL_VERSION}")), "{detail}");
}

#[test]
fn whatever_is_not_a_handshake_is_refused() {
    let head = [&MAGIC[..], &PROTOCOL_VERSION.to_le_bytes()].concat();
    let cases: [(Lane, &[u8], CloseReason); 6] = [
        (Lane::Reliable, b"", CloseReason::NotVivarium),
        (Lane::Reliable, b"GET / HTTP/1.1\r\n", CloseReason::NotVivarium),
        (Lane::Reliable, b"VIV", CloseReason::NotVivarium),
        (Lane::Reliable, &head, CloseReason::Malformed),
        (Lane::Latest, &head, CloseReason::WrongLane),
        (Lane::Reliable, &[0; CLIENT_RELIABLE_BYTES_MAX + 1], CloseReason::Oversized),
    ];
    for (lane, bytes, expected) in cases {
        assert_eq!(refused(lane, bytes).0, expected, "{bytes:?}");
    }
}

#[test]
fn a_handshake_with_something_behind_it_or_cut_short_is_refused() {
    let whole = wire::encode_hello(&hello());
    for length in 0..whole.len() {
        let (reason, _) = refused(Lane::Reliable, &whole[..length]);
        assert!(
            matches!(reason, CloseReason::NotVivarium | CloseReason::Malformed),
            "{length}: {reason:?}"
        );
    }
    assert_eq!(Greeting::read(Lane::Reliable, &whole), Ok(hello()));
    let more = [whole, vec![0]].concat();
    assert_eq!(refused(Lane::Reliable, &more).0, CloseReason::Malformed);
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
        let mut stage = Stage::new();
        stage.send(lane, &bytes);
        assert_eq!(stage.closed().0, expected, "{story}");
    }
}

#[test]
fn what_the_transport_does_not_allow_ends_the_session_in_its_words() {
    let mut stage = Stage::new();
    let reason = CloseReason::Malformed;
    stage.handle(SessionInput::Broken { reason, detail: "text" });
    assert_eq!(stage.closed(), (reason, "text".to_owned()));
}

#[test]
fn somebody_who_chats_too_fast_is_denied_and_stays() {
    let mut stage = Stage::new();
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
    assert_eq!(stage.said(), [ServerMessage::Taken { count: burst + 1 }], "denied ones, too");
    stage.say(&ClientMessage::Say { text: "sorry".into() });
    assert_eq!(stage.outputs(), [SessionOutput::ToWorld(Intent::Say { text: "sorry".into() })]);
    assert_eq!(stage.session.take_counts().denied_too_fast, 1);
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
        let mut stage = Stage::new();
        for _ in 0..burst {
            stage.say(&message);
        }
        stage.outputs();
        stage.say(&message);
        assert_eq!(stage.said(), [ServerMessage::Denied { denial: Denial::TooFast }]);
    }
}

#[test]
fn places_beyond_their_rate_are_dropped_without_a_word_but_never_the_end_of_pointing() {
    let mut stage = Stage::new();
    let burst = LinkLimits::default().rates.point.burst;
    let at = Some([512, 0, -512]);
    for _ in 0..burst + 10 {
        stage.say(&ClientMessage::Point { at });
    }
    let passed = SessionOutput::ToWorld(Intent::Point { at });
    assert_eq!(stage.outputs(), vec![passed; burst as usize]);
    stage.say(&ClientMessage::Point { at: None });
    // Each end once, or they would be a way around the rate.
    stage.say(&ClientMessage::Point { at: None });
    assert_eq!(stage.outputs(), [SessionOutput::ToWorld(Intent::Point { at: None })]);
    stage.wait(Duration::from_secs(2));
    assert_eq!(stage.outputs(), [], "they are not numbered");
}

#[test]
fn latest_messages_beyond_their_rate_are_dropped_and_the_session_goes_on() {
    let mut stage = Stage::new();
    let burst = LinkLimits::default().rates.latest.burst;
    for _ in 0..burst + 10 {
        stage.send(Lane::Latest, &wire::encode(&latest()));
    }
    assert_eq!(stage.outputs().len(), burst as usize);
    assert_eq!(stage.session.take_counts().latest_too_fast, 10);
}

#[test]
fn sixty_messages_per_second_are_fine_for_ever_and_a_flood_is_not() {
    let mut stage = Stage::new();
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
    let mut stage = Stage::new();
    for _ in 0..=LinkLimits::default().rates.all.burst {
        stage.handle(SessionInput::Alive);
    }
    assert_eq!(stage.closed().0, CloseReason::TooManyMessages);
}

#[test]
fn a_silent_client_is_probed_and_then_closed_as_idle() {
    let limits = LinkLimits::default();
    let mut stage = Stage::new();
    stage.wait(limits.probe_interval);
    assert_eq!(stage.outputs(), [SessionOutput::Probe]);
    stage.handle(SessionInput::Alive);
    stage.wait(limits.probe_interval);
    assert_eq!(stage.outputs(), [SessionOutput::Probe], "the answer started the time anew");
    stage.wait(limits.idle_timeout - limits.probe_interval);
    assert_eq!(stage.closed().0, CloseReason::Idle);
}

#[test]
fn the_host_may_close_at_any_time() {
    let mut stage = Stage::new();
    stage.handle(SessionInput::CloseWanted(CloseReason::ShuttingDown));
    assert_eq!(stage.closed().0, CloseReason::ShuttingDown);
    let mut stage = Stage::new();
    stage.handle(SessionInput::WronglyConfirmed);
    assert_eq!(stage.closed().0, CloseReason::Malformed);
}

#[test]
fn what_was_taken_in_is_told_after_a_while_or_when_much_came() {
    let mut stage = Stage::new();
    let wave = ClientMessage::Emote { emote: Emote::Wave };
    stage.say(&wave);
    stage.outputs();
    assert_eq!(stage.session.poll_timeout(), stage.now + LinkLimits::default().taken_interval);
    stage.wait(Duration::from_millis(999));
    assert_eq!(stage.outputs(), []);
    stage.wait(Duration::from_millis(1));
    assert_eq!(stage.said(), [ServerMessage::Taken { count: 1 }]);
    stage.wait(Duration::from_secs(2));
    assert_eq!(stage.outputs(), [], "there is nothing new to tell");
    for _ in 0..UNTAKEN_MESSAGES_MAX {
        stage.say(&wave);
    }
    let count = 1 + UNTAKEN_MESSAGES_MAX;
    assert!(stage.said_among().contains(&ServerMessage::Taken { count }));
    stage.say(&ClientMessage::Ping { nonce: 1 });
    stage.say(&ClientMessage::Taken { count: 12 });
    assert_eq!(
        stage.outputs()[1..],
        [SessionOutput::Confirmed(12)],
        "neither of them has a number of its own"
    );
    assert_eq!(stage.session.attach(stage.now, 2), count);
}

#[test]
fn a_session_goes_on_over_the_next_connection_and_the_last_one_counts_for_nothing() {
    let mut stage = Stage::new();
    let say = |text: &str| ClientMessage::Say { text: text.into() };
    stage.say(&say("one"));
    stage.outputs();
    stage.now += Duration::from_secs(29);
    assert_eq!(stage.session.attach(stage.now, 2), 1);
    stage.say(&say("from the old connection"));
    stage.handle(SessionInput::CloseWanted(CloseReason::Idle));
    stage.wait(Duration::ZERO);
    assert_eq!(stage.outputs(), []);
    stage.attachment = 2;
    stage.wait(Duration::ZERO);
    assert_eq!(stage.outputs(), [], "the time away was no silence, and nothing is owed");
    stage.say(&say("two"));
    assert_eq!(stage.outputs(), [SessionOutput::ToWorld(Intent::Say { text: "two".into() })]);
    stage.handle(SessionInput::CloseWanted(CloseReason::Idle));
    assert_eq!(stage.closed().0, CloseReason::Idle);
    assert_eq!(stage.session.attach(stage.now, 3), 2, "closed, and back again");
}

#[test]
fn coming_back_does_not_make_anybody_faster() {
    let mut stage = Stage::new();
    let burst = LinkLimits::default().rates.chat.burst;
    let mut heard = 0;
    for attachment in 2..20 {
        for _ in 0..burst {
            stage.say(&ClientMessage::Say { text: "spam".into() });
        }
        let is_heard = |output: &SessionOutput| matches!(output, SessionOutput::ToWorld(_));
        heard += stage.outputs().iter().filter(|output| is_heard(output)).count();
        stage.session.attach(stage.now, attachment);
        stage.attachment = attachment;
    }
    assert_eq!(heard, burst as usize);
}

impl Stage {
    /// Messages among other outputs.
    fn said_among(&mut self) -> Vec<ServerMessage> {
        self.outputs()
            .into_iter()
            .filter_map(|output| match output {
                SessionOutput::Tell(bytes) | SessionOutput::Control(bytes) => {
                    Some(wire::decode_server_message(&bytes).unwrap())
                }
                _ => None,
            })
            .collect()
    }
}

#[derive(Clone, Debug)]
enum Step {
    Message(Lane, Vec<u8>),
    Alive,
    Attach,
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
        Just(wire::encode(&ClientMessage::Point { at: Some([9, -9, 99_999]) })),
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
        1 => Just(Step::Attach),
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
        let mut numbered = 0;
        for step in steps {
            match step {
                Step::Message(lane, bytes) => {
                    let message = wire::decode_client_message(&bytes);
                    let counts = message.is_ok_and(|message| message.is_numbered());
                    let open = stage.session.is_attached(stage.attachment);
                    stage.send(lane, &bytes);
                    numbered += u32::from(counts && open && lane == Lane::Reliable);
                }
                Step::Alive => stage.handle(SessionInput::Alive),
                Step::Attach => {
                    stage.attachment += 1;
                    let taken = stage.session.attach(stage.now, stage.attachment);
                    prop_assert!(taken <= numbered, "a flood ends a connection before it counts");
                    numbered = taken;
                    closed = false;
                }
                Step::NotTaken => stage.handle(SessionInput::NotTaken(Denial::TooFast)),
                Step::Wait(ms) => stage.wait(Duration::from_millis(ms.into())),
            }
            for output in stage.outputs() {
                prop_assert!(!closed, "{output:?} after the end");
                if let SessionOutput::Tell(bytes) | SessionOutput::Control(bytes) = &output {
                    prop_assert!(wire::decode_server_message(bytes).is_ok());
                }
                closed = matches!(output, SessionOutput::Close { .. });
            }
            prop_assert_eq!(closed, !stage.session.is_attached(stage.attachment));
        }
    }
}

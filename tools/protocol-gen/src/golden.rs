//! Golden messages: bytes and, next to them, the value as TypeScript sees it.
//!
//! `cargo test` and vitest read the same files, in both directions, which keeps the two codecs in
//! step.

use serde::Serialize;
use vivarium_protocol::{
    close::CloseReason,
    ids::{ObjectId, PersonId},
    intent::{
        ClientLatest, ClientMessage, Emote, Hello, Input, Look, Resume, TrackedPose, TrackedPoses,
        buttons,
    },
    limits::{DEVICE_KEY_BYTES, INPUTS_PER_MESSAGE_MAX, RESUME_TOKEN_BYTES, TICKET_BYTES},
    notice::{Denial, PersonCard, ServerMessage, SpeechEnd},
    snapshot::packet::{Ack, OwnNote, OwnState, PacketHead, own},
    wire,
};

use crate::{Output, json, wire_types::variants};

const FOLDER: &str = "tests/golden/frames";

/// Bytes and JSON of every golden message.
pub fn outputs() -> Vec<Output> {
    let mut outputs = Vec::new();
    hellos(&mut outputs);
    client_messages(&mut outputs);
    client_latest(&mut outputs);
    server_messages(&mut outputs);
    packet_heads(&mut outputs);
    outputs
}

fn put<T: Serialize>(outputs: &mut Vec<Output>, root: &str, name: &str, value: &T, bytes: Vec<u8>) {
    let document = serde_json::json!({ "root": root, "value": json::typescript(root, value) });
    let stem = format!("{FOLDER}/{}_{name}", crate::names::snake_from_pascal(root));
    outputs.push(Output { path: format!("{stem}.bin"), bytes });
    outputs.push(Output::text(&format!("{stem}.json"), json::pretty(&document)));
}

const ANA: Look = Look { body: [255, 128, 0], accent: [1, 2, 3] };
const BO: Look = Look { body: [0, 0, 0], accent: [250, 251, 252] };

fn token() -> [u8; RESUME_TOKEN_BYTES] {
    std::array::from_fn(|index| (index * 17) as u8)
}

fn hellos(outputs: &mut Vec<Output>) {
    for (name, hello) in [
        (
            "first",
            Hello {
                world: String::new(),
                name: "Ana".into(),
                look: ANA,
                ticket: None,
                resume: None,
                key: None,
            },
        ),
        (
            "ticket",
            Hello {
                world: "plaza".into(),
                name: "Bo".into(),
                look: BO,
                ticket: Some([251; TICKET_BYTES]),
                resume: None,
                key: None,
            },
        ),
        (
            "anew",
            Hello {
                world: "plaza".into(),
                name: "Bo".into(),
                look: BO,
                ticket: None,
                resume: Some(Resume { token: token(), taken: None }),
                key: None,
            },
        ),
        (
            "resume",
            Hello {
                world: "garden".into(),
                // Two, three and four bytes of UTF-8, and a byte order mark that must survive.
                name: "\u{FEFF}Zoë 木 🌱".into(),
                look: BO,
                ticket: None,
                resume: Some(Resume { token: token(), taken: Some(70_000) }),
                key: Some([9; DEVICE_KEY_BYTES]),
            },
        ),
    ] {
        put(outputs, "Hello", name, &hello, wire::encode_hello(&hello));
    }
}

fn client_messages(outputs: &mut Vec<Output>) {
    let mut messages = vec![
        ("say".to_owned(), ClientMessage::Say { text: "hello".into() }),
        ("say_long".to_owned(), ClientMessage::Say { text: "long ".repeat(60) }),
        ("set_look".to_owned(), ClientMessage::SetLook { name: "Bo".into(), look: BO }),
        ("ping".to_owned(), ClientMessage::Ping { nonce: u32::MAX }),
        ("bye".to_owned(), ClientMessage::Bye),
        ("taken".to_owned(), ClientMessage::Taken { count: 251 }),
        (
            "select".to_owned(),
            ClientMessage::Select { objects: vec![ObjectId(70_000), ObjectId(3)] },
        ),
        ("point".to_owned(), ClientMessage::Point { at: Some([-5_120_000, 0, 251]) }),
        ("point_nowhere".to_owned(), ClientMessage::Point { at: None }),
        (
            "address".to_owned(),
            ClientMessage::Address { companion: ObjectId(251), text: "ça va ?".into() },
        ),
        ("hush".to_owned(), ClientMessage::Hush { companion: ObjectId(70_000) }),
    ];
    for emote in variants::<Emote>() {
        messages.push((format!("emote_{emote:?}").to_lowercase(), ClientMessage::Emote { emote }));
    }
    for (name, message) in messages {
        put(outputs, "ClientMessage", &name, &message, wire::encode(&message));
    }
}

fn ack(newest: u32, before: u64) -> Ack {
    Ack { newest, before: [before as u32, (before >> 32) as u32] }
}

fn client_latest(outputs: &mut Vec<Output>) {
    let walk = Input { move_x: -127, move_z: 64, yaw: 250, pitch: -1, buttons: buttons::RUN };
    let jump = Input { move_x: 127, move_z: -128, yaw: 65_535, pitch: 127, buttons: buttons::JUMP };
    let edge = Input { yaw: 251, pitch: i8::MIN, ..Input::default() };
    let head = TrackedPose { position_mm: [0, 1_600, -32_768], rotation: [0, 0, 0, 32_767] };
    let hand = TrackedPose { position_mm: [-300, 900, 32_767], rotation: [-23_170, 0, 23_170, -1] };
    for (name, latest) in [
        ("nothing", ClientLatest { ack: ack(0, 0), first_tick: 0, inputs: vec![], tracked: None }),
        (
            "one",
            ClientLatest { ack: ack(250, 0), first_tick: 251, inputs: vec![walk], tracked: None },
        ),
        (
            "full",
            ClientLatest {
                ack: ack(65_535, u64::MAX),
                first_tick: 65_536,
                inputs: [walk, jump, edge]
                    .into_iter()
                    .cycle()
                    .take(INPUTS_PER_MESSAGE_MAX)
                    .collect(),
                tracked: Some(TrackedPoses {
                    head: Some(head),
                    left: Some(hand),
                    right: Some(hand),
                }),
            },
        ),
        (
            "one_hand",
            ClientLatest {
                ack: ack(u32::MAX, 1 << 63 | 1),
                first_tick: u32::MAX,
                inputs: vec![edge],
                tracked: Some(TrackedPoses { left: Some(hand), ..TrackedPoses::default() }),
            },
        ),
        (
            "tracked_nothing",
            ClientLatest {
                ack: ack(1, 0),
                first_tick: 2,
                inputs: vec![Input::default()],
                tracked: Some(TrackedPoses::default()),
            },
        ),
    ] {
        put(outputs, "ClientLatest", name, &latest, wire::encode(&latest));
    }
}

fn server_messages(outputs: &mut Vec<Output>) {
    let ana = PersonCard { person: PersonId(1), name: "Ana".into(), look: ANA, present: true };
    let bo =
        PersonCard { person: PersonId(70_000), name: "Böö".into(), look: BO, present: false };
    let mut messages = vec![
        (
            "accepted".to_owned(),
            ServerMessage::Accepted {
                person: PersonId(1),
                resume: token(),
                resume_window_s: 30,
                resumed: true,
                taken: 3,
                told: 65_536,
            },
        ),
        (
            "entered".to_owned(),
            ServerMessage::Entered {
                world: "plaza".into(),
                document_url: "/worlds/plaza.json".into(),
                ticks_per_s: 300,
                substeps: 2,
                tick: 1_000_000,
                people: vec![ana.clone(), bo.clone()],
                edits: 251,
            },
        ),
        ("joined".to_owned(), ServerMessage::Joined { card: ana }),
        ("changed".to_owned(), ServerMessage::Changed { card: bo }),
        ("left".to_owned(), ServerMessage::Left { person: PersonId(u32::MAX) }),
        (
            "heard".to_owned(),
            ServerMessage::Heard { person: PersonId(251), text: "a\u{301} 木".into() },
        ),
        ("pong".to_owned(), ServerMessage::Pong { nonce: 65_536 }),
        ("taken".to_owned(), ServerMessage::Taken { count: u32::MAX }),
        ("sensed".to_owned(), ServerMessage::Sensed { object: ObjectId(12), inside: 65_535 }),
        (
            "edited".to_owned(),
            ServerMessage::Edited {
                number: 65_536,
                author: "Böö".into(),
                operations: Some(r#"[{"delete":{"object":7}}]"#.into()),
            },
        ),
        (
            "edited_at_large".to_owned(),
            ServerMessage::Edited { number: 1, author: String::new(), operations: None },
        ),
        (
            "selected".to_owned(),
            ServerMessage::Selected {
                person: PersonId(3),
                objects: vec![ObjectId(0), ObjectId(251)],
            },
        ),
        (
            "pointed".to_owned(),
            ServerMessage::Pointed { person: PersonId(3), at: Some([1, -125, 126]) },
        ),
        ("pointed_nowhere".to_owned(), ServerMessage::Pointed { person: PersonId(3), at: None }),
    ];
    for reason in variants::<CloseReason>() {
        let name = crate::names::snake_from_pascal(&format!("Closed{reason:?}"));
        let detail = reason.text().to_owned();
        messages.push((name, ServerMessage::Closed { reason, detail }));
    }
    for denial in variants::<Denial>() {
        let name = crate::names::snake_from_pascal(&format!("Denied{denial:?}"));
        messages.push((name, ServerMessage::Denied { denial }));
    }
    messages.extend(speech());
    for emote in variants::<Emote>() {
        let name = crate::names::snake_from_pascal(&format!("Emoted{emote:?}"));
        messages.push((name, ServerMessage::Emoted { person: PersonId(2), emote }));
    }
    for (name, message) in messages {
        put(outputs, "ServerMessage", &name, &message, wire::encode(&message));
    }
}

/// What companions say.
fn speech() -> Vec<(String, ServerMessage)> {
    let mut messages = vec![
        (
            "thinks".to_owned(),
            ServerMessage::Thinks { companion: ObjectId(9), line: 251, to: PersonId(3) },
        ),
        (
            "says".to_owned(),
            ServerMessage::Says { companion: ObjectId(9), line: 70_000, text: " héllo".into() },
        ),
        (
            "gestured".to_owned(),
            ServerMessage::Gestured { companion: ObjectId(9), emote: Emote::Nod },
        ),
        (
            "said_over_limit".to_owned(),
            ServerMessage::Said {
                companion: ObjectId(9),
                line: 2,
                end: SpeechEnd::OverLimit { free_in_s: 3_599 },
            },
        ),
    ];
    for end in [
        SpeechEnd::Done,
        SpeechEnd::Reduced,
        SpeechEnd::Interrupted,
        SpeechEnd::TimedOut,
        SpeechEnd::Busy,
        SpeechEnd::Broken,
        SpeechEnd::Gone,
    ] {
        let name = crate::names::snake_from_pascal(&format!("Said{end:?}"));
        messages.push((name, ServerMessage::Said { companion: ObjectId(9), line: 1, end }));
    }
    messages
}

fn packet_heads(outputs: &mut Vec<Output>) {
    let own_state = OwnState {
        position_m: [0.1, 0.85, -1.5],
        velocity_mps: [0.0, -0.0, 3.25],
        flags: own::GROUNDED | own::JUMP_HELD,
        airborne_ticks: 255,
        teleports: 1,
    };
    let same = PacketHead {
        number: 250,
        era: 255,
        tick: 65_536,
        on_time: true,
        lead_ticks: -3,
        own: OwnNote::Same,
    };
    let state = PacketHead {
        number: u32::MAX,
        era: 0,
        tick: 240,
        on_time: false,
        lead_ticks: 30,
        own: OwnNote::State(own_state),
    };
    let untold = PacketHead { own: OwnNote::Untold, lead_ticks: i8::MIN, ..same };
    for (name, head) in [("same", same), ("state", state), ("untold", untold)] {
        put(outputs, "PacketHead", name, &head, wire::encode(&head));
    }
}

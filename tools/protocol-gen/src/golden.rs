//! Golden messages: bytes and, next to them, the value as TypeScript sees it.
//!
//! `cargo test` and vitest read the same files, in both directions, which keeps the two codecs in
//! step.

use serde::Serialize;
use vivarium_protocol::{
    close::CloseReason,
    frame::{
        Change, Comer, EntityKind, FIELD_COUNT, FieldDelta, Fields, Frame, OwnState, field, flags,
        own,
    },
    ids::{EntityId, ObjectId, PersonId},
    intent::{
        ClientLatest, ClientMessage, Emote, Hello, Input, Look, TrackedPose, TrackedPoses, buttons,
    },
    limits::{INPUTS_PER_MESSAGE_MAX, RESUME_TOKEN_BYTES},
    notice::{Denial, PersonCard, ServerMessage},
    quantise, wire,
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
    frames(&mut outputs);
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
        ("first", Hello { world: String::new(), name: "Ana".into(), look: ANA, resume: None }),
        (
            "resume",
            Hello {
                world: "garden".into(),
                // Two, three and four bytes of UTF-8, and a byte order mark that must survive.
                name: "\u{FEFF}Zoë 木 🌱".into(),
                look: BO,
                resume: Some(token()),
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
    ];
    for emote in variants::<Emote>() {
        messages.push((format!("emote_{emote:?}").to_lowercase(), ClientMessage::Emote { emote }));
    }
    for (name, message) in messages {
        put(outputs, "ClientMessage", &name, &message, wire::encode(&message));
    }
}

fn client_latest(outputs: &mut Vec<Output>) {
    let walk = Input { move_x: -127, move_z: 64, yaw: 250, pitch: -1, buttons: buttons::RUN };
    let jump = Input { move_x: 127, move_z: -128, yaw: 65_535, pitch: 127, buttons: buttons::JUMP };
    let edge = Input { yaw: 251, pitch: i8::MIN, ..Input::default() };
    let head = TrackedPose { position_mm: [0, 1_600, -32_768], rotation: [0, 0, 0, 32_767] };
    let hand = TrackedPose { position_mm: [-300, 900, 32_767], rotation: [-23_170, 0, 23_170, -1] };
    for (name, latest) in [
        ("nothing", ClientLatest { ack: 0, first_tick: 0, inputs: vec![], tracked: None }),
        ("one", ClientLatest { ack: 250, first_tick: 251, inputs: vec![walk], tracked: None }),
        (
            "full",
            ClientLatest {
                ack: 65_535,
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
                ack: u32::MAX,
                first_tick: u32::MAX,
                inputs: vec![edge],
                tracked: Some(TrackedPoses { left: Some(hand), ..TrackedPoses::default() }),
            },
        ),
        (
            "tracked_nothing",
            ClientLatest {
                ack: 1,
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
    let ana = PersonCard {
        person: PersonId(1),
        avatar: EntityId(7),
        name: "Ana".into(),
        look: ANA,
        present: true,
    };
    let bo = PersonCard {
        person: PersonId(70_000),
        avatar: EntityId(300),
        name: "Böö".into(),
        look: BO,
        present: false,
    };
    let mut messages = vec![
        (
            "accepted".to_owned(),
            ServerMessage::Accepted {
                person: PersonId(1),
                resume: token(),
                resume_window_s: 30,
                resumed: true,
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
                avatar: EntityId(7),
                people: vec![ana.clone(), bo.clone()],
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
        ("sensed".to_owned(), ServerMessage::Sensed { object: ObjectId(12), inside: 65_535 }),
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
    for emote in variants::<Emote>() {
        let name = crate::names::snake_from_pascal(&format!("Emoted{emote:?}"));
        messages.push((name, ServerMessage::Emoted { person: PersonId(2), emote }));
    }
    for (name, message) in messages {
        put(outputs, "ServerMessage", &name, &message, wire::encode(&message));
    }
}

fn avatar_fields(position_m: [f32; 3], yaw: i32) -> Fields {
    let mut fields = [0; FIELD_COUNT];
    for (axis, metres) in position_m.into_iter().enumerate() {
        fields[field::POSITION + axis] = quantise::position(metres);
    }
    fields[field::ROTATION] = yaw;
    fields[field::FLAGS] = flags::GROUNDED;
    fields
}

fn tracked_fields() -> Fields {
    let mut fields = avatar_fields([1.0, 0.85, -2.0], 12_345);
    fields[field::FLAGS] |= flags::TRACKED_HEAD | flags::TRACKED_LEFT | flags::TRACKED_RIGHT;
    for pose in 0..3 {
        let at = field::TRACKED + pose * field::TRACKED_STRIDE;
        fields[at..at + 3].copy_from_slice(&[-250 + 250 * pose as i32, 1_500, -300]);
        let half = std::f32::consts::FRAC_1_SQRT_2;
        fields[at + 3..at + 7].copy_from_slice(&quantise::rotation([0.0, half, 0.0, -half]));
    }
    fields
}

fn avatar(entity: u32, person: u32, fields: &Fields) -> Comer {
    Comer {
        entity: EntityId(entity),
        kind: EntityKind::Avatar { person: PersonId(person) },
        state: FieldDelta::between(&[0; FIELD_COUNT], fields),
    }
}

fn object(entity: u32, object: u32, fields: &Fields) -> Comer {
    Comer {
        entity: EntityId(entity),
        kind: EntityKind::Object { object: ObjectId(object) },
        state: FieldDelta::between(&[0; FIELD_COUNT], fields),
    }
}

/// A join, walking, and a departure, as one client would get them: each frame's baseline is in the
/// sequence. The replica of a client is tested against it.
pub fn sequence() -> Vec<Frame> {
    let standing = avatar_fields([0.0, 0.85, 0.0], 0);
    let walking = avatar_fields([0.1, 0.85, -0.2], -300);
    let mut ball = [0; FIELD_COUNT];
    ball[field::POSITION + 1] = quantise::position(0.25);
    ball[field::ROTATION] = 3;
    ball[field::FLAGS] = flags::ASLEEP;
    let mut rolling = ball;
    rolling[field::POSITION] = quantise::position(-65_536.0);
    rolling[field::FLAGS] = 0;
    let own_state = OwnState {
        position_m: [0.1, 0.85, -1.5],
        velocity_mps: [0.0, -0.0, 3.25],
        flags: own::GROUNDED | own::JUMP_HELD,
        airborne_ticks: 255,
        on_time: true,
        lead_ticks: -3,
        teleports: 1,
    };
    vec![
        Frame {
            tick: 240,
            baseline: 0,
            own: Some(own_state),
            gone: vec![],
            come: vec![
                avatar(7, 1, &standing),
                avatar(300, 70_000, &tracked_fields()),
                object(9, 12, &ball),
            ],
            changed: vec![],
        },
        Frame {
            tick: 252,
            baseline: 240,
            own: Some(OwnState { on_time: false, lead_ticks: 30, ..own_state }),
            gone: vec![],
            come: vec![],
            changed: vec![
                Change { entity: EntityId(7), delta: FieldDelta::between(&standing, &walking) },
                Change { entity: EntityId(9), delta: FieldDelta::between(&ball, &rolling) },
            ],
        },
        Frame {
            tick: 253,
            baseline: 240,
            own: None,
            gone: vec![EntityId(300), EntityId(9)],
            come: vec![object(70_001, 0, &rolling)],
            changed: vec![Change {
                entity: EntityId(7),
                delta: FieldDelta::between(&standing, &walking),
            }],
        },
        Frame { tick: 255, baseline: 253, own: None, gone: vec![], come: vec![], changed: vec![] },
    ]
}

fn frames(outputs: &mut Vec<Output>) {
    let extremes = FieldDelta {
        mask: (1 << FIELD_COUNT) - 1,
        values: (0..FIELD_COUNT as i32)
            .map(|index| match index % 4 {
                0 => i32::MAX - index,
                1 => i32::MIN + index,
                2 => 125 + index,
                _ => -126 - index,
            })
            .collect(),
    };
    let empty =
        Frame { tick: 1, baseline: 0, own: None, gone: vec![], come: vec![], changed: vec![] };
    let large = Frame {
        tick: u32::MAX,
        baseline: u32::MAX - 63,
        changed: vec![Change { entity: EntityId(u32::MAX), delta: extremes }],
        ..empty.clone()
    };
    let crowd = Frame {
        come: (0..300)
            .map(|index| avatar(index, index * 7, &avatar_fields([index as f32, 0.85, 0.5], 0)))
            .collect(),
        ..empty.clone()
    };
    let mut frames = vec![
        ("empty".to_owned(), empty),
        ("extremes".to_owned(), large),
        ("crowd".to_owned(), crowd),
    ];
    for (index, frame) in sequence().into_iter().enumerate() {
        frames.push((format!("sequence_{index}"), frame));
    }
    for (name, frame) in frames {
        put(outputs, "Frame", &name, &frame, wire::encode(&frame));
    }
}

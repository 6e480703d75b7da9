//! Bytes that both ends must refuse, each with the kind of error that must be told.
//!
//! A byte string that once broke a decoder belongs in here, so that it is tried for ever after.

use vivarium_protocol::{
    PROTOCOL_VERSION,
    intent::{ClientLatest, ClientMessage, Hello, Input, Look, MAGIC, Resume},
    limits::{
        CLIENT_LATEST_BYTES_MAX, CLIENT_RELIABLE_BYTES_MAX, INPUTS_PER_MESSAGE_MAX,
        SERVER_RELIABLE_BYTES_MAX,
    },
    snapshot::packet::Ack,
    wire,
};

use crate::{Output, json, names::snake_from_pascal};

const FOLDER: &str = "tests/golden/bad";

/// Bytes that must be refused.
pub struct Bad {
    /// What they pretend to be.
    pub root: &'static str,
    /// What is wrong with them.
    pub name: &'static str,
    /// The kind of `DecodeError`, as TypeScript names it.
    pub error: &'static str,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Bytes, and what they are refused with.
pub fn outputs() -> Vec<Output> {
    let mut outputs = Vec::new();
    for bad in all() {
        let stem = format!("{FOLDER}/{}_{}", snake_from_pascal(bad.root), bad.name);
        let document = serde_json::json!({ "root": bad.root, "error": bad.error });
        outputs.push(Output { path: format!("{stem}.bin"), bytes: bad.bytes });
        outputs.push(Output::text(&format!("{stem}.json"), json::pretty(&document)));
    }
    outputs
}

/// Everything that must be refused.
pub fn all() -> Vec<Bad> {
    let mut all = Vec::new();
    hello(&mut all);
    client(&mut all);
    server(&mut all);
    all
}

fn bad(
    all: &mut Vec<Bad>,
    root: &'static str,
    name: &'static str,
    error: &'static str,
    bytes: impl Into<Vec<u8>>,
) {
    all.push(Bad { root, name, error, bytes: bytes.into() });
}

fn hello(all: &mut Vec<Bad>) {
    let good = wire::encode_hello(&Hello {
        world: "plaza".into(),
        name: "Ana".into(),
        look: Look { body: [1, 2, 3], accent: [4, 5, 6] },
        ticket: None,
        resume: Some(Resume { token: [7; 16], taken: Some(1) }),
        key: None,
    });
    bad(all, "Hello", "empty", "notVivarium", []);
    bad(all, "Hello", "no_version", "notVivarium", [&MAGIC[..], &[1]].concat());
    bad(all, "Hello", "http", "notVivarium", *b"GET / HTTP/1.1\r\n\r\n");
    let other = (PROTOCOL_VERSION + 1).to_le_bytes();
    bad(
        all,
        "Hello",
        "version",
        "version",
        [&MAGIC[..], &other, b"whatever that one says"].concat(),
    );
    bad(all, "Hello", "truncated", "malformed", &good[..good.len() - 1]);
    bad(all, "Hello", "trailing", "trailingBytes", [&good[..], &[0]].concat());
    let head = &good[..MAGIC.len() + 2];
    bad(all, "Hello", "bad_option", "malformed", [head, &[0, 0, 1, 2, 3, 4, 5, 6, 2]].concat());
    bad(
        all,
        "Hello",
        "oversized",
        "tooLarge",
        [head, &vec![0; CLIENT_RELIABLE_BYTES_MAX + 1][..]].concat(),
    );
}

fn client(all: &mut Vec<Bad>) {
    let root = "ClientMessage";
    bad(all, root, "empty", "malformed", []);
    bad(all, root, "bad_variant", "malformed", [7]);
    bad(all, root, "bad_variant_large", "malformed", [252, 255, 255, 255, 255]);
    bad(all, root, "bad_emote", "malformed", [1, 8]);
    bad(all, root, "bad_utf8", "malformed", [0, 2, 0xC3, 0x28]);
    bad(all, root, "surrogate", "malformed", [0, 3, 0xED, 0xA0, 0x80]);
    bad(all, root, "overlong_utf8", "malformed", [0, 2, 0xC0, 0x80]);
    bad(all, root, "absurd_length", "malformed", [0, 253, 255, 255, 255, 255, 255, 255, 255, 255]);
    bad(all, root, "length_of_128_bits", "malformed", [vec![0, 254], vec![0; 16]].concat());
    bad(all, root, "number_of_64_bits", "malformed", [3, 253, 1, 0, 0, 0, 0, 0, 0, 0]);
    bad(all, root, "reserved_number", "malformed", [3, 255]);
    bad(all, root, "trailing", "trailingBytes", [4, 4]);
    let long = ClientMessage::Say { text: "x".repeat(CLIENT_RELIABLE_BYTES_MAX) };
    bad(all, root, "oversized", "tooLarge", wire::encode(&long));

    let root = "ClientLatest";
    let mut latest = ClientLatest {
        ack: Ack { newest: 1, before: [0; 2] },
        first_tick: 2,
        inputs: vec![Input::default(); INPUTS_PER_MESSAGE_MAX + 1],
        tracked: None,
    };
    bad(all, root, "too_many_inputs", "malformed", wire::encode(&latest));
    bad(all, root, "absurd_length", "malformed", [1, 0, 0, 2, 252, 255, 255, 255, 127]);
    latest.inputs.truncate(1);
    let good = wire::encode(&latest);
    bad(all, root, "truncated", "malformed", &good[..good.len() - 1]);
    bad(all, root, "trailing", "trailingBytes", [&good[..], &[9, 9, 9]].concat());
    bad(all, root, "bad_option", "malformed", [&good[..good.len() - 1], &[255]].concat());
    bad(all, root, "oversized", "tooLarge", vec![0; CLIENT_LATEST_BYTES_MAX + 1]);
}

fn server(all: &mut Vec<Bad>) {
    let root = "ServerMessage";
    bad(all, root, "empty", "malformed", []);
    bad(all, root, "bad_variant", "malformed", [14]);
    bad(all, root, "bad_close_reason", "malformed", [0, 16, 0]);
    bad(all, root, "bad_denial", "malformed", [9, 6]);
    let accepted = [vec![1, 1], vec![7; 16], vec![30]].concat();
    bad(all, root, "bad_bool", "malformed", [&accepted[..], &[2]].concat());
    bad(all, root, "truncated", "malformed", accepted);
    bad(all, root, "truncated_number", "malformed", [8, 251, 1]);
    bad(all, root, "wide_number", "malformed", [10, 1, 252, 0, 0, 1, 0]);
    bad(all, root, "trailing", "trailingBytes", [5, 1, 0]);
    // A roster of 4,294,967,295 people in eighteen bytes.
    let entered = [&[2, 1, b'p', 1, b'u', 30, 2, 0, 252][..], &[255; 4], &[0; 5]].concat();
    bad(all, root, "absurd_roster", "malformed", entered);
    bad(all, root, "oversized", "tooLarge", vec![5; SERVER_RELIABLE_BYTES_MAX + 1]);
}

//! The committed golden messages, read by the Rust end. The TypeScript end reads the same files in
//! `client-web/src/protocol/golden.test.ts`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Serialize;
use serde_json::{Value, json};
use vivarium_protocol::{
    limits::FRAME_BYTES_MAX,
    snapshot::{packet::PacketHead, view::View},
    wire::{self, DecodeError},
};
use vivarium_protocol_gen::{
    json::{sorted, typescript},
    packets, repository,
};

/// Each `.json` of a folder, with the bytes next to it.
fn cases(folder: &str) -> Vec<(PathBuf, Value, Vec<u8>)> {
    let folder = repository().join(folder);
    let mut cases = Vec::new();
    for entry in fs::read_dir(&folder).expect("golden files are committed") {
        let path = entry.expect("a folder of the repository can be listed").path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let text = fs::read_to_string(&path).expect("a golden file can be read");
            let document = serde_json::from_str(&text).expect("a golden file is JSON");
            let bytes = fs::read(path.with_extension("bin")).expect("bytes lie next to their JSON");
            cases.push((path, document, bytes));
        }
    }
    assert!(!cases.is_empty(), "{} is empty", folder.display());
    cases
}

/// The value as TypeScript sees it, and its bytes when it is encoded again.
fn decode(root: &str, bytes: &[u8], path: &Path) -> Result<(Value, Vec<u8>), DecodeError> {
    fn told<T: Serialize>(root: &str, value: T) -> (Value, Vec<u8>) {
        (typescript(root, &value), wire::encode(&value))
    }
    Ok(match root {
        "Hello" => {
            let hello = wire::decode_hello(bytes)?;
            (typescript(root, &hello), wire::encode_hello(&hello))
        }
        "ClientMessage" => told(root, wire::decode_client_message(bytes)?),
        "ClientLatest" => told(root, wire::decode_client_latest(bytes)?),
        "ServerMessage" => told(root, wire::decode_server_message(bytes)?),
        "PacketHead" => {
            let (head, rest) = wire::decode_prefix::<PacketHead>(bytes, FRAME_BYTES_MAX)?;
            assert!(rest.is_empty(), "{}: {rest:?} follow the head", path.display());
            told(root, head)
        }
        other => panic!("{}: {other} is not a message", path.display()),
    })
}

#[test]
fn golden_messages_mean_the_same_in_both_directions() {
    for (path, document, bytes) in cases("tests/golden/frames") {
        let root = document["root"].as_str().expect("golden files name their root");
        let (value, encoded) = match decode(root, &bytes, &path) {
            Ok(told) => told,
            Err(error) => panic!("{}: {error}", path.display()),
        };
        // By way of text, since that is what is committed.
        let value: Value = serde_json::from_str(&value.to_string()).expect("JSON reads itself");
        assert_eq!(value, document["value"], "{}", path.display());
        assert_eq!(encoded, bytes, "{}", path.display());
    }
}

#[test]
fn bad_messages_are_refused_with_the_right_error() {
    for (path, document, bytes) in cases("tests/golden/bad") {
        let root = document["root"].as_str().expect("golden files name their root");
        let kind = match decode(root, &bytes, &path) {
            Ok((value, _)) => panic!("{} was taken for {value}", path.display()),
            Err(DecodeError::TooLarge { .. }) => "tooLarge",
            Err(DecodeError::Malformed(_)) => "malformed",
            Err(DecodeError::TrailingBytes(_)) => "trailingBytes",
            Err(DecodeError::NotVivarium) => "notVivarium",
            Err(DecodeError::Version { .. }) => "version",
        };
        assert_eq!(json!(kind), document["error"], "{}", path.display());
    }
}

#[test]
fn golden_packets_are_understood_as_they_are_told() {
    for (path, document, bytes) in cases("tests/golden/packets") {
        let steps = document.as_array().expect("a sequence is a list of steps");
        let mut view = View::default();
        let mut bytes = &bytes[..];
        for (index, step) in steps.iter().enumerate() {
            let (length, rest) = bytes.split_first_chunk::<2>().expect("each step has a packet");
            let (packet, rest) = rest.split_at(usize::from(u16::from_le_bytes(*length)));
            bytes = rest;
            let at = format!("packet {index} of {}", path.display());
            assert_eq!(packets::outcome(&view.apply(packet)), step["applied"], "{at}");
            let all = if step["members"].is_array() {
                packets::told(&view)
            } else {
                packets::summed(&view)
            };
            assert_eq!(all, step["members"], "{at}");
            assert_eq!(sorted(&typescript("Ack", &view.ack())), step["ack"], "{at}");
        }
        assert!(bytes.is_empty(), "{}: packets without a step", path.display());
    }
}

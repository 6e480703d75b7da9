//! However the bytes of an answer are cut, the pieces in it are the same.

use std::path::Path;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use proptest::prelude::*;
use serde_json::json;
use vivarium_dialogue::provider::{
    Finish, Piece, ProviderError,
    anthropic::Anthropic,
    events::events,
    openai::OpenAi,
    wire::{Dialect, Flow},
};

use crate::upstream::whole;

/// The pieces in bytes that come in these chunks, and the error at their end.
fn pieces(kind: &str, chunks: Vec<Vec<u8>>) -> (Vec<Piece>, Option<ProviderError>) {
    let mut reader = match kind {
        "anthropic" => Anthropic.reader(),
        _ => OpenAi { limit_field: "max_tokens" }.reader(),
    };
    let chunks = chunks.into_iter().map(|it| Ok(Bytes::from(it)));
    let mut pieces = Vec::new();
    let read = async {
        let mut events = std::pin::pin!(events(stream::iter(chunks)));
        while let Some(event) = events.next().await {
            match event.and_then(|event| reader.take(&event, &mut pieces)) {
                Ok(Flow::More) => {}
                Ok(Flow::Done) => return None,
                Err(error) => return Some(error),
            }
        }
        reader.end(&mut pieces).err()
    };
    let error = read.now_or_never().expect("all the bytes are there");
    (pieces, error)
}

fn cut(bytes: &[u8], cuts: &[prop::sample::Index]) -> Vec<Vec<u8>> {
    let mut places: Vec<usize> = cuts.iter().map(|it| it.index(bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|it| bytes[it[0]..it[1]].to_vec()).collect()
}

fn with_calls(kind: &str, texts: &[&str]) -> Vec<u8> {
    let arguments = ["{\"to\":", "\"Zoë\"", "}"];
    let mut call = String::new();
    if kind == "anthropic" {
        let block = json!({ "type": "tool_use", "id": "t", "name": "wave", "input": {} });
        let start = json!({ "type": "content_block_start", "index": 1, "content_block": block });
        call += &format!("event: content_block_start\ndata: {start}\n\n: ping\n\n");
        for part in arguments {
            let delta = json!({ "type": "input_json_delta", "partial_json": part });
            let delta = json!({ "type": "content_block_delta", "index": 1, "delta": delta });
            call += &format!("event: content_block_delta\r\ndata: {delta}\r\n\r\n");
        }
    } else {
        for (nth, part) in arguments.into_iter().enumerate() {
            let begin = if nth == 0 { json!("t") } else { json!(null) };
            let function = json!({ "name": if nth == 0 { json!("wave") } else { json!(null) }, "arguments": part });
            let delta =
                json!({ "tool_calls": [{ "index": 0, "id": begin, "function": function }] });
            call +=
                &format!("data:{}\r\n\r\n: wait\n\n", json!({ "choices": [{ "delta": delta }] }));
        }
    }
    let whole = whole(kind, texts);
    let end = if kind == "anthropic" {
        "event: content_block_stop"
    } else {
        "data: {\"choices\":[{\"delta\":{},"
    };
    let place = whole.windows(end.len()).position(|it| it == end.as_bytes()).unwrap();
    [&whole[..place], call.as_bytes(), &whole[place..]].concat()
}

#[test]
fn the_pieces_are_all_there() {
    for kind in ["openai", "anthropic"] {
        let bytes = with_calls(kind, &["Ça ", "va"]);
        let (pieces, error) = pieces(kind, vec![bytes]);
        assert_eq!(error, None);
        let text = |it: &str| Piece::Text(it.into());
        let kept: Vec<_> = pieces.iter().filter(|it| !matches!(it, Piece::Usage(_))).collect();
        let Piece::ToolCall(call) = kept[2] else { panic!("{kept:?}") };
        assert_eq!((call.name.as_str(), &call.arguments), ("wave", &json!({ "to": "Zoë" })));
        assert_eq!((kept[0], kept[1]), (&text("Ça "), &text("va")));
        assert_eq!(kept[3], &Piece::Finished(Finish::Stop));
    }
}

/// What aimock has sent, with which the fuzz target begins: a byte that says which provider it is,
/// and the body.
#[test]
fn recorded_answers_are_read_however_they_are_cut() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/answers");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let (first, body) = bytes.split_first().unwrap();
        let kind = if first % 2 == 1 { "anthropic" } else { "openai" };
        let (whole, error) = pieces(kind, vec![body.to_vec()]);
        assert_eq!(error, None, "{}", path.display());
        let text: String = whole.iter().filter_map(text_of).collect();
        let calls = whole.iter().filter(|it| matches!(it, Piece::ToolCall(_))).count();
        let expected = if calls == 0 { "Bonsoir, Zoë. The lamp is lit 🌊." } else { "" };
        assert_eq!((text.as_str(), whole.last().is_some_and(is_end)), (expected, true));
        let cut = body.chunks(5).map(<[u8]>::to_vec).collect();
        assert_eq!(pieces(kind, cut), (whole, None));
    }
}

fn text_of(piece: &Piece) -> Option<&str> {
    match piece {
        Piece::Text(text) => Some(text),
        _ => None,
    }
}

fn is_end(piece: &Piece) -> bool {
    matches!(piece, Piece::Finished(_))
}

proptest! {
    #[test]
    fn cuts_do_not_matter(
        texts in prop::collection::vec("[ a-zé🌊\"\\\\\n]{1,12}", 0..6),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        is_anthropic: bool,
    ) {
        let kind = if is_anthropic { "anthropic" } else { "openai" };
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let bytes = with_calls(kind, &texts);
        let expected = pieces(kind, vec![bytes.clone()]);
        prop_assert_eq!(pieces(kind, cut(&bytes, &cuts)), expected.clone());
        let each: Vec<Vec<u8>> = bytes.iter().map(|it| vec![*it]).collect();
        prop_assert_eq!(pieces(kind, each), expected);
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
        is_anthropic: bool,
    ) {
        let kind = if is_anthropic { "anthropic" } else { "openai" };
        let event = [b"data: ", &bytes[..], b"\n\n"].concat();
        let (_, error) = pieces(kind, cut(&event, &cuts));
        prop_assert!(error.is_some());
    }

    #[test]
    fn neither_does_it_matter_where_strange_lines_are_cut(
        words in prop::collection::vec(prop::sample::select(WORDS), 0..30),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        is_anthropic: bool,
    ) {
        let kind = if is_anthropic { "anthropic" } else { "openai" };
        let bytes = words.concat();
        let expected = pieces(kind, vec![bytes.clone()]);
        prop_assert_eq!(pieces(kind, cut(&bytes, &cuts)), expected.clone());
        let each: Vec<Vec<u8>> = bytes.iter().map(|it| vec![*it]).collect();
        prop_assert_eq!(pieces(kind, each), expected);
    }
}

/// Of which lines are made, and what is in the wrong place in them.
const WORDS: &[&[u8]] = &[
    b"data:", b"data: ", b"data", b"event: ", b"id:", b"retry: 3", b":", b" ", b"\n", b"\n\n", b"\r",
    b"\r\n", b"\xef\xbb\xbf", b"\xff", b"[DONE]", b"{}", b"{\"type\":\"ping\"}",
    b"data: {\"choices\":[{\"delta\":{\"content\":\"\xc3\xa9\"}}]}\n\n",
    b"data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\r\n\r\n",
    b"data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n",
    b"data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n",
];

//! However the bytes of an answer are cut, the pieces in it are the same.

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

/// The pieces in bytes that come in these chunks, and the error at their end. Neighbouring texts are
/// joined.
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
}

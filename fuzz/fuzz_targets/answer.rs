//! What a provider of language models sends is read, within limits, or refused; how it is cut into
//! chunks does not matter.
//!
//! The first byte says which provider it is (its lowest bit) and how long chunks are (the others).
#![no_main]

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use libfuzzer_sys::fuzz_target;
use vivarium_dialogue::provider::{
    Piece, ProviderError,
    anthropic::Anthropic,
    events::events,
    limits::CALLS_MAX,
    openai::OpenAi,
    wire::{Dialect, Flow},
};

fn pieces(is_anthropic: bool, bytes: &[u8], size: usize) -> (Vec<Piece>, Option<ProviderError>) {
    let mut reader = if is_anthropic {
        Anthropic.reader()
    } else {
        OpenAi { limit_field: "max_tokens" }.reader()
    };
    let chunks: Vec<_> = bytes.chunks(size).map(|it| Ok(Bytes::copy_from_slice(it))).collect();
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

fuzz_target!(|bytes: &[u8]| {
    let Some((&first, bytes)) = bytes.split_first() else { return };
    let is_anthropic = first & 1 == 1;
    let (whole, error) = pieces(is_anthropic, bytes, usize::MAX);
    let cut = pieces(is_anthropic, bytes, 1 + usize::from(first >> 1));
    assert_eq!((&whole, &error), (&cut.0, &cut.1));
    let calls = whole.iter().filter(|it| matches!(it, Piece::ToolCall(_))).count();
    assert!(calls <= CALLS_MAX);
    let is_whole = matches!(whole.last(), Some(Piece::Finished(_)));
    assert_eq!(is_whole, error.is_none());
});

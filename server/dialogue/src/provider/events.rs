//! Server-sent events out of bytes, however those are cut, and never more of them than fit.
//!
//! `sse-stream` reads the lines; it keeps what has no end, so the bytes are counted on their way in.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use sse_stream::{Sse, SseByteStream};

use super::{
    ProviderError,
    limits::{CHUNK_BYTES_MAX, EVENT_BYTES_MAX, STREAM_BYTES_MAX},
};

/// The events in `bytes`, with their names and data. Ends after the first error.
pub fn events<S>(bytes: S) -> impl Stream<Item = Result<Sse, ProviderError>> + Send
where
    S: Stream<Item = Result<Bytes, ProviderError>> + Send + 'static,
{
    let since_event = Arc::new(AtomicUsize::new(0));
    let counted = counted(bytes, Arc::clone(&since_event));
    SseByteStream::new(counted.boxed()).map(move |event| {
        since_event.store(0, Ordering::Relaxed);
        event.map_err(|error| match error {
            sse_stream::Error::Body(inner) => match inner.downcast::<ProviderError>() {
                Ok(ours) => *ours,
                Err(other) => ProviderError::Malformed(other.to_string()),
            },
            other => ProviderError::Malformed(other.to_string()),
        })
    })
}

/// The same bytes in pieces that are not too large, until there are too many of them.
fn counted<S>(
    bytes: S,
    since_event: Arc<AtomicUsize>,
) -> impl Stream<Item = Result<Bytes, ProviderError>> + Send
where
    S: Stream<Item = Result<Bytes, ProviderError>> + Send + 'static,
{
    let mut total = 0;
    let pieces = bytes.flat_map(|chunk| match chunk {
        Ok(chunk) => stream::iter(pieces(chunk).map(Ok).collect::<Vec<_>>()),
        Err(error) => stream::iter(vec![Err(error)]),
    });
    pieces.map(move |piece| {
        let piece = piece?;
        total += piece.len();
        if total > STREAM_BYTES_MAX {
            let what = "bytes of an answer";
            return Err(ProviderError::TooLarge { what, max: STREAM_BYTES_MAX });
        }
        let before = since_event.fetch_add(piece.len(), Ordering::Relaxed);
        if before > EVENT_BYTES_MAX {
            return Err(ProviderError::TooLarge {
                what: "bytes of an event",
                max: EVENT_BYTES_MAX,
            });
        }
        Ok(piece)
    })
}

fn pieces(mut chunk: Bytes) -> impl Iterator<Item = Bytes> {
    std::iter::from_fn(move || {
        let size = chunk.len().min(CHUNK_BYTES_MAX);
        (size > 0).then(|| chunk.split_to(size))
    })
}

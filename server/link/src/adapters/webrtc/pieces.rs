//! A data channel carries messages, and browsers take no large ones: the stream of the reliable
//! lane is cut into pieces, which have no meaning of their own.

use bytes::{Bytes, BytesMut};
use tokio_util::codec::{Decoder, Encoder, LengthDelimitedCodec};

use crate::adapters::framing::framing;

/// Bytes of the largest piece that travels in one data-channel message. What every browser takes.
pub const PIECE_BYTES_MAX: usize = 16 * 1024;

/// The other end announced a message that is larger than allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message is larger than allowed")]
pub struct Oversized;

/// The pieces that carry one message, of at most `bytes_max` bytes.
///
/// # Errors
///
/// The message is larger.
pub fn pieces(
    message: &Bytes,
    bytes_max: usize,
) -> Result<impl Iterator<Item = BytesMut> + use<>, Oversized> {
    let mut stream = BytesMut::new();
    framing(bytes_max).encode(message.clone(), &mut stream).map_err(|_| Oversized)?;
    Ok(std::iter::from_fn(move || {
        let piece = stream.split_to(stream.len().min(PIECE_BYTES_MAX));
        (!piece.is_empty()).then_some(piece)
    }))
}

/// Puts messages together from the pieces of a stream, in order.
///
/// Holds at most one unfinished message and what came behind it in the same piece.
#[derive(Debug)]
pub struct Assembler {
    codec: LengthDelimitedCodec,
    waiting: BytesMut,
}

impl Assembler {
    /// Refuses messages of more than `bytes_max` bytes.
    pub fn new(bytes_max: usize) -> Self {
        Self { codec: framing(bytes_max), waiting: BytesMut::new() }
    }

    /// Takes the next piece of the stream.
    pub fn push(&mut self, piece: &[u8]) {
        self.waiting.extend_from_slice(piece);
    }

    /// The next whole message, if it is there.
    ///
    /// # Errors
    ///
    /// The announced length exceeds the maximum; the stream cannot be read any further.
    pub fn next_message(&mut self) -> Result<Option<Bytes>, Oversized> {
        let message = self.codec.decode(&mut self.waiting).map_err(|_| Oversized)?;
        if self.waiting.is_empty() {
            // Gives back the memory of a large message instead of keeping it for ever.
            self.waiting = BytesMut::new();
        }
        Ok(message.map(BytesMut::freeze))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MAX: usize = 40_000;

    proptest! {
        #[test]
        fn messages_survive_any_cutting(
            sizes in proptest::collection::vec(0..MAX, 1..6),
            cuts in proptest::collection::vec(1usize..5_000, 1..40),
        ) {
            let messages: Vec<Bytes> = sizes
                .iter()
                .enumerate()
                .map(|(index, size)| Bytes::from(vec![index as u8; *size]))
                .collect();
            let pieces = messages.iter().flat_map(|message| pieces(message, MAX).unwrap());
            let stream: Vec<u8> = pieces.flat_map(|piece| piece.to_vec()).collect();
            let mut assembler = Assembler::new(MAX);
            let mut heard = Vec::new();
            let (mut at, mut cuts) = (0, cuts.iter().cycle());
            while at < stream.len() {
                let end = (at + cuts.next().unwrap()).min(stream.len());
                assembler.push(&stream[at..end]);
                at = end;
                while let Some(message) = assembler.next_message().unwrap() {
                    heard.push(message);
                }
            }
            prop_assert_eq!(heard, messages);
        }
    }

    #[test]
    fn pieces_fit_and_carry_one_header() {
        let message = Bytes::from(vec![3; 256 * 1024]);
        let pieces: Vec<_> = pieces(&message, message.len()).unwrap().collect();
        assert!(pieces.iter().all(|piece| piece.len() <= PIECE_BYTES_MAX));
        let bytes: usize = pieces.iter().map(|piece| piece.len()).sum();
        assert_eq!(bytes, message.len() + 4);
        assert_eq!(super::pieces(&Bytes::new(), 1).unwrap().count(), 1, "an empty one is a header");
        assert!(super::pieces(&message, message.len() - 1).is_err());
    }

    #[test]
    fn an_announced_giant_is_refused_before_it_arrives() {
        let mut assembler = Assembler::new(1000);
        assembler.push(&u32::MAX.to_le_bytes());
        assert_eq!(assembler.next_message(), Err(Oversized));
    }
}

//! How messages lie in the stream of a reliable lane: four bytes of length (little-endian, in
//! bytes), then the message.

use tokio_util::codec::LengthDelimitedCodec;

/// Reads and writes messages of at most `bytes_max` bytes.
pub fn framing(bytes_max: usize) -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder()
        .little_endian()
        .length_field_length(4)
        .max_frame_length(bytes_max)
        .new_codec()
}

//! Takes out of an image's file what is no picture: what cameras and programs write into it, and
//! what comes after its end.

use bytes::Bytes;
use img_parts::{jpeg::Jpeg, png::Png, webp::WebP};

use crate::{address::Format, intake::Refusal};

/// Chunks of a PNG that are needed to draw it (PNG 3rd edition, 11.2 and 11.3).
const PNG_CHUNKS: [[u8; 4]; 10] = [
    *b"IHDR", *b"PLTE", *b"IDAT", *b"IEND", *b"tRNS", *b"cHRM", *b"gAMA", *b"iCCP", *b"sBIT",
    *b"sRGB",
];

/// Chunks of a WebP that are needed to draw it (RFC 9649).
const WEBP_CHUNKS: [[u8; 4]; 4] = [*b"VP8 ", *b"VP8L", *b"ALPH", *b"ICCP"];

/// Markers of a JPEG that say nothing of the picture: applications' own, but for those of colour
/// (APP2, APP14), and comments (ITU T.81, table B.1).
fn is_extra_of_jpeg(marker: u8) -> bool {
    matches!(marker, 0xe1 | 0xe3..=0xed | 0xef | 0xfe)
}

/// The same picture, alone.
pub(super) fn without_extras(bytes: &Bytes, format: Format) -> Result<Bytes, Refusal> {
    let unsound = |error| Refusal::malformed(format!("the image cannot be read: {error}"));
    match format {
        Format::Png => {
            let mut png = Png::from_bytes(bytes.clone()).map_err(unsound)?;
            if png.len() < bytes.len() {
                return Err(goes_on());
            }
            png.chunks_mut().retain(|chunk| PNG_CHUNKS.contains(&chunk.kind()));
            Ok(png.encoder().bytes())
        }
        // What comes after the end (previews and films of telephones) is not written again.
        Format::Jpeg => {
            let end = end_of_jpeg(bytes)
                .ok_or_else(|| Refusal::malformed("the image cannot be read: it ends too early"))?;
            let mut jpeg = Jpeg::from_bytes(bytes.slice(..end)).map_err(unsound)?;
            jpeg.segments_mut().retain(|segment| !is_extra_of_jpeg(segment.marker()));
            Ok(jpeg.encoder().bytes())
        }
        Format::WebP => {
            let mut webp = WebP::from_bytes(bytes.clone()).map_err(unsound)?;
            if (webp.len() as usize).next_multiple_of(2) < bytes.len() {
                return Err(goes_on());
            }
            let is_moving = webp.has_chunk(*b"ANIM") || webp.has_chunk(*b"ANMF");
            if is_moving {
                let text = "moving images cannot be used: save one picture of it";
                return Err(Refusal::unsupported(text));
            }
            let head = webp.chunks().iter().position(|chunk| chunk.id() == *b"VP8X");
            let is_bare = head.is_none();
            webp.chunks_mut().retain(|chunk| {
                WEBP_CHUNKS.contains(&chunk.id()) || (!is_bare && chunk.id() == *b"VP8X")
            });
            unflag(&mut webp);
            Ok(webp.encoder().bytes())
        }
        _ => Ok(bytes.clone()),
    }
}

/// Where the image ends: behind the mark of its end (ITU T.81, B.1.1).
fn end_of_jpeg(bytes: &[u8]) -> Option<usize> {
    let mut at = 2;
    loop {
        // Coded data holds no marks but those of restarts (D0 to D7); 00 says that there is none.
        while bytes.get(at)? != &0xff || matches!(bytes.get(at + 1)?, 0x00 | 0xd0..=0xd7) {
            at += 1;
        }
        match bytes[at + 1] {
            0xd9 => return Some(at + 2),
            // Marks may be preceded by any number of FF.
            0xff => at += 1,
            _ => {
                let length = [*bytes.get(at + 2)?, *bytes.get(at + 3)?];
                at += 2 + usize::from(u16::from_be_bytes(length));
            }
        }
    }
}

/// The head of a WebP names what it has: no descriptions any more.
fn unflag(webp: &mut WebP) {
    use img_parts::riff::{RiffChunk, RiffContent};
    const EXIF_AND_XMP: u8 = 0b0000_1100;
    for chunk in webp.chunks_mut() {
        if chunk.id() != *b"VP8X" {
            continue;
        }
        if let RiffContent::Data(data) = chunk.content() {
            let mut data = data.to_vec();
            if let Some(flags) = data.first_mut() {
                *flags &= !EXIF_AND_XMP;
            }
            *chunk = RiffChunk::new(*b"VP8X", RiffContent::Data(data.into()));
        }
    }
}

fn goes_on() -> Refusal {
    Refusal::malformed(
        "the file goes on after the end of the image: save it again with a program for images",
    )
}

//! Sounds: walked from their first to their last byte, so that they are nothing else as well, and rid
//! of what people and programs write into them. Nothing is decoded; browsers do that.

mod mpeg;

use std::io::Cursor;

use bytes::Bytes;
use img_parts::riff::{RiffChunk, RiffContent};
use ogg::{Packet, PacketReader, PacketWriteEndInfo, PacketWriter};

use crate::{
    address::Format,
    intake::{Details, Kind, Refusal, Sound},
    limits::SOUND_S_MAX,
};

fn heard(format: Format, bytes: Bytes, seconds: f64) -> Result<Sound, Refusal> {
    if seconds.is_nan() || seconds <= 0.0 {
        return Err(Refusal::malformed("there is nothing to hear in the file"));
    }
    if seconds > SOUND_S_MAX {
        let text =
            format!("the sound lasts {seconds:.0} s: at most {SOUND_S_MAX:.0} s are allowed");
        return Err(Refusal::TooLarge(text));
    }
    let details = Details::Sound { seconds: (seconds * 1e3).round() / 1e3 };
    Ok(Sound { format, kind: Kind::Sound, bytes, details, notes: Vec::new() })
}

/// Ogg (RFC 3533) with one stream of Vorbis or Opus.
pub(crate) fn ogg(bytes: &Bytes) -> Result<Sound, Refusal> {
    let unsound = |error| Refusal::malformed(format!("the Ogg cannot be read: {error}"));
    let mut reader = PacketReader::new(Cursor::new(&bytes[..]));
    let first = reader
        .read_packet()
        .map_err(unsound)?
        .ok_or_else(|| Refusal::malformed("the Ogg is empty"))?;
    let (rate_hz, skipped) = match first.data.as_slice() {
        // Vorbis I, 4.2.2: version, channels, rate.
        [1, b'v', b'o', b'r', b'b', b'i', b's', _, _, _, _, _, a, b, c, d, ..] => {
            (u32::from_le_bytes([*a, *b, *c, *d]), 0)
        }
        // RFC 7845, 5.1: positions count at 48 kHz, and the first ones are not heard.
        [b'O', b'p', b'u', b's', b'H', b'e', b'a', b'd', _, _, a, b, ..] => {
            (48_000, u64::from(u16::from_le_bytes([*a, *b])))
        }
        _ => return Err(Refusal::unsupported("only Vorbis and Opus in Ogg can be used")),
    };
    if rate_hz == 0 {
        return Err(Refusal::malformed("the Ogg has no rate"));
    }
    let stream = first.stream_serial();
    let (mut position, mut is_over) = (0, first.last_in_stream());
    let mut writer = PacketWriter::new(Vec::new());
    write(&mut writer, first)?;
    let mut is_second = true;
    while let Some(mut packet) = reader.read_packet().map_err(unsound)? {
        if packet.stream_serial() != stream || is_over {
            return Err(Refusal::unsupported("only one stream in an Ogg can be used"));
        }
        is_over = packet.last_in_stream();
        let at = packet.absgp_page();
        if at != u64::MAX {
            position = position.max(at);
        }
        if std::mem::take(&mut is_second) {
            packet.data = without_words(&packet.data)?;
        }
        write(&mut writer, packet)?;
    }
    // The reader looks for the next page wherever something else stands.
    if !ogg_is_whole(bytes) {
        return Err(Refusal::malformed("there is something else than sound in the Ogg"));
    }
    let seconds = position.saturating_sub(skipped) as f64 / f64::from(rate_hz);
    heard(Format::Ogg, writer.into_inner().into(), seconds)
}

/// The second packet without titles, names and pictures: there are no comments, by nobody (Vorbis I,
/// 5.2; RFC 7845, 5.2).
fn without_words(packet: &[u8]) -> Result<Vec<u8>, Refusal> {
    match packet {
        [3, b'v', b'o', b'r', b'b', b'i', b's', ..] => Ok(b"\x03vorbis\0\0\0\0\0\0\0\0\x01".into()),
        [b'O', b'p', b'u', b's', b'T', b'a', b'g', b's', ..] => {
            Ok(b"OpusTags\0\0\0\0\0\0\0\0".into())
        }
        _ => Err(Refusal::malformed("the Ogg cannot be read: it has no comments after its head")),
    }
}

/// The same packet, on a page that ends where its own ended. It is written as soon as it is read:
/// empty ones would be as many as the file has bytes.
fn write(writer: &mut PacketWriter<'_, Vec<u8>>, packet: Packet) -> Result<(), Refusal> {
    let (stream, position) = (packet.stream_serial(), packet.absgp_page());
    let end = match (packet.last_in_stream(), packet.last_in_page()) {
        (true, _) => PacketWriteEndInfo::EndStream,
        (false, true) => PacketWriteEndInfo::EndPage,
        (false, false) => PacketWriteEndInfo::NormalPacket,
    };
    writer
        .write_packet(packet.data, stream, end, position)
        .map_err(|error| Refusal::malformed(format!("the Ogg cannot be written: {error}")))
}

/// Whether pages follow on each other from the first byte to the last (RFC 3533, 6).
fn ogg_is_whole(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while !rest.is_empty() {
        let Some(segments) = rest.get(26).map(|count| usize::from(*count)) else { return false };
        let Some(table) = rest.get(27..27 + segments) else { return false };
        let page = 27 + segments + table.iter().map(|size| usize::from(*size)).sum::<usize>();
        if !rest.starts_with(b"OggS") || page > rest.len() {
            return false;
        }
        rest = &rest[page..];
    }
    true
}

/// MP3, without what programs write before and behind it.
pub(crate) fn mp3(bytes: &Bytes) -> Result<Sound, Refusal> {
    let (frames, seconds) = mpeg::frames(bytes)?;
    heard(Format::Mp3, bytes.slice(frames), seconds)
}

/// WAV with plain samples.
pub(crate) fn wav(bytes: &Bytes) -> Result<Sound, Refusal> {
    let riff = RiffChunk::from_bytes(bytes.clone())
        .map_err(|error| Refusal::malformed(format!("the WAV cannot be read: {error}")))?;
    if (riff.len() as usize).next_multiple_of(2) < bytes.len() {
        return Err(Refusal::malformed("the file goes on after the end of the sound"));
    }
    let chunks = riff.content().list().map(|(_, chunks)| chunks.as_slice()).unwrap_or_default();
    let data = |id: [u8; 4]| {
        chunks.iter().find(|chunk| chunk.id() == id).and_then(|chunk| chunk.content().data())
    };
    let (Some(head), Some(samples)) = (data(*b"fmt "), data(*b"data")) else {
        return Err(Refusal::malformed("the WAV has no sound in it"));
    };
    // Format, channels, samples per second, bytes per second.
    let &[format, _, _, _, _, _, _, _, a, b, c, d, ..] = &head[..] else {
        return Err(Refusal::malformed("the head of the WAV is too short"));
    };
    // Plain samples as whole numbers or as floating-point ones, or as the extension says.
    if !matches!((format, head.get(1)), (1 | 3, Some(0)) | (0xfe, Some(0xff))) {
        return Err(Refusal::unsupported("only WAVs with plain samples can be used"));
    }
    let bytes_per_s = u32::from_le_bytes([a, b, c, d]);
    if bytes_per_s == 0 {
        return Err(Refusal::malformed("the WAV has no rate"));
    }
    let seconds = samples.len() as f64 / f64::from(bytes_per_s);
    // Titles, names and marks of programs are chunks of their own.
    let own = [*b"fmt ", *b"fact", *b"data"].into_iter();
    let own = own.filter_map(|id| chunks.iter().find(|chunk| chunk.id() == id).cloned());
    let own = RiffContent::List { kind: Some(*b"WAVE"), subchunks: own.collect() };
    heard(Format::Wav, RiffChunk::new(*b"RIFF", own).encoder().bytes(), seconds)
}

//! KTX2 with Basis Universal: decoded once to see that it is sound, and written anew without what
//! programs note in it.

use bytes::Bytes;
use image::{DynamicImage, RgbaImage};
use ktx2::{Header, LevelIndex, Reader, SupercompressionScheme};

use super::Picture;
use crate::{
    address::Format,
    intake::{Details, Kind, Refusal, Sound},
    limits::TEXTURE_SIDE_PX_MAX,
};

/// What the values of an image are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Colours for the eye: sRGB.
    Colour,
    /// Directions, roughness and the like: numbers.
    Data,
}

/// Notes that say how the image is to be drawn (KTX 2.0, 6); all others say who wrote it.
const NOTES: [&str; 2] = ["KTXorientation", "KTXswizzle"];
/// Bytes of one of them; the longest is `KTXswizzle` with four channels.
const NOTE_BYTES_MAX: usize = 8;
/// Where the basic block of the data format descriptor has its colour model and space (Khronos
/// Data Format 1.3, 5.1), counted from the length in front of it.
const MODEL: usize = 12;
const PRIMARIES: usize = 13;
const TRANSFER: usize = 14;
/// Colour models (Khronos Data Format 1.3, 5.6).
const ETC1S: u8 = 163;
const UASTC: u8 = 166;
/// Bytes of a block of UASTC, and pixels of its sides.
const BLOCK_BYTES: u64 = 16;
const BLOCK_SIDE_PX: u32 = 4;

/// A KTX2 of its own.
pub(crate) fn take_in(bytes: &Bytes) -> Result<Sound, Refusal> {
    let Picture { format, bytes, width, height, .. } = clean(bytes)?;
    let details = Details::Picture { width, height };
    Ok(Sound { format, kind: Kind::Image, bytes, details, notes: Vec::new() })
}

/// Checks a KTX2 that browsers can use, down to its last block, and leaves out what is no picture.
pub(crate) fn clean(bytes: &Bytes) -> Result<Picture, Refusal> {
    let reader = read(bytes)?;
    let (width, height) = check(&reader)?;
    // What is decoded is what is kept.
    let bytes = written(&reader, None).ok_or_else(unsound)?;
    let levels = reader.levels().len() as u32;
    if !(0..levels).all(|level| pixels(&bytes, level).is_some()) {
        return Err(Refusal::malformed("the KTX2 cannot be read: its blocks are not sound"));
    }
    Ok(Picture { format: Format::Ktx2, bytes: bytes.into(), width, height, was: None })
}

/// The same image, said to be of this content (KHR_texture_basisu wants both to be told).
pub(crate) fn with_content(bytes: &[u8], content: Content) -> Result<Vec<u8>, Refusal> {
    written(&read(bytes)?, Some(content)).ok_or_else(unsound)
}

/// Levels of an image that has all of its smaller copies.
pub(crate) fn has_all_levels(bytes: &[u8]) -> bool {
    read(bytes).is_ok_and(|reader| {
        let header = reader.header();
        let longest = header.pixel_width.max(header.pixel_height).max(1);
        header.level_count == longest.ilog2() + 1
    })
}

/// The image itself, of a KTX2 that was taken in.
pub(crate) fn decoded(bytes: &[u8]) -> Option<RgbaImage> {
    let (width, height) = check(&read(bytes).ok()?).ok()?;
    RgbaImage::from_raw(width, height, pixels(bytes, 0)?)
}

/// The image itself as a PNG, which every program reads.
pub(crate) fn as_png(bytes: &[u8]) -> Result<Bytes, Refusal> {
    let image = DynamicImage::from(decoded(bytes).ok_or_else(unsound)?);
    let has_alpha = image.as_rgba8().is_some_and(|image| image.pixels().any(|p| p.0[3] < 255));
    super::png(&if has_alpha { image } else { image.to_rgb8().into() })
}

/// Red, green, blue and alpha of one level. Should the decoder panic over bytes of a stranger, then
/// they are an image that cannot be read, and no more. Of the kinds that the decoder knows, others
/// may say that they have any number of bytes.
fn pixels(bytes: &[u8], level: u32) -> Option<Vec<u8>> {
    use basisu::{
        DecodeFlags,
        SourceFormat::{Etc1s, UastcLdr},
        TargetFormat::Rgba32,
        Transcoder,
    };
    let read = || {
        let decoder = Transcoder::new(bytes).ok()?;
        let is_known = matches!(decoder.source_format(), Etc1s | UastcLdr);
        is_known.then(|| decoder.transcode(level, Rgba32, DecodeFlags::NONE).ok())?
    };
    std::panic::catch_unwind(read).ok().flatten()
}

fn read(bytes: &[u8]) -> Result<Reader<&[u8]>, Refusal> {
    Reader::new(bytes)
        .map_err(|error| Refusal::malformed(format!("the KTX2 cannot be read: {error}")))
}

fn unsound() -> Refusal {
    Refusal::malformed("the KTX2 cannot be read: it does not say what its blocks are")
}

/// Width and height of a KTX2 that browsers can use, all of whose parts are as long as they must be.
fn check(reader: &Reader<&[u8]>) -> Result<(u32, u32), Refusal> {
    let header = reader.header();
    let is_flat = header.pixel_depth == 0 && header.layer_count <= 1 && header.face_count == 1;
    let model = descriptor(reader, None).map(|descriptor| descriptor[MODEL]);
    let is_universal = header.format.is_none()
        && match header.supercompression_scheme {
            None | Some(SupercompressionScheme::Zstandard) => model.is_none_or(|is| is == UASTC),
            Some(SupercompressionScheme::BasisLZ) => model.is_none_or(|is| is == ETC1S),
            _ => false,
        };
    if !is_flat || !is_universal || header.pixel_height == 0 {
        let text = "only flat KTX2 images in Basis Universal (ETC1S or UASTC) can be used";
        return Err(Refusal::unsupported(text));
    }
    if model.is_none() {
        return Err(unsound());
    }
    let (width, height) = (header.pixel_width, header.pixel_height);
    if width.max(height) > TEXTURE_SIDE_PX_MAX {
        let text = format!(
            "the KTX2 has {width} x {height} pixels: at most {TEXTURE_SIDE_PX_MAX} each way are \
             allowed, since it cannot be made smaller here"
        );
        return Err(Refusal::TooLarge(text));
    }
    check_levels(reader)?;
    check_places(reader)?;
    Ok((width, height))
}

/// Each level has the blocks that it must have; those of ETC1S are counted by the decoder.
fn check_levels(reader: &Reader<&[u8]>) -> Result<(), Refusal> {
    let header = reader.header();
    let longest = header.pixel_width.max(header.pixel_height).max(1);
    if header.level_count > longest.ilog2() + 1 {
        return Err(Refusal::malformed("the KTX2 has more levels than it can have"));
    }
    for (index, level) in reader.levels().enumerate() {
        let blocks = |side: u32| u64::from((side >> index).max(1).div_ceil(BLOCK_SIDE_PX));
        let all = blocks(header.pixel_width) * blocks(header.pixel_height) * BLOCK_BYTES;
        let is_whole = match header.supercompression_scheme {
            None => level.data.len() as u64 == all,
            Some(SupercompressionScheme::Zstandard) => level.uncompressed_byte_length == all,
            _ => true,
        };
        if !is_whole {
            let text = format!("level {index} of the KTX2 does not have the {all} bytes it needs");
            return Err(Refusal::Malformed(text));
        }
    }
    Ok(())
}

/// Levels and tables lie beside each other, up to the end of the file.
fn check_places(reader: &Reader<&[u8]>) -> Result<(), Refusal> {
    let bytes = reader.data();
    let start = |part: &[u8]| (part.as_ptr() as usize).saturating_sub(bytes.as_ptr() as usize);
    let tables = reader.supercompression_global_data();
    let parts = reader.levels().map(|level| level.data).chain([tables]);
    let mut parts: Vec<_> = parts
        .filter(|part| !part.is_empty())
        .map(|part| (start(part), start(part) + part.len()))
        .collect();
    parts.sort_unstable();
    if parts.windows(2).any(|two| two[1].0 < two[0].1) {
        return Err(Refusal::malformed("parts of the KTX2 lie over each other"));
    }
    if parts.last().map_or(0, |(_, end)| *end) + 16 < bytes.len() {
        return Err(Refusal::malformed("the file goes on after the end of the image"));
    }
    Ok(())
}

/// The file anew (KTX 2.0, 3): header, places of the levels, the descriptor, notes, tables, and the
/// levels, the smallest first.
fn written(reader: &Reader<&[u8]>, content: Option<Content>) -> Option<Vec<u8>> {
    let mut header = reader.header();
    let levels: Vec<_> = reader.levels().collect();
    let mut out = vec![0; Header::LENGTH + levels.len() * LevelIndex::LENGTH];
    let descriptor = descriptor(reader, content)?;
    header.index.dfd_byte_offset = u32::try_from(out.len()).ok()?;
    header.index.dfd_byte_length = u32::try_from(descriptor.len()).ok()?;
    out.extend(descriptor);
    let notes = notes(reader);
    header.index.kvd_byte_offset = if notes.is_empty() { 0 } else { out.len() as u32 };
    header.index.kvd_byte_length = notes.len() as u32;
    out.extend(notes);
    let tables = reader.supercompression_global_data();
    if !tables.is_empty() {
        out.resize(out.len().next_multiple_of(8), 0);
    }
    header.index.sgd_byte_offset = if tables.is_empty() { 0 } else { out.len() as u64 };
    header.index.sgd_byte_length = tables.len() as u64;
    out.extend(tables);
    // Blocks that are not packed lie at multiples of their size.
    let step = if header.supercompression_scheme.is_none() { 16 } else { 1 };
    for (index, level) in levels.iter().enumerate().rev() {
        out.resize(out.len().next_multiple_of(step), 0);
        let place = LevelIndex {
            byte_offset: out.len() as u64,
            byte_length: level.data.len() as u64,
            uncompressed_byte_length: level.uncompressed_byte_length,
        };
        let at = Header::LENGTH + index * LevelIndex::LENGTH;
        out[at..at + LevelIndex::LENGTH].copy_from_slice(&place.as_bytes());
        out.extend_from_slice(level.data);
    }
    out[..Header::LENGTH].copy_from_slice(&header.as_bytes());
    Some(out)
}

/// The descriptor of the blocks, when it is its basic block alone.
fn descriptor(reader: &Reader<&[u8]>, content: Option<Content>) -> Option<Vec<u8>> {
    const BLOCK_BYTES_MAX: usize = 24 + 4 * 16;
    let index = reader.header().index;
    let start = index.dfd_byte_offset as usize;
    let all = reader.data().get(start..start.checked_add(index.dfd_byte_length as usize)?)?;
    // Length of all, vendor and type, version, length of the block.
    let &[_, _, _, _, 0, 0, 0, 0, _, _, low, high, ..] = all else { return None };
    let length = usize::from(u16::from_le_bytes([low, high]));
    if !(24..=BLOCK_BYTES_MAX).contains(&length) || all.len() != 4 + length {
        return None;
    }
    let mut out = all.to_vec();
    out[..4].copy_from_slice(&(4 + length as u32).to_le_bytes());
    // BT.709 with sRGB; no primaries, and linear.
    match content {
        Some(Content::Colour) => (out[PRIMARIES], out[TRANSFER]) = (1, 2),
        Some(Content::Data) => (out[PRIMARIES], out[TRANSFER]) = (0, 1),
        None => {}
    }
    Some(out)
}

/// What is kept of the notes, in the order of their names.
fn notes(reader: &Reader<&[u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    for wanted in NOTES {
        let found = reader.key_value_data().find(|(name, _)| *name == wanted);
        let Some((name, value)) = found.filter(|(_, value)| value.len() <= NOTE_BYTES_MAX) else {
            continue;
        };
        let length = name.len() + 1 + value.len();
        out.extend((length as u32).to_le_bytes());
        out.extend(name.as_bytes());
        out.push(0);
        out.extend(value);
        out.resize(out.len().next_multiple_of(4), 0);
    }
    out
}

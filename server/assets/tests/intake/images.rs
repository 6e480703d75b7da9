//! Images and pictures of the sky.

use std::io::Cursor;

use bytes::Bytes;
use image::{DynamicImage, ImageFormat, Rgb32FImage, RgbImage, RgbaImage};
use img_parts::{
    ImageEXIF,
    jpeg::Jpeg,
    png::{Png, PngChunk},
};
use vivarium_assets::intake::{Details, Kind};

use crate::{refused, sample::png, taken};

fn written(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image.into().write_to(&mut out, format).unwrap();
    out.into_inner()
}

#[test]
fn an_image_is_kept_as_it_is_without_what_is_no_picture() {
    let plain = png(30, 20);
    let mut with = Png::from_bytes(Bytes::from(plain.clone())).unwrap();
    let words = PngChunk::new(*b"tEXt", Bytes::from_static(b"Author\0somebody"));
    with.chunks_mut().insert(1, words);
    let kept = taken(&with.encoder().bytes());
    assert_eq!(kept.kind, Kind::Image);
    assert_eq!(kept.details, Details::Picture { width: 30, height: 20 });
    assert_eq!(kept.bytes, plain);
    let mut longer = plain;
    longer.extend(b"<html><script>alert(1)</script>");
    refused(&longer, "goes on after the end of the image");
}

/// EXIF that says that the picture lies on its side, and where it was taken.
fn exif() -> Vec<u8> {
    let mut out = b"II*\0\x08\0\0\0\x01\0".to_vec();
    out.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]);
    out.extend(b"48.8584 N 2.2945 E");
    out
}

#[test]
fn a_photo_loses_where_it_was_taken_and_is_turned_upright() {
    let mut photo =
        Jpeg::from_bytes(written(RgbImage::new(40, 20), ImageFormat::Jpeg).into()).unwrap();
    photo.set_exif(Some(exif().into()));
    let bytes = photo.encoder().bytes();
    assert!(bytes.windows(7).any(|part| part == b"48.8584"));
    let kept = taken(&bytes);
    assert_eq!(kept.details, Details::Picture { width: 20, height: 40 });
    assert_eq!(kept.address.format().ending(), "jpg");
    assert!(!kept.bytes.windows(7).any(|part| part == b"48.8584"));

    let mut telephone = written(RgbImage::new(40, 20), ImageFormat::Jpeg);
    let alone = taken(&telephone);
    telephone.extend(b"a film that some telephones put there");
    assert_eq!(taken(&telephone).address, alone.address, "what comes after the end is not kept");
}

#[test]
fn large_images_are_made_smaller() {
    let kept = taken(&png(4000, 100));
    assert_eq!(kept.details, Details::Picture { width: 2048, height: 51 });
    assert_eq!(kept.notes, ["made smaller, from 4000 x 100 to 2048 x 51 pixels"]);
    let glass = taken(&written(RgbaImage::new(2100, 10), ImageFormat::WebP));
    assert_eq!(glass.address.format().ending(), "png", "so that what shines through stays");
    assert_eq!(
        taken(&written(RgbaImage::new(9, 9), ImageFormat::WebP)).address.format().ending(),
        "webp"
    );
}

#[test]
fn an_image_that_unpacks_without_end_is_refused() {
    // 40,000 x 40,000 pixels, which are never unpacked.
    let mut bomb = png(1, 1);
    bomb[16..24].copy_from_slice(&[0, 0, 0x9c, 0x40, 0, 0, 0x9c, 0x40]);
    let crc = crc32(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&crc.to_be_bytes());
    refused(&bomb, "at most 8192 x 8192 pixels");
    refused(&png(20, 20)[..60], "cannot be read");
}

/// CRC-32 as in PNG (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            crc >> 1 ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

#[test]
fn a_picture_of_the_sky_is_twice_as_wide_as_high() {
    let sky = |width, height| {
        let pixels = Rgb32FImage::from_pixel(width, height, image::Rgb([0.5, 2.0, 8.0]));
        written(DynamicImage::from(pixels), ImageFormat::Hdr)
    };
    let kept = taken(&sky(64, 32));
    assert_eq!((kept.kind, kept.address.format().ending()), (Kind::Sky, "hdr"));
    assert_eq!(kept.details, Details::Picture { width: 64, height: 32 });
    refused(&sky(64, 64), "twice as wide as high");
    let mut longer = sky(64, 32);
    longer.extend(b"PK\x03\x04");
    assert_eq!(taken(&longer).address, kept.address, "it is always written anew");
}

/// A KTX2 of one block of UASTC (KTX 2.0, 3), with notes.
fn ktx2_with(width: u32, notes: &[(&str, &str)]) -> Vec<u8> {
    let mut told = Vec::new();
    for (name, value) in notes {
        told.extend((name.len() as u32 + value.len() as u32 + 2).to_le_bytes());
        told.extend([name.as_bytes(), b"\0", value.as_bytes(), b"\0"].concat());
        told.resize(told.len().next_multiple_of(4), 0);
    }

    let mut out = b"\xabKTX 20\xbb\r\n\x1a\n".to_vec();
    // Format, type size, width, height, depth, layers, faces, levels, scheme.
    for word in [0, 1, width, 4, 0, 0, 1, 1, 0] {
        out.extend(u32::to_le_bytes(word));
    }
    let (dfd, kvd) = (80 + 24, if told.is_empty() { 0 } else { 80 + 24 + 44 });
    let level = (80 + 24 + 44 + told.len() as u32).next_multiple_of(16);
    for word in [dfd, 44_u32, kvd, told.len() as u32] {
        out.extend(u32::to_le_bytes(word));
    }
    for long in [0_u64, 0, u64::from(level), 16, 16] {
        out.extend(long.to_le_bytes());
    }
    // Data format descriptor: one block with one sample, colour model 166 (UASTC).
    out.extend(44_u32.to_le_bytes());
    out.extend([0, 0, 0, 0, 2, 0, 40, 0, 166, 1, 2, 0, 3, 3, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0]);
    out.extend([0, 0, 127, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255]);
    out.extend(told);
    out.resize(level as usize, 0);
    out.extend([7; 16]);
    out
}

fn ktx2(width: u32) -> Vec<u8> {
    ktx2_with(width, &[])
}

#[test]
fn compressed_textures_are_kept_when_browsers_can_use_them() {
    let kept = taken(&ktx2(4));
    assert_eq!((kept.kind, kept.address.format().ending()), (Kind::Image, "ktx2"));
    assert_eq!(kept.details, Details::Picture { width: 4, height: 4 });
    refused(&ktx2(4096), "cannot be made smaller here");
    refused(&ktx2(4)[..100], "cannot be read");
    let mut longer = ktx2(4);
    longer.extend([b'x'; 64]);
    refused(&longer, "goes on after the end");
    // No mode of UASTC begins with these bits.
    let mut unsound = ktx2(4);
    let block = unsound.len() - 16;
    unsound[block] = 0x45;
    refused(&unsound, "its blocks are not sound");
}

/// Where a KTX2 says what it is (KTX 2.0, 3).
const WIDTH: usize = 20;
const HEIGHT: usize = 24;
const LEVELS: usize = 40;
const SCHEME: usize = 44;
const DFD_AT: usize = 48;
const DFD_BYTES: usize = 52;
const LEVEL: usize = 80;
/// Of a level: where it is, its bytes, and those when it is unpacked.
const LEVEL_WORDS: usize = 24;

fn put(file: &mut [u8], at: usize, value: u32) {
    file[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

/// A KTX2 with levels of so many bytes, counted from its first block, which is the last of the file.
fn ktx2_of(side: u32, levels: &[[u32; 3]], scheme: u32, blocks: usize) -> Vec<u8> {
    let mut file = ktx2(4);
    let descriptor = file[LEVEL + LEVEL_WORDS..LEVEL + LEVEL_WORDS + 44].to_vec();
    file.truncate(LEVEL);
    put(&mut file, WIDTH, side);
    put(&mut file, HEIGHT, side);
    put(&mut file, LEVELS, levels.len() as u32);
    put(&mut file, SCHEME, scheme);
    let after = LEVEL + LEVEL_WORDS * levels.len();
    put(&mut file, DFD_AT, after as u32);
    let start = (after as u32 + 44).next_multiple_of(16);
    for [at, bytes, unpacked] in levels {
        for word in [start + at, *bytes, *unpacked] {
            file.extend(u64::from(word).to_le_bytes());
        }
    }
    file.extend(descriptor);
    file.resize(start as usize, 0);
    file.extend(vec![7; 16 * blocks]);
    file
}

#[test]
fn a_compressed_texture_has_the_blocks_that_its_sides_need() {
    let whole = [[16, 64, 64], [0, 16, 16]];
    assert_eq!(taken(&ktx2_of(8, &whole, 0, 5)).details, Details::Picture { width: 8, height: 8 });
    let over = [[0, 64, 64], [48, 16, 16]];
    refused(&ktx2_of(8, &over, 0, 4), "lie over each other");
    let long = [[16, 80, 80], [0, 16, 16]];
    refused(&ktx2_of(8, &long, 0, 6), "level 0 of the KTX2 does not have the 64 bytes");
    let short = [[16, 48, 48], [0, 16, 16]];
    refused(&ktx2_of(8, &short, 0, 4), "level 0 of the KTX2 does not have the 64 bytes");
    let many = [[0, 16, 16], [16, 16, 16], [32, 16, 16], [48, 16, 16]];
    refused(&ktx2_of(4, &many, 0, 4), "more levels than it can have");
    // Zstandard.
    let lies = [[0, 32, 1 << 30]];
    refused(&ktx2_of(8, &lies, 2, 2), "level 0 of the KTX2 does not have the 64 bytes");
}

#[test]
fn a_compressed_texture_is_of_no_other_kind_that_decoders_know() {
    // UASTC HDR and XUASTC, whose parts say themselves how long they are unpacked.
    for model in [168, 169] {
        for scheme in [0, 1, 2] {
            let mut file = ktx2_of(4, &[[0, 16, 16]], scheme, 1);
            file[LEVEL + LEVEL_WORDS + 12] = model;
            refused(&file, "ETC1S or UASTC");
        }
    }
    // Tables of ETC1S go with blocks of ETC1S alone.
    refused(&ktx2_of(4, &[[0, 16, 0]], 1, 1), "ETC1S or UASTC");
}

#[test]
fn compressed_textures_of_the_encoder_are_kept() {
    for (name, bytes) in [
        ("etc1s", &include_bytes!("../textures/etc1s.ktx2")[..]),
        ("uastc", include_bytes!("../textures/uastc.ktx2")),
        ("zstandard", include_bytes!("../textures/zstandard.ktx2")),
    ] {
        let kept = taken(bytes);
        assert_eq!(kept.details, Details::Picture { width: 16, height: 8 }, "{name}");
        assert_eq!(taken(&kept.bytes).address, kept.address, "{name}");
    }
}

#[test]
fn a_compressed_texture_has_one_description() {
    let mut file = ktx2_of(4, &[[0, 16, 16], [16, 16, 16]], 0, 2);
    // A second block, where the second level was: of somebody, and empty.
    let at = LEVEL + 2 * LEVEL_WORDS;
    put(&mut file, DFD_BYTES, 60);
    file.splice(at + 44..at + 44, [1, 0, 1, 0, 2, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for level in [0, 1] {
        file[LEVEL + level * LEVEL_WORDS] += 16;
    }
    refused(&file, "does not say what its blocks are");
}

#[test]
fn a_compressed_texture_loses_what_programs_note_in_it() {
    let notes = [
        ("KTXorientation", "rd"),
        ("KTXswizzle", "rgba"),
        ("KTXwriter", "somebody's program 1.0"),
        ("place", "48.8584 N 2.2945 E"),
    ];
    let kept = taken(&ktx2_with(4, &notes));
    let reader = ktx2::Reader::new(&kept.bytes[..]).unwrap();
    let told: Vec<_> = reader.key_value_data().collect();
    assert_eq!(told, [("KTXorientation", &b"rd\0"[..]), ("KTXswizzle", &b"rgba\0"[..])]);
    assert_eq!(reader.levels().next().unwrap().data, [7; 16]);
    assert_eq!(taken(&kept.bytes).address, kept.address, "nothing more can be left out");
    assert_eq!(taken(&ktx2_with(4, &notes[2..])).address, taken(&ktx2(4)).address);
    let long = [("KTXorientation", "rd, and a word of somebody")];
    assert_eq!(taken(&ktx2_with(4, &long)).address, taken(&ktx2(4)).address);
}

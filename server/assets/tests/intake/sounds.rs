//! Sounds.

use ogg::{PacketReader, PacketWriteEndInfo, PacketWriter};
use vivarium_assets::intake::{Details, Kind};

use crate::{refused, sample::shipped, taken};

/// Vorbis at 44.1 kHz with a title; its packets hold nothing, and nobody looks into them here.
fn ogg_called(title: &str, seconds: u64) -> Vec<u8> {
    let mut head = b"\x01vorbis\0\0\0\0\x01".to_vec();
    head.extend(44_100_u32.to_le_bytes());
    head.resize(30, 1);
    let mut out = Vec::new();
    let mut writer = PacketWriter::new(&mut out);
    writer.write_packet(head, 7, PacketWriteEndInfo::EndPage, 0).unwrap();
    let comments =
        [b"\x03vorbis\x04\0\0\0prog\x01\0\0\0".as_slice(), &[title.len() as u8, 0, 0, 0]];
    let comments = [comments.concat(), title.into(), vec![1]].concat();
    writer.write_packet(comments, 7, PacketWriteEndInfo::NormalPacket, 0).unwrap();
    // Longer than one page may be.
    writer.write_packet(vec![5; 70_000], 7, PacketWriteEndInfo::EndPage, 0).unwrap();
    writer.write_packet(vec![1; 90], 7, PacketWriteEndInfo::EndStream, seconds * 44_100).unwrap();
    out
}

fn ogg(seconds: u64) -> Vec<u8> {
    ogg_called("TITLE=a bell", seconds)
}

/// Frames of 128 kbit/s at 44.1 kHz: each has 417 bytes, and lasts 26 ms.
fn mp3(frames: usize) -> Vec<u8> {
    let mut frame = [0xff, 0xfb, 0x90, 0].to_vec();
    frame.resize(417, 1);
    frame.repeat(frames)
}

#[test]
fn an_mp3_is_kept_without_what_programs_write_around_it() {
    let tag = b"ID3\x04\0\0\0\0\0\x05hello".as_slice();
    let kept = taken(&[tag, &mp3(40), b"TAG", &[b' '; 125]].concat());
    assert_eq!((kept.kind, kept.details), (Kind::Sound, Details::Sound { seconds: 1.045 }));
    assert_eq!((kept.address.format().ending(), &kept.bytes[..]), ("mp3", &mp3(40)[..]));
    assert_eq!(taken(&mp3(40)).address, kept.address, "it is the same sound");
    refused(&[mp3(40).as_slice(), b"PK\x03\x04 more"].concat(), "something else than sound");
    refused(&mp3(2), "no MP3 that can be read");
    refused(&tag[..12], "ends within its tag");
    refused(&mp3(23_000), "at most 600 s are allowed");
}

#[test]
fn sounds_are_kept_with_their_length() {
    let kept = taken(&ogg(3));
    assert_eq!((kept.kind, kept.details), (Kind::Sound, Details::Sound { seconds: 3.0 }));
    assert_eq!(kept.address.format().ending(), "ogg");
    let bell = taken(&shipped("sounds/bell.wav"));
    assert_eq!((bell.kind, bell.address.format().ending()), (Kind::Sound, "wav"));
    let Details::Sound { seconds } = bell.details else { panic!() };
    assert!((0.5..10.0).contains(&seconds), "{seconds}");
}

/// Packets with where their pages are in the sound.
fn packets(ogg: &[u8]) -> Vec<(Vec<u8>, u64)> {
    let mut reader = PacketReader::new(std::io::Cursor::new(ogg));
    std::iter::from_fn(|| reader.read_packet().unwrap())
        .map(|packet| (packet.data.clone(), packet.absgp_page()))
        .collect()
}

#[test]
fn sounds_lose_what_people_write_into_them() {
    let secret = ogg_called("LOCATION=48.8584 N 2.2945 E", 3);
    let kept = taken(&secret);
    let (before, after) = (packets(&secret), packets(&kept.bytes));
    assert_eq!(after.len(), before.len());
    assert_eq!(after[1].0, b"\x03vorbis\0\0\0\0\0\0\0\0\x01");
    assert_eq!((&after[0], &after[2..]), (&before[0], &before[2..]), "the sound is the same");
    assert_eq!(taken(&ogg(3)).address, kept.address);
    assert_eq!(taken(&kept.bytes).address, kept.address, "nothing more can be left out");

    let bell = shipped("sounds/bell.wav");
    let mut noted = bell.clone();
    noted.extend(b"LIST\x10\0\0\0INFOIART\x04\0\0\0Ana\0");
    let length = (noted.len() as u32 - 8).to_le_bytes();
    noted[4..8].copy_from_slice(&length);
    let kept = taken(&noted);
    assert_eq!(kept.address, taken(&bell).address);
    assert!(!kept.bytes.windows(4).any(|part| part == b"INFO"));
}

#[test]
fn what_is_more_than_a_sound_is_refused() {
    let mut longer = ogg(3);
    longer.extend(b"<script>");
    refused(&longer, "something else than sound");
    let mut within = ogg(3);
    within.splice(58..58, b"<script>".iter().copied());
    assert!(!crate::refusal(&within).to_string().is_empty());
    let mut wav = shipped("sounds/bell.wav");
    wav.extend(b"PK\x03\x04 more");
    refused(&wav, "goes on after the end");
    refused(&ogg(3)[..100], "Ogg");
    refused(&ogg(4000), "at most 600 s are allowed");
    refused(&ogg(0), "nothing to hear");
}

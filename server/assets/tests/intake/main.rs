//! What is taken in of what strangers upload, and what is not.

#![expect(clippy::unwrap_used, reason = "a test that cannot unwrap has failed")]

mod images;
mod models;
mod sample;
mod shelves;
mod sounds;
mod textures;

use bytes::Bytes;
use vivarium_assets::intake::{Refusal, TakenIn, take_in};

fn taken(bytes: &[u8]) -> TakenIn {
    take_in(&Bytes::copy_from_slice(bytes), None).unwrap_or_else(|refusal| panic!("{refusal}"))
}

fn refusal(bytes: &[u8]) -> Refusal {
    match take_in(&Bytes::copy_from_slice(bytes), None) {
        Ok(taken) => panic!("it was taken in: {:?}", taken.details),
        Err(refusal) => refusal,
    }
}

/// Refused with a text that has these words.
#[track_caller]
fn refused(bytes: &[u8], words: &str) {
    let refusal = refusal(bytes);
    assert!(refusal.to_string().contains(words), "{refusal}");
}

#[test]
fn what_is_nothing_known_is_refused() {
    refused(b"", "the file is empty");
    for bytes in [b"<html><script>".as_slice(), b"MZ\x90", b"%PDF-1.7", b"\x7fELF", b"GIF89a"] {
        refused(bytes, "of no kind that is known here");
    }
}

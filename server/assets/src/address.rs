//! Names of uploaded assets: their content and their kind, `uploads/<64 hexadecimal digits>.<ending>`.
//!
//! Whoever has a name has the bytes, or nothing: they never change.

use std::{fmt, str::FromStr};

/// The folder of uploaded assets, below `assets/`.
pub const FOLDER: &str = "uploads";

/// What an asset is, as a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are the formats")]
pub enum Format {
    Glb,
    Png,
    Jpeg,
    WebP,
    Ktx2,
    Hdr,
    Ogg,
    Mp3,
    Wav,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Glb,
        Self::Png,
        Self::Jpeg,
        Self::WebP,
        Self::Ktx2,
        Self::Hdr,
        Self::Ogg,
        Self::Mp3,
        Self::Wav,
    ];

    /// What names of such files end in, without the dot.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Glb => "glb",
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::WebP => "webp",
            Self::Ktx2 => "ktx2",
            Self::Hdr => "hdr",
            Self::Ogg => "ogg",
            Self::Mp3 => "mp3",
            Self::Wav => "wav",
        }
    }

    /// The media type (RFC 6838).
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Glb => "model/gltf-binary",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::WebP => "image/webp",
            Self::Ktx2 => "image/ktx2",
            Self::Hdr => "image/vnd.radiance",
            Self::Ogg => "audio/ogg",
            Self::Mp3 => "audio/mpeg",
            Self::Wav => "audio/wav",
        }
    }

    fn of_ending(ending: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.ending() == ending)
    }
}

/// The name of an uploaded asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    hash: [u8; 32],
    format: Format,
}

impl Address {
    /// Of these bytes (BLAKE3).
    pub fn of(bytes: &[u8], format: Format) -> Self {
        Self { hash: *blake3::hash(bytes).as_bytes(), format }
    }

    /// What it is.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The name without the folder.
    pub fn file(&self) -> String {
        let digits: String = self.hash.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{digits}.{}", self.format.ending())
    }

    /// From the name without the folder.
    pub fn from_file(file: &str) -> Option<Self> {
        let (digits, ending) = file.split_once('.')?;
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if digits.len() != 64 || !digits.bytes().all(is_digit) {
            return None;
        }
        let mut hash = [0; 32];
        for (index, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&digits[2 * index..2 * index + 2], 16).ok()?;
        }
        Some(Self { hash, format: Format::of_ending(ending)? })
    }

    /// Every address that stands in a text, such as a document.
    pub fn in_text(text: &[u8]) -> impl Iterator<Item = Self> {
        let head = concat_folder();
        let length = head.len() + 64 + 1 + 4;
        let starts = text.windows(head.len()).enumerate();
        let starts = starts.filter(move |(_, window)| *window == head.as_bytes());
        starts.filter_map(move |(at, _)| {
            let rest = &text[at..text.len().min(at + length)];
            let rest = rest[concat_folder().len()..].split(|byte| *byte == b'"').next()?;
            Self::from_file(std::str::from_utf8(rest).ok()?)
        })
    }
}

fn concat_folder() -> String {
    format!("{FOLDER}/")
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{FOLDER}/{}", self.file())
    }
}

/// It is not the name of an uploaded asset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the name of an uploaded asset")]
pub struct NoAddress(pub String);

impl FromStr for Address {
    type Err = NoAddress;

    fn from_str(text: &str) -> Result<Self, NoAddress> {
        let file = text.strip_prefix(FOLDER).and_then(|rest| rest.strip_prefix('/'));
        file.and_then(Self::from_file).ok_or_else(|| NoAddress(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_was_written() {
        for format in Format::ALL {
            let address = Address::of(b"a chair", format);
            assert_eq!(address.to_string().parse(), Ok(address));
        }
        for wrong in ["uploads/x.glb", "models/oak.glb", "uploads/", "", "uploads/../x"] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
        let upper = Address::of(b"a chair", Format::Glb).to_string().to_uppercase();
        assert!(upper.parse::<Address>().is_err(), "one content has one name");
    }

    #[test]
    fn a_text_tells_what_it_names() {
        let [one, two] = [Format::Glb, Format::Ktx2].map(|format| Address::of(b"x", format));
        let text = format!(r#"{{"path":"{one}"}},["{two}"],"uploads/nothing.glb","{one}"#);
        let found: Vec<Address> = Address::in_text(text.as_bytes()).collect();
        assert_eq!(found, [one, two, one]);
        assert_eq!(Address::in_text(b"uploads/").count(), 0);
    }
}

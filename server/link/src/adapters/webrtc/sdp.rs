//! What an offer may say, and what our answer says about addresses.
//!
//! An offer comes from a stranger: it is vetted line by line before the WebRTC library parses it.
//! Candidates never get that far: the server waits to be called, and learns addresses from signed
//! checks alone. Pure: text in, text out.

use std::{
    fmt::Write,
    net::{IpAddr, SocketAddr},
};

use super::{
    config::{OFFER_BYTES_MAX, OFFER_LINES_MAX, OFFER_SECTIONS_MAX},
    pieces::PIECE_BYTES_MAX,
};

/// An offer that may be given to the library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The offer without its candidates.
    pub sdp: String,
    /// The client's fragment of the ICE user name.
    pub ufrag: String,
    /// The client's ICE password.
    pub pwd: String,
    /// Sections for voices.
    pub audio_sections: usize,
}

/// Why an offer is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// Beyond a named maximum.
    #[error("the offer has more than {max} {of}")]
    TooLarge {
        /// Of what there is too much.
        of: &'static str,
        /// How much is allowed.
        max: usize,
    },
    /// Not an SDP.
    #[error("line {line} of the offer is not SDP")]
    Malformed {
        /// Counted from 1.
        line: usize,
    },
    /// An SDP that this server does not connect to.
    #[error("the offer {0}")]
    Unsuitable(&'static str),
}

/// Checks an offer and takes its candidates out.
///
/// # Errors
///
/// The offer is too large, no SDP, or asks for something else than data and voice.
pub fn vet_offer(text: &str) -> Result<Offer, OfferError> {
    if text.len() > OFFER_BYTES_MAX {
        return Err(OfferError::TooLarge { of: "bytes", max: OFFER_BYTES_MAX });
    }
    let mut vetting = Vetting::default();
    let mut sdp = String::with_capacity(text.len());
    for (index, line) in text.lines().enumerate() {
        if index >= OFFER_LINES_MAX {
            return Err(OfferError::TooLarge { of: "lines", max: OFFER_LINES_MAX });
        }
        let malformed = OfferError::Malformed { line: index + 1 };
        if line.chars().any(char::is_control) || line.as_bytes().get(1) != Some(&b'=') {
            return Err(malformed);
        }
        if (index == 0) != (line == "v=0") {
            return Err(malformed);
        }
        if vetting.keeps(line)? {
            sdp.push_str(line);
            sdp.push_str("\r\n");
        }
    }
    vetting.finish(sdp)
}

#[derive(Default)]
struct Vetting<'a> {
    sections: usize,
    data_sections: usize,
    audio_sections: usize,
    ufrag: Option<&'a str>,
    pwd: Option<&'a str>,
    has_fingerprint: bool,
}

impl<'a> Vetting<'a> {
    fn keeps(&mut self, line: &'a str) -> Result<bool, OfferError> {
        if let Some(media) = line.strip_prefix("m=") {
            self.section(media)?;
        }
        let Some(attribute) = line.strip_prefix("a=") else { return Ok(true) };
        let (name, value) = attribute.split_once(':').unwrap_or((attribute, ""));
        match name.trim() {
            "candidate" | "end-of-candidates" | "remote-candidates" => return Ok(false),
            "ice-ufrag" => same(&mut self.ufrag, value, 4)?,
            "ice-pwd" => same(&mut self.pwd, value, 22)?,
            "fingerprint" => self.has_fingerprint |= value.starts_with("sha-"),
            "ice-lite" => return Err(OfferError::Unsuitable("comes from an ICE-lite agent")),
            "setup" if !matches!(value, "actpass" | "passive") => {
                return Err(OfferError::Unsuitable("does not let the server begin with DTLS"));
            }
            "max-message-size" => {
                let size: u64 = value.trim().parse().unwrap_or(1);
                if size != 0 && size < PIECE_BYTES_MAX as u64 {
                    return Err(OfferError::Unsuitable("takes only messages below 16 KiB"));
                }
            }
            _ => {}
        }
        Ok(true)
    }

    fn section(&mut self, media: &str) -> Result<(), OfferError> {
        self.sections += 1;
        if self.sections > OFFER_SECTIONS_MAX {
            return Err(OfferError::TooLarge { of: "media sections", max: OFFER_SECTIONS_MAX });
        }
        let mut words = media.split(' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("application"), Some(port), Some(profile), Some("webrtc-datachannel"))
                if port != "0" && profile.ends_with("DTLS/SCTP") =>
            {
                self.data_sections += 1;
            }
            (Some("audio"), Some(_), Some(_), Some(_)) => self.audio_sections += 1,
            _ => {
                return Err(OfferError::Unsuitable("has a section that is neither data nor audio"));
            }
        }
        Ok(())
    }

    fn finish(self, sdp: String) -> Result<Offer, OfferError> {
        if self.data_sections != 1 {
            return Err(OfferError::Unsuitable("does not have exactly one data section"));
        }
        if !self.has_fingerprint {
            return Err(OfferError::Unsuitable("names no certificate"));
        }
        match (self.ufrag, self.pwd) {
            (Some(ufrag), Some(pwd)) => Ok(Offer {
                sdp,
                ufrag: ufrag.to_owned(),
                pwd: pwd.to_owned(),
                audio_sections: self.audio_sections,
            }),
            _ => Err(OfferError::Unsuitable("has no ICE credentials")),
        }
    }
}

/// All sections must carry the same credentials: they share one transport.
fn same<'a>(
    known: &mut Option<&'a str>,
    value: &'a str,
    bytes_min: usize,
) -> Result<(), OfferError> {
    let fits = (bytes_min..=256).contains(&value.len());
    let is_ice = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte));
    if !fits || !is_ice {
        return Err(OfferError::Unsuitable("has malformed ICE credentials"));
    }
    if known.is_some_and(|known| known != value) {
        return Err(OfferError::Unsuitable("has several ICE credentials"));
    }
    *known = Some(value);
    Ok(())
}

/// Puts the addresses of the shared port in place of whatever candidates an answer has.
pub fn advertise(answer: &str, addresses: &[IpAddr], port: u16) -> String {
    let candidates = candidate_lines(addresses, port);
    let mut out = String::with_capacity(answer.len() + 2 * candidates.len());
    let mut in_open_section = false;
    for line in answer.lines() {
        if line.starts_with("a=candidate:") || line == "a=end-of-candidates" {
            continue;
        }
        if let Some(media) = line.strip_prefix("m=") {
            if in_open_section {
                out.push_str(&candidates);
            }
            in_open_section = media.split(' ').nth(1) != Some("0");
        }
        out.push_str(line);
        out.push_str("\r\n");
    }
    if in_open_section {
        out.push_str(&candidates);
    }
    out
}

/// Host candidates (RFC 8839, 5.1), in the order of preference given.
fn candidate_lines(addresses: &[IpAddr], port: u16) -> String {
    const HOST_PREFERENCE: u32 = 126;
    let mut lines = String::new();
    for (index, ip) in (0u32..).zip(addresses) {
        let priority = (HOST_PREFERENCE << 24) | ((65_535 - index.min(65_535)) << 8) | 255;
        let foundation = index + 1;
        let address = SocketAddr::new(*ip, port);
        // Writing to a string cannot fail.
        let _ = write!(
            lines,
            "a=candidate:{foundation} 1 udp {priority} {} {} typ host\r\n",
            address.ip(),
            address.port(),
        );
    }
    lines.push_str("a=end-of-candidates\r\n");
    lines
}

#[cfg(test)]
#[path = "sdp_tests.rs"]
mod tests;

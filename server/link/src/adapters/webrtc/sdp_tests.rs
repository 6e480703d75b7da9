use proptest::prelude::*;

use super::*;

/// As Chromium writes it, with made-up secrets.
pub const OFFER: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
    a=extmap-allow-mixed\r\na=msid-semantic: WMS\r\n\
    m=application 53421 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 192.0.2.3\r\n\
    a=candidate:1 1 udp 2113937151 169.254.169.254 53421 typ host generation 0\r\n\
    a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=ice-options:trickle\r\n\
    a=fingerprint:sha-256 AA:BB\r\na=setup:actpass\r\na=mid:0\r\na=sctp-port:5000\r\n\
    a=max-message-size:262144\r\n";

#[test]
fn candidates_never_reach_the_library() {
    let offer = vet_offer(OFFER).unwrap();
    assert!(!offer.sdp.contains("candidate"), "{}", offer.sdp);
    assert!(!offer.sdp.contains("169.254.169.254"));
    assert_eq!((&*offer.ufrag, &*offer.pwd), ("abcd", "abcdefghijklmnopqrstuvwx"));
    assert_eq!(offer.audio_sections, 0);
    assert_eq!(offer.sdp.lines().count(), OFFER.lines().count() - 1);
}

#[test]
fn unsuitable_offers_are_told_why() {
    let changed = |from: &str, to: &str| {
        assert!(OFFER.contains(from), "{from}");
        vet_offer(&OFFER.replace(from, to)).unwrap_err()
    };
    let cases = [
        (changed("m=application 53421 UDP/DTLS/SCTP webrtc-datachannel", "m=audio 9 X 0"), "data"),
        (changed("m=application", "m=video"), "neither data nor audio"),
        (changed("a=ice-ufrag:abcd", "a=x:y"), "ICE credentials"),
        (changed("a=ice-ufrag:abcd", "a=ice-ufrag:a b:c"), "malformed ICE"),
        (changed("a=mid:0", "a=ice-ufrag:other"), "several ICE"),
        (changed("a=fingerprint", "a=finger"), "certificate"),
        (changed("a=setup:actpass", "a=setup:active"), "DTLS"),
        (changed("a=mid:0", "a=ice-lite"), "ICE-lite"),
        (changed("262144", "7"), "16 KiB"),
        (changed("v=0", "v=1"), "line 1"),
        (changed("s=-", "sss"), "line 3"),
        (changed("s=-", "s=\u{0}"), "line 3"),
    ];
    for (error, part) in cases {
        assert!(error.to_string().contains(part), "{error} should mention {part}");
    }
    let many = OFFER.replace("a=mid:0\r\n", &"m=audio 9 X 0\r\n".repeat(OFFER_SECTIONS_MAX));
    assert!(matches!(vet_offer(&many), Err(OfferError::TooLarge { of: "media sections", .. })));
    let long = OFFER.replace("s=-", &format!("s={}", "x".repeat(OFFER_BYTES_MAX)));
    assert!(matches!(vet_offer(&long), Err(OfferError::TooLarge { of: "bytes", .. })));
    let lines = OFFER.replace("s=-", &"s=-\r\n".repeat(OFFER_LINES_MAX));
    assert!(matches!(vet_offer(&lines), Err(OfferError::TooLarge { of: "lines", .. })));
}

#[test]
fn an_answer_names_the_shared_port_in_every_open_section() {
    let answer = "v=0\r\nm=audio 9 X 0\r\na=candidate:1 1 udp 1 127.0.0.1 9999 typ host\r\n\
        a=end-of-candidates\r\nm=audio 0 X 0\r\nm=application 9 X y\r\na=mid:2\r\n";
    let addresses = ["203.0.113.7".parse().unwrap(), "2001:db8::1".parse().unwrap()];
    let text = advertise(answer, &addresses, 7000);
    let candidates = "a=candidate:1 1 udp 2130706431 203.0.113.7 7000 typ host\r\n\
        a=candidate:2 1 udp 2130706175 2001:db8::1 7000 typ host\r\na=end-of-candidates\r\n";
    assert_eq!(
        text,
        format!(
            "v=0\r\nm=audio 9 X 0\r\n{candidates}m=audio 0 X 0\r\nm=application 9 X y\r\n\
             a=mid:2\r\n{candidates}"
        )
    );
}

proptest! {
    #[test]
    fn any_text_is_vetted_without_a_panic(text in ".{0,400}") {
        let _ = vet_offer(&text);
    }

    #[test]
    fn a_mutated_offer_is_vetted_without_a_panic(at in 0usize..OFFER.len(), byte in any::<u8>()) {
        let mut bytes = OFFER.as_bytes().to_vec();
        bytes[at] = byte;
        if let Ok(offer) = vet_offer(&String::from_utf8_lossy(&bytes)) {
            prop_assert!(!offer.sdp.contains("a=candidate:"));
        }
    }
}

//! What RFC 6455 asks of a server, case by case, from a client that makes its frames by hand: it
//! shares no code with the library under test, and looks closely at every frame that comes back.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::adapters::websocket::WebSocketTransport;

const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;

const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;
const MASK: [u8; 4] = [0x12, 0xE5, 0x07, 0x9C];

/// A masked frame (5.2); `first` is the byte with FIN, the reserved bits and the opcode.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        size @ 0..126 => bytes.push(MASKED | size as u8),
        size @ 126..65_536 => {
            bytes.push(MASKED | 126);
            bytes.extend_from_slice(&(size as u16).to_be_bytes());
        }
        size => {
            bytes.push(MASKED | 127);
            bytes.extend_from_slice(&(size as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(&MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

fn whole(opcode: u8, payload: &[u8]) -> Vec<u8> {
    frame(FIN | opcode, payload)
}

/// A close frame with a code and a reason (5.5.1).
fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    whole(CLOSE, &[&code.to_be_bytes(), reason].concat())
}

/// What comes back from the server.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    opcode: u8,
    payload: Vec<u8>,
}

struct ByHand(DuplexStream);

impl ByHand {
    async fn raw(&mut self, bytes: &[u8]) {
        // A server that has failed the connection reads no more.
        let _ = self.0.write_all(bytes).await;
    }

    /// The next frame. A server masks nothing (5.1), sets no bit that was not agreed on, and uses
    /// the shortest length (5.2); ours never fragments.
    async fn answer(&mut self) -> Option<Answer> {
        let first = self.0.read_u8().await.ok()?;
        assert_eq!(first & 0xF0, FIN, "whole, and without reserved bits");
        let opcode = first & 0x0F;
        assert!([BINARY, CLOSE, PING, PONG].contains(&opcode), "opcode {opcode}");
        let size = match self.0.read_u8().await.ok()? {
            size @ 0..126 => u64::from(size),
            126 => u64::from(self.0.read_u16().await.ok()?),
            127 => self.0.read_u64().await.ok()?,
            masked => panic!("a masked frame: {masked}"),
        };
        let shortest = if opcode >= CLOSE { 0..126 } else { 0..u64::MAX };
        assert!(shortest.contains(&size), "a control frame of {size} bytes");
        let mut payload = vec![0; size as usize];
        self.0.read_exact(&mut payload).await.ok()?;
        Some(Answer { opcode, payload })
    }

    /// The next frame that is no message.
    async fn control(&mut self) -> Option<Answer> {
        loop {
            let answer = self.answer().await?;
            if answer.opcode != BINARY {
                return Some(answer);
            }
        }
    }
}

impl Client for ByHand {
    type Transport = WebSocketTransport<DuplexStream>;
    const IS_HEARD_AT_ONCE: bool = true;

    async fn connect() -> (oneshot::Receiver<Self::Transport>, Self) {
        let (server, client) = tokio::io::duplex(8 * 1024);
        (at_once(WebSocketTransport::after_upgrade(server).await), Self(client))
    }

    async fn send(&mut self, lane: Lane, bytes: Vec<u8>) {
        self.raw(&whole(BINARY, &[vec![lane as u8], bytes].concat())).await;
    }

    async fn receive(&mut self) -> Option<Got> {
        loop {
            let Answer { opcode, mut payload } = self.answer().await?;
            match opcode {
                BINARY => {
                    let lane = Lane::from_byte(payload.remove(0)).unwrap();
                    return Some(Got::Message(lane, payload.into()));
                }
                CLOSE => {
                    return Some(Got::Closed(u16::from_be_bytes([payload[0], payload[1]])));
                }
                PING => self.raw(&whole(PONG, &payload)).await,
                _ => {}
            }
        }
    }
}

conformance!(websocket_by_hand, ByHand);

/// What a client says, as the payload of one message.
fn say(text: &str) -> Vec<u8> {
    [vec![0], wire::encode(&ClientMessage::Say { text: text.into() })].concat()
}

async fn open() -> Visit<ByHand> {
    Visit::open(LinkLimits::default()).await
}

/// The session goes on, and what was sent was understood.
async fn is_heard(mut visit: Visit<ByHand>, text: &str, case: &str) {
    assert_eq!(visit.message().await, decoded(&heard(text)), "{case}");
    visit.client.raw(&whole(BINARY, &say("still here"))).await;
    assert_eq!(visit.message().await, decoded(&heard("still here")), "{case}");
}

#[tokio::test]
async fn messages_may_be_fragmented_with_control_frames_between() {
    let text = "so far so good";
    let message = say(text);
    let (first, rest) = message.split_at(5);
    let (second, third) = rest.split_at(3);
    let ping = whole(PING, b"are you there?");
    let cases = [
        ("whole", vec![whole(BINARY, &message)]),
        ("two", vec![frame(BINARY, first), whole(CONTINUATION, rest)]),
        (
            "three",
            vec![frame(BINARY, first), frame(CONTINUATION, second), whole(CONTINUATION, third)],
        ),
        (
            "empty fragments",
            vec![
                frame(BINARY, &[]),
                frame(CONTINUATION, &message),
                frame(CONTINUATION, &[]),
                whole(CONTINUATION, &[]),
            ],
        ),
        (
            "a ping and a stray pong between",
            vec![
                frame(BINARY, first),
                ping,
                frame(CONTINUATION, second),
                whole(PONG, b"nobody asked"),
                whole(CONTINUATION, third),
            ],
        ),
    ];
    for (case, frames) in cases {
        let mut visit = open().await;
        visit.client.raw(&frames.concat()).await;
        is_heard(visit, text, case).await;
        // Octet by octet, as a network may cut it (Autobahn calls it chopped).
        let mut visit = open().await;
        for byte in frames.concat() {
            visit.client.raw(&[byte]).await;
            tokio::task::yield_now().await;
        }
        is_heard(visit, text, case).await;
    }
}

#[tokio::test]
async fn a_ping_is_answered_with_its_own_payload_and_a_pong_with_nothing() {
    let longest = [b'x'; 125];
    for payload in [&b""[..], b"hello", &[0, 0xFF, 0xFE], &longest] {
        let mut visit = open().await;
        visit.client.raw(&whole(PING, payload)).await;
        let pong = Answer { opcode: PONG, payload: payload.to_vec() };
        assert_eq!(visit.client.control().await, Some(pong));
    }
    let mut visit = open().await;
    for payload in [&b""[..], b"unasked"] {
        visit.client.raw(&whole(PONG, payload)).await;
    }
    visit.client.raw(&whole(BINARY, &say("on"))).await;
    is_heard(visit, "on", "stray pongs").await;
}

#[tokio::test]
async fn what_the_protocol_forbids_fails_the_connection() {
    let message = say("never heard");
    let mut unmasked = whole(BINARY, &message);
    unmasked[1] &= !MASKED;
    let reserved_bits =
        [0x40, 0x20, 0x10, 0x70].map(|bits| ("bits", frame(FIN | bits | BINARY, b"x")));
    let opcodes = [0x3, 0x4, 0x5, 0x6, 0x7, 0xB, 0xC, 0xD, 0xE, 0xF]
        .map(|opcode| ("opcode", whole(opcode, b"x")));
    let long_control = [PING, PONG, CLOSE].map(|opcode| ("long", whole(opcode, &[b'x'; 126])));
    let cut_control = [PING, PONG, CLOSE].map(|opcode| ("cut", frame(opcode, b"xx")));
    let cases = [
        ("unmasked", unmasked),
        ("continues nothing", whole(CONTINUATION, &message)),
        ("continues nothing, more to come", frame(CONTINUATION, &message)),
        ("begins anew inside", [frame(BINARY, &message), whole(BINARY, &message)].concat()),
        (
            "continues what has ended",
            [frame(BINARY, b"\x01"), whole(CONTINUATION, b""), whole(CONTINUATION, b"x")].concat(),
        ),
        ("text", whole(TEXT, "κόσμε".as_bytes())),
        ("text that is not UTF-8", whole(TEXT, &[0xCE, 0xBA, 0xED, 0xA0, 0x80])),
        ("text that is too long for its code point", whole(TEXT, &[0xC0, 0xAF])),
        ("text that ends inside a character", whole(TEXT, &[0xCE])),
        ("text in fragments", [frame(TEXT, b"a"), whole(CONTINUATION, b"b")].concat()),
    ];
    let all = cases.into_iter().chain(reserved_bits).chain(opcodes);
    for (case, bytes) in all.chain(long_control).chain(cut_control) {
        let mut visit = open().await;
        visit.client.raw(&bytes).await;
        // Behind it nothing counts any more.
        visit.client.raw(&whole(BINARY, &message)).await;
        loop {
            match visit.client.receive().await {
                Some(Got::Message(Lane::Reliable, bytes)) => match decoded(&bytes) {
                    ServerMessage::Closed { reason, .. } => {
                        assert_eq!(reason, CloseReason::Malformed, "{case}");
                    }
                    other => panic!("{case}: {other:?}"),
                },
                Some(Got::Message(Lane::Latest, _)) => {}
                Some(Got::Closed(code)) => {
                    assert_eq!(code, CloseReason::Malformed.code(), "{case}");
                    break;
                }
                None => panic!("{case}: no close frame"),
            }
        }
        let said = visit.echo.intents.lock().unwrap().clone();
        assert!(said.is_empty(), "{case}: {said:?}");
    }
}

#[tokio::test]
async fn what_is_too_long_is_refused_before_it_has_come() {
    // Only heads: the 64-bit length, with its highest bit set, and one of 1 GiB.
    let head = |size: u64| [&[FIN | BINARY, MASKED | 127][..], &size.to_be_bytes(), &MASK].concat();
    let many: Vec<u8> = std::iter::once(frame(BINARY, &[0; 1_000]))
        .chain((0..20).map(|_| frame(CONTINUATION, &[0; 1_000])))
        .flatten()
        .collect();
    for (case, bytes) in
        [("1 GiB", head(1 << 30)), ("2^63", head(1 << 63)), ("in small pieces", many)]
    {
        let mut visit = open().await;
        visit.client.raw(&bytes).await;
        loop {
            match visit.client.receive().await {
                Some(Got::Closed(code)) => {
                    assert_eq!(code, CloseReason::Oversized.code(), "{case}");
                    break;
                }
                Some(_) => {}
                None => panic!("{case}: no close frame"),
            }
        }
    }
}

#[tokio::test]
async fn a_close_is_answered_with_a_close() {
    let allowed = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
    for code in allowed {
        let mut visit = open().await;
        visit.client.raw(&close(code, "bye — au revoir".as_bytes())).await;
        let answer = visit.client.control().await.expect("a close");
        assert_eq!((answer.opcode, &answer.payload[..2]), (CLOSE, &code.to_be_bytes()[..]));
        assert_eq!(visit.client.answer().await, None, "nothing comes after it");
        assert_eq!(visit.departure().await, Departure::Lost);
    }
    let mut visit = open().await;
    visit.client.raw(&whole(CLOSE, b"")).await;
    assert_eq!(visit.client.control().await.map(|answer| answer.opcode), Some(CLOSE));
}

#[tokio::test]
async fn a_malformed_close_ends_the_connection_with_a_fault() {
    let codes = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999];
    let codes = codes.map(|code| (format!("code {code}"), close(code, b"")));
    let others = [
        ("half a code".to_owned(), whole(CLOSE, &[3])),
        ("a reason that is not UTF-8".to_owned(), close(1000, &[0xCE, 0xBA, 0xED, 0xA0, 0x80])),
    ];
    for (case, bytes) in codes.into_iter().chain(others) {
        let mut visit = open().await;
        visit.client.raw(&bytes).await;
        let answer = visit.client.control().await.expect("a close");
        assert_eq!(answer.opcode, CLOSE, "{case}");
        let code = u16::from_be_bytes([answer.payload[0], answer.payload[1]]);
        let faults = [1002, 1007, CloseReason::Malformed.code()];
        assert!(faults.contains(&code), "{case}: {code}");
    }
}

//! Strangers who send nonsense, floods, or nothing at all: each gets a clear answer, and everyone
//! else's world goes on ticking.

use std::time::Duration;

use tokio_tungstenite::tungstenite::{self, Message};
use vivarium_host::server::Server;
use vivarium_protocol::{
    PROTOCOL_VERSION,
    close::CloseReason,
    intent::{ClientLatest, ClientMessage, Emote, Hello, MAGIC},
    limits::{CLIENT_LATEST_BYTES_MAX, CLIENT_RELIABLE_BYTES_MAX},
    notice::{Denial, ServerMessage},
    snapshot::packet::Ack,
    wire,
};

use crate::harness::{
    socket::{Client, LATEST, RELIABLE, hello, post_from, post_head, server},
    towards,
};

/// A bystander whose world must go on whatever strangers do.
struct Bystander(Client);

impl Bystander {
    async fn of(server: &Server) -> anyhow::Result<Self> {
        Ok(Self(Client::enter(server, "bystander").await?))
    }

    async fn lives_on(&mut self) -> anyhow::Result<()> {
        let before = self.0.framed().await?.tick;
        while self.0.framed().await?.tick < before + 5 {}
        Ok(())
    }
}

async fn ends_with(client: Client, wanted: CloseReason) -> anyhow::Result<String> {
    let farewell = client.farewell().await?;
    let (reason, detail) = farewell.told.unwrap_or_else(|| panic!("no reason; wanted {wanted:?}"));
    assert_eq!(reason, wanted, "{detail}");
    assert_eq!(farewell.code, Some(wanted.code()));
    Ok(detail)
}

#[tokio::test]
async fn strangers_at_the_door_are_told_what_is_wrong() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let mut bystander = Bystander::of(&server).await?;
    let good = wire::encode_hello(&hello("Ana"));

    let mut other_version = good.clone();
    other_version[4] = 99;
    let mut trailing = good.clone();
    trailing.push(0);
    let unknown_world = Hello { world: "nowhere".into(), ..hello("Ana") };
    let long_world = Hello { world: "x".repeat(CLIENT_RELIABLE_BYTES_MAX), ..hello("Ana") };
    let cases: Vec<(&str, u8, Vec<u8>, CloseReason)> = vec![
        ("another protocol", RELIABLE, b"GET / HTTP".to_vec(), CloseReason::NotVivarium),
        ("nothing", RELIABLE, vec![], CloseReason::NotVivarium),
        ("only the magic", RELIABLE, MAGIC.to_vec(), CloseReason::NotVivarium),
        ("another version", RELIABLE, other_version, CloseReason::VersionMismatch),
        ("half a hello", RELIABLE, good[..9].to_vec(), CloseReason::Malformed),
        ("too much", RELIABLE, trailing, CloseReason::Malformed),
        ("the wrong lane", LATEST, good.clone(), CloseReason::WrongLane),
        ("no such lane", 7, good.clone(), CloseReason::WrongLane),
        ("no such world", RELIABLE, wire::encode_hello(&unknown_world), CloseReason::UnknownWorld),
        ("a huge hello", RELIABLE, wire::encode_hello(&long_world), CloseReason::Oversized),
    ];
    for (case, lane, message, wanted) in cases {
        let mut client = Client::connect(&server).await?;
        client.send_raw(lane, &message).await?;
        let detail = ends_with(client, wanted).await.map_err(|error| error.context(case))?;
        assert!(!detail.is_empty(), "{case}: {wanted:?} needs words");
        if wanted == CloseReason::VersionMismatch {
            assert!(detail.contains("99") && detail.contains(&PROTOCOL_VERSION.to_string()));
        }
    }
    bystander.lives_on().await?;
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn nonsense_after_the_handshake_ends_only_its_sender() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let mut bystander = Bystander::of(&server).await?;
    let say = wire::encode(&ClientMessage::Say { text: "hi".into() });
    let mut trailing = say.clone();
    trailing.push(1);
    let many = ClientLatest {
        ack: Ack::default(),
        first_tick: 1,
        inputs: vec![towards(1, 1); 9],
        tracked: None,
    };
    let mut no_such_emote = wire::encode(&ClientMessage::Emote { emote: Emote::Sit });
    *no_such_emote.last_mut().expect("an emote has bytes") = 200;
    let cases: Vec<(&str, u8, Vec<u8>, CloseReason)> = vec![
        ("no such message", RELIABLE, vec![250], CloseReason::Malformed),
        ("no such emote", RELIABLE, no_such_emote, CloseReason::Malformed),
        (
            "a second handshake",
            RELIABLE,
            wire::encode_hello(&hello("again")),
            CloseReason::Malformed,
        ),
        ("a cut message", RELIABLE, say[..2].to_vec(), CloseReason::Malformed),
        ("a message and more", RELIABLE, trailing, CloseReason::Malformed),
        (
            "an endless length",
            RELIABLE,
            vec![0, 253, 255, 255, 255, 255, 255, 255, 255, 255],
            CloseReason::Malformed,
        ),
        ("nine inputs", LATEST, wire::encode(&many), CloseReason::Malformed),
        ("speech as a pose", LATEST, vec![255; 40], CloseReason::Malformed),
        ("a long pose", LATEST, vec![0; CLIENT_LATEST_BYTES_MAX + 1], CloseReason::Oversized),
        ("a long word", RELIABLE, vec![0; CLIENT_RELIABLE_BYTES_MAX + 1], CloseReason::Oversized),
        ("no lane at all", 9, vec![1, 2, 3], CloseReason::WrongLane),
    ];
    for (case, lane, message, wanted) in cases {
        let mut client = Client::enter(&server, "stranger").await?;
        client.send_raw(lane, &message).await?;
        ends_with(client, wanted).await.map_err(|error| error.context(case))?;
    }
    let mut client = Client::enter(&server, "stranger").await?;
    client.send_message(Message::text("hello?")).await?;
    ends_with(client, CloseReason::Malformed).await?;
    bystander.lives_on().await?;
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn floods_are_slowed_down_first_and_then_shown_the_door() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let mut bystander = Bystander::of(&server).await?;
    let mut chatty = Client::enter(&server, "chatty").await?;
    for _ in 0..20 {
        chatty.send(&ClientMessage::Say { text: "spam".into() }).await?;
    }
    let wanted = ServerMessage::Denied { denial: Denial::TooFast };
    chatty.told_of(|notice| *notice == wanted).await?;
    for _ in 0..1_000 {
        // The server may close in the middle of it.
        if chatty.send(&ClientMessage::Say { text: "spam".into() }).await.is_err() {
            break;
        }
    }
    let farewell = chatty.farewell().await?;
    if let Some((reason, _)) = farewell.told {
        assert_eq!(reason, CloseReason::TooManyMessages);
    }
    bystander.lives_on().await?;
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn ten_thousand_characters_are_denied_and_the_session_goes_on() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let mut ana = Client::enter(&server, "Ana").await?;
    ana.send(&ClientMessage::Say { text: "x".repeat(3_000) }).await?;
    let denied = |denial| move |notice: &ServerMessage| *notice == ServerMessage::Denied { denial };
    ana.told_of(denied(Denial::TextTooLong)).await?;
    ana.send(&ClientMessage::Say { text: "\u{0007}\u{202E}\u{200B}".into() }).await?;
    ana.told_of(denied(Denial::EmptyText)).await?;
    ana.send(&ClientMessage::Ping { nonce: 7 }).await?;
    ana.told_of(|notice| *notice == ServerMessage::Pong { nonce: 7 }).await?;
    // Beyond the limit of a message, it is not a long text any more but a broken client.
    ana.send(&ClientMessage::Say { text: "x".repeat(10_000) }).await?;
    ends_with(ana, CloseReason::Oversized).await?;
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn pages_of_other_origins_are_refused_unless_allowed() -> anyhow::Result<()> {
    let server =
        server(|config| config.allow_origins = vec!["https://friend.example".into()]).await?;
    let own = format!("http://{}", server.address());
    for (origin, lets_in) in [
        (Some(own.as_str()), true),
        (None, true),
        (Some("https://friend.example"), true),
        (Some("https://enemy.example"), false),
        (Some("null"), false),
    ] {
        match Client::connect_from(&server, origin).await {
            Ok(_) => assert!(lets_in, "{origin:?} was let in"),
            Err(tungstenite::Error::Http(answer)) => {
                assert!(!lets_in, "{origin:?} was refused");
                assert_eq!(answer.status(), 403);
            }
            Err(other) => return Err(other.into()),
        }
    }
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn offers_that_do_not_fit_are_refused_with_the_reason() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let own = format!("http://{}", server.address());
    let offer = |lines: &str| format!("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n{lines}");
    let video = offer("m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\n");
    let huge = offer(&"a=x\r\n".repeat(20_000));
    for (origin, offer, status) in [
        ("https://enemy.example", offer(""), 403),
        (own.as_str(), String::new(), 400),
        (&own, "hello".into(), 400),
        (&own, offer(""), 400),
        (&own, video, 400),
        (&own, huge, 413),
    ] {
        let (answered, text) = post_from(&server, "/api/rtc", origin, &offer).await?;
        assert_eq!(answered, status, "{text}");
        assert!(text.len() > 10, "no reason for {offer}");
    }
    // A body that never comes holds a connection only for a while.
    let (status, _) = post_head(&server, "/api/rtc", &own, 100).await?;
    assert_eq!(status, 408);
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn who_never_speaks_or_never_reads_is_let_go() -> anyhow::Result<()> {
    let server = server(|config| {
        config.link.handshake_timeout = Duration::from_millis(200);
        config.link.probe_interval = Duration::from_millis(100);
        config.link.idle_timeout = Duration::from_millis(800);
    })
    .await?;
    let mut bystander = Bystander::of(&server).await?;
    let silent = Client::connect(&server).await?;
    ends_with(silent, CloseReason::HandshakeTimeout).await?;

    // Connected and accepted, but from now on it neither reads nor answers probes.
    let deaf = Client::enter(&server, "deaf").await?;
    let person = deaf.person;
    bystander
        .0
        .told_of(|notice| {
            matches!(notice, ServerMessage::Changed { card }
                if card.person == person && !card.present)
        })
        .await?;
    ends_with(deaf, CloseReason::Idle).await?;
    bystander.lives_on().await?;
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn one_world_that_is_full_refuses_and_the_rest_goes_on() -> anyhow::Result<()> {
    let server = server(|config| config.people_max = 2).await?;
    let mut bystander = Bystander::of(&server).await?;
    let _second = Client::enter(&server, "second").await?;
    let mut third = Client::connect(&server).await?;
    third.send_raw(RELIABLE, &wire::encode_hello(&hello("third"))).await?;
    ends_with(third, CloseReason::WorldFull).await?;
    bystander.lives_on().await?;
    server.shutdown().await;
    Ok(())
}

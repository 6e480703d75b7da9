use std::{net::UdpSocket, sync::atomic::Ordering, time::Duration};

use crate::adapters::webrtc::{
    config::WebRtcConfig,
    connection::{Channel, ConnectError},
    endpoint::AnswerError,
    peer::EndReason,
    stun,
};
use bytes::{BufMut, Bytes, BytesMut};

use super::{client::Client, connected, endpoint, moving::connected_over_relay, until, within};

fn attribute(sdp: &str, name: &str) -> String {
    let prefix = format!("a={name}:");
    sdp.lines().find_map(|line| line.strip_prefix(&prefix)).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_datagrams_are_dropped_and_disturb_nobody() {
    let endpoint = endpoint(WebRtcConfig::default());
    let (client, mut server) = connected(&endpoint).await;
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    stranger.connect(endpoint.local_addr().unwrap()).unwrap();
    let key = stun::Key::new("a guess of twenty-two or more");
    for round in 0..300u32 {
        let size = (round * 7) as usize;
        let mut datagram: Vec<u8> = (0..size).map(|at| (at as u32 * 31 + round) as u8).collect();
        stranger.send(&datagram).unwrap();
        if let Some(first) = datagram.first_mut() {
            *first = 22;
            stranger.send(&datagram).unwrap();
        }
        stranger.send(&stun::client_check([3; 12], "nobody:at-all", true, &key)).unwrap();
        if round % 16 == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    client.send_reliable("undisturbed").await;
    let heard = within("a message", server.recv()).await.unwrap();
    assert_eq!(heard, (Channel::Reliable, Bytes::from("undisturbed")));
    let counters = endpoint.counters();
    assert!(counters.unknown_source.load(Ordering::Relaxed) > 0);
    assert!(counters.unknown_user.load(Ordering::Relaxed) > 0);
    assert!(counters.unhandled.load(Ordering::Relaxed) > 0);
    stranger.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    assert!(stranger.recv(&mut [0; 100]).is_err(), "a stranger gets no answer");
    assert_eq!(endpoint.sizes().1, 1, "only the client's address is known");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_check_with_a_known_name_takes_nothing_over() {
    let endpoint = endpoint(WebRtcConfig::default());
    let mut client = Client::new().await;
    let offer = client.offer().await;
    let (answer, pending) = endpoint.answer(&offer).await.unwrap();
    let username =
        format!("{}:{}", attribute(&answer, "ice-ufrag"), attribute(&offer, "ice-ufrag"));
    let key = stun::Key::new("not the password of the answer");
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    stranger.connect(endpoint.local_addr().unwrap()).unwrap();
    let attack = || stranger.send(&stun::client_check([4; 12], &username, true, &key)).unwrap();

    // Before the client comes, while it connects, and afterwards.
    attack();
    client.accept(&answer).await;
    attack();
    let mut server = within("connected", pending.connected()).await.unwrap();
    within("both channels", client.lanes()).await;
    let home = server.remote_addr();
    attack();
    until("they were counted", || endpoint.counters().not_authentic.load(Ordering::Relaxed) == 3)
        .await;
    client.send_reliable("still here").await;
    assert!(within("a message", server.recv()).await.is_some());
    assert_eq!(server.remote_addr(), home);
    assert_eq!(endpoint.sizes().1, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_to_the_candidates_of_an_offer() {
    let endpoint = endpoint(WebRtcConfig::default());
    let victim = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = victim.local_addr().unwrap().port();
    let client = Client::new().await;
    let offer = client.offer().await;
    let lines: String = (0..50)
        .map(|index| format!("a=candidate:{index} 1 udp 2130706431 127.0.0.1 {port} typ host\r\n"))
        .collect();
    let offer = format!("{offer}{lines}");
    let (answer, _pending) = endpoint.answer(&offer).await.unwrap();
    assert!(!answer.contains(&format!(" {port} ")));
    victim.set_read_timeout(Some(Duration::from_millis(700))).unwrap();
    assert!(victim.recv(&mut [0; 2000]).is_err(), "the victim was called");
    assert_eq!(endpoint.counters().sent.load(Ordering::Relaxed), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offers_that_make_no_sense_are_errors() {
    let endpoint = endpoint(WebRtcConfig::default());
    let good = Client::new().await.offer().await;
    let without_data: String = good.split("m=").next().unwrap().to_owned();
    let nonsense = [
        String::new(),
        "v=0".to_owned(),
        "\u{0}\u{1}garbage".repeat(100),
        "v=0\r\n".repeat(1_001),
        "x".repeat(10_000_000),
        without_data,
        good.replace("fingerprint:", "fingerprint:md5 "),
        good.replace("a=mid:", "a=mud:"),
        good.replace("sha-256 ", "sha-256"),
        format!("{good}{good}"),
    ];
    for offer in nonsense {
        let error = endpoint.answer(&offer).await.err();
        let start: String = offer.chars().take(30).collect();
        assert!(
            matches!(error, Some(AnswerError::Offer(_) | AnswerError::Refused(_))),
            "{start:?}: {error:?}"
        );
    }
    until("the places are free", || endpoint.sizes() == (0, 0, 0)).await;
    assert!(endpoint.answer(&good).await.is_ok());
}

/// `MUTATIONS` asks for more of them.
fn mutations() -> usize {
    std::env::var("MUTATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(600)
}

/// Not a proof, but many near misses: whatever becomes of them, the endpoint still answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mutated_offers_do_not_break_the_endpoint() {
    let endpoint = endpoint(WebRtcConfig::default());
    let client = Client::new().await;
    client.listens_to_voices(2).await;
    let good = client.offer().await;
    let lines: Vec<&str> = good.lines().collect();
    let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % below as u64) as usize
    };
    let mut answered = 0;
    for _ in 0..mutations() {
        let mut mutated: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        for _ in 0..=random(3) {
            let at = random(mutated.len());
            match random(5) {
                0 => drop(mutated.remove(at)),
                1 => mutated.insert(at, lines[random(lines.len())].to_owned()),
                2 => mutated[at] = mutated[at].chars().take(random(40)).collect(),
                3 => mutated[at].push_str(" 99999999999999999999"),
                _ => {
                    let text = mutated[at].replace(|c: char| c.is_ascii_digit(), "9");
                    mutated[at] = text;
                }
            }
        }
        answered += usize::from(endpoint.answer(&mutated.join("\r\n")).await.is_ok());
    }
    assert!(answered > 0, "some are harmless");
    until("the places are free", || endpoint.sizes() == (0, 0, 0)).await;
    assert!(endpoint.answer(&good).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_offers_is_bounded_and_passes() {
    let config = WebRtcConfig {
        pending_max: 8,
        handshake_timeout: Duration::from_millis(500),
        ..WebRtcConfig::default()
    };
    let endpoint = endpoint(config);
    let offer = Client::new().await.offer().await;
    let mut pending = Vec::new();
    let mut refused = 0;
    for _ in 0..200 {
        match endpoint.answer(&offer).await {
            Ok((_, peer)) => pending.push(peer),
            Err(error) => {
                assert_eq!(error, AnswerError::TooManyPending { max: 8 });
                refused += 1;
            }
        }
    }
    assert_eq!((pending.len(), refused), (8, 192));
    for peer in pending {
        let error = within("their time is over", peer.connected()).await.err();
        assert_eq!(error, Some(ConnectError::TimedOut));
    }
    until("the places are free", || endpoint.sizes() == (0, 0, 0)).await;
    connected(&endpoint).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_server_refuses_until_somebody_leaves() {
    let endpoint = endpoint(WebRtcConfig { peers_max: 1, ..WebRtcConfig::default() });
    let (_client, server) = connected(&endpoint).await;
    let offer = Client::new().await.offer().await;
    assert_eq!(endpoint.answer(&offer).await.err(), Some(AnswerError::TooManyPeers { max: 1 }));
    server.close().await;
    until("the place is free", || endpoint.sizes() == (0, 0, 0)).await;
    connected(&endpoint).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_break_the_rules_are_ended() {
    let endpoint = endpoint(WebRtcConfig::default());
    let (client, mut server) = connected(&endpoint).await;
    client.reliable().send_text("words").await.unwrap();
    assert_eq!(within("the end", server.recv()).await, None);
    assert_eq!(server.end_reason(), Some(EndReason::Text));

    let (client, mut server) = connected(&endpoint).await;
    let mut giant = BytesMut::new();
    giant.put_u32_le(u32::MAX);
    client.reliable().send(giant).await.unwrap();
    assert_eq!(within("the end", server.recv()).await, None);
    assert_eq!(server.end_reason(), Some(EndReason::Oversized));

    let (client, mut server) = connected(&endpoint).await;
    let _channel = client.pc.create_data_channel("mine", None).await.unwrap();
    assert_eq!(within("the end", server.recv()).await, None);
    assert_eq!(server.end_reason(), Some(EndReason::ForeignChannel));
}

/// As somebody would who knows the addresses and can forge them, but knows no key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn datagrams_forged_in_a_clients_name_disturb_nobody() {
    let endpoint = endpoint(WebRtcConfig::default());
    let (mut client, mut server, relay) = connected_over_relay(&endpoint, 0).await;
    let record = |kind: u8, epoch: u8, body: &[u8]| {
        let mut record = vec![kind, 254, 253, 0, epoch, 0, 0, 0, 0, 0, 99, 0, body.len() as u8];
        record.extend_from_slice(body);
        record
    };
    let alerts = [record(21, 0, &[2, 40]), record(21, 0, &[1, 0]), record(21, 1, &[1, 0])];
    for round in 0..60u8 {
        for alert in &alerts {
            relay.inject(alert).await;
        }
        for kind in [20, 21, 22, 23, 24, 63, 64, 128, 200] {
            relay.inject(&record(kind, round % 3, &vec![round; usize::from(round) * 2])).await;
            relay.inject(&[kind]).await;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    client.send_reliable("undisturbed").await;
    let heard = within("a message", server.recv()).await.unwrap();
    assert_eq!(heard, (Channel::Reliable, Bytes::from("undisturbed")));
    server.send_reliable(Bytes::from("me too")).await.unwrap();
    assert_eq!(within("an answer", client.hears_reliable()).await.unwrap(), "me too");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_channels_is_stopped_at_the_first() {
    let endpoint = endpoint(WebRtcConfig::default());
    let (client, mut server) = connected(&endpoint).await;
    let mut channels = Vec::new();
    for index in 0..400 {
        channels.push(client.pc.create_data_channel(&format!("{index}"), None).await.unwrap());
    }
    assert_eq!(within("the end", server.recv()).await, None);
    assert_eq!(server.end_reason(), Some(EndReason::ForeignChannel));
    drop(server);
    until("the place is free", || endpoint.sizes() == (0, 0, 0)).await;
}

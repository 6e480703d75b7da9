use std::time::Duration;

use crate::adapters::webrtc::{
    config::{LATEST_BYTES_MAX, WebRtcConfig},
    connection::Channel,
    peer::EndReason,
};
use bytes::Bytes;

use super::{connected, endpoint, until, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_lanes_carry_messages_both_ways() {
    let endpoint = endpoint(WebRtcConfig::default());
    let (mut client, mut server) = connected(&endpoint).await;

    client.send_reliable("hello").await;
    let heard = within("hello", server.recv()).await.unwrap();
    assert_eq!(heard, (Channel::Reliable, Bytes::from("hello")));
    client.send_latest(b"here I am").await;
    let heard = within("a pose", server.recv()).await.unwrap();
    assert_eq!(heard, (Channel::Unreliable, Bytes::from("here I am")));

    server.send_reliable(Bytes::from("welcome")).await.unwrap();
    server.send_reliable(Bytes::new()).await.unwrap();
    server.send_reliable(Bytes::from("again")).await.unwrap();
    for expected in ["welcome", "", "again"] {
        assert_eq!(within(expected, client.hears_reliable()).await.unwrap(), expected);
    }
    assert!(server.try_send_unreliable(Bytes::from("a snapshot")).await);
    assert_eq!(within("snapshot", client.hears_latest()).await.unwrap(), "a snapshot");
    let too_large = Bytes::from(vec![0; LATEST_BYTES_MAX + 1]);
    assert!(!server.try_send_unreliable(too_large).await);

    let stats = server.stats().await;
    assert!(stats.round_trip_s.is_some_and(|seconds| seconds < 1.0), "{stats:?}");
    assert!(stats.bytes_in > 0 && stats.bytes_out > 0, "{stats:?}");
    assert!(server.remote_addr().unwrap().ip().is_loopback());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_peers_share_one_port_and_hear_only_their_own() {
    let endpoint = endpoint(WebRtcConfig::default());
    let mut pairs = Vec::new();
    for _ in 0..50 {
        pairs.push(connected(&endpoint).await);
    }
    for (index, (client, _)) in pairs.iter().enumerate() {
        client.send_reliable(format!("I am {index}")).await;
    }
    for (index, (client, server)) in pairs.iter_mut().enumerate() {
        let (_, heard) = within("a name", server.recv()).await.unwrap();
        assert_eq!(heard, format!("I am {index}"));
        server.send_reliable(Bytes::from(format!("you are {index}"))).await.unwrap();
        assert_eq!(
            within("an echo", client.hears_reliable()).await.unwrap(),
            format!("you are {index}")
        );
    }
    assert_eq!(endpoint.sizes().0, 50);
    drop(pairs);
    until("all places are free", || endpoint.sizes() == (0, 0, 0)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_message_arrives_whole_both_ways() {
    let large: Bytes = (0..256 * 1024u32).map(|index| (index % 251) as u8).collect();
    let config = WebRtcConfig { message_bytes_max_in: large.len(), ..WebRtcConfig::default() };
    let endpoint = endpoint(config);
    let (mut client, server) = connected(&endpoint).await;
    let (mut sender, mut receiver) = server.split();

    let sent = sender.send_reliable(large.clone());
    let (sent, heard) =
        within("256 KiB down", async { tokio::join!(sent, client.hears_reliable()) }).await;
    sent.unwrap();
    assert!(heard.unwrap() == large);

    let (_, heard) = within("256 KiB up", async {
        tokio::join!(client.send_reliable(large.clone()), receiver.recv())
    })
    .await;
    assert!(heard.unwrap() == (Channel::Reliable, large));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_goodbye_is_noticed_at_both_ends() {
    let endpoint = endpoint(WebRtcConfig::default());
    let (client, mut server) = connected(&endpoint).await;
    client.send_reliable("bye").await;
    assert!(within("bye", server.recv()).await.is_some());
    client.pc.close().await.unwrap();
    assert_eq!(within("the end", server.recv()).await, None);
    assert_eq!(server.end_reason(), Some(EndReason::Lost));
    assert!(server.send_reliable(Bytes::from("too late")).await.is_err());
    drop(server);
    until("the place is free", || endpoint.sizes() == (0, 0, 0)).await;

    let (mut client, mut server) = connected(&endpoint).await;
    server.send_reliable(Bytes::from("go away")).await.unwrap();
    server.close().await;
    assert_eq!(within("a reason", client.hears_reliable()).await.unwrap(), "go away");
    assert_eq!(within("the end", client.hears_reliable()).await, None);
    until("the place is free", || endpoint.sizes() == (0, 0, 0)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_listen_is_held_back_and_loses_old_poses() {
    let config = WebRtcConfig { message_bytes_max_in: 64 * 1024, ..WebRtcConfig::default() };
    let endpoint = endpoint(config);
    let (client, mut server) = connected(&endpoint).await;

    for index in 0..200u32 {
        client.send_latest(&index.to_le_bytes()).await;
    }
    let sending = async {
        let mut sent = 0;
        // The library holds up to 512 pieces of 16 KiB before it closes the receive window.
        while sent < 200 {
            client.send_reliable(vec![7; 60 * 1024]).await;
            sent += 1;
        }
        sent
    };
    let stuck = tokio::time::timeout(Duration::from_secs(4), sending).await;
    assert!(stuck.is_err(), "12 MB went to somebody who does not listen");
    drop(stuck);

    let mut poses = Vec::new();
    let mut messages = 0;
    while let Ok(Some((channel, bytes))) =
        tokio::time::timeout(Duration::from_millis(500), server.recv()).await
    {
        match channel {
            Channel::Unreliable => {
                poses.push(u32::from_le_bytes(bytes[..4].try_into().unwrap()));
            }
            Channel::Reliable => messages += 1,
        }
    }
    assert_eq!(poses.last(), Some(&199), "the newest pose is kept");
    assert!(poses.len() < 200 && messages > 0, "{} poses, {messages} messages", poses.len());
    assert_eq!(server.stats().await.latest_dropped_in as usize, 200 - poses.len());
}

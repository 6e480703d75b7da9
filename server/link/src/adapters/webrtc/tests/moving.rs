use std::time::Duration;

use crate::adapters::webrtc::{
    config::WebRtcConfig,
    connection::{Channel, WebRtcConnection},
    endpoint::WebRtcEndpoint,
    peer::EndReason,
};
use bytes::Bytes;

use super::{client::Client, endpoint, relay::Relay, until, within};

pub async fn connected_over_relay(
    endpoint: &WebRtcEndpoint,
    loss_percent: u64,
) -> (Client, WebRtcConnection, Relay) {
    let server_addr = endpoint.local_addr().unwrap();
    let relay = Relay::to(server_addr).await;
    relay.lose(loss_percent);
    let mut client = Client::new().await;
    let offer = client.offer().await;
    let (answer, pending) = endpoint.answer(&offer).await.unwrap();
    client.accept(&relay.reroute(&answer, server_addr)).await;
    let connection = within("connected", pending.connected()).await.unwrap();
    within("both channels", client.lanes()).await;
    (client, connection, relay)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_moves_stays_connected() {
    let endpoint = endpoint(WebRtcConfig::default());
    let (mut client, mut server, relay) = connected_over_relay(&endpoint, 0).await;
    let server_addr = endpoint.local_addr().unwrap();
    for round in 0..3 {
        let address = relay.move_client(server_addr).await;
        until("the server follows", || server.remote_addr() == Some(address)).await;
        client.send_reliable(format!("still me {round}")).await;
        let heard = within("from the new address", server.recv()).await.unwrap();
        assert_eq!(heard, (Channel::Reliable, Bytes::from(format!("still me {round}"))));
        server.send_reliable(Bytes::from("welcome back")).await.unwrap();
        assert_eq!(
            within("at the new address", client.hears_reliable()).await.unwrap(),
            "welcome back"
        );
    }
    assert_eq!(server.end_reason(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_vanishes_is_noticed() {
    let endpoint = endpoint(WebRtcConfig::default());
    let (_client, mut server, relay) = connected_over_relay(&endpoint, 0).await;
    relay.stop(true);
    assert_eq!(within("the end", server.recv()).await, None);
    assert_eq!(server.end_reason(), Some(EndReason::Lost));
    drop(server);
    until("the place is free", || endpoint.sizes() == (0, 0, 0)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_road_holds_the_reliable_lane_and_drops_the_latest() {
    let endpoint = endpoint(WebRtcConfig::default());
    let (mut client, server, relay) = connected_over_relay(&endpoint, 0).await;
    let (mut sender, _receiver) = server.split();
    relay.stop(true);
    let snapshot = Bytes::from(vec![1; 1_000]);
    let mut dropped = 0;
    for _ in 0..100 {
        dropped += usize::from(!sender.try_send_unreliable(snapshot.clone()).await);
    }
    assert!(dropped > 0, "not everything may wait");
    assert_eq!(sender.stats().await.latest_dropped_out as usize, dropped);

    let large = Bytes::from(vec![2; 256 * 1024]);
    {
        let sending = sender.send_reliable(large.clone());
        tokio::pin!(sending);
        let waiting = tokio::time::timeout(Duration::from_millis(500), &mut sending).await;
        assert!(waiting.is_err(), "more than the buffer cannot be under way");
        relay.stop(false);
        let (sent, heard) = within("the road is free again", async {
            tokio::join!(sending, client.hears_reliable())
        })
        .await;
        sent.unwrap();
        assert!(heard.unwrap() == large);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_left_half_sent_is_not_followed_by_another() {
    let endpoint = endpoint(WebRtcConfig::default());
    let (_client, mut server, relay) = connected_over_relay(&endpoint, 0).await;
    relay.stop(true);
    let large = Bytes::from(vec![2; 256 * 1024]);
    let sending = server.send_reliable(large);
    assert!(tokio::time::timeout(Duration::from_millis(200), sending).await.is_err());
    relay.stop(false);
    assert!(server.send_reliable(Bytes::from("next")).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lossy_road_is_crossed() {
    let endpoint = endpoint(WebRtcConfig::default());
    for _ in 0..4 {
        let (mut client, mut server, _relay) = connected_over_relay(&endpoint, 5).await;
        for round in 0..10u8 {
            let message = Bytes::from(vec![round; 1_000]);
            server.send_reliable(message.clone()).await.unwrap();
            assert_eq!(within("a message", client.hears_reliable()).await.unwrap(), message);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_port_serves_both_families() {
    let Ok(_) = std::net::UdpSocket::bind("[::1]:0") else {
        println!("this machine has no IPv6");
        return;
    };
    for (advertised, from) in [("127.0.0.1", "127.0.0.1:0"), ("::1", "[::1]:0")] {
        let config = WebRtcConfig {
            advertised_addresses: vec![advertised.parse().unwrap()],
            ..WebRtcConfig::default()
        };
        let endpoint = WebRtcEndpoint::bind("[::]:0".parse().unwrap(), config).unwrap();
        let mut client = Client::at(from).await;
        let (answer, pending) = endpoint.answer(&client.offer().await).await.unwrap();
        client.accept(&answer).await;
        let mut server = within("connected", pending.connected()).await.unwrap();
        within("both channels", client.lanes()).await;
        client.send_reliable("hello").await;
        assert!(within("hello", server.recv()).await.is_some());
        assert_eq!(
            server.remote_addr().unwrap().ip(),
            advertised.parse::<std::net::IpAddr>().unwrap()
        );
    }
}

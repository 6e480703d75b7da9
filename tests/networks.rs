//! Bad networks: lossy, slow, narrow, cut. The session goes on, and nothing that was said is lost,
//! repeated or out of order.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, ensure};
use serde_json::json;
use tokio::{sync::Barrier, task::JoinSet, time::Instant};
use vivarium_bots::road::{Server as Roads, Transport};
use vivarium_host::{config::ServerConfig, server::Server, worlds::WorldSource};

use crate::harness::{
    relay::{Conditions, Relay},
    socket::{hello, server},
    traveller::{Traveller, find},
};

/// Longer than anything here takes on a machine that works.
const DEADLINE: Duration = Duration::from_secs(60);

/// The way to a server through a bad network of its own.
struct Network {
    roads: Roads,
    relay: Relay,
}

impl Network {
    async fn of(server: &Server, transport: Transport, bad: Conditions) -> anyhow::Result<Self> {
        let mut roads = find(server).await?;
        let seed = 7 + transport as u64;
        let relay = match transport {
            Transport::Websocket => {
                let relay = Relay::tcp(server.address(), bad, seed).await?;
                roads.websocket_url = format!("ws://{}/connect", relay.address());
                relay
            }
            Transport::Quic | Transport::Webtransport => {
                let relay = Relay::udp(server.udp_address().context("QUIC")?, bad, seed).await?;
                roads.udp = Some(relay.address());
                relay
            }
            Transport::Webrtc => {
                let port = server.webrtc_address().context("WebRTC")?;
                let relay = Relay::udp(port, bad, seed).await?;
                roads.webrtc = Some(relay.address());
                relay
            }
        };
        Ok(Self { roads, relay })
    }
}

/// People may say much.
fn talkative(config: &mut ServerConfig) {
    config.link.rates.chat.burst = 1_000;
}

/// Says so many lines and listens until all lines of all speakers were heard. `pace`: a line for so
/// many messages that came. Gives how often the connection had to be made anew.
async fn talk(
    traveller: &mut Traveller,
    network: &Network,
    transport: Transport,
    lines: usize,
    pace: Duration,
) -> anyhow::Result<u32> {
    let (mut said, mut next, mut renewed) = (0, Instant::now(), 0);
    let is_done = |traveller: &Traveller| traveller.texts().len() >= lines * Transport::ALL.len();
    let began = Instant::now();
    while said < lines || !is_done(traveller) {
        if began.elapsed() > DEADLINE {
            let heard = Transport::ALL.map(|speaker| {
                let name = format!("{speaker:?} ");
                traveller.texts().iter().filter(|text| text.starts_with(&name)).count()
            });
            anyhow::bail!(
                "{transport:?}: {said} said, {renewed} new connections; heard {heard:?} of {lines}"
            );
        }
        if said < lines && Instant::now() >= next {
            // Over a connection that is broken it fails, and is said again over the next one.
            let _ = traveller.say(&format!("{transport:?} {said}")).await;
            (said, next) = (said + 1, next + pace);
        }
        // A frame comes twice a second even if nothing happens.
        let silence_max = Duration::from_secs(3);
        renewed += u32::from(traveller.keep_up(&network.roads, transport, silence_max).await?);
    }
    Ok(renewed)
}

/// Every line of everyone, once and in order.
fn ensure_complete(traveller: &Traveller, lines: usize) -> anyhow::Result<()> {
    for speaker in Transport::ALL {
        let name = format!("{speaker:?} ");
        let heard: Vec<String> =
            traveller.texts().into_iter().filter(|text| text.starts_with(&name)).collect();
        let all: Vec<String> = (0..lines).map(|line| format!("{name}{line}")).collect();
        ensure!(heard == all, "{heard:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_datagrams_are_lost_late_and_out_of_order_all_is_said_once_and_in_order()
-> anyhow::Result<()> {
    const LINES: usize = 25;
    // 150 ms there and back, 50 ms more or less.
    let bad = Conditions {
        lost: 5,
        twice: 2,
        delay: Duration::from_millis(75),
        jitter: Duration::from_millis(25),
        ..Conditions::GOOD
    };
    let server = Arc::new(server(talkative).await?);
    let everyone = Arc::new(Barrier::new(Transport::ALL.len()));
    let mut people = JoinSet::new();
    for transport in Transport::ALL {
        let (server, everyone) = (server.clone(), everyone.clone());
        people.spawn(async move {
            let network = Network::of(&server, transport, bad).await?;
            let hello = hello(&format!("{transport:?}"));
            let mut traveller = Traveller::set_out(&network.roads, transport, &hello).await?;
            traveller.sees().await?;
            everyone.wait().await;
            let pace = Duration::from_millis(100);
            talk(&mut traveller, &network, transport, LINES, pace).await?;
            ensure_complete(&traveller, LINES)?;
            // What she sees is whole, too.
            traveller.sees().await
        });
    }
    let all = people.join_all().await;
    all.into_iter().collect::<anyhow::Result<()>>()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_ten_seconds_without_a_network_everyone_goes_on() -> anyhow::Result<()> {
    const LINES: usize = 12;
    const CUT: Duration = Duration::from_secs(10);
    let server = Arc::new(server(talkative).await?);
    let everyone = Arc::new(Barrier::new(Transport::ALL.len()));
    let mut people = JoinSet::new();
    for transport in Transport::ALL {
        let (server, everyone) = (server.clone(), everyone.clone());
        people.spawn(async move {
            let good = Conditions { delay: Duration::from_millis(10), ..Conditions::GOOD };
            let network = Network::of(&server, transport, good).await?;
            let hello = hello(&format!("{transport:?}"));
            let mut traveller = Traveller::set_out(&network.roads, transport, &hello).await?;
            traveller.sees().await?;
            everyone.wait().await;
            let cutting = async {
                // The first lines pass, the others are said into the void: when the cut comes is the
                // network's own doing, and nothing is waited for.
                tokio::time::sleep(Duration::from_millis(300)).await;
                network.relay.cut(true);
                tokio::time::sleep(CUT).await;
                network.relay.cut(false);
            };
            let talking = talk(&mut traveller, &network, transport, LINES, CUT / LINES as u32);
            let (renewed, ()) = tokio::join!(talking, cutting);
            ensure!(renewed? > 0, "{transport:?} did not even notice");
            ensure_complete(&traveller, LINES)?;
            // She is who she was, and sees again.
            traveller.sees().await
        });
    }
    let all = people.join_all().await;
    all.into_iter().collect::<anyhow::Result<()>>()?;
    assert_eq!(server.people_count(), 4);
    Ok(())
}

/// A world in which much moves for ever: balls on a floor that rocks.
fn shaken() -> WorldSource {
    let floor = json!({
        "position_m": [0.0, -1.0, 0.0],
        "properties": {
            "body": { "kind": "kinematic" },
            "colliders": [{ "shape": { "box": { "size_m": [16.0, 1.0, 16.0] } } }],
            "mover": { "waypoints_m": [[0.0, 0.0, 0.0], [1.5, 0.0, 1.0]], "leg_ticks": 20 }
        }
    });
    let wall = |x: f64, z: f64| {
        json!({ "position_m": [x, 1.0, z], "properties": { "colliders": [
            { "shape": { "box": { "size_m": [if x == 0.0 { 18.0 } else { 1.0 }, 4.0,
                if z == 0.0 { 18.0 } else { 1.0 }] } } }] } })
    };
    let mut objects = vec![
        floor,
        wall(9.0, 0.0),
        wall(-9.0, 0.0),
        wall(0.0, 9.0),
        wall(0.0, -9.0),
        json!({ "name": "gate", "position_m": [0.0, 4.0, 12.0], "properties": { "spawn": {} } }),
        json!({ "position_m": [0.0, 3.0, 12.0], "properties": { "colliders": [
            { "shape": { "box": { "size_m": [4.0, 1.0, 4.0] } } }] } }),
    ];
    for index in 0..676 {
        let [x, y, z] = [index % 26, index / 676, index / 26].map(f64::from);
        objects.push(json!({
            "position_m": [x * 0.6 - 7.5, 0.3 + y, z * 0.6 - 7.5],
            "properties": { "body": { "kind": "dynamic" },
                "colliders": [{ "shape": { "ball": { "radius_m": 0.25 } } }] }
        }));
    }
    let document = json!({ "version": 1, "name": "here", "title": "here", "objects": objects });
    WorldSource::from_json(document.to_string().into()).expect("a valid document")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_narrow_network_frames_stay_young() -> anyhow::Result<()> {
    const BYTES_PER_S: u32 = 32_000;
    let narrow = Conditions {
        delay: Duration::from_millis(30),
        bytes_per_s: Some(BYTES_PER_S),
        queue_bytes_max: 2 * BYTES_PER_S,
        ..Conditions::GOOD
    };
    let server = Server::start_with(ServerConfig::on_free_port(), vec![shaken()]).await?;
    let server = Arc::new(server);
    let mut people = JoinSet::new();
    for transport in Transport::ALL {
        let server = server.clone();
        people.spawn(async move {
            let network = Network::of(&server, transport, narrow).await?;
            let hello = hello(&format!("{transport:?}"));
            let mut traveller = Traveller::set_out(&network.roads, transport, &hello).await?;
            let hearing = async |traveller: &mut Traveller, span: Duration| {
                let end = Instant::now() + span;
                while Instant::now() < end {
                    traveller.hear().await?;
                }
                anyhow::Ok(())
            };
            hearing(&mut traveller, Duration::from_secs(12)).await?;
            let (since, bytes) = (Instant::now(), network.relay.bytes_to_client());
            hearing(&mut traveller, Duration::from_secs(12)).await?;
            let bytes_per_s = (network.relay.bytes_to_client() - bytes) / 12;
            let mut waits = network.relay.waits_since(since);
            waits.sort_unstable();
            let median = waits[waits.len() / 2];
            ensure!(median < Duration::from_millis(400), "{median:?} over {transport:?}");
            ensure!(bytes_per_s > BYTES_PER_S as usize / 2, "{bytes_per_s} over {transport:?}");
            anyhow::Ok(())
        });
    }
    let all = people.join_all().await;
    all.into_iter().collect::<anyhow::Result<()>>()?;
    Ok(())
}

//! Thousands who begin and do not go on: memory stays bounded, and the worlds of honest people tick on.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use quinn::{Endpoint, crypto::rustls::QuicClientConfig};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    process::Command,
    task::JoinSet,
    time::{sleep, timeout},
};
use vivarium_bots::road::{Transport, find, quic_config};
use vivarium_host::server::Server;

use crate::harness::{
    socket::{Client, get, hello, post_from, server},
    traveller::{self, Traveller},
};

/// Of the server and of all who attack it, together: what is pending is bounded, so that twice as many
/// need no more.
const MEMORY_BYTES_MAX: usize = 224 * 1024 * 1024;
/// For how long the floods go on.
const SPAN: Duration = Duration::from_secs(8);

/// Set in the process in which the test is alone.
const ALONE: &str = "VIVARIUM_FLOODS_ALONE";

/// Memory can only be measured in a process of its own: the test runs itself again there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_half_open_handshakes_cost_little_and_hold_up_nobody() -> anyhow::Result<()> {
    if std::env::var_os(ALONE).is_some() {
        return alone().await;
    }
    let test = "floods::thousands_of_half_open_handshakes_cost_little_and_hold_up_nobody";
    let output = Command::new(std::env::current_exe()?)
        .args(["--exact", test, "--nocapture"])
        .env(ALONE, "1")
        .output()
        .await?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    ensure!(said.contains("1 passed") && said.contains("ticks/s"), "{said}");
    Ok(())
}

async fn alone() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let mut bystander = Client::enter(&server, "bystander").await?;
    let (address, udp) = (server.address(), server.udp_address().context("QUIC")?);
    let memory_before = memory_bytes()?;
    let mut floods = JoinSet::new();
    for _ in 0..2 {
        floods.spawn(quic_handshakes(address, 1_500));
        floods.spawn(streams_that_begin(address, 500));
        floods.spawn(noise(udp));
    }
    floods.spawn(noise(server.webrtc_address().context("WebRTC")?));
    floods.spawn(one_byte_a_second(address));
    let offers = offers_without_a_client(&server);
    let watching = async {
        let (first, began) = (bystander.framed().await?.tick, Instant::now());
        let (mut last, mut memory_most) = (first, 0);
        while began.elapsed() < SPAN {
            last = bystander.framed().await?.tick;
            memory_most = memory_most.max(memory_bytes()?);
        }
        let per_s = f64::from(last - first) / began.elapsed().as_secs_f64();
        anyhow::Ok((per_s, memory_most.saturating_sub(memory_before)))
    };
    let (watched, offered) = tokio::join!(watching, offers);
    let (ticks_per_s, memory_bytes) = watched?;
    println!("{ticks_per_s:.1} ticks/s, {} MiB", memory_bytes >> 20);
    ensure!(ticks_per_s > 27.0, "{ticks_per_s} ticks per second of 30");
    ensure!(memory_bytes < MEMORY_BYTES_MAX, "{memory_bytes} bytes");
    offered?;
    floods.join_all().await.into_iter().collect::<anyhow::Result<()>>()?;
    // Whoever comes now gets in over every road that was under attack.
    let (_, metrics) = get(&server, "/metrics").await?;
    let refused = metrics
        .lines()
        .find_map(|line| line.strip_prefix("vivarium_quic_refused_total "))
        .and_then(|count| count.parse::<u64>().ok());
    ensure!(refused.is_some_and(|refused| refused > 0), "{refused:?} handshakes were refused");
    let roads = traveller::find(&server).await?;
    for transport in Transport::ALL {
        let newcomer = hello(&format!("{transport:?}"));
        Traveller::set_out(&roads, transport, &newcomer).await?.sees().await?;
    }
    server.shutdown().await;
    Ok(())
}

/// Bytes of this process in memory.
fn memory_bytes() -> anyhow::Result<usize> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    let kib: usize = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1024)
}

/// Connections over QUIC that never open the stream that every client opens at once.
async fn quic_handshakes(http: SocketAddr, count: usize) -> anyhow::Result<()> {
    let roads = find(&format!("http://{http}"), true).await?;
    let endpoint = Endpoint::client(([127, 0, 0, 1], 0).into())?;
    let tls = quic_config(&roads.certificate_hashes, b"vivarium/1")?;
    let config = quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls)?));
    let udp = roads.udp.context("QUIC")?;
    let end = Instant::now() + SPAN;
    let mut held = Vec::new();
    let mut pending = JoinSet::new();
    for _ in 0..count {
        let connecting = endpoint.connect_with(config.clone(), udp, "localhost")?;
        // Most are refused: that is the point.
        pending.spawn(async move { connecting.await.ok() });
        if pending.len() >= 64
            && let Some(Ok(Some(connection))) = pending.join_next().await
        {
            held.push(connection);
        }
    }
    sleep(end.saturating_duration_since(Instant::now())).await;
    ensure!(!held.is_empty(), "nobody ever got a foot in the door");
    Ok(())
}

/// TCP connections with half a request.
async fn streams_that_begin(http: SocketAddr, count: usize) -> anyhow::Result<()> {
    let mut held = Vec::new();
    let end = Instant::now() + SPAN;
    for _ in 0..count {
        if let Ok(mut stream) = TcpStream::connect(http).await {
            // A server with no room may have hung up already.
            let _ = stream.write_all(b"GET /connect HTTP/1.1\r\nhost: x\r\n").await;
            held.push(stream);
        }
    }
    sleep(end.saturating_duration_since(Instant::now())).await;
    Ok(())
}

/// Datagrams that look like the beginning of something: QUIC, STUN, DTLS.
async fn noise(udp: SocketAddr) -> anyhow::Result<()> {
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    let mut datagram = vec![0x5A; 1_200];
    let end = Instant::now() + SPAN;
    for round in 0_u32.. {
        if Instant::now() > end {
            break;
        }
        let first = [0xC3, 0x00, 0x16, 0x40][round as usize % 4];
        datagram[..5].copy_from_slice(&[first, 0, 0, 0, 1]);
        datagram[5..9].copy_from_slice(&round.to_be_bytes());
        // Full buffers of the kernel are no reason to stop.
        let _ = socket.send_to(&datagram, udp).await;
        if round % 50 == 0 {
            sleep(Duration::from_millis(5)).await;
        }
    }
    Ok(())
}

/// A request that comes so slowly that it never ends is cut off.
async fn one_byte_a_second(http: SocketAddr) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(http).await?;
    let mut answer = [0; 1_024];
    for byte in b"GET /connect HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\n\r\n" {
        stream.write_all(&[*byte]).await?;
        if let Ok(read) = timeout(Duration::from_secs(1), stream.read(&mut answer)).await {
            // An answer that says it took too long, or just the end.
            let text = String::from_utf8_lossy(&answer[..read.unwrap_or(0)]).into_owned();
            ensure!(text.is_empty() || text.starts_with("HTTP/1.1 408"), "{text}");
            return Ok(());
        }
    }
    anyhow::bail!("it may go on for ever")
}

/// WebRTC offers of which none leads to a connection: beyond a number they are refused.
async fn offers_without_a_client(server: &Server) -> anyhow::Result<()> {
    let origin = format!("http://{}", server.address());
    let offer = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
        a=group:BUNDLE 0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n\
        c=IN IP4 0.0.0.0\r\na=mid:0\r\na=ice-ufrag:abcdefgh\r\n\
        a=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=setup:actpass\r\na=sctp-port:5000\r\n\
        a=fingerprint:sha-256 ";
    let offer = format!("{offer}{}\r\n", vec!["AB"; 32].join(":"));
    let (mut answered, mut refused) = (0, 0);
    for _ in 0..200 {
        match post_from(server, "/api/rtc", &origin, &offer).await? {
            (200, _) => answered += 1,
            (503, _) => refused += 1,
            (status, text) => anyhow::bail!("{status}: {text}"),
        }
    }
    ensure!(answered > 0 && refused > 0, "{answered} answered, {refused} refused");
    Ok(())
}

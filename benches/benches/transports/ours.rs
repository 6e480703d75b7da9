//! Sessions of ours, in a world that only sends.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use anyhow::{Context, Result};
use tokio::net::TcpListener;
use tokio_tungstenite::accept_async;
use vivarium_bots::road::Transport;
use vivarium_contract::{Intent, Road};
use vivarium_link::{
    adapters::{
        quic::{QuicEndpoint, QuicHost, QuicTransport},
        webrtc::{config::WebRtcConfig, endpoint::WebRtcEndpoint, transport::WebRtcTransport},
        websocket::WebSocketTransport,
    },
    driver::{Admission, Departure, Door, Taken, drive},
    limits::{LinkLimits, QuicLimits},
    outbox::{Outbox, OutboxStats},
    path::PathStats,
    session::Session,
    stats::LinkStats,
    transport,
};
use vivarium_protocol::{
    close::CloseReason, ids::PersonId, intent::Hello, limits::RESUME_TOKEN_BYTES,
};

use crate::{Lane, Load, PER_S, Serving, bare};

/// Lets everyone in, and keeps where to put what they are sent.
#[derive(Default)]
struct House {
    outboxes: Mutex<Vec<Arc<Outbox>>>,
    outbox_stats: Arc<OutboxStats>,
    stats: Arc<LinkStats>,
}

impl House {
    async fn run<T: transport::Transport>(&self, transport: T) {
        drive(transport, self, LinkLimits::default(), &self.stats).await;
    }
}

impl Door for House {
    type Seat = ();

    fn admit(&self, _: &Hello, road: Road) -> Result<Admission<()>, CloseReason> {
        let now = tokio::time::Instant::now().into_std();
        let limits = LinkLimits::default();
        let outbox = Outbox::new(limits.reliable_queue_bytes_max, self.outbox_stats.clone());
        let (outbox, mut session) = (Arc::new(outbox), Session::new(now, limits));
        let attached = outbox.attach(None, road);
        let taken = session.attach(now, attached.attachment);
        let mut outboxes = self.outboxes.lock().unwrap_or_else(|poison| poison.into_inner());
        outboxes.push(outbox.clone());
        Ok(Admission {
            seat: (),
            session: Arc::new(Mutex::new(session)),
            outbox,
            attached,
            taken,
            person: PersonId(outboxes.len() as u32),
            resume: [0; RESUME_TOKEN_BYTES],
            resume_window_s: 30,
            resumed: false,
        })
    }

    fn enter(&self, (): &(), _: Hello, _: bool) {}

    fn confirmed(&self, (): &()) {}

    fn path(&self, (): &(), _: PathStats) {}

    fn intent(&self, (): &(), _: Intent) -> Taken {
        Taken::Yes
    }

    fn gone(&self, (): (), _: Departure) {}
}

impl QuicHost for House {
    type Permit = ();

    fn enter(&self, _: IpAddr) -> Option<()> {
        Some(())
    }

    fn may_connect(&self, _: &str, _: Option<&str>) -> bool {
        true
    }

    async fn connected(&self, transport: QuicTransport, (): ()) {
        self.run(transport).await;
    }
}

pub async fn serve(transport: Transport, load: Option<Load>) -> Result<Serving> {
    let house = Arc::new(House::default());
    if let Some(load) = load {
        tokio::spawn(send(Arc::downgrade(&house), load));
    }
    match transport {
        Transport::Websocket => {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let roads = bare::websocket_roads(&listener)?;
            let task = tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let house = house.clone();
                    tokio::spawn(async move {
                        stream.set_nodelay(true)?;
                        let socket = accept_async(stream).await?.into_inner();
                        house.run(WebSocketTransport::after_upgrade(socket).await).await;
                        anyhow::Ok(())
                    });
                }
            });
            Ok(Serving { roads, task: task.abort_handle() })
        }
        Transport::Quic | Transport::Webtransport => {
            let limits = QuicLimits::default();
            let (certificate, digest) = bare::certificate()?;
            let here = SocketAddr::from(([127, 0, 0, 1], 0));
            let endpoint = QuicEndpoint::bind(here, certificate, &limits)?;
            let roads = bare::quic_roads(endpoint.address()?, digest);
            let task = tokio::spawn(endpoint.serve(house, limits, Arc::default()));
            Ok(Serving { roads, task: task.abort_handle() })
        }
        Transport::Webrtc => {
            let here = SocketAddr::from(([127, 0, 0, 1], 0));
            let endpoint = Arc::new(WebRtcEndpoint::bind(here, WebRtcConfig::default())?);
            bare::signalling(move |offer| {
                let (endpoint, house) = (endpoint.clone(), house.clone());
                async move {
                    let (answer, pending) = endpoint.answer(&offer).await?;
                    tokio::spawn(async move {
                        let connection = pending.connected().await?;
                        house.run(WebRtcTransport::from(connection)).await;
                        anyhow::Ok(())
                    });
                    Ok(answer)
                }
            })
            .await
            .context("a place for offers")
        }
    }
}

/// As a world does it: to everyone at once, tick by tick.
async fn send(house: std::sync::Weak<House>, load: Load) {
    let mut ticks = tokio::time::interval(Duration::from_millis(1_000 / PER_S));
    let message = load.message();
    loop {
        ticks.tick().await;
        let Some(house) = house.upgrade() else { return };
        let outboxes = house.outboxes.lock().unwrap_or_else(|poison| poison.into_inner());
        for outbox in &*outboxes {
            match load.lane {
                Lane::Latest => outbox.put_latest(true, message.clone()),
                Lane::Reliable => outbox.push_reliable(message.clone()),
            }
        }
    }
}

//! The transports of this server: what they count, and who is let in over UDP.

use std::{
    net::IpAddr,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use vivarium_link::{
    adapters::{
        quic::{self, Kind, QuicHost, QuicStats, QuicTransport},
        webrtc::{self, connection::PendingPeer, transport::WebRtcTransport},
        websocket,
    },
    driver,
    limits::LinkLimits,
    prefix::PrefixPlace,
    stats::LinkStats,
};

use crate::{
    connections::{Gate, Ticket},
    origin,
    routing::FrontDoor,
};

/// Counters of all transports.
#[derive(Clone, Debug, Default)]
pub struct Links {
    /// WebSocket.
    pub websocket: Arc<LinkStats>,
    /// Native QUIC.
    pub quic: Arc<LinkStats>,
    /// WebTransport.
    pub webtransport: Arc<LinkStats>,
    /// WebRTC.
    pub webrtc: Arc<LinkStats>,
    /// Handshakes at the UDP port.
    pub handshakes: Arc<QuicStats>,
}

impl Links {
    /// Each with its name in metrics.
    pub fn named(&self) -> Vec<(&'static str, Arc<LinkStats>)> {
        vec![
            (websocket::NAME, self.websocket.clone()),
            (quic::NAME, self.quic.clone()),
            (quic::NAME_WEBTRANSPORT, self.webtransport.clone()),
            (webrtc::transport::NAME, self.webrtc.clone()),
        ]
    }

    /// Connections that are open now, those in their handshake included.
    pub fn open(&self) -> i64 {
        self.named().iter().map(|(_, stats)| stats.open.load(Relaxed)).sum()
    }
}

/// Runs the session of somebody whose offer was answered.
pub async fn receive_peer(
    pending: PendingPeer,
    door: Arc<FrontDoor>,
    limits: LinkLimits,
    stats: Arc<LinkStats>,
    ticket: Ticket,
    place: Option<PrefixPlace>,
) {
    let connected = pending.connected().await;
    drop(place);
    match connected {
        Ok(connection) => {
            let transport = WebRtcTransport::from(connection);
            let door = door.from(ticket.address());
            let departure = driver::drive(transport, &door, limits, &stats).await;
            tracing::debug!(?departure, "a session over WebRTC lost its connection");
        }
        Err(error) => tracing::debug!(%error, "an answered offer led nowhere"),
    }
    drop(ticket);
}

/// Lets people in who come over UDP.
#[derive(Debug)]
pub struct Reception {
    /// The door.
    pub door: Arc<FrontDoor>,
    /// How many may be connected.
    pub gate: Arc<Gate>,
    /// What is counted.
    pub links: Links,
    /// Limits of each connection.
    pub limits: LinkLimits,
    /// Origins that may connect besides our own.
    pub allow_origins: Arc<[String]>,
    /// Where pages come from.
    pub http_port: u16,
}

impl QuicHost for Reception {
    type Permit = Ticket;

    fn enter(&self, address: IpAddr) -> Option<Ticket> {
        self.gate.enter(address)
    }

    fn may_connect(&self, authority: &str, origin: Option<&str>) -> bool {
        // The request names the UDP port, and the page that of HTTP: ours, or that of a proxy before
        // it, which is most often the usual one.
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        let page = format!("{host}:{}", self.http_port);
        [authority, &page, host]
            .iter()
            .any(|here| origin::may_come(origin, Some(here), &self.allow_origins))
    }

    async fn connected(&self, transport: QuicTransport, ticket: Ticket) {
        let stats = match transport.kind() {
            Kind::Quic => &self.links.quic,
            Kind::WebTransport => &self.links.webtransport,
        };
        let door = self.door.from(ticket.address());
        let departure = driver::drive(transport, &door, self.limits, stats).await;
        tracing::debug!(?departure, "a session over QUIC lost its connection");
        drop(ticket);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::puppet::worlds;

    #[test]
    fn pages_of_this_host_may_connect_whatever_the_udp_port() {
        let limits = LinkLimits::default();
        let reception = Reception {
            door: Arc::new(FrontDoor::new(worlds(&["plaza"]).0, 1, limits)),
            gate: Arc::new(Gate::new(1, 1)),
            links: Links::default(),
            limits,
            allow_origins: Arc::new([]),
            http_port: 8080,
        };
        let may = |origin| reception.may_connect("world.example:4433", Some(origin));
        assert!(may("http://world.example:8080") && may("https://world.example"));
        assert!(may("https://world.example:4433"));
        assert!(!may("http://world.example:8081") && !may("https://evil.example"));
        assert!(reception.may_connect("world.example:4433", None), "not a browser");
    }
}

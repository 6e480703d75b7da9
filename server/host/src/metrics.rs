//! What `/metrics` tells, in the text format of OpenMetrics.
//!
//! Threads of worlds hold their own counters and never look anything up; connections count in
//! plain atomics ([`LinkStats`]) that are read when somebody asks.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, text},
    metrics::{
        MetricType,
        counter::{ConstCounter, Counter},
        family::Family,
        gauge::{ConstGauge, Gauge},
        histogram::Histogram,
    },
    registry::Registry,
};
use vivarium_contract::{PRESSURE_STEPS, Phase, TickReport};
use vivarium_link::{
    adapters::quic::QuicStats,
    outbox::OutboxStats,
    stats::{CLOSE_REASON_ALL, LinkStats},
    transport::Lane,
};

use crate::minds::meters::DialogueMeters;

/// Seconds. Around 10 ms, which ticks should stay below, and the 33 ms of a whole tick.
const TICK_BUCKETS_S: [f64; 16] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002, 0.003, 0.005, 0.007_5, 0.010, 0.0125, 0.016, 0.020,
    0.025, 0.033, 0.050, 0.100,
];

type Labels = Vec<(&'static str, String)>;

/// Everything that is measured.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    phases: Family<Labels, Histogram, fn() -> Histogram>,
    ticks: Family<Labels, Histogram, fn() -> Histogram>,
    late_ticks: Family<Labels, Counter>,
    dropped_ticks: Family<Labels, Counter>,
    restarts: Family<Labels, Counter>,
    people: Family<Labels, Gauge>,
    entities: Family<Labels, Gauge>,
    awake_bodies: Family<Labels, Gauge>,
    leaves: Family<Labels, Gauge>,
    overload: Family<Labels, Gauge>,
    pressed: Family<Labels, Gauge>,
    packets: Family<Labels, Counter>,
    blocks_encoded: Family<Labels, Counter>,
    blocks_sent: Family<Labels, Counter>,
    inbox_depth: Family<Labels, Gauge>,
    frame_bytes: Family<Labels, Counter>,
    notice_bytes: Family<Labels, Counter>,
    inputs_dropped: Family<Labels, Counter>,
    denied: Family<Labels, Counter>,
    /// What companions are asked, and what answers take.
    pub dialogue: Arc<DialogueMeters>,
    /// TCP connections that were turned away by a limit.
    pub connections_refused: Counter,
    /// WebSocket requests from pages of foreign origins.
    pub origins_refused: Counter,
    /// Changes of worlds that are on the disk.
    pub edits_kept: Counter,
    /// Changes of worlds that were not made, or not kept.
    pub edits_refused: Counter,
    /// Uploaded assets that are kept.
    pub uploads_kept: Counter,
    /// Uploads that were refused, or not kept.
    pub uploads_refused: Counter,
    /// Assets that nobody used and that were taken away.
    pub assets_collected: Counter,
}

fn histogram() -> Histogram {
    Histogram::new(TICK_BUCKETS_S)
}

impl Metrics {
    /// Nothing measured yet; `links` are the transports by name.
    pub fn new(
        links: Vec<(&'static str, Arc<LinkStats>)>,
        outboxes: Arc<OutboxStats>,
        handshakes: Arc<QuicStats>,
    ) -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("vivarium"),
            phases: Family::new_with_constructor(histogram),
            ticks: Family::new_with_constructor(histogram),
            late_ticks: Family::default(),
            dropped_ticks: Family::default(),
            restarts: Family::default(),
            people: Family::default(),
            entities: Family::default(),
            awake_bodies: Family::default(),
            leaves: Family::default(),
            overload: Family::default(),
            pressed: Family::default(),
            packets: Family::default(),
            blocks_encoded: Family::default(),
            blocks_sent: Family::default(),
            inbox_depth: Family::default(),
            frame_bytes: Family::default(),
            notice_bytes: Family::default(),
            inputs_dropped: Family::default(),
            denied: Family::default(),
            dialogue: Arc::default(),
            connections_refused: Counter::default(),
            origins_refused: Counter::default(),
            edits_kept: Counter::default(),
            edits_refused: Counter::default(),
            uploads_kept: Counter::default(),
            uploads_refused: Counter::default(),
            assets_collected: Counter::default(),
        };
        metrics.register_worlds();
        let registry = &mut metrics.registry;
        registry.register(
            "connections_refused",
            "TCP connections that were turned away by a limit",
            metrics.connections_refused.clone(),
        );
        registry.register(
            "origins_refused",
            "WebSocket requests from pages of foreign origins",
            metrics.origins_refused.clone(),
        );
        registry.register(
            "edits_kept",
            "Changes of worlds that are on the disk",
            metrics.edits_kept.clone(),
        );
        registry.register(
            "edits_refused",
            "Changes of worlds that were not made, or not kept",
            metrics.edits_refused.clone(),
        );
        for (name, help, counter) in [
            ("uploads_kept", "Uploaded assets that are kept", &metrics.uploads_kept),
            ("uploads_refused", "Uploads that were refused, or not kept", &metrics.uploads_refused),
            (
                "assets_collected",
                "Assets that nobody used and that were taken away",
                &metrics.assets_collected,
            ),
        ] {
            registry.register(name, help, counter.clone());
        }
        metrics.dialogue.register(registry);
        registry.register_collector(Box::new(OutboxCollector(outboxes)));
        registry.register_collector(Box::new(HandshakeCollector(handshakes)));
        for (transport, stats) in links {
            registry
                .sub_registry_with_label(("transport".into(), transport.into()))
                .register_collector(Box::new(LinkCollector(stats)));
        }
        metrics
    }

    fn register_worlds(&mut self) {
        let r = &mut self.registry;
        r.register("tick_phase_seconds", "Time of each phase of a tick", self.phases.clone());
        r.register(
            "tick_seconds",
            "Time of whole ticks; taking in, handing out and edits that came before included",
            self.ticks.clone(),
        );
        r.register(
            "late_ticks",
            "Ticks that had not ended when the next one was due",
            self.late_ticks.clone(),
        );
        r.register(
            "dropped_ticks",
            "Ticks whose time was dropped because the world was too far behind",
            self.dropped_ticks.clone(),
        );
        r.register("restarts", "Restarts of a world after a fault", self.restarts.clone());
        r.register("people", "People in a world", self.people.clone());
        r.register("entities", "Replicated entities", self.entities.clone());
        r.register("awake_bodies", "Dynamic bodies that are awake", self.awake_bodies.clone());
        r.register("leaves", "Interest groups", self.leaves.clone());
        r.register(
            "overload",
            "Step in which far tiers are slowed down because ticks run late, 0 to 4",
            self.overload.clone(),
        );
        r.register(
            "pressed_clients",
            "Clients by the step in which far tiers are slowed down for them",
            self.pressed.clone(),
        );
        r.register("packets", "Packets that were made", self.packets.clone());
        r.register("blocks_encoded", "Blocks that were encoded", self.blocks_encoded.clone());
        r.register(
            "blocks_sent",
            "Blocks that went into packets, once per client",
            self.blocks_sent.clone(),
        );
        r.register("inbox_depth", "Messages that wait for a world", self.inbox_depth.clone());
        r.register("frame_bytes", "Bytes of frames that were made", self.frame_bytes.clone());
        r.register(
            "notice_bytes",
            "Bytes of notices that were made, once per recipient",
            self.notice_bytes.clone(),
        );
        r.register(
            "inputs_dropped",
            "Inputs that came too late, too early, or twice",
            self.inputs_dropped.clone(),
        );
        r.register("denied", "Wishes that a world denied", self.denied.clone());
    }

    /// The counters of one world.
    pub fn world(&self, name: &str) -> WorldMeters {
        let labels: Labels = vec![("world", name.to_owned())];
        let phases = Phase::ALL.map(|phase| {
            let labels = vec![("world", name.to_owned()), ("phase", phase.name().to_owned())];
            self.phases.get_or_create_owned(&labels)
        });
        WorldMeters {
            phases,
            whole_tick: self.ticks.get_or_create_owned(&labels),
            late_ticks: self.late_ticks.get_or_create_owned(&labels),
            dropped_ticks: self.dropped_ticks.get_or_create_owned(&labels),
            restarts: self.restarts.get_or_create_owned(&labels),
            inbox_depth: self.inbox_depth.get_or_create_owned(&labels),
            people: self.people.get_or_create_owned(&labels),
            entities: self.entities.get_or_create_owned(&labels),
            awake_bodies: self.awake_bodies.get_or_create_owned(&labels),
            leaves: self.leaves.get_or_create_owned(&labels),
            overload: self.overload.get_or_create_owned(&labels),
            pressed: std::array::from_fn(|step| {
                let step = ("step", step.to_string());
                self.pressed.get_or_create_owned(&vec![("world", name.to_owned()), step])
            }),
            packets: self.packets.get_or_create_owned(&labels),
            blocks_encoded: self.blocks_encoded.get_or_create_owned(&labels),
            blocks_sent: self.blocks_sent.get_or_create_owned(&labels),
            frame_bytes: self.frame_bytes.get_or_create_owned(&labels),
            notice_bytes: self.notice_bytes.get_or_create_owned(&labels),
            inputs_dropped: self.inputs_dropped.get_or_create_owned(&labels),
            denied: self.denied.get_or_create_owned(&labels),
        }
    }

    /// Nothing is told of a world any more.
    pub fn forget(&self, name: &str) {
        let labels: Labels = vec![("world", name.to_owned())];
        for phase in Phase::ALL {
            let phase = ("phase", phase.name().to_owned());
            self.phases.remove(&vec![("world", name.to_owned()), phase]);
        }
        for step in 0..PRESSURE_STEPS {
            let step = ("step", step.to_string());
            self.pressed.remove(&vec![("world", name.to_owned()), step]);
        }
        self.ticks.remove(&labels);
        for gauges in [
            &self.people,
            &self.entities,
            &self.awake_bodies,
            &self.leaves,
            &self.overload,
            &self.inbox_depth,
        ] {
            gauges.remove(&labels);
        }
        for counters in [
            &self.late_ticks,
            &self.dropped_ticks,
            &self.restarts,
            &self.packets,
            &self.blocks_encoded,
            &self.blocks_sent,
            &self.frame_bytes,
            &self.notice_bytes,
            &self.inputs_dropped,
            &self.denied,
        ] {
            counters.remove(&labels);
        }
    }

    /// Everything, as text.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        let mut body = String::new();
        text::encode(&mut body, &self.registry)?;
        Ok(body)
    }
}

/// What one world's thread measures.
#[derive(Clone, Debug)]
pub struct WorldMeters {
    phases: [Histogram; Phase::ALL.len()],
    /// Seconds of whole ticks.
    pub whole_tick: Histogram,
    /// Ticks that had not ended when the next one was due.
    pub late_ticks: Counter,
    /// Ticks whose time was dropped.
    pub dropped_ticks: Counter,
    /// Restarts after a fault.
    pub restarts: Counter,
    /// Messages that wait.
    pub inbox_depth: Gauge,
    people: Gauge,
    entities: Gauge,
    awake_bodies: Gauge,
    leaves: Gauge,
    overload: Gauge,
    pressed: [Gauge; PRESSURE_STEPS],
    packets: Counter,
    blocks_encoded: Counter,
    blocks_sent: Counter,
    frame_bytes: Counter,
    notice_bytes: Counter,
    inputs_dropped: Counter,
    denied: Counter,
}

impl WorldMeters {
    /// Seconds of one phase.
    pub fn phase(&self, phase: Phase) -> &Histogram {
        &self.phases[phase as usize]
    }

    /// Takes over what a tick found.
    pub fn report(&self, report: &TickReport) {
        self.people.set(report.people.into());
        self.entities.set(report.entities.into());
        self.awake_bodies.set(report.awake_bodies.into());
        self.leaves.set(report.leaves.into());
        self.overload.set(report.overload.into());
        for (gauge, clients) in self.pressed.iter().zip(report.pressed) {
            gauge.set(clients.into());
        }
        self.packets.inc_by(report.packets.into());
        self.blocks_encoded.inc_by(report.blocks_encoded.into());
        self.blocks_sent.inc_by(report.blocks_sent.into());
        self.frame_bytes.inc_by(report.frame_bytes);
        self.notice_bytes.inc_by(report.notice_bytes);
        self.inputs_dropped.inc_by(report.inputs_dropped.into());
        self.denied.inc_by(report.denied.into());
    }
}

fn one(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    metric: &impl EncodeMetric,
) -> fmt::Result {
    metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
}

/// Tells what the outboxes of all people hold and did.
#[derive(Debug)]
struct OutboxCollector(Arc<OutboxStats>);

impl Collector for OutboxCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let stats = &*self.0;
        let held = ConstGauge::new(stats.bytes.load(Relaxed));
        one(&mut encoder, "outbox_bytes", "Bytes that wait, or are not confirmed.", &held)?;
        let counters = [
            ("frames_replaced", "Waiting frames replaced by newer ones.", &stats.frames_replaced),
            ("messages_repeated", "Messages sent again on return.", &stats.messages_repeated),
            ("outbox_overflows", "Outboxes that ran full.", &stats.overflows),
        ];
        counters.into_iter().try_for_each(|(name, help, count)| {
            one(&mut encoder, name, help, &ConstCounter::new(count.load(Relaxed)))
        })
    }
}

/// Tells what became of handshakes at the UDP port that led to no session.
#[derive(Debug)]
struct HandshakeCollector(Arc<QuicStats>);

impl Collector for HandshakeCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let stats = &*self.0;
        let counters = [
            ("quic_ignored", "Handshakes ignored: too many of one network.", &stats.ignored),
            ("quic_retried", "Handshakes that had to prove their address.", &stats.retried),
            ("quic_refused", "Handshakes refused: too many pending or connected.", &stats.refused),
            ("quic_failed", "Handshakes that broke or took too long.", &stats.failed),
        ];
        counters.into_iter().try_for_each(|(name, help, count)| {
            one(&mut encoder, name, help, &ConstCounter::new(count.load(Relaxed)))
        })
    }
}

/// Tells what the connections of one transport counted.
#[derive(Debug)]
struct LinkCollector(Arc<LinkStats>);

impl LinkCollector {
    fn by_label<'a>(
        encoder: &mut DescriptorEncoder<'_>,
        name: &str,
        help: &str,
        label: &'static str,
        values: impl Iterator<Item = (String, &'a AtomicU64)>,
    ) -> fmt::Result {
        let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (value, count) in values {
            let labels: Labels = vec![(label, value)];
            let counter = ConstCounter::new(count.load(Relaxed));
            counter.encode(metric.encode_family(&labels)?)?;
        }
        Ok(())
    }

    fn by_lane(
        encoder: &mut DescriptorEncoder<'_>,
        name: &str,
        help: &str,
        counts: &[AtomicU64; 2],
    ) -> fmt::Result {
        let values = Lane::ALL.into_iter().zip(counts).map(|(lane, n)| (lane.name().into(), n));
        Self::by_label(encoder, name, help, "lane", values)
    }
}

impl Collector for LinkCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let e = &mut encoder;
        let stats = &*self.0;
        let gauge = |n: &AtomicI64| ConstGauge::new(n.load(Relaxed));
        let counter = |n: &AtomicU64| ConstCounter::new(n.load(Relaxed));
        one(e, "sessions", "Sessions that are open.", &gauge(&stats.open))?;
        one(e, "accepted", "Handshakes that were accepted.", &counter(&stats.accepted))?;
        one(e, "resumed", "Sessions that were resumed.", &counter(&stats.resumed))?;
        one(e, "lost", "Sessions whose connection was lost.", &counter(&stats.lost))?;
        let round_trips = counter(&stats.round_trips);
        one(e, "round_trips", "Round trips that were measured.", &round_trips)?;
        let sum_s = ConstCounter::new(stats.round_trips_us.load(Relaxed) as f64 / 1e6);
        one(e, "round_trips_seconds", "Sum of the round trips that were measured.", &sum_s)?;
        let reports = counter(&stats.path_reports);
        one(e, "path_reports", "Reports of ways to clients.", &reports)?;
        let losses = ConstCounter::new(stats.path_losses_ppm.load(Relaxed) as f64 / 1e6);
        one(e, "path_losses", "Sum of the shares lost, one of each report.", &losses)?;
        let unsent = counter(&stats.latest_unsent);
        one(e, "latest_unsent", "Latest-lane messages that the way did not take.", &unsent)?;
        let narrow = counter(&stats.narrow_paths);
        one(e, "narrow_paths", "Reports of ways that took no more than they got.", &narrow)?;
        let drops = [
            ("latest_too_fast", &stats.latest_too_fast),
            ("latest_inbox_full", &stats.latest_inbox_full),
            ("denied_too_fast", &stats.denied_too_fast),
        ];
        let drops = drops.into_iter().map(|(reason, n)| (reason.to_owned(), n));
        Self::by_label(e, "drops", "Messages of clients that were dropped.", "reason", drops)?;
        let closes =
            CLOSE_REASON_ALL.into_iter().zip(&stats.closed).map(|(r, n)| (format!("{r:?}"), n));
        Self::by_label(e, "closes", "Sessions that were closed.", "reason", closes)?;
        Self::by_lane(e, "received_bytes", "Bytes of clients' messages.", &stats.received_bytes)?;
        Self::by_lane(e, "sent_bytes", "Bytes of messages to clients.", &stats.sent_bytes)?;
        Self::by_lane(e, "received_messages", "Clients' messages.", &stats.received_messages)?;
        Self::by_lane(e, "sent_messages", "Messages to clients.", &stats.sent_messages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_measured_is_told_by_world_phase_lane_and_reason() {
        let stats = Arc::new(LinkStats::default());
        stats.sent_bytes[Lane::Latest as usize].store(42, Relaxed);
        stats.closed[9].store(3, Relaxed);
        let metrics = Metrics::new(vec![("websocket", stats)], Arc::default(), Arc::default());
        let plaza = metrics.world("plaza");
        plaza.phase(Phase::Simulate).observe(0.004);
        plaza.late_ticks.inc();
        plaza.report(&TickReport { people: 7, frame_bytes: 100, ..TickReport::default() });
        let text = metrics.encode().unwrap();
        for line in [
            r#"vivarium_sent_bytes_total{transport="websocket",lane="latest"} 42"#,
            r#"vivarium_closes_total{transport="websocket",reason="TooSlow"} 3"#,
            r#"vivarium_people{world="plaza"} 7"#,
            r#"vivarium_late_ticks_total{world="plaza"} 1"#,
            r#"vivarium_tick_phase_seconds_bucket{le="0.005",world="plaza",phase="simulate"} 1"#,
        ] {
            assert!(text.contains(line), "{line} is missing in:\n{text}");
        }
    }
}

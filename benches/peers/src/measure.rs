//! What is measured of a library, and how.
//!
//! Owns the clock (CPU time of this thread), the run of one case and its figures. Invariant: only
//! what a contestant puts between two readings of [`Stopwatch`] counts; moving the crowd, decoding
//! and comparing lie outside. Everything runs on one thread, and that is checked.

use std::{collections::VecDeque, time::Duration};

use anyhow::{Context, Result, ensure};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::walk::{Crowd, Pose, TICKS_PER_S};

/// Between the sending of a snapshot and the arrival of its acknowledgement lie from 1 up to so many
/// ticks (50 to 250 ms), by client: real clients are not equally far away, and where messages are
/// shared, how many ways there are matters.
pub const ACK_TICKS_MAX: usize = 5;
/// Clients whose messages are decoded by the library's own client, and compared.
pub const DECODED_CLIENTS: usize = 2;

/// CPU time of this thread.
pub struct Stopwatch(Duration);

impl Stopwatch {
    /// Starts.
    pub fn start() -> Self {
        Self(Self::now())
    }

    /// Since the start or the last lap.
    pub fn lap(&mut self) -> Duration {
        let before = std::mem::replace(&mut self.0, Self::now());
        self.0.saturating_sub(before)
    }

    fn now() -> Duration {
        let now = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
    }
}

/// What one snapshot tick of a server cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct TickCost {
    /// Change detection, interest, encoding, assembling all messages.
    pub send: Duration,
    /// Taking in acknowledgements, where it can be told apart in the same tick.
    pub acks: Option<Duration>,
    /// Bytes of all messages to all clients.
    pub bytes: u64,
    /// Messages to all clients.
    pub messages: u64,
    /// The largest of them, bytes.
    pub message_bytes_max: usize,
}

impl TickCost {
    /// Counts one message to one client.
    pub fn count(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        self.messages += 1;
        self.message_bytes_max = self.message_bytes_max.max(bytes);
    }
}

/// A server of one library with its clients.
pub trait Contestant {
    /// Replicates the crowd as it is now, and delivers everything that is due.
    fn tick(&mut self, crowd: &Crowd) -> Result<TickCost>;

    /// What taking in acknowledgements costs in a tick, where that has to be found in ticks of its
    /// own.
    fn acks_apart(&mut self, _: &mut Crowd) -> Result<Option<Vec<Duration>>> {
        Ok(None)
    }

    /// What decoded client `client` (below [`DECODED_CLIENTS`]) has of each walker now.
    fn seen(&mut self, client: usize) -> Vec<Option<Pose>>;

    /// How far (metres, and 1/65536 turn) what is seen may be from the truth by quantisation.
    fn tolerance(&self) -> (f32, u16);

    /// Name and version.
    fn label(&self) -> String;
}

/// The figures of one case.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Figures {
    /// Name and version of the library.
    pub library: String,
    /// Avatars, and clients.
    pub people: usize,
    /// Ticks that were measured.
    pub ticks: usize,
    /// CPU milliseconds of a snapshot tick: tenth percentile, median, ninetieth.
    pub send_ms: [f64; 3],
    /// The same of taking in acknowledgements, where known.
    pub acks_ms: Option<[f64; 3]>,
    /// Payload bytes per client and second.
    pub bytes_per_client_s: f64,
    /// Payload bytes per avatar and update.
    pub bytes_per_update: f64,
    /// Messages per client and tick.
    pub messages_per_client: f64,
    /// The largest message, bytes.
    pub message_bytes_max: usize,
    /// Peak resident memory of the process, MB (10^6).
    pub peak_mb: f64,
    /// Peak resident memory before the library was started: the crowd and the binary, MB.
    pub before_mb: f64,
    /// Share of the poses at the decoded clients, looked at after each measured tick, that were
    /// those of this very tick.
    pub fresh: f64,
    /// The farthest (metres) that a pose at a decoded client was from the truth in any of them.
    pub behind_m_max: f32,
}

/// Ticks of a case.
#[derive(Clone, Copy)]
pub struct Span {
    /// Before measuring: joining, filling, settling.
    pub warm_up: usize,
    /// Measured.
    pub measured: usize,
}

/// Runs one case.
pub fn run<C: Contestant>(
    people: usize,
    span: Span,
    start: impl FnOnce(&Crowd) -> Result<C>,
) -> Result<Figures> {
    let mut crowd = Crowd::of(people)?;
    let before_mb = status_number("VmHWM")? * 1024.0 / 1.0e6;
    let mut contestant = start(&crowd)?;
    for _ in 0..span.warm_up {
        crowd.step();
        contestant.tick(&crowd)?;
    }
    let mut costs = Vec::with_capacity(span.measured);
    let mut views = Views::default();
    for _ in 0..span.measured {
        crowd.step();
        costs.push(contestant.tick(&crowd)?);
        views.compare(&mut contestant, crowd.poses());
    }
    ensure!(
        status_number("Threads")? == 1.0,
        "the library started threads; one was to be measured"
    );
    ensure!(
        views.fresh as f64 >= 0.999 * views.looked_at as f64,
        "{} of {} poses at the decoded clients were not those of their tick; the worst was {} m off",
        views.looked_at - views.fresh,
        views.looked_at,
        views.behind_m_max
    );
    let mut figures = figures(contestant.label(), people, before_mb, &costs, &views)?;
    if let Some(acks) = contestant.acks_apart(&mut crowd)? {
        figures.acks_ms = Some(spread_ms(acks));
    }
    Ok(figures)
}

#[derive(Default)]
struct Views {
    looked_at: u64,
    fresh: u64,
    behind_m_max: f32,
}

impl Views {
    fn compare(&mut self, contestant: &mut impl Contestant, truth: &[Pose]) {
        let (near_m, near_yaw) = contestant.tolerance();
        for client in 0..DECODED_CLIENTS.min(truth.len()) {
            let seen = contestant.seen(client);
            for (seen, truth) in seen.iter().zip(truth) {
                self.looked_at += 1;
                let Some(seen) = seen else {
                    self.behind_m_max = f32::INFINITY;
                    continue;
                };
                let apart_m = (0..3)
                    .map(|axis| (seen.position_m[axis] - truth.position_m[axis]).abs())
                    .fold(0.0, f32::max);
                let turned = seen.yaw.wrapping_sub(truth.yaw);
                let turned = turned.min(turned.wrapping_neg());
                self.fresh += u64::from(apart_m <= near_m && turned <= near_yaw);
                self.behind_m_max = self.behind_m_max.max(apart_m);
            }
        }
    }
}

fn figures(
    library: String,
    people: usize,
    before_mb: f64,
    costs: &[TickCost],
    views: &Views,
) -> Result<Figures> {
    let total = |of: fn(&TickCost) -> u64| costs.iter().map(of).sum::<u64>() as f64;
    let client_ticks = (people * costs.len()) as f64;
    let bytes_per_client = total(|cost| cost.bytes) / client_ticks;
    let acks: Option<Vec<Duration>> = costs.iter().map(|cost| cost.acks).collect();
    Ok(Figures {
        library,
        people,
        ticks: costs.len(),
        send_ms: spread_ms(costs.iter().map(|cost| cost.send).collect()),
        acks_ms: acks.map(spread_ms),
        bytes_per_client_s: bytes_per_client * f64::from(TICKS_PER_S),
        bytes_per_update: bytes_per_client / people as f64,
        messages_per_client: total(|cost| cost.messages) / client_ticks,
        message_bytes_max: costs.iter().map(|cost| cost.message_bytes_max).max().unwrap_or(0),
        peak_mb: status_number("VmHWM")? * 1024.0 / 1.0e6,
        before_mb,
        fresh: views.fresh as f64 / views.looked_at.max(1) as f64,
        behind_m_max: views.behind_m_max,
    })
}

/// Tenth percentile, median and ninetieth percentile, milliseconds.
fn spread_ms(mut spans: Vec<Duration>) -> [f64; 3] {
    spans.sort_unstable();
    let last = spans.len().saturating_sub(1);
    [0.1, 0.5, 0.9].map(|part| {
        let at = (last as f64 * part).round() as usize;
        spans.get(at).map_or(0.0, |span| span.as_secs_f64() * 1.0e3)
    })
}

/// A number of `/proc/self/status`; sizes are in KiB.
fn status_number(name: &str) -> Result<f64> {
    let status =
        std::fs::read_to_string("/proc/self/status").context("/proc tells of processes")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).with_context(|| format!("{name} is in /proc"))
}

/// What is under way from the clients to the server.
pub struct Late<T> {
    /// What arrives in the next tick, in the one after, and so on.
    ticks: VecDeque<Vec<(usize, T)>>,
}

impl<T> Default for Late<T> {
    fn default() -> Self {
        Self { ticks: (0..ACK_TICKS_MAX).map(|_| Vec::new()).collect() }
    }
}

impl<T> Late<T> {
    /// At the end of a tick: a client sends something.
    pub fn send(&mut self, client: usize, sent: T) {
        self.ticks[client % ACK_TICKS_MAX].push((client, sent));
    }

    /// At the start of a tick: what arrives in it, with its sender.
    pub fn arrive(&mut self) -> Vec<(usize, T)> {
        self.ticks.rotate_left(1);
        self.ticks.back_mut().map(std::mem::take).unwrap_or_default()
    }
}

//! One bot: a connection, and the person who walks at its end.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use tokio::{
    sync::watch,
    time::{Interval, MissedTickBehavior, interval, interval_at, timeout},
};
use vivarium_protocol::{
    ids::PersonId,
    intent::{ClientMessage, Hello, Look},
    limits::INPUTS_PER_MESSAGE_MAX,
    notice::ServerMessage,
    snapshot::{
        packet::Ack,
        view::{Applied, View},
    },
    wire,
};

use crate::{
    clock::{Clocks, WorldClock},
    inputs::InputSchedule,
    measure::Tally,
    road::{Came, LATEST, RELIABLE, Road, Server, Transport},
    sight::{Sight, told_of},
    walk::{Behaviour, Walker},
};

/// Longest time from connecting to being in the world.
const JOIN_TIME_MAX: Duration = Duration::from_secs(20);
/// Longest time for saying goodbye.
const BYE_TIME_MAX: Duration = Duration::from_secs(2);
/// Time between two pings.
const PING_INTERVAL: Duration = Duration::from_millis(500);

/// What a bot is told before it starts.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where the server's roads begin.
    pub server: Server,
    /// Which one to take.
    pub transport: Transport,
    /// World to enter; empty: the server's first.
    pub world: String,
    /// How to behave.
    pub behaviour: Behaviour,
    /// Seed of the run.
    pub seed: u64,
    /// Number of this bot.
    pub index: u32,
}

/// Where a person is, since the last `Entered`.
struct Inside {
    clock: Arc<WorldClock>,
    schedule: InputSchedule,
    /// Ticks of the bot's own clock are counted from here.
    since: Instant,
    ticks: u64,
}

/// A bot that is in a world.
pub struct Bot {
    road: Road,
    clocks: Arc<Clocks>,
    inside: Inside,
    view: View,
    sight: Sight,
    worlds_entered: u32,
    walker: Walker,
    ping: Option<(u32, Instant)>,
    nonce: u32,
    /// Numbered messages of the server that were taken in, and of how many it was told.
    taken: u32,
    taken_told: u32,
    acknowledged: Ack,
    tally: Tally,
}

/// Whether the connection still stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Open,
    CutOff,
}

impl Bot {
    /// Connects and enters the world.
    pub async fn join(plan: &Plan, clocks: Arc<Clocks>) -> Result<Self> {
        match timeout(JOIN_TIME_MAX, Self::enter(plan, clocks)).await {
            Ok(result) => result,
            Err(_) => bail!("not in the world after {} s", JOIN_TIME_MAX.as_secs()),
        }
    }

    async fn enter(plan: &Plan, clocks: Arc<Clocks>) -> Result<Self> {
        let began = Instant::now();
        let mut road = Road::connect(plan.transport, &plan.server).await?;
        let mut walker = Walker::new(plan.behaviour, plan.seed, plan.index);
        let hello = Hello {
            world: plan.world.clone(),
            name: format!("Bot {}", plan.index + 1),
            look: Look { body: walker.colour(), accent: walker.colour() },
            ticket: None,
            resume: None,
            key: None,
        };
        let mut tally = Tally::default();
        send(&mut road, &mut tally, RELIABLE, &wire::encode_hello(&hello)).await?;
        let mut who = PersonId(0);
        let mut taken = 0;
        loop {
            let (lane, bytes) = match road.receive().await {
                Came::Message(lane, bytes) => (lane, bytes),
                Came::Nonsense => continue,
                Came::End => bail!("the server hung up"),
            };
            tally.bytes_down += bytes.len() as u64 + 1;
            // Packets may come before `Entered`; without it they say nothing.
            if lane != RELIABLE {
                continue;
            }
            let message =
                wire::decode_server_message(&bytes).context("a message before `Entered`")?;
            taken += u32::from(message.is_numbered());
            match message {
                ServerMessage::Closed { reason, detail } => bail!("refused: {reason:?}: {detail}"),
                ServerMessage::Accepted { person, .. } => who = person,
                ServerMessage::Entered { world, ticks_per_s, tick, .. } => {
                    tally.join.record(began.elapsed());
                    tally.joined = 1;
                    let inside = Inside::new(&clocks, &world, ticks_per_s, tick);
                    return Ok(Self {
                        road,
                        clocks,
                        inside,
                        view: View::default(),
                        sight: Sight::new(who, plan.seed.wrapping_add(u64::from(plan.index))),
                        worlds_entered: 1,
                        walker,
                        ping: None,
                        nonce: 0,
                        taken,
                        taken_told: 0,
                        acknowledged: Ack::default(),
                        tally,
                    });
                }
                _ => {}
            }
        }
    }

    /// Walks until `stop` becomes true or the connection ends; then what was seen.
    pub async fn walk(mut self, mut stop: watch::Receiver<bool>) -> Tally {
        let began = Instant::now();
        let mut standing = Standing::Open;
        // Bots come in when a tick of the server ends: without a phase of their own, all of them would
        // look at their newest packet just after it came, and find it younger than people do.
        let phase = self.walker.fraction();
        let mut ticks = self.timer(phase);
        let mut pings = interval(PING_INTERVAL);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while standing == Standing::Open {
            let result = tokio::select! {
                () = stopped(&mut stop) => break,
                came = self.road.receive() => {
                    let before = self.worlds_entered;
                    let result = self.hear(&came);
                    if self.worlds_entered != before {
                        ticks = self.timer(phase);
                    }
                    result
                }
                _ = ticks.tick() => self.tick().await,
                _ = pings.tick() => self.send_ping().await,
            };
            standing = result.unwrap_or(Standing::CutOff);
        }
        self.tally.inside = began.elapsed();
        self.sight.leave(&self.inside.clock, &mut self.tally);
        match standing {
            Standing::Open => self.leave().await,
            Standing::CutOff => self.tally.disconnects = 1,
        }
        self.tally
    }

    /// The bot's own clock, `phase` (0 to 1) of a tick after now.
    fn timer(&self, phase: f32) -> Interval {
        let tick = self.inside.clock.tick();
        let mut ticks = interval_at(tokio::time::Instant::now() + tick.mul_f32(phase), tick);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks
    }

    async fn leave(&mut self) {
        let farewell = async {
            let bye = wire::encode(&ClientMessage::Bye);
            send(&mut self.road, &mut self.tally, RELIABLE, &bye).await?;
            self.road.close().await;
            anyhow::Ok(())
        };
        // The measuring is over: how the connection ends does not matter any more.
        let _ = timeout(BYE_TIME_MAX, farewell).await;
    }

    /// A tick of the bot's own clock: looks at what it knows, decides, and sends.
    async fn tick(&mut self) -> Result<Standing> {
        let now = Instant::now();
        let ticks = self.inside.ticks_due(now);
        self.sight.look(now, ticks, &self.view, &self.inside.clock, &mut self.tally);
        let here_m = self.view.own().map(|own| [own.position_m[0], own.position_m[2]]);
        let input = self.walker.next(here_m, self.sight.middle_m());
        let ack = self.view.ack();
        if self.walker.is_idle() && ack == self.acknowledged {
            return Ok(Standing::Open);
        }
        self.acknowledged = ack;
        let ticks = if self.walker.is_idle() { 0 } else { ticks };
        for _ in 0..ticks.min(INPUTS_PER_MESSAGE_MAX as u32) {
            self.inside.schedule.push(input);
        }
        let message = wire::encode(&self.inside.schedule.message(ack));
        send(&mut self.road, &mut self.tally, LATEST, &message).await?;
        Ok(Standing::Open)
    }

    async fn send_ping(&mut self) -> Result<Standing> {
        // One at a time: an answer that never comes leaves the ping unmeasured.
        self.nonce = self.nonce.wrapping_add(1);
        self.ping = Some((self.nonce, Instant::now()));
        let ping = wire::encode(&ClientMessage::Ping { nonce: self.nonce });
        send(&mut self.road, &mut self.tally, RELIABLE, &ping).await?;
        if self.taken_told != self.taken {
            self.taken_told = self.taken;
            let taken = wire::encode(&ClientMessage::Taken { count: self.taken });
            send(&mut self.road, &mut self.tally, RELIABLE, &taken).await?;
        }
        Ok(Standing::Open)
    }

    fn hear(&mut self, came: &Came) -> Result<Standing> {
        let (lane, bytes) = match came {
            Came::Message(lane, bytes) => (*lane, bytes),
            Came::Nonsense => {
                self.tally.decode_errors += 1;
                return Ok(Standing::Open);
            }
            Came::End => return Ok(Standing::CutOff),
        };
        self.tally.bytes_down += bytes.len() as u64 + 1;
        match lane {
            RELIABLE => self.hear_reliable(bytes),
            LATEST => {
                self.see_packet(bytes);
                Ok(Standing::Open)
            }
            _ => {
                self.tally.decode_errors += 1;
                Ok(Standing::Open)
            }
        }
    }

    fn hear_reliable(&mut self, bytes: &[u8]) -> Result<Standing> {
        let message = wire::decode_server_message(bytes);
        let is_numbered = message.as_ref().is_ok_and(ServerMessage::is_numbered);
        self.taken = self.taken.wrapping_add(u32::from(is_numbered));
        match message {
            Ok(ServerMessage::Closed { .. }) => return Ok(Standing::CutOff),
            Ok(ServerMessage::Entered { world, ticks_per_s, tick, .. }) => {
                // Through a portal: nothing of the old world is true in the new one.
                self.sight.leave(&self.inside.clock, &mut self.tally);
                self.view.clear();
                self.walker.entered();
                self.worlds_entered += 1;
                self.inside = Inside::new(&self.clocks, &world, ticks_per_s, tick);
            }
            Ok(ServerMessage::Pong { nonce }) => {
                if let Some((expected, sent)) = self.ping.take()
                    && expected == nonce
                {
                    let round_trip = sent.elapsed();
                    self.inside.clock.round_trip(round_trip);
                    self.tally.round_trip.record(round_trip);
                }
            }
            Ok(_) => {}
            Err(_) => self.tally.decode_errors += 1,
        }
        Ok(Standing::Open)
    }

    fn see_packet(&mut self, bytes: &[u8]) {
        self.tally.packet_bytes += bytes.len() as u64;
        let Ok((packet, applied)) = self.view.apply(bytes) else {
            self.tally.decode_errors += 1;
            return;
        };
        self.tally.snapshots += 1;
        match applied {
            Applied::Whole => {
                self.inside.clock.packet_arrived(Instant::now(), packet.tick);
                self.inside.schedule.packet_arrived(&packet);
                self.tally.avatar_updates += told_of(&self.view, packet.tick);
            }
            // On a road that keeps the order, a server builds on nothing that was not acknowledged.
            Applied::InPart if self.road.keeps_order() => self.tally.decode_errors += 1,
            Applied::InPart => {}
            Applied::Old => {}
        }
    }
}

impl Inside {
    fn new(clocks: &Clocks, world: &str, ticks_per_s: u16, tick: u32) -> Self {
        Self {
            clock: clocks.world(world, ticks_per_s),
            schedule: InputSchedule::entered(tick),
            since: Instant::now(),
            ticks: 0,
        }
    }

    /// Ticks that have begun since this was last asked: more than one after a hitch.
    fn ticks_due(&mut self, now: Instant) -> u32 {
        let tick_ns = self.clock.tick().as_nanos().max(1);
        let begun = (now.saturating_duration_since(self.since).as_nanos() / tick_ns) as u64 + 1;
        let due = begun.saturating_sub(self.ticks);
        self.ticks = begun;
        u32::try_from(due).unwrap_or(u32::MAX)
    }
}

/// Becomes ready when the run ends, also when nobody is left to say so.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn send(road: &mut Road, tally: &mut Tally, lane: u8, message: &[u8]) -> Result<()> {
    tally.bytes_up += message.len() as u64 + 1;
    road.send(lane, message).await
}

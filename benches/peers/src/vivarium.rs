//! Vivarium, through the world's public face.
//!
//! Measured are the phases `Interest` (in which capabilities quantise what is to be seen of them,
//! changes are found and it is decided who sees what) and `Encode` (in which messages are made).
//! `Simulate`, which moves the avatars, is not: the other libraries are handed the places of the
//! walkers. Acknowledgements are taken in there, too. Their cost is told apart afterwards, in ticks of
//! which only every other one has any: the difference, in which those of two ticks are taken in at
//! once, is what the table says.
//!
//! Clients are reached by datagrams. Two of them decode; for the others the head of each packet is
//! read and its number acknowledged, as a client would that has applied it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use vivarium_contract::{Intent, Phase, Road, WorldInput, WorldOutput, WorldSpec};
use vivarium_protocol::{
    ids::PersonId,
    intent::{ClientLatest, Input, Look},
    quantise,
    snapshot::{
        packet::{self, Ack},
        schema::Facet,
        view::{Applied, View},
    },
};
use vivarium_world::Simulation;

use crate::{
    measure::{Contestant, DECODED_CLIENTS, Late, Stopwatch, TickCost},
    walk::{Crowd, Pose},
};

/// More than any client of the crowd gets.
const BYTES_PER_S_MAX: u32 = 4_000_000;
/// Fields of an avatar: position, yaw.
const YAW: usize = 3;
/// Names a packet that was never sent, which counts for nothing.
const NOTHING: Ack = Ack { newest: u32::MAX, before: [0; 2] };
/// Pairs of ticks in which the cost of acknowledgements is found.
const ACK_PAIRS: usize = 40;

/// A world and its clients. Walker `i` is person `i + 1`, and client `i`.
pub struct Vivarium {
    world: Simulation,
    decoded: Vec<View>,
    /// What each client has acknowledged so far.
    known: Vec<Ack>,
    /// What the server has been told of that.
    told: Vec<Ack>,
    late: Late<Ack>,
}

impl Vivarium {
    /// Builds the world; people enter in the first tick.
    pub fn start(crowd: &Crowd) -> Result<Self> {
        let spec = WorldSpec {
            document: crowd.document(),
            document_url: String::new(),
            client_bytes_per_s_max: BYTES_PER_S_MAX,
        };
        let world = Simulation::new(&spec).context("the crowd's world can be built")?;
        let people = crowd.poses().len();
        Ok(Self {
            world,
            decoded: (0..DECODED_CLIENTS.min(people)).map(|_| View::default()).collect(),
            known: vec![Ack::default(); people],
            told: vec![Ack::default(); people],
            late: Late::default(),
        })
    }

    fn inputs(&mut self, crowd: &Crowd, with_acks: bool) -> Vec<WorldInput> {
        for (client, ack) in self.late.arrive() {
            self.told[client] = ack;
        }
        let tick = crowd.tick();
        let person = |index: usize| PersonId(index as u32 + 1);
        if tick == 1 {
            let look = Look { body: [200, 80, 40], accent: [20, 40, 60] };
            let enter = |index| WorldInput::Enter {
                person: person(index),
                name: format!("walker {index}"),
                look,
                spawn: Some(format!("spot {index}")),
                road: Road::Datagrams,
            };
            return (0..crowd.poses().len()).map(enter).collect();
        }
        let intent = |(index, (input, ack)): (usize, (Input, &Ack))| WorldInput::Intent {
            person: person(index),
            intent: Intent::Latest(ClientLatest {
                ack: if with_acks { *ack } else { NOTHING },
                first_tick: tick,
                inputs: vec![input],
                tracked: None,
            }),
        };
        crowd.inputs().zip(&self.told).enumerate().map(intent).collect()
    }

    fn receive(&mut self, client: usize, bytes: &[u8]) -> Result<()> {
        let Some(view) = self.decoded.get_mut(client) else {
            let (head, _) = packet::read(bytes)?;
            self.known[client].add(head.number);
            return Ok(());
        };
        let (_, applied) = view.apply(bytes)?;
        ensure!(applied == Applied::Whole, "a packet could only be applied {applied:?}");
        self.known[client] = view.ack();
        Ok(())
    }
}

impl Vivarium {
    /// One tick; gives what it cost to send, and what all the rest of it cost.
    fn advance(&mut self, crowd: &Crowd, with_acks: bool) -> Result<(TickCost, Duration)> {
        let inputs = self.inputs(crowd, with_acks);
        let (mut outputs, mut cost, mut rest) = (Vec::new(), TickCost::default(), Duration::ZERO);
        let mut watch = Stopwatch::start();
        self.world.tick(inputs, &mut outputs, &mut |phase| match phase {
            Phase::Interest | Phase::Encode => cost.send += watch.lap(),
            Phase::Ingest | Phase::Authorize | Phase::Simulate => rest += watch.lap(),
        });
        for output in outputs {
            let WorldOutput::Frame { person, bytes, .. } = output else { continue };
            cost.count(bytes.len());
            self.receive(person.0 as usize - 1, &bytes)?;
        }
        for (client, ack) in self.known.iter().enumerate() {
            self.late.send(client, *ack);
        }
        Ok((cost, rest))
    }
}

impl Contestant for Vivarium {
    fn tick(&mut self, crowd: &Crowd) -> Result<TickCost> {
        Ok(self.advance(crowd, true)?.0)
    }

    fn acks_apart(&mut self, crowd: &mut Crowd) -> Result<Option<Vec<Duration>>> {
        let mut differences = Vec::with_capacity(ACK_PAIRS);
        for _ in 0..ACK_PAIRS {
            crowd.step();
            let (_, without) = self.advance(crowd, false)?;
            crowd.step();
            let (_, with) = self.advance(crowd, true)?;
            differences.push(with.saturating_sub(without));
        }
        Ok(Some(differences))
    }

    fn seen(&mut self, client: usize) -> Vec<Option<Pose>> {
        let mut poses = vec![None; self.known.len()];
        for (identity, (_, fields)) in self.decoded[client].members() {
            if identity.facet != Facet::Avatar {
                continue;
            }
            let position_m = [0, 1, 2].map(|axis| quantise::position_m(fields[axis]));
            let pose = Pose { position_m, yaw: fields[YAW] as u16 };
            if let Some(place) = poses.get_mut(identity.subject as usize - 1) {
                *place = Some(pose);
            }
        }
        poses
    }

    fn tolerance(&self) -> (f32, u16) {
        // Half a step, and the rounding of f32.
        (0.501 / quantise::POSITION_STEPS_PER_M, 0)
    }

    fn label(&self) -> String {
        "Vivarium".into()
    }
}

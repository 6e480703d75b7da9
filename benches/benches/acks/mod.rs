//! Acknowledgements of many clients at the price of reading the heads of their packets.
//!
//! On a road without loss a client can apply everything that it is sent, so the number of a packet
//! is all that its acknowledgement needs. It arrives as many ticks later as the client's way is long.

use std::collections::VecDeque;

use vivarium_contract::WorldOutput;
use vivarium_protocol::{
    ids::PersonId,
    snapshot::packet::{self, Ack},
};

struct Client {
    /// As the client has it now.
    newest: Ack,
    /// What it sent in each of the last ticks; the oldest arrives next.
    on_the_way: VecDeque<Ack>,
}

/// Acknowledgements of all clients.
pub struct Acks(Vec<Client>);

impl Acks {
    /// Clients whose acknowledgements are as many ticks old when they arrive: 1 is the least.
    pub fn delayed(ticks: impl Iterator<Item = usize>) -> Self {
        let client = |ticks: usize| Client {
            newest: Ack::default(),
            on_the_way: VecDeque::from(vec![Ack::default(); ticks - 1]),
        };
        Self(ticks.map(client).collect())
    }

    /// All clients send what they have.
    pub fn start_tick(&mut self) {
        for client in &mut self.0 {
            client.on_the_way.push_back(client.newest);
        }
    }

    /// What arrives from a client in this tick.
    pub fn of(&mut self, index: usize) -> Ack {
        self.0[index].on_the_way.pop_front().expect("something is on the way in every tick")
    }

    /// Takes in a packet.
    pub fn hear(&mut self, output: &WorldOutput, index: impl Fn(PersonId) -> usize) {
        if let WorldOutput::Frame { person, bytes, .. } = output {
            let (head, _) = packet::read(bytes).expect("packets of our own have heads");
            self.0[index(*person)].newest.add(head.number);
        }
    }
}

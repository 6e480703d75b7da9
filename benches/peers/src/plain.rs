//! The baseline without any replication: every client gets everyone's quantised state in every
//! tick, encoded anew for each client. No differences, so no acknowledgements.
//!
//! An entry is 9 bytes: walker (`u16`), position in centimetres (three `i16`), heading (`u8`).

use anyhow::Result;

use crate::{
    measure::{Contestant, DECODED_CLIENTS, Stopwatch, TickCost},
    walk::{COARSE_TOLERANCE, CoarsePose, Crowd, Pose},
};

const ENTRY_BYTES: usize = 9;

/// The baseline's server; it remembers nothing but the last messages.
pub struct Plain {
    messages: Vec<Vec<u8>>,
    people: usize,
}

impl Plain {
    /// As many clients as walkers.
    pub fn start(crowd: &Crowd) -> Self {
        Self { messages: Vec::new(), people: crowd.poses().len() }
    }
}

impl Contestant for Plain {
    fn tick(&mut self, crowd: &Crowd) -> Result<TickCost> {
        let mut cost = TickCost { acks: None, ..TickCost::default() };
        self.messages.clear();
        let mut watch = Stopwatch::start();
        let now: Vec<CoarsePose> = crowd.poses().iter().copied().map(Into::into).collect();
        for _ in 0..self.people {
            let mut message = Vec::with_capacity(4 + ENTRY_BYTES * now.len());
            message.extend_from_slice(&crowd.tick().to_le_bytes());
            for (walker, pose) in now.iter().enumerate() {
                message.extend_from_slice(&(walker as u16).to_le_bytes());
                for axis in pose.position_cm {
                    message.extend_from_slice(&axis.to_le_bytes());
                }
                message.push(pose.yaw);
            }
            self.messages.push(message);
        }
        cost.send = watch.lap();
        self.messages.iter().for_each(|message| cost.count(message.len()));
        self.messages.truncate(DECODED_CLIENTS);
        Ok(cost)
    }

    fn seen(&mut self, client: usize) -> Vec<Option<Pose>> {
        let mut seen = vec![None; self.people];
        let Some(entries) = self.messages.get(client).and_then(|message| message.get(4..)) else {
            return seen;
        };
        for entry in entries.chunks_exact(ENTRY_BYTES) {
            let word = |at: usize| u16::from_le_bytes([entry[at], entry[at + 1]]);
            let position_cm = [2, 4, 6].map(|at| word(at) as i16);
            if let Some(place) = seen.get_mut(usize::from(word(0))) {
                *place = Some(CoarsePose { position_cm, yaw: entry[8] }.into());
            }
        }
        seen
    }

    fn tolerance(&self) -> (f32, u16) {
        COARSE_TOLERANCE
    }

    fn label(&self) -> String {
        "plain full state".into()
    }
}

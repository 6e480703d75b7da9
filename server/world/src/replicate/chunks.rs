//! Memory for packets: chunks that are used again once every packet in them was sent.

use std::collections::VecDeque;

use bevy_ecs::prelude::*;
use bytes::{Bytes, BytesMut};

// Small, because a client that does not read keeps the chunk of its waiting packet.
const CHUNK_BYTES: usize = 64 * 1024;
// Chunks that may wait to be used again; beyond it the oldest are given back.
const CHUNKS_MAX: usize = 1_024;

// How many of the oldest are asked whether they are free, before a new one is made.
const ASKED_MAX: usize = 4;

/// Chunks by age.
#[derive(Resource, Default)]
pub(crate) struct Chunks {
    current: Option<BytesMut>,
    full: VecDeque<BytesMut>,
}

impl Chunks {
    /// A copy that lives as long as anybody holds it.
    pub fn put(&mut self, bytes: &[u8]) -> Bytes {
        let mut chunk = match self.current.take() {
            Some(chunk) if chunk.capacity() >= bytes.len() => chunk,
            full => {
                self.full.extend(full);
                self.free(bytes.len().max(CHUNK_BYTES))
            }
        };
        chunk.extend_from_slice(bytes);
        let packet = chunk.split().freeze();
        self.current = Some(chunk);
        packet
    }

    fn free(&mut self, length: usize) -> BytesMut {
        for _ in 0..ASKED_MAX.min(self.full.len()) {
            // Packets leave in the order of their ticks, so the oldest chunk is the likeliest.
            let Some(mut oldest) = self.full.pop_front() else { break };
            if oldest.try_reclaim(length) {
                return oldest;
            }
            self.full.push_back(oldest);
        }
        while self.full.len() >= CHUNKS_MAX {
            self.full.pop_front();
        }
        BytesMut::with_capacity(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_makes_room_for_what_comes() {
        let mut chunks = Chunks::default();
        let packet = [7; 1_000];
        for _ in 0..20 {
            let held: Vec<Bytes> = (0..200).map(|_| chunks.put(&packet)).collect();
            assert!(held.iter().all(|held| **held == packet));
        }
        assert!(chunks.full.len() <= 8, "{} chunks for four at a time", chunks.full.len());
    }
}

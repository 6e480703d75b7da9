//! Packets: what one client is sent in one go, and what it answers.
//!
//! ```text
//! head        bincode: PacketHead
//! blocks      each: leaf * 2 (varint), length (varint), that many bytes: a part of a block
//!             or:   leaf * 2 + 1 (varint), 0 or 1: the leaf is closed, its members are gone or moved
//! ```
//!
//! The numbers of leaves are a client's own: they say nothing of leaves that it may not see.
//! Varints are those of [`crate::wire`].

use serde::{Deserialize, Serialize};

use crate::{
    limits::{BLOCK_BYTES_MAX, BLOCKS_PER_PACKET_MAX, FRAME_BYTES_MAX},
    wire::{self, DecodeError},
};

/// The authoritative state of the client's own avatar, in full precision, for prediction.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OwnState {
    /// Centre of the capsule, metres.
    pub position_m: [f32; 3],
    /// Metres per second, without what a platform adds.
    pub velocity_mps: [f32; 3],
    /// Bit set of [`own`].
    pub flags: u8,
    /// Ticks since the avatar last stood, saturating.
    pub airborne_ticks: u8,
    /// Counts teleports (spawns, portals): when it changes, the client must not smooth.
    pub teleports: u8,
}

/// Bits of [`OwnState::flags`].
pub mod own {
    /// Stands on something.
    pub const GROUNDED: u8 = 1;
    /// The jump button was held in this tick.
    pub const JUMP_HELD: u8 = 2;
}

/// What a packet says of the client's own avatar.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum OwnNote {
    /// As in the newest packet that told it: the client has acknowledged that one.
    Same,
    /// Its state at the end of the packet's tick.
    State(OwnState),
    /// Nothing: another packet tells it.
    Untold,
}

/// The first part of a packet: for this client alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PacketHead {
    /// Counts the packets to this client; what it acknowledges.
    pub number: u32,
    /// Changes when the server forgets what the client knows: then the client forgets it as well.
    pub era: u8,
    /// The tick whose end the packet tells of.
    pub tick: u32,
    /// Whether the input of this very tick had arrived; if not, the one before was repeated.
    pub on_time: bool,
    /// Ticks between this tick and the newest input that the server holds; negative when late.
    pub lead_ticks: i8,
    /// The client's own avatar.
    pub own: OwnNote,
}

/// Which packets a client has applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// Number of the newest one; 0: none, or all is forgotten and must be told anew.
    pub newest: u32,
    /// Bit `i` of the two words together stands for the packet `newest - 1 - i`.
    pub before: [u32; 2],
}

impl Ack {
    /// Packets that an acknowledgement names beside the newest.
    pub const BEFORE: u32 = 64;

    /// Whether a packet is named.
    pub fn names(&self, number: u32) -> bool {
        match self.newest.checked_sub(number) {
            _ if self.newest == 0 => false,
            Some(0) => true,
            Some(back @ 1..=Self::BEFORE) => {
                let bit = back - 1;
                self.before[bit as usize / 32] >> (bit % 32) & 1 == 1
            }
            _ => false,
        }
    }

    /// Names one more packet; those too long ago are passed over.
    pub fn add(&mut self, number: u32) {
        if number > self.newest {
            let step = number - self.newest;
            let known = u64::from(self.before[0]) | u64::from(self.before[1]) << 32;
            let newest = u64::from(self.newest != 0);
            let known = match step {
                1..=63 => known << step | newest << (step - 1),
                64 => newest << 63,
                _ => 0,
            };
            self.before = [known as u32, (known >> 32) as u32];
            self.newest = number;
        } else if let Some(back @ 1..=Self::BEFORE) = self.newest.checked_sub(number) {
            let bit = back - 1;
            self.before[bit as usize / 32] |= 1 << (bit % 32);
        }
    }
}

/// How a leaf that is closed ended for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// The client may not see its members any more, or they are gone.
    Gone = 0,
    /// Its members are in other leaves now.
    Moved = 1,
}

/// One entry after the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry<'a> {
    /// A part of a block of a leaf.
    Block {
        /// The client's number of the leaf.
        leaf: u32,
        /// The part; see [`super::block`].
        bytes: &'a [u8],
    },
    /// A leaf will not be told of again.
    Closed {
        /// The client's number of the leaf.
        leaf: u32,
        /// What became of its members.
        closing: Closing,
    },
}

/// Bytes that one entry needs beside its block.
pub const ENTRY_HEAD_BYTES_MAX: usize = 8;

/// Appends a head.
pub fn write_head(bytes: &mut impl Extend<u8>, head: &PacketHead) {
    let mut buffer = [0; 64];
    let length = wire::encode_into(head, &mut buffer);
    bytes.extend(buffer[..length].iter().copied());
}

/// Appends the number of a leaf and the length of the part that is to follow.
pub fn write_block_head(bytes: &mut Vec<u8>, leaf: u32, length: usize) {
    write_varint(bytes, leaf << 1);
    write_varint(bytes, length as u32);
}

/// Appends that a leaf is closed.
pub fn write_closed(bytes: &mut Vec<u8>, leaf: u32, closing: Closing) {
    write_varint(bytes, leaf << 1 | 1);
    bytes.push(closing as u8);
}

fn write_varint(bytes: &mut Vec<u8>, value: u32) {
    match value {
        0..=250 => bytes.push(value as u8),
        251..=0xffff => {
            bytes.push(251);
            bytes.extend_from_slice(&(value as u16).to_le_bytes());
        }
        _ => {
            bytes.push(252);
            bytes.extend_from_slice(&value.to_le_bytes());
        }
    }
}

fn read_varint(bytes: &mut &[u8]) -> Option<u32> {
    let (&first, rest) = bytes.split_first()?;
    let (value, rest) = match first {
        0..=250 => (u32::from(first), rest),
        251 => {
            let (value, rest) = rest.split_first_chunk()?;
            (u32::from(u16::from_le_bytes(*value)), rest)
        }
        252 => {
            let (value, rest) = rest.split_first_chunk()?;
            (u32::from_le_bytes(*value), rest)
        }
        _ => return None,
    };
    *bytes = rest;
    Some(value)
}

/// The entries of a packet, one after another.
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    bytes: &'a [u8],
    left: usize,
}

fn malformed(what: &str) -> DecodeError {
    DecodeError::Malformed(what.to_owned())
}

impl<'a> Entries<'a> {
    fn read(&mut self) -> Result<Entry<'a>, DecodeError> {
        if self.left == 0 {
            return Err(malformed("too many blocks in a packet"));
        }
        self.left -= 1;
        let leaf = read_varint(&mut self.bytes).ok_or_else(|| malformed("no number of a leaf"))?;
        if leaf & 1 == 1 {
            let (&closing, rest) = self
                .bytes
                .split_first()
                .ok_or_else(|| malformed("a leaf closed without a reason"))?;
            self.bytes = rest;
            let closing = match closing {
                0 => Closing::Gone,
                1 => Closing::Moved,
                _ => return Err(malformed("a leaf closed for an unknown reason")),
            };
            return Ok(Entry::Closed { leaf: leaf >> 1, closing });
        }
        let length =
            read_varint(&mut self.bytes).ok_or_else(|| malformed("no length of a block"))?;
        let length = length as usize;
        if length > BLOCK_BYTES_MAX + 8 || length > self.bytes.len() {
            return Err(malformed("a block longer than its packet"));
        }
        let (block, rest) = self.bytes.split_at(length);
        self.bytes = rest;
        Ok(Entry::Block { leaf: leaf >> 1, bytes: block })
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.bytes.is_empty() {
            return None;
        }
        let entry = self.read();
        if entry.is_err() {
            self.bytes = &[];
        }
        Some(entry)
    }
}

/// Reads the head of a packet and gives its entries.
pub fn read(bytes: &[u8]) -> Result<(PacketHead, Entries<'_>), DecodeError> {
    let (head, rest) = wire::decode_prefix::<PacketHead>(bytes, FRAME_BYTES_MAX)?;
    Ok((head, Entries { bytes: rest, left: BLOCKS_PER_PACKET_MAX }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acknowledgements_name_the_newest_and_sixty_four_before() {
        let mut ack = Ack::default();
        assert!(!ack.names(0));
        for number in [5, 3, 4, 70, 69, 1] {
            ack.add(number);
        }
        assert_eq!(ack.newest, 70);
        let named: Vec<u32> = (0..=80).filter(|number| ack.names(*number)).collect();
        assert_eq!(named, [69, 70], "5 is one too long ago");
        ack.add(6);
        assert!(ack.names(6));
        ack.add(134);
        assert!(ack.names(70) && !ack.names(69));
        ack.add(1_000);
        assert!((1..1_000).all(|number| !ack.names(number)));
    }

    #[test]
    fn entries_read_back_as_they_were_written() {
        let own = OwnNote::Same;
        let head = PacketHead { number: 7, era: 1, tick: 300, on_time: true, lead_ticks: -2, own };
        let mut bytes = Vec::new();
        write_head(&mut bytes, &head);
        write_block_head(&mut bytes, 200, 3);
        bytes.extend_from_slice(&[1, 2, 3]);
        write_closed(&mut bytes, 70_000, Closing::Moved);
        let (read_head, entries) = read(&bytes).unwrap();
        assert_eq!(read_head, head);
        let entries: Vec<Entry<'_>> = entries.map(Result::unwrap).collect();
        let closed = Entry::Closed { leaf: 70_000, closing: Closing::Moved };
        assert_eq!(entries, [Entry::Block { leaf: 200, bytes: &[1, 2, 3] }, closed]);
        bytes.truncate(bytes.len() - 1);
        assert!(read(&bytes).unwrap().1.last().unwrap().is_err());
    }
}

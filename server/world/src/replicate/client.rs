//! What one client knows, as far as it has acknowledged it.

use std::collections::VecDeque;

use bevy_ecs::prelude::*;
use vivarium_protocol::{
    limits::BASELINE_TICKS_MAX,
    snapshot::{
        block::{Part, SLOTS, slots},
        member::Times,
        packet::{Ack, Closing, OwnState},
    },
};

use super::{blocks::Wanted, budget::Budget};
use crate::limits::PACKETS_IN_FLIGHT_MAX;

/// One leaf as one client has it. Kept small: there is one for each client and leaf.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sub {
    /// The leaf's id; 0: none.
    pub leaf_id: u32,
    /// The client's own number of the leaf; 0: it was never told of it.
    pub number: u32,
    /// The newest tick that was acknowledged; 0: none.
    pub newest: u32,
    /// Bit `i`: the tick `newest - i` was acknowledged, at `level`.
    acked: u32,
    /// Level of detail of those ticks.
    pub level: u8,
    pub tier: u8,
    /// When the leaf was last told, and since when it waits to be told.
    pub told: u32,
    /// From which tick on what is told of this index is of this leaf.
    pub since: u32,
    /// The newest second earlier state that was named: the client need not keep what is before it.
    floor: u32,
}

/// A leaf of which some parts of a tick were acknowledged, and their slots.
#[derive(Clone, Copy, Debug)]
struct Partial {
    leaf_id: u32,
    tick: u32,
    slots: u64,
}

impl Sub {
    /// A leaf that the client was not told of yet.
    pub fn new(leaf_id: u32, tier: u8, tick: u32) -> Self {
        Self { leaf_id, tier, told: tick - 1, since: tick, ..Self::default() }
    }

    /// All of `tick` has arrived.
    fn arrived(&mut self, tick: u32, level: u8) {
        if tick > self.newest {
            let step = tick - self.newest;
            let known = if level == self.level && step < 32 { self.acked << step } else { 0 };
            (self.acked, self.newest, self.level) = (known | 1, tick, level);
        } else if self.newest - tick < 32 && level == self.level {
            self.acked |= 1 << (self.newest - tick);
        }
    }

    /// What the next block can build on.
    pub fn wanted(&self, tick: u32, level: u8) -> Wanted {
        let window = BASELINE_TICKS_MAX as u32 - 1;
        let age = tick - self.newest;
        if self.newest == 0 || age > window {
            return Wanted::full(level);
        }
        let above_floor = u32::MAX >> 31_u32.saturating_sub(self.newest - self.floor);
        let acked = self.acked & above_floor;
        // Earlier states tell how things moved. One from a while before the baseline tells it best,
        // since positions are rounded; another from before that tells how the motion changes.
        let first = next_bit(acked, FIRST_GAP).or_else(|| next_bit(acked, 1));
        let second = first.and_then(|first| next_bit(acked, first + SECOND_GAP_MIN));
        let first = first.filter(|first| age + first <= window).unwrap_or(0);
        let second = second.filter(|second| first != 0 && age + second <= window);
        let gaps = [first, second.map_or(0, |second| second - first)];
        Wanted::new(Times { age, gaps, level }, self.level)
    }

    /// Whether the client has all that a block for `tick` builds on.
    pub fn has(&self, wanted: Wanted, tick: u32) -> bool {
        let Times { age, gaps, .. } = wanted.times();
        let has = |tick: u32| {
            let back = self.newest.checked_sub(tick);
            tick >= self.floor && back.is_some_and(|back| back < 32 && self.acked >> back & 1 == 1)
        };
        let base = tick - age;
        wanted.base_level() == self.level
            && has(base)
            && (gaps[0] == 0 || has(base - gaps[0]))
            && (gaps[1] == 0 || has(base - gaps[0] - gaps[1]))
    }

    /// A block goes out.
    pub fn told(&mut self, wanted: Wanted, tick: u32) {
        let Times { age, gaps, .. } = wanted.times();
        if gaps[1] != 0 {
            self.floor = self.floor.max(tick - age - gaps[0] - gaps[1]);
        }
        self.told = tick;
    }

    /// Whether the client has everything since `changed`, as exactly as it should. What was told
    /// last counts, too: the client may have it, coarser than before, without having said so.
    pub fn is_settled(&self, changed: u32, level: u8) -> bool {
        let newest = self.newest;
        newest != 0 && newest >= changed && newest >= self.told && self.level <= level
    }
}

// Ticks from the baseline to the first earlier state, if there is one so far back: measured, with
// walkers at 20 to 30 ticks per second, by the bytes that blocks take.
const FIRST_GAP: u32 = 4;
// Ticks from the first earlier state to the second, at least.
const SECOND_GAP_MIN: u32 = 3;

fn next_bit(mask: u32, from: u32) -> Option<u32> {
    let rest = mask.checked_shr(from)?;
    (rest != 0).then(|| from + rest.trailing_zeros())
}

/// A leaf that the client must be told to forget.
#[derive(Clone, Copy, Debug)]
pub(super) struct Farewell {
    pub number: u32,
    pub closing: Closing,
    /// The packet that said so; 0: none yet.
    pub packet: u32,
    pub told: u32,
}

/// A part of a block on its way, in one word: the leaf's index, the level of detail, and whether
/// another word follows that says which slots it tells. Without one it tells all of them.
#[derive(Clone, Copy, Debug)]
struct SentPart(u32);

impl SentPart {
    fn new(leaf: u32, level: u8, is_cut: bool) -> Self {
        Self(leaf << 3 | u32::from(level) << 1 | u32::from(is_cut))
    }

    fn slots(lo: u8, hi: u8) -> Self {
        Self(u32::from(lo) << 8 | u32::from(hi))
    }
}

#[derive(Clone, Copy, Debug)]
struct SentPacket {
    number: u32,
    tick: u32,
    /// How many of the client's `parts` are its own.
    words: u32,
    /// Which own state it told; 0: none.
    own: u32,
    bytes: u16,
    arrived: bool,
}

/// What was told of the own avatar. States are counted.
#[derive(Clone, Copy, Debug, Default)]
struct OwnTold {
    state: Option<OwnState>,
    serial: u32,
    told: u32,
    told_serial: u32,
    arrived_serial: u32,
}

/// One client: what it has, what is on the way to it, and how much it can take.
#[derive(Component)]
pub(crate) struct Client {
    /// By index of leaf.
    pub(super) subs: Vec<Sub>,
    pub(super) farewells: Vec<Farewell>,
    /// Leaves that wait although nothing changed in them for long.
    pub(super) backlog: Vec<u32>,
    pub(super) budget: Budget,
    /// Bytes of a packet at most, and whether there may be several for a tick.
    pub(super) packet_bytes_max: usize,
    pub(super) packet_told: u32,
    /// When a near leaf was told last.
    pub(super) near_told: u32,
    pub(super) looked: bool,
    sent: VecDeque<SentPacket>,
    parts: VecDeque<SentPart>,
    /// Words of the packet that is being written.
    words: u32,
    partials: Vec<Partial>,
    numbers: u32,
    era: u8,
    leaf_numbers: u32,
    acked_any: bool,
    newest_message: u32,
    own: OwnTold,
    /// Ticks from sending to acknowledgement, times 8, smoothed.
    delay_8: u32,
}

impl Client {
    /// Knows nothing. Packets are counted from `first` on, so that acknowledgements meant for
    /// another world name none of them.
    pub fn new(first: u32, packet_bytes_max: usize, bytes_per_s_max: u32) -> Self {
        Self {
            subs: Vec::new(),
            farewells: Vec::new(),
            backlog: Vec::new(),
            budget: Budget::new(bytes_per_s_max),
            packet_bytes_max,
            packet_told: 0,
            near_told: 0,
            looked: false,
            sent: VecDeque::new(),
            parts: VecDeque::new(),
            words: 0,
            partials: Vec::new(),
            numbers: first,
            era: 0,
            leaf_numbers: 0,
            acked_any: false,
            newest_message: 0,
            own: OwnTold::default(),
            delay_8: 4 * 8,
        }
    }

    /// The client is reached over another connection. What it has acknowledged it still has; what was
    /// on the way counts neither as arrived nor as lost.
    pub fn move_to(&mut self, packet_bytes_max: usize) {
        self.sent.clear();
        self.parts.clear();
        self.words = 0;
        self.packet_bytes_max = packet_bytes_max;
        self.budget.move_on();
    }

    /// The transport knows, or no longer knows, how much the way to the client takes.
    pub fn heard_of_path(&mut self, bytes_per_s: Option<u32>) {
        self.budget.path(bytes_per_s);
    }

    /// The client knows nothing any more.
    pub fn forget(&mut self) {
        self.era = self.era.wrapping_add(1);
        self.subs.clear();
        self.farewells.clear();
        self.backlog.clear();
        self.sent.clear();
        self.parts.clear();
        self.words = 0;
        self.partials.clear();
        self.acked_any = false;
        self.looked = false;
        self.packet_told = 0;
        self.own = OwnTold::default();
    }

    /// Ticks after which what was not acknowledged is told again, although nothing changed.
    pub(super) fn patience(&self) -> u32 {
        let delay = self.delay_8 / 8;
        delay + delay / 2 + 2
    }

    /// Takes in what the client has applied. Packets that were never sent count for nothing.
    /// `first_tick` orders what the client sends, which may overtake each other.
    pub fn acknowledge(&mut self, ack: Ack, first_tick: u32, tick: u32) {
        let is_newest = first_tick >= self.newest_message;
        self.newest_message = self.newest_message.max(first_tick);
        if ack.newest == 0 {
            // Before the first acknowledgement this says nothing new.
            if self.acked_any && is_newest {
                self.forget();
            }
            return;
        }
        if self.sent.back().is_none_or(|newest| ack.newest > newest.number) {
            return;
        }
        let mut first_word = 0;
        for index in 0..self.sent.len() {
            let packet = self.sent[index];
            let end = first_word + packet.words as usize;
            if !packet.arrived && ack.names(packet.number) {
                self.acked_any = true;
                self.sent[index].arrived = true;
                self.arrived(packet, first_word..end);
                if packet.number == ack.newest {
                    let delay_8 = (tick.saturating_sub(packet.tick)).min(64) * 8;
                    self.delay_8 = (self.delay_8 * 7 + delay_8) / 8;
                    self.budget.took(tick.saturating_sub(packet.tick));
                }
            }
            first_word = end;
        }
        while self.sent.front().is_some_and(|oldest| oldest.arrived) {
            self.drop_oldest();
        }
    }

    fn arrived(&mut self, packet: SentPacket, words: std::ops::Range<usize>) {
        self.budget.arrived(packet.bytes.into());
        let mut words = self.parts.range(words);
        while let Some(SentPart(word)) = words.next() {
            let cut = if word & 1 == 1 { words.next() } else { None };
            let sub = self.subs.get_mut((word >> 3) as usize);
            // What was sent before this leaf took the place of another one was of that one.
            let Some(sub) = sub.filter(|sub| sub.leaf_id != 0 && sub.since <= packet.tick) else {
                continue;
            };
            let is_whole = cut.is_none_or(|SentPart(range)| {
                let slots = slots((range >> 8) as u8, *range as u8);
                completes(&mut self.partials, sub.leaf_id, packet.tick, slots)
            });
            if is_whole {
                sub.arrived(packet.tick, (word >> 1 & 3) as u8);
            }
        }
        self.farewells.retain(|farewell| farewell.packet != packet.number);
        self.own.arrived_serial = self.own.arrived_serial.max(packet.own);
    }

    fn drop_oldest(&mut self) {
        if let Some(oldest) = self.sent.pop_front() {
            self.parts.drain(..oldest.words as usize);
            if !oldest.arrived {
                self.budget.lost();
            }
        }
    }

    /// What lies too far back will not be acknowledged any more.
    pub(super) fn give_up(&mut self, tick: u32) {
        let oldest = tick.saturating_sub(BASELINE_TICKS_MAX as u32);
        while self.sent.len() > PACKETS_IN_FLIGHT_MAX
            || self.sent.front().is_some_and(|packet| packet.tick < oldest)
        {
            self.drop_oldest();
        }
    }

    /// Counts how often all was forgotten.
    pub(super) fn era(&self) -> u8 {
        self.era
    }

    /// The number of the packet that is being written.
    pub(super) fn next_number(&self) -> u32 {
        self.numbers + 1
    }

    /// A number for a leaf that the client was not told of yet.
    pub(super) fn next_leaf_number(&mut self) -> u32 {
        self.leaf_numbers += 1;
        self.leaf_numbers
    }

    /// A part of a block of a leaf goes out in the packet that is being written.
    #[inline]
    pub(super) fn note_part(&mut self, leaf: u32, level: u8, part: &Part) {
        let is_cut = part.lo != 0 || usize::from(part.hi) != SLOTS;
        self.parts.push_back(SentPart::new(leaf, level, is_cut));
        self.words += 1;
        if is_cut {
            self.parts.push_back(SentPart::slots(part.lo, part.hi));
            self.words += 1;
        }
    }

    /// The packet that was being written goes out.
    pub(super) fn note_packet(&mut self, tick: u32, tells_own: bool, bytes: usize) {
        self.numbers += 1;
        let words = std::mem::take(&mut self.words);
        self.packet_told = tick;
        let own = if tells_own { self.own.serial } else { 0 };
        let number = self.numbers;
        let bytes = u16::try_from(bytes).unwrap_or(u16::MAX);
        self.sent.push_back(SentPacket { number, tick, words, own, bytes, arrived: false });
        if tells_own {
            (self.own.told, self.own.told_serial) = (tick, own);
        }
    }

    /// Whether the own state must be told now.
    pub(super) fn owes_own(&mut self, state: &OwnState, tick: u32) -> bool {
        let bits = |state: &OwnState| {
            let OwnState { position_m, velocity_mps, flags, airborne_ticks, teleports } = *state;
            let numbers = [position_m, velocity_mps].map(|all| all.map(f32::to_bits));
            (numbers, flags, airborne_ticks, teleports)
        };
        if self.own.state.as_ref().map(bits) != Some(bits(state)) {
            self.own.state = Some(*state);
            self.own.serial += 1;
        }
        let own = self.own;
        own.arrived_serial != own.serial
            && (own.told_serial != own.serial || tick >= own.told + self.patience())
    }

    /// Whether the client is known to have the own state as it is.
    pub(super) fn has_own(&self) -> bool {
        self.own.arrived_serial == self.own.serial
    }
}

/// Whether these parts are the last that were missing.
fn completes(partials: &mut Vec<Partial>, leaf_id: u32, tick: u32, slots: u64) -> bool {
    let oldest = tick.saturating_sub(BASELINE_TICKS_MAX as u32);
    partials.retain(|partial| partial.tick >= oldest);
    let same = |partial: &Partial| partial.leaf_id == leaf_id && partial.tick == tick;
    match partials.iter().position(same) {
        Some(index) => {
            partials[index].slots |= slots;
            let complete = partials[index].slots == u64::MAX;
            if complete {
                partials.swap_remove(index);
            }
            complete
        }
        None => {
            partials.push(Partial { leaf_id, tick, slots });
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(sub: &Sub, tick: u32) -> (u32, [u32; 2]) {
        let times = sub.wanted(tick, 0).times();
        (times.age, times.gaps)
    }

    #[test]
    fn blocks_build_on_what_was_acknowledged_and_on_nothing_too_old() {
        let mut sub = Sub::default();
        assert_eq!(times(&sub, 10), (0, [0, 0]));
        sub.arrived(10, 0);
        assert_eq!(times(&sub, 12), (2, [0, 0]));
        sub.arrived(12, 0);
        assert_eq!(times(&sub, 13), (1, [2, 0]), "12, and 10 for want of an older one");
        for tick in [11, 14, 18] {
            sub.arrived(tick, 0);
        }
        assert_eq!(times(&sub, 19), (1, [4, 3]), "18, 14, 11");
        sub.arrived(17, 0);
        assert_eq!(times(&sub, 20), (2, [4, 3]), "what comes late changes nothing here");
        assert_eq!(times(&sub, 18 + 59), (59, [4, 0]), "the second lies too far back");
        assert_eq!(times(&sub, 18 + 63), (63, [0, 0]));
        assert_eq!(times(&sub, 18 + 64), (0, [0, 0]));
    }

    #[test]
    fn a_block_in_parts_counts_once_all_have_come() {
        let mut partials = Vec::new();
        assert!(!completes(&mut partials, 1, 10, slots(0, 40)));
        assert!(!completes(&mut partials, 1, 11, slots(40, 64)), "of another tick");
        assert!(!completes(&mut partials, 2, 10, slots(40, 64)), "of another leaf");
        assert!(completes(&mut partials, 1, 10, slots(40, 64)));
        let mut sub = Sub::default();
        sub.arrived(10, 0);
        sub.arrived(11, 2);
        assert_eq!((sub.level, times(&sub, 12)), (2, (1, [0, 0])), "levels are not mixed");
        assert!(sub.is_settled(11, 2) && !sub.is_settled(11, 0) && !sub.is_settled(12, 2));
    }

    #[test]
    fn acknowledgements_of_packets_never_sent_count_for_nothing() {
        let mut client = Client::new(100, 1_150, 1_000_000);
        client.acknowledge(Ack { newest: 101, before: [u32::MAX; 2] }, 5, 5);
        client.subs.push(Sub { leaf_id: 1, number: 1, ..Sub::default() });
        client.note_part(0, 0, &Part { lo: 0, hi: 64, start: 0, end: 0 });
        client.note_packet(5, false, 100);
        client.acknowledge(Ack { newest: 102, before: [u32::MAX; 2] }, 6, 6);
        client.acknowledge(Ack { newest: u32::MAX, before: [u32::MAX; 2] }, 6, 6);
        client.acknowledge(Ack { newest: 7, before: [u32::MAX; 2] }, 6, 6);
        client.acknowledge(Ack::default(), 6, 6);
        assert_eq!(client.subs[0].newest, 0);
        client.acknowledge(Ack { newest: 101, before: [0; 2] }, 7, 7);
        assert_eq!(client.subs[0].newest, 5);
        client.acknowledge(Ack::default(), 8, 8);
        assert!(client.subs.is_empty(), "the client says that it knows nothing any more");
    }
}

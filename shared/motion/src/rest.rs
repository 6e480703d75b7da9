//! Steps that change nothing are not taken twice.
//!
//! A step is a pure function of state, input, movers and proxies. Where no mover can reach and no
//! proxy is set, a state that one step left exactly as it was stays so for as long as the input is
//! the same: whoever stands still, or pushes into a corner (the dearest step there is), costs next
//! to nothing. The browser has one avatar and does without.

use vivarium_protocol::intent::{Input, buttons};

use crate::AvatarState;

/// Sets of places, a power of two: with four places each, a world full of people who stand hardly
/// ever has more of them in one set than there are places.
const SETS: usize = 2048;
/// Places of a set; the state that was learnt last replaces the one that was learnt first.
const PLACES: usize = 4;

#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    state: [u32; 8],
    held: [u8; 3],
}

impl Key {
    fn new(state: &AvatarState, input: &Input) -> Self {
        let held = [
            input.move_x.cast_unsigned(),
            input.move_z.cast_unsigned(),
            input.buttons & (buttons::JUMP | buttons::RUN),
        ];
        Self { state: state.bits(), held }
    }

    fn set(&self) -> usize {
        let words = self.state.iter().copied().chain(self.held.map(u32::from));
        let hash =
            words.fold(0x811c_9dc5, |hash: u32, word| (hash ^ word).wrapping_mul(0x0100_0193));
        ((hash >> 16) ^ hash) as usize % SETS
    }
}

/// What is known to be at rest in one world.
pub(crate) struct Resting {
    sets: Vec<[Option<Key>; PLACES]>,
}

impl Resting {
    pub(crate) fn new() -> Self {
        Self { sets: vec![[None; PLACES]; SETS] }
    }

    /// Whether a step is known to change nothing.
    pub(crate) fn knows(&self, state: &AvatarState, input: &Input) -> bool {
        let key = Key::new(state, input);
        self.sets[key.set()].contains(&Some(key))
    }

    /// Remembers a step if it changed nothing.
    pub(crate) fn learn(&mut self, before: &AvatarState, input: &Input, after: &AvatarState) {
        let key = Key::new(before, input);
        if key.state == after.bits() {
            let set = &mut self.sets[key.set()];
            set.rotate_right(1);
            set[0] = Some(key);
        }
    }
}

//! What an avatar carries from tick to tick.

use vivarium_protocol::snapshot::packet::{OwnState, own};

/// Everything of an avatar that the next step depends on. All of it is on the wire in
/// [`OwnState`], so that a client can go on from any state that the server sent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AvatarState {
    /// Centre of the capsule, metres.
    pub position_m: [f32; 3],
    /// Metres per second, without what a platform adds.
    pub velocity_mps: [f32; 3],
    /// Stands on something walkable.
    pub grounded: bool,
    /// The jump button was held in the last tick.
    pub jump_held: bool,
    /// Ticks since the avatar last stood, saturating; a jump counts as long enough to forbid
    /// another one.
    pub airborne_ticks: u8,
}

impl AvatarState {
    /// An avatar that has just appeared, with the capsule's centre at `position_m`.
    pub fn at(position_m: [f32; 3]) -> Self {
        Self { position_m, ..Self::default() }
    }

    /// The flags of [`OwnState`].
    pub fn flags(&self) -> u8 {
        let grounded = if self.grounded { own::GROUNDED } else { 0 };
        let jump_held = if self.jump_held { own::JUMP_HELD } else { 0 };
        grounded | jump_held
    }

    /// The state with its movement as exact bits: two ends agree when these are equal.
    pub fn bits(&self) -> [u32; 8] {
        let [px, py, pz] = self.position_m.map(f32::to_bits);
        let [vx, vy, vz] = self.velocity_mps.map(f32::to_bits);
        [px, py, pz, vx, vy, vz, u32::from(self.flags()), u32::from(self.airborne_ticks)]
    }

    /// The wire's form, with what only the server's bookkeeping knows.
    pub fn to_own(&self, teleports: u8) -> OwnState {
        OwnState {
            position_m: self.position_m,
            velocity_mps: self.velocity_mps,
            flags: self.flags(),
            airborne_ticks: self.airborne_ticks,
            teleports,
        }
    }
}

impl From<&OwnState> for AvatarState {
    fn from(own_state: &OwnState) -> Self {
        Self {
            position_m: own_state.position_m,
            velocity_mps: own_state.velocity_mps,
            grounded: own_state.flags & own::GROUNDED != 0,
            jump_held: own_state.flags & own::JUMP_HELD != 0,
            airborne_ticks: own_state.airborne_ticks,
        }
    }
}

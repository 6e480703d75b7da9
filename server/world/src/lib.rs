//! The simulation: deterministic, without IO and without a clock.
//!
//! Owns one world's state and the pipeline that ticks it. Invariant: the same [`WorldSpec`] and the
//! same inputs in the same ticks give the same [`Digest`] on every machine.

use vivarium_contract::{Digest, Phase, TickReport, WorldInput, WorldOutput, WorldSpec};

/// Why a world could not be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("object {object} ({name}): {reason}")]
pub struct WorldError {
    /// Index of the object in the document.
    pub object: u32,
    /// Its name, or its blueprint's.
    pub name: String,
    /// What is wrong.
    pub reason: String,
}

/// One world, ticked by its owner. Not `Send`: build it on the thread that ticks it.
pub struct Simulation {
    not_send: std::marker::PhantomData<*const ()>,
}

impl Simulation {
    /// Builds the world of a document.
    pub fn new(spec: &WorldSpec) -> Result<Self, WorldError> {
        let _ = spec;
        Ok(Self { not_send: std::marker::PhantomData })
    }

    /// The tick that ended last; 0 before the first.
    pub fn tick_number(&self) -> u32 {
        0
    }

    /// Advances by one tick. `probe` is called at the end of each phase, so that the host can time
    /// them. What leaves the world is appended to `outputs`.
    pub fn tick(
        &mut self,
        inputs: Vec<WorldInput>,
        outputs: &mut Vec<WorldOutput>,
        probe: &mut dyn FnMut(Phase),
    ) -> TickReport {
        let _ = (inputs, outputs, probe);
        TickReport::default()
    }

    /// The state in one number.
    pub fn digest(&self) -> Digest {
        Digest([0; 32])
    }
}

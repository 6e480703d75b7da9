//! Traces of the layout *cubes901*: per frame 901 records of eight little-endian `i32`: index of the
//! largest component of the rotation (0 to 3), the three others (0 to 511), the position in 1/512 m,
//! and whether the cube touches the player (0 or 1).
//!
//! Invariant: a [`Trace`] holds whole frames with values in range.

use anyhow::{Result, bail, ensure};

/// Cubes of a frame; the first is the player's.
pub const CUBES: usize = 901;
/// Fields of a cube in the file.
pub const FIELDS: usize = 8;
/// Largest distance from the origin along an axis, in 1/512 m: 65 km.
pub const POSITION_MAX: i32 = 1 << 25;

const NAMES: [&str; FIELDS] =
    ["largest of the rotation", "a", "b", "c", "x", "y", "z", "interacting"];

/// One cube, in the order of the file.
pub type Cube = [i32; FIELDS];

/// Frames of cubes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    cubes: Vec<Cube>,
}

impl Trace {
    /// Reads a whole file; fails when it is not of this layout, and tells where.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        const FRAME_BYTES: usize = CUBES * FIELDS * 4;
        ensure!(!bytes.is_empty(), "the trace is empty: it should hold frames of {FRAME_BYTES} B");
        ensure!(
            bytes.len().is_multiple_of(FRAME_BYTES),
            "the trace has {} B, which is not a whole number of frames of {FRAME_BYTES} B \
             ({CUBES} cubes of {FIELDS} numbers of 4 B)",
            bytes.len(),
        );
        let mut cubes = Vec::with_capacity(bytes.len() / (FIELDS * 4));
        for (index, record) in bytes.chunks_exact(FIELDS * 4).enumerate() {
            let mut cube = [0; FIELDS];
            for (field, bytes) in cube.iter_mut().zip(record.as_chunks::<4>().0) {
                *field = i32::from_le_bytes(*bytes);
            }
            check(&cube, index)?;
            cubes.push(cube);
        }
        Ok(Self { cubes })
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.cubes.iter().flatten().flat_map(|field| field.to_le_bytes()).collect()
    }

    /// Adds a frame; fails when a value is out of range.
    pub fn push(&mut self, frame: &[Cube; CUBES]) -> Result<()> {
        for cube in frame {
            check(cube, self.cubes.len())?;
            self.cubes.push(*cube);
        }
        Ok(())
    }

    /// How many frames there are.
    pub fn frame_count(&self) -> usize {
        self.cubes.len() / CUBES
    }

    /// The cubes of a frame.
    pub fn frame(&self, index: usize) -> &[Cube] {
        &self.cubes[index * CUBES..(index + 1) * CUBES]
    }
}

fn check(cube: &Cube, index: usize) -> Result<()> {
    let ranges = [
        (0, 3),
        (0, 511),
        (0, 511),
        (0, 511),
        (-POSITION_MAX, POSITION_MAX),
        (-POSITION_MAX, POSITION_MAX),
        (-POSITION_MAX, POSITION_MAX),
        (0, 1),
    ];
    for ((value, (min, max)), name) in cube.iter().zip(ranges).zip(NAMES) {
        if !(min..=max).contains(value) {
            bail!(
                "frame {}, cube {}: {name} is {value}, but must be {min} to {max}",
                index / CUBES,
                index % CUBES,
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_trace_is_told() {
        let told = |bytes: &[u8]| Trace::parse(bytes).unwrap_err().to_string();
        assert!(told(&[]).contains("empty"));
        assert!(told(&[0; 100]).contains("100 B, which is not a whole number of frames"));
        let mut trace = Trace::default();
        trace.push(&[[0; FIELDS]; CUBES]).unwrap();
        let mut bytes = trace.to_bytes();
        assert_eq!(Trace::parse(&bytes).unwrap(), trace);
        bytes[32 + 4..32 + 8].copy_from_slice(&512_i32.to_le_bytes());
        assert_eq!(told(&bytes), "frame 0, cube 1: a is 512, but must be 0 to 511");
    }
}

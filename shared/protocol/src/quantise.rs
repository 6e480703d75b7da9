//! Units of the quantised fields, and the conversions to and from metres and quaternions.
//!
//! The TypeScript client repeats the way back (`replica/quantise.ts`); golden frames keep both in step.

/// Steps per metre of positions.
pub const POSITION_STEPS_PER_M: f32 = 512.0;
/// Farthest coordinate that can be told, metres; what lies beyond is clamped.
pub const POSITION_M_MAX: f32 = 65_536.0;
/// Largest magnitude of a small component of a quaternion (smallest-three encoding).
pub const ROTATION_STEPS: f32 = 511.0;

/// Metres to steps; a value that is not a number becomes 0.
pub fn position(metres: f32) -> i32 {
    let clamped = metres.clamp(-POSITION_M_MAX, POSITION_M_MAX);
    // Saturating cast: NaN becomes 0.
    (clamped * POSITION_STEPS_PER_M).round() as i32
}

/// Steps to metres.
pub fn position_m(steps: i32) -> f32 {
    steps as f32 / POSITION_STEPS_PER_M
}

/// A unit quaternion (x, y, z, w) as the index of its largest component and the three others in
/// order, scaled so that ±1/sqrt(2) is ±[`ROTATION_STEPS`] (Fiedler, "Snapshot Compression").
pub fn rotation(quaternion: [f32; 4]) -> [i32; 4] {
    let mut largest = 0;
    for index in 1..4 {
        if quaternion[index].abs() > quaternion[largest].abs() {
            largest = index;
        }
    }
    let sign = if quaternion[largest] < 0.0 { -1.0 } else { 1.0 };
    let mut packed = [largest as i32, 0, 0, 0];
    let mut next = 1;
    for (index, component) in quaternion.iter().enumerate() {
        if index != largest {
            let scaled = component * sign * std::f32::consts::SQRT_2 * ROTATION_STEPS;
            packed[next] = scaled.clamp(-ROTATION_STEPS, ROTATION_STEPS).round() as i32;
            next += 1;
        }
    }
    packed
}

/// The way back from [`rotation`]; always a unit quaternion, whatever the input.
pub fn rotation_quaternion(packed: [i32; 4]) -> [f32; 4] {
    let largest = packed[0].clamp(0, 3) as usize;
    let mut quaternion = [0.0; 4];
    let mut rest = 1.0_f32;
    let mut next = 1;
    for (index, component) in quaternion.iter_mut().enumerate() {
        if index != largest {
            let small = packed[next] as f32 / (ROTATION_STEPS * std::f32::consts::SQRT_2);
            let small =
                small.clamp(-std::f32::consts::FRAC_1_SQRT_2, std::f32::consts::FRAC_1_SQRT_2);
            *component = small;
            rest -= small * small;
            next += 1;
        }
    }
    quaternion[largest] = rest.max(0.0).sqrt();
    let length = quaternion.iter().map(|c| c * c).sum::<f32>().sqrt();
    quaternion.map(|c| c / length)
}

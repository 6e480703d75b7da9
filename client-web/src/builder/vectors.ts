/** Vectors and rotations of the builder. Plain tuples, nothing is changed in place. */

export type Vec3 = [number, number, number];
/** Unit quaternion x, y, z, w. */
export type Quat = [number, number, number, number];

export const NO_TURN: Quat = [0, 0, 0, 1];

export const add = (a: Vec3, b: Vec3): Vec3 => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const subtract = (a: Vec3, b: Vec3): Vec3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const times = (a: Vec3, b: Vec3): Vec3 => [a[0] * b[0], a[1] * b[1], a[2] * b[2]];
export const scaled = (a: Vec3, by: number): Vec3 => [a[0] * by, a[1] * by, a[2] * by];
export const dot = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const lengthOf = (a: Vec3): number => Math.hypot(a[0], a[1], a[2]);
export const inverse = (q: Quat): Quat => [-q[0], -q[1], -q[2], q[3]];

export function multiply(a: Quat, b: Quat): Quat {
  const [ax, ay, az, aw] = a;
  const [bx, by, bz, bw] = b;
  return [
    aw * bx + ax * bw + ay * bz - az * by,
    aw * by - ax * bz + ay * bw + az * bx,
    aw * bz + ax * by - ay * bx + az * bw,
    aw * bw - ax * bx - ay * by - az * bz,
  ];
}

/** `v` turned by `q`. */
export function turned(v: Vec3, q: Quat): Vec3 {
  const [x, y, z, w] = q;
  const tx = 2 * (y * v[2] - z * v[1]);
  const ty = 2 * (z * v[0] - x * v[2]);
  const tz = 2 * (x * v[1] - y * v[0]);
  return [
    v[0] + w * tx + y * tz - z * ty,
    v[1] + w * ty + z * tx - x * tz,
    v[2] + w * tz + x * ty - y * tx,
  ];
}

/** Of length one; a turn of length zero is none. */
export function unit(q: Quat): Quat {
  const length = Math.hypot(...q);
  if (!(length > 1e-9)) return [...NO_TURN];
  return [q[0] / length, q[1] / length, q[2] / length, q[3] / length];
}

/** Rounded to what matters, so that what is sent and shown is short. */
export const rounded = (v: Vec3): Vec3 => [tidy(v[0]), tidy(v[1]), tidy(v[2])];

/** To a hundredth of a millimetre; never -0. */
export function tidy(value: number): number {
  return Math.round(value * 1e5) / 1e5 + 0;
}

const RAD_PER_DEG = Math.PI / 180;

/**
 * Degrees about x, y and z of a rotation, applied in the order y, x, z (turn, nod, tilt), as people
 * read them off things that stand. `x` is from -90 to 90.
 */
export function toDegrees(q: Quat): Vec3 {
  const [x, y, z, w] = unit(q);
  const sine = 2 * (w * x - y * z);
  if (Math.abs(sine) > 0.999999) {
    // Looking straight up or down, turn and tilt are the same: all of it counts as turn.
    const about = 2 * Math.atan2(y, w);
    return [Math.sign(sine) * 90, degrees(about), 0];
  }
  return [
    degrees(Math.asin(sine)),
    degrees(Math.atan2(2 * (x * z + w * y), 1 - 2 * (x * x + y * y))),
    degrees(Math.atan2(2 * (x * y + w * z), 1 - 2 * (x * x + z * z))),
  ];
}

/** The rotation of degrees about x, y and z in the order y, x, z. */
export function fromDegrees([x, y, z]: Vec3): Quat {
  const about = (axis: 0 | 1 | 2, angle: number): Quat => {
    const half = (angle * RAD_PER_DEG) / 2;
    const q: Quat = [0, 0, 0, Math.cos(half)];
    q[axis] = Math.sin(half);
    return q;
  };
  return unit(multiply(multiply(about(1, y), about(0, x)), about(2, z)));
}

function degrees(rad: number): number {
  const whole = Math.round((rad / RAD_PER_DEG) * 1e3) / 1e3;
  // From -180 (excluded) to 180.
  const wrapped = whole > 180 ? whole - 360 : whole <= -180 ? whole + 360 : whole;
  return wrapped + 0;
}

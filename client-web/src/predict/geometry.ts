/**
 * Vectors and quaternions in `f32`: `shared/motion/src/geometry.rs`, operation by operation. Every
 * result goes through `Math.fround`, which gives the bits that Rust gets.
 */
const f = Math.fround;

export type Vec3 = [number, number, number];
export type Quat = [number, number, number, number];

export const NO_ROTATION: Readonly<Quat> = [0, 0, 0, 1];

/** Numbers of a document, which JSON gives in double precision. */
export function vec3(numbers: readonly number[]): Vec3 {
  return [f(numbers[0]), f(numbers[1]), f(numbers[2])];
}

export function quat(numbers: readonly number[]): Quat {
  return [f(numbers[0]), f(numbers[1]), f(numbers[2]), f(numbers[3])];
}

export function add(a: Vec3, b: Vec3): Vec3 {
  return [f(a[0] + b[0]), f(a[1] + b[1]), f(a[2] + b[2])];
}

export function subtract(a: Vec3, b: Vec3): Vec3 {
  return [f(a[0] - b[0]), f(a[1] - b[1]), f(a[2] - b[2])];
}

export function scale(a: Vec3, b: Vec3): Vec3 {
  return [f(a[0] * b[0]), f(a[1] * b[1]), f(a[2] * b[2])];
}

export function length(v: Vec3): number {
  return f(Math.sqrt(f(f(f(v[0] * v[0]) + f(v[1] * v[1])) + f(v[2] * v[2]))));
}

/** `a * b` of quaternions. */
export function multiply(a: Quat, b: Quat): Quat {
  const [ax, ay, az, aw] = a;
  const [bx, by, bz, bw] = b;
  return [
    f(f(f(f(aw * bx) + f(ax * bw)) + f(ay * bz)) - f(az * by)),
    f(f(f(f(aw * by) - f(ax * bz)) + f(ay * bw)) + f(az * bx)),
    f(f(f(f(aw * bz) + f(ax * by)) - f(ay * bx)) + f(az * bw)),
    f(f(f(f(aw * bw) - f(ax * bx)) - f(ay * by)) - f(az * bz)),
  ];
}

/** `v` turned by the unit quaternion `q`. */
export function rotate(q: Quat, v: Vec3): Vec3 {
  const [x, y, z, w] = q;
  const tx = f(2 * f(f(y * v[2]) - f(z * v[1])));
  const ty = f(2 * f(f(z * v[0]) - f(x * v[2])));
  const tz = f(2 * f(f(x * v[1]) - f(y * v[0])));
  return [
    f(f(v[0] + f(w * tx)) + f(f(y * tz) - f(z * ty))),
    f(f(v[1] + f(w * ty)) + f(f(z * tx) - f(x * tz))),
    f(f(v[2] + f(w * tz)) + f(f(x * ty) - f(y * tx))),
  ];
}

/** `q` at unit length; no rotation when it has no direction. */
export function normalise(q: Quat): Quat {
  const square = f(f(f(f(q[0] * q[0]) + f(q[1] * q[1])) + f(q[2] * q[2])) + f(q[3] * q[3]));
  const norm = f(Math.sqrt(square));
  if (!(norm > f(1.0e-6) && Number.isFinite(norm))) return [0, 0, 0, 1];
  return [f(q[0] / norm), f(q[1] / norm), f(q[2] / norm), f(q[3] / norm)];
}

export function isZero(v: Vec3): boolean {
  return v[0] === 0 && v[1] === 0 && v[2] === 0;
}

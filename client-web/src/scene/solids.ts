/**
 * Builds the meshes of primitive solids as plain arrays.
 *
 * Texture coordinates are metres along the surface, so that a pattern has the same grain on every
 * object however large it is. Pure; knows no three.js.
 */

/** A triangle mesh in metres. */
export interface Solid {
  positions: number[];
  normals: number[];
  /** Metres along the surface. */
  uvs: number[];
  indices: number[];
  /** Linear RGB factors per vertex; absent: white. */
  colours?: number[];
}

/** Widest bevel of a box, metres. */
const BEVEL_M = 0.025;

/**
 * A box with bevelled edges. Each corner has one vertex per face with that face's normal, so the
 * bevels shade as if they were round while the faces stay flat: 24 vertices in all.
 */
export function boxSolid(size: readonly [number, number, number], bevelled = true): Solid {
  const half = size.map((edge) => edge / 2);
  const smallest = Math.min(...size);
  const bevel = bevelled ? Math.min(BEVEL_M, smallest * 0.12) : 0;
  const solid: Solid = { positions: [], normals: [], uvs: [], indices: [] };
  // Vertex of (corner, axis): corner bits 0, 1, 2 are the signs of x, y, z.
  for (let corner = 0; corner < 8; corner++) {
    for (let axis = 0; axis < 3; axis++) {
      const point = [0, 0, 0];
      const normal = [0, 0, 0];
      for (let k = 0; k < 3; k++) {
        const sign = (corner >> k) & 1 ? 1 : -1;
        point[k] = sign * ((half[k] ?? 0) - (k === axis ? 0 : bevel));
        if (k === axis) normal[k] = sign;
      }
      solid.positions.push(...point);
      solid.normals.push(...normal);
      const [x = 0, y = 0, z = 0] = point;
      // Measured from an edge, so that whole tiles begin there. Sides have v upwards.
      const [hx = 0, hy = 0, hz = 0] = half;
      if (axis === 0) solid.uvs.push(hz - z * (normal[0] ?? 1), y + hy);
      else if (axis === 1) solid.uvs.push(x + hx, hz - z * (normal[1] ?? 1));
      else solid.uvs.push(hx + x * (normal[2] ?? 1), y + hy);
    }
  }
  const vertex = (corner: number, axis: number) => corner * 3 + axis;
  const quad = (a: number, b: number, c: number, d: number) => {
    triangle(solid, a, b, c);
    triangle(solid, a, c, d);
  };
  for (let axis = 0; axis < 3; axis++) {
    const u = 1 << ((axis + 1) % 3);
    const v = 1 << ((axis + 2) % 3);
    for (const side of [0, 1 << axis]) {
      quad(
        vertex(side, axis),
        vertex(side | u, axis),
        vertex(side | u | v, axis),
        vertex(side | v, axis),
      );
    }
    if (bevel === 0) continue;
    // The edges along this axis join the faces of the two other axes.
    for (const edge of [0, u, v, u | v]) {
      const low = edge;
      const high = edge | (1 << axis);
      quad(
        vertex(low, (axis + 1) % 3),
        vertex(high, (axis + 1) % 3),
        vertex(high, (axis + 2) % 3),
        vertex(low, (axis + 2) % 3),
      );
    }
  }
  if (bevel > 0) {
    for (let corner = 0; corner < 8; corner++) {
      triangle(solid, vertex(corner, 0), vertex(corner, 1), vertex(corner, 2));
    }
  }
  return solid;
}

/** Adds a triangle, turned so that it faces away from the solid's origin side of its normals. */
function triangle(solid: Solid, a: number, b: number, c: number): void {
  const p = (vertex: number, k: number) => solid.positions[vertex * 3 + k] ?? 0;
  const n = (k: number) =>
    (solid.normals[a * 3 + k] ?? 0) +
    (solid.normals[b * 3 + k] ?? 0) +
    (solid.normals[c * 3 + k] ?? 0);
  const [ux, uy, uz] = [p(b, 0) - p(a, 0), p(b, 1) - p(a, 1), p(b, 2) - p(a, 2)];
  const [vx, vy, vz] = [p(c, 0) - p(a, 0), p(c, 1) - p(a, 1), p(c, 2) - p(a, 2)];
  const facing =
    (uy * vz - uz * vy) * n(0) + (uz * vx - ux * vz) * n(1) + (ux * vy - uy * vx) * n(2);
  if (facing >= 0) solid.indices.push(a, b, c);
  else solid.indices.push(a, c, b);
}

/** A point of an outline that is turned about the y axis, from the bottom to the top. */
export interface OutlinePoint {
  radius: number;
  y: number;
  /** Normal in the plane of the outline. */
  nr: number;
  ny: number;
}

/** The solid of revolution of an outline; `segments` around. */
export function turnedSolid(outline: readonly OutlinePoint[], segments: number): Solid {
  const solid: Solid = { positions: [], normals: [], uvs: [], indices: [] };
  const widest = Math.max(...outline.map((point) => point.radius));
  let along = 0;
  outline.forEach((point, row) => {
    const before = outline[row - 1];
    if (before) along += Math.hypot(point.radius - before.radius, point.y - before.y);
    for (let s = 0; s <= segments; s++) {
      const angle = (s / segments) * Math.PI * 2;
      const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
      solid.positions.push(point.radius * sin, point.y, point.radius * cos);
      solid.normals.push(point.nr * sin, point.ny, point.nr * cos);
      solid.uvs.push(angle * widest, along);
    }
  });
  const width = segments + 1;
  for (let row = 0; row + 1 < outline.length; row++) {
    // A point and its successor may coincide where the normal jumps (the rim of a cylinder).
    for (let s = 0; s < segments; s++) {
      const a = row * width + s;
      if ((outline[row]?.radius ?? 0) > 0) solid.indices.push(a, a + 1, a + width);
      if ((outline[row + 1]?.radius ?? 0) > 0) {
        solid.indices.push(a + 1, a + width + 1, a + width);
      }
    }
  }
  return solid;
}

export function ballSolid(radius: number, segments: number): Solid {
  return turnedSolid(arc(0, radius, -Math.PI / 2, Math.PI / 2, Math.ceil(segments / 2)), segments);
}

/** `height` is the whole height, caps included. */
export function capsuleSolid(radius: number, height: number, segments: number): Solid {
  const straight = Math.max(0, height / 2 - radius);
  const rows = Math.ceil(segments / 4);
  return turnedSolid(
    [
      ...arc(-straight, radius, -Math.PI / 2, 0, rows),
      ...arc(straight, radius, 0, Math.PI / 2, rows),
    ],
    segments,
  );
}

/** A cylinder, or with `topRadius` 0 a cone, with slightly rounded rims. */
export function cylinderSolid(
  radius: number,
  topRadius: number,
  height: number,
  segments: number,
): Solid {
  const half = height / 2;
  const slope = Math.hypot(height, radius - topRadius) || 1;
  const [nr, ny] = [height / slope, (radius - topRadius) / slope];
  const bevel = Math.min(BEVEL_M, radius * 0.12, height * 0.12);
  const outline: OutlinePoint[] = [
    { radius: 0, y: -half, nr: 0, ny: -1 },
    { radius: radius - bevel, y: -half, nr: 0, ny: -1 },
    { radius, y: -half + bevel, nr, ny },
  ];
  if (topRadius > bevel) {
    outline.push(
      { radius: topRadius, y: half - bevel, nr, ny },
      { radius: topRadius - bevel, y: half, nr: 0, ny: 1 },
      { radius: 0, y: half, nr: 0, ny: 1 },
    );
  } else {
    outline.push({ radius: 0.0001, y: half, nr, ny });
  }
  return turnedSolid(outline, segments);
}

/** Outline points of a circular arc about (0, y), angles from the horizontal. */
export function arc(
  y: number,
  radius: number,
  from: number,
  to: number,
  steps: number,
): OutlinePoint[] {
  const points: OutlinePoint[] = [];
  for (let step = 0; step <= steps; step++) {
    const angle = from + ((to - from) * step) / steps;
    const [nr, ny] = [Math.cos(angle), Math.sin(angle)];
    const pole = Math.abs(nr) < 1e-9;
    points.push({ radius: pole ? 0 : radius * nr, y: y + radius * ny, nr: pole ? 0 : nr, ny });
  }
  return points;
}

/** A flat-shaded mesh; texture coordinates are projected along the largest axis of the normal. */
export function facetedSolid(
  vertices: readonly (readonly number[])[],
  triangles: readonly (readonly number[])[],
): Solid {
  const solid: Solid = { positions: [], normals: [], uvs: [], indices: [] };
  for (const corners of triangles) {
    const [a, b, c] = corners.map((index) => vertices[index] ?? [0, 0, 0]);
    if (!a || !b || !c) continue;
    const normal = faceNormal(a, b, c);
    if (!normal) continue;
    const first = solid.positions.length / 3;
    for (const point of [a, b, c]) {
      const [x = 0, y = 0, z = 0] = point;
      solid.positions.push(x, y, z);
      solid.normals.push(...normal);
      const [nx, ny, nz] = normal.map(Math.abs) as [number, number, number];
      if (ny >= nx && ny >= nz) solid.uvs.push(x, z);
      else if (nx >= nz) solid.uvs.push(z, y);
      else solid.uvs.push(x, y);
    }
    solid.indices.push(first, first + 1, first + 2);
  }
  return solid;
}

function faceNormal(
  a: readonly number[],
  b: readonly number[],
  c: readonly number[],
): [number, number, number] | null {
  const d = (p: readonly number[], k: number) => (p[k] ?? 0) - (a[k] ?? 0);
  const x = d(b, 1) * d(c, 2) - d(b, 2) * d(c, 1);
  const y = d(b, 2) * d(c, 0) - d(b, 0) * d(c, 2);
  const z = d(b, 0) * d(c, 1) - d(b, 1) * d(c, 0);
  const length = Math.hypot(x, y, z);
  return length > 1e-12 ? [x / length, y / length, z / length] : null;
}

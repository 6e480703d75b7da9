// Low-poly models as binary glTF 2.0: flat-shaded triangles with vertex colours. Each part is a
// material of its own; the renderer lets those called "leaf" or "grass" sway in the wind.

import { writeAsset } from "./lib.mjs";

/** Collects coloured triangles. */
export class Mesh {
  constructor(part = "solid") {
    this.parts = [];
    this.part(part);
  }

  /** What follows belongs to the part (material) of this name. */
  part(name) {
    this.current = this.parts.find((part) => part.name === name);
    if (this.current === undefined) {
      this.current = { name, positions: [], colours: [] };
      this.parts.push(this.current);
    }
    return this;
  }

  /** One triangle, counter-clockwise from outside. */
  triangle(a, b, c, colour) {
    this.current.positions.push(a, b, c);
    const linear = linearColour(colour);
    this.current.colours.push(linear, linear, linear);
  }

  quad(a, b, c, d, colour) {
    this.triangle(a, b, c, colour);
    this.triangle(a, c, d, colour);
  }

  box([x, y, z], [cx, cy, cz], colour) {
    const [w, h, d] = [x / 2, y / 2, z / 2];
    const at = (i, j, k) => [cx + i * w, cy + j * h, cz + k * d];
    this.quad(at(-1, -1, 1), at(1, -1, 1), at(1, 1, 1), at(-1, 1, 1), colour);
    this.quad(at(1, -1, -1), at(-1, -1, -1), at(-1, 1, -1), at(1, 1, -1), colour);
    this.quad(at(1, -1, 1), at(1, -1, -1), at(1, 1, -1), at(1, 1, 1), colour);
    this.quad(at(-1, -1, -1), at(-1, -1, 1), at(-1, 1, 1), at(-1, 1, -1), colour);
    this.quad(at(-1, 1, 1), at(1, 1, 1), at(1, 1, -1), at(-1, 1, -1), colour);
    this.quad(at(-1, -1, -1), at(1, -1, -1), at(1, -1, 1), at(-1, -1, 1), colour);
  }

  /**
   * A surface of revolution about y. `profile` runs along the outside from the bottom up as
   * `[radius, height]`; `colour` is one colour or a function of the ring's index.
   */
  lathe(profile, sides, colour, { centre = [0, 0, 0], jitter = () => 0, smooth = 1 } = {}) {
    const colourAt = typeof colour === "function" ? colour : () => colour;
    const rings = profile.map(([radius, y], ring) =>
      Array.from({ length: sides }, (_, side) => {
        const angle = (2 * Math.PI * side) / sides;
        const r = radius === 0 ? 0 : radius + jitter(ring, side);
        return [centre[0] + r * Math.sin(angle), centre[1] + y * smooth, centre[2] + r * Math.cos(angle)];
      }),
    );
    for (let ring = 0; ring + 1 < rings.length; ring += 1) {
      for (let side = 0; side < sides; side += 1) {
        const next = (side + 1) % sides;
        const [a, b] = [rings[ring][side], rings[ring][next]];
        const [c, d] = [rings[ring + 1][next], rings[ring + 1][side]];
        if (profile[ring][0] !== 0) this.triangle(a, b, c, colourAt(ring, side));
        if (profile[ring + 1][0] !== 0) this.triangle(a, c, d, colourAt(ring, side));
      }
    }
  }

  /** An icosphere whose corners are pushed in and out: foliage, boulders. */
  blob(centre, [rx, ry, rz], colour, rng, { rough = 0.12, detail = 1, shade = 0.1 } = {}) {
    const { corners, faces } = icosphere(detail);
    const pushed = corners.map((corner) => {
      const r = 1 + (rng() * 2 - 1) * rough;
      return [
        centre[0] + corner[0] * rx * r,
        centre[1] + corner[1] * ry * r,
        centre[2] + corner[2] * rz * r,
      ];
    });
    for (const [a, b, c] of faces) {
      const lift = (corners[a][1] + corners[b][1] + corners[c][1]) / 3;
      const light = 1 + lift * shade * 1.6 + (rng() * 2 - 1) * shade * 0.4;
      this.triangle(pushed[a], pushed[b], pushed[c], shaded(colour, light));
    }
    return pushed;
  }

  /** Writes the model and returns a line about it. */
  write(path) {
    const bytes = encode(this.parts.filter((part) => part.positions.length > 0));
    writeAsset(path, bytes);
    const triangles = this.parts.reduce((sum, part) => sum + part.positions.length / 3, 0);
    return `${path}: ${triangles} triangles, ${bytes.length} B`;
  }
}

/** A colour made lighter or darker by a factor. */
export function shaded(colour, factor) {
  const channel = (at) => Math.min(255, Math.round(parseInt(colour.slice(at, at + 2), 16) * factor));
  return `#${[1, 3, 5].map((at) => channel(at).toString(16).padStart(2, "0")).join("")}`;
}

/** A colour between two. */
export function mixed(from, to, share) {
  const channel = (at) => {
    const [a, b] = [parseInt(from.slice(at, at + 2), 16), parseInt(to.slice(at, at + 2), 16)];
    return Math.round(a + (b - a) * share).toString(16).padStart(2, "0");
  };
  return `#${[1, 3, 5].map(channel).join("")}`;
}

function linearColour(colour) {
  return [1, 3, 5].map((at) => {
    const s = parseInt(colour.slice(at, at + 2), 16) / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  });
}

function icosphere(detail) {
  const g = (1 + Math.sqrt(5)) / 2;
  let corners = [
    [-1, g, 0], [1, g, 0], [-1, -g, 0], [1, -g, 0], [0, -1, g], [0, 1, g],
    [0, -1, -g], [0, 1, -g], [g, 0, -1], [g, 0, 1], [-g, 0, -1], [-g, 0, 1],
  ].map(unit);
  let faces = [
    [0, 11, 5], [0, 5, 1], [0, 1, 7], [0, 7, 10], [0, 10, 11], [1, 5, 9], [5, 11, 4],
    [11, 10, 2], [10, 7, 6], [7, 1, 8], [3, 9, 4], [3, 4, 2], [3, 2, 6], [3, 6, 8],
    [3, 8, 9], [4, 9, 5], [2, 4, 11], [6, 2, 10], [8, 6, 7], [9, 8, 1],
  ];
  for (let level = 0; level < detail; level += 1) {
    const middles = new Map();
    const middle = (a, b) => {
      const key = a < b ? `${a} ${b}` : `${b} ${a}`;
      if (!middles.has(key)) {
        const [p, q] = [corners[a], corners[b]];
        corners.push(unit([p[0] + q[0], p[1] + q[1], p[2] + q[2]]));
        middles.set(key, corners.length - 1);
      }
      return middles.get(key);
    };
    faces = faces.flatMap(([a, b, c]) => {
      const [ab, bc, ca] = [middle(a, b), middle(b, c), middle(c, a)];
      return [[a, ab, ca], [b, bc, ab], [c, ca, bc], [ab, bc, ca]];
    });
  }
  return { corners, faces };
}

function unit([x, y, z]) {
  const length = Math.hypot(x, y, z);
  return [x / length, y / length, z / length];
}

function normal(a, b, c) {
  const [u, v] = [b, c].map((p) => [p[0] - a[0], p[1] - a[1], p[2] - a[2]]);
  const cross = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
  const length = Math.hypot(...cross);
  return length === 0 ? [0, 1, 0] : cross.map((n) => n / length);
}

/** One part's positions and normals as f32 and linear colours as normalised u16, end to end. */
function encodePart({ positions, colours }) {
  const count = positions.length;
  const binary = Buffer.alloc(count * 32);
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < count; i += 1) {
    const face = i - (i % 3);
    const n = normal(positions[face], positions[face + 1], positions[face + 2]);
    for (let axis = 0; axis < 3; axis += 1) {
      const p = Math.fround(positions[i][axis]);
      low[axis] = Math.min(low[axis], p);
      high[axis] = Math.max(high[axis], p);
      binary.writeFloatLE(p, i * 12 + axis * 4);
      binary.writeFloatLE(n[axis], count * 12 + i * 12 + axis * 4);
      binary.writeUInt16LE(Math.round(colours[i][axis] * 65535), count * 24 + i * 8 + axis * 2);
    }
    binary.writeUInt16LE(65535, count * 24 + i * 8 + 6);
  }
  return { binary, low, high, count };
}

/** A glTF of one mesh with one primitive and one material per part. */
function encode(parts) {
  const gltf = {
    asset: { version: "2.0", generator: "vivarium assets/make" },
    scene: 0,
    scenes: [{ nodes: [0] }],
    nodes: [{ mesh: 0 }],
    meshes: [{ primitives: [] }],
    materials: [],
    buffers: [{ byteLength: 0 }],
    bufferViews: [],
    accessors: [],
  };
  const binaries = parts.map((part, index) => {
    const { binary, low, high, count } = encodePart(part);
    const start = gltf.buffers[0].byteLength;
    gltf.buffers[0].byteLength += binary.length;
    const view = (byteOffset, byteLength) =>
      gltf.bufferViews.push({ buffer: 0, byteOffset: start + byteOffset, byteLength, target: 34962 }) - 1;
    const accessor = (fields) => gltf.accessors.push({ count, ...fields }) - 1;
    gltf.meshes[0].primitives.push({
      attributes: {
        POSITION: accessor({ bufferView: view(0, count * 12), componentType: 5126, type: "VEC3", min: low, max: high }),
        NORMAL: accessor({ bufferView: view(count * 12, count * 12), componentType: 5126, type: "VEC3" }),
        COLOR_0: accessor({
          bufferView: view(count * 24, count * 8), componentType: 5123, normalized: true, type: "VEC4",
        }),
      },
      material: index,
    });
    gltf.materials.push({
      name: part.name,
      pbrMetallicRoughness: { baseColorFactor: [1, 1, 1, 1], metallicFactor: 0, roughnessFactor: 0.9 },
    });
    return binary;
  });
  let json = JSON.stringify(gltf);
  while (json.length % 4 !== 0) json += " ";
  const chunk = (type, data) => {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(data.length, 0);
    head.write(type, 4, "latin1");
    return Buffer.concat([head, data]);
  };
  const body = Buffer.concat([
    chunk("JSON", Buffer.from(json)), chunk("BIN\0", Buffer.concat(binaries)),
  ]);
  const head = Buffer.alloc(12);
  head.write("glTF", 0, "latin1");
  head.writeUInt32LE(2, 4);
  head.writeUInt32LE(12 + body.length, 8);
  return Buffer.concat([head, body]);
}

// What the world scripts share: the palette, numbers, placing, and a builder of documents.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The palette, sRGB. Walkable ground is light and warm, obstacles are darker or more saturated. */
export const palette = {
  sandstone: "#e3d0a8",
  sandstoneDark: "#c2a878",
  terracotta: "#c8674a",
  brick: "#a9503c",
  cream: "#f6ecd6",
  sage: "#a3b18a",
  meadow: "#8fae62",
  moss: "#6f8f4e",
  forest: "#47704a",
  teal: "#2f8f8b",
  tealLight: "#7cc6bf",
  slate: "#55606b",
  slateDark: "#3c454e",
  wood: "#a9754a",
  woodDark: "#7a5233",
  honey: "#e9b44c",
  rose: "#d98a86",
  plum: "#7d5a7e",
  coral: "#ee8a6a",
  red: "#c8402f",
  sky: "#8fbcd8",
  white: "#fbf7ee",
};

export const assetsFolder = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Writes a file below `assets/`, making its folder. */
export function writeAsset(path, contents) {
  const file = join(assetsFolder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, contents);
}

/** A small seeded generator (mulberry32): the same worlds in every run. */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A number between `low` and `high`. */
export const between = (rng, low, high) => low + (high - low) * rng();

/** Short numbers keep documents small. */
export function round(value, digits = 3) {
  const factor = 10 ** digits;
  const rounded = Math.round(value * factor) / factor;
  return rounded === 0 ? 0 : rounded;
}

export const radians = (degrees) => (degrees * Math.PI) / 180;

/** Quaternion of a turn about an axis of unit length. */
export function turn(axis, degrees) {
  const half = radians(degrees) / 2;
  const s = Math.sin(half);
  return [axis[0] * s, axis[1] * s, axis[2] * s, Math.cos(half)];
}

export const turnX = (degrees) => turn([1, 0, 0], degrees);
export const turnY = (degrees) => turn([0, 1, 0], degrees);
export const turnZ = (degrees) => turn([0, 0, 1], degrees);

/** The turn `b` followed by the turn `a`. */
export function compose(a, b) {
  return [
    a[3] * b[0] + a[0] * b[3] + a[1] * b[2] - a[2] * b[1],
    a[3] * b[1] - a[0] * b[2] + a[1] * b[3] + a[2] * b[0],
    a[3] * b[2] + a[0] * b[1] - a[1] * b[0] + a[2] * b[3],
    a[3] * b[3] - a[0] * b[0] - a[1] * b[1] - a[2] * b[2],
  ];
}

// Shapes, as they stand in documents.
export const box = (x, y, z) => ({ box: { size_m: [x, y, z] } });
export const ball = (radius) => ({ ball: { radius_m: radius } });
export const cylinder = (radius, height) => ({ cylinder: { radius_m: radius, height_m: height } });
export const capsule = (radius, height) => ({ capsule: { radius_m: radius, height_m: height } });
export const cone = (radius, height) => ({ cone: { radius_m: radius, height_m: height } });
export const hull = (points) => ({ hull: { points_m: points } });
export const model = (path) => ({ model: { path } });
export const text = (words, height) => ({ text: { text: words, height_m: height } });
export const water = (x, z) => ({ water: { size_m: [x, z] } });
export const ownColliders = { collider: {} };

/** One drawn part. */
export function look(shape, material, offset = [0, 0, 0], rotation = undefined) {
  return { shape, material, offset_m: offset, rotation };
}

/** One collision shape. */
export function solid(shape, offset = [0, 0, 0], rotation = undefined, more = {}) {
  return { shape, offset_m: offset, rotation, ...more };
}

/** A part that is drawn as it collides: both lists get it. */
export function parts(list, more = {}) {
  return {
    visuals: list.map((part) => look(part.shape, part.material, part.offset, part.rotation)),
    colliders: list.map((part) => solid(part.shape, part.offset, part.rotation, more)),
  };
}

/** A part for [`parts`]. */
export const part = (shape, material, offset = [0, 0, 0], rotation = undefined) => ({
  shape,
  material,
  offset,
  rotation,
});

/** Corners of a ramp that rises from the ground at z = length/2 to `height` at z = -length/2. */
export function wedge(width, height, length) {
  const [w, l] = [width / 2, length / 2];
  return [
    [-w, 0, -l], [w, 0, -l], [-w, 0, l], [w, 0, l], [-w, height, -l], [w, height, -l],
  ];
}

/** Collects a document and writes it. */
export class World {
  constructor(head) {
    this.document = { version: 1, ...head, materials: {}, blueprints: {}, objects: [] };
    this.dynamic = 0;
  }

  material(name, colour, more = {}) {
    this.document.materials[name] = { colour, roughness: 0.9, ...more };
    return name;
  }

  blueprint(name, properties) {
    this.document.blueprints[name] = properties;
    return name;
  }

  /** Places a thing: `what` is a blueprint's name or properties of its own. */
  place(what, position, { name, rotation, scale, properties } = {}) {
    const blueprint = typeof what === "string" ? what : undefined;
    const own = blueprint === undefined ? what : properties;
    const base = blueprint === undefined ? {} : this.document.blueprints[blueprint];
    if (base === undefined) throw new Error(`no blueprint ${blueprint}`);
    if ((own?.body ?? base.body)?.kind === "dynamic") this.dynamic += 1;
    this.document.objects.push({
      name,
      blueprint,
      position_m: position,
      rotation,
      scale: typeof scale === "number" ? [scale, scale, scale] : scale,
      properties: own,
    });
  }

  spawn(name, position, heading = 0, radius = 0, onlyByName = false) {
    this.place(
      { spawn: { radius_m: radius, ...(onlyByName && { only_by_name: true }) } },
      position,
      { name, rotation: heading === 0 ? undefined : turnY(heading) },
    );
  }

  write() {
    const path = `worlds/${this.document.name}.json`;
    const json = stringify(this.document);
    writeAsset(path, json);
    return `${path}: ${this.document.objects.length} objects, ${this.dynamic} dynamic, ${json.length} B`;
  }
}

const long = new Set(["heights_m", "vertices_m"]);

/** JSON with one line per object, blueprint and material, and short numbers. */
function stringify(document) {
  const short = (value) =>
    JSON.stringify(value, (key, item) => {
      if (typeof item === "number") return round(item, 4);
      if (long.has(key)) return item.map((n) => (Array.isArray(n) ? n : round(n, 2)));
      return item;
    });
  const lines = Object.entries(document).map(([key, value]) => {
    if (Array.isArray(value)) return `"${key}": [\n${value.map(short).join(",\n")}\n]`;
    if (key === "materials" || key === "blueprints") {
      const entries = Object.entries(value).map(([name, item]) => `"${name}": ${short(item)}`);
      return `"${key}": {\n${entries.join(",\n")}\n}`;
    }
    return `"${key}": ${short(value)}`;
  });
  return `{\n${lines.join(",\n")}\n}\n`;
}

/**
 * Small drawings of things made of simple shapes, as polygons seen from the front right above.
 * Pure, and quick enough for a list of hundreds: no picture is rendered.
 */
import type { Material, Properties, Visual } from "../protocol/document";
import { add, dot, NO_TURN, type Quat, times, turned, type Vec3 } from "./vectors";
import type { Pose } from "./workbench";

export interface Face {
  /** Corners in the picture, y downwards. */
  points: readonly (readonly [number, number])[];
  colour: string;
  opacity: number;
}

export interface Drawing {
  faces: readonly Face[];
  /** x, y, width and height that hold all faces. */
  box: readonly [number, number, number, number];
}

interface Solid {
  corners: Vec3[];
  faces: number[][];
}

const SIDES = 14;
/** Faces beyond it are left out; they would not be seen in so small a picture. */
const FACES_MAX = 900;
const RIGHT: Vec3 = [0.8, 0, -0.6];
const TOWARDS: Vec3 = [0.53, 0.46, 0.71];
const UP: Vec3 = [-0.276, 0.885, -0.368];
const LIGHT: Vec3 = [0.3, 0.83, 0.47];
const GREY = "#c9c4b8";

/** Something that is drawn, and where it is. */
export interface Drawn {
  properties: Properties;
  pose: Pose;
}

const STILL: Pose = { position: [0, 0, 0], rotation: [...NO_TURN], scale: [1, 1, 1] };
/** Portals glow. */
const PORTAL: Material = { colour: "#7fe6da", emissive: "#7fe6da", opacity: 0.85 };

/** Null: nothing of it is made of simple shapes. */
export function drawingOf(
  properties: Properties,
  materials: Readonly<Record<string, Material>>,
): Drawing | null {
  return drawingOfAll([{ properties, pose: STILL }], materials);
}

/** Several things together. */
export function drawingOfAll(
  things: readonly Drawn[],
  materials: Readonly<Record<string, Material>>,
): Drawing | null {
  const drawn = things.flatMap(({ properties, pose }) => {
    const { visuals = [], colliders = [], portal } = properties;
    const faces = visuals.flatMap((visual) => {
      const material = visual.material ? materials[visual.material] : undefined;
      if ("collider" in visual.shape) {
        return colliders.flatMap(({ shape }) =>
          "hull" in shape ? outlineOf(shape.hull.points_m as Vec3[], pose, material) : [],
        );
      }
      const solid = solidOf(visual.shape);
      return solid === null ? [] : facesOf(visual, solid, material, pose);
    });
    if (!portal) return faces;
    const [width, height] = portal.size_m;
    const size_m: Vec3 = [width, height, 0.05];
    return [...faces, ...facesOf({ shape: { box: { size_m } } }, box(size_m), PORTAL, pose)];
  });
  const [first] = drawn;
  if (first === undefined) return null;
  drawn.sort((a, b) => a.depth - b.depth);
  const faces = drawn.slice(-FACES_MAX).map(({ face }) => face);
  const points = faces.flatMap((face) => face.points);
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const size = Math.max(Math.max(...xs) - left, Math.max(...ys) - top, 1e-3);
  const edge = size * 0.06;
  const middleX = (left + Math.max(...xs)) / 2;
  const middleY = (top + Math.max(...ys)) / 2;
  const half = size / 2 + edge;
  return { faces, box: [middleX - half, middleY - half, 2 * half, 2 * half] };
}

interface Deep {
  face: Face;
  /** How near it is. */
  depth: number;
}

function facesOf(
  visual: Visual,
  solid: Solid,
  material: Material | undefined,
  { position, rotation, scale }: Pose,
): Deep[] {
  const turn = (visual.rotation ?? NO_TURN) as Quat;
  const offset = (visual.offset_m ?? [0, 0, 0]) as Vec3;
  const corners = solid.corners.map((corner) => {
    const own = add(turned(corner, turn), offset);
    return add(turned(times(own, scale), rotation), position);
  });
  return solid.faces.flatMap((indices) => {
    const points = indices.map((index) => corners[index] ?? ([0, 0, 0] as Vec3));
    const normal = normalOf(points);
    if (dot(normal, TOWARDS) <= 0) return [];
    const depth = depthOf(points);
    const face: Face = {
      points: points.map(projected),
      colour: shaded(material?.emissive ?? material?.colour ?? GREY, shade(normal, material)),
      opacity: material?.opacity ?? 1,
    };
    return [{ face, depth }];
  });
}

const depthOf = (points: readonly Vec3[]): number =>
  points.reduce((sum, point) => sum + dot(point, TOWARDS), 0) / points.length;

const projected = (point: Vec3): readonly [number, number] => [
  round(dot(point, RIGHT)),
  round(-dot(point, UP)),
];

/** The hull of points as the one polygon that is its outline. */
function outlineOf(
  own: readonly Vec3[],
  { position, rotation, scale }: Pose,
  material: Material | undefined,
): Deep[] {
  const points = own.map((point) => add(turned(times(point, scale), rotation), position));
  const flat = points.map(projected).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const half = (all: readonly (readonly [number, number])[]) => {
    const kept: (readonly [number, number])[] = [];
    for (const point of all) {
      for (let a = kept.at(-2), b = kept.at(-1); a && b; a = kept.at(-2), b = kept.at(-1)) {
        const bend = (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0]);
        if (bend > 0) break;
        kept.pop();
      }
      kept.push(point);
    }
    return kept.slice(0, -1);
  };
  const outline = [...half(flat), ...half(flat.toReversed())];
  if (outline.length < 3) return [];
  const colour = shaded(material?.emissive ?? material?.colour ?? GREY, 0.86);
  const face: Face = { points: outline, colour, opacity: material?.opacity ?? 1 };
  return [{ face, depth: depthOf(points) }];
}

const round = (value: number): number => Math.round(value * 1e3) / 1e3;

function shade(normal: Vec3, material: Material | undefined): number {
  return material?.emissive ? 1 : 0.62 + 0.38 * Math.max(0, dot(normal, LIGHT));
}

function normalOf([a, b, c]: readonly Vec3[]): Vec3 {
  if (a === undefined || b === undefined || c === undefined) return [0, 0, 0];
  const u: Vec3 = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
  const v: Vec3 = [c[0] - a[0], c[1] - a[1], c[2] - a[2]];
  const n: Vec3 = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
  const length = Math.hypot(...n) || 1;
  return [n[0] / length, n[1] / length, n[2] / length];
}

function shaded(colour: string, by: number): string {
  const value = Number.parseInt(colour.slice(1), 16);
  const part = (shift: number): number => Math.round(((value >> shift) & 255) * by);
  return `rgb(${part(16)} ${part(8)} ${part(0)})`;
}

function solidOf(shape: Visual["shape"]): Solid | null {
  if ("box" in shape) return box(shape.box.size_m);
  if ("water" in shape) return box([shape.water.size_m[0], 0.05, shape.water.size_m[1]]);
  if ("text" in shape) {
    const { text, height_m } = shape.text;
    return box([Math.max(1, text.length) * height_m * 0.7, height_m, 0.03]);
  }
  if ("cylinder" in shape) {
    const { radius_m, height_m } = shape.cylinder;
    return turnedSolid([
      [0, -height_m / 2],
      [radius_m, -height_m / 2],
      [radius_m, height_m / 2],
      [0, height_m / 2],
    ]);
  }
  if ("cone" in shape) {
    const { radius_m, height_m } = shape.cone;
    return turnedSolid([
      [0, -height_m / 2],
      [radius_m, -height_m / 2],
      [0, height_m / 2],
    ]);
  }
  if ("ball" in shape) return turnedSolid(arc(shape.ball.radius_m, 0));
  if ("capsule" in shape) {
    const { radius_m, height_m } = shape.capsule;
    return turnedSolid(arc(radius_m, Math.max(0, height_m / 2 - radius_m)));
  }
  return null;
}

/** Half a circle from below to above, its halves `apart` from the middle. */
function arc(radius: number, apart: number): [number, number][] {
  return Array.from({ length: 11 }, (_, index): [number, number] => {
    const angle = ((index - 5) * Math.PI) / 10;
    const away = index < 5 ? -apart : index > 5 ? apart : 0;
    return [radius * Math.cos(angle), radius * Math.sin(angle) + away];
  });
}

function box(size: readonly number[]): Solid {
  const [x, y, z] = [(size[0] ?? 1) / 2, (size[1] ?? 1) / 2, (size[2] ?? 1) / 2];
  return {
    corners: [
      [-x, -y, -z],
      [x, -y, -z],
      [x, -y, z],
      [-x, -y, z],
      [-x, y, -z],
      [x, y, -z],
      [x, y, z],
      [-x, y, z],
    ],
    faces: [
      [0, 1, 2, 3],
      [7, 6, 5, 4],
      [3, 2, 6, 7],
      [1, 0, 4, 5],
      [2, 1, 5, 6],
      [0, 3, 7, 4],
    ],
  };
}

/** A profile (radius and height, from below) turned about y. */
function turnedSolid(profile: readonly (readonly [number, number])[]): Solid {
  const corners: Vec3[] = [];
  const faces: number[][] = [];
  for (const [radius, height] of profile) {
    for (let side = 0; side < SIDES; side += 1) {
      const angle = (side * 2 * Math.PI) / SIDES;
      corners.push([radius * Math.sin(angle), height, radius * Math.cos(angle)]);
    }
  }
  for (let ring = 0; ring + 1 < profile.length; ring += 1) {
    for (let side = 0; side < SIDES; side += 1) {
      const next = (side + 1) % SIDES;
      const [low, high] = [ring * SIDES, (ring + 1) * SIDES];
      const isTip = (profile[ring]?.[0] ?? 0) === 0;
      // Where a ring is a point, two corners are one: the other three make the face.
      if (isTip) faces.push([low + side, high + next, high + side]);
      else faces.push([low + side, low + next, high + next, high + side]);
    }
  }
  return { corners, faces };
}

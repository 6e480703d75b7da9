/**
 * How the parts of avatars are put together: solids, each placed, turned and coloured, in one mesh.
 *
 * Every vertex has a colour of its own and two weights: how much it takes the body colour and how
 * much the accent.
 */
import {
  BufferAttribute,
  BufferGeometry,
  Color,
  Euler,
  Matrix3,
  Matrix4,
  Quaternion,
  Vector3,
} from "three";
import { ballSolid, type Solid, turnedSolid } from "../solids";

type Tint = "fixed" | "body" | "accent";

/** One mesh under construction. */
export class Sculpture {
  #positions: number[] = [];
  #normals: number[] = [];
  #colours: number[] = [];
  #tints: number[] = [];
  #indices: number[] = [];

  /** `shade` darkens by position (after placing), for soft self-shadowing. */
  add(
    solid: Solid,
    colour: string,
    tint: Tint,
    at: readonly [number, number, number] = [0, 0, 0],
    size: readonly [number, number, number] = [1, 1, 1],
    turn: readonly [number, number, number] = [0, 0, 0],
    shade: (x: number, y: number, z: number) => number = () => 1,
  ): this {
    const matrix = new Matrix4().compose(
      new Vector3(...at),
      new Quaternion().setFromEuler(new Euler(...turn)),
      new Vector3(...size),
    );
    const normalMatrix = new Matrix3().getNormalMatrix(matrix);
    const rgb = new Color(colour);
    const first = this.#positions.length / 3;
    const point = new Vector3();
    for (let i = 0; i < solid.positions.length; i += 3) {
      point.fromArray(solid.positions, i).applyMatrix4(matrix);
      this.#positions.push(point.x, point.y, point.z);
      const light = shade(point.x, point.y, point.z);
      this.#colours.push(rgb.r * light, rgb.g * light, rgb.b * light);
      point.fromArray(solid.normals, i).applyMatrix3(normalMatrix).normalize();
      this.#normals.push(point.x, point.y, point.z);
      this.#tints.push(tint === "body" ? 1 : 0, tint === "accent" ? 1 : 0);
    }
    for (const index of solid.indices) this.#indices.push(first + index);
    return this;
  }

  geometry(): BufferGeometry {
    const geometry = new BufferGeometry();
    const attribute = (values: number[], size: number) =>
      new BufferAttribute(new Float32Array(values), size);
    geometry.setAttribute("position", attribute(this.#positions, 3));
    geometry.setAttribute("normal", attribute(this.#normals, 3));
    geometry.setAttribute("color", attribute(this.#colours, 3));
    geometry.setAttribute("tint", attribute(this.#tints, 2));
    geometry.setIndex(this.#indices);
    geometry.computeBoundingSphere();
    return geometry;
  }
}

/** A ring about y. */
export function ring(radius: number, tube: number, around: number, segments: number): Solid {
  const steps = around;
  const outline = [];
  for (let step = 0; step <= steps; step++) {
    const angle = -Math.PI / 2 + (step / steps) * Math.PI * 2;
    outline.push({
      radius: radius + tube * Math.cos(angle),
      y: tube * Math.sin(angle),
      nr: Math.cos(angle),
      ny: Math.sin(angle),
    });
  }
  return turnedSolid(outline, segments);
}

/** A smooth outline through points (radius, y) from the bottom up. */
export function smoothOutline(points: readonly (readonly [number, number])[]) {
  return points.map(([radius, y], index) => {
    const [r0, y0] = points[Math.max(0, index - 1)] ?? [radius, y];
    const [r1, y1] = points[Math.min(points.length - 1, index + 1)] ?? [radius, y];
    const length = Math.hypot(y1 - y0, r1 - r0) || 1;
    return { radius, y, nr: (y1 - y0) / length, ny: -(r1 - r0) / length };
  });
}

export const CREAM = "#fff1dd";
export const INK = "#232a36";

/** How many segments a solid has at some level of detail, of those that it has in full. */
export type Segments = (full: number) => number;

/** Depth of the face's surface at a point, in the head's frame. */
export function faceZ(x: number, y: number): number {
  const inside = 1 - (x / 0.25) ** 2 - ((y + 0.02) / 0.205) ** 2;
  return -0.092 - 0.228 * Math.sqrt(Math.max(0, inside));
}

/** The light front of a head, whose surface {@link faceZ} tells. */
export function addFace(figure: Sculpture, segments: Segments): Sculpture {
  return figure.add(
    ballSolid(1, segments(30)),
    CREAM,
    "fixed",
    [0, -0.02, -0.092],
    [0.25, 0.205, 0.228],
    [0, 0, 0],
    (_x, y) => 0.9 + 0.1 * Math.min(1, Math.max(0, (y + 0.2) / 0.2)),
  );
}

/** A rosy cheek; `side` is -1 or 1. */
export function addCheek(figure: Sculpture, segments: Segments, side: number): Sculpture {
  return figure.add(
    ballSolid(1, segments(12)),
    "#ff9d8f",
    "fixed",
    [side * 0.158, -0.088, -0.252],
    [0.045, 0.03, 0.018],
    [0, side * -0.55, 0],
  );
}

/** A mouth of beads, all in metres: where its middle is, half its width, and its corners above that. */
export function addMouth(
  figure: Sculpture,
  segments: Segments,
  simple: boolean,
  { middle, wide, curve }: { middle: number; wide: number; curve: number },
): Sculpture {
  const beads = simple ? 3 : 9;
  for (let bead = 0; bead < beads; bead += 1) {
    const t = (bead / (beads - 1)) * 2 - 1;
    const x = t * wide;
    const y = middle + t * t * curve;
    figure.add(
      ballSolid(1, segments(8)),
      INK,
      "fixed",
      [x, y, faceZ(x, y)],
      [0.0115, 0.009, 0.007],
    );
  }
  return figure;
}

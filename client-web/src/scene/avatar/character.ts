/**
 * The shapes of an avatar's parts: a round, friendly figure with a big head, a scarf, a small
 * backpack and a bobble.
 *
 * A part is one mesh. Every vertex has a colour of its own and two weights: how much it takes the
 * person's body colour and how much their accent.
 */
import type { BufferGeometry } from "three";
import { arc, ballSolid, boxSolid, capsuleSolid, turnedSolid } from "../solids";
import { BEING_PARTS, type BeingPart, sculptBeing } from "./being";
import {
  addCheek,
  addFace,
  addMouth,
  CREAM,
  faceZ,
  INK,
  ring,
  Sculpture,
  type Segments,
  smoothOutline,
} from "./sculpture";

export type PartName = "torso" | "head" | "eyes" | "hand" | "foot" | "limb" | "bobble" | BeingPart;
export const PART_NAMES: readonly PartName[] = [
  "torso",
  "head",
  "eyes",
  "hand",
  "foot",
  "limb",
  "bobble",
  ...BEING_PARTS,
];

/** Rest heights above the feet, metres. */
export const HIP_M = 0.32;
export const SHOULDER_M = 0.8;
export const SHOULDER_OUT_M = 0.2;
export const NECK_M = 0.88;
/** Centre of the head above the neck. */
export const HEAD_UP_M = 0.31;
export const HEAD_TOP_M = 1.62;
/** Where the bobble's stalk begins, relative to the centre of the head. */
export const STALK_M: readonly [number, number, number] = [0, 0.27, 0.03];

/** Geometries of all parts; `detail` 1 for near, about 0.5 for far or slow. */
export function sculptParts(detail: number): Record<PartName, BufferGeometry> {
  const segments = (full: number) => Math.max(6, Math.round(full * detail));
  // What is too small to be seen from afar is left out there.
  const simple = detail < 0.45;
  return {
    torso: torso(segments, simple),
    head: head(segments, simple),
    eyes: eyes(segments, simple),
    hand: hand(segments, simple),
    foot: foot(segments, simple),
    limb: limb(segments),
    bobble: bobble(segments),
    ...sculptBeing(segments, simple),
  };
}

/** Origin at the hips. */
function torso(segments: Segments, simple: boolean): BufferGeometry {
  const outline = smoothOutline([
    [0, -0.12],
    [0.1, -0.115],
    [0.19, -0.07],
    [0.235, 0.02],
    [0.245, 0.12],
    [0.23, 0.25],
    [0.2, 0.37],
    [0.165, 0.47],
    [0.12, 0.56],
    [0.05, 0.6],
    [0, 0.61],
  ]);
  const round = segments(28);
  const shade = (_x: number, y: number) => 0.74 + 0.26 * Math.min(1, Math.max(0, (y + 0.12) / 0.4));
  const figure = new Sculpture()
    .add(turnedSolid(outline, round), "#ffffff", "body", [0, 0, 0], [1, 1, 0.92], [0, 0, 0], shade)
    // A light belly.
    .add(
      ballSolid(1, segments(18)),
      CREAM,
      "fixed",
      [0, 0.14, -0.075],
      [0.165, 0.2, 0.165],
      [0.06, 0, 0],
      shade,
    )
    // Scarf and its loose end.
    .add(
      ring(0.155, 0.058, segments(10), round),
      "#ffffff",
      "accent",
      [0, 0.5, 0],
      [1, 1, 0.95],
      [-0.08, 0, 0],
    )
    .add(
      boxSolid([0.11, 0.25, 0.045], !simple),
      "#ffffff",
      "accent",
      [-0.12, 0.385, -0.185],
      [1, 1, 1],
      [-0.12, 0.2, -0.14],
      (_x, y) => (y < 0.3 ? 0.82 : 0.95),
    );
  // Backpack: a soft box with a flap and two straps.
  figure
    .add(
      capsuleSolid(0.5, 1.35, segments(18)),
      "#ffffff",
      "accent",
      [0, 0.2, 0.255],
      [0.34, 0.3, 0.2],
      [0, 0, 0],
      (_x, y) => 0.68 + 0.22 * Math.min(1, Math.max(0, y / 0.35)),
    )
    .add(ballSolid(1, segments(16)), CREAM, "fixed", [0, 0.31, 0.275], [0.165, 0.075, 0.1]);
  if (simple) return figure.geometry();
  figure.add(
    ballSolid(1, segments(10)),
    "#d9a441",
    "fixed",
    [0, 0.235, 0.362],
    [0.028, 0.028, 0.02],
  );
  for (const side of [-1, 1]) {
    figure.add(
      boxSolid([0.045, 0.4, 0.03]),
      "#ffffff",
      "accent",
      [side * 0.15, 0.27, -0.14],
      [1, 1, 1],
      [0.28, side * 0.5, side * -0.12],
      () => 0.72,
    );
  }
  return figure.geometry();
}

/** Origin at the centre of the head. */
function head(segments: Segments, simple: boolean): BufferGeometry {
  const shade = (_x: number, y: number) => 0.8 + 0.2 * Math.min(1, Math.max(0, (y + 0.3) / 0.32));
  const figure = new Sculpture().add(
    ballSolid(1, segments(34)),
    "#ffffff",
    "body",
    [0, 0, 0],
    [0.325, 0.295, 0.3],
    [0, 0, 0],
    shade,
  );
  addFace(figure, segments);
  figure.add(boxSolid([0.022, 0.13, 0.022], false), "#ffffff", "accent", [0, 0.315, 0.03]);
  for (const side of [-1, 1]) {
    // Ears.
    figure.add(
      ballSolid(1, segments(16)),
      "#ffffff",
      "body",
      [side * 0.235, 0.225, 0.02],
      [0.1, 0.1, 0.07],
    );
    if (simple) continue;
    figure.add(
      ballSolid(1, segments(12)),
      "#ffffff",
      "accent",
      [side * 0.24, 0.228, -0.035],
      [0.064, 0.064, 0.036],
    );
    addCheek(figure, segments, side);
  }
  return addMouth(figure, segments, simple, {
    middle: -0.112,
    wide: 0.058,
    curve: 0.024,
  }).geometry();
}

/** Origin at the eye line in the head's frame: scaling y closes the eyes. */
export const EYE_LINE_M = 0.012;

function eyes(segments: Segments, simple: boolean): BufferGeometry {
  const figure = new Sculpture();
  for (const side of [-1, 1]) {
    const x = side * 0.092;
    const z = faceZ(x, EYE_LINE_M);
    figure.add(
      ballSolid(1, segments(18)),
      INK,
      "fixed",
      [x, 0, z],
      [0.037, 0.057, 0.02],
      [0, side * -0.3, 0],
    );
    if (simple) continue;
    figure
      .add(
        ballSolid(1, segments(10)),
        "#ffffff",
        "fixed",
        [x + 0.012, 0.022, z - 0.016],
        [0.0125, 0.015, 0.008],
      )
      .add(
        ballSolid(1, segments(8)),
        "#9fb4d8",
        "fixed",
        [x - 0.01, -0.024, z - 0.015],
        [0.009, 0.009, 0.006],
      );
  }
  return figure.geometry();
}

/** Origin at the palm; the fingers point down, the thumb forwards. */
function hand(segments: Segments, simple: boolean): BufferGeometry {
  const figure = new Sculpture().add(
    ballSolid(1, segments(18)),
    "#ffffff",
    "body",
    [0, -0.02, 0],
    [0.07, 0.085, 0.078],
  );
  if (simple) return figure.geometry();
  return figure
    .add(ballSolid(1, segments(12)), "#ffffff", "body", [0, -0.005, -0.075], [0.034, 0.045, 0.038])
    .add(ring(0.052, 0.022, segments(8), segments(16)), "#ffffff", "accent", [0, 0.055, 0])
    .geometry();
}

/** Origin on the ground below the ankle. */
function foot(segments: Segments, simple: boolean): BufferGeometry {
  const figure = new Sculpture()
    .add(
      ballSolid(1, segments(20)),
      "#ffffff",
      "accent",
      [0, 0.075, -0.035],
      [0.098, 0.075, 0.15],
      [0, 0, 0],
      (_x, y) => 0.7 + 0.3 * Math.min(1, y / 0.1),
    )
    .add(ballSolid(1, segments(18)), CREAM, "fixed", [0, 0.028, -0.035], [0.103, 0.03, 0.156]);
  if (simple) return figure.geometry();
  return figure
    .add(ring(0.062, 0.03, segments(8), segments(16)), "#ffffff", "accent", [0, 0.135, 0.025])
    .geometry();
}

/** From the origin one metre up along y; stretched between joints. */
function limb(segments: Segments): BufferGeometry {
  const outline = [...arc(0.05, 0.05, -Math.PI / 2, 0, 2), ...arc(0.95, 0.05, 0, Math.PI / 2, 2)];
  return new Sculpture()
    .add(
      turnedSolid(outline, segments(12)),
      "#ffffff",
      "body",
      [0, 0, 0],
      [1, 1, 1],
      [0, 0, 0],
      () => 0.86,
    )
    .geometry();
}

function bobble(segments: Segments): BufferGeometry {
  return new Sculpture().add(ballSolid(0.058, segments(16)), "#ffffff", "accent").geometry();
}

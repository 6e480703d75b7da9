/**
 * The shapes that companions have in the place of people's: a torso without luggage but with a
 * glowing stone, a head with long ears and two leaves instead of a bobble, and a face for each
 * feeling. All else of them is as people's.
 */
import type { BufferGeometry } from "three";
import type { Emotion } from "../../replica/feeling";
import { ballSolid, turnedSolid } from "../solids";
import {
  addCheek,
  addFace,
  addMouth,
  faceZ,
  INK,
  ring,
  Sculpture,
  type Segments,
  smoothOutline,
} from "./sculpture";

/** Faces that differ: some feelings share one. */
const FACES = ["faceCalm", "faceGlad", "faceSad", "faceCross", "faceAwed"] as const;
type Face = (typeof FACES)[number];

export type BeingPart = "beingTorso" | "beingHead" | "leaves" | Face;
export const BEING_PARTS: readonly BeingPart[] = ["beingTorso", "beingHead", "leaves", ...FACES];

/** How a feeling looks. */
interface Look {
  face: Face;
  /** Height and width of the eyes over the usual. */
  eyesTall: number;
  eyesWide: number;
  /** Radians: how the head is held. */
  headPitch: number;
  headRoll: number;
  /** How the leaves hang: -1 low, 1 up. */
  leaves: number;
  /** How much it bobs and swings its arms when it walks, over the usual. */
  spring: number;
}

export const LOOKS: Readonly<Record<Emotion, Look>> = {
  calm: {
    face: "faceCalm",
    eyesTall: 1,
    eyesWide: 1,
    headPitch: 0,
    headRoll: 0,
    leaves: 0,
    spring: 1,
  },
  joy: {
    face: "faceGlad",
    eyesTall: 0.62,
    eyesWide: 1.1,
    headPitch: 0.06,
    headRoll: 0,
    leaves: 0.6,
    spring: 1.2,
  },
  excitement: {
    face: "faceGlad",
    eyesTall: 1.15,
    eyesWide: 1.1,
    headPitch: 0.1,
    headRoll: 0,
    leaves: 1,
    spring: 1.5,
  },
  sadness: {
    face: "faceSad",
    eyesTall: 0.72,
    eyesWide: 0.95,
    headPitch: -0.24,
    headRoll: 0.05,
    leaves: -1,
    spring: 0.45,
  },
  anger: {
    face: "faceCross",
    eyesTall: 0.66,
    eyesWide: 1,
    headPitch: -0.1,
    headRoll: 0,
    leaves: -0.4,
    spring: 1.15,
  },
  fear: {
    face: "faceAwed",
    eyesTall: 1.2,
    eyesWide: 0.9,
    headPitch: -0.08,
    headRoll: 0,
    leaves: -0.8,
    spring: 0.7,
  },
  surprise: {
    face: "faceAwed",
    eyesTall: 1.3,
    eyesWide: 1.2,
    headPitch: 0.12,
    headRoll: 0,
    leaves: 0.9,
    spring: 1.1,
  },
  affection: {
    face: "faceGlad",
    eyesTall: 0.8,
    eyesWide: 1.12,
    headPitch: 0.02,
    headRoll: 0.16,
    leaves: 0.4,
    spring: 1.1,
  },
};

export function sculptBeing(
  segments: Segments,
  simple: boolean,
): Record<BeingPart, BufferGeometry> {
  return {
    beingTorso: torso(segments, simple),
    beingHead: head(segments, simple),
    leaves: leaves(segments),
    faceCalm: face(segments, simple, { curve: 0.024, wide: 0.058, brows: 0 }),
    faceGlad: face(segments, simple, { curve: 0.04, wide: 0.075, brows: 0, open: 0.03 }),
    faceSad: face(segments, simple, { curve: -0.028, wide: 0.05, brows: 0.3 }),
    faceCross: face(segments, simple, { curve: -0.014, wide: 0.06, brows: -0.45 }),
    faceAwed: face(segments, simple, { curve: 0, wide: 0, brows: 0.18, open: 0.034 }),
  };
}

/** Origin at the hips. */
function torso(segments: Segments, simple: boolean): BufferGeometry {
  const outline = smoothOutline([
    [0, -0.12],
    [0.12, -0.11],
    [0.21, -0.05],
    [0.235, 0.04],
    [0.225, 0.14],
    [0.19, 0.27],
    [0.15, 0.39],
    [0.12, 0.49],
    [0.09, 0.57],
    [0.04, 0.6],
    [0, 0.61],
  ]);
  const round = segments(28);
  const shade = (_x: number, y: number) => 0.72 + 0.28 * Math.min(1, Math.max(0, (y + 0.12) / 0.4));
  const figure = new Sculpture().add(
    turnedSolid(outline, round),
    "#ffffff",
    "body",
    [0, 0, 0],
    [1, 1, 0.92],
    [0, 0, 0],
    shade,
  );
  // A collar of petals, and the stone that it wears.
  const petals = simple ? 5 : 9;
  for (let petal = 0; petal < petals; petal += 1) {
    const angle = (petal / petals) * Math.PI * 2;
    figure.add(
      ballSolid(1, segments(10)),
      "#ffffff",
      "accent",
      [Math.sin(angle) * 0.14, 0.49, -Math.cos(angle) * 0.13],
      [0.075, 0.03, 0.1],
      [-0.5, -angle, 0],
      () => (petal % 2 === 0 ? 0.92 : 0.78),
    );
  }
  figure.add(
    ballSolid(1, segments(14)),
    "#fff6c9",
    "fixed",
    [0, 0.3, -0.165],
    [0.05, 0.062, 0.03],
    [0.2, 0, 0],
  );
  if (simple) return figure.geometry();
  return figure
    .add(
      ring(0.056, 0.012, segments(6), segments(16)),
      "#ffffff",
      "accent",
      [0, 0.3, -0.168],
      [1, 1, 1.2],
      [Math.PI / 2 + 0.2, 0, 0],
    )
    .geometry();
}

/** Origin at the centre of the head, as people's. */
function head(segments: Segments, simple: boolean): BufferGeometry {
  const shade = (_x: number, y: number) => 0.8 + 0.2 * Math.min(1, Math.max(0, (y + 0.3) / 0.32));
  const figure = new Sculpture().add(
    ballSolid(1, segments(34)),
    "#ffffff",
    "body",
    [0, 0, 0],
    [0.315, 0.29, 0.29],
    [0, 0, 0],
    shade,
  );
  addFace(figure, segments);
  for (const side of [-1, 1]) {
    // Long ears, outwards and back.
    figure.add(
      ballSolid(1, segments(16)),
      "#ffffff",
      "body",
      [side * 0.37, 0.09, 0.05],
      [0.2, 0.06, 0.045],
      [0, side * -0.35, side * 0.4],
    );
    if (simple) continue;
    figure.add(
      ballSolid(1, segments(12)),
      "#ffffff",
      "accent",
      [side * 0.375, 0.088, 0.022],
      [0.15, 0.036, 0.03],
      [0, side * -0.35, side * 0.4],
    );
    addCheek(figure, segments, side);
  }
  return figure.geometry();
}

/** Two leaves on a stalk; the origin is where it grows out of the head. */
function leaves(segments: Segments): BufferGeometry {
  const stalk = turnedSolid(
    smoothOutline([
      [0.018, 0],
      [0.012, 0.06],
      [0.009, 0.12],
    ]),
    segments(8),
  );
  const figure = new Sculpture().add(stalk, "#7fb069", "fixed");
  for (const side of [-1, 1]) {
    figure.add(
      ballSolid(1, segments(12)),
      "#ffffff",
      "accent",
      [side * 0.085, 0.15, 0],
      [0.1, 0.016, 0.05],
      [0, 0, side * 0.45],
      (x) => 0.82 + Math.min(0.18, Math.abs(x)),
    );
  }
  return figure.geometry();
}

interface FaceLines {
  /** How far the corners of the mouth stand above its middle, metres. */
  curve: number;
  /** Half of the mouth's width, metres. */
  wide: number;
  /** How far the outer ends of the brows hang, radians; 0: none are drawn. */
  brows: number;
  /** Half of the height of an open mouth, metres. */
  open?: number;
}

/** Mouth and brows, in the head's frame. */
function face(segments: Segments, simple: boolean, lines: FaceLines): BufferGeometry {
  const { curve, wide, brows, open = 0 } = lines;
  const figure = new Sculpture();
  const middle = -0.116;
  if (open > 0) {
    const y = middle + 0.004;
    figure.add(
      ballSolid(1, segments(14)),
      "#6b2b36",
      "fixed",
      [0, y, faceZ(0, y) + 0.004],
      [wide > 0 ? wide * 0.62 : open * 0.8, open, 0.012],
    );
  }
  if (wide > 0) addMouth(figure, segments, simple, { middle, wide, curve });
  if (brows === 0) return figure.geometry();
  for (const side of [-1, 1]) {
    const [x, y] = [side * 0.095, 0.098];
    figure.add(
      ballSolid(1, segments(8)),
      INK,
      "fixed",
      [x, y, faceZ(x, y) - 0.004],
      [0.042, 0.0095, 0.009],
      [0, side * -0.3, side * -brows],
    );
  }
  return figure.geometry();
}

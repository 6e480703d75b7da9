/**
 * What holding something does to it: with one hand it follows the ray and turns with the wrist, with
 * two it grows. From poses of hands to the pose to which the builder's handles go. Pure.
 */
import { toGrid } from "../builder/snapping";
import {
  add,
  dot,
  inverse,
  lengthOf,
  multiply,
  type Quat,
  rounded,
  scaled,
  subtract,
  tidy,
  toDegrees,
  turned,
  unit,
  type Vec3,
} from "../builder/vectors";
import type { Pose } from "../builder/workbench";
import type { Pointing } from "../scene/headset";
import type { PoseView } from "../scene/view";
import { pointAt } from "./aim";

/** The builder's steps; null: none. */
export interface Steps {
  gridM: number | null;
  angleDeg: number | null;
}

/** As the handles have it. */
const SCALE_STEP = 0.1;
const SCALE = { least: 0.01, most: 100 } as const;
const NEAREST_M = 0.2;
const FARTHEST_M = 200;
/** Distances that something is pushed away or pulled in a second, and the least of it. */
const PULL_PS = 1.2;
const PULL_MPS_MIN = 0.8;
const SPIN_DEGPS = 90;
/** Less than this (degrees, metres) is a hand that is not quite still. */
const STILL_DEG = 2.5;
const STILL_M = 0.02;
/** Half a millimetre, and about a fifth of a degree. */
const SEEN_M = 0.0005;
const SEEN_COSINE = 1 - 1.5e-6;
const RAD_PER_DEG = Math.PI / 180;
/** A hand that points more steeply than this up or down (70°) has no level to lean from. */
const STEEP = 0.94;

/** How something is held in one hand. */
export interface Grab {
  /** The handles when it was taken hold of. */
  readonly from: Pose;
  readonly hand: Pointing;
  /** Roll of the wrist then, degrees. */
  readonly rollDeg: number;
  /** About what it turns with the wrist: towards the person, of length one. */
  readonly axis: Vec3;
  /** From where the ray met it to the handles. */
  readonly offset: Vec3;
  readonly beganM: number;
}

/** What a stick did to what is held, since it was taken hold of. */
export interface Pull {
  /** How far it is away now, metres. */
  distanceM: number;
  /** How far it was turned about the upright, degrees, to the left. */
  spinDeg: number;
}

/**
 * Takes hold of the handles with a ray that meets something `distanceM` away. With steps of angle,
 * what is held turns about that one of `axes` along which the hand points most.
 */
export function takeHold(
  hand: Pointing,
  distanceM: number,
  from: Pose,
  axes: readonly Vec3[],
  isStepped: boolean,
): Grab {
  const { position, rotation, direction } = hand;
  const point = pointAt(hand, distanceM);
  const back = scaled(direction, -1);
  return {
    from,
    hand: { position: [...position], rotation: [...rotation], direction: [...direction] },
    rollDeg: rollOf(hand),
    axis: isStepped ? nearestAxis(back, axes) : back,
    offset: subtract(from.position, point),
    beganM: distanceM,
  };
}

/** Whether a hand has moved or turned enough since then to mean it. */
export function hasMoved(grab: Grab, hand: Pointing, pull: Pull): boolean {
  if (pull.distanceM !== grab.beganM || pull.spinDeg !== 0) return true;
  if (lengthOf(subtract(hand.position, grab.hand.position)) > STILL_M) return true;
  if (Math.abs(wristDeg(grab, hand)) > STILL_DEG) return true;
  return dot(grab.hand.direction, hand.direction) < Math.cos(STILL_DEG * RAD_PER_DEG);
}

/** Where the handles go when the hand that holds them is there. */
export function held(grab: Grab, hand: Pointing, pull: Pull, steps: Steps): Pose {
  const { from } = grab;
  const point = pointAt(hand, pull.distanceM);
  const position = onGrid(from.position, add(point, grab.offset), steps.gridM);
  const roll = toGrid(wristDeg(grab, hand), steps.angleDeg);
  const spin = toGrid(pull.spinDeg, steps.angleDeg);
  const turn = multiply(about([0, 1, 0], spin), about(grab.axis, roll));
  return { position, rotation: unit(multiply(turn, from.rotation)), scale: from.scale };
}

/** Whether two poses are so near that nobody sees a difference: no hand is ever quite still. */
export function isNear(a: Pose, b: Pose): boolean {
  const [x, y, z, w] = a.rotation;
  const along = x * b.rotation[0] + y * b.rotation[1] + z * b.rotation[2] + w * b.rotation[3];
  return lengthOf(subtract(a.position, b.position)) < SEEN_M && Math.abs(along) > SEEN_COSINE;
}

/** What a stick does in `dtS`: up and down it pushes and pulls, to the sides it turns. */
export function pulled(pull: Pull, stickRight: number, stickUp: number, dtS: number): Pull {
  const { distanceM, spinDeg } = pull;
  if (Math.abs(stickRight) > Math.abs(stickUp)) {
    return { distanceM, spinDeg: spinDeg - stickRight * SPIN_DEGPS * dtS };
  }
  const speed = Math.max(PULL_MPS_MIN, distanceM * PULL_PS);
  const wanted = distanceM + stickUp * speed * dtS;
  // What is nearer already is not pushed away by holding it.
  const nearest = Math.min(distanceM, NEAREST_M);
  return { distanceM: Math.max(nearest, Math.min(FARTHEST_M, wanted)), spinDeg };
}

/** How much something grows in two hands that were so far apart, and now are. */
export function grown(beganM: number, nowM: number, isStepped: boolean): number {
  const factor = Math.max(SCALE.least, Math.min(SCALE.most, nowM / Math.max(0.01, beganM)));
  return isStepped ? Math.max(SCALE_STEP, toGrid(factor, SCALE_STEP)) : tidy(factor);
}

/**
 * Onto a grid, axis by axis. Along an axis on which something has hardly moved it stays: what
 * stands beside the grid need not leave the floor.
 */
export function onGrid(from: Vec3, to: Vec3, stepM: number | null): Vec3 {
  if (stepM === null) return rounded(to);
  const stays = (axis: 0 | 1 | 2): boolean => Math.abs(to[axis] - from[axis]) < stepM / 2;
  const one = (axis: 0 | 1 | 2): number => (stays(axis) ? from[axis] : toGrid(to[axis], stepM));
  return [one(0), one(1), one(2)];
}

/** Roll of the wrist, degrees: how far a hand leans to the left, wherever it points. */
export function rollOf({ rotation }: PoseView): number {
  return toDegrees(rotation)[2];
}

/** How far the wrist has turned to the left since something was taken hold of, degrees. */
function wristDeg({ hand: before, rollDeg }: Grab, hand: PoseView): number {
  const { direction } = before;
  if (Math.abs(direction[1]) < STEEP) return turnBetweenDeg(rollDeg, rollOf(hand));
  // There a small turn of the hand is a large one of what it leans to: about the ray alone.
  const [x, y, z, w] = multiply(hand.rotation, inverse(before.rotation));
  const turn = 2 * Math.atan2(-dot(direction, [x, y, z]), w);
  return turnBetweenDeg(0, turn / RAD_PER_DEG);
}

/** The rotation about an axis of length one. */
export function about([x, y, z]: Vec3, deg: number): Quat {
  const half = (deg * RAD_PER_DEG) / 2;
  const sine = Math.sin(half);
  return [x * sine, y * sine, z * sine, Math.cos(half)];
}

/** That one of some axes, or its opposite, that is nearest to a direction. */
export function nearestAxis(direction: Vec3, axes: readonly Vec3[]): Vec3 {
  let nearest: Vec3 = direction;
  let most = 0;
  for (const axis of axes) {
    const along = dot(direction, axis);
    if (Math.abs(along) <= most) continue;
    most = Math.abs(along);
    nearest = scaled(axis, Math.sign(along));
  }
  return nearest;
}

/** The axes of the world, or those of something that is turned. */
export function axesOf(rotation: Quat): readonly Vec3[] {
  const all: readonly Vec3[] = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ];
  return all.map((axis) => turned(axis, rotation));
}

/** From one angle to another the short way, degrees. */
function turnBetweenDeg(from: number, to: number): number {
  const turns = (to - from + 180) / 360;
  return (turns - Math.floor(turns)) * 360 - 180;
}

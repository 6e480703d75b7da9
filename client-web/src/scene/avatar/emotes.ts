/**
 * The eight gestures as functions of time. Each writes a whole pose that starts from rest; the
 * actor blends it in and out. Pure; knows no three.js.
 */
import type { Emote } from "../../protocol/generated";
import { smooth } from "./gait";
import type { Pose } from "./pose";

/** How long a gesture lasts, seconds; sitting ends when one walks away. */
export const EMOTE_S: Record<Emote, number> = {
  wave: 2.4,
  clap: 2.4,
  dance: 8,
  point: 2.2,
  nod: 1.5,
  shrug: 1.7,
  cheer: 2.4,
  sit: Number.POSITIVE_INFINITY,
};

/** Whether the legs take part, so that walking ends it. */
export function wholeBody(emote: Emote): boolean {
  return emote === "dance" || emote === "sit" || emote === "cheer";
}

/** Weight 0-1 of a gesture `t` seconds after it began. */
export function envelope(emote: Emote, t: number): number {
  const rest = EMOTE_S[emote] - t;
  return smooth(t / 0.22) * (rest === Number.POSITIVE_INFINITY ? 1 : smooth(rest / 0.3));
}

/** Writes the pose `t` seconds after the gesture began; `pose` comes at rest. */
export function emotePose(emote: Emote, t: number, pose: Pose): void {
  GESTURES[emote](t, pose);
}

/** Both arms around something before the body; `pose` comes at rest. */
export function carryPose(pose: Pose): Pose {
  pose.leftX = -0.19;
  pose.rightX = 0.19;
  pose.leftY = 0.66;
  pose.rightY = 0.66;
  pose.leftZ = -0.4;
  pose.rightZ = -0.4;
  pose.leftPitch = 1.2;
  pose.rightPitch = 1.2;
  pose.bodyPitch = 0.06;
  return pose;
}

const GESTURES: Record<Emote, (t: number, pose: Pose) => void> = {
  wave,
  clap,
  dance,
  point,
  nod,
  shrug,
  cheer,
  sit,
};

function nod(t: number, pose: Pose): void {
  pose.headPitch = -0.12 - 0.3 * Math.sin(t * 9) * (1 - smooth((t - 1) / 0.5));
  pose.bodyPitch = -0.04 - 0.03 * Math.sin(t * 9);
}

function wave(t: number, pose: Pose): void {
  const side = Math.sin(t * 11);
  pose.rightX = 0.44 + side * 0.11;
  pose.rightY = 1.24 - Math.abs(side) * 0.03;
  pose.rightZ = -0.12;
  pose.rightPitch = 1.35;
  pose.rightRoll = -side * 0.5;
  pose.headRoll = -0.13;
  pose.headYaw = -0.08;
  pose.bodyRoll = 0.06 + side * 0.015;
  pose.leftX = -0.35;
}

function clap(t: number, pose: Pose): void {
  const apart = 0.5 + 0.5 * Math.cos(t * 16);
  const x = 0.075 + apart * 0.15;
  const y = 0.86 + apart * 0.03;
  Object.assign(pose, { leftX: -x, rightX: x, leftY: y, rightY: y, leftZ: -0.36, rightZ: -0.36 });
  pose.leftPitch = 1.0;
  pose.rightPitch = 1.0;
  pose.leftRoll = -0.5;
  pose.rightRoll = 0.5;
  pose.headPitch = 0.06 + 0.04 * Math.cos(t * 16);
  pose.bodyY = 0.012 * (1 - apart);
}

function dance(t: number, pose: Pose): void {
  const beat = t * Math.PI * 2 * 1.05;
  const side = Math.sin(beat);
  const bounce = Math.abs(Math.sin(beat));
  const turn = Math.floor(t / 3.8) % 2 === 0 ? 1 : -1;
  pose.bodyX = side * 0.09;
  pose.bodyY = -0.05 + bounce * 0.075;
  pose.bodyRoll = -side * 0.16;
  pose.bodyYaw = Math.sin(beat * 0.5) * 0.4 * turn;
  pose.headRoll = side * 0.2;
  pose.headYaw = -Math.sin(beat * 0.5) * 0.25 * turn;
  pose.headPitch = 0.08;
  const up = 0.5 + 0.5 * side;
  pose.leftY = 0.7 + up * 0.5;
  pose.leftX = -0.46 + up * 0.06;
  pose.leftZ = -0.16;
  pose.leftPitch = 0.6 + up * 0.8;
  pose.rightY = 0.7 + (1 - up) * 0.5;
  pose.rightX = 0.46 - (1 - up) * 0.06;
  pose.rightZ = -0.16;
  pose.rightPitch = 0.6 + (1 - up) * 0.8;
  pose.leftFootY = Math.max(0, side) * 0.1;
  pose.rightFootY = Math.max(0, -side) * 0.1;
  pose.leftFootX = -0.17;
  pose.rightFootX = 0.17;
  pose.leftFootPitch = -Math.max(0, side) * 0.3;
  pose.rightFootPitch = -Math.max(0, -side) * 0.3;
}

function point(t: number, pose: Pose): void {
  const shot = smooth(t / 0.25) + 0.12 * Math.sin(Math.min(t, 0.6) * 12) * (1 - smooth(t / 0.6));
  pose.rightX = 0.2;
  pose.rightY = 0.6 + 0.34 * shot;
  pose.rightZ = -0.12 - 0.46 * shot;
  pose.rightPitch = 0.1;
  pose.bodyYaw = 0.22;
  pose.headYaw = -0.2;
  pose.bodyPitch = -0.06;
  pose.leftX = -0.3;
  pose.leftY = 0.62;
  pose.leftZ = 0.06;
  pose.leftFootZ = -0.1;
  pose.rightFootZ = 0.08;
}

function shrug(t: number, pose: Pose): void {
  const up = smooth(t / 0.3) * (1 - smooth((t - 1.2) / 0.4));
  pose.leftX = -0.33 - 0.13 * up;
  pose.rightX = 0.33 + 0.13 * up;
  pose.leftY = 0.56 + 0.26 * up;
  pose.rightY = 0.56 + 0.26 * up;
  pose.leftZ = -0.02 - 0.16 * up;
  pose.rightZ = -0.02 - 0.16 * up;
  pose.leftRoll = 1.2 * up;
  pose.rightRoll = -1.2 * up;
  pose.bodyY = 0.025 * up;
  pose.headRoll = 0.24 * up;
  pose.headPitch = 0.08 * up;
}

function cheer(t: number, pose: Pose): void {
  const hop = Math.abs(Math.sin(t * 7.2));
  const shake = Math.sin(t * 21) * 0.03;
  pose.bodyY = hop * 0.16 - 0.03;
  pose.leftFootY = hop * 0.14;
  pose.rightFootY = hop * 0.14;
  pose.leftFootPitch = -hop * 0.5;
  pose.rightFootPitch = -hop * 0.5;
  pose.leftX = -0.36 + shake;
  pose.rightX = 0.36 + shake;
  pose.leftY = 1.36 + hop * 0.12;
  pose.rightY = 1.36 + hop * 0.12;
  pose.leftZ = -0.06;
  pose.rightZ = -0.06;
  pose.leftPitch = 1.4;
  pose.rightPitch = 1.4;
  pose.headPitch = 0.24;
  pose.bodyPitch = 0.07;
}

function sit(t: number, pose: Pose): void {
  const breath = Math.sin(t * 1.7);
  pose.bodyY = -0.24 + breath * 0.006;
  pose.bodyPitch = 0.07;
  pose.headPitch = -0.03 + breath * 0.015;
  pose.headYaw = Math.sin(t * 0.43) * 0.18;
  pose.leftFootX = -0.17;
  pose.rightFootX = 0.17;
  pose.leftFootZ = -0.42;
  pose.rightFootZ = -0.4;
  pose.leftFootY = 0.03;
  pose.rightFootY = 0.03;
  pose.leftFootPitch = 0.9 + Math.sin(t * 2.1) * 0.12;
  pose.rightFootPitch = 0.9 - Math.sin(t * 2.1 + 1) * 0.12;
  pose.leftX = -0.24;
  pose.rightX = 0.24;
  pose.leftY = 0.36;
  pose.rightY = 0.36;
  pose.leftZ = -0.22;
  pose.rightZ = -0.22;
}

/**
 * The pose of an avatar: where its parts are relative to its feet, in its own frame (x right,
 * y up, z back). Lengths are metres, angles radians; pitch is positive upwards or backwards,
 * yaw to the left, roll to the left. Pure; knows no three.js.
 */

const CHANNELS = [
  "bodyX",
  "bodyY",
  "bodyZ",
  "bodyPitch",
  "bodyYaw",
  "bodyRoll",
  "headPitch",
  "headYaw",
  "headRoll",
  "leftX",
  "leftY",
  "leftZ",
  "leftPitch",
  "leftYaw",
  "leftRoll",
  "rightX",
  "rightY",
  "rightZ",
  "rightPitch",
  "rightYaw",
  "rightRoll",
  "leftFootX",
  "leftFootY",
  "leftFootZ",
  "leftFootPitch",
  "rightFootX",
  "rightFootY",
  "rightFootZ",
  "rightFootPitch",
] as const;

export type Channel = (typeof CHANNELS)[number];
export type Pose = Record<Channel, number>;

/** Hands hang beside the body, feet stand below it. */
const REST: Partial<Pose> = {
  leftX: -0.33,
  leftY: 0.56,
  leftZ: -0.02,
  rightX: 0.33,
  rightY: 0.56,
  rightZ: -0.02,
  leftFootX: -0.13,
  rightFootX: 0.13,
};

export function restPose(): Pose {
  return toRest({} as Pose);
}

export function toRest(pose: Pose): Pose {
  for (const channel of CHANNELS) pose[channel] = REST[channel] ?? 0;
  return pose;
}

/** Moves `pose` towards `other`: 0 leaves it, 1 makes it equal. */
export function blend(pose: Pose, other: Pose, weight: number): void {
  if (weight <= 0) return;
  const share = Math.min(1, weight);
  for (const channel of CHANNELS) pose[channel] += (other[channel] - pose[channel]) * share;
}

/** As `blend`, for all but the feet and the body's place: gestures while walking. */
export function blendUpper(pose: Pose, other: Pose, weight: number): void {
  if (weight <= 0) return;
  const share = Math.min(1, weight);
  for (const channel of UPPER) pose[channel] += (other[channel] - pose[channel]) * share;
}

const UPPER = CHANNELS.filter(
  (channel) => !channel.includes("Foot") && !/^body[XYZ]$/.test(channel),
);

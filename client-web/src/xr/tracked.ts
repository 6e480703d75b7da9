/** Where head and hands are, as others are told: relative to the avatar's feet and heading. Pure. */
import { limits, type TrackedPose } from "../protocol/generated";
import type { PoseView, Quat, Vec3 } from "../scene/view";

/** What is out of reach of this point above the feet (metres) the server takes for false. */
const SPINE_TOP_M = 1.3;
/** Rounding must not carry a pose out of reach. */
const REACH_M = limits.trackedReachMmMax / 1_000 - 0.01;
const MM_PER_M = 1_000;
const ROTATION_STEPS = 32_767;

/** A pose of the world as the wire has it; null: the avatar cannot reach there. */
export function trackedPose(
  { position, rotation }: PoseView,
  feet: Vec3,
  yaw: number,
): TrackedPose | null {
  const [x, y, z] = [position[0] - feet[0], position[1] - feet[1], position[2] - feet[2]];
  if (Math.hypot(x, y - SPINE_TOP_M, z) > REACH_M) return null;
  const [sin, cos] = [Math.sin(yaw), Math.cos(yaw)];
  const mm = (metres: number): number => Math.round(metres * MM_PER_M) + 0;
  return {
    positionMm: [mm(x * cos - z * sin), mm(y), mm(x * sin + z * cos)],
    rotation: turnedBack(rotation, yaw).map((part) => Math.round(part * ROTATION_STEPS) + 0),
  };
}

/** A rotation of the world as it is seen by somebody who looks to a heading. */
function turnedBack([x, y, z, w]: Quat, yaw: number): Quat {
  const [sin, cos] = [Math.sin(-yaw / 2), Math.cos(yaw / 2)];
  return [x * cos + z * sin, y * cos + w * sin, z * cos - x * sin, w * cos - y * sin];
}

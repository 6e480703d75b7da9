/**
 * Walking and running, driven by the distance travelled: a foot on the ground moves back under
 * the body exactly as fast as the body moves on, so it does not slide. Pure; knows no three.js.
 */
import type { Pose } from "./pose";

/** Way of one full cycle (two steps), metres. */
export function strideM(speedMps: number): number {
  return Math.min(2.7, Math.max(0.9, 0.72 + 0.34 * speedMps));
}

/** Share of the cycle that a foot stands on the ground. */
export function duty(speedMps: number): number {
  return 0.62 - 0.26 * smooth((speedMps - 1.5) / 3.5);
}

/** Place of a foot in its cycle. `cycle` counts full cycles; only its fraction matters. */
export function footPath(
  cycle: number,
  speedMps: number,
): { alongM: number; liftM: number; pitch: number } {
  const stride = strideM(speedMps);
  const standing = duty(speedMps);
  const reach = stride * standing;
  const phase = cycle - Math.floor(cycle);
  if (phase < standing) {
    const done = phase / standing;
    // The heel comes up before the foot leaves.
    return { alongM: reach * (0.5 - done), liftM: 0, pitch: -0.5 * smooth((done - 0.7) / 0.3) };
  }
  const swing = (phase - standing) / (1 - standing);
  const height = 0.07 + 0.05 * smooth((speedMps - 1) / 4);
  return {
    alongM: reach * (-0.5 + smooth(swing)),
    liftM: Math.sin(Math.PI * swing) * height,
    pitch: -0.5 * (1 - smooth(swing / 0.5)) - 0.25 * Math.sin(Math.PI * swing) + 0.35 * bump(swing),
  };
}

/**
 * Walks `pose`. `x`, `z` is the unit direction of travel in the avatar's frame; `amount` 0-1
 * fades the whole gait in from standing; `spring` scales how the body bobs and the arms swing.
 */
export function walk(
  pose: Pose,
  cycle: number,
  speedMps: number,
  x: number,
  z: number,
  amount: number,
  bob: boolean,
  spring = 1,
): void {
  const left = footPath(cycle, speedMps);
  const right = footPath(cycle + 0.5, speedMps);
  const run = smooth((speedMps - 2.4) / 2.2);
  const forwards = -z;
  pose.leftFootX += x * left.alongM * amount;
  pose.leftFootZ += z * left.alongM * amount;
  pose.leftFootY += left.liftM * amount;
  pose.leftFootPitch += left.pitch * amount * forwards;
  pose.rightFootX += x * right.alongM * amount;
  pose.rightFootZ += z * right.alongM * amount;
  pose.rightFootY += right.liftM * amount;
  pose.rightFootPitch += right.pitch * amount * forwards;

  const turn = cycle * Math.PI * 2;
  // Arms swing against the legs; a runner's are bent and higher.
  const wide = (0.16 + 0.1 * run) * spring * amount;
  const swing = Math.sin(turn + 0.5) * wide * (forwards >= -0.2 ? 1 : -0.6);
  pose.leftZ += swing - 0.05 * run * amount;
  pose.rightZ += -swing - 0.05 * run * amount;
  pose.leftY += (0.1 * run + Math.abs(swing) * 0.25 - swing * 0.25) * amount;
  pose.rightY += (0.1 * run + Math.abs(swing) * 0.25 + swing * 0.25) * amount;
  pose.leftX += 0.04 * run * amount;
  pose.rightX -= 0.04 * run * amount;
  pose.leftPitch += (0.3 * run - swing * 1.4) * amount;
  pose.rightPitch += (0.3 * run + swing * 1.4) * amount;

  const lift = bob ? Math.abs(Math.sin(turn + 0.35)) * (0.028 + 0.05 * run) * spring : 0;
  pose.bodyY += (lift - 0.012) * amount;
  pose.bodyYaw += Math.sin(turn) * 0.1 * amount;
  pose.bodyRoll += Math.sin(turn) * 0.035 * amount * (bob ? 1 : 0.4);
  pose.headYaw -= Math.sin(turn) * 0.08 * amount;
  pose.headRoll -= Math.sin(turn) * 0.02 * amount;
}

export function smooth(t: number): number {
  const clamped = Math.min(Math.max(t, 0), 1);
  return clamped * clamped * (3 - 2 * clamped);
}

/** Rises late in 0-1 and falls to 0 at the end. */
function bump(t: number): number {
  return smooth((t - 0.5) / 0.3) * (1 - smooth((t - 0.85) / 0.15));
}

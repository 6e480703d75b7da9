/**
 * Moves one avatar: turns what is known of it (place, heading, ground, gesture) into a pose.
 *
 * Invariant: the pose follows the avatar's real motion; nothing here moves the avatar itself.
 */
import { approach } from "../camera";
import type { AvatarView, CompanionView, Vec3 } from "../view";
import { LOOKS } from "./being";
import { carryPose, EMOTE_S, emotePose, envelope, wholeBody } from "./emotes";
import { smooth, strideM, walk } from "./gait";
import { blend, blendUpper, restPose, toRest } from "./pose";

/** The capsule's centre above the feet, metres. */
export const CENTRE_ABOVE_FEET_M = 0.85;
/** A farther jump between two frames is a new place, not a motion. */
const TELEPORT_M = 3;

/** A damped spring towards 0. */
class Spring {
  value = 0;
  speed = 0;
  #stiffness: number;
  #damping: number;

  constructor(stiffness: number, damping: number) {
    this.#stiffness = stiffness;
    this.#damping = damping;
  }

  step(dtS: number, goal = 0): void {
    // Short steps keep a stiff spring stable at a low frame rate.
    for (let left = dtS; left > 0; left -= 1 / 120) {
      const step = Math.min(left, 1 / 120);
      this.speed += ((goal - this.value) * this.#stiffness - this.speed * this.#damping) * step;
      this.value += this.speed * step;
    }
  }
}

export class Actor {
  readonly pose = restPose();
  /** Above 0 taller and thinner, below 0 flatter and wider. */
  readonly squash = new Spring(260, 17);
  /** How far the bobble hangs back, in x and z of the avatar's frame, radians. */
  readonly bobbleX = new Spring(170, 8);
  readonly bobbleZ = new Spring(170, 8);
  /** 1 = open. */
  eyes = 1;
  #gesture = restPose();
  #reducedMotion: boolean;
  #seed: number;
  #place: Vec3 | null = null;
  #yaw = 0;
  /** Metres per second, smoothed, in the world's frame. */
  #velocity: Vec3 = [0, 0, 0];
  #accelerationAhead = 0;
  #turnRate = 0;
  #cycle = 0;
  #walking = 0;
  #airborne = 0;
  #fallSpeed = 0;
  #wasGrounded = true;
  #emoteWeight = 0;
  #lastEmote: AvatarView["emote"] = null;
  #emoteBroken = -1;
  #talk = 0;
  #sitting = 0;
  #carrying = 0;
  /** How the head is held by what is felt. */
  #mood = { pitch: 0, roll: 0 };

  constructor(seed: number, reducedMotion: boolean) {
    this.#seed = (seed * 0.61803) % 1;
    this.#reducedMotion = reducedMotion;
  }

  update(view: AvatarView, timeS: number, dtS: number): void {
    if (dtS > 0) this.#sense(view, dtS);
    const speed = Math.hypot(this.#velocity[0], this.#velocity[2]);
    this.#settle(view, speed, dtS);
    this.#animate(view, speed, timeS, dtS);
    this.eyes = blink(timeS + this.#seed * 7);
  }

  /** Velocity, acceleration and turning from the places of two frames. */
  #sense(view: AvatarView, dtS: number): void {
    const last = this.#place;
    this.#place = [...view.position];
    if (!last) {
      this.#yaw = view.yaw;
      return;
    }
    const moved: Vec3 = [
      view.position[0] - last[0],
      view.position[1] - last[1],
      view.position[2] - last[2],
    ];
    if (Math.hypot(...moved) > TELEPORT_M) {
      this.#velocity = [0, 0, 0];
      this.#yaw = view.yaw;
      return;
    }
    const before = Math.hypot(this.#velocity[0], this.#velocity[2]);
    const share = approach(dtS, 0.06);
    for (const k of [0, 1, 2] as const) {
      this.#velocity[k] += (moved[k] / dtS - this.#velocity[k]) * share;
    }
    const speed = Math.hypot(this.#velocity[0], this.#velocity[2]);
    const gain = Math.max(-20, Math.min(20, (speed - before) / dtS));
    this.#accelerationAhead += (gain - this.#accelerationAhead) * approach(dtS, 0.12);
    const turned = wrapAngle(view.yaw - this.#yaw);
    this.#yaw = view.yaw;
    const rate = Math.max(-8, Math.min(8, turned / dtS));
    this.#turnRate += (rate - this.#turnRate) * approach(dtS, 0.12);
    // The cycle goes by the way really travelled: feet do not slide.
    if (view.grounded) this.#cycle += Math.hypot(moved[0], moved[2]) / strideM(speed);
  }

  #settle(view: AvatarView, speed: number, dtS: number): void {
    const moving = view.grounded ? smooth((speed - 0.15) / 0.6) : 0;
    this.#walking += (moving - this.#walking) * approach(dtS, 0.07);
    this.#airborne += ((view.grounded ? 0 : 1) - this.#airborne) * approach(dtS, 0.07);
    if (!view.grounded) this.#fallSpeed = Math.max(0, -this.#velocity[1]);
    if (view.grounded && !this.#wasGrounded) {
      this.squash.speed -= Math.min(4.5, 0.9 + this.#fallSpeed * 0.38);
    } else if (!view.grounded && this.#wasGrounded && this.#velocity[1] > 0.5) {
      this.squash.speed += 2.2;
    }
    this.#wasGrounded = view.grounded;
    this.squash.step(dtS);
    this.squash.value = Math.max(-0.32, Math.min(0.25, this.squash.value));
    const [sin, cos] = [Math.sin(this.#yaw), Math.cos(this.#yaw)];
    const [vx, vy, vz] = this.#velocity;
    const sideways = vx * cos - vz * sin;
    const backwards = vx * sin + vz * cos;
    this.bobbleX.step(dtS, -backwards * 0.07 + this.squash.value * 0.6 + vy * 0.01);
    this.bobbleZ.step(dtS, sideways * 0.07 - this.#turnRate * 0.05);
    const talking = view.bubble === null ? 0 : 1;
    this.#talk += (talking - this.#talk) * approach(dtS, 0.15);
  }

  #animate(view: AvatarView, speed: number, timeS: number, dtS: number): void {
    const pose = toRest(this.pose);
    const breath = Math.sin(timeS * 1.9 + this.#seed * 6.28);
    const still = 1 - this.#walking;
    pose.bodyY += breath * 0.006 * still;
    pose.leftY += breath * 0.012;
    pose.rightY += breath * 0.012;
    pose.bodyRoll += Math.sin(timeS * 0.7 + this.#seed * 9) * 0.015 * still;
    // A listener's idle glance, and a talker's nods.
    pose.headYaw += Math.sin(timeS * 0.37 + this.#seed * 20) * 0.1 * still;
    pose.headPitch += this.#talk * 0.055 * Math.sin(timeS * 8.3) * Math.sin(timeS * 3.1);

    const [sin, cos] = [Math.sin(view.yaw), Math.cos(view.yaw)];
    const [vx, , vz] = this.#velocity;
    const fast = Math.max(speed, 0.001);
    const x = (vx * cos - vz * sin) / fast;
    const z = (vx * sin + vz * cos) / fast;
    const spring = view.companion ? LOOKS[view.companion.emotion].spring : 1;
    walk(pose, this.#cycle, speed, x, z, this.#walking, !this.#reducedMotion, spring);
    this.#lean(speed, x, z);
    this.#fly();
    pose.headPitch += view.pitch * 0.75 - pose.bodyPitch * 0.6;
    pose.bodyPitch += view.pitch * 0.08;
    if (view.companion) this.#live(view.companion, timeS, dtS);
    this.#gestures(view, speed, timeS, dtS);
    // What is carried stays in the hands, whatever else is done.
    if (this.#carrying > 0.005) blendUpper(pose, carryPose(toRest(this.#gesture)), this.#carrying);
  }

  /** What a companion feels, whether it sits, and whether it holds something. */
  #live({ emotion, sitting, carrying, thinking }: CompanionView, timeS: number, dtS: number): void {
    const { pose } = this;
    const { headPitch, headRoll } = LOOKS[emotion];
    const share = approach(dtS, 0.25);
    this.#mood.pitch += (headPitch + (thinking ? 0.14 : 0) - this.#mood.pitch) * share;
    this.#mood.roll += (headRoll + (thinking ? 0.16 : 0) - this.#mood.roll) * share;
    pose.headPitch += this.#mood.pitch;
    pose.headRoll += this.#mood.roll;
    if (emotion === "excitement" && !this.#reducedMotion) {
      pose.bodyY += Math.abs(Math.sin(timeS * 6.5)) * 0.035 * (1 - this.#walking);
    }
    this.#carrying += ((carrying ? 1 : 0) - this.#carrying) * approach(dtS, 0.12);
    this.#sitting += ((sitting ? 1 : 0) - this.#sitting) * approach(dtS, 0.14);
    if (this.#sitting < 0.005) return;
    emotePose("sit", timeS, toRest(this.#gesture));
    this.#gesture.headPitch += this.#mood.pitch;
    this.#gesture.headRoll += this.#mood.roll;
    blend(pose, this.#gesture, this.#sitting);
  }

  /** Into the direction of travel, into what speeds up, into turns. */
  #lean(speed: number, x: number, z: number): void {
    const pose = this.pose;
    const amount = this.#walking;
    const ahead = speed * 0.024 + this.#accelerationAhead * 0.012;
    pose.bodyPitch += Math.max(-0.3, Math.min(0.3, z * ahead)) * amount;
    pose.bodyRoll += Math.max(-0.2, Math.min(0.2, -x * speed * 0.02)) * amount;
    pose.bodyRoll += Math.max(-0.22, Math.min(0.22, this.#turnRate * speed * 0.014)) * amount;
    pose.headYaw += Math.max(-0.4, Math.min(0.4, this.#turnRate * 0.08));
  }

  #fly(): void {
    const pose = this.pose;
    const air = this.#airborne;
    if (air < 0.01) return;
    const rising = smooth((this.#velocity[1] + 1) / 4) * air;
    const falling = smooth((-this.#velocity[1] - 0.5) / 5) * air;
    pose.leftY += 0.34 * rising + 0.52 * falling;
    pose.rightY += 0.34 * rising + 0.52 * falling;
    pose.leftX -= 0.08 * rising + 0.16 * falling;
    pose.rightX += 0.08 * rising + 0.16 * falling;
    pose.leftZ -= 0.12 * rising;
    pose.rightZ -= 0.12 * rising;
    pose.leftFootY += 0.1 * air;
    pose.rightFootY += 0.03 * air;
    pose.leftFootZ -= 0.1 * rising - 0.05 * falling;
    pose.rightFootZ += 0.12 * rising - 0.06 * falling;
    pose.leftFootPitch -= 0.35 * air;
    pose.rightFootPitch -= 0.55 * air;
    pose.headPitch += 0.16 * rising - 0.2 * falling;
    pose.bodyPitch += -0.08 * rising + 0.06 * falling;
  }

  #gestures(view: AvatarView, speed: number, timeS: number, dtS: number): void {
    const emote = view.emote;
    if (emote) {
      this.#lastEmote = emote;
      // Whoever walks off has stood up.
      if (wholeBody(emote.emote) && (speed > 0.6 || !view.grounded)) {
        this.#emoteBroken = emote.startedS;
      }
    }
    const shown = this.#lastEmote;
    if (!shown) return;
    const t = timeS - shown.startedS;
    const over = !emote || t > EMOTE_S[shown.emote] || this.#emoteBroken === shown.startedS;
    const goal = over ? 0 : envelope(shown.emote, Math.max(0, t));
    this.#emoteWeight += (goal - this.#emoteWeight) * approach(dtS, over ? 0.14 : 0.05);
    if (this.#emoteWeight < 0.005) {
      this.#emoteWeight = 0;
      if (over) this.#lastEmote = null;
      return;
    }
    emotePose(shown.emote, Math.max(0, t), toRest(this.#gesture));
    if (!wholeBody(shown.emote) && this.#walking > 0.3) {
      blendUpper(this.pose, this.#gesture, this.#emoteWeight);
    } else {
      blend(this.pose, this.#gesture, this.#emoteWeight);
    }
  }
}

/** Into -pi..pi. */
export function wrapAngle(angle: number): number {
  const turns = (angle + Math.PI) / (Math.PI * 2);
  return (turns - Math.floor(turns)) * Math.PI * 2 - Math.PI;
}

/** Openness of the eyes: a short blink every few seconds, now and then a double one. */
function blink(timeS: number): number {
  const period = 3.7;
  const n = Math.floor(timeS / period);
  const t = timeS - n * period;
  const close = (at: number) => {
    const d = Math.abs(t - at);
    return d < 0.085 ? smooth(d / 0.085) : 1;
  };
  return Math.max(0.08, Math.min(close(1), n % 3 === 0 ? close(1.28) : 1));
}

/**
 * Shows all avatars: keeps an actor for each, and places the parts of each in the shared batches.
 */
import { Color, Euler, Group, Matrix4, Quaternion, Vector3 } from "three";
import type { Emotion } from "../../replica/feeling";
import type { Quality } from "../quality";
import type { AvatarView, PoseView } from "../view";
import { Actor, CENTRE_ABOVE_FEET_M } from "./actor";
import { LOOKS } from "./being";
import {
  EYE_LINE_M,
  HEAD_UP_M,
  HIP_M,
  NECK_M,
  type PartName,
  SHOULDER_M,
  SHOULDER_OUT_M,
  STALK_M,
  sculptParts,
} from "./character";
import { avatarMaterial, PartSet } from "./parts";

/** Beyond this a pose is computed every third frame only. */
const SLOW_M = 36;

interface PlacedPart {
  part: PartName;
  /** In the avatar's frame. */
  matrix: Matrix4;
}

interface Person {
  actor: Actor;
  parts: PlacedPart[];
  body: Color;
  accent: Color;
  look: string;
  seen: number;
  /** Time not yet animated, for those who are updated less often. */
  owedS: number;
}

export class Crowd {
  readonly root = new Group();
  #near: PartSet;
  #far: PartSet;
  #ghosts: PartSet;
  #people = new Map<number, Person>();
  #farM: number;
  #reducedMotion: boolean;
  #frame = 0;
  #root = new Matrix4();
  #world = new Matrix4();
  #turn = new Quaternion();
  #at = new Vector3();
  #one = new Vector3(1, 1, 1);

  constructor(quality: Quality, reducedMotion: boolean) {
    this.#reducedMotion = reducedMotion;
    this.#farM = quality.avatarFarM;
    const fancy = quality.tier === "high";
    const fine = sculptParts(quality.avatarDetail[0]);
    const coarse = sculptParts(quality.avatarDetail[1]);
    const solid = avatarMaterial(quality, false);
    this.#near = new PartSet(fine, solid, true, fancy);
    this.#far = new PartSet(coarse, solid, fancy, fancy);
    this.#ghosts = new PartSet(coarse, avatarMaterial(quality, true), false, false);
    this.root.add(this.#near.root, this.#far.root, this.#ghosts.root);
  }

  /** `hideSelf` while the camera is inside the own head. */
  update(
    avatars: readonly AvatarView[],
    timeS: number,
    dtS: number,
    eye: Vector3,
    ahead: Vector3,
    hideSelf: boolean,
  ): void {
    this.#frame += 1;
    // In a crowd only the nearest are worth the fine shapes.
    const farM = this.#farM * Math.min(1, Math.sqrt(24 / Math.max(1, avatars.length)));
    for (const set of [this.#near, this.#far, this.#ghosts]) set.begin();
    for (const view of avatars) {
      const person = this.#person(view);
      person.owedS += dtS;
      const away = this.#at.fromArray(view.position).sub(eye);
      const distance = away.length();
      const due = distance < SLOW_M || (this.#frame + view.entity) % 3 === 0;
      if (due || person.parts.length === 0) {
        person.actor.update(view, timeS, person.owedS);
        person.owedS = 0;
        placeParts(person.parts, person.actor, view);
      }
      if (view.self && hideSelf) continue;
      // Those well behind the camera cast no shadow that could be seen.
      if (away.dot(ahead) < -12) continue;
      const set = !view.present ? this.#ghosts : distance > farM ? this.#far : this.#near;
      this.#turn.setFromAxisAngle(UP, view.yaw);
      this.#at.fromArray(view.position);
      this.#at.y -= CENTRE_ABOVE_FEET_M;
      this.#root.compose(this.#at, this.#turn, this.#one);
      for (const { part, matrix } of person.parts) {
        this.#world.multiplyMatrices(this.#root, matrix);
        set.push(part, this.#world, person.body, person.accent);
      }
    }
    for (const set of [this.#near, this.#far, this.#ghosts]) set.end();
    for (const [entity, person] of this.#people) {
      if (person.seen !== this.#frame) this.#people.delete(entity);
    }
  }

  dispose(): void {
    for (const set of [this.#near, this.#far, this.#ghosts]) set.dispose();
  }

  #person(view: AvatarView): Person {
    let person = this.#people.get(view.entity);
    if (!person) {
      person = {
        actor: new Actor(view.entity, this.#reducedMotion),
        parts: [],
        body: new Color(),
        accent: new Color(),
        look: "",
        seen: 0,
        owedS: 0,
      };
      this.#people.set(view.entity, person);
    }
    person.seen = this.#frame;
    const look = `${view.look.body},${view.look.accent}`;
    if (look !== person.look) {
      person.look = look;
      person.body.setStyle(`rgb(${view.look.body.join(",")})`);
      person.accent.setStyle(`rgb(${view.look.accent.join(",")})`);
    }
    return person;
  }
}

const UP = new Vector3(0, 1, 0);
const torso = new Matrix4();
const headMatrix = new Matrix4();
const scratch = new Matrix4();
const position = new Vector3();
const scale = new Vector3();
const rotation = new Quaternion();
const euler = new Euler();
const from = new Vector3();
const to = new Vector3();

/** Writes the matrices of an avatar's parts in its own frame. */
function placeParts(parts: PlacedPart[], actor: Actor, view: AvatarView): void {
  const pose = actor.pose;
  const squash = actor.squash.value;
  let next = 0;
  const put = (part: PartName): Matrix4 => {
    let placed = parts[next];
    if (!placed) {
      placed = { part, matrix: new Matrix4() };
      parts.push(placed);
    }
    // Another feeling has another face.
    placed.part = part;
    next += 1;
    return placed.matrix;
  };
  const tracked = view.tracked;
  const tall = 1 + squash;
  const wide = 1 - squash * 0.55;
  const head = tracked?.head ?? null;
  // A tracked head carries the body below it along.
  const shiftX = head ? head.position[0] : pose.bodyX;
  const shiftZ = head ? head.position[2] : pose.bodyZ;
  const shiftY = head
    ? Math.max(-0.5, Math.min(0.3, head.position[1] - (NECK_M + HEAD_UP_M)))
    : pose.bodyY;

  position.set(shiftX, HIP_M * tall + shiftY, shiftZ);
  rotation.setFromEuler(euler.set(pose.bodyPitch, pose.bodyYaw, pose.bodyRoll, "YXZ"));
  scale.set(wide, tall, wide);
  torso.compose(position, rotation, scale);
  const being = view.companion ?? null;
  put(being ? "beingTorso" : "torso").copy(torso);

  position.set(0, NECK_M - HIP_M + (HEAD_UP_M - 0.015) / tall, 0).applyMatrix4(torso);
  if (head) {
    position.fromArray(head.position);
    rotation.fromArray(head.rotation);
  } else {
    rotation.multiply(
      euler2.setFromEuler(
        euler.set(pose.headPitch, pose.headYaw, pose.headRoll - pose.bodyRoll * 0.5, "YXZ"),
      ),
    );
  }
  scale.set(1 - squash * 0.3, 1 + squash * 0.4, 1 - squash * 0.3);
  headMatrix.compose(position, rotation, scale);
  put(being ? "beingHead" : "head").copy(headMatrix);
  if (being) placeFace(put, actor, being.emotion);
  else {
    scratch.makeScale(1, actor.eyes, 1).setPosition(0, EYE_LINE_M, 0);
    put("eyes").multiplyMatrices(headMatrix, scratch);
    from.fromArray(STALK_M).setY(STALK_M[1] + 0.13);
    from.x += actor.bobbleZ.value * -0.06;
    from.z += actor.bobbleX.value * -0.06;
    put("bobble").copy(headMatrix).multiply(scratch.makeTranslation(from));
  }

  for (const side of [-1, 1]) {
    const hand = side < 0 ? (tracked?.left ?? null) : (tracked?.right ?? null);
    placeArm(put, pose, side, hand, shiftX, shiftY, shiftZ);
    placeLeg(put, pose, side);
  }
}

/** Eyes, mouth and brows of a companion, and the leaves on its head, which tell from afar. */
function placeFace(put: Put, actor: Actor, emotion: Emotion): void {
  const { face, eyesTall, eyesWide, leaves } = LOOKS[emotion];
  scratch.makeScale(eyesWide, actor.eyes * eyesTall, 1).setPosition(0, EYE_LINE_M, 0);
  put("eyes").multiplyMatrices(headMatrix, scratch);
  put(face).copy(headMatrix);
  const sway = euler.set(
    actor.bobbleX.value * 0.6 + Math.max(0, -leaves) * 0.7,
    0,
    actor.bobbleZ.value * 0.6,
    "YXZ",
  );
  scratch.compose(
    from.fromArray(STALK_M).setY(LEAVES_M),
    leavesTurn.setFromEuler(sway),
    scale.set(1 - leaves * 0.12, 1 + leaves * 0.25, 1),
  );
  put("leaves").multiplyMatrices(headMatrix, scratch);
}

/** Where the leaves grow out of the head. */
const LEAVES_M = 0.275;
const leavesTurn = new Quaternion();
const euler2 = new Quaternion();
/** The fingers of the part point down, those of a hand that points ahead do so, too. */
const GRIP = new Quaternion().setFromAxisAngle(new Vector3(1, 0, 0), Math.PI / 2);

type Put = (part: PartName) => Matrix4;

function placeArm(
  put: Put,
  pose: Actor["pose"],
  side: number,
  tracked: PoseView | null,
  shiftX: number,
  shiftY: number,
  shiftZ: number,
): void {
  const left = side < 0;
  if (tracked) {
    to.fromArray(tracked.position);
    rotation.fromArray(tracked.rotation).multiply(GRIP);
  } else {
    to.set(
      (left ? pose.leftX : pose.rightX) + shiftX,
      (left ? pose.leftY : pose.rightY) + shiftY,
      (left ? pose.leftZ : pose.rightZ) + shiftZ,
    );
    rotation.setFromEuler(
      left
        ? euler.set(pose.leftPitch, pose.leftYaw, pose.leftRoll - 0.25, "YXZ")
        : euler.set(pose.rightPitch, pose.rightYaw, pose.rightRoll + 0.25, "YXZ"),
    );
  }
  from.set(side * SHOULDER_OUT_M, SHOULDER_M - HIP_M, 0).applyMatrix4(torso);
  const hand = put("hand");
  aim(to, from, rotation, tracked !== null);
  hand.compose(to, rotation, scale.set(1, 1, 1));
  stretch(put("limb"), from, to, 0.95);
}

/** An untracked hand points away from its shoulder, as if the arm ended in it. */
function aim(hand: Vector3, shoulder: Vector3, turn: Quaternion, exact: boolean): void {
  if (exact) return;
  direction.subVectors(shoulder, hand).normalize();
  aligned.setFromUnitVectors(UP, direction);
  turn.slerp(aligned, 0.7);
}

const direction = new Vector3();
const aligned = new Quaternion();

function placeLeg(put: Put, pose: Actor["pose"], side: number): void {
  const left = side < 0;
  to.set(
    left ? pose.leftFootX : pose.rightFootX,
    left ? pose.leftFootY : pose.rightFootY,
    left ? pose.leftFootZ : pose.rightFootZ,
  );
  rotation.setFromEuler(
    euler.set(left ? pose.leftFootPitch : pose.rightFootPitch, side * -0.12, 0, "YXZ"),
  );
  put("foot").compose(to, rotation, scale.set(1, 1, 1));
  // The ankle, in the foot's frame.
  to.add(position.set(0, 0.13, 0.025).applyQuaternion(rotation));
  from.set(side * 0.105, -0.02, 0).applyMatrix4(torso);
  stretch(put("limb"), from, to, 1.15);
}

/** Stretches the unit limb from one point to another. */
function stretch(matrix: Matrix4, start: Vector3, end: Vector3, thickness: number): void {
  direction.subVectors(end, start);
  const length = direction.length() || 0.001;
  aligned.setFromUnitVectors(UP, direction.divideScalar(length));
  matrix.compose(start, aligned, scale.set(thickness, length, thickness));
}

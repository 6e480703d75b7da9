/**
 * What the scene is shown each frame: plain data, already interpolated and predicted.
 *
 * Owns the seam between the client's state and its drawing. Nothing here knows three.js, and
 * nothing here may know the network.
 */
import type { Emote } from "../protocol/generated";
import type { Emotion } from "../replica/feeling";

export type Vec3 = [number, number, number];
/** Unit quaternion x, y, z, w. */
export type Quat = [number, number, number, number];

/**
 * Of a headset or controller: in metres relative to the avatar's feet, in the avatar's frame. Of an
 * object: in the world.
 */
export interface PoseView {
  position: Vec3;
  rotation: Quat;
}

/** Where an object is shown. */
export interface ScaledPose extends PoseView {
  /** Factors along the object's own axes. */
  scale: Vec3;
}

/** An upright box, metres. */
export interface Bounds {
  min: Vec3;
  max: Vec3;
}

/** What a model costs. */
export interface ModelWeight {
  triangles: number;
  /** Of its textures on the graphics card. */
  textureBytes: number;
}

/** What lies under a point of the picture. */
export interface Hit {
  object: number;
  point: Vec3;
  /** Unit vector out of the surface. */
  normal: Vec3;
}

/** What an avatar of a companion shows besides. */
export interface CompanionView {
  emotion: Emotion;
  /** Holds something in front of itself. */
  carrying: boolean;
  sitting: boolean;
  /** Looks for words: dots in the bubble's place. */
  thinking: boolean;
  /** What is in the bubble was said without a language model. */
  reduced: boolean;
  /** How much of the bubble is left while it fades, 0 to 1. */
  bubble01: number;
}

export interface AvatarView {
  /** The person whose it is; below 0 that of a companion. */
  entity: number;
  name: string;
  /** sRGB, 0-255. */
  look: { body: number[]; accent: number[] };
  self: boolean;
  /** Centre of the capsule, metres. */
  position: Vec3;
  /** Radians, 0 = -z, counter-clockwise about +y. */
  yaw: number;
  /** Radians, up positive. */
  pitch: number;
  grounded: boolean;
  running: boolean;
  /** False while the person's connection is lost. */
  present: boolean;
  /** The gesture under way; `startedS` in the time of `WorldView.timeS`. */
  emote: { emote: Emote; startedS: number } | null;
  /** What was said last, while it is shown. */
  bubble: string | null;
  tracked: { head: PoseView | null; left: PoseView | null; right: PoseView | null } | null;
  /** Absent or null: a person's. */
  companion?: CompanionView | null;
}

/** A dynamic body or a mover. */
export interface ObjectView {
  object: number;
  position: Vec3;
  rotation: Quat;
}

/** Where somebody else who builds points. */
export interface PointerView {
  person: number;
  position: Readonly<Vec3>;
  name: string;
  /** As CSS writes it. */
  colour: string;
}

/** What the camera goes round when it is not the avatar's. */
export interface Orbit {
  readonly pivot: Vec3;
  readonly distanceM: number;
}

export interface CameraView {
  mode: "third" | "first";
  /** Radians, 0 = looking to -z, counter-clockwise about +y. */
  yaw: number;
  /** Radians, up positive. */
  pitch: number;
  distanceM: number;
  /** What the camera follows: the centre of the own capsule, metres. */
  target: Vec3;
  /** Free way (metres) from `origin` along the unit `direction`, at most `maxM`. */
  obstruct(origin: Vec3, direction: Vec3, maxM: number): number;
  /** Builders look from elsewhere, through walls too; null or absent: the camera is the avatar's. */
  orbit?: Orbit | null;
}

export interface WorldView {
  /** Seconds on the page's monotonic clock. */
  timeS: number;
  avatars: AvatarView[];
  objects: ObjectView[];
  /** Absent: nobody else points. */
  pointers?: readonly PointerView[];
  camera: CameraView;
  /** Written where a companion has spoken without a language model, in the person's language. */
  fromMemory?: string;
}

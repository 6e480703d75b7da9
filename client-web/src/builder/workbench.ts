/**
 * What the builder needs from the page: the world as it is, the picture, and ways to show things
 * before the server has agreed. The page implements it; the builder knows neither session nor scene.
 */
import type { ReadonlySignal } from "@preact/signals";
import type { WorldDocument } from "../protocol/document";
import type { WorldSummary } from "../ui/store";
import type { Hands } from "../xr/hands";
import type { Quat, Vec3 } from "./vectors";

/** Where an object is, how it is turned and how large it is. */
export interface Pose {
  position: Vec3;
  rotation: Quat;
  scale: Vec3;
}

/** An upright box, metres. */
export interface Bounds {
  min: Vec3;
  max: Vec3;
}

/** What lies under a point of the picture. */
export interface Hit {
  /** Null: something that is no object, such as the sky's ground. */
  object: number | null;
  point: Vec3;
  /** Unit vector out of the surface. */
  normal: Vec3;
}

/** What drawing costs. */
export interface DrawingCost {
  triangles: number;
  drawCalls: number;
  /** Bytes of the textures on the graphics card; null: not known. */
  textureBytes: number | null;
  framesPerS: number;
}

/** What a model costs. */
export interface ModelWeight {
  triangles: number;
  /** Of its textures on the graphics card. */
  textureBytes: number;
}

/** The handles in the picture, with which the chosen is moved, turned and scaled. */
export interface Gizmo {
  /** Puts the handles at a pose; null takes them away. */
  show(pose: Pose | null, mode: GizmoMode, space: "world" | "local"): void;
  setSnap(snap: { gridM: number | null; angleRad: number | null }): void;
  /** Whether a handle lies under the point (-1 to 1, y upwards). */
  hover(x: number, y: number): boolean;
  /** Takes hold of the handle under the point; false: there is none. */
  begin(x: number, y: number): boolean;
  /** Moves what is held; gives the pose of the handles. */
  move(x: number, y: number): Pose;
  end(): Pose;
  dispose(): void;
}

export type GizmoMode = "translate" | "rotate" | "scale";

export interface Workbench {
  /** Name of the world in addresses. */
  readonly world: string;
  readonly canvas: HTMLCanvasElement;
  /** The document with all edits that came; a new value for each. */
  readonly document: ReadonlySignal<WorldDocument>;
  /** Number of the newest edit in the document; null: none came yet. */
  readonly edit: ReadonlySignal<number | null>;
  /** What others have chosen, by their names. */
  readonly others: ReadonlySignal<ReadonlyMap<string, readonly number[]>>;
  /** The key of this device, 64 hexadecimal digits. */
  keyHex(): string | Promise<string>;
  /** The name by which others know this person. */
  personName(): string;
  worlds(): Promise<readonly WorldSummary[]>;
  /** Tells others what is chosen, at most 64 objects. */
  tellSelection(objects: readonly number[]): void;
  /** Tells others who build where this person points; null: nowhere. */
  tellPoint(at: Vec3 | null): void;

  /** What lies under a point of the window, in CSS pixels, besides some objects. */
  pick(clientX: number, clientY: number, except: ReadonlySet<number>): Hit | null;
  /** The same along a ray of the world; `direction` is of length one. */
  pickAlong(origin: Vec3, direction: Vec3, except: ReadonlySet<number>): Hit | null;
  /** The hands of whoever wears a headset; null: nobody does. */
  readonly hands: ReadonlySignal<Hands | null>;
  /** The box around an object as it is shown; null: it shows nothing. */
  boundsOf(object: number): Bounds | null;
  /** Where an object is shown right now, which for loose bodies is not where it began. */
  poseOf(object: number): Pose | null;
  /** Shows an object elsewhere than the document says; null: where it says. */
  preview(object: number, pose: Pose | null): void;
  /** Hides an object on this page alone. */
  hide(object: number, hidden: boolean): void;
  /** Where a point of the world is in the window, in CSS pixels; null: not in the picture. */
  screenOf(point: Vec3): { x: number; y: number } | null;
  /** Marks where objects are that show nothing of themselves. */
  mark(objects: readonly number[]): void;
  /** Draws frames around objects, and around where something is about to be put. */
  outline(chosen: readonly number[], others: readonly number[], ghost: Bounds | null): void;
  /** Metres that are free straight below a point, 0 within something; null: nothing is below it. */
  freeBelow(point: Vec3): number | null;
  makeGizmo(): Promise<Gizmo>;
  /** Where the camera looks, radians about y. */
  cameraYaw(): number;
  /** Whether the camera is away from the avatar. */
  readonly flying: ReadonlySignal<boolean>;
  /** Takes the camera away from the avatar, or gives it back. */
  fly(on: boolean): void;
  /** Moves the camera, away from the avatar, so that a ball is seen whole. */
  frame(centre: Vec3, radiusM: number): void;
  /** Draws the picture along by CSS pixels, while the camera is away. */
  panCamera(rightPx: number, downPx: number): void;
  /** A factor above 1 moves the camera away, while it is not the avatar's. */
  zoomCamera(factor: number): void;
  drawing(): DrawingCost;
  /** What a model costs to draw once; null: not known. */
  modelWeight(path: string): ModelWeight | null;
  /** A picture of a model as an address for `img`; null: it cannot be made. */
  modelPicture(path: string): Promise<string | null>;
  /** Goes into another world and builds there. */
  enter(world: string): void;
  /** What is told once the draft that is shown has ended; null: that it has. */
  endDraft(words: string | null): void;
  /** Puts the keyboard back into the world. */
  focus(): void;
  /** Closes the builder, whoever asks; called once more when it is closed, it does nothing. */
  close(): void;
}

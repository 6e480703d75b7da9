/**
 * `window.vivarium`: what this page knows, for tests and for curious people. Read-only: nothing here
 * changes the world.
 */
import type { SessionState } from "./net/session";
import type { TransportName } from "./net/transport";
import type { Emotion } from "./replica/feeling";
import type { Vec3 } from "./scene/view";

/** A person as this page sees them. Positions are capsule centres in metres, yaw in radians. */
export interface SeenPerson {
  person: number;
  name: string;
  present: boolean;
  /** Null while out of sight. */
  position: Vec3 | null;
  yaw: number | null;
  /** What is written in the speech bubble. */
  bubble: string | null;
  /** Where head and hands of a person in a headset are, metres from their feet. */
  tracked: Readonly<Record<"head" | "left" | "right", { position: Vec3 } | null>> | null;
}

/** A companion as this page sees it. */
export interface SeenCompanion {
  /** The object whose it is. */
  companion: number;
  name: string;
  /** Null while out of sight. */
  position: Vec3 | null;
  yaw: number | null;
  /** What is written in the speech bubble. */
  bubble: string | null;
  thinking: boolean;
  emotion: Emotion | null;
  carrying: boolean;
  sitting: boolean;
}

/** A dynamic body or platform as it is shown. */
export interface SeenObject {
  object: number;
  name: string | null;
  position: Vec3;
  rotation: readonly [number, number, number, number];
}

export interface VivariumState {
  /** Which screen is shown. */
  readonly screen: "entry" | "loading" | "world";
  readonly session: SessionState["kind"];
  /** Name of the world; null outside. */
  readonly world: string | null;
  /** The person of this page; null before the first entry. */
  readonly person: number | null;
  /** Newest server tick known here. */
  readonly tick: number;
  /** The tick for which the newest input was made. */
  readonly inputTick: number;
  /** The own avatar as it is shown. */
  readonly own: { position: Vec3; yaw: number; grounded: boolean; bubble: string | null } | null;
  /** Where the camera looks, radians. */
  readonly camera: { mode: "third" | "first"; yaw: number; pitch: number } | null;
  /** Everyone else in this world. */
  readonly others: readonly SeenPerson[];
  /** Companions of the document, in its order. */
  readonly companions: readonly SeenCompanion[];
  readonly objects: readonly SeenObject[];
  /** Names of all objects of the world document, in its order. */
  readonly objectNames: readonly (string | null)[];
  /** The number of the last edit that is in the document; null before it has come. */
  readonly edits: number | null;
  /** How many objects the document has. */
  readonly objectCount: number;
  /** What others have chosen to change, by person. */
  readonly chosen: readonly { person: number; objects: readonly number[] }[];
  /** Where others point who build, as it is shown: metres. */
  readonly pointers: readonly { person: number; position: Vec3 }[];
  readonly transport: TransportName | null;
  readonly roundTripMs: number | null;
  readonly snapshotsPerS: number;
  readonly loss01: number;
  readonly bufferMs: number;
  /**
   * Predictions that the server corrected since this world was entered, although every input had
   * come in time: loose bodies and other people in the way, or a fault.
   */
  readonly mispredictions: number;
  /** Ticks whose input came too late, so that the server repeated the one before. */
  readonly lateInputs: number;
  /** Where an object of the document is shown; null: nowhere. */
  shownAt(object: number): { position: Vec3; min: Vec3; max: Vec3 } | null;
  /** Where the middle of an object is in the window, CSS pixels; null: not in the picture. */
  projected(object: number): { x: number; y: number } | null;
  /** What is written in the box in the place of a model that is on its way; null: there is none. */
  arriving(object: number): string | null;
  /** What the renderer does. */
  readonly drawing: { drawCalls: number; triangles: number; fps: number };
}

declare global {
  interface Window {
    readonly vivarium: VivariumState;
  }
}

/** Puts the state where the console finds it. */
export function publish(state: VivariumState): void {
  Object.defineProperty(window, "vivarium", { value: state, configurable: true });
}

/**
 * What a companion's facet says beside where it is: how it stands and what it feels.
 * `shared/protocol/src/snapshot/fields.rs`, `companion`.
 */
import type { Sighting } from "./track";

/** Where the fields are that an avatar does not have at the same place, and what their bits mean. */
const FEELING = 5;
const STANCE = 6;
const EMOTION_BITS = 7;
const CARRYING = 16;
const GROUNDED = 1;
const RUNNING = 2;
const SITTING = 4;

/** By their numbers on the wire. */
export const EMOTIONS = [
  "calm",
  "joy",
  "excitement",
  "sadness",
  "anger",
  "fear",
  "surprise",
  "affection",
] as const;

export type Emotion = (typeof EMOTIONS)[number];

/** How a companion stands, and what it feels. */
export interface Bearing {
  emotion: Emotion;
  carrying: boolean;
  grounded: boolean;
  running: boolean;
  sitting: boolean;
}

/** As of the nearer sample: none of it can be between two. */
export function bearingOf({ fields, from, to, share }: Sighting): Bearing {
  const at = share < 0.5 ? from : to;
  const feeling = fields[at + FEELING] as number;
  const stance = fields[at + STANCE] as number;
  return {
    emotion: EMOTIONS[feeling & EMOTION_BITS] ?? "calm",
    carrying: (feeling & CARRYING) !== 0,
    grounded: (stance & GROUNDED) !== 0,
    running: (stance & RUNNING) !== 0,
    sitting: (stance & SITTING) !== 0,
  };
}

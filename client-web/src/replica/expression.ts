/** What people do and say, for as long as it is shown. Times are seconds on the page's clock. */
import { unreachable } from "../protocol/codec";
import type { Emote } from "../protocol/generated";
import type { Vec3 } from "../scene/view";

/** Whoever moves farther than this ends a gesture that is held. */
const HELD_WITHIN_M = 0.3;

/** Seconds that a gesture lasts; null: until the person moves. */
function lastsS(emote: Emote): number | null {
  switch (emote) {
    case "wave":
    case "clap":
    case "cheer":
    case "point":
      return 2.6;
    case "nod":
    case "shrug":
      return 1.8;
    case "dance":
    case "sit":
      return null;
    default:
      return unreachable(emote);
  }
}

interface Gesture {
  emote: Emote;
  startedS: number;
  /** Where a held gesture began. */
  at: Vec3 | null;
}

export class Gestures {
  #under = new Map<number, Gesture>();

  begin(person: number, emote: Emote, timeS: number): void {
    this.#under.set(person, { emote, startedS: timeS, at: null });
  }

  /** The gesture that a person at `position` makes now. */
  of(person: number, position: Vec3, timeS: number): { emote: Emote; startedS: number } | null {
    const gesture = this.#under.get(person);
    if (gesture === undefined) return null;
    const seconds = lastsS(gesture.emote);
    if (seconds === null) {
      gesture.at ??= position;
      const moved = Math.hypot(
        position[0] - gesture.at[0],
        position[1] - gesture.at[1],
        position[2] - gesture.at[2],
      );
      if (moved <= HELD_WITHIN_M) return gesture;
    } else if (timeS < gesture.startedS + seconds) {
      return gesture;
    }
    this.#under.delete(person);
    return null;
  }

  forget(person: number): void {
    this.#under.delete(person);
  }
}

const BUBBLE_S_MIN = 3;
const BUBBLE_S_MAX = 12;
/** Slow readers manage about 15 characters a second. */
const BUBBLE_S_PER_CHARACTER = 1 / 15;

export class Speech {
  #bubbles = new Map<number, { text: string; untilS: number }>();

  say(person: number, text: string, timeS: number): void {
    const lasts = Math.min(BUBBLE_S_MAX, BUBBLE_S_MIN + text.length * BUBBLE_S_PER_CHARACTER);
    this.#bubbles.set(person, { text, untilS: timeS + lasts });
  }

  /** What a person's bubble says now. */
  of(person: number, timeS: number): string | null {
    const bubble = this.#bubbles.get(person);
    if (bubble === undefined) return null;
    if (timeS < bubble.untilS) return bubble.text;
    this.#bubbles.delete(person);
    return null;
  }

  forget(person: number): void {
    this.#bubbles.delete(person);
  }
}

/** The seam between a headset's hands and what people do with them. */
import type { Hand, Side } from "../scene/headset";

/** What hands are for at the moment, besides walking. */
export interface Uses {
  /** The stick of this hand moves something else than the avatar. */
  left: boolean;
  right: boolean;
  /** The buttons do something else than jump. */
  buttons: boolean;
}

export interface Hands {
  readonly left: Hand;
  readonly right: Hand;
  /** Written by whoever uses them. */
  readonly uses: Uses;
  /** Draws the ray of a hand so far (metres), with a dot where it meets something; null: no ray. */
  point(side: Side, lengthM: number | null, meets: boolean): void;
  /** Lets a hand feel something. */
  pulse(side: Side): void;
  /** Shows words before the eyes; null: none any more. */
  tell(text: string | null): void;
  /** `act` is called before each picture from now on, once the hands are where they are. */
  each(act: (nowMs: number) => void): () => void;
}

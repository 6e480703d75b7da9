/** Hands without a headset, for tests. */
import type { Hand, Side } from "../scene/headset";
import type { Hands, Uses } from "./hands";

export function restingHand(side: Side): Hand {
  return {
    side,
    isThere: true,
    position: [side === "left" ? -0.2 : 0.2, 1, 0],
    rotation: [0, 0, 0, 1],
    direction: [0, 0, -1],
    trigger: false,
    squeeze: false,
    lower: false,
    upper: false,
    stick: false,
    stickRight: 0,
    stickUp: 0,
  };
}

export class FakeHands implements Hands {
  readonly left = restingHand("left");
  readonly right = restingHand("right");
  readonly uses: Uses = { left: false, right: false, buttons: false };
  /** How far rays are drawn; null: they are not. */
  readonly rays: Record<Side, { lengthM: number | null; meets: boolean }> = {
    left: { lengthM: null, meets: false },
    right: { lengthM: null, meets: false },
  };
  readonly pulses: Side[] = [];
  told: string | null = null;
  #acts = new Set<(nowMs: number) => void>();
  #nowMs = 0;

  /** Lets pictures pass, 10 ms each. */
  pictures(count = 1): void {
    for (let picture = 0; picture < count; picture += 1) {
      this.#nowMs += 10;
      for (const act of this.#acts) act(this.#nowMs);
    }
  }

  point(side: Side, lengthM: number | null, meets: boolean): void {
    this.rays[side] = { lengthM, meets };
  }

  pulse(side: Side): void {
    this.pulses.push(side);
  }

  tell(text: string | null): void {
    this.told = text;
  }

  each(act: (nowMs: number) => void): () => void {
    this.#acts.add(act);
    return () => this.#acts.delete(act);
  }
}

/**
 * Where a piece of the library comes that is put down by keys.
 *
 * Owns the place: at first what lies in the middle of the picture, then wherever keys or the pointer
 * take it. Without a piece in hand nothing is aimed at.
 */
import { signal } from "@preact/signals";
import { add, type Vec3 } from "./vectors";
import type { Hit, Workbench } from "./workbench";

/** Where is looked for a place, from the top of the picture (0) to its bottom (1). */
const LOOKS = [0.5, 0.65, 0.8, 0.95] as const;

export class Aim {
  readonly #bench: Workbench;
  /** Null: nothing is aimed at. */
  readonly at = signal<Hit | null>(null);
  #back: () => void = () => undefined;

  constructor(bench: Workbench) {
    this.#bench = bench;
  }

  /** Aims at the middle of the picture, or at what is below it; false: nothing is there. */
  begin(except: ReadonlySet<number>, back: () => void): boolean {
    const { left, top, width, height } = this.#bench.canvas.getBoundingClientRect();
    for (const look of LOOKS) {
      const hit = this.#bench.pick(left + width / 2, top + height * look, except);
      if (hit === null) continue;
      this.#back = back;
      this.at.value = hit;
      return true;
    }
    return false;
  }

  move(by: Vec3): void {
    const at = this.at.peek();
    if (at !== null) this.at.value = { ...at, point: add(at.point, by) };
  }

  /** The pointer aims elsewhere, while keys aim. */
  follow(hit: Hit): void {
    if (this.at.peek() !== null) this.at.value = hit;
  }

  end(): void {
    this.at.value = null;
    this.#back = () => undefined;
  }

  /** Leads the keyboard back to where the piece was taken. */
  giveUp(): void {
    const back = this.#back;
    this.end();
    back();
  }
}

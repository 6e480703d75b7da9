/**
 * What this page shows before the server has agreed.
 *
 * Owns which objects are shown elsewhere than the document says. A preview ends when the edit that
 * makes it true has come back, when the server refused it, or when nothing came for a while.
 */
import type { Pose, Workbench } from "./workbench";

const PATIENCE_MS = 4_000;

export class Previews {
  readonly #bench: Pick<Workbench, "preview" | "edit">;
  readonly #after: (ms: number, then: () => void) => void;
  #poses = new Map<number, { pose: Pose; until: number | null; turn: number }>();
  #turn = 0;

  constructor(
    bench: Pick<Workbench, "preview" | "edit">,
    after: (ms: number, then: () => void) => void,
  ) {
    this.#bench = bench;
    this.#after = after;
  }

  has(id: number): boolean {
    return this.#poses.has(id);
  }

  pose(id: number): Pose | null {
    return this.#poses.get(id)?.pose ?? null;
  }

  show(poses: ReadonlyMap<number, Pose>): void {
    this.#turn += 1;
    for (const [id, pose] of poses) {
      this.#poses.set(id, { pose, until: null, turn: this.#turn });
      this.#bench.preview(id, pose);
    }
  }

  /** They are true once the edit of that number is applied. */
  settle(ids: Iterable<number>, edit: number): void {
    const settled = [...ids].flatMap((id) => {
      const preview = this.#poses.get(id);
      if (preview === undefined) return [];
      preview.until = edit;
      return [[id, preview.turn] as const];
    });
    this.follow();
    this.#after(PATIENCE_MS, () => {
      const late = settled.filter(([id, turn]) => this.#poses.get(id)?.turn === turn);
      this.drop(late.map(([id]) => id));
    });
  }

  /** Called when the document has changed: ends what has come true, shows the others again. */
  follow(): void {
    const newest = this.#bench.edit.peek();
    for (const [id, { pose, until }] of this.#poses) {
      if (until !== null && newest !== null && newest >= until) this.drop([id]);
      else this.#bench.preview(id, pose);
    }
  }

  drop(ids: Iterable<number>): void {
    for (const id of ids) {
      if (this.#poses.delete(id)) this.#bench.preview(id, null);
    }
  }

  clear(): void {
    this.drop([...this.#poses.keys()]);
  }
}

/**
 * What is chosen.
 *
 * Owns the set and the anchor from which shift reaches. Objects that were made a moment ago may be
 * chosen before the document has them; objects that were there and went are dropped.
 */
import { computed, signal } from "@preact/signals";

export class Selection {
  readonly #chosen = signal<ReadonlySet<number>>(new Set());
  /** Ids that were once seen in the document. */
  #met = new Set<number>();
  #anchor: number | null = null;

  readonly ids = computed<readonly number[]>(() => [...this.#chosen.value]);
  readonly set = computed<ReadonlySet<number>>(() => this.#chosen.value);

  has(id: number): boolean {
    return this.#chosen.value.has(id);
  }

  /** The one from which shift reaches. */
  get anchor(): number | null {
    return this.#anchor;
  }

  choose(ids: Iterable<number>): void {
    const chosen = new Set(ids);
    this.#anchor = chosen.values().next().value ?? null;
    this.#write(chosen);
  }

  toggle(id: number): void {
    const chosen = new Set(this.#chosen.peek());
    if (!chosen.delete(id)) chosen.add(id);
    this.#anchor = id;
    this.#write(chosen);
  }

  /** Everything from the anchor to `id` in the order of `rows`. */
  reach(id: number, rows: readonly number[]): void {
    const from = this.#anchor === null ? -1 : rows.indexOf(this.#anchor);
    const to = rows.indexOf(id);
    if (from < 0 || to < 0) this.choose([id]);
    else this.#write(new Set(rows.slice(Math.min(from, to), Math.max(from, to) + 1)));
  }

  clear(): void {
    this.choose([]);
  }

  /** Drops what was in the document and is no more. */
  keep(known: (id: number) => boolean): void {
    const chosen = this.#chosen.peek();
    const kept = [...chosen].filter((id) => known(id) || !this.#met.has(id));
    for (const id of kept) if (known(id)) this.#met.add(id);
    if (kept.length !== chosen.size) this.#write(new Set(kept));
  }

  #write(chosen: ReadonlySet<number>): void {
    const before = this.#chosen.peek();
    const same = before.size === chosen.size && [...chosen].every((id) => before.has(id));
    if (!same) this.#chosen.value = chosen;
  }
}

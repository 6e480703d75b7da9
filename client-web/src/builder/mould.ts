/** Changes what objects are: of their own, or in their blueprint while that is changed in the place of one. */
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Operation } from "../protocol/operation";
import { type Changing, changeBlueprint, changeTogether, forBlueprint } from "./blueprints";
import type { Scenery } from "./scenery";

type Commit = (operations: readonly Operation[], stroke: number | null) => Promise<unknown>;

export class Mould {
  /** The object whose blueprint is changed in its place; null: objects are changed themselves. */
  readonly through = signal<number | null>(null);
  readonly #scenery: ReadonlySignal<Scenery>;
  readonly #commit: Commit;

  constructor(scenery: ReadonlySignal<Scenery>, commit: Commit) {
    this.#scenery = scenery;
    this.#commit = commit;
  }

  /** The blueprint that edits of an object go to; null: they are for the object alone. */
  of(id: number): string | null {
    if (this.through.value !== id) return null;
    return this.#scenery.value.objects.get(id)?.blueprint ?? null;
  }

  put(id: number, operations: readonly Operation[], stroke: number | null): void {
    const name = this.of(id);
    void this.#commit(name === null ? operations : forBlueprint(operations, name), stroke);
  }

  /** Changes several properties as one change. */
  putAll(id: number, changing: Changing): void {
    const name = this.of(id);
    const scenery = this.#scenery.value;
    const operations =
      name === null ? changeTogether(id, changing) : changeBlueprint(scenery, name, changing);
    void this.#commit(operations, null);
  }
}

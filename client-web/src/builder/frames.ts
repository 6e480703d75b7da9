/**
 * The frames in the picture: around what is chosen, where something is about to be put, and where
 * things are that show nothing of themselves. Told to the picture only when they are others.
 */
import type { Builder } from "./builder";
import { FRAMED_MAX } from "./limits";

export class Frames {
  #outlined = "";
  #marked = "";

  /** Reads signals: call it in an effect. */
  show({ bench, chosen, ghost, selection, hidden, unseen }: Builder): void {
    const others = [...bench.others.value.values()].flat();
    const framed = chosen.value.slice(0, FRAMED_MAX);
    const outlined = JSON.stringify([framed, others, ghost.value]);
    if (outlined !== this.#outlined) bench.outline(framed, others, ghost.value);
    this.#outlined = outlined;
    const [set, gone] = [selection.set.value, hidden.value];
    const marks = unseen.value.filter((id) => !set.has(id) && !gone.has(id));
    const marked = marks.join();
    if (marked !== this.#marked) bench.mark(marks);
    this.#marked = marked;
  }
}

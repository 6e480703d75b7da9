/**
 * The world that is shown as it is now, and what others in it have chosen to change.
 *
 * Owns the follower of the document. Invariant: `document` and `number` belong together; both are
 * null from `leave` or `enter` until the document has come.
 */
import { batch, type ReadonlySignal, signal } from "@preact/signals";
import type { Changes } from "./document/apply";
import { type Edit, EditFollower, type Fetched } from "./document/follower";
import type { WorldDocument } from "./protocol/document";

/** Objects that one person may show as chosen; the server cuts off more. */
export const SELECTED_OBJECTS_MAX = 64;

export interface EditsPorts {
  fetch(url: string): Promise<Fetched>;
  /** Calls `then` after `ms`; the result cancels. */
  after(ms: number, then: () => void): () => void;
}

export interface EditsEvents {
  /** The world was edited since `enter` or `resume` was called: this is what it is now. */
  changed(document: WorldDocument, changes: Changes): void;
  /** A person has chosen objects, or none any more. */
  chosen(person: number, objects: readonly number[]): void;
}

export class WorldEdits {
  readonly #ports: EditsPorts;
  readonly #events: EditsEvents;
  readonly #document = signal<WorldDocument | null>(null);
  readonly #number = signal<number | null>(null);
  readonly #chosen = signal<ReadonlyMap<number, readonly number[]>>(new Map());
  #follower: EditFollower | null = null;

  constructor(ports: EditsPorts, events: EditsEvents) {
    this.#ports = ports;
    this.#events = events;
  }

  /** The document with all edits that came: another value after each. */
  get document(): ReadonlySignal<WorldDocument | null> {
    return this.#document;
  }

  /** The number of the last edit that is in the document. */
  get number(): ReadonlySignal<number | null> {
    return this.#number;
  }

  /** What others have chosen, by person. */
  get chosen(): ReadonlySignal<ReadonlyMap<number, readonly number[]>> {
    return this.#chosen;
  }

  /** Follows another world. Fails as its fetch does; what comes meanwhile is not lost. */
  async enter(url: string): Promise<WorldDocument> {
    this.leave();
    const follower = this.#follow(url);
    const document = await follower.begin();
    this.#publish(follower);
    return document;
  }

  /** Goes on with a world whose document may be out of date: the difference comes as `changed`. */
  resume(url: string, known: WorldDocument): void {
    const follower = this.#follow(url);
    follower.resume(known);
    this.#publish(follower);
  }

  leave(): void {
    this.#follower?.end();
    this.#follower = null;
    batch(() => {
      this.#document.value = null;
      this.#number.value = null;
      this.#chosen.value = new Map();
    });
  }

  hear(edit: Edit): void {
    this.#follower?.hear(edit);
  }

  /** Somebody has chosen objects. */
  choose(person: number, objects: readonly number[]): void {
    const chosen = new Map(this.#chosen.peek());
    if (objects.length > 0) chosen.set(person, objects);
    else if (!chosen.delete(person)) return;
    this.#chosen.value = chosen;
    this.#events.chosen(person, objects);
  }

  #follow(url: string): EditFollower {
    this.#follower?.end();
    const follower: EditFollower = new EditFollower(
      { fetch: () => this.#ports.fetch(url), after: this.#ports.after },
      {
        changed: (changes, document) => {
          if (this.#follower !== follower) return;
          this.#publish(follower);
          this.#events.changed(document, changes);
        },
        // What is shown stays; the next edit is the next occasion.
        lost: () => {},
      },
    );
    this.#follower = follower;
    return follower;
  }

  #publish(follower: EditFollower): void {
    if (this.#follower !== follower) return;
    batch(() => {
      this.#document.value = follower.document;
      this.#number.value = follower.number;
    });
  }
}

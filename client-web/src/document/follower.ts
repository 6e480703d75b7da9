/**
 * Keeps a document as the server's is: fetches it, and does every edit that comes after.
 *
 *     fetching --document after edit N--> following --gap, null or unfit--> fetching
 *        |  \__ fails: waits, longer each time, TRIES_MAX times __/
 *        +--> lost
 *
 * Invariant: while following, the document is as it was on the server after edit `number`. Edits
 * that come while a document is fetched are kept and done after it. It knows neither the session nor
 * HTTP; time is a port.
 */
import type { WorldDocument } from "../protocol/document";
import type { Operation } from "../protocol/operation";
import { applyOperations, type Changes, type Edited, editable, Unfit } from "./apply";
import { compare } from "./compare";

/** One edit as the server tells it. `operations` null: too many to be told. */
export interface Edit {
  number: number;
  author: string;
  operations: string | null;
}

/** A document as it is after edit `edits`. */
export interface Fetched {
  document: WorldDocument;
  edits: number;
}

export interface FollowerPorts {
  /** Must ask the server each time. */
  fetch(): Promise<Fetched>;
  /** Calls `then` after `ms`; the result cancels. */
  after(ms: number, then: () => void): () => void;
}

export interface FollowerEvents {
  /** `document` is what it is now; the one before it stays as it was. */
  changed(changes: Changes, document: WorldDocument): void;
  /** The document could not be fetched for a long time: what is shown is out of date. */
  lost(error: unknown): void;
}

/** More edits than these are not kept: the oldest go, the gap is noticed, and it is fetched anew. */
const KEPT_MAX = 1_024;
const TRIES_MAX = 8;
const PAUSE_FIRST_MS = 250;
const PAUSE_MS_MAX = 8_000;

export class EditFollower {
  readonly #ports: FollowerPorts;
  readonly #events: FollowerEvents;
  #document: WorldDocument | null = null;
  #number = 0;
  #kept: Edit[] = [];
  #fetching = false;
  #ended = false;
  #tries = 0;
  #cancelPause: () => void = () => {};

  constructor(ports: FollowerPorts, events: FollowerEvents) {
    this.#ports = ports;
    this.#events = events;
  }

  /** The document as it is now; null before it was fetched. */
  get document(): WorldDocument | null {
    return this.#document;
  }

  /** The number of the last edit that is in the document. */
  get number(): number {
    return this.#number;
  }

  /**
   * Fetches the document; call it once, after `Entered`. Fails as the fetch does. Edits that are
   * kept by then are in it; later ones, and what is fetched anew, come as `changed`.
   */
  async begin(): Promise<WorldDocument> {
    this.#fetching = true;
    try {
      const { document, edits } = await this.#ports.fetch();
      this.#document = editable(document);
      this.#number = edits;
    } finally {
      this.#fetching = false;
    }
    // What is done now is in the document that is given back.
    if (!this.#doKept(() => {})) this.#fetchAnew();
    return this.#document;
  }

  /**
   * Goes on from a document of an earlier stay in this world, which may be out of date: it is
   * fetched, and what differs comes as `changed`.
   */
  resume(known: WorldDocument): void {
    this.#document = known;
    this.#fetchAnew();
  }

  /** Takes in an edit. */
  hear(edit: Edit): void {
    if (this.#ended) return;
    this.#kept.push(edit);
    if (this.#kept.length > KEPT_MAX) this.#kept.shift();
    if (this.#fetching || this.#document === null) return;
    if (!this.#doKept((changes, document) => this.#events.changed(changes, document))) {
      this.#fetchAnew();
    }
  }

  /** Nothing happens any more. */
  end(): void {
    this.#ended = true;
    this.#cancelPause();
  }

  /**
   * Does what is kept, in order; false when something is missing or does not fit: then it is kept
   * until a document comes that has it.
   */
  #doKept(told: (changes: Changes, document: WorldDocument) => void): boolean {
    while (this.#kept.length > 0) {
      const edit = this.#kept[0] as Edit;
      if (edit.number > this.#number) {
        if (edit.number !== this.#number + 1 || edit.operations === null) return false;
        const edited = this.#document && attempt(this.#document, edit.operations);
        if (edited === null) return false;
        this.#document = edited.document;
        this.#number = edit.number;
        told(edited.changes, edited.document);
      }
      this.#kept.shift();
    }
    return true;
  }

  #fetchAnew(): void {
    if (this.#fetching || this.#ended) return;
    this.#fetching = true;
    const pauseMs =
      this.#tries === 0 ? 0 : Math.min(PAUSE_MS_MAX, PAUSE_FIRST_MS * 2 ** (this.#tries - 1));
    this.#tries += 1;
    if (pauseMs === 0) this.#fetchNow();
    else this.#cancelPause = this.#ports.after(pauseMs, () => this.#fetchNow());
  }

  #fetchNow(): void {
    this.#ports.fetch().then(
      (fetched) => this.#replace(fetched),
      (error: unknown) => this.#again(error),
    );
  }

  #replace({ document, edits }: Fetched): void {
    if (this.#ended) return;
    const before = this.#document ?? document;
    this.#document = editable(document);
    this.#number = edits;
    const whole = this.#doKept(() => {});
    const after = this.#document;
    // What was missed may have said who may do what, which the document does not.
    this.#events.changed({ ...compare(before, after), permissions: true }, after);
    if (whole) {
      this.#fetching = false;
      this.#tries = 0;
    } else this.#again(new Unfit("the document cannot be followed"));
  }

  #again(error: unknown): void {
    this.#fetching = false;
    if (this.#ended) return;
    if (this.#tries < TRIES_MAX) this.#fetchAnew();
    else {
      this.#tries = 0;
      this.#events.lost(error);
    }
  }
}

/** Does an edit; null when it does not fit. */
function attempt(document: WorldDocument, operations: string): Edited | null {
  try {
    return applyOperations(document, JSON.parse(operations) as Operation[]);
  } catch {
    // Whatever it was, the document that the server has is right.
    return null;
  }
}

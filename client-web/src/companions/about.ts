/**
 * What the panel about a companion shows: who it is, what it knows of the person of this page, and,
 * for its owner, whom it knows.
 *
 * Invariant: what is shown is what the server said last; after each change it is asked again.
 */
import { signal } from "@preact/signals";
import {
  type Acquaintance,
  type Answered,
  type Known,
  type Mind,
  Minds,
  type MindsParts,
  type Trouble,
} from "./minds";
import { c, troubleText } from "./texts/words";

/** What is asked before it is forgotten. */
export type Forgetting =
  | { kind: "memory"; id: string; text: string }
  | { kind: "all" }
  | { kind: "person"; person: string };

export class About {
  readonly mind = signal<Mind | null>(null);
  readonly known = signal<Known | null>(null);
  /** Null: they are not told. */
  readonly people = signal<readonly Acquaintance[] | null>(null);
  readonly trouble = signal<Trouble | null>(null);
  /** What came of what was done last. */
  readonly told = signal<{ text: string; isTrouble: boolean } | null>(null);
  readonly asked = signal<Forgetting | null>(null);
  readonly search = signal("");
  /** The memory that is being corrected. */
  readonly corrected = signal<string | null>(null);
  readonly #minds: Minds;
  readonly #name: string;

  constructor(parts: MindsParts, name: string) {
    this.#minds = new Minds(parts);
    this.#name = name;
  }

  async refresh(): Promise<void> {
    const [mind, known] = await Promise.all([
      this.#minds.get(this.#name),
      this.#minds.knows(this.#name),
    ]);
    this.trouble.value =
      mind.kind === "trouble" ? mind : known.kind === "trouble" && !isUnknown(known) ? known : null;
    if (mind.kind === "done") this.mind.value = mind.value;
    if (known.kind === "done") this.known.value = known.value;
    if (mind.kind === "done" && mind.value.isMine) await this.#askPeople();
  }

  /** Corrects what it remembers; whether that was done. */
  async correct(id: string, text: string): Promise<boolean> {
    const isDone = this.#heard(await this.#minds.correct(this.#name, id, text), c("corrected"));
    if (isDone) {
      this.corrected.value = null;
      await this.#askKnown();
    }
    return isDone;
  }

  /** Forgets what was asked about. */
  async forget(asked: Forgetting, name: string): Promise<void> {
    this.asked.value = null;
    switch (asked.kind) {
      case "memory":
        this.#heard(await this.#minds.forget(this.#name, asked.id), c("forgotten"));
        return this.#askKnown();
      case "all":
        this.#heard(await this.#minds.forget(this.#name, null), c("forgottenAll", { name }));
        return this.#askKnown();
      case "person":
        this.#heard(await this.#minds.forgetPerson(this.#name, asked.person), c("forgotten"));
        return this.#askPeople();
    }
  }

  async #askKnown(): Promise<void> {
    const known = await this.#minds.knows(this.#name);
    if (known.kind === "done") this.known.value = known.value;
  }

  async #askPeople(): Promise<void> {
    const people = await this.#minds.people(this.#name);
    if (people.kind === "done") this.people.value = people.value;
  }

  #heard(answer: Answered<unknown>, words: string): boolean {
    const isDone = answer.kind === "done";
    this.told.value = { text: isDone ? words : troubleText(answer), isTrouble: !isDone };
    return isDone;
  }
}

/** The server does not know this device: then it remembers nothing of it either. */
function isUnknown({ code }: Trouble): boolean {
  return code === "no_key";
}

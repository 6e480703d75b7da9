/**
 * Drafts: copies of a world that are built in as worlds of their own and then published into it.
 *
 * Owns what was asked of the server: the drafts of the world that is shown, or, within a draft, of
 * which world it is one. Publishing and discarding end a draft; the server takes everybody in it to
 * its world.
 */
import { signal } from "@preact/signals";
import { Asking, type AskingParts, type Told } from "./asking";
import { isRecord } from "./edits";
import { type Difference, readDifference } from "./past";

export interface Draft {
  /** Its name in addresses. */
  world: string;
  title: string;
  /** Who began it. */
  name: string;
  atMs: number;
  people: number;
}

/** The draft that is shown. */
export interface Within {
  /** The world that it is one of. */
  of: string;
  title: string;
  /** The version of how it began, which stays as long as it does. */
  base: number | null;
}

/** Something that was changed both in the draft and, since the draft began, in its world. */
export interface Conflict {
  /** Null: it is no object. */
  object: number | null;
  /** Of the object, material or blueprint; null: it is about the world as a whole. */
  name: string | null;
  /** As the server names it. */
  aspect: string;
}

/** What publishing would do. */
export interface Publication {
  difference: Difference;
  conflicts: readonly Conflict[];
  /** All of them, those that were not told one by one included. */
  conflictCount: number;
}

/** What becomes of conflicts: nothing is published, or either the draft's or the world's stays. */
export type Settling = "refuse" | "draft" | "world";

/** What came of publishing. */
export type Published = Told | { kind: "conflicts" };

export class Drafts {
  readonly #asking: Asking;
  readonly all = signal<readonly Draft[]>([]);
  /** Null: what is shown is no draft. */
  readonly within = signal<Within | null>(null);
  /** Whether this draft ends, so that nothing is asked of it any more. */
  isEnding = false;

  constructor(parts: AskingParts) {
    this.#asking = new Asking(parts);
  }

  /** Asks the server again; what cannot be asked stays as it was. */
  async refresh(): Promise<void> {
    const body = await this.#asking.get("/drafts");
    if (!isRecord(body) || !Array.isArray(body.drafts)) return;
    this.within.value = readWithin(body);
    this.all.value = body.drafts.flatMap((draft) => readDraft(draft) ?? []);
  }

  /** Begins a draft of this world; when it is done, `world` names it. */
  async begin(title: string): Promise<Told & { world: string | null }> {
    const body = JSON.stringify({ title, name: this.#asking.parts.name() });
    const told = await this.#asking.tell("/drafts", { method: "POST", body });
    const made = told.kind === "done" && isRecord(told.body) ? told.body.world : null;
    const world = typeof made === "string" ? made : null;
    if (told.kind === "done" && world === null) {
      return { ...this.#asking.trouble(null), world };
    }
    return { ...told, world };
  }

  /** What publishing this draft would do; null: it cannot be told. */
  async publication(): Promise<Publication | null> {
    return readPublication(await this.#asking.get("/publish"));
  }

  /** Publishes this draft, which ends. */
  async publish(settling: Settling): Promise<Published> {
    const body = { conflicts: settling, name: this.#asking.parts.name() };
    this.isEnding = true;
    const told = await this.#asking.tell("/publish", {
      method: "POST",
      body: JSON.stringify(body),
    });
    this.isEnding = told.kind === "done";
    return told.kind === "trouble" && told.code === "conflicts" ? { kind: "conflicts" } : told;
  }

  async discard(): Promise<Told> {
    this.isEnding = true;
    const told = await this.#asking.tell("", { method: "DELETE" });
    this.isEnding = told.kind === "done";
    return told;
  }
}

function readWithin({ of, title, base }: Record<string, unknown>): Within | null {
  if (typeof of !== "string") return null;
  return {
    of,
    title: typeof title === "string" ? title : "",
    base: typeof base === "number" ? base : null,
  };
}

function readDraft(value: unknown): Draft | null {
  if (!isRecord(value) || typeof value.world !== "string") return null;
  const { world, title, name, at_ms: atMs, people } = value;
  return {
    world,
    title: typeof title === "string" && title !== "" ? title : world,
    name: typeof name === "string" ? name : "",
    atMs: typeof atMs === "number" ? atMs : 0,
    people: typeof people === "number" ? people : 0,
  };
}

export function readPublication(value: unknown): Publication | null {
  const difference = readDifference(value);
  if (difference === null || !isRecord(value)) return null;
  const { conflicts: told, conflicts_more: more } = value;
  const conflicts = Array.isArray(told) ? told.flatMap((entry) => readConflict(entry) ?? []) : [];
  return {
    difference,
    conflicts,
    conflictCount: conflicts.length + (typeof more === "number" ? more : 0),
  };
}

function readConflict(value: unknown): Conflict | null {
  if (!isRecord(value)) return null;
  const object = typeof value.object === "number" ? value.object : null;
  const { name, aspect } = value;
  if (typeof aspect !== "string") return null;
  const absent = object === null ? null : `#${object}`;
  return { object, name: typeof name === "string" && name !== "" ? name : absent, aspect };
}

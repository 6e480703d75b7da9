/**
 * The way of edits to the server.
 *
 * Owns what waits to be sent. At most one request is under way; the others wait in the order in
 * which they were made. What the server answers is the truth: nothing here is applied to anything.
 */
import type { Object as SceneObject } from "../protocol/document";
import type { Operation } from "../protocol/operation";

/** Batches that may wait. Beyond it the newest is refused: the person is told to wait. */
export const WAITING_MAX = 64;
/** Operations that the server takes in one batch. */
export const OPERATIONS_MAX = 1_000;
/** Tries of a batch that the server takes for too much in a short time. */
const TRIES_MAX = 4;
const RETRY_MS = 700;

export type FaultCode =
  | "malformed"
  | "no_key"
  | "forbidden"
  | "no_world"
  | "stale"
  | "held"
  | "nothing"
  /** Nothing was taken back or repeated: others have changed all of it since. */
  | "skipped"
  | "too_large"
  | "refused"
  | "too_many"
  | "not_kept"
  | "disk_full"
  /** Somebody's role is not what this page knows. */
  | "other_role"
  /** What somebody may do in all worlds does not become less in one. */
  | "everywhere"
  | "last_owner"
  | "too_many_roles"
  /** It is done in the world that this is a draft of. */
  | "draft"
  /** The draft is being published or discarded. */
  | "ending"
  /** Too much waits on this page. */
  | "waiting"
  /** No answer came: whether it was done is not known. */
  | "unreachable";

/** Objects as the server has them; null: there is no such object any more. */
export interface ServerCopy {
  number: number;
  objects: ReadonlyMap<number, SceneObject | null>;
}

/** Why an edit was not made. */
export interface Fault {
  code: FaultCode;
  /** The server's words, English; empty when it said nothing. */
  text: string;
  /** Index of the operation at fault. */
  operation: number | null;
  copy: ServerCopy | null;
}

export interface Skipped {
  operation: Operation;
  reason: string;
}

export type Outcome =
  | {
      kind: "done";
      number: number;
      revision: number;
      /** Ids of new objects by their placeholders. */
      objects: ReadonlyMap<number, number>;
      skipped: readonly Skipped[];
    }
  | { kind: "failed"; fault: Fault }
  /** A newer edit of the same stroke took its place, or the stroke had failed already. */
  | { kind: "replaced" };

export interface EditParts {
  fetch(url: string, init: RequestInit): Promise<Response>;
  world: string;
  key(): string | Promise<string>;
  name(): string;
  /** The newest edit that this page has applied; null: none. */
  base(): number | null;
  after(ms: number, then: () => void): void;
  /** Told whenever the number of what is under way or waits changes. */
  changed(waiting: number): void;
}

interface Waiting {
  path: "operations" | "undo" | "redo" | "physics/reset";
  operations: Operation[];
  stroke: number | null;
  base: number | null;
  settle(outcome: Outcome): void;
}

const CODES: ReadonlySet<string> = new Set<FaultCode>([
  "malformed",
  "no_key",
  "forbidden",
  "no_world",
  "stale",
  "held",
  "nothing",
  "skipped",
  "too_large",
  "refused",
  "too_many",
  "not_kept",
  "disk_full",
  "other_role",
  "everywhere",
  "last_owner",
  "too_many_roles",
  "draft",
  "ending",
]);

export class Edits {
  readonly #parts: EditParts;
  #waiting: Waiting[] = [];
  #busy = false;
  #strokes: number;

  constructor(parts: EditParts, random01: () => number = Math.random) {
    this.#parts = parts;
    // Two pages of one person must not share strokes.
    this.#strokes = Math.floor(random01() * 2 ** 30);
  }

  /** Requests under way or waiting. */
  get waiting(): number {
    return this.#waiting.length + (this.#busy ? 1 : 0);
  }

  /** A number for one drag or one session of typing. */
  newStroke(): number {
    this.#strokes += 1;
    return this.#strokes;
  }

  send(operations: readonly Operation[], stroke: number | null = null): Promise<Outcome> {
    const base = this.#parts.base();
    const last = this.#waiting.at(-1);
    if (last !== undefined && stroke !== null && last.stroke === stroke) {
      const both = merged(last.operations, operations);
      if (both !== null) return this.#replace(last, both, base);
    }
    return this.#enqueue("operations", [...operations], stroke, base);
  }

  undo(): Promise<Outcome> {
    return this.#enqueue("undo", [], null, null);
  }

  redo(): Promise<Outcome> {
    return this.#enqueue("redo", [], null, null);
  }

  /** Everything loose goes back to where the document has it. */
  resetPhysics(): Promise<Outcome> {
    return this.#enqueue("physics/reset", [], null, null);
  }

  /** Puts newer values over those that wait, which are never sent. */
  #replace(last: Waiting, operations: Operation[], base: number | null): Promise<Outcome> {
    last.settle({ kind: "replaced" });
    return new Promise((settle) => {
      last.operations = operations;
      last.base = base;
      last.settle = settle;
    });
  }

  #enqueue(
    path: Waiting["path"],
    operations: Operation[],
    stroke: number | null,
    base: number | null,
  ): Promise<Outcome> {
    if (this.#waiting.length >= WAITING_MAX) return Promise.resolve(failed("waiting"));
    return new Promise((settle) => {
      this.#waiting.push({ path, operations, stroke, base, settle });
      this.#parts.changed(this.waiting);
      if (!this.#busy) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#busy = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const outcome = await this.#ask(next);
      if (outcome.kind === "failed" && next.stroke !== null) this.#forget(next.stroke);
      next.settle(outcome);
      this.#parts.changed(this.waiting);
    }
    this.#busy = false;
    this.#parts.changed(0);
  }

  /** What follows in a stroke builds on what was refused. */
  #forget(stroke: number): void {
    const gone = this.#waiting.filter((one) => one.stroke === stroke);
    this.#waiting = this.#waiting.filter((one) => one.stroke !== stroke);
    for (const one of gone) one.settle({ kind: "replaced" });
  }

  async #ask(edit: Waiting): Promise<Outcome> {
    const { fetch, world, key, name, after } = this.#parts;
    const body: Record<string, unknown> = { name: name() };
    if (edit.path === "operations") {
      body.operations = edit.operations;
      if (edit.base !== null) body.base = edit.base;
      if (edit.stroke !== null) body.stroke = edit.stroke;
    }
    const url = `/api/worlds/${encodeURIComponent(world)}/${edit.path}`;
    for (let attempt = 1; ; attempt += 1) {
      let outcome: Outcome;
      try {
        const response = await fetch(url, {
          method: "POST",
          headers: {
            "content-type": "application/json",
            authorization: `Bearer ${await key()}`,
          },
          body: JSON.stringify(body),
        });
        outcome = outcomeOf(response.ok, response.status, await response.json());
      } catch {
        // Not tried again: it may have been done, and a second object would be one too many.
        return failed("unreachable");
      }
      const again = outcome.kind === "failed" && outcome.fault.code === "too_many";
      if (!again || attempt >= TRIES_MAX) return outcome;
      await new Promise<void>((then) => after(RETRY_MS * attempt, then));
    }
  }
}

export function failed(code: FaultCode, text = ""): Outcome {
  return { kind: "failed", fault: { code, text, operation: null, copy: null } };
}

/**
 * Newer values over older ones of the same things; null: there is something that builds on what was
 * before, or it is too much for one batch.
 */
function merged(older: readonly Operation[], newer: readonly Operation[]): Operation[] | null {
  const all = new Map<string, Operation>();
  for (const operation of [...older, ...newer]) {
    const key = valueKey(operation);
    if (key === null) return null;
    all.set(key, operation);
  }
  return all.size <= OPERATIONS_MAX ? [...all.values()] : null;
}

/** Names what an operation gives a whole new value to; null: it does something else. */
function valueKey(operation: Operation): string | null {
  if ("place" in operation) return `place ${operation.place.object}`;
  if ("set" in operation) {
    return `set ${operation.set.object} ${Object.keys(operation.set.property).join()}`;
  }
  if ("material" in operation) return `material ${operation.material.name}`;
  return null;
}

/** What the server answered, read with care: a proxy between may say anything. */
export function outcomeOf(ok: boolean, status: number, body: unknown): Outcome {
  const fields = isRecord(body) ? body : {};
  if (!ok) return { kind: "failed", fault: faultOf(status, fields) };
  const { number, revision } = fields;
  if (typeof number !== "number" || typeof revision !== "number") return failed("unreachable");
  const objects = new Map<number, number>();
  for (const [placeholder, id] of Object.entries(isRecord(fields.objects) ? fields.objects : {})) {
    if (typeof id === "number") objects.set(Number(placeholder), id);
  }
  const skipped = Array.isArray(fields.skipped) ? (fields.skipped as Skipped[]) : [];
  return { kind: "done", number, revision, objects, skipped };
}

function faultOf(status: number, fields: Record<string, unknown>): Fault {
  const { error, text, operation } = fields;
  const code = typeof error === "string" && CODES.has(error) ? (error as FaultCode) : null;
  return {
    code: code ?? (status === 429 ? "too_many" : status === 413 ? "too_large" : "unreachable"),
    text: typeof text === "string" ? text : "",
    operation: typeof operation === "number" ? operation : null,
    copy: copyOf(fields.copy),
  };
}

function copyOf(copy: unknown): ServerCopy | null {
  if (!isRecord(copy) || typeof copy.number !== "number" || !isRecord(copy.objects)) return null;
  const objects = new Map<number, SceneObject | null>();
  for (const [id, object] of Object.entries(copy.objects)) {
    objects.set(Number(id), isRecord(object) ? (object as SceneObject) : null);
  }
  return { number: copy.number, objects };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

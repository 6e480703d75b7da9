/**
 * Asks the server about minds, below `/api/companions`, with the key of this device: who they are,
 * what they know of this person, and how others come of them.
 *
 * Invariant: nothing here is thrown. What does not come is trouble with the server's code, and what
 * comes is read with care and bounded.
 */
import {
  isRecord,
  type Pair,
  type Persona,
  readPair,
  readPersona,
  readTraits,
  type Traits,
} from "./persona";

export interface MindsParts {
  key(): string | Promise<string>;
  fetch(url: string, init: RequestInit): Promise<Response>;
}

/** Why something was not done. `code`: the server's word; null: no answer came. */
export interface Trouble {
  kind: "trouble";
  code: string | null;
  /** The server's own words, in English. */
  text: string;
  /** Seconds until it may be tried again; null: not known. */
  freeInS: number | null;
}

export type Answered<Value> = { kind: "done"; value: Value } | Trouble;

export interface Template {
  id: string;
  persona: Persona;
}

/** Somebody in the list. */
export interface Listed {
  mind: string;
  name: string;
  isMine: boolean;
  isShipped: boolean;
}

export interface Mind {
  mind: string;
  isMine: boolean;
  /** The newest; null: it has none, since it comes along with the server. */
  version: number | null;
  /** Null: it is somebody else's. */
  persona: Persona | null;
  name: string;
  /** As a life has bent them, and as genes alone make them; null: not told. */
  traits: Traits | null;
  born: Traits | null;
  /** In the order of the traits; null: not told. */
  genes: readonly Pair[] | null;
}

export interface Version {
  number: number;
  atMs: number;
  byMe: boolean;
}

export const BOND_AXES = ["trust", "respect", "warmth", "familiarity", "playfulness"] as const;
export type BondAxis = (typeof BOND_AXES)[number];
export const STAGES = [
  "hostile",
  "wary",
  "stranger",
  "acquaintance",
  "friend",
  "close_friend",
] as const;
export type Stage = (typeof STAGES)[number];

export interface Memory {
  id: string;
  kind: "episode" | "fact";
  /** Of a fact, what is known: `lives_in`, `pet:dog`; null: it says so itself. */
  relation: string | null;
  /** Of a fact its value, of an episode what happened. */
  text: string;
  atMs: number;
  /** When a fact ended; null: it still holds. */
  untilMs: number | null;
}

/** What somebody knows of the person of this page. */
export interface Known {
  /** -100 to 100 each. */
  bond: Readonly<Record<BondAxis, number>>;
  stage: Stage;
  memories: readonly Memory[];
}

export interface Acquaintance {
  /** Tells one from another, and says nothing of whom it is. */
  person: string;
  memories: number;
}

export interface Child {
  mind: string;
  seed: number;
}

export interface ChildWish {
  world: string;
  with: string;
  consent: string | null;
  name: string;
  /** The same parents and seed have the same child. */
  seed: number;
}

/** More than that of anything is not shown. */
const LISTED_MAX = 500;

const ROOT = "/api/companions";

export class Minds {
  readonly #parts: MindsParts;

  constructor(parts: MindsParts) {
    this.#parts = parts;
  }

  templates(): Promise<Answered<readonly Template[]>> {
    return this.#ask("/templates", {}, (body) =>
      wholeList(body, ({ id, persona }) => {
        const read = readPersona(persona);
        return typeof id === "string" && read !== null ? { id, persona: read } : null;
      }),
    );
  }

  list(): Promise<Answered<readonly Listed[]>> {
    return this.#ask("", {}, (body) =>
      wholeList(body, ({ mind, name, is_mine, is_shipped }) =>
        typeof mind === "string"
          ? {
              mind,
              name: typeof name === "string" ? name : mind,
              isMine: is_mine === true,
              isShipped: is_shipped === true,
            }
          : null,
      ),
    );
  }

  get(mind: string): Promise<Answered<Mind>> {
    return this.#ask(at(mind), {}, (body) => readMind(body, mind));
  }

  create(world: string, persona: Persona): Promise<Answered<{ mind: string; version: number }>> {
    return this.#ask("", sending("POST", { world, persona }), ({ mind, version }) =>
      typeof mind === "string" ? { mind, version: numberOf(version, 1) } : null,
    );
  }

  /** `version`: the one that was changed; `changed` is the trouble if there is a newer one. */
  change(mind: string, persona: Persona, version: number | null): Promise<Answered<number>> {
    const body = sending("PUT", { persona, version });
    return this.#ask(at(mind), body, ({ version: made }) => numberOf(made, (version ?? 0) + 1));
  }

  remove(mind: string): Promise<Answered<true>> {
    return this.#ask(at(mind), { method: "DELETE" }, () => true);
  }

  versions(mind: string): Promise<Answered<readonly Version[]>> {
    return this.#ask(at(mind, "versions"), {}, (body) =>
      wholeList(body, ({ number, at_ms, by_me }) =>
        typeof number === "number"
          ? { number, atMs: numberOf(at_ms, 0), byMe: by_me === true }
          : null,
      ),
    );
  }

  /** Makes an older version the newest. */
  returnTo(mind: string, version: number): Promise<Answered<number>> {
    const body = sending("POST", { version });
    return this.#ask(at(mind, "return"), body, ({ version: made }) => numberOf(made, version));
  }

  /** A secret with which somebody else may have a child with it, once. */
  consent(mind: string): Promise<Answered<{ consent: string; endsAtMs: number }>> {
    return this.#ask(at(mind, "consents"), { method: "POST" }, ({ consent, ends_at_ms }) =>
      typeof consent === "string" ? { consent, endsAtMs: numberOf(ends_at_ms, 0) } : null,
    );
  }

  child(mind: string, wish: ChildWish): Promise<Answered<Child>> {
    const { consent, ...rest } = wish;
    const body = sending("POST", consent === null ? rest : { ...rest, consent });
    return this.#ask(at(mind, "children"), body, ({ mind: made }) =>
      typeof made === "string" ? { mind: made, seed: wish.seed } : null,
    );
  }

  /** What it knows of the person of this page. */
  knows(mind: string): Promise<Answered<Known>> {
    return this.#ask(at(mind, "knows"), {}, readKnown);
  }

  /** Corrects a memory; gives its id from then on. */
  correct(mind: string, id: string, text: string): Promise<Answered<string>> {
    const body = sending("PUT", { text });
    return this.#ask(at(mind, "knows", id), body, ({ id: next }) =>
      next === undefined ? id : String(next),
    );
  }

  /** Lets it forget a memory; null: everything about this person. */
  forget(mind: string, id: string | null): Promise<Answered<true>> {
    const path = id === null ? at(mind, "knows") : at(mind, "knows", id);
    return this.#ask(path, { method: "DELETE" }, () => true);
  }

  /** Whom it knows, for its owner. */
  people(mind: string): Promise<Answered<readonly Acquaintance[]>> {
    return this.#ask(at(mind, "people"), {}, (body) =>
      wholeList(body, ({ person, memories }) =>
        typeof person === "string" ? { person, memories: numberOf(memories, 0) } : null,
      ),
    );
  }

  forgetPerson(mind: string, person: string): Promise<Answered<true>> {
    return this.#ask(at(mind, "people", person), { method: "DELETE" }, () => true);
  }

  /** Asks for words before anything is saved; the answer's body is a stream of events. */
  async preview(body: unknown, signal: AbortSignal): Promise<Response | Trouble> {
    const response = await this.#response("/preview", { ...sending("POST", body), signal });
    if (response === null) return unreachable();
    return response.ok ? response : troubleOf(await bodyOf(response), response.status);
  }

  async #ask<Value>(
    path: string,
    init: RequestInit,
    read: (body: Record<string, unknown> & unknown[]) => Value | null,
  ): Promise<Answered<Value>> {
    const response = await this.#response(path, init);
    if (response === null) return unreachable();
    const body = response.status === 204 ? null : await bodyOf(response);
    if (!response.ok) return troubleOf(body, response.status);
    // Lists and records are told apart by whoever reads them.
    const value = read((body ?? {}) as Record<string, unknown> & unknown[]);
    return value === null ? unreachable() : { kind: "done", value };
  }

  async #response(path: string, init: RequestInit): Promise<Response | null> {
    try {
      const headers = { ...init.headers, authorization: `Bearer ${await this.#parts.key()}` };
      return await this.#parts.fetch(`${ROOT}${path}`, { ...init, headers });
    } catch {
      return null;
    }
  }
}

function at(mind: string, ...rest: string[]): string {
  return [mind, ...rest].map((part) => `/${encodeURIComponent(part)}`).join("");
}

function sending(method: string, body: unknown): RequestInit {
  return {
    method,
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  };
}

async function bodyOf(response: Response): Promise<unknown> {
  return response.json().catch(() => null);
}

function unreachable(): Trouble {
  return { kind: "trouble", code: null, text: "", freeInS: null };
}

/** Why something was refused, as the server says it. */
export function troubleOf(body: unknown, status = 0): Trouble {
  const said = isRecord(body) ? body : {};
  const { error, text, message, free_in_s } = said;
  const words = typeof text === "string" ? text : message;
  const byStatus = status === 404 ? "unknown" : `status_${status}`;
  return {
    kind: "trouble",
    code: typeof error === "string" ? error : byStatus,
    text: typeof words === "string" ? words : "",
    freeInS: typeof free_in_s === "number" ? Math.max(0, Math.ceil(free_in_s)) : null,
  };
}

function numberOf(value: unknown, absent: number): number {
  return typeof value === "number" && Number.isFinite(value) ? value : absent;
}

/** Null: it is no list. */
function wholeList<Value>(
  body: unknown,
  read: (entry: Record<string, unknown>) => Value | null,
): readonly Value[] | null {
  return Array.isArray(body) ? listOf(body, read) : null;
}

function listOf<Value>(
  body: unknown,
  read: (entry: Record<string, unknown>) => Value | null,
): readonly Value[] {
  const list = Array.isArray(body) ? body.slice(0, LISTED_MAX) : [];
  return list.flatMap((entry: unknown) => (isRecord(entry) ? (read(entry) ?? []) : []));
}

function readMind(body: Record<string, unknown>, asked: string): Mind | null {
  if (!isRecord(body)) return null;
  const { mind, is_mine, version, persona, name, traits, born, genes } = body;
  return {
    mind: typeof mind === "string" ? mind : asked,
    isMine: is_mine === true,
    version: typeof version === "number" ? version : null,
    persona: readPersona(persona),
    name: typeof name === "string" ? name : asked,
    traits: readTraits(traits),
    born: readTraits(born),
    genes: Array.isArray(genes) ? genes.map(readPair) : null,
  };
}

function readKnown(body: Record<string, unknown>): Known {
  const bond = isRecord(body.bond) ? body.bond : {};
  const axes = BOND_AXES.map((axis) => [
    axis,
    Math.min(100, Math.max(-100, numberOf(bond[axis], 0))),
  ]);
  return {
    bond: Object.fromEntries(axes) as Record<BondAxis, number>,
    stage: STAGES.find((stage) => stage === body.stage) ?? "stranger",
    memories: listOf(body.memories, ({ id, kind, relation, text, at_ms, until_ms }) =>
      (typeof id === "string" || typeof id === "number") && typeof text === "string"
        ? {
            id: String(id),
            kind: kind === "fact" ? "fact" : "episode",
            relation: typeof relation === "string" ? relation : null,
            text,
            atMs: numberOf(at_ms, 0),
            untilMs: typeof until_ms === "number" ? until_ms : null,
          }
        : null,
    ),
  };
}

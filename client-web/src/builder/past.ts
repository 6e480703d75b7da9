/**
 * How the world was: who changed what and when, versions with a name, what differs, and the world as
 * a file. Owns what was asked of the server; nothing here changes the world but `restore` and
 * `bringIn`.
 */
import { signal } from "@preact/signals";
import type { Role } from "../protocol/operation";
import { Asking, type SendingParts, type SentFile, type Told } from "./asking";
import { isRecord } from "./edits";
import { roleOf } from "./rights";

/** Several changes of one person, one soon after the other. */
export interface Group {
  name: string;
  /** Of the newest change. */
  atMs: number;
  /** The newest and the oldest. */
  revision: number;
  first: number;
  /** How many objects, materials and the like were touched, by what was done. */
  operations: number;
  /** Who may do something else since. */
  roles: readonly Given[];
}

/** What somebody may do from a change on. */
export interface Given {
  name: string;
  to: Role;
}

export interface Version {
  id: number;
  name: string;
  revision: number;
  atMs: number;
  author: string;
  /** Whether it was kept by this device. */
  mine: boolean;
}

/** Something that differs. */
export interface Thing {
  object: number;
  name: string;
  /** Which of its aspects, as the server names them; none: it came or went as a whole. */
  what: readonly string[];
}

/** Things that differ; of very many, the first ones. */
export interface Things {
  list: readonly Thing[];
  count: number;
}

export interface Difference {
  added: Things;
  removed: Things;
  changed: Things;
  /** Materials, blueprints, settings, sky or title differ. */
  other: boolean;
}

const PAGE = 50;
/** Changes of one person within this time are one entry. */
const GROUP_MS = 5 * 60_000;

interface Entry {
  revision: number;
  atMs: number;
  name: string;
  operations: number;
  roles: Given[];
}

export class Past {
  readonly #parts: SendingParts;
  readonly #asking: Asking;
  readonly groups = signal<readonly Group[]>([]);
  readonly hasMore = signal(false);
  readonly versions = signal<readonly Version[]>([]);
  #entries: Entry[] = [];

  constructor(parts: SendingParts) {
    this.#parts = parts;
    this.#asking = new Asking(parts);
  }

  /** Asks for the newest changes and for all versions. */
  async refresh(): Promise<void> {
    await Promise.all([this.#ask(null), this.#askVersions()]);
  }

  /** Asks for older changes. */
  more(): Promise<void> {
    return this.#ask(this.#entries.at(-1)?.revision ?? null);
  }

  /** Asks for the changes before one; null: for the newest, which take the place of all. */
  async #ask(before: number | null): Promise<void> {
    const end = before === null ? "" : `&before=${before}`;
    const body = await this.#asking.get(`/history?count=${PAGE}${end}`);
    if (!Array.isArray(body)) return;
    // Another answer may have come first.
    if (before !== null && this.#entries.at(-1)?.revision !== before) return;
    const entries = body.flatMap((entry) => readEntry(entry) ?? []);
    this.#entries = before === null ? entries : [...this.#entries, ...entries];
    this.hasMore.value = entries.length === PAGE;
    this.groups.value = grouped(this.#entries);
  }

  async #askVersions(): Promise<void> {
    const body = await this.#asking.get("/versions");
    if (!isRecord(body) || !Array.isArray(body.versions)) return;
    this.versions.value = body.versions.flatMap((version) => readVersion(version) ?? []);
  }

  async keep(name: string): Promise<Told> {
    const body = JSON.stringify({ name, author: this.#asking.parts.name() });
    const told = await this.#asking.tell("/versions", { method: "POST", body });
    await this.#askVersions();
    return told;
  }

  async forget(id: number): Promise<Told> {
    const told = await this.#asking.tell(`/versions/${id}`, { method: "DELETE" });
    await this.#askVersions();
    return told;
  }

  /** Makes the world, or one object, as it was then. */
  restore(then: { revision: number } | { version: number }, object?: number): Promise<Told> {
    const body = {
      ...then,
      ...(object === undefined ? {} : { object }),
      name: this.#asking.parts.name(),
    };
    return this.#asking.tell("/restore", { method: "POST", body: JSON.stringify(body) });
  }

  /** What differs between a revision and another one, or now; null: it cannot be told. */
  async difference(from: number, to?: number): Promise<Difference | null> {
    const end = to === undefined ? "" : `&to=${to}`;
    return readDifference(await this.#asking.get(`/diff?from=${from}${end}`));
  }

  /** The world as a file; null: it cannot be had. */
  async takeOut(form: "zip" | "glb"): Promise<Blob | null> {
    const response = await this.#asking.response(`/export.${form}`, {});
    return response?.ok ? response.blob().catch(() => null) : null;
  }

  /** Brings a world in as a file; null: it was stopped. */
  async bringIn(
    file: SentFile,
    replace: boolean,
    progress: (done01: number) => void,
    abort: AbortSignal,
  ): Promise<BroughtIn | null> {
    const query = new URLSearchParams({ replace: String(replace), by: this.#parts.name() });
    const url = this.#asking.url(`/import?${query.toString()}`);
    try {
      const key = await this.#parts.key();
      if (abort.aborted) return null;
      const { status, body } = await this.#parts.send(url, key, file, progress, abort);
      if (status !== 200) return this.#asking.trouble(body);
      const warnings = isRecord(body) && Array.isArray(body.warnings) ? body.warnings : [];
      return { kind: "done", body, warnings: warnings.filter((one) => typeof one === "string") };
    } catch {
      return abort.aborted ? null : this.#asking.trouble(null);
    }
  }
}

/** What came of bringing a file in, and what of it could not be taken as it is. */
export type BroughtIn =
  | (Extract<Told, { kind: "done" }> & { warnings: readonly string[] })
  | Extract<Told, { kind: "trouble" }>;

function readEntry(value: unknown): Entry | null {
  if (!isRecord(value)) return null;
  const { revision, at_ms: atMs, name, operations } = value;
  if (typeof revision !== "number" || typeof atMs !== "number") return null;
  const all: readonly unknown[] = Array.isArray(operations) ? operations : [];
  const roles = all.flatMap((operation) => readGiven(operation) ?? []);
  return {
    revision,
    atMs,
    name: typeof name === "string" ? name : "",
    operations: all.length - roles.length,
    roles,
  };
}

function readGiven(operation: unknown): Given | null {
  const permission = isRecord(operation) ? operation.permission : null;
  if (!isRecord(permission)) return null;
  const { name, to } = permission;
  return { name: typeof name === "string" ? name : "", to: roleOf(to) };
}

function readVersion(value: unknown): Version | null {
  if (!isRecord(value)) return null;
  const { id, name, revision, at_ms: atMs, author, mine } = value;
  if (typeof id !== "number" || typeof name !== "string" || typeof revision !== "number")
    return null;
  return {
    id,
    name,
    revision,
    atMs: typeof atMs === "number" ? atMs : 0,
    author: typeof author === "string" ? author : "",
    mine: mine === true,
  };
}

/** Neighbouring changes of one person become one; the newest stay first. */
export function grouped(entries: readonly Entry[]): Group[] {
  const groups: Group[] = [];
  let sinceMs = 0;
  for (const { revision, atMs, name, operations, roles } of entries) {
    const last = groups.at(-1);
    if (last !== undefined && last.name === name && sinceMs - atMs <= GROUP_MS) {
      last.first = revision;
      last.operations += operations;
      last.roles = [...last.roles, ...roles];
    } else {
      groups.push({ name, atMs, revision, first: revision, operations, roles });
    }
    sinceMs = atMs;
  }
  return groups;
}

/** The lists that the server tells, by the names of objects. */
export function readDifference(value: unknown): Difference | null {
  if (!isRecord(value)) return null;
  const counts = isRecord(value.counts) ? value.counts : {};
  const things = (name: "added" | "removed" | "changed"): Things => {
    const told = value[name];
    const list = Array.isArray(told) ? told.flatMap((entry) => readThing(entry) ?? []) : [];
    const count = counts[name];
    return { list, count: typeof count === "number" ? count : list.length };
  };
  const isAny = (lists: unknown): boolean =>
    isRecord(lists) && Object.values(lists).some((list) => Array.isArray(list) && list.length > 0);
  const { materials, blueprints, settings, environment, title } = value;
  return {
    added: things("added"),
    removed: things("removed"),
    changed: things("changed"),
    other: isAny(materials) || isAny(blueprints) || [settings, environment, title].includes(true),
  };
}

function readThing(value: unknown): Thing | null {
  if (!isRecord(value) || typeof value.object !== "number") return null;
  const { object, name, what } = value;
  return {
    object,
    name: typeof name === "string" && name !== "" ? name : `#${object}`,
    what: Array.isArray(what) ? what.filter((aspect) => typeof aspect === "string") : [],
  };
}

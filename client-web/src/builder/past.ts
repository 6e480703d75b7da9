/**
 * How the world was: who changed what and when, versions with a name, what differs, and the world as
 * a file. Owns what was asked of the server; nothing here changes the world but `restore` and
 * `bringIn`.
 */
import { signal } from "@preact/signals";
import type { Role } from "../protocol/operation";
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
}

/** What differs, in numbers and names. */
export interface Difference {
  added: readonly string[];
  removed: readonly string[];
  changed: readonly string[];
  /** Materials, blueprints, settings, sky or title differ. */
  other: boolean;
}

export interface PastParts {
  world: string;
  key(): string | Promise<string>;
  name(): string;
  fetch(url: string, init: RequestInit): Promise<Response>;
  unreachable(): string;
}

/** What came of asking the server. */
export type Told = { kind: "done" } | { kind: "trouble"; text: string };

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
  readonly #parts: PastParts;
  readonly groups = signal<readonly Group[]>([]);
  readonly hasMore = signal(false);
  readonly versions = signal<readonly Version[]>([]);
  #entries: Entry[] = [];

  constructor(parts: PastParts) {
    this.#parts = parts;
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
    const body = await this.#get(`history?count=${PAGE}${end}`);
    if (!Array.isArray(body)) return;
    // Another answer may have come first.
    if (before !== null && this.#entries.at(-1)?.revision !== before) return;
    const entries = body.flatMap((entry) => readEntry(entry) ?? []);
    this.#entries = before === null ? entries : [...this.#entries, ...entries];
    this.hasMore.value = entries.length === PAGE;
    this.groups.value = grouped(this.#entries);
  }

  async #askVersions(): Promise<void> {
    const body = await this.#get("versions");
    if (!isRecord(body) || !Array.isArray(body.versions)) return;
    this.versions.value = body.versions.flatMap((version) => readVersion(version) ?? []);
  }

  async keep(name: string): Promise<Told> {
    const body = JSON.stringify({ name, author: this.#parts.name() });
    const told = await this.#tell("versions", { method: "POST", body });
    await this.#askVersions();
    return told;
  }

  async forget(id: number): Promise<Told> {
    const told = await this.#tell(`versions/${id}`, { method: "DELETE" });
    await this.#askVersions();
    return told;
  }

  /** Makes the world, or one object, as it was then. */
  restore(then: { revision: number } | { version: number }, object?: number): Promise<Told> {
    const body = { ...then, ...(object === undefined ? {} : { object }), name: this.#parts.name() };
    return this.#tell("restore", { method: "POST", body: JSON.stringify(body) });
  }

  /** What differs between a revision and now; null: it cannot be told. */
  async difference(from: number): Promise<Difference | null> {
    return readDifference(await this.#get(`diff?from=${from}`));
  }

  /** The world as a file; null: it cannot be had. */
  async takeOut(form: "zip" | "glb"): Promise<Blob | null> {
    try {
      const response = await this.#parts.fetch(this.#url(`export.${form}`), await this.#init());
      return response.ok ? await response.blob() : null;
    } catch {
      return null;
    }
  }

  async bringIn(file: Blob, replace: boolean): Promise<Told> {
    const query = new URLSearchParams({ replace: String(replace), by: this.#parts.name() });
    return this.#tell(`import?${query.toString()}`, { method: "POST", body: file });
  }

  #url(end: string): string {
    return `/api/worlds/${encodeURIComponent(this.#parts.world)}/${end}`;
  }

  async #init(init: RequestInit = {}): Promise<RequestInit> {
    return { ...init, headers: { authorization: `Bearer ${await this.#parts.key()}` } };
  }

  async #get(end: string): Promise<unknown> {
    try {
      const response = await this.#parts.fetch(this.#url(end), await this.#init());
      return response.ok ? await response.json() : null;
    } catch {
      return null;
    }
  }

  async #tell(end: string, init: RequestInit): Promise<Told> {
    try {
      const response = await this.#parts.fetch(this.#url(end), await this.#init(init));
      if (response.ok) return { kind: "done" };
      const body: unknown = await response.json().catch(() => null);
      const words = isRecord(body) && typeof body.text === "string" ? body.text : null;
      return { kind: "trouble", text: words ?? this.#parts.unreachable() };
    } catch {
      return { kind: "trouble", text: this.#parts.unreachable() };
    }
  }
}

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
  const { id, name, revision, at_ms: atMs, author } = value;
  if (typeof id !== "number" || typeof name !== "string" || typeof revision !== "number")
    return null;
  return {
    id,
    name,
    revision,
    atMs: typeof atMs === "number" ? atMs : 0,
    author: typeof author === "string" ? author : "",
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
  const names = (list: unknown): string[] =>
    Array.isArray(list)
      ? list.map((entry) => {
          const { name, object } = isRecord(entry) ? entry : { name: null, object: null };
          return typeof name === "string" ? name : `#${String(object)}`;
        })
      : [];
  const isAny = (lists: unknown): boolean =>
    isRecord(lists) && Object.values(lists).some((list) => Array.isArray(list) && list.length > 0);
  const { added, removed, changed, materials, blueprints, settings, environment, title } = value;
  return {
    added: names(added),
    removed: names(removed),
    changed: names(changed),
    other: isAny(materials) || isAny(blueprints) || [settings, environment, title].includes(true),
  };
}

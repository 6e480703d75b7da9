/**
 * Who may do what in the world, as its owners see it.
 *
 * Owns what the server has told last. Roles are changed by an operation like everything else, so
 * that they are in the history; what the server refuses is asked for anew.
 */
import { signal } from "@preact/signals";
import type { Operation, Role } from "../protocol/operation";
import { isRecord, type Outcome } from "./edits";
import { roleOf } from "./rights";

export interface Person {
  account: string;
  /** Empty: nobody has said it. */
  name: string;
  role: Role;
  /** It is so in all worlds, and cannot become less in this one. */
  everywhere: boolean;
  /** This device. */
  you: boolean;
}

export interface PeopleParts {
  world: string;
  key(): string | Promise<string>;
  fetch(url: string, init: RequestInit): Promise<Response>;
  commit(operations: readonly Operation[]): Promise<Outcome>;
}

export class People {
  readonly #parts: PeopleParts;
  /** Null: not known yet. */
  readonly list = signal<readonly Person[] | null>(null);
  #asked = 0;

  constructor(parts: PeopleParts) {
    this.#parts = parts;
  }

  /** Asks who may do what; what cannot be had leaves what is known. */
  async refresh(): Promise<void> {
    const { world, key, fetch } = this.#parts;
    this.#asked += 1;
    const asked = this.#asked;
    try {
      const response = await fetch(`/api/worlds/${encodeURIComponent(world)}/roles`, {
        headers: { authorization: `Bearer ${await key()}` },
      });
      if (!response.ok) return;
      const body: unknown = await response.json();
      // A newer answer says more.
      if (asked === this.#asked) this.list.value = readPeople(body);
    } catch {
      // Whoever looks sees what was there before, and the next change asks again.
    }
  }

  /** Lets somebody do something else; a visitor may do nothing. Whether it was done. */
  async change(person: Person, to: Role): Promise<boolean> {
    const { account, name, role: from } = person;
    const outcome = await this.#parts.commit([{ permission: { account, name, from, to } }]);
    await this.refresh();
    return outcome.kind === "done";
  }
}

/** What the server tells, read with care; by roles, then by names. */
export function readPeople(body: unknown): readonly Person[] {
  const list = Array.isArray(body) ? body : [];
  const people = list.flatMap((value: unknown): Person[] => {
    if (!isRecord(value) || typeof value.account !== "string") return [];
    const { account, name, role, everywhere, you } = value;
    return [
      {
        account,
        name: typeof name === "string" ? name : "",
        role: roleOf(role),
        everywhere: everywhere === true,
        you: you === true,
      },
    ];
  });
  const rank = (person: Person): number => (person.role === "owner" ? 0 : 1);
  return people.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}

/** The accounts of those who are called like somebody else in the list, as people read it. */
export function namesakes(people: readonly Person[]): ReadonlySet<string> {
  const folded = people.map(({ name }) => name.normalize("NFKC").toLowerCase());
  const counts = new Map<string, number>();
  for (const name of folded) counts.set(name, (counts.get(name) ?? 0) + 1);
  const alike = people.filter((_, index) => (counts.get(folded[index] ?? "") ?? 0) > 1);
  return new Set(alike.map(({ account }) => account));
}

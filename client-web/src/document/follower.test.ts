import { describe, expect, it } from "vitest";
import type { WorldDocument } from "../protocol/document";
import type { Operation } from "../protocol/operation";
import type { Changes } from "./apply";
import { type Edit, EditFollower, type Fetched } from "./follower";

/** A world of objects that have names only. */
function world(names: Record<number, string>): WorldDocument {
  return {
    version: 1,
    name: "w",
    title: "W",
    objects: Object.entries(names).map(([id, name]) => ({ id: Number(id), name })),
  };
}

function edit(number: number, ...operations: Operation[]): Edit {
  return { number, author: "ana", operations: JSON.stringify(operations) };
}

const rename = (object: number, name: string): Operation => ({ rename: { object, name } });

/** A follower whose server is the test. */
class Table {
  readonly follower: EditFollower;
  readonly told: Changes[] = [];
  readonly lost: unknown[] = [];
  readonly pauses: number[] = [];
  fetches = 0;
  #answer: { resolve(fetched: Fetched): void; reject(error: unknown): void } | null = null;
  #resume: (() => void) | null = null;

  constructor() {
    this.follower = new EditFollower(
      {
        fetch: () => {
          this.fetches += 1;
          return new Promise((resolve, reject) => {
            this.#answer = { resolve, reject };
          });
        },
        after: (ms, then) => {
          this.pauses.push(ms);
          this.#resume = then;
          return () => {
            this.#resume = null;
          };
        },
      },
      {
        changed: (changes) => this.told.push(changes),
        lost: (error) => this.lost.push(error),
      },
    );
  }

  get names(): (string | undefined)[] | undefined {
    return this.follower.document?.objects.map(({ name }) => name);
  }

  async answer(edits: number, names: Record<number, string>): Promise<void> {
    this.#answer?.resolve({ document: world(names), edits });
    await settled();
  }

  async refuse(): Promise<void> {
    this.#answer?.reject(new TypeError("no network"));
    await settled();
  }

  resume(): void {
    const resume = this.#resume;
    this.#resume = null;
    resume?.();
  }
}

/** Lets what is promised happen. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
}

async function following(edits: number, names: Record<number, string>): Promise<Table> {
  const table = new Table();
  const begun = table.follower.begin();
  await table.answer(edits, names);
  await begun;
  return table;
}

describe("edits", () => {
  it("that came while the document was fetched are done if they are not in it", async () => {
    const table = new Table();
    const begun = table.follower.begin();
    table.follower.hear(edit(4, rename(1, "four")));
    table.follower.hear(edit(5, rename(1, "five")));
    table.follower.hear(edit(6, rename(2, "six")));
    await table.answer(5, { 1: "fetched", 2: "b" });
    const document = await begun;
    expect(document.objects.map(({ name }) => name)).toEqual(["fetched", "six"]);
    expect(table.follower.number).toBe(6);
    expect(table.told).toEqual([]);
  });

  it("are done as they come; whoever holds a document keeps what it was", async () => {
    const table = await following(0, { 1: "a" });
    const { document } = table.follower;
    table.follower.hear(edit(1, rename(1, "b"), { create: { object: 7, value: { name: "c" } } }));
    expect(table.names).toEqual(["b", "c"]);
    expect(document?.objects.map(({ name }) => name)).toEqual(["a"]);
    expect([...(table.told[0]?.created ?? [])]).toEqual([7]);
    expect([...(table.told[0]?.changed ?? [])]).toEqual([1]);
    // Told twice is done once.
    table.follower.hear(edit(1, rename(1, "again")));
    expect(table.names).toEqual(["b", "c"]);
    expect(table.fetches).toBe(1);
  });

  const missed: [string, Edit][] = [
    ["one was missed", edit(3, rename(1, "c"))],
    ["there are too many to tell", { number: 1, author: "ana", operations: null }],
    ["one does not fit", edit(1, rename(99, "c"))],
    ["one cannot be read", { number: 1, author: "", operations: "[{]" }],
  ];
  it.each(missed)("are fetched when %s, and the difference is told", async (_, strange) => {
    const table = await following(0, { 1: "a", 2: "b" });
    table.follower.hear(strange);
    expect([table.fetches, table.names]).toEqual([2, ["a", "b"]]);
    // One more comes meanwhile.
    table.follower.hear(edit(strange.number + 1, rename(3, "e")));
    await table.answer(strange.number, { 1: "c", 3: "d" });
    expect(table.names).toEqual(["c", "e"]);
    expect(table.follower.number).toBe(strange.number + 1);
    expect(table.told).toHaveLength(1);
    expect([...(table.told[0]?.deleted ?? [])]).toEqual([2]);
    expect([...(table.told[0]?.created ?? [])]).toEqual([3]);
    expect([...(table.told[0]?.changed ?? [])]).toEqual([1]);
    expect([table.fetches, table.pauses]).toEqual([2, []]);
  });

  it("are fetched again after pauses that grow, and not for ever", async () => {
    const table = await following(0, { 1: "a" });
    table.follower.hear({ number: 1, author: "", operations: null });
    for (let attempt = 0; attempt < 8; attempt += 1) {
      await table.refuse();
      table.resume();
    }
    expect(table.pauses).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 8_000]);
    expect(table.lost).toHaveLength(1);
    expect(table.fetches).toBe(9);
    // The next edit is another occasion.
    table.follower.hear(edit(2, rename(1, "b")));
    await table.answer(2, { 1: "b" });
    expect(table.names).toEqual(["b"]);
  });

  it("are not believed to be in a document that is older", async () => {
    const table = await following(0, { 1: "a" });
    table.follower.hear({ number: 5, author: "", operations: null });
    await table.answer(4, { 1: "four" });
    expect(table.pauses).toEqual([250]);
    table.resume();
    await table.answer(5, { 1: "five" });
    expect([table.names, table.follower.number]).toEqual([["five"], 5]);
  });

  it("of an earlier stay are caught up with", async () => {
    const earlier = await following(8, { 1: "a" });
    const table = new Table();
    table.follower.resume(earlier.follower.document as WorldDocument);
    expect(table.names).toEqual(["a"]);
    // The server has begun anew.
    table.follower.hear(edit(1, rename(1, "one")));
    await table.answer(0, { 1: "zero", 2: "b" });
    expect([table.names, table.follower.number]).toEqual([["one", "b"], 1]);
    expect([...(table.told[0]?.changed ?? [])]).toEqual([1]);
  });

  it("come to nobody after the end", async () => {
    const table = await following(0, { 1: "a" });
    table.follower.end();
    table.follower.hear(edit(1, rename(1, "b")));
    expect([table.names, table.told]).toEqual([["a"], []]);
  });
});

import { describe, expect, it } from "vitest";
import type { Operation } from "../protocol/operation";
import { type EditParts, Edits, type Outcome, WAITING_MAX } from "./edits";

interface Asked {
  url: string;
  headers: Record<string, string>;
  body: { operations?: Operation[]; base?: number; name: string; stroke?: number };
  answer(status: number, body: unknown): void;
  fail(): void;
}

/** A server that answers when the test says so. */
function server(base: () => number | null = () => 7) {
  const asked: Asked[] = [];
  const delays: number[] = [];
  const parts: EditParts = {
    fetch: (url, init) =>
      new Promise((resolve, reject) => {
        asked.push({
          url,
          headers: init.headers as Record<string, string>,
          body: JSON.parse(String(init.body)),
          answer: (status, body) => resolve(Response.json(body, { status })),
          fail: () => reject(new TypeError("no network")),
        });
      }),
    world: "plaza",
    key: () => "ab".repeat(32),
    name: () => "Ada",
    base,
    after: (ms, then) => {
      delays.push(ms);
      queueMicrotask(then);
    },
    changed: () => undefined,
  };
  const edits = new Edits(parts, () => 0);
  /** Waits until so many requests were made. */
  const request = async (index: number): Promise<Asked> => {
    for (let turn = 0; turn < 200; turn += 1) {
      const found = asked[index];
      if (found !== undefined) return found;
      await Promise.resolve();
    }
    throw new Error(`request ${index} was never made`);
  };
  return { edits, asked, delays, request };
}

const done = (number: number, objects: Record<string, number> = {}) => ({
  number,
  revision: number + 100,
  objects,
  skipped: [],
});

const place = (object: number, x: number): Operation => ({
  place: { object, position_m: [x, 0, 0], rotation: [0, 0, 0, 1], scale: [1, 1, 1] },
});

const lock = (object: number): Operation => ({ lock: { object, locked: true } });

describe("edits", () => {
  it("asks as agreed: whose key, whose name, on top of what, of which stroke", async () => {
    const { edits, request } = server();
    const outcome = edits.send([lock(3)], 12);
    const asked = await request(0);
    expect(asked.url).toBe("/api/worlds/plaza/operations");
    expect(asked.headers.authorization).toBe(`Bearer ${"ab".repeat(32)}`);
    expect(asked.body).toEqual({ operations: [lock(3)], base: 7, name: "Ada", stroke: 12 });
    asked.answer(200, done(8, { "2147483648": 41 }));
    expect(await outcome).toEqual({
      kind: "done",
      number: 8,
      revision: 108,
      objects: new Map([[2147483648, 41]]),
      skipped: [],
    });
  });

  it("leaves the base out while no edit has come", async () => {
    const { edits, request } = server(() => null);
    void edits.send([lock(1)]);
    expect((await request(0)).body).not.toHaveProperty("base");
  });

  it("sends one after the other, in the order in which they were made", async () => {
    const { edits, asked, request } = server();
    const outcomes = [edits.send([lock(1)]), edits.undo(), edits.send([lock(2)])];
    expect(edits.waiting).toBe(3);
    const first = await request(0);
    expect(asked).toHaveLength(1);
    first.answer(200, done(1));
    const second = await request(1);
    expect(second.url).toBe("/api/worlds/plaza/undo");
    expect(asked).toHaveLength(2);
    second.answer(409, { error: "nothing", text: "nothing to undo" });
    const third = await request(2);
    expect(third.body.operations).toEqual([lock(2)]);
    third.answer(200, done(2));
    const kinds = (await Promise.all(outcomes)).map(({ kind }) => kind);
    expect(kinds).toEqual(["done", "failed", "done"]);
    expect(edits.waiting).toBe(0);
  });

  it("replaces places of a stroke that wait by newer ones, and never those under way", async () => {
    const { edits, asked, request } = server();
    const under = edits.send([place(1, 0)], 5);
    const first = await request(0);
    const old = edits.send([place(1, 1), place(2, 1)], 5);
    const newer = edits.send([place(1, 2)], 5);
    expect(await old).toEqual({ kind: "replaced" });
    first.answer(200, done(1));
    const second = await request(1);
    expect(second.body.operations).toEqual([place(1, 2), place(2, 1)]);
    second.answer(200, done(2));
    expect([(await under).kind, (await newer).kind]).toEqual(["done", "done"]);
    expect(asked).toHaveLength(2);
  });

  it("merges no more than the server takes at once", async () => {
    const { edits, asked, request } = server();
    const many = (from: number): Operation[] =>
      Array.from({ length: 600 }, (_, index) => place(from + index, 0));
    void edits.send([lock(9)]);
    void edits.send(many(0), 5);
    void edits.send(many(600), 5);
    for (const index of [0, 1, 2]) (await request(index)).answer(200, done(index));
    expect(asked.map(({ body }) => body.operations?.length)).toEqual([1, 600, 600]);
  });

  it("replaces values of a stroke as well, each by its own", async () => {
    const { edits, asked, request } = server();
    const paint = (colour: string): Operation => ({
      material: { name: "brass", value: { colour } },
    });
    const shine = (range_m: number): Operation => ({
      set: { object: 2, property: { light: { colour: "#ffffff", intensity_cd: 1, range_m } } },
    });
    void edits.send([lock(9)]);
    for (const operation of [paint("#000000"), shine(1), paint("#ffffff"), shine(2)]) {
      void edits.send([operation], 5);
    }
    for (const index of [0, 1]) (await request(index)).answer(200, done(index));
    expect(asked.map(({ body }) => body.operations)).toEqual([
      [lock(9)],
      [paint("#ffffff"), shine(2)],
    ]);
  });

  it("keeps apart what is of different strokes, or builds on what was before", async () => {
    const { edits, asked, request } = server();
    void edits.send([lock(9)]);
    void edits.send([place(1, 1)], 5);
    void edits.send([place(1, 2)], 6);
    void edits.send([lock(1)], 6);
    void edits.send([place(1, 3)], 6);
    for (const index of [0, 1, 2, 3, 4]) (await request(index)).answer(200, done(index));
    expect(asked.map(({ body }) => body.operations?.[0])).toEqual([
      lock(9),
      place(1, 1),
      place(1, 2),
      lock(1),
      place(1, 3),
    ]);
  });

  it("tells what the server has when somebody was quicker, and drops the rest of the stroke", async () => {
    const { edits, asked, request } = server();
    const first = edits.send([place(4, 1)], 5);
    const rest = edits.send([place(4, 2)], 5);
    const other = edits.send([lock(8)]);
    (await request(0)).answer(409, {
      error: "stale",
      text: "changed since",
      operation: 0,
      copy: { number: 9, objects: { "4": { position_m: [5, 0, 0] }, "6": null } },
    });
    expect(await first).toEqual({
      kind: "failed",
      fault: {
        code: "stale",
        text: "changed since",
        operation: 0,
        copy: {
          number: 9,
          objects: new Map([
            [4, { position_m: [5, 0, 0] }],
            [6, null],
          ]),
        },
      },
    });
    expect(await rest).toEqual({ kind: "replaced" });
    (await request(1)).answer(200, done(10));
    expect((await other).kind).toBe("done");
    expect(asked).toHaveLength(2);
  });

  it("tries again when it was too much, and gives up after a while", async () => {
    const { edits, asked, delays, request } = server();
    const outcome = edits.send([lock(1)]);
    for (const index of [0, 1, 2, 3]) (await request(index)).answer(429, { error: "too_many" });
    expect(await outcome).toMatchObject({ kind: "failed", fault: { code: "too_many" } });
    expect(asked).toHaveLength(4);
    expect(delays).toEqual([700, 1400, 2100]);
  });

  it("does not repeat what may have been done", async () => {
    const { edits, asked, request } = server();
    const outcome = edits.send([lock(1)]);
    (await request(0)).fail();
    expect(await outcome).toMatchObject({ kind: "failed", fault: { code: "unreachable" } });
    expect(asked).toHaveLength(1);
  });

  it("makes nothing of what a proxy says", async () => {
    const { edits, request } = server();
    const first = edits.send([lock(1)]);
    (await request(0)).answer(502, "bad gateway");
    expect(await first).toMatchObject({ kind: "failed", fault: { code: "unreachable" } });
    const second = edits.send([lock(1)]);
    (await request(1)).answer(200, { hello: "world" });
    expect(await second).toMatchObject({ kind: "failed", fault: { code: "unreachable" } });
  });

  it("refuses what would make the queue too long", async () => {
    const { edits } = server();
    const outcomes: Promise<Outcome>[] = [];
    for (let count = 0; count <= WAITING_MAX; count += 1) outcomes.push(edits.send([lock(count)]));
    expect(edits.waiting).toBe(WAITING_MAX + 1);
    const over = await edits.send([lock(0)]);
    expect(over).toMatchObject({ kind: "failed", fault: { code: "waiting" } });
  });
});

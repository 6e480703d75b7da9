import { expect, it } from "vitest";
import type { SendingParts } from "./asking";
import { grouped, Past, readDifference } from "./past";

const entry = (revision: number, atMs: number, name: string, operations = 1) => ({
  revision,
  atMs,
  name,
  operations,
  roles: [],
});

it("takes what one person does in a row for one", () => {
  const minutes = (count: number): number => count * 60_000;
  const groups = grouped([
    entry(5, minutes(30), "Ana", 2),
    entry(4, minutes(28), "Ana"),
    entry(3, minutes(20), "Ana"),
    entry(2, minutes(19), "Bo", 7),
    entry(1, minutes(18), "Ana"),
  ]);
  expect(
    groups.map(({ name, first, revision, operations }) => [name, first, revision, operations]),
  ).toEqual([
    ["Ana", 4, 5, 3],
    ["Ana", 3, 3, 1],
    ["Bo", 2, 2, 7],
    ["Ana", 1, 1, 1],
  ]);
});

it("tells who may do something else since", async () => {
  const given = (name: string, to: string) => ({
    permission: { account: "ab".repeat(16), name, from: "visitor", to },
  });
  const history = [
    { revision: 2, at_ms: 9, name: "Ana", operations: [given("", "owner")] },
    { revision: 1, at_ms: 8, name: "Ana", operations: [given("Bo", "builder"), { delete: {} }] },
  ];
  const past = new Past({
    world: "plaza",
    key: () => "cd".repeat(32),
    name: () => "Ana",
    fetch: (url) => Promise.resolve(Response.json(url.includes("history") ? history : null)),
    send: () => Promise.reject(new Error("nothing is sent")),
    refusal: (_code, text) => text,
  });
  await past.refresh();
  const [group] = past.groups.value;
  expect(group?.operations).toBe(1);
  expect(group?.roles).toEqual([
    { name: "", to: "owner" },
    { name: "Bo", to: "builder" },
  ]);
});

it("reads what differs by the names of objects", () => {
  const told = {
    added: [
      { object: 7, name: "gate" },
      { object: 8, name: null },
    ],
    removed: [],
    changed: [{ object: 3, name: "lamp", what: ["place"] }],
    materials: { added: ["gold"], removed: [], changed: [] },
  };
  expect(readDifference(told)).toEqual({
    added: {
      list: [
        { object: 7, name: "gate", what: [] },
        { object: 8, name: "#8", what: [] },
      ],
      count: 2,
    },
    removed: { list: [], count: 0 },
    changed: { list: [{ object: 3, name: "lamp", what: ["place"] }], count: 1 },
    other: true,
  });
  expect(readDifference({ settings: false })?.other).toBe(false);
  // Lists end somewhere; how many there are is told.
  const cut = readDifference({ ...told, counts: { added: 2_000, removed: 0, changed: 1 } });
  expect(cut?.added.count).toBe(2_000);
  expect(readDifference(null)).toBeNull();
});

function past(
  answers: Record<string, unknown>,
  asked: string[],
  send: SendingParts["send"] = () => Promise.reject(new Error("nothing is sent")),
): Past {
  const parts: SendingParts = {
    world: "plaza",
    key: () => "k",
    name: () => "Ana",
    fetch: async (url, init) => {
      asked.push(
        `${init.method ?? "GET"} ${url} ${typeof init.body === "string" ? init.body : ""}`,
      );
      const end = url.replace("/api/worlds/plaza/", "");
      const found = Object.entries(answers).find(([start]) => end.startsWith(start))?.[1];
      const status = found === undefined ? 404 : 200;
      return new Response(JSON.stringify(found ?? { error: "x", text: "no such thing" }), {
        status,
      });
    },
    send,
    refusal: (code, text) => (code === null ? "no answer" : text),
  };
  return new Past(parts);
}

it("asks for older changes where the newer ones end", async () => {
  const asked: string[] = [];
  const page = Array.from({ length: 50 }, (_, index) => ({
    revision: 100 - index,
    at_ms: 0,
    name: index % 2 === 0 ? "Ana" : "Bo",
    operations: [{}],
  }));
  const made = past({ history: page, versions: { versions: [], revision: 100 } }, asked);
  await made.refresh();
  expect(made.hasMore.value).toBe(true);
  expect(made.groups.value).toHaveLength(50);
  await made.more();
  expect(asked.at(-1)).toBe("GET /api/worlds/plaza/history?count=50&before=51 ");
});

it("keeps, deletes and brings back versions, and passes on why not", async () => {
  const asked: string[] = [];
  const version = { id: 3, name: "opening", revision: 7, at_ms: 9, author: "Ana" };
  const made = past({ versions: { versions: [version, { id: "x" }], revision: 9 } }, asked);
  expect(await made.keep("opening")).toMatchObject({ kind: "done" });
  expect(asked[0]).toBe('POST /api/worlds/plaza/versions {"name":"opening","author":"Ana"}');
  expect(made.versions.value.map(({ id, name }) => [id, name])).toEqual([[3, "opening"]]);
  expect(await made.restore({ version: 3 }, 12)).toMatchObject({
    kind: "trouble",
    text: "no such thing",
  });
  expect(asked.at(-1)).toBe(
    'POST /api/worlds/plaza/restore {"version":3,"object":12,"name":"Ana"}',
  );
  await made.forget(3);
  expect(asked.some((line) => line.startsWith("DELETE /api/worlds/plaza/versions/3"))).toBe(true);
});

it("brings a file in, tells how far it is and what could not be taken", async () => {
  const file = { name: "world.glb", size: 9 };
  const done: number[] = [];
  const bring = (send: SendingParts["send"], abort = new AbortController()) =>
    past({}, [], send).bringIn(file, true, (done01) => done.push(done01), abort.signal);
  const brought = await bring(async (url, key, sent, told) => {
    expect([url, key, sent]).toEqual(["/api/worlds/plaza/import?replace=true&by=Ana", "k", file]);
    told(0.5);
    return { status: 200, body: { warnings: ["a camera was left out", 7] } };
  });
  expect(done).toEqual([0.5]);
  expect(brought).toMatchObject({ kind: "done", warnings: ["a camera was left out"] });
  const refused = { status: 422, body: { error: "malformed", text: "no zip" } };
  expect(await bring(async () => refused)).toMatchObject({ kind: "trouble", text: "no zip" });
  const broken = () => Promise.reject(new Error("the line broke"));
  expect(await bring(broken)).toMatchObject({ kind: "trouble", text: "no answer" });
  const stopped = new AbortController();
  stopped.abort();
  expect(await bring(broken, stopped)).toBeNull();
});

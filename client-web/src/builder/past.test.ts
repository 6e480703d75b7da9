import { expect, it } from "vitest";
import { grouped, Past, type PastParts, readDifference } from "./past";

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
    unreachable: () => "unreachable",
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
    added: ["gate", "#8"],
    removed: [],
    changed: ["lamp"],
    other: true,
  });
  expect(readDifference({ settings: false })?.other).toBe(false);
  expect(readDifference(null)).toBeNull();
});

function past(answers: Record<string, unknown>, asked: string[]): Past {
  const parts: PastParts = {
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
    unreachable: () => "no answer",
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
  expect(await made.keep("opening")).toEqual({ kind: "done" });
  expect(asked[0]).toBe('POST /api/worlds/plaza/versions {"name":"opening","author":"Ana"}');
  expect(made.versions.value.map(({ id, name }) => [id, name])).toEqual([[3, "opening"]]);
  expect(await made.restore({ version: 3 }, 12)).toEqual({
    kind: "trouble",
    text: "no such thing",
  });
  expect(asked.at(-1)).toBe(
    'POST /api/worlds/plaza/restore {"version":3,"object":12,"name":"Ana"}',
  );
  await made.forget(3);
  expect(asked.some((line) => line.startsWith("DELETE /api/worlds/plaza/versions/3"))).toBe(true);
});

import { describe, expect, it } from "vitest";
import { objectOf } from "./document/apply";
import { WorldEdits } from "./edits";
import type { WorldDocument } from "./protocol/document";

function world(name: string): WorldDocument {
  return { version: 1, name: "w", title: "W", objects: [{ id: 1, name }] };
}

const renamed = (number: number, name: string) => ({
  number,
  author: "ana",
  operations: JSON.stringify([{ rename: { object: 1, name } }]),
});

class Table {
  readonly told: string[] = [];
  readonly framed: [number, readonly number[]][] = [];
  readonly asked: string[] = [];
  readonly edits = new WorldEdits(
    {
      fetch: (url) => {
        this.asked.push(url);
        return Promise.resolve({ document: world(`fetched ${this.asked.length}`), edits: 3 });
      },
      after: () => () => {},
    },
    {
      changed: (document) => this.told.push(document.objects[0]?.name ?? ""),
      chosen: (person, objects) => this.framed.push([person, objects]),
    },
  );

  get name(): string | null {
    const document = this.edits.document.value;
    return document && (objectOf(document, 1)?.name ?? "");
  }
}

describe("the edits of a world", () => {
  it("make another document each, with its number", async () => {
    const table = new Table();
    await table.edits.enter("/worlds/w.json");
    const before = table.edits.document.value;
    expect([table.name, table.edits.number.value]).toEqual(["fetched 1", 3]);
    table.edits.hear(renamed(4, "four"));
    expect([table.name, table.edits.number.value, table.told]).toEqual(["four", 4, ["four"]]);
    expect(table.edits.document.value).not.toBe(before);
    expect(before?.objects[0]?.name).toBe("fetched 1");
  });

  it("of a world that was left say nothing any more", async () => {
    const table = new Table();
    const first = table.edits.enter("/worlds/a.json");
    const second = table.edits.enter("/worlds/b.json");
    expect((await first).objects[0]?.name).toBe("fetched 1");
    await second;
    expect([table.name, table.asked]).toEqual(["fetched 2", ["/worlds/a.json", "/worlds/b.json"]]);
    table.edits.leave();
    table.edits.hear(renamed(4, "four"));
    expect([table.name, table.edits.number.value, table.told]).toEqual([null, null, []]);
  });

  it("that were missed while the connection was gone come when it is back", async () => {
    const table = new Table();
    const known = await table.edits.enter("/worlds/w.json");
    table.edits.resume("/worlds/w.json", known);
    expect(table.name).toBe("fetched 1");
    for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
    expect([table.name, table.told]).toEqual(["fetched 2", ["fetched 2"]]);
  });
});

describe("what others have chosen", () => {
  it("is known until they choose nothing, or the world is left", async () => {
    const table = new Table();
    await table.edits.enter("/worlds/w.json");
    table.edits.choose(7, [1, 2]);
    table.edits.choose(8, [3]);
    table.edits.choose(7, []);
    table.edits.choose(9, []);
    expect(table.framed).toEqual([
      [7, [1, 2]],
      [8, [3]],
      [7, []],
    ]);
    expect([...table.edits.chosen.value]).toEqual([[8, [3]]]);
    table.edits.leave();
    expect(table.edits.chosen.value.size).toBe(0);
  });
});

import { describe, expect, it } from "vitest";
import { Drafts, readPublication } from "./drafts";
import { answerPast, type FakeDraft, PUBLICATION } from "./preview/answers";

interface Given {
  draft?: FakeDraft;
  /** Answers in the place of the usual ones, by method and end of the address. */
  instead?: Record<string, { status: number; body: unknown }>;
}

function drafts({ draft, instead = {} }: Given = {}) {
  const asked: string[] = [];
  const parts = {
    world: "plaza",
    key: () => "k",
    name: () => "Ada",
    fetch: async (url: string, init: RequestInit) => {
      const method = init.method ?? "GET";
      asked.push(`${method} ${url} ${typeof init.body === "string" ? init.body : ""}`.trim());
      const other = instead[`${method} ${url.replace("/api/worlds/plaza", "")}`];
      if (other !== undefined) return Response.json(other.body, { status: other.status });
      return answerPast(url, method, draft ?? null, 0) ?? new Response(null, { status: 404 });
    },
    refusal: (code: string | null, text: string) => (code === null ? "no answer" : text),
  };
  return { made: new Drafts(parts), asked };
}

describe("drafts of a world", () => {
  it("are listed, with who began them and how many are inside", async () => {
    const { made } = drafts();
    await made.refresh();
    expect(made.within.value).toBeNull();
    expect(made.all.value.map(({ title, name, people }) => [title, name, people])).toEqual([
      ["New lamps", "Ada", 2],
      ["A market along the water", "Chloé", 0],
    ]);
  });

  it("begin under a title, and name the world to go to", async () => {
    const { made, asked } = drafts();
    expect(await made.begin("New lamps")).toMatchObject({
      kind: "done",
      world: "plaza-draft-k3v9x2",
    });
    expect(asked).toEqual(['POST /api/worlds/plaza/drafts {"title":"New lamps","name":"Ada"}']);
    const full = { status: 409, body: { error: "full", text: "16 drafts are enough" } };
    const { made: refused } = drafts({ instead: { "POST /drafts": full } });
    expect(await refused.begin("One more")).toMatchObject({
      kind: "trouble",
      text: "16 drafts are enough",
    });
    const odd = { status: 200, body: {} };
    const { made: nameless } = drafts({ instead: { "POST /drafts": odd } });
    expect(await nameless.begin("Odd")).toMatchObject({ kind: "trouble", text: "no answer" });
  });
});

describe("within a draft", () => {
  const draft = { of: "plaza", title: "New lamps" };

  it("tells which world it is of, and what publishing would do", async () => {
    const { made } = drafts({ draft });
    await made.refresh();
    expect(made.within.value).toEqual({ ...draft, base: 2 });
    const publication = await made.publication();
    expect(publication?.difference.added.list.map(({ name }) => name)).toEqual([
      "Lamp by the gate",
      "Bench",
      "#5",
    ]);
    expect(publication?.conflicts).toEqual([
      { object: 1, name: "House", aspect: "place" },
      { object: 3, name: "Lamp by the gate", aspect: "light" },
      { object: null, name: null, aspect: "environment" },
    ]);
  });

  it("counts conflicts that are not told one by one, and knows those about no object", () => {
    const conflicts = [
      { name: "gold", aspect: "material" },
      { aspect: "environment" },
      { object: 9, aspect: "object" },
      { name: "Lamp" },
      7,
    ];
    const read = readPublication({ ...PUBLICATION, conflicts, conflicts_more: 40 });
    expect(read?.conflicts).toEqual([
      { object: null, name: "gold", aspect: "material" },
      { object: null, name: null, aspect: "environment" },
      { object: 9, name: "#9", aspect: "object" },
    ]);
    expect(read?.conflictCount).toBe(43);
    expect(readPublication(null)).toBeNull();
  });

  it("publishes, and tells conflicts that came meanwhile from other trouble", async () => {
    const { made, asked } = drafts({ draft });
    expect(await made.publish("draft")).toMatchObject({ kind: "done" });
    expect(asked).toEqual(['POST /api/worlds/plaza/publish {"conflicts":"draft","name":"Ada"}']);
    const body = { error: "conflicts", text: "2 things", conflicts: [] };
    const { made: late } = drafts({ instead: { "POST /publish": { status: 409, body } } });
    expect(await late.publish("refuse")).toEqual({ kind: "conflicts" });
    const wrong = { error: "refused", text: "too many bodies" };
    const { made: refused } = drafts({
      instead: { "POST /publish": { status: 422, body: wrong } },
    });
    expect(await refused.publish("refuse")).toMatchObject({
      kind: "trouble",
      text: "too many bodies",
    });
  });

  it("is discarded by its own address", async () => {
    const { made, asked } = drafts({ draft });
    expect(await made.discard()).toMatchObject({ kind: "done" });
    expect(asked).toEqual(["DELETE /api/worlds/plaza"]);
  });
});

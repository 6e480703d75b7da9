import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const ORIGIN = "https://world.example";
const DOCUMENT = { version: 1, name: "w", title: "W", objects: [] };

type Asked = { url: string; init: RequestInit };

/** A server that answers with `replies`, one after the other. */
async function documents(replies: Response[]) {
  const asked: Asked[] = [];
  vi.stubGlobal("location", { origin: ORIGIN });
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    asked.push({ url, init });
    const reply = replies.shift();
    if (reply === undefined) throw new Error("asked once too often");
    return reply;
  });
  const { fetchDocument } = await import("./documents");
  return { fetchDocument, asked };
}

function whole(title: string, headers: Record<string, string>): Response {
  return new Response(JSON.stringify({ ...DOCUMENT, title }), { headers });
}

function same(headers: Record<string, string>): Response {
  return new Response(null, { status: 304, headers });
}

describe("a document", () => {
  beforeEach(() => vi.resetModules());
  afterEach(() => vi.unstubAllGlobals());

  it("is asked for each time, and kept as long as it is the same", async () => {
    const { fetchDocument, asked } = await documents([
      whole("One", { etag: '"a"', "vivarium-edits": "5" }),
      same({ etag: '"a"', "vivarium-edits": "7" }),
      whole("Two", { etag: '"b"', "vivarium-edits": "8" }),
    ]);
    const told = [];
    for (let time = 0; time < 3; time += 1) {
      const { document, edits } = await fetchDocument("/worlds/w.json");
      told.push([document.title, edits]);
    }
    expect(told).toEqual([
      ["One", 5],
      ["One", 7],
      ["Two", 8],
    ]);
    expect(asked.map(({ init }) => [init.cache, init.headers])).toEqual([
      ["no-cache", { accept: "application/json" }],
      ["no-store", { accept: "application/json", "if-none-match": '"a"' }],
      ["no-store", { accept: "application/json", "if-none-match": '"a"' }],
    ]);
    expect(asked[0]?.url).toBe(`${ORIGIN}/worlds/w.json`);
  });

  it("that no edit is told of is after none", async () => {
    const { fetchDocument } = await documents([whole("One", { etag: '"a"' }), same({})]);
    expect((await fetchDocument("/worlds/w.json")).edits).toBe(0);
    expect((await fetchDocument("/worlds/w.json")).edits).toBe(0);
  });

  it("is asked for as a whole when the server does not say after which edit it is the same", async () => {
    const { fetchDocument, asked } = await documents([
      whole("One", { etag: '"a"', "vivarium-edits": "5" }),
      same({}),
      whole("One", { etag: '"a"', "vivarium-edits": "9" }),
    ]);
    await fetchDocument("/worlds/w.json");
    expect((await fetchDocument("/worlds/w.json")).edits).toBe(9);
    expect(asked[2]?.init.headers).toEqual({ accept: "application/json" });
  });

  it("of another format or another place is refused", async () => {
    const { fetchDocument } = await documents([
      new Response(JSON.stringify({ ...DOCUMENT, version: 2 })),
      new Response("", { status: 404, statusText: "Not Found" }),
    ]);
    await expect(fetchDocument("/worlds/w.json")).rejects.toThrow("format 2");
    await expect(fetchDocument("/worlds/w.json")).rejects.toThrow("404 Not Found");
    await expect(fetchDocument("https://other.example/w.json")).rejects.toThrow("not of this");
  });
});

import { expect, it, vi } from "vitest";
import type { SendingParts } from "./asking";
import { readUpload, Uploads } from "./uploads";

const CHAIR = {
  path: "uploads/aa.glb",
  name: "chair.glb",
  kind: "model",
  bytes: 1200,
  original_bytes: 5000,
  author: "Ana",
  at_ms: 7,
  details: {
    triangles: 12,
    vertices: 24,
    bounds_m: [
      [-1, 0, -1],
      [1, 2, 1],
    ],
    texture_bytes: 0,
  },
  notes: [],
  used: true,
};

function uploads(change: Partial<SendingParts> = {}): Uploads {
  const quota = { world_bytes: 10, world_bytes_max: 100, account_bytes: 9, account_bytes_max: 10 };
  return new Uploads({
    world: "plaza",
    key: () => "k",
    name: () => "Ana",
    fetch: async () => new Response(JSON.stringify({ assets: [CHAIR, { kind: "x" }], quota })),
    send: async (_url, _key, _file, told) => {
      told(0.5);
      return { status: 200, body: CHAIR };
    },
    refusal: (code, text) => (code === null ? "no answer" : text),
    ...change,
  });
}

it("lists what the server has, and the room that is left", async () => {
  const made = uploads();
  await made.refresh();
  expect(made.all.value.map(({ path, used }) => [path, used])).toEqual([["uploads/aa.glb", true]]);
  expect(made.all.value[0]?.bounds).toEqual({ min: [-1, 0, -1], max: [1, 2, 1] });
  expect(made.room.value).toEqual({ bytes: 9, bytesMax: 10 });
  expect(readUpload({ path: "x", name: "x", kind: "virus" })).toBeNull();
});

it("sends files one after another and tells how far they are", async () => {
  const told: (number | null)[] = [];
  const urls: string[] = [];
  const made = uploads({
    send: async (url, _key, _file, progress) => {
      urls.push(url);
      progress(0.25);
      told.push(made.sending.value[0]?.done01 ?? null);
      return { status: 200, body: CHAIR };
    },
  });
  made.add([
    { name: "a b.glb", size: 1 },
    { name: "c.glb", size: 1 },
  ]);
  expect(made.sending.value.map(({ name }) => name)).toEqual(["a b.glb", "c.glb"]);
  await vi.waitFor(() => expect(made.sending.value).toEqual([]));
  expect(told).toEqual([0.25, 0.25]);
  expect(urls[0]).toBe("/api/worlds/plaza/assets?name=a+b.glb&by=Ana");
  expect(made.all.value).toHaveLength(1);
});

it("says why a file was not taken, until it is put away", async () => {
  const body = { error: "malformed", text: "the glb ends too early" };
  const made = uploads({ send: async () => ({ status: 422, body }) });
  made.add([{ name: "broken.glb", size: 1 }]);
  await vi.waitFor(() => expect(made.sending.value[0]?.trouble).toBe("the glb ends too early"));
  made.cancel(1);
  expect(made.sending.value).toEqual([]);
  const broken = uploads({ send: () => Promise.reject(new Error("x")) });
  broken.add([{ name: "a", size: 1 }]);
  await vi.waitFor(() => expect(broken.sending.value[0]?.trouble).toBe("no answer"));
});

it("tells what the server has changed, until that is put away", async () => {
  const notes = ["made smaller, from 4096 x 4096 to 2048 x 2048 pixels"];
  const made = uploads({ send: async () => ({ status: 200, body: { ...CHAIR, notes } }) });
  made.add([{ name: "photo.png", size: 1 }]);
  await vi.waitFor(() => expect(made.sending.value[0]?.notes).toEqual(notes));
  expect(made.sending.value[0]?.trouble).toBeNull();
  expect(made.all.value).toHaveLength(1);
  made.cancel(1);
  expect(made.sending.value).toEqual([]);
});

it("stops sending what is cancelled and goes on with the next", async () => {
  const stopped: string[] = [];
  const made = uploads({
    send: (_url, _key, file, _told, signal) =>
      new Promise((resolve, reject) => {
        if (file.name === "next") resolve({ status: 200, body: CHAIR });
        signal.addEventListener("abort", () => {
          stopped.push(file.name);
          reject(new Error("stopped"));
        });
      }),
  });
  made.add([
    { name: "slow", size: 1 },
    { name: "next", size: 1 },
  ]);
  await vi.waitFor(() => expect(made.sending.value[0]?.done01).toBe(0));
  made.cancel(1);
  await vi.waitFor(() => expect(made.all.value).toHaveLength(1));
  expect(stopped).toEqual(["slow"]);
  expect(made.sending.value).toEqual([]);
});

it("does not send what is cancelled before its turn or while the key is made", async () => {
  const sent: string[] = [];
  let give: (key: string) => void = () => undefined;
  const made = uploads({
    key: () =>
      new Promise((resolve) => {
        give = resolve;
      }),
    send: async (_url, _key, file) => {
      sent.push(file.name);
      return { status: 200, body: CHAIR };
    },
  });
  const first = give;
  made.add([
    { name: "first", size: 1 },
    { name: "second", size: 1 },
    { name: "third", size: 1 },
  ]);
  const keyed = give;
  expect(keyed).not.toBe(first);
  made.cancel(1);
  made.cancel(2);
  keyed("k");
  await vi.waitFor(() => expect(give).not.toBe(keyed));
  give("k");
  await vi.waitFor(() => expect(sent).toEqual(["third"]));
});

import { beforeEach, describe, expect, it } from "vitest";
import { Minds } from "./minds";
import { nobody } from "./persona";
import { FakeMinds, somebody } from "./preview/fakeMinds";
import { Rehearsal } from "./rehearsal";
import { readEvent } from "./stream";

let server: FakeMinds;
let minds: Minds;
const headers: unknown[] = [];

beforeEach(() => {
  server = new FakeMinds(1_700_000_000_000);
  headers.length = 0;
  minds = new Minds({
    key: () => "ab".repeat(32),
    fetch: (url, init) => {
      headers.push(init.headers);
      return server.answer(url, init);
    },
  });
});

describe("minds", () => {
  it("are listed, made, changed and deleted with the key of the device", async () => {
    const templates = await minds.templates();
    if (templates.kind !== "done") throw new Error("there are templates");
    expect(templates.value.map(({ id }) => id)).toContain("gardener");
    expect(await minds.create("plaza", somebody("Fenn"))).toEqual({
      kind: "done",
      value: { mind: "fenn", version: 1 },
    });
    expect(await minds.change("fenn", somebody("Fenn", { voice: "high" }), 1)).toEqual({
      kind: "done",
      value: 2,
    });
    const fenn = await minds.get("fenn");
    expect(fenn).toMatchObject({ value: { isMine: true, version: 2, persona: { voice: "high" } } });
    expect(await minds.returnTo("fenn", 1)).toEqual({ kind: "done", value: 3 });
    expect(await minds.versions("fenn")).toMatchObject({
      value: [{ number: 3 }, { number: 2 }, { number: 1 }],
    });
    expect(await minds.remove("fenn")).toEqual({ kind: "done", value: true });
    expect(await minds.get("fenn")).toMatchObject({ kind: "trouble", code: "unknown" });
    expect(headers[0]).toEqual({ authorization: `Bearer ${"ab".repeat(32)}` });
  });

  it("say in the server's words why something was not done", async () => {
    expect(await minds.change("mira", somebody("Mira"), 7)).toMatchObject({ code: "changed" });
    server.refusals.push({
      status: 403,
      body: { error: "not_yours", message: "It is not yours." },
    });
    expect(await minds.remove("mira")).toMatchObject({
      code: "not_yours",
      text: "It is not yours.",
    });
    server.refusals.push({ status: 200, body: { nonsense: true } });
    expect(await minds.list()).toMatchObject({ kind: "trouble", code: null });
    const away = new Minds({ key: () => "", fetch: () => Promise.reject(new TypeError("away")) });
    expect(await away.knows("mira")).toEqual({
      kind: "trouble",
      code: null,
      text: "",
      freeInS: null,
    });
  });

  it("have children, with consent where the other is somebody else's", async () => {
    server.add("lune", somebody("Lune"));
    const wish = { world: "plaza", with: "lune", consent: null, name: "Wren", seed: 12 };
    expect(await minds.child("mira", wish)).toMatchObject({ code: "no_consent" });
    const given = await minds.consent("lune");
    if (given.kind !== "done") throw new Error("consent is given");
    const { consent } = given.value;
    expect(await minds.child("mira", { ...wish, consent })).toEqual({
      kind: "done",
      value: { mind: "wren", seed: 12 },
    });
    expect(server.sent.at(-1)?.body).toMatchObject({ with: "lune", consent, seed: 12 });
    expect(await minds.child("mira", { ...wish, consent })).toMatchObject({ code: "no_consent" });
  });

  it("tell what they know of this person, and forget it", async () => {
    const known = await minds.knows("mira");
    if (known.kind !== "done") throw new Error("it knows somebody");
    expect(known.value).toMatchObject({ stage: "friend", bond: { trust: 34, playfulness: -12 } });
    const grenoble = known.value.memories.find(({ text }) => text.includes("Grenoble"));
    const id = await minds.correct("mira", grenoble?.id ?? "", "Annecy");
    if (id.kind !== "done") throw new Error("it is corrected");
    const after = await minds.knows("mira");
    const texts = after.kind === "done" ? after.value.memories : [];
    expect(texts.find((one) => one.id === id.value)).toMatchObject({
      text: "Annecy",
      untilMs: null,
    });
    expect(texts.find((one) => one.id === grenoble?.id)?.untilMs).not.toBeNull();
    await minds.forget("mira", id.value);
    await minds.forget("mira", null);
    expect(await minds.knows("mira")).toMatchObject({ value: { stage: "stranger", memories: [] } });
    await minds.forgetPerson("mira", "9f3ac2d1e0b44a77");
    expect(await minds.people("mira")).toMatchObject({
      value: [{ person: "07bb51c3aa90e2f4", memories: 1 }],
    });
  });
});

describe("a rehearsal", () => {
  const told = (rehearsal: Rehearsal) =>
    rehearsal.exchanges.value.map(({ asked, text, state }) => `${asked} ${text} (${state.kind})`);

  it("grows word by word, and tells the server what was spoken of", async () => {
    const rehearsal = new Rehearsal(minds, "plaza");
    const seen = new Set<string>();
    const stop = rehearsal.exchanges.subscribe((all) => seen.add(all.at(-1)?.text ?? ""));
    await rehearsal.ask(somebody("Fenn"), "Hello");
    stop();
    expect([...seen]).toEqual(["", "I am ", "I am glad you ", "I am glad you came by."]);
    expect(told(rehearsal)).toEqual(["Hello I am glad you came by. (reduced)"]);
    await rehearsal.ask(somebody("Fenn"), "And now?");
    expect(server.sent.at(-1)?.body).toMatchObject({
      world: "plaza",
      text: "And now?",
      recent: [
        { by: "person", text: "Hello" },
        { by: "companion", text: "I am glad you came by." },
      ],
    });
    rehearsal.clear();
    expect(told(rehearsal)).toEqual([]);
  });

  it("is stopped, refused, or breaks off", async () => {
    const rehearsal = new Rehearsal(minds, "plaza");
    const asked = rehearsal.ask(somebody("Fenn"), "One");
    rehearsal.stop();
    await asked;
    server.end = { failed: { reason: "over_limit", free_in_s: 90 } };
    await rehearsal.ask(somebody("Fenn"), "Two");
    server.end = {};
    await rehearsal.ask(somebody("Fenn"), "Three");
    server.refusals.push({ status: 403, body: { error: "forbidden", text: "" } });
    await rehearsal.ask(nobody("en"), "Four");
    expect(told(rehearsal)).toEqual([
      "One  (stopped)",
      "Two I am glad you came by. (failed)",
      "Three I am glad you came by. (failed)",
      "Four  (failed)",
    ]);
    const states = rehearsal.exchanges.value.map(({ state }) => state);
    expect(states[1]).toMatchObject({ trouble: { code: "over_limit", freeInS: 90 } });
    expect(states[3]).toMatchObject({ trouble: { code: "forbidden" } });
  });

  it("passes over what is no event of its own", () => {
    for (const data of ["", "{", "[]", '{"says":5}', '{"done":1}'])
      expect(readEvent(data)).toBeNull();
  });
});

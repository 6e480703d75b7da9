// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Builder } from "../builder/builder";
import { FakeBench } from "../builder/preview/fake";
import { multiply, turned, type Vec3 } from "../builder/vectors";
import type { WorldDocument } from "../protocol/document";
import type { Role } from "../protocol/operation";
import type { Hand } from "../scene/headset";
import { BuilderHands } from "./building";
import { FakeHands } from "./fakeHands";
import { about } from "./grab";

const BOX = { box: { size_m: [1, 1, 1] as Vec3 } };
const WORLD: WorldDocument = {
  version: 1,
  name: "plaza",
  title: "Plaza",
  objects: [
    { position_m: [0, 0.5, -3], properties: { visuals: [{ shape: BOX }] } },
    { parent: 0, position_m: [0, 1.5, -3], properties: { visuals: [{ shape: BOX }] } },
    { position_m: [5, 0.5, 0], locked: true, properties: { visuals: [{ shape: BOX }] } },
    { position_m: [-4, 0.5, 0], properties: { visuals: [{ shape: BOX }] } },
    { position_m: [0, 1, 6], properties: { spawn: {} } },
  ],
};

let bench: FakeBench;
let builder: Builder;
let hands: FakeHands;
let building: BuilderHands;
let sent: { url: string; operations?: unknown[]; stroke?: number }[];
let beats: { ms: number; then: () => void }[];
let refuse: { status: number; body: unknown } | null;

/** Points a hand: turned to the left, raised and rolled to the left, degrees. */
function aim(hand: Hand, turn: number, raise = 0, roll = 0): void {
  hand.rotation = multiply(
    multiply(about([0, 1, 0], turn), about([1, 0, 0], raise)),
    about([0, 0, 1], roll),
  );
  hand.direction = turned([0, 0, -1], hand.rotation);
}

function beat(): void {
  const due = beats.filter(({ ms }) => ms === 100);
  beats = beats.filter(({ ms }) => ms !== 100);
  for (const { then } of due) then();
}

async function answered(): Promise<void> {
  await vi.waitFor(() => expect(builder.edits.waiting).toBe(0), { interval: 1 });
  await new Promise((then) => setTimeout(then));
}

const strokes = (): number => new Set(sent.map(({ stroke }) => stroke)).size;

beforeEach(() => {
  sent = [];
  beats = [];
  refuse = null;
  bench = new FakeBench(document.createElement("canvas"), signal(WORLD));
  builder = new Builder({
    bench,
    role: signal<Role>("builder"),
    fetch: (url, init) => {
      // Only edits: the library asks for its list.
      if (init.method === "POST") sent.push({ url, ...JSON.parse(String(init.body)) });
      return refuse === null
        ? bench.answer(url, { body: "{}", ...init })
        : Promise.resolve(Response.json(refuse.body, { status: refuse.status }));
    },
    after: (ms, then) => beats.push({ ms, then }),
    forbidden: () => undefined,
  });
  builder.snaps.value = false;
  bench.hit = { object: 0, point: [0.2, 1, -2.5], normal: [0, 0, 1] };
  hands = new FakeHands();
  building = new BuilderHands(builder, hands);
});

afterEach(() => {
  building.dispose();
  builder.dispose();
});

describe("the trigger", () => {
  it("chooses what the ray meets, and nothing when it meets nothing", () => {
    hands.right.trigger = true;
    hands.pictures();
    expect(builder.chosen.value).toEqual([0]);
    expect(hands.pulses).toEqual(["right"]);
    hands.right.trigger = false;
    hands.pictures(2);
    expect(sent).toEqual([]);
    bench.hit = null;
    hands.left.trigger = true;
    hands.pictures();
    expect(builder.chosen.value).toEqual([]);
  });

  it("with the grip adds to what is chosen, or takes away from it", () => {
    builder.selection.choose([3]);
    hands.right.squeeze = true;
    hands.right.trigger = true;
    hands.pictures();
    expect(builder.chosen.value).toEqual([3, 0]);
    hands.right.position[0] += 1;
    hands.right.trigger = false;
    hands.pictures();
    hands.right.trigger = true;
    hands.pictures();
    expect(builder.chosen.value).toEqual([3]);
    expect(sent).toEqual([]);
  });

  it("chooses what shows nothing of itself by its mark", () => {
    bench.hit = { object: 3, point: [0, 1, 9], normal: [0, 0, -1] };
    aim(hands.left, 180);
    hands.left.position = [0.1, 1, 0];
    hands.left.trigger = true;
    hands.pictures();
    expect(builder.chosen.value).toEqual([4]);
  });

  it("that was held before means nothing, nor does one of a hand out of sight", () => {
    building.dispose();
    hands.left.trigger = true;
    building = new BuilderHands(builder, hands);
    hands.pictures();
    hands.right.isThere = false;
    hands.right.trigger = true;
    hands.pictures();
    expect(builder.chosen.value).toEqual([]);
  });

  it("puts down a piece of the library", async () => {
    builder.placing.value = { kind: "simple", name: "box", loose: false };
    hands.pictures(6);
    expect(builder.ghost.value).not.toBeNull();
    hands.right.trigger = true;
    hands.pictures();
    await answered();
    expect(sent.at(-1)?.operations).toMatchObject([
      { material: {} },
      { create: { value: { position_m: [0.2, 1, -2] } } },
    ]);
    expect(builder.placing.value).toBeNull();
    expect(builder.ghost.value).toBeNull();
  });
});

describe("a hand that holds something", () => {
  it("carries it along as one stroke, with what is below it, and lets it be there", async () => {
    hands.right.trigger = true;
    hands.pictures();
    hands.right.position = [1.2, 1.5, 0];
    hands.pictures();
    expect(hands.uses).toMatchObject({ left: false, right: true });
    expect(hands.rays.right).toEqual({ lengthM: 2.5, meets: true });
    expect(bench.previews.get(1)?.position).toEqual([1, 2, -3]);
    expect(builder.dragging.value).toBe(true);
    // Ten a second.
    hands.right.position = [2.2, 1.5, 0];
    hands.pictures(3);
    await answered();
    expect(sent).toHaveLength(1);
    beat();
    await answered();
    hands.right.position = [3.2, 1.5, 0];
    hands.pictures();
    hands.right.trigger = false;
    hands.pictures();
    await answered();
    expect(strokes()).toBe(1);
    expect(sent.at(-1)?.operations).toMatchObject([
      { place: { object: 0, position_m: [3, 1, -3] } },
      { place: { object: 1, position_m: [3, 2, -3] } },
    ]);
    expect(builder.dragging.value).toBe(false);
    expect(hands.uses.right).toBe(false);
    expect(bench.previews.size).toBe(0);
  });

  it("turns it with the wrist in the builder's steps, and moves it with the stick", async () => {
    builder.snaps.value = true;
    hands.right.trigger = true;
    hands.pictures();
    aim(hands.right, 0, 0, 20);
    hands.pictures();
    const [, , z, w] = bench.previews.get(0)?.rotation ?? [0, 0, 0, 1];
    expect(2 * Math.atan2(z, w) * (180 / Math.PI)).toBeCloseTo(15, 5);
    aim(hands.right, 0);
    hands.right.stickUp = -1;
    hands.pictures(50);
    expect(hands.rays.right.lengthM).toBeLessThan(2);
    const far = bench.previews.get(0)?.position[2] ?? 0;
    expect(far).toBeGreaterThan(-2.5);
    expect(far / builder.gridM.value).toBeCloseTo(Math.round(far / builder.gridM.value));
    hands.right.trigger = false;
    hands.pictures();
    await answered();
    expect(strokes()).toBe(1);
  });

  it("sends nothing while it does not move, and holds still when it is out of sight", async () => {
    hands.right.trigger = true;
    hands.pictures(20);
    hands.right.isThere = false;
    hands.right.position = [9, 9, 9];
    hands.pictures(5);
    hands.right.trigger = false;
    hands.pictures();
    await answered();
    expect(sent).toEqual([]);
  });

  it("cannot hold what is locked", () => {
    bench.hit = { object: 2, point: [5, 0.5, 0], normal: [0, 0, 1] };
    hands.right.trigger = true;
    hands.pictures();
    hands.right.position = [3, 1, 0];
    hands.pictures();
    expect(builder.chosen.value).toEqual([2]);
    expect(bench.previews.size).toBe(0);
  });

  it("lets go when the server does not want it, and says why", async () => {
    refuse = { status: 409, body: { error: "held", text: "Bo holds it" } };
    hands.right.trigger = true;
    hands.pictures();
    hands.right.position = [1.2, 1.5, 0];
    hands.pictures();
    expect(bench.previews.size).toBe(2);
    await answered();
    expect(bench.previews.size).toBe(0);
    expect(hands.told).toBe(builder.notice.value?.text);
    expect(builder.notice.value?.tone).toBe("trouble");
    hands.right.position = [2.2, 1.5, 0];
    hands.pictures();
    expect(bench.previews.size).toBe(0);
    expect(sent).toHaveLength(1);
  });

  it("lets go when building ends, with the last place sent", async () => {
    hands.right.trigger = true;
    hands.pictures();
    hands.right.position = [1.2, 1, 0];
    hands.pictures();
    hands.right.position = [2.2, 1, 0];
    hands.pictures();
    building.dispose();
    await answered();
    expect(sent.at(-1)?.operations).toMatchObject([
      { place: { position_m: [2, 0.5, -3] } },
      { place: { position_m: [2, 1.5, -3] } },
    ]);
    expect(hands.rays.right.lengthM).toBeNull();
    expect(hands.uses).toEqual({ left: false, right: false, buttons: false });
    expect(hands.told).toBeNull();
  });
});

describe("both grips", () => {
  it("scale what is chosen with the way between the hands, as one stroke", async () => {
    builder.selection.choose([3]);
    hands.left.squeeze = true;
    hands.right.squeeze = true;
    hands.pictures();
    hands.left.position[0] = -0.4;
    hands.right.position[0] = 0.4;
    hands.pictures();
    expect(bench.previews.get(3)?.scale).toEqual([2, 2, 2]);
    hands.right.position[0] = 0.8;
    hands.pictures();
    hands.left.squeeze = false;
    hands.pictures();
    await answered();
    expect(sent.at(-1)?.operations).toMatchObject([
      { place: { object: 3, position_m: [-4, 0.5, 0], scale: [3, 3, 3] } },
    ]);
    expect(strokes()).toBe(1);
    expect(builder.dragging.value).toBe(false);
  });

  it("take over from a hand that holds", async () => {
    hands.right.trigger = true;
    hands.pictures();
    hands.right.position = [1.2, 1, 0];
    hands.pictures();
    hands.left.squeeze = true;
    hands.right.squeeze = true;
    hands.pictures();
    hands.right.position = [2.6, 1, 0];
    hands.pictures();
    expect(bench.previews.get(0)?.scale).toEqual([2, 2, 2]);
    await answered();
    expect(strokes()).toBe(2);
  });
});

describe("the buttons", () => {
  it("take back and repeat, once for each press", async () => {
    hands.left.lower = true;
    hands.pictures(3);
    hands.left.lower = false;
    hands.right.upper = true;
    hands.pictures(3);
    await answered();
    expect(sent.map(({ url }) => url.split("/").at(-1))).toEqual(["undo", "redo"]);
  });
});

describe("the rays", () => {
  it("end where they meet something, also in pictures in which nobody looks", () => {
    hands.pictures(6);
    expect(hands.rays.right).toEqual({ lengthM: 2.5, meets: true });
    aim(hands.right, 30);
    hands.pictures();
    expect(hands.rays.right.lengthM).toBeCloseTo(2.5 / Math.cos(Math.PI / 6));
    bench.hit = null;
    hands.pictures(6);
    expect(hands.rays.right.meets).toBe(false);
    hands.left.isThere = false;
    hands.pictures();
    expect(hands.rays.left.lengthM).toBeNull();
  });
});

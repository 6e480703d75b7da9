// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { WorldDocument } from "../protocol/document";
import { Builder } from "./builder";
import { BuilderPointer } from "./pointer";
import { FakeBench } from "./preview/fake";
import { NO_TURN, type Vec3 } from "./vectors";
import type { Gizmo, Pose } from "./workbench";

const BOX = { box: { size_m: [1, 1, 1] as Vec3 } };
const WORLD: WorldDocument = {
  version: 1,
  name: "plaza",
  title: "Plaza",
  objects: [
    { position_m: [0, 0.5, 0], properties: { visuals: [{ shape: BOX }] } },
    { parent: 0, position_m: [0, 1.5, 0], properties: { visuals: [{ shape: BOX }] } },
    { position_m: [5, 0.5, 0], locked: true, properties: { visuals: [{ shape: BOX }] } },
  ],
};

/** Handles that lie where the test says, and are moved along x by the pointer. */
class FakeGizmo implements Gizmo {
  isUnderPointer = false;
  shown: Pose | null = null;
  ends = 0;
  #pose: Pose = { position: [0, 0, 0], rotation: [...NO_TURN], scale: [1, 1, 1] };

  show(pose: Pose | null): void {
    this.shown = pose;
  }
  setSnap(): void {}
  hover(): boolean {
    return this.isUnderPointer;
  }
  begin(): boolean {
    if (this.shown !== null) this.#pose = this.shown;
    return this.isUnderPointer;
  }
  move(x: number): Pose {
    const [at, y, z] = this.#pose.position;
    return { ...this.#pose, position: [at + x, y, z] };
  }
  end(): Pose {
    this.ends += 1;
    return this.#pose;
  }
  dispose(): void {}
}

let bench: FakeBench;
let builder: Builder;
let pointer: BuilderPointer;
let gizmo: FakeGizmo;
let sent: { operations?: unknown[]; stroke?: number }[];
let beats: { ms: number; then: () => void }[];
let refuse: { status: number; body: unknown } | null;
/** What came through to the camera. */
let camera: string[];

function fire(type: string, x: number, more: PointerEventInit = {}): void {
  bench.canvas.dispatchEvent(
    new PointerEvent(type, {
      clientX: x,
      clientY: 0,
      button: type === "pointermove" ? -1 : 0,
      buttons: type === "pointermove" ? 1 : 0,
      pointerId: 1,
      bubbles: true,
      cancelable: true,
      ...more,
    }),
  );
}

/** Lets the time of pacing pass. */
function beat(): void {
  const due = beats.filter(({ ms }) => ms === 100);
  beats = beats.filter(({ ms }) => ms !== 100);
  for (const { then } of due) then();
}

async function answered(): Promise<void> {
  await vi.waitFor(() => expect(builder.edits.waiting).toBe(0), { interval: 1 });
  await new Promise((then) => setTimeout(then));
}

beforeEach(() => {
  sent = [];
  beats = [];
  camera = [];
  refuse = null;
  const canvas = document.createElement("canvas");
  canvas.setPointerCapture = () => undefined;
  const stage = document.createElement("div");
  stage.append(canvas);
  document.body.append(stage);
  for (const type of ["pointerdown", "pointermove", "pointerup"]) {
    canvas.addEventListener(type, () => camera.push(type));
  }
  bench = new FakeBench(canvas, signal(WORLD));
  builder = new Builder({
    bench,
    role: signal("builder"),
    fetch: (url, init) => {
      sent.push(JSON.parse(String(init.body)));
      return refuse === null
        ? bench.answer(url, init)
        : Promise.resolve(Response.json(refuse.body, { status: refuse.status }));
    },
    after: (ms, then) => beats.push({ ms, then }),
    forbidden: () => undefined,
  });
  builder.snaps.value = false;
  pointer = new BuilderPointer(builder);
  gizmo = new FakeGizmo();
  builder.gizmo = gizmo;
  pointer.refresh();
});

afterEach(() => {
  pointer.dispose();
  builder.dispose();
  bench.canvas.parentElement?.remove();
});

describe("a click", () => {
  it("chooses what is under it, and leaves the drag to the camera", () => {
    bench.hit = { object: 1, point: [0, 2, 0], normal: [0, 1, 0] };
    fire("pointerdown", 10);
    fire("pointerup", 12);
    expect(builder.chosen.value).toEqual([1]);
    bench.hit = { object: 0, point: [0, 1, 0], normal: [0, 1, 0] };
    fire("pointerdown", 10, { shiftKey: true });
    fire("pointerup", 10, { shiftKey: true });
    expect(builder.chosen.value).toEqual([1, 0]);
    expect(camera).toEqual(["pointerdown", "pointerup", "pointerdown", "pointerup"]);
  });

  it("adds to what is chosen while several are selected, and takes away", () => {
    builder.several.value = true;
    for (const [object, ids] of [
      [1, [1]],
      [0, [1, 0]],
      [1, [0]],
    ] as const) {
      bench.hit = { object, point: [0, 2, 0], normal: [0, 1, 0] };
      fire("pointerdown", 10);
      fire("pointerup", 10);
      expect(builder.chosen.value).toEqual(ids);
    }
    bench.hit = null;
    fire("pointerdown", 10);
    fire("pointerup", 10);
    expect(builder.chosen.value).toEqual([0]);
  });

  it("chooses what shows nothing of itself by its mark", () => {
    bench.document.value = {
      ...WORLD,
      objects: [...WORLD.objects, { position_m: [3, 1, 0], properties: { spawn: {} } }],
    };
    expect(bench.marked).toEqual([3]);
    bench.hit = { object: 0, point: [0, 1, 0], normal: [0, 1, 0] };
    const at = { clientX: 305, clientY: 92 };
    fire("pointerdown", 305, at);
    fire("pointerup", 305, at);
    expect(builder.chosen.value).toEqual([3]);
    expect(bench.marked).toEqual([]);
    fire("pointerdown", 330, { clientY: 92 });
    fire("pointerup", 330, { clientY: 92 });
    expect(builder.chosen.value).toEqual([0]);
  });

  it("beside everything chooses nothing, but looking around does not", () => {
    builder.selection.choose([1]);
    fire("pointerdown", 10);
    fire("pointermove", 90);
    fire("pointerup", 90);
    expect(builder.chosen.value).toEqual([1]);
    fire("pointerdown", 10);
    fire("pointerup", 10);
    expect(builder.chosen.value).toEqual([]);
  });
});

describe("dragging a handle", () => {
  it("shows it at once, sends ten a second as one stroke, and the last at the end", async () => {
    builder.selection.choose([0]);
    gizmo.isUnderPointer = true;
    fire("pointerdown", 10);
    fire("pointermove", 2);
    await answered();
    expect(bench.previews.get(1)?.position[1]).toBe(1.5);
    const [x] = bench.previews.get(0)?.position ?? [];
    fire("pointermove", 3);
    fire("pointermove", 4);
    expect(sent).toHaveLength(1);
    beat();
    await answered();
    expect(sent).toHaveLength(2);
    fire("pointermove", 5);
    fire("pointerup", 5);
    await answered();
    expect(sent).toHaveLength(3);
    expect(new Set(sent.map(({ stroke }) => stroke)).size).toBe(1);
    expect(sent[0]?.operations).toMatchObject([
      { place: { object: 0, position_m: [x, 0.5, 0] } },
      { place: { object: 1, position_m: [x, 1.5, 0] } },
    ]);
    // Their edit has come back: the document says the same now.
    expect(bench.previews.size).toBe(0);
    expect(gizmo.ends).toBe(1);
    expect(camera).toEqual([]);
  });

  it("ends when the server does not want it, and goes back", async () => {
    builder.selection.choose([0]);
    gizmo.isUnderPointer = true;
    refuse = { status: 409, body: { error: "held", text: "Bo holds it" } };
    fire("pointerdown", 10);
    fire("pointermove", 2);
    expect(bench.previews.size).toBe(2);
    await answered();
    expect(bench.previews.size).toBe(0);
    expect(builder.dragging.value).toBe(false);
    expect(builder.notice.value?.tone).toBe("trouble");
    fire("pointermove", 9);
    expect(bench.previews.size).toBe(0);
  });

  it("leaves nothing behind when the builder is closed under it, as when a draft ends", async () => {
    builder.selection.choose([0]);
    gizmo.isUnderPointer = true;
    refuse = { status: 404, body: { error: "no_world", text: "there is no such world" } };
    fire("pointerdown", 10);
    fire("pointermove", 2);
    fire("pointermove", 3);
    pointer.dispose();
    builder.dispose();
    expect(bench.previews.size).toBe(0);
    await answered();
    fire("pointermove", 4);
    for (const { then } of beats.splice(0)) then();
    await answered();
    expect([bench.previews.size, sent.length, builder.notice.value]).toEqual([0, 1, null]);
    // Others see nothing chosen where this person is next.
    expect(bench.told.at(-1)).toEqual([]);
  });
});

describe("dragging what is chosen", () => {
  it("puts it on what is under the pointer, with what is below it", async () => {
    builder.selection.choose([0]);
    bench.hit = { object: 0, point: [0, 1, 0], normal: [0, 1, 0] };
    fire("pointerdown", 10);
    bench.hit = { object: 2, point: [5, 1, 0], normal: [0, 1, 0] };
    fire("pointermove", 13);
    expect(bench.previews.size).toBe(0);
    fire("pointermove", 40);
    fire("pointerup", 40);
    await answered();
    expect(sent.at(-1)?.operations).toMatchObject([
      { place: { object: 0, position_m: [5, 1.5, 0] } },
      { place: { object: 1, position_m: [5, 2.5, 0] } },
    ]);
    expect(camera).toEqual([]);
  });

  it("never begins on something that is locked or not chosen", () => {
    builder.selection.choose([2]);
    bench.hit = { object: 2, point: [5, 1, 0], normal: [0, 1, 0] };
    fire("pointerdown", 10);
    fire("pointermove", 40);
    fire("pointerup", 40);
    bench.hit = { object: 0, point: [0, 1, 0], normal: [0, 1, 0] };
    fire("pointerdown", 10);
    fire("pointermove", 40);
    fire("pointerup", 40);
    expect(sent).toEqual([]);
    expect(camera).toHaveLength(6);
  });

  it("is taken back by Escape", async () => {
    builder.selection.choose([0]);
    bench.hit = { object: 0, point: [0, 1, 0], normal: [0, 1, 0] };
    fire("pointerdown", 10);
    bench.hit = { object: null, point: [9, 0, 0], normal: [0, 1, 0] };
    fire("pointermove", 40);
    expect(bench.previews.get(0)?.position).toEqual([9, 0.5, 0]);
    await answered();
    pointer.cancel();
    await answered();
    expect(bench.previews.size).toBe(0);
  });
});

describe("where one points", () => {
  const on = (x: number): void => {
    bench.hit = { object: 0, point: [x, 1, 0], normal: [0, 1, 0] };
  };

  it("is told ten times a second at most, the last place always", () => {
    for (const x of [1, 2, 3]) {
      on(x);
      fire("pointermove", x, { buttons: 0 });
    }
    expect(bench.pointed).toEqual([[1, 1, 0]]);
    beat();
    expect(bench.pointed).toEqual([
      [1, 1, 0],
      [3, 1, 0],
    ]);
    // The same again is no news, and nothing under the pointer is nowhere.
    fire("pointermove", 3, { buttons: 0 });
    beat();
    expect(bench.pointed).toHaveLength(2);
    bench.hit = null;
    beat();
    fire("pointermove", 4, { buttons: 0 });
    expect(bench.pointed.at(-1)).toBeNull();
  });

  it("ends when the pointer leaves the picture, and with building", () => {
    on(1);
    fire("pointermove", 1, { buttons: 0 });
    bench.canvas.dispatchEvent(new PointerEvent("pointerleave"));
    beat();
    expect(bench.pointed).toEqual([[1, 1, 0], null]);
    beat();
    fire("pointermove", 1, { buttons: 0 });
    expect(bench.pointed).toEqual([[1, 1, 0], null, [1, 1, 0]]);
    on(2);
    fire("pointermove", 2, { buttons: 0 });
    pointer.dispose();
    expect(bench.pointed.at(-1)).toBeNull();
    const { length } = bench.pointed;
    beat();
    expect(bench.pointed).toHaveLength(length);
  });

  it("is where a finger touches, as long as it does", () => {
    on(5);
    fire("pointerdown", 1, { pointerType: "touch" });
    fire("pointerup", 1, { pointerType: "touch" });
    beat();
    expect(bench.pointed).toEqual([[5, 1, 0], null]);
  });
});

import { BoxGeometry, Matrix4, MeshBasicMaterial } from "three";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Assets } from "./assets";
import { Drafter } from "./drafts";
import type { loadModel, ModelPart } from "./models";
import { QUALITY } from "./quality";
import type { PlacedObject } from "./resolve";

interface Asked {
  path: string;
  tell: (done01: number) => void;
  arrive: (parts: ModelPart[]) => void;
}

let asked: Asked[] = [];

vi.mock("./models", async (original) => ({
  ...(await original<typeof import("./models")>()),
  loadModel: ((path, _assets, _quality, tell) =>
    new Promise((arrive) => asked.push({ path, tell, arrive }))) satisfies typeof loadModel,
}));

function placed(...paths: string[]): PlacedObject {
  const visuals = paths.map((path) => ({ shape: { model: { path } } }));
  return { properties: { visuals } } as PlacedObject;
}

function part(): ModelPart {
  const [geometry, material] = [new BoxGeometry(), new MeshBasicMaterial()];
  return { key: "a#0", geometry, material, castShadow: true, matrix: new Matrix4() };
}

const begin = (): Drafter =>
  new Drafter(
    { version: 1, name: "w", title: "W", objects: [] },
    QUALITY.low,
    new Assets("/assets/", null),
  );

beforeEach(() => {
  asked = [];
});

describe("models that objects are drawn with", () => {
  it("are loaded once, however many objects wait for them, each of which is told", async () => {
    const drafter = begin();
    const told: number[][] = [[], []];
    const one = drafter.prepare([placed("a.glb")], (done01) => told[0]?.push(done01));
    const both = drafter.prepare([placed("a.glb", "b.glb")], (done01) => told[1]?.push(done01));
    expect(asked.map(({ path }) => path)).toEqual(["a.glb", "b.glb"]);
    asked[0]?.tell(0.5);
    expect(told).toEqual([[0.5], [0.25]]);
    asked[0]?.arrive([part()]);
    await one;
    expect(drafter.isReady(placed("a.glb"))).toBe(true);
    expect(drafter.isReady(placed("b.glb"))).toBe(false);
    asked[1]?.arrive([]);
    await both;
    expect(drafter.isMissing(placed("b.glb"))).toBe(true);
    await drafter.prepare([placed("a.glb", "b.glb")], () => undefined);
    expect(asked).toHaveLength(2);
  });

  it("that come when nothing is drawn any more are given free", async () => {
    const drafter = begin();
    const late = part();
    const freed = vi.spyOn(late.geometry, "dispose");
    const waits = drafter.prepare([placed("a.glb")], () => undefined);
    drafter.dispose();
    asked[0]?.arrive([late]);
    await waits;
    expect(freed).toHaveBeenCalledOnce();
  });
});

// @vitest-environment happy-dom
import { Fog, LineSegments, Mesh, type Object3D, type Scene as ThreeScene } from "three";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { applyOperations, editable } from "../document/apply";
import type { Object as ObjectEntry, WorldDocument } from "../protocol/document";
import type { Operation } from "../protocol/operation";
import { Scene } from "./scene";
import type { WorldView } from "./view";

/** What the renderer was given to draw last. */
let drawn: ThreeScene | null = null;

vi.mock("three", async (original) => ({
  ...(await original<typeof import("three")>()),
  /** Draws nothing; tells what it would have. */
  WebGLRenderer: class {
    readonly domElement: HTMLCanvasElement;
    readonly shadowMap = { enabled: false, type: 0, autoUpdate: true, needsUpdate: false };
    readonly info = { autoReset: true, reset() {}, render: { calls: 0, triangles: 0 } };
    readonly capabilities = { getMaxAnisotropy: () => 1 };
    constructor({ canvas }: { canvas: HTMLCanvasElement }) {
      this.domElement = canvas;
    }
    setPixelRatio(): void {}
    setSize(): void {}
    dispose(): void {}
    async compileAsync(): Promise<void> {}
    render(three: ThreeScene): void {
      three.updateMatrixWorld(true);
      drawn = three;
    }
  },
}));

type Vec3 = [number, number, number];

function box(position_m: Vec3): ObjectEntry {
  const visuals = [{ shape: { box: { size_m: [1, 1, 1] as Vec3 } }, material: "red" }];
  return { position_m, properties: { visuals } };
}

const pose = { rotation: [0, 0, 0, 1], scale: [1, 1, 1] } as {
  rotation: [number, number, number, number];
  scale: Vec3;
};

/** Looks along -z at the origin from some metres away. */
const VIEW: WorldView = {
  timeS: 1,
  avatars: [],
  objects: [],
  camera: {
    mode: "third",
    yaw: 0,
    pitch: 0,
    distanceM: 6,
    target: [0, 0, 4],
    obstruct: (_origin, _direction, maxM) => maxM,
  },
};

class Picture {
  document = editable({
    version: 1,
    name: "w",
    title: "W",
    materials: { red: { colour: "#ff0000" } },
    objects: [box([0, 0, 0]), box([3, 0, 0])],
    next_id: 10,
  });
  readonly scene = new Scene(document.createElement("canvas"), {
    reducedMotion: true,
    assetsUrl: "/assets/",
  });

  edit(...operations: Operation[]): void {
    const edited = applyOperations(this.document, operations);
    this.document = edited.document;
    this.scene.edit(edited.document, edited.changes);
  }

  async load(document: WorldDocument = this.document): Promise<void> {
    await this.scene.load(document, () => {});
    this.draw();
  }

  draw(): ThreeScene {
    this.scene.render(VIEW);
    if (drawn === null) throw new Error("the renderer was given nothing");
    return drawn;
  }

  count(isMeant: (node: Object3D) => boolean): number {
    let count = 0;
    this.draw().traverseVisible((node) => {
      if (isMeant(node)) count += 1;
    });
    return count;
  }
}

const isFrame = (node: Object3D): boolean => node instanceof LineSegments;
const isMesh = (node: Object3D): boolean => node instanceof Mesh;

describe("a picture", () => {
  let picture: Picture;
  beforeEach(() => {
    drawn = null;
    picture = new Picture();
  });

  it("tells what lies under a point of it", async () => {
    await picture.load();
    picture.draw();
    const hit = picture.scene.pick(0, -0.1);
    expect(hit?.object).toBe(0);
    expect(hit?.point[2]).toBeCloseTo(0.5, 6);
    expect(hit?.normal[2]).toBeCloseTo(1, 6);
    expect(picture.scene.pick(0, -0.1, new Set([0]))).toBeNull();
    expect(picture.scene.boundsOf(1)).toEqual({ min: [2.5, -0.5, -0.5], max: [3.5, 0.5, 0.5] });
  });

  it("shows edits that came while its world was being built", async () => {
    const loading = picture.load();
    picture.edit({ create: { object: 10, value: box([0, 0, 2]) } });
    picture.edit({ delete: { object: 1 } });
    expect(picture.scene.boundsOf(10)).toBeNull();
    await loading;
    expect(picture.scene.pick(0, -0.1)?.object).toBe(10);
    expect([picture.scene.boundsOf(1), picture.scene.poseOf(1)]).toEqual([null, null]);
  });

  it("is built anew beside the one that is shown when very much changes", async () => {
    await picture.load();
    const many = Array.from({ length: 700 }, (_, index): Operation => {
      const value = box([(index % 30) * 2, 0, -10 - Math.floor(index / 30) * 2]);
      return { create: { object: 10 + index, value } };
    });
    picture.edit(...many);
    // Meanwhile small edits go on.
    picture.edit({ place: { object: 0, position_m: [0, 0, 1], ...pose } });
    expect(picture.scene.pick(0, -0.1)?.point[2]).toBeCloseTo(1.5, 6);
    picture.scene.preview(1, { position: [5, 0, 0], rotation: [0, 0, 0, 1], scale: [1, 1, 1] });
    await vi.waitFor(() => expect(picture.scene.boundsOf(709)).not.toBeNull());
    expect(picture.scene.pick(0, -0.1)?.point[2]).toBeCloseTo(1.5, 6);
    expect(picture.scene.poseOf(1)?.position).toEqual([5, 0, 0]);
    expect(picture.count(isMesh)).toBeLessThan(20);
  });

  it("changes its air with the environment", async () => {
    await picture.load();
    picture.edit({ environment: { fog: "#102030", fog_near_m: 5, fog_far_m: 50 } });
    const { fog } = picture.draw();
    expect(fog).toBeInstanceOf(Fog);
    expect([(fog as Fog).near, (fog as Fog).far]).toEqual([5, 50]);
    expect((fog as Fog).color.getHexString()).toBe("102030");
  });

  it("frames what others have chosen, wherever it goes", async () => {
    await picture.load();
    expect(picture.count(isFrame)).toBe(0);
    picture.scene.highlight("person 7", [0, 1, 99], "#00ff00", "Ana");
    expect(picture.count(isFrame)).toBe(2);
    const frame = (): number[] => {
      const xs: number[] = [];
      picture.draw().traverseVisible((node) => {
        if (isFrame(node)) xs.push(node.position.x);
      });
      return xs;
    };
    expect(frame()).toEqual([0, 3]);
    picture.edit({ place: { object: 1, position_m: [8, 0, 0], ...pose } });
    expect(frame()).toEqual([0, 8]);
    picture.edit({ delete: { object: 0 } });
    expect(frame()).toEqual([8]);
    picture.scene.ghost({ min: [0, 0, 0], max: [2, 2, 2] }, "#ffffff");
    expect(frame()).toEqual([8, 1]);
    picture.scene.highlight("person 7", [], "#00ff00", null);
    picture.scene.ghost(null, "#ffffff");
    expect(picture.count(isFrame)).toBe(0);
  });

  it("of another world knows nothing of the one before", async () => {
    await picture.load();
    picture.scene.highlight("person 7", [0], "#00ff00", "Ana");
    await picture.load({ version: 1, name: "b", title: "B", objects: [] });
    expect([picture.scene.boundsOf(0), picture.count(isFrame)]).toEqual([null, 0]);
    picture.scene.dispose();
  });
});

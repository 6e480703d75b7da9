// @vitest-environment happy-dom
import { InstancedMesh, Matrix4, Mesh, Ray, Sprite, Vector3 } from "three";
import { beforeEach, describe, expect, it } from "vitest";
import { applyOperations, editable } from "../document/apply";
import type { Material, Object as ObjectEntry, WorldDocument } from "../protocol/document";
import type { Operation } from "../protocol/operation";
import { Assets } from "./assets";
import { QUALITY } from "./quality";
import { WorldScene } from "./world";

type Vec3 = [number, number, number];

function box(position_m: Vec3, more: object = {}): ObjectEntry {
  const visuals = [{ shape: { box: { size_m: [1, 1, 1] as Vec3 } }, material: "red" }];
  return { position_m, properties: { visuals, ...more } };
}

const ball: ObjectEntry = {
  position_m: [20, 1, 0],
  properties: { visuals: [{ shape: { ball: { radius_m: 1 } }, material: "red" }] },
};

const lamp = {
  light: { colour: "#ffffff", intensity_cd: 40, range_m: 9, offset_m: [0, 1, 0] as Vec3 },
};

function start(): WorldDocument {
  return editable({
    version: 1,
    name: "w",
    title: "W",
    materials: { red: { colour: "#ff0000" }, blue: { colour: "#0000ff" } },
    blueprints: { post: { visuals: [{ shape: { box: { size_m: [0.2, 3, 0.2] } } }] } },
    objects: [
      box([0, 0, 0]),
      box([4, 0, 0]),
      box([8, 0, 0], { body: { kind: "dynamic" } }),
      ball,
      { position_m: [0, 0, 30], blueprint: "post" },
      { position_m: [3, 0, 30], blueprint: "post" },
      box([12, 0, 0], lamp),
      { position_m: [0, 0, -50], properties: { spawn: {} } },
    ],
    next_id: 20,
  });
}

const pose = { rotation: [0, 0, 0, 1], scale: [1, 1, 1] } as {
  rotation: [number, number, number, number];
  scale: Vec3;
};

class Picture {
  document = start();
  readonly world = new WorldScene(
    this.document,
    QUALITY.high,
    1,
    new Vector3(0, 1, 0),
    new Assets("/assets/", null),
  );

  edit(...operations: Operation[]): void {
    const { document, changes } = applyOperations(this.document, operations);
    this.document = document;
    this.world.edit(document, changes);
  }

  /** Looks straight down at x, z: which object is met, and how high. */
  below(x: number, z = 0): [number, number] | null {
    const ray = new Ray(new Vector3(x, 50, z), new Vector3(0, -1, 0));
    const met = this.world.pick(ray, new Set());
    return met && [met.object, Math.round(met.point.y * 1_000) / 1_000];
  }

  /** Triangles with an area that all meshes draw together, by a slow way of its own. */
  get area(): number {
    let area = 0;
    this.world.root.updateMatrixWorld(true);
    this.world.root.traverse((node) => {
      if (!(node instanceof Mesh) || node instanceof Sprite) return;
      const { index, attributes } = node.geometry;
      const count = node instanceof InstancedMesh ? node.count : 1;
      for (let instance = 0; instance < count; instance += 1) {
        const matrix = node.matrixWorld.clone();
        const own = new Matrix4();
        if (node instanceof InstancedMesh) {
          node.getMatrixAt(instance, own);
          matrix.multiply(own);
        }
        const corner = (at: number): Vector3 =>
          new Vector3().fromBufferAttribute(attributes.position as never, index?.getX(at) ?? at);
        for (let at = 0; at < (index?.count ?? 0); at += 3) {
          const [a, b, c] = [corner(at), corner(at + 1), corner(at + 2)].map((point) =>
            point.applyMatrix4(matrix),
          ) as [Vector3, Vector3, Vector3];
          area += b.sub(a).cross(c.sub(a)).length() / 2;
        }
      }
    });
    return area;
  }
}

async function built(): Promise<Picture> {
  const picture = new Picture();
  await picture.world.build(() => {});
  return picture;
}

describe("a drawn world", () => {
  let picture: Picture;
  beforeEach(async () => {
    picture = await built();
  });

  it("knows which object a triangle belongs to, merged, instanced or moving", () => {
    expect(picture.below(0)).toEqual([0, 0.5]);
    expect(picture.below(4.2)).toEqual([1, 0.5]);
    expect(picture.below(8)).toEqual([2, 0.5]);
    expect(picture.below(20)?.[0]).toBe(3);
    expect(picture.below(3, 30)).toEqual([5, 1.5]);
    expect(picture.below(2)).toBeNull();
    const ray = new Ray(new Vector3(4, 0, 50), new Vector3(0, 0, -1));
    const met = picture.world.pick(ray, new Set());
    expect(met?.normal.z).toBeCloseTo(1, 9);
    expect(picture.world.pick(ray, new Set([1]))).toBeNull();
  });

  it("moves an edited object, and draws it once", () => {
    const before = picture.area;
    picture.edit({ place: { object: 0, position_m: [0, 5, 0], ...pose } });
    expect(picture.below(0)).toEqual([0, 5.5]);
    picture.edit({ place: { object: 3, position_m: [-9, 1, 0], ...pose } });
    expect([picture.below(20), picture.below(-9)?.[0]]).toEqual([null, 3]);
    expect(picture.area).toBeCloseTo(before, 2);
    // The second move of a live object makes no new meshes.
    const group = picture.world.takeOut(0);
    const parts = [...(group?.children ?? [])];
    picture.edit({ place: { object: 0, position_m: [0, 7, 0], ...pose } });
    expect(picture.world.takeOut(0)?.children).toEqual(parts);
    expect(picture.below(0)).toEqual([0, 7.5]);
  });

  it("makes, changes and takes away", () => {
    const before = picture.area;
    picture.edit({ create: { object: 30, value: box([0, 9, 0]) } });
    expect(picture.below(0)).toEqual([30, 9.5]);
    picture.edit({ place: { object: 30, position_m: [0, 9, 0], ...pose, scale: [1, 4, 1] } });
    expect(picture.below(0)).toEqual([30, 11]);
    picture.edit({ delete: { object: 30 } }, { delete: { object: 4 } });
    expect([picture.below(0), picture.below(0, 30)]).toEqual([[0, 0.5], null]);
    expect(picture.area).toBeLessThan(before);
    picture.edit({ create: { object: 4, value: start().objects[4] ?? {} } });
    expect(picture.area).toBeCloseTo(before, 2);
  });

  it("follows blueprints and materials", () => {
    const visuals = [{ shape: { box: { size_m: [0.2, 6, 0.2] as Vec3 } } }];
    picture.edit({ set_blueprint: { name: "post", property: { visuals } } });
    expect([picture.below(0, 30), picture.below(3, 30)]).toEqual([
      [4, 3],
      [5, 3],
    ]);
    const before = picture.area;
    picture.edit({ material: { name: "red", value: { colour: "#00ff00" } } });
    expect(picture.area).toBeCloseTo(before, 2);
    const mesh = picture.world.takeOut(0)?.children[0] as Mesh;
    const colour = mesh.geometry.getAttribute("color");
    expect([colour.getX(0), colour.getY(0), colour.getZ(0)]).toEqual([0, 1, 0]);
  });

  it("paints what is merged where it stands, as long as the material can", () => {
    const before = picture.area;
    const paint = (value: Material): Set<number> => {
      const { document, changes } = applyOperations(picture.document, [
        { material: { name: "red", value } },
      ]);
      picture.document = document;
      return picture.world.repaint(document, changes.repainted);
    };
    const colours = (): string[] =>
      picture.world.root.children
        .filter((node): node is Mesh => node instanceof Mesh)
        .map(({ geometry }) => geometry.getAttribute("color"))
        .filter((colour) => colour !== undefined)
        .flatMap((colour) =>
          Array.from({ length: colour.count }, (_, at) =>
            [colour.getX(at), colour.getY(at), colour.getZ(at)].join(),
          ),
        );
    expect(colours()).toContain("1,0,0");
    expect([...paint({ colour: "#00ff00" })]).toEqual([]);
    expect(colours()).toContain("0,1,0");
    expect(colours()).not.toContain("1,0,0");
    expect([picture.world.liveCount, picture.area]).toEqual([0, before]);
    expect([...paint({ colour: "#00ff00", roughness: 0.2 })]).toEqual([0, 1, 2, 3, 6]);
  });

  it("counts what is live, and goes on with previews in a world that was built anew", async () => {
    picture.edit({ create: { object: 30, value: box([0, 9, 0]) } });
    picture.edit({ place: { object: 0, position_m: [0, 5, 0], ...pose } });
    picture.edit({ place: { object: 0, position_m: [0, 6, 0], ...pose } });
    expect(picture.world.liveCount).toBe(2);
    picture.world.preview(1, { position: [4, 9, 0], rotation: [0, 0, 0, 1], scale: [1, 1, 1] });
    picture.world.hide(3, true);
    const anew = new WorldScene(
      picture.document,
      QUALITY.high,
      1,
      new Vector3(0, 1, 0),
      new Assets("/assets/", null),
    );
    await anew.build(() => {}, true);
    anew.succeed(picture.world);
    Object.assign(picture, { world: anew });
    expect([picture.below(0), picture.below(4), picture.below(20)]).toEqual([
      [30, 9.5],
      [1, 9.5],
      null,
    ]);
    picture.edit({ delete: { object: 1 } });
    expect(picture.world.liveCount).toBe(1);
  });

  it("moves loose bodies as it is told, before and after an edit", () => {
    picture.world.setPose(2, [8, 3, 0], [0, 0, 0, 1]);
    expect(picture.below(8)).toEqual([2, 3.5]);
    picture.edit({
      set: { object: 2, property: { visuals: box([0, 0, 0]).properties?.visuals ?? [] } },
    });
    picture.world.setPose(2, [8, 6, 0], [0, 0, 0, 1]);
    expect(picture.below(8)).toEqual([2, 6.5]);
    // What does not move is not moved by mistake.
    picture.world.setPose(0, [0, 40, 0], [0, 0, 0, 1]);
    expect(picture.below(0)).toEqual([0, 0.5]);
  });

  it("takes the light along", () => {
    const light = () => {
      picture.world.update(0, new Vector3());
      const lit = picture.world.root.children.find((node) => node.type === "PointLight");
      return lit?.position.toArray();
    };
    expect(light()).toEqual([12, 1, 0]);
    picture.edit({ place: { object: 6, position_m: [-3, 2, 0], ...pose } });
    expect(light()).toEqual([-3, 3, 0]);
    picture.edit({ set: { object: 6, property: { light: null } } });
    const intensity = (): number =>
      picture.world.root.children
        .filter((node) => node.type === "PointLight")
        .reduce((sum, node) => sum + (node as unknown as { intensity: number }).intensity, 0);
    picture.world.update(0, new Vector3());
    expect(intensity()).toBe(0);
  });

  it("previews, and goes back", () => {
    picture.world.preview(1, { position: [4, 10, 0], rotation: [0, 0, 0, 1], scale: [1, 2, 1] });
    expect(picture.below(4)).toEqual([1, 11]);
    expect(picture.world.poseOf(1)?.position).toEqual([4, 10, 0]);
    picture.world.preview(1, null);
    expect(picture.below(4)).toEqual([1, 0.5]);
    picture.world.preview(1, { position: [4, 10, 0], rotation: [0, 0, 0, 1], scale: [1, 2, 1] });
    picture.edit({ place: { object: 1, position_m: [4, 3, 0], ...pose } });
    expect(picture.below(4)).toEqual([1, 3.5]);
    picture.world.hide(1, true);
    expect(picture.below(4)).toBeNull();
    picture.world.hide(1, false);
    expect(picture.below(4)).toEqual([1, 3.5]);
  });

  it("knows the box around what is drawn", () => {
    const size = (id: number) => picture.world.boundsOf(id)?.getSize(new Vector3()).toArray();
    expect(size(1)).toEqual([1, 1, 1]);
    expect(size(7)).toBeUndefined();
    picture.edit({ place: { object: 1, position_m: [4, 0, 0], ...pose, scale: [3, 1, 2] } });
    expect(size(1)).toEqual([3, 1, 2]);
    expect(picture.world.boundsOf(1)?.min.toArray()).toEqual([2.5, -0.5, -1]);
  });

  it("frees what is replaced", () => {
    picture.edit({ create: { object: 30, value: box([0, 9, 0]) } });
    const mesh = picture.world.takeOut(30)?.children[0] as Mesh;
    let freed = 0;
    mesh.geometry.addEventListener("dispose", () => {
      freed += 1;
    });
    picture.edit({ delete: { object: 30 } });
    expect([freed, mesh.parent]).toEqual([1, null]);
    expect(picture.world.takeOut(30)).toBeNull();
  });
});

it("an edit in a world of ten thousand objects touches one mesh, and little of it", async () => {
  const picture = new Picture();
  picture.document = editable({
    ...start(),
    objects: Array.from({ length: 10_000 }, (_, index) =>
      box([(index % 100) * 2, 0, Math.floor(index / 100) * 2]),
    ),
    next_id: 10_000,
  });
  const world = new WorldScene(
    picture.document,
    QUALITY.low,
    1,
    new Vector3(0, 1, 0),
    new Assets("/assets/", null),
  );
  Object.assign(picture, { world });
  await world.build(() => {});
  const merged = world.root.children.filter((node): node is Mesh => node instanceof Mesh);
  expect(merged.length).toBeLessThan(20);
  picture.edit({ place: { object: 5_050, position_m: [100, 3, 100], ...pose } });
  const touched = merged.filter(({ geometry }) => (geometry.index?.version ?? 0) > 0);
  expect(touched).toHaveLength(1);
  expect(touched[0]?.geometry.index?.updateRanges).toEqual([
    { start: expect.any(Number), count: 36 },
  ]);
  expect(picture.below(100, 100)).toEqual([5_050, 3.5]);
  expect(picture.below(102, 100)).toEqual([5_051, 0.5]);
});

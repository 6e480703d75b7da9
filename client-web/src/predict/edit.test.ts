/** Worlds that are edited while an avatar is inside. */
import * as rapier from "@dimforge/rapier3d-deterministic/rapier.js";
import { describe, expect, it } from "vitest";
import { applyOperations, editable } from "../document/apply";
import type { Object as ObjectEntry, WorldDocument } from "../protocol/document";
import type { Input } from "../protocol/generated";
import type { Operation } from "../protocol/operation";
import { Predictor } from "./predictor";
import { QueryWorld } from "./queryWorld";
import { type AvatarState, stateAt, step } from "./step";

const SOUTH: Input = { moveX: 0, moveZ: 127, yaw: 0, pitch: 0, buttons: 0 };
const STILL: Input = { ...SOUTH, moveZ: 0 };

type Vec3 = [number, number, number];

function box(position_m: Vec3, size_m: Vec3): ObjectEntry {
  return { position_m, properties: { colliders: [{ shape: { box: { size_m } } }] } };
}

function ferry(position_m: Vec3, way: Vec3): ObjectEntry {
  return {
    position_m,
    properties: {
      colliders: [{ shape: { box: { size_m: [3, 0.4, 3] } } }],
      body: { kind: "kinematic" },
      mover: { waypoints_m: [[0, 0, 0], way], leg_ticks: 90 },
    },
  };
}

const crate: ObjectEntry = {
  position_m: [0, 0.5, 3],
  properties: { colliders: [{ shape: { box: { size_m: [4, 1, 1] } } }], body: { kind: "dynamic" } },
};

function yard(): WorldDocument {
  return editable({
    version: 1,
    name: "yard",
    title: "Yard",
    objects: [
      box([0, -0.5, 0], [60, 1, 60]),
      ferry([20, 0.2, 0], [0, 0, 8]),
      box([9, 1, 9], [1, 2, 1]),
    ],
    next_id: 10,
  });
}

const pose = { rotation: [0, 0, 0, 1], scale: [1, 1, 1] } as {
  rotation: [number, number, number, number];
  scale: Vec3;
};

/** An avatar in a world that follows a document. */
class Walk {
  document = yard();
  readonly world = new QueryWorld(rapier, this.document);
  state: AvatarState = { ...stateAt([0, 0.87, 0]), grounded: true };
  tick = 0;

  edit(...operations: Operation[]): void {
    const { document, changes } = applyOperations(this.document, operations);
    this.document = document;
    this.world.edit(document, changes.bodies);
    this.world.beginTick(this.tick);
  }

  go(ticks: number, input: Input = SOUTH): Vec3 {
    for (let passed = 0; passed < ticks; passed += 1) {
      this.tick += 1;
      this.world.beginTick(this.tick);
      this.state = step(this.world, this.state, input);
    }
    return this.state.position;
  }

  at(position: Vec3): void {
    this.state = { ...stateAt(position), grounded: true };
  }
}

describe("an edited world", { timeout: 60_000 }, () => {
  it("stops an avatar at what was put there, until it is gone", () => {
    const walk = new Walk();
    walk.edit({ create: { object: 10, value: box([0, 1, 3], [6, 2, 1]) } });
    expect(walk.go(90)[2]).toBeCloseTo(2.5 - 0.32, 2);
    walk.edit({ delete: { object: 10 } });
    expect(walk.go(60)[2]).toBeGreaterThan(5);
  });

  it("has things where they were put, not where they were", () => {
    const walk = new Walk();
    walk.edit({ create: { object: 10, value: box([0, 1, 3], [6, 2, 1]) } });
    walk.edit({ place: { object: 10, position_m: [0, 1, 6], ...pose } });
    expect(walk.go(120)[2]).toBeCloseTo(5.5 - 0.32, 2);
    walk.edit({ place: { object: 10, position_m: [0, 1, 6], ...pose, scale: [0.1, 1, 1] } });
    walk.at([2, 0.87, 0]);
    expect(walk.go(120)[2]).toBeGreaterThan(8);
  });

  it("carries who stands on a platform that was added", () => {
    const walk = new Walk();
    walk.edit({ create: { object: 10, value: ferry([0, 1, -10], [0, 0, -6]) } });
    walk.at([0, 2.1, -10]);
    walk.go(20, STILL);
    const before = walk.go(1, STILL);
    const { position, grounded } = walk.state;
    expect([position[1] > 2, grounded]).toEqual([true, true]);
    expect(walk.go(40, STILL)[2]).toBeLessThan(before[2] - 2);
    // A platform with a lower id comes in before it: each still carries its own riders.
    walk.edit({ create: { object: 5, value: ferry([-12, 1, -10], [0, 0, 6]) } });
    const there = walk.state.position[2];
    expect(walk.go(20, STILL)[2]).toBeLessThan(there - 0.5);
    walk.edit({ delete: { object: 10 } });
    expect(walk.go(40, STILL)[1]).toBeCloseTo(0.87, 1);
  });

  it("knows loose bodies that were added, and forgets those that went", () => {
    const walk = new Walk();
    const near = [{ object: 10, position: [0, 0.5, 3], rotation: [0, 0, 0, 1] }];
    walk.edit({ create: { object: 10, value: crate } });
    walk.world.setProxies(near);
    expect(walk.go(90)[2]).toBeLessThan(2.5);
    // An edit elsewhere parks the slots until it is told anew who is near.
    walk.edit({ delete: { object: 2 } });
    walk.world.setProxies(near);
    expect(walk.go(10)[2]).toBeLessThan(2.5);
    walk.edit({ delete: { object: 10 } });
    walk.world.setProxies(near);
    expect(walk.go(60)[2]).toBeGreaterThan(5);
  });

  it("falls as fast as its gravity says", () => {
    const [earth, moon] = [new Walk(), new Walk()];
    moon.edit({ settings: { gravity_mps2: [0, -1.6, 0] } });
    for (const walk of [earth, moon]) {
      walk.state = stateAt([0, 8, 0]);
      walk.go(20, STILL);
    }
    expect(moon.state.position[1]).toBeGreaterThan(earth.state.position[1] + 1);
  });

  it("is as one that was built anew", () => {
    const walk = new Walk();
    const edits: Operation[][] = [
      [{ create: { object: 10, value: box([0, 0.15, 2], [2, 0.3, 2]) } }],
      [{ create: { object: 11, value: ferry([4, 0.2, 2], [0, 0, 9]) } }, { delete: { object: 2 } }],
      [{ create: { object: 12, value: box([2, 1, 7], [9, 2, 0.5]) } }],
      [{ place: { object: 1, position_m: [-4, 0.2, 2], ...pose } }],
      [{ place: { object: 12, position_m: [2, 1, 9], ...pose } }, { delete: { object: 10 } }],
      [{ create: { object: 10, value: box([0, 0.1, 4], [3, 0.2, 2]) } }],
    ];
    for (const operations of edits) walk.edit(...operations);
    const anew = new QueryWorld(rapier, editable(walk.document));
    let other = walk.state;
    for (let tick = 1; tick <= 1_200; tick += 1) {
      const leg = Math.floor(tick / 25);
      const input: Input = {
        ...STILL,
        moveX: ((leg * 53) % 255) - 127,
        moveZ: ((leg * 101) % 255) - 127,
      };
      walk.go(1, input);
      anew.beginTick(tick);
      other = step(anew, other, input);
      for (const axis of [0, 1, 2] as const) {
        const away = Math.abs(walk.state.position[axis] - other.position[axis]);
        expect(away, `tick ${tick}`).toBeLessThan(1e-3);
      }
    }
    const ray = (world: QueryWorld): number => world.castRay([0, 1, 0], [0, 0, 1], 40);
    expect(ray(walk.world)).toBeCloseTo(ray(anew), 5);
  });

  it("goes back to its boxes exactly: edits that cancel out change no bit", () => {
    const walk = new Walk();
    const before = new QueryWorld(rapier, walk.document);
    walk.world.setProxies([]);
    walk.edit({ create: { object: 10, value: box([3, 1, 3], [1, 1, 1]) } });
    walk.edit({ delete: { object: 10 } });
    let other = walk.state;
    for (let tick = 1; tick <= 200; tick += 1) {
      walk.go(1);
      before.beginTick(tick);
      other = step(before, other, SOUTH);
      expect(walk.state.position).toEqual(other.position);
    }
  });
});

describe("the predictor", { timeout: 60_000 }, () => {
  it("goes on where it was when the world changes", async () => {
    const client = await Predictor.create();
    const document = yard();
    client.load(document);
    client.rewind(1, {
      positionM: [0, 0.87, 0],
      velocityMps: [0, 0, 0],
      flags: 1,
      airborneTicks: 0,
      teleports: 0,
    });
    for (let tick = 2; tick <= 20; tick += 1) client.predict(tick, SOUTH);
    const there = client.state.position[2];
    expect(there).toBeGreaterThan(1);
    const wall: Operation = { create: { object: 10, value: box([0, 1, 4], [6, 2, 1]) } };
    const edited = applyOperations(document, [wall]);
    client.edit(edited.document, edited.changes.bodies);
    expect(client.state.position[2]).toBe(there);
    expect(client.castRay([0, 1, 0], [0, 0, 1], 20)).toBeCloseTo(3.5, 3);
    for (let tick = 21; tick <= 120; tick += 1) client.predict(tick, SOUTH);
    expect(client.state.position[2]).toBeCloseTo(3.5 - 0.32, 2);
    client.free();
  });
});

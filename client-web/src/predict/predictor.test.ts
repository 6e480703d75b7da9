/** A client that runs ahead of a server which uses the same rules. */
import * as rapier from "@dimforge/rapier3d-deterministic/rapier.js";
import { describe, expect, it } from "vitest";
import type { WorldDocument } from "../protocol/document";
import { buttons, type Input, type OwnState, own } from "../protocol/generated";
import { Predictor } from "./predictor";
import { QueryWorld } from "./queryWorld";
import { type AvatarState, bitsOf, stateAt, step } from "./step";

const document: WorldDocument = {
  version: 1,
  name: "yard",
  title: "Yard",
  objects: [
    box([0, -0.5, 0], [100, 1, 100]),
    box([4, 0.15, 0], [2, 0.3, 6]),
    box([0, 1.5, -6], [12, 3, 0.4]),
    {
      position_m: [-4, 0.1, 0],
      properties: {
        colliders: [{ shape: { box: { size_m: [4, 0.4, 4] } } }],
        body: { kind: "kinematic" },
        mover: {
          waypoints_m: [
            [0, 0, 0],
            [0, 2, 6],
          ],
          leg_ticks: 60,
          rest_ticks: 15,
        },
      },
    },
    {
      position_m: [20, 0.5, 20],
      properties: {
        colliders: [{ shape: { box: { size_m: [1, 1, 1] } } }],
        body: { kind: "dynamic" },
      },
    },
  ],
};

function box(
  position_m: [number, number, number],
  size_m: [number, number, number],
): WorldDocument["objects"][number] {
  return { position_m, properties: { colliders: [{ shape: { box: { size_m } } }] } };
}

/** What is held in a tick of a walk that goes everywhere in the yard. */
function held(tick: number): Input {
  const leg = Math.floor(tick / 25);
  const moveX = ((leg * 53) % 255) - 127;
  const moveZ = ((leg * 101) % 255) - 127;
  const pressed = (leg % 3 === 0 ? buttons.run : 0) | (tick % 40 === 0 ? buttons.jump : 0);
  return { moveX, moveZ, yaw: 0, pitch: 0, buttons: pressed };
}

function told(state: AvatarState, teleports = 0): OwnState {
  return {
    positionM: state.position,
    velocityMps: state.velocity,
    flags: (state.grounded ? own.grounded : 0) | (state.jumpHeld ? own.jumpHeld : 0),
    airborneTicks: state.airborneTicks,
    teleports,
  };
}

/** Client and server, `aheadTicks` apart. */
class Pair {
  readonly server = new QueryWorld(rapier, document);
  readonly states: AvatarState[] = [stateAt([0, 2, 0])];

  constructor(
    readonly client: Predictor,
    readonly aheadTicks: number,
  ) {
    client.load(document);
    client.reconcile(0, told(this.states[0]));
  }

  /** The client predicts `tick`; the server's word about an earlier one arrives. */
  pass(tick: number, used: (tick: number) => Input = held): boolean {
    this.client.predict(tick, held(tick));
    this.server.beginTick(tick);
    this.states.push(step(this.server, this.states[tick - 1], used(tick)));
    const heard = tick - this.aheadTicks;
    return heard > 0 && this.client.reconcile(heard, told(this.states[heard]));
  }
}

async function predictor(): Promise<Predictor> {
  return Predictor.create();
}

describe("Predictor", { timeout: 60_000 }, () => {
  it("is never contradicted while the server uses the same inputs", async () => {
    const pair = new Pair(await predictor(), 7);
    for (let tick = 1; tick <= 900; tick += 1) {
      expect(pair.pass(tick), `tick ${tick}`).toBe(false);
      expect(bitsOf(pair.client.state)).toEqual(bitsOf(pair.states[tick]));
    }
    expect(pair.client.mispredictions).toBe(0);
    const heights = pair.states.map((state) => state.position[1]);
    expect(Math.max(...heights)).toBeGreaterThan(1.8);
  });

  it("takes over the server's word once and replays what it had pressed since", async () => {
    const pair = new Pair(await predictor(), 5);
    // The input of tick 120 came too late: the server repeated the one before.
    const used = (tick: number) =>
      tick === 120 ? { ...held(119), moveX: 127, moveZ: 0 } : held(tick);
    const corrections: number[] = [];
    for (let tick = 1; tick <= 300; tick += 1) {
      if (pair.pass(tick, used)) corrections.push(tick);
    }
    expect(corrections).toEqual([125]);
    expect(pair.client.mispredictions).toBe(1);
    expect(pair.client.lastErrorM).toBeGreaterThan(0);
    expect(pair.client.lastErrorM).toBeLessThan(0.3);
    expect(bitsOf(pair.client.state)).toEqual(bitsOf(pair.states[300]));
  });

  it("does not count a teleport as a misprediction", async () => {
    const client = await predictor();
    client.load(document);
    client.reconcile(1, told(stateAt([0, 2, 0])));
    for (let tick = 2; tick <= 20; tick += 1) client.predict(tick, held(tick));
    expect(client.reconcile(15, told(stateAt([30, 2, 30]), 1))).toBe(false);
    expect(client.mispredictions).toBe(0);
    expect(client.state.position[0]).toBeGreaterThan(25);
  });

  it("follows a server that is ahead of it or far behind it", async () => {
    const client = await predictor();
    client.load(document);
    client.reconcile(50, told(stateAt([1, 2, 3])));
    expect(client.state.position).toEqual([1, 2, 3]);
    client.predict(40, held(40));
    expect(client.state.position).toEqual([1, 2, 3]);
    for (let tick = 51; tick <= 400; tick += 1) client.predict(tick, held(tick));
    client.reconcile(60, told(stateAt([7, 2, 7])));
    expect(client.state.position).toEqual([7, 2, 7]);
  });

  it("stops at a loose body that is near, until it is gone", async () => {
    const client = await predictor();
    client.load(document);
    client.reconcile(1, told({ ...stateAt([0, 0.87, 0]), grounded: true }));
    client.setProxies([{ object: 4, position: [0, 0.5, 1.5], rotation: [0, 0, 0, 1] }]);
    const south: Input = { moveX: 0, moveZ: 127, yaw: 0, pitch: 0, buttons: 0 };
    for (let tick = 2; tick <= 40; tick += 1) client.predict(tick, south);
    expect(client.state.position[2]).toBeLessThan(1 - 0.3);
    client.setProxies([]);
    for (let tick = 41; tick <= 80; tick += 1) client.predict(tick, south);
    expect(client.state.position[2]).toBeGreaterThan(2);
  });

  it("tells how far the camera may go back", async () => {
    const client = await predictor();
    client.load(document);
    expect(client.castRay([0, 1, 0], [0, 0, -1], 20)).toBeCloseTo(5.8, 4);
    expect(client.castRay([0, 1, 0], [0, 0, -1], 3)).toBe(3);
    client.free();
    expect(client.castRay([0, 1, 0], [0, 0, -1], 20)).toBe(20);
  });
});

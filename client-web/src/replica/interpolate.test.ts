import { describe, expect, it } from "vitest";
import { type Comer, FIELD_COUNT, type Frame, field, flags } from "../protocol/generated";
import type { Quat } from "../scene/view";
import {
  flagsOf,
  mixRotation,
  positionOf,
  rotationOf,
  type Sighting,
  sightings,
  trackedOf,
  velocityOf,
  yawOf,
} from "./interpolate";
import { positionM, rotationQuaternion } from "./quantise";
import { Replica } from "./replica";

function comer(entity: number, fields: Record<number, number>, avatar = true): Comer {
  const indices = Object.keys(fields)
    .map(Number)
    .sort((a, b) => a - b);
  return {
    entity,
    kind: avatar ? { kind: "avatar", person: entity } : { kind: "object", object: entity },
    state: {
      mask: indices.reduce((mask, index) => mask | (1 << index), 0),
      values: indices.map((index) => fields[index] ?? 0),
    },
  };
}

/** Full frames of the given states. */
function replicaOf(states: Record<number, Comer[]>): Replica {
  const replica = new Replica();
  for (const [tick, come] of Object.entries(states)) {
    const frame: Frame = {
      tick: Number(tick),
      baseline: 0,
      own: null,
      gone: [],
      come,
      changed: [],
    };
    expect(replica.apply(frame)).toBe("applied");
  }
  return replica;
}

function only(replica: Replica, tick: number): Sighting {
  const [first, ...rest] = sightings(replica, tick);
  expect(rest).toEqual([]);
  if (first === undefined) throw new Error("nothing is in sight");
  return first;
}

describe("between two snapshots", () => {
  it("moves evenly in the server's time", () => {
    const replica = replicaOf({ 10: [comer(1, { 0: 0 })], 12: [comer(1, { 0: 512 })] });
    expect(positionOf(only(replica, 10))[0]).toBe(0);
    expect(positionOf(only(replica, 10.5))[0]).toBeCloseTo(0.25, 6);
    expect(positionOf(only(replica, 11))[0]).toBeCloseTo(0.5, 6);
    expect(velocityOf(only(replica, 11), 30)[0]).toBeCloseTo(15, 6);
  });

  it("turns the shorter way round", () => {
    const at = field.rotation;
    const replica = replicaOf({ 1: [comer(1, { [at]: 65_000 })], 2: [comer(1, { [at]: 500 })] });
    const middle = yawOf(only(replica, 1.5));
    expect(Math.cos(middle)).toBeCloseTo(Math.cos((32_750 + 32_786) * (Math.PI / 32_768)), 3);
    expect(Math.cos(middle)).toBeGreaterThan(0.99);
  });

  it("shows a leap as a leap", () => {
    const replica = replicaOf({ 1: [comer(1, { 0: 0 })], 2: [comer(1, { 0: 512 * 20 })] });
    expect(positionOf(only(replica, 1.9))[0]).toBe(0);
    expect(positionOf(only(replica, 2))[0]).toBe(20);
  });

  it("shows who is gone until then, and who came from the start", () => {
    const replica = replicaOf({ 1: [comer(1, { 0: 1 })], 2: [comer(2, { 0: 2 })] });
    const seen = sightings(replica, 1.5).map(({ to }) => to.entity);
    expect(seen).toEqual([1, 2]);
    expect(only(replica, 2).to.entity).toBe(2);
  });

  it("takes flags from the nearer one", () => {
    const replica = replicaOf({
      1: [comer(1, { [field.flags]: flags.grounded })],
      2: [comer(1, { [field.flags]: 0 })],
    });
    expect(flagsOf(only(replica, 1.4))).toBe(flags.grounded);
    expect(flagsOf(only(replica, 1.6))).toBe(0);
  });
});

describe("beyond the newest snapshot", () => {
  it("goes on for a moment and then holds", () => {
    const replica = replicaOf({ 1: [comer(1, { 0: 0 })], 2: [comer(1, { 0: 51 })] });
    const step = positionM(51);
    expect(positionOf(only(replica, 3))[0]).toBeCloseTo(step * 2, 6);
    expect(positionOf(only(replica, 5))[0]).toBeCloseTo(step * 4, 6);
    expect(positionOf(only(replica, 50))[0]).toBeCloseTo(step * 4, 6);
  });

  it("does not extend a leap", () => {
    const replica = replicaOf({ 1: [comer(1, { 0: 0 })], 2: [comer(1, { 0: 512 * 20 })] });
    expect(positionOf(only(replica, 4))[0]).toBe(20);
  });

  it("shows a first snapshot as it is", () => {
    const replica = replicaOf({ 7: [comer(1, { 0: 512 })] });
    for (const tick of [3, 7, 9]) expect(positionOf(only(replica, tick))[0]).toBe(1);
  });
});

describe("rotations", () => {
  it("come back as unit quaternions, whatever the numbers", () => {
    const strange: [number, number, number, number][] = [
      [3, 0, 0, 0],
      [0, 511, -511, 511],
      [9, 4_000, -4_000, 0],
      [-5, 1, 2, 3],
    ];
    for (const packed of strange) {
      expect(Math.hypot(...rotationQuaternion(...packed))).toBeCloseTo(1, 5);
    }
    expect(rotationQuaternion(3, 0, 0, 0)).toEqual([0, 0, 0, 1]);
  });

  it("are mixed along the shorter arc", () => {
    const quarter: Quat = [0, Math.SQRT1_2, 0, Math.SQRT1_2];
    const same: Quat = [0, -Math.SQRT1_2, 0, -Math.SQRT1_2];
    const mixed = mixRotation(quarter, same, 0.5);
    expect(Math.abs(mixed[1])).toBeCloseTo(Math.SQRT1_2, 6);
    const replica = replicaOf({
      1: [comer(1, { [field.rotation]: 3 }, false)],
      2: [comer(1, { [field.rotation]: 3, [field.rotation + 2]: 511 }, false)],
    });
    const half = rotationOf(only(replica, 1.5));
    expect(2 * Math.asin(half[1])).toBeCloseTo(Math.PI / 4, 2);
  });
});

describe("tracked poses", () => {
  it("are metres in the avatar's frame, and only what is tracked", () => {
    const at = field.tracked;
    const fields = {
      [field.flags]: flags.trackedHead,
      [at + 1]: 1_600,
      [at + 3]: 3,
    };
    const replica = replicaOf({ 1: [comer(1, fields)], 2: [comer(1, fields)] });
    const tracked = trackedOf(only(replica, 1.5));
    expect(tracked?.head).toEqual({ position: [0, 1.6, 0], rotation: [0, 0, 0, 1] });
    expect(tracked?.left).toBeNull();
    expect(FIELD_COUNT).toBe(at + 3 * field.trackedStride);
  });
});

import { describe, expect, it } from "vitest";
import {
  type Change,
  type Comer,
  FIELD_COUNT,
  type FieldDelta,
  type Frame,
} from "../protocol/generated";
import { changed, Replica } from "./replica";

function delta(changes: Record<number, number>): FieldDelta {
  const indices = Object.keys(changes)
    .map(Number)
    .sort((a, b) => a - b);
  return {
    mask: indices.reduce((mask, index) => (mask | (1 << index)) >>> 0, 0),
    values: indices.map((index) => changes[index] ?? 0),
  };
}

function frame(
  tick: number,
  baseline: number,
  parts: { gone?: number[]; come?: Comer[]; changed?: Change[] } = {},
): Frame {
  return { tick, baseline, own: null, gone: [], come: [], changed: [], ...parts };
}

function ball(entity: number, x: number): Comer {
  return { entity, kind: { kind: "object", object: entity + 100 }, state: delta({ 0: x }) };
}

function xOf(replica: Replica, entity: number): number | undefined {
  return replica.newest?.entities.get(entity)?.fields[0];
}

describe("changed", () => {
  it("adds the values to the fields that the mask names", () => {
    const fields = changed(new Array<number>(FIELD_COUNT).fill(1), delta({ 0: 5, 28: -3 }));
    expect(fields?.[0]).toBe(6);
    expect(fields?.[28]).toBe(-2);
    expect(fields?.[14]).toBe(1);
  });

  it("wraps at 32 bits, as the server does", () => {
    const fields = new Array<number>(FIELD_COUNT).fill(0x7fff_ffff);
    expect(changed(fields, delta({ 3: 1 }))?.[3]).toBe(-0x8000_0000);
    expect(changed(fields, delta({ 3: -0x8000_0000 }))?.[3]).toBe(-1);
  });

  it("refuses masks and values that do not belong together", () => {
    const fields = new Array<number>(FIELD_COUNT).fill(0);
    expect(changed(fields, { mask: 3, values: [1] })).toBeNull();
    expect(changed(fields, { mask: 1, values: [1, 2] })).toBeNull();
    expect(changed(fields, { mask: (1 << FIELD_COUNT) >>> 0, values: [1] })).toBeNull();
    expect(changed(fields, { mask: 0x8000_0000, values: [1] })).toBeNull();
  });
});

describe("a replica", () => {
  it("asks for a full frame until one comes", () => {
    const replica = new Replica();
    expect(replica.ack).toBe(0);
    expect(replica.apply(frame(10, 9))).toBe("unknownBaseline");
    expect(replica.ack).toBe(0);
    expect(replica.apply(frame(11, 0, { come: [ball(1, 50)] }))).toBe("applied");
    expect(replica.ack).toBe(11);
    expect(xOf(replica, 1)).toBe(50);
  });

  it("applies a frame to its baseline, not to the newest state", () => {
    const replica = new Replica();
    replica.apply(frame(1, 0, { come: [ball(1, 100)] }));
    replica.apply(frame(2, 1, { changed: [{ entity: 1, delta: delta({ 0: 10 }) }] }));
    // The server has not heard of tick 2 yet.
    replica.apply(frame(3, 1, { changed: [{ entity: 1, delta: delta({ 0: 25 }) }] }));
    expect(xOf(replica, 1)).toBe(125);
  });

  it("survives the loss of frames", () => {
    const replica = new Replica();
    replica.apply(frame(1, 0, { come: [ball(1, 0), ball(2, 0)] }));
    // Frames 2 to 6 never came; 7 is told relative to what was acknowledged.
    const applied = replica.apply(
      frame(7, 1, { gone: [2], changed: [{ entity: 1, delta: delta({ 0: 7 }) }] }),
    );
    expect(applied).toBe("applied");
    expect([...(replica.newest?.entities.keys() ?? [])]).toEqual([1]);
    expect(replica.ack).toBe(7);
  });

  it("puts frames that come in the wrong order where they belong", () => {
    const replica = new Replica();
    replica.apply(frame(1, 0, { come: [ball(1, 0)] }));
    replica.apply(frame(4, 1, { changed: [{ entity: 1, delta: delta({ 0: 40 }) }] }));
    replica.apply(frame(3, 1, { changed: [{ entity: 1, delta: delta({ 0: 30 }) }] }));
    expect(replica.ack).toBe(4);
    const { before, after } = replica.around(3.5);
    expect([before?.tick, after?.tick]).toEqual([3, 4]);
    expect(before?.entities.get(1)?.fields[0]).toBe(30);
    expect(replica.apply(frame(3, 1))).toBe("repeated");
  });

  it("shares what did not change", () => {
    const replica = new Replica();
    replica.apply(frame(1, 0, { come: [ball(1, 0), ball(2, 0)] }));
    const still = replica.newest?.entities.get(2);
    replica.apply(frame(2, 1, { changed: [{ entity: 1, delta: delta({ 0: 1 }) }] }));
    expect(replica.newest?.entities.get(2)).toBe(still);
  });

  it("forgets baselines after 64 frames", () => {
    const replica = new Replica();
    replica.apply(frame(1, 0));
    for (let tick = 2; tick <= 65; tick += 1) replica.apply(frame(tick, tick - 1));
    expect(replica.apply(frame(66, 1))).toBe("unknownBaseline");
    expect(replica.apply(frame(67, 2))).toBe("applied");
  });

  it("refuses changes of what it does not know, and starts anew", () => {
    const replica = new Replica();
    replica.apply(frame(1, 0, { come: [ball(1, 5)] }));
    const strange = frame(2, 1, { changed: [{ entity: 9, delta: delta({ 0: 1 }) }] });
    expect(replica.apply(strange)).toBe("malformed");
    expect(replica.ack).toBe(0);
    expect(xOf(replica, 1)).toBe(5);
    replica.apply(frame(3, 0, { come: [ball(9, 1)] }));
    expect(replica.ack).toBe(3);
    expect([...(replica.newest?.entities.keys() ?? [])]).toEqual([9]);
  });
});

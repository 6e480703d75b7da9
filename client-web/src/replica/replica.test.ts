import { describe, expect, it } from "vitest";
import { facets, SLOTS } from "../protocol/generated";
import { Left } from "../protocol/snapshot/block";
import { Replica } from "./replica";
import { type Sample, snapshotOf } from "./samples";

const NONE = new Uint8Array(SLOTS);

/** Tells a whole leaf, relative to nothing. */
function tell(replica: Replica, leaf: number, tick: number, samples: readonly Sample[]): void {
  replica.told(leaf, snapshotOf(tick, samples), 0, SLOTS, null, NONE);
}

/** Shows a moment, after a picture of 1/60 s; gives x (metres) by facet and subject. */
function show(replica: Replica, tick: number, newestTick = tick): Map<string, number> {
  replica.show({ tick, intervalTicks: 1, newestTick, stepS: 1 / 60, stepTicks: 0.5 });
  const seen = new Map<string, number>();
  for (const { track, position } of replica.figures) {
    seen.set(`${track.facet} ${track.subject}`, position[0]);
  }
  return seen;
}

const ANA = `${facets.avatar} 1`;

function ana(x: number, slot = 0): Sample {
  return { slot, subject: 1, fields: [Math.round(x * 512)] };
}

describe("a replica", () => {
  it("shows an entity while it goes from one leaf to another, whichever tells first", () => {
    for (const order of ["leaves first", "comes first"]) {
      const replica = new Replica(30);
      tell(replica, 1, 10, [ana(1)]);
      const left = NONE.slice();
      left[0] = Left.moved;
      const gone = () =>
        replica.told(1, snapshotOf(11, []), 0, SLOTS, snapshotOf(10, [ana(1)]), left);
      if (order === "leaves first") gone();
      expect(show(replica, 12).get(ANA), order).toBe(1);
      tell(replica, 2, 13, [ana(1.1, 5)]);
      if (order === "comes first") gone();
      for (let tick = 13; tick < 30; tick += 0.5) show(replica, tick);
      expect(show(replica, 200).get(ANA), order).toBeCloseTo(1.1, 2);
    }
  });

  it("removes who is gone in that very tick, and who does not come again after two seconds", () => {
    const replica = new Replica(30);
    const bo: Sample = { slot: 1, subject: 2 };
    tell(replica, 1, 10, [ana(1), bo]);
    const left = NONE.slice();
    left[0] = Left.gone;
    left[1] = Left.moved;
    replica.told(1, snapshotOf(20, []), 0, SLOTS, snapshotOf(10, [ana(1), bo]), left);
    expect([...show(replica, 19.9).keys()]).toEqual([ANA, `${facets.avatar} 2`]);
    expect([...show(replica, 20).keys()]).toEqual([`${facets.avatar} 2`]);
    expect(show(replica, 79).size).toBe(1);
    expect(show(replica, 80).size).toBe(0);
  });

  it("gives a slot to another", () => {
    const replica = new Replica(30);
    tell(replica, 1, 10, [ana(1)]);
    const left = NONE.slice();
    left[0] = Left.gone;
    const next = snapshotOf(11, [{ slot: 0, facet: facets.object, subject: 1, fields: [512] }]);
    replica.told(1, next, 0, SLOTS, snapshotOf(10, [ana(1)]), left);
    expect([...show(replica, 11).keys()]).toEqual([`${facets.object} 1`]);
  });

  it("notices who left between what was told and what was acknowledged", () => {
    const replica = new Replica(30);
    tell(replica, 1, 10, []);
    tell(replica, 1, 11, [ana(1)]);
    // Relative to tick 10, nobody left.
    replica.told(1, snapshotOf(12, []), 0, SLOTS, snapshotOf(10, []), NONE);
    expect(show(replica, 12).size).toBe(1);
    expect(show(replica, 80).size).toBe(0);
  });

  it("closes a leaf as it is told to", () => {
    for (const closing of ["gone", "moved"] as const) {
      const replica = new Replica(30);
      tell(replica, 1, 10, [ana(1)]);
      replica.closed(1, closing, 12);
      expect(show(replica, 11).size).toBe(1);
      expect(show(replica, 13).size).toBe(closing === "gone" ? 0 : 1);
      expect(show(replica, 90).size).toBe(0);
    }
  });

  it("keeps showing what it knows when everything is told anew", () => {
    const replica = new Replica(30);
    tell(replica, 1, 10, [ana(1)]);
    replica.forget();
    expect(replica.ack.newest).toBe(0);
    expect(show(replica, 12).get(ANA)).toBe(1);
    tell(replica, 8, 14, [ana(1.05)]);
    for (let tick = 14; tick < 40; tick += 0.5) show(replica, tick);
    expect(show(replica, 80).get(ANA)).toBeCloseTo(1.05, 2);
  });
});

describe("what is told seldom", () => {
  /** Ana walks 0.1 m a tick and is told every `every` ticks; pictures are a tick behind. */
  function walk(every: (tick: number) => number, ticks: number): { tick: number; x: number }[] {
    const replica = new Replica(30);
    const shown: { tick: number; x: number }[] = [];
    for (let tick = 100; tick < 100 + ticks; tick += 1) {
      if (tick % every(tick) === 0) tell(replica, 1, tick, [ana((tick - 100) / 10)]);
      for (const part of [0, 0.5]) {
        const at = tick - 1.5 + part;
        const x = show(replica, at, tick).get(ANA);
        if (x !== undefined) shown.push({ tick: at, x });
      }
    }
    return shown;
  }

  /** The largest and smallest step between two pictures, metres; even walking makes 0.05. */
  function steps(shown: { x: number }[]): { least: number; most: number } {
    const all = shown.slice(1).map(({ x }, index) => x - (shown[index]?.x ?? 0));
    return { least: Math.min(...all), most: Math.max(...all) };
  }

  it("is shown as much later, and as evenly", () => {
    for (const every of [1, 2, 4, 8, 16]) {
      const settled = walk(() => every, 200).slice(200);
      const { least, most } = steps(settled);
      expect(least, `every ${every}`).toBeGreaterThan(0.045);
      expect(most, `every ${every}`).toBeLessThan(0.055);
      const last = settled.at(-1);
      const behind = (last?.tick ?? 0) - (100 + (last?.x ?? 0) * 10);
      expect(behind, `every ${every}`).toBeCloseTo(every - 1, 0);
    }
  });

  it("does not jump when the pace changes", () => {
    const { least, most } = steps(
      walk((tick) => (tick < 180 ? 1 : tick < 260 ? 4 : 1), 300).slice(20),
    );
    expect(least).toBeGreaterThan(-0.001);
    expect(most).toBeLessThan(0.12);
  });

  it("is not taken for what seldom happens", () => {
    const replica = new Replica(30);
    tell(replica, 1, 10, [ana(0)]);
    // Near, but all that happens for a while are changes of single ticks.
    for (const tick of [100, 160, 250, 270]) tell(replica, 1, tick, [ana(tick / 10_000)]);
    for (let tick = 271; tick < 600; tick += 0.5) show(replica, tick, Math.floor(tick) + 1);
    for (let tick = 600; tick < 620; tick += 1) {
      tell(replica, 1, tick, [ana((tick - 600) / 10)]);
      for (const part of [0, 0.5]) show(replica, tick - 1.5 + part, tick);
    }
    expect(show(replica, 618, 619).get(ANA)).toBeCloseTo(1.8, 2);
  });

  it("is shown at once when it is near, also after a long rest", () => {
    const replica = new Replica(30);
    for (let tick = 1; tick <= 30; tick += 1) tell(replica, 1, tick, [ana(tick / 10)]);
    // A rest of a second, twice, in which nothing is told.
    for (const start of [60, 120]) {
      for (let tick = start; tick < start + 20; tick += 1) {
        tell(replica, 1, tick, [ana(3 + (tick - start) / 10)]);
        show(replica, tick - 1.5, tick);
      }
    }
    expect(show(replica, 138, 139).get(ANA)).toBeCloseTo(3 + 18 / 10, 2);
  });
});

describe("news", () => {
  it("never move the picture at once, unless they are a leap", () => {
    const replica = new Replica(30);
    for (let tick = 1; tick <= 10; tick += 1) tell(replica, 1, tick, [ana(tick / 10)]);
    // Packets stop: it goes on for a moment, and holds.
    let x = 0;
    for (let tick = 8; tick < 20; tick += 0.5) x = show(replica, tick, 10).get(ANA) ?? 0;
    expect(x).toBeCloseTo(1.3, 2);
    // It had turned back.
    tell(replica, 1, 21, [ana(0.5)]);
    tell(replica, 1, 22, [ana(0.4)]);
    const after = show(replica, 20.5, 22).get(ANA) ?? 0;
    expect(Math.abs(after - x)).toBeLessThan(0.15);
    for (let tick = 21; tick < 60; tick += 0.5) x = show(replica, tick, 60).get(ANA) ?? 0;
    expect(x).toBeCloseTo(0.4, 3);
    tell(replica, 1, 61, [ana(9)]);
    tell(replica, 1, 62, [ana(9)]);
    expect(show(replica, 62, 62).get(ANA)).toBeCloseTo(9, 6);
  });
});

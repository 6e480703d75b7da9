import { describe, expect, it } from "vitest";
import { colourOf, Pointers, stepsOf } from "./pointers";
import type { PersonCard } from "./protocol/generated";

const card = (person: number, name: string): PersonCard => ({
  person,
  name,
  look: { body: [0, 0, 0], accent: [10, 20, 30] },
  present: true,
});
const CARDS = new Map([1, 2].map((person) => [person, card(person, `P${person}`)]));

describe("pointers of others", () => {
  it("appear at once, and follow smoothly without overshooting", () => {
    const pointers = new Pointers();
    pointers.hear(1, [512, 0, -1_024]);
    expect(pointers.show(0, CARDS)).toEqual([
      { person: 1, position: [1, 0, -2], name: "P1", colour: "rgb(10,20,30)" },
    ]);
    pointers.hear(1, [1_024, 0, -1_024]);
    let before = 1;
    for (let picture = 0; picture < 60; picture += 1) {
      const x = pointers.show(1 / 60, CARDS)[0]?.position[0] ?? Number.NaN;
      expect(x).toBeGreaterThanOrEqual(before);
      expect(x).toBeLessThanOrEqual(2);
      before = x;
    }
    expect(before).toBe(2);
    // One picture after the other goes on from what was shown, also when news come meanwhile.
    pointers.hear(1, [0, 0, -1_024]);
    const next = pointers.show(1 / 60, CARDS)[0]?.position[0] ?? 0;
    expect(next).toBeLessThan(2);
    expect(next).toBeGreaterThan(1);
  });

  it("leap when they are far, and go when they point nowhere", () => {
    const pointers = new Pointers();
    pointers.hear(1, [0, 0, 0]);
    pointers.hear(2, [512, 512, 512]);
    pointers.hear(1, [512 * 100, 0, 0]);
    expect(pointers.show(0.001, CARDS).map(({ position }) => position[0])).toEqual([100, 1]);
    pointers.hear(1, null);
    expect(pointers.show(0, CARDS).map(({ person }) => person)).toEqual([2]);
    pointers.clear();
    expect(pointers.show(0, CARDS)).toEqual([]);
  });

  it("wait for who they belong to", () => {
    const pointers = new Pointers();
    pointers.hear(9, [0, 0, 0]);
    expect(pointers.show(0, CARDS)).toEqual([]);
    expect(pointers.show(0, new Map([[9, card(9, "Late")]]))).toHaveLength(1);
  });

  it("have a colour, whoever they are", () => {
    expect(colourOf(undefined)).toBe("rgb(255,255,255)");
  });
});

describe("places for the wire", () => {
  it("are whole steps within the world", () => {
    expect(stepsOf([1, -0.5, 0.0001])).toEqual([512, -256, 0]);
    expect(stepsOf([-0.0001, 0, 0])?.every((step) => Object.is(step, 0))).toBe(true);
    expect(stepsOf(null)).toBeNull();
    for (const bad of [10_001, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(stepsOf([0, bad, 0])).toBeNull();
    }
  });
});

import { expect, it } from "vitest";
import { facets, schemas } from "../protocol/generated";
import { bearingOf, EMOTIONS } from "./feeling";
import { pitchOf, positionOf, yawOf } from "./interpolate";
import { Replica } from "./replica";
import { snapshotOf } from "./samples";
import type { Sighting } from "./track";

const NOBODY = new Uint8Array(64);

/** A replica that was told of companion 5 at each of the ticks. */
function told(...states: readonly (readonly [tick: number, ...fields: number[]])[]): Replica {
  const replica = new Replica(30);
  for (const [tick, ...fields] of states) {
    const next = snapshotOf(tick, [{ facet: facets.companion, subject: 5, fields }]);
    replica.told(1, next, 0, 64, null, NOBODY);
  }
  return replica;
}

function look(replica: Replica, tick: number): Sighting {
  replica.show({ tick, intervalTicks: 1, newestTick: tick, stepS: 0, stepTicks: 0 });
  const figure = replica.find(facets.companion, 5);
  if (figure === null) throw new Error("the companion is not there");
  return figure.sighting;
}

it("has a companion go from sample to sample, and change its feeling halfway", () => {
  const replica = told(
    [10, 512, 1024, 0, 0, 0, 0, 1],
    [12, 1024, 1024, -512, 0x4000, 127, 16 | 4, 1 | 2],
  );
  const early = look(replica, 10.5);
  expect(positionOf(early)).toEqual([1.25, 2, -0.25]);
  expect(bearingOf(early)).toEqual({
    emotion: "calm",
    carrying: false,
    grounded: true,
    running: false,
    sitting: false,
  });
  const late = look(replica, 11.5);
  expect(yawOf(late)).toBeCloseTo((Math.PI / 2) * 0.75, 6);
  expect(pitchOf(late)).toBeCloseTo((Math.PI / 2) * 0.75, 2);
  expect(bearingOf(late)).toMatchObject({ emotion: "anger", carrying: true, running: true });
});

it("knows every emotion by its number, and who sits", () => {
  EMOTIONS.forEach((emotion, index) => {
    expect(bearingOf(look(told([10, 0, 0, 0, 0, 0, index, 4]), 10))).toMatchObject({
      emotion,
      carrying: false,
      sitting: true,
      grounded: false,
    });
  });
});

it("has the fields where the schema of the wire has them", () => {
  const schema = schemas[facets.companion];
  expect(schema?.components.map(({ name }) => name)).toEqual([
    "position",
    "yaw",
    "pitch",
    "feeling",
    "stance",
  ]);
  expect(schema?.fieldCount).toBe(7);
});

import { describe, expect, it } from "vitest";
import { avatarFields, facets, objectFields, trackedFields } from "../protocol/generated";
import type { Quat } from "../scene/view";
import {
  leap,
  mixRotation,
  pitchOf,
  positionOf,
  rotationOf,
  stanceOf,
  trackedOf,
  velocityOf,
  yawOf,
} from "./interpolate";
import { positionM, rotationQuaternion } from "./quantise";
import { type Sighting, Track } from "./track";

/** A track of the given states by tick, told every tick. */
function trackOf(states: Record<number, readonly number[]>, facet: number = facets.avatar): Track {
  const track = new Track(facet, 1);
  for (const [tick, fields] of Object.entries(states)) {
    const all = new Int32Array(22);
    all.set(fields);
    track.push(Number(tick), all, 0, 8, true);
  }
  return track;
}

function look(track: Track, tick: number, heldTick = 0): Sighting {
  const sighting: Sighting = { fields: track.fields, from: 0, to: 0, share: 0, spanTicks: 0 };
  track.look(tick, heldTick, sighting);
  if (track.facet !== facets.tracked) leap(sighting);
  return sighting;
}

function avatar(change: Partial<Record<keyof typeof avatarFields, number>>): number[] {
  const fields = [0, 0, 0, 0, 0, 0];
  for (const [name, value] of Object.entries(change)) {
    fields[avatarFields[name as keyof typeof avatarFields]] = value;
  }
  return fields;
}

describe("between two samples", () => {
  it("moves evenly in the server's time", () => {
    const track = trackOf({ 10: [0], 12: [512] });
    expect(positionOf(look(track, 10))[0]).toBe(0);
    expect(positionOf(look(track, 10.5))[0]).toBeCloseTo(0.25, 6);
    expect(positionOf(look(track, 11))[0]).toBeCloseTo(0.5, 6);
    expect(velocityOf(look(track, 11), 30)[0]).toBeCloseTo(15, 6);
  });

  it("turns the shorter way round", () => {
    const track = trackOf({ 1: avatar({ yaw: 65_000 }), 2: avatar({ yaw: 500 }) });
    const middle = yawOf(look(track, 1.5));
    expect(Math.cos(middle)).toBeCloseTo(Math.cos((32_750 + 32_786) * (Math.PI / 32_768)), 3);
    expect(Math.cos(middle)).toBeGreaterThan(0.99);
  });

  it("shows a leap as a leap", () => {
    const track = trackOf({ 1: [0], 2: [512 * 20] });
    expect(positionOf(look(track, 1.9))[0]).toBe(0);
    expect(positionOf(look(track, 2))[0]).toBe(20);
  });

  it("takes the stance from the nearer one", () => {
    const track = trackOf({
      1: avatar({ stance: avatarFields.grounded }),
      2: avatar({ stance: 0 }),
    });
    expect(stanceOf(look(track, 1.4))).toBe(avatarFields.grounded);
    expect(stanceOf(look(track, 1.6))).toBe(0);
  });

  it("raises the head evenly", () => {
    const track = trackOf({ 1: avatar({ pitch: 0 }), 3: avatar({ pitch: 127 }) });
    expect(pitchOf(look(track, 2))).toBeCloseTo(Math.PI / 4, 6);
  });
});

describe("beyond the newest sample", () => {
  it("goes on for a moment and then holds, when nothing comes any more", () => {
    const track = trackOf({ 1: [0], 2: [51] });
    const step = positionM(51);
    expect(positionOf(look(track, 3))[0]).toBeCloseTo(step * 2, 6);
    expect(positionOf(look(track, 5))[0]).toBeCloseTo(step * 4, 6);
    expect(positionOf(look(track, 50))[0]).toBeCloseTo(step * 4, 6);
  });

  it("holds at once when packets come that do not tell of it", () => {
    const track = trackOf({ 1: [0], 2: [51] });
    for (const tick of [2.5, 3, 50]) {
      expect(positionOf(look(track, tick, 3))[0]).toBeCloseTo(positionM(51), 6);
    }
  });

  it("does not extend a leap", () => {
    const track = trackOf({ 1: [0], 2: [512 * 20] });
    expect(positionOf(look(track, 4))[0]).toBe(20);
  });

  it("shows a first sample as it is", () => {
    const track = trackOf({ 7: [512] });
    for (const tick of [3, 7, 9]) expect(positionOf(look(track, tick))[0]).toBe(1);
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
    const start = [0, 0, 0, 3, 0, 0, 0];
    const end = [0, 0, 0, 3, 0, 511, 0];
    expect(start[objectFields.rotation]).toBe(3);
    const half = rotationOf(look(trackOf({ 1: start, 2: end }, facets.object), 1.5));
    expect(2 * Math.asin(half[1])).toBeCloseTo(Math.PI / 4, 2);
  });
});

describe("tracked poses", () => {
  it("are metres in the avatar's frame, and only what is tracked", () => {
    const fields = new Array<number>(22).fill(0);
    fields[1] = 1_600;
    fields[3] = 3;
    fields[trackedFields.poses] = trackedFields.head;
    const track = trackOf({ 1: fields, 2: fields }, facets.tracked);
    const tracked = trackedOf(look(track, 1.5));
    expect(tracked?.head).toEqual({ position: [0, 1.6, 0], rotation: [0, 0, 0, 1] });
    expect(tracked?.left).toBeNull();
    expect(trackedOf(look(trackOf({ 1: [] }, facets.tracked), 1))).toBeNull();
  });
});

import { describe, expect, it } from "vitest";
import { facets } from "../protocol/generated";
import { positionOf } from "./interpolate";
import { type Sighting, Track } from "./track";

const FIELDS = new Int32Array(6);

/** Tells that x is `steps` at `tick`. */
function tell(track: Track, tick: number, steps: number, interval = 1, unbroken = true): void {
  FIELDS[0] = steps;
  track.push(tick, FIELDS, 0, interval, unbroken);
}

/** Where x is shown, in steps. */
function xAt(track: Track, tick: number, heldTick = 0): number {
  const sighting: Sighting = { fields: track.fields, from: 0, to: 0, share: 0, spanTicks: 0 };
  track.look(tick, heldTick, sighting);
  return positionOf(sighting)[0] * 512;
}

describe("a track", () => {
  it("does not smear a rest over the movement that follows", () => {
    const track = new Track(facets.avatar, 1);
    tell(track, 10, 0);
    tell(track, 11, 0);
    // Nothing is told while it stands.
    tell(track, 110, 10);
    tell(track, 111, 20);
    expect(xAt(track, 60)).toBe(0);
    expect(xAt(track, 109)).toBe(0);
    expect(xAt(track, 109.5)).toBeCloseTo(5, 6);
    expect(xAt(track, 110.5)).toBeCloseTo(15, 6);
  });

  it("holds for one interval of its leaf, so that a far start is no dash", () => {
    const track = new Track(facets.avatar, 1);
    tell(track, 8, 0, 8);
    tell(track, 16, 0, 8);
    tell(track, 80, 80, 8);
    expect(xAt(track, 72)).toBe(0);
    expect(xAt(track, 76)).toBeCloseTo(40, 6);
  });

  it("goes straight on over lost packets while something moves", () => {
    const track = new Track(facets.avatar, 1);
    tell(track, 1, 0);
    tell(track, 2, 10);
    tell(track, 12, 110, 1, false);
    expect(xAt(track, 7)).toBeCloseTo(60, 6);
  });

  it("does not go on beyond the end of its braking, of which nothing is told", () => {
    const track = new Track(facets.avatar, 1);
    for (const [tick, steps] of [
      [1, 0],
      [2, 51],
      [3, 102],
      [4, 126],
    ] as const) {
      tell(track, tick, steps);
    }
    expect(xAt(track, 4)).toBe(126);
    expect(xAt(track, 9)).toBeGreaterThanOrEqual(126);
    expect(xAt(track, 9)).toBeLessThan(126 + 12);
  });

  it("keeps one run of a rest, however often it is told", () => {
    const track = new Track(facets.avatar, 1);
    for (let tick = 1; tick <= 500; tick += 1) tell(track, tick, 7);
    for (let tick = 501; tick <= 503; tick += 1) tell(track, tick, 7 + tick);
    expect(xAt(track, 1)).toBe(7);
    expect(xAt(track, 500)).toBe(7);
    expect(xAt(track, 502)).toBe(509);
  });

  it("passes over what is older than what it knows", () => {
    const track = new Track(facets.avatar, 1);
    tell(track, 5, 50);
    tell(track, 4, 40);
    tell(track, 5, 99);
    expect(track.newestTick).toBe(5);
    expect(xAt(track, 4.5)).toBe(50);
  });

  it("keeps the newest of a long past", () => {
    const track = new Track(facets.avatar, 1);
    for (let tick = 1; tick <= 1_000; tick += 1) tell(track, tick, tick * 3);
    for (let tick = 940; tick <= 1_000; tick += 0.5)
      expect(xAt(track, tick)).toBeCloseTo(tick * 3, 6);
    expect(xAt(track, 1)).toBeGreaterThan(900 * 3);
  });
});

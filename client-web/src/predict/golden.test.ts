/** Replays the walks that `cargo test -p vivarium-motion` recorded: every tick, bit for bit. */
import { readFileSync } from "node:fs";
import * as rapier from "@dimforge/rapier3d-deterministic/rapier.js";
import { describe, expect, it } from "vitest";
import { documentDefaults, type WorldDocument } from "../protocol/document";
import { constants } from "./constants";
import { QueryWorld } from "./queryWorld";
import { type AvatarState, bitsOf, stateAt, step } from "./step";

type Near = { object: number; position_m: number[]; rotation: number[] };

type Recording = {
  constants: Record<string, number>;
  document?: WorldDocument;
  world: string;
  document_hash: number;
  start_m: number[];
  inputs: [ticks: number, moveX: number, moveZ: number, buttons: number][];
  loose: [tick: number, near: Near[]][];
  states: [tick: number, bits: number[]][];
  digests: string;
};

const root = new URL("../../../", import.meta.url);

function read(path: string): Buffer {
  return readFileSync(new URL(path, root));
}

function fnv(words: Iterable<number>): number {
  let hash = 0x811c9dc5;
  for (const word of words) hash = Math.imul(hash ^ word, 0x01000193);
  return hash >>> 0;
}

function digest(state: AvatarState): string {
  const hash = fnv(bitsOf(state));
  return ((hash >>> 16) ^ (hash & 0xffff)).toString(16).padStart(4, "0");
}

/** Ticks at which the replay differs from the recording. */
function mismatches(recording: Recording, document: WorldDocument): number[] {
  const world = new QueryWorld(rapier, document);
  const floorM = document.settings?.floor_m ?? documentDefaults.settings.floor_m;
  const states = new Map(recording.states);
  const loose = new Map(recording.loose);
  const wrong: number[] = [];
  let state = stateAt(recording.start_m);
  let tick = 0;
  for (const [ticks, moveX, moveZ, buttons] of recording.inputs) {
    for (let held = 0; held < ticks; held += 1) {
      tick += 1;
      world.beginTick(tick);
      const near = loose.get(tick);
      if (near !== undefined) {
        const poses = near.map(({ object, position_m, rotation }) => {
          return { object, position: position_m, rotation };
        });
        world.setProxies(poses);
      }
      state = step(world, state, { moveX, moveZ, yaw: 0, pitch: 0, buttons });
      if (state.position[1] < Math.fround(floorM)) state = stateAt(recording.start_m);
      const full = states.get(tick);
      const told = recording.digests.slice((tick - 1) * 4, tick * 4) === digest(state);
      if (!told || (full !== undefined && full.join() !== bitsOf(state).join())) wrong.push(tick);
    }
  }
  world.free();
  expect(tick).toBe(9_000);
  return wrong;
}

const recordings = ["motion", "motion-plaza", "motion-garden"];

describe.each(recordings)("the walk %s", (name) => {
  const recording = JSON.parse(read(`tests/golden/${name}.json`).toString()) as Recording;

  it("was recorded with the same constants", () => {
    expect({ ...constants }).toEqual(
      Object.fromEntries(
        Object.entries(recording.constants).map(([key, value]) => [key, Math.fround(value)]),
      ),
    );
  });

  it("is repeated bit for bit in all 9,000 ticks", { timeout: 120_000 }, () => {
    let document = recording.document;
    if (document === undefined) {
      const bytes = read(`assets/worlds/${recording.world}.json`);
      expect(fnv(bytes), "the world changed: record again").toBe(recording.document_hash);
      document = JSON.parse(bytes.toString()) as WorldDocument;
    }
    expect(mismatches(recording, document)).toEqual([]);
  });
});

// How smoothly others are seen: recorded streams of 32 people who walk and run, wait and turn, as they
// reached a client, played at 60 pictures a second and compared with the recorded truth.
//
// The streams are made by `tools/protocol-gen` (`streams.rs`) with the server's block encoder and a
// simulated link whose other end decodes and acknowledges, so the server reacted to each loss as it
// does in truth. `calm` has neither loss nor jitter; `rough` has 2 % loss and 80 ms of jitter each way,
// and packets overtake each other. This end gets the same packets at the same moments, and since it
// decodes exactly as that client did (see the golden packets), it acknowledges the same.
//
// Leaves are strips told every 1, 2, 4 and 8 ticks, people cross from one to another, and half-way one
// of them is closed and cut anew.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { PlayoutClock } from "../net/clock";
import { Replica } from "./replica";

const TICKS_PER_S = 30;
const FIRST_TICK = 1_000;
const PICTURE_MS = 1_000 / 60;
/** Clocks need a while to settle: ms. */
const SETTLED_MS = 3_000;
const RUN_MPS = 6;
/** Strips nearer than this (metres) are told every tick. */
const NEAR_M = 36;
const STEPS_PER_M = 512;

function read(name: string): DataView {
  const path = fileURLToPath(new URL(`../../../tests/golden/streams/${name}`, import.meta.url));
  const bytes = readFileSync(path);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** x and z (metres) of each person at the end of every tick. */
function readWalks(): { ticks: number; walks: Map<number, [number, number][]> } {
  const view = read("walks.bin");
  const [people, ticks] = [view.getUint16(0, true), view.getUint16(2, true)];
  const walks = new Map<number, [number, number][]>();
  let at = 4;
  for (let person = 0; person < people; person += 1) {
    const walk: [number, number][] = [];
    const number = view.getUint16(at, true);
    at += 2;
    for (let tick = 0; tick < ticks; tick += 1, at += 8) {
      const place = (offset: number): number => view.getInt32(at + offset, true) / STEPS_PER_M;
      walk.push([place(0), place(4)]);
    }
    walks.set(number, walk);
  }
  return { ticks, walks };
}

function readPackets(name: string): { atMs: number; bytes: Uint8Array }[] {
  const view = read(name);
  const packets: { atMs: number; bytes: Uint8Array }[] = [];
  for (let at = 0; at < view.byteLength; ) {
    const length = view.getUint16(at + 4, true);
    const bytes = new Uint8Array(view.buffer, view.byteOffset + at + 6, length);
    packets.push({ atMs: view.getUint32(at, true), bytes });
    at += 6 + length;
  }
  return packets;
}

interface Seen {
  /** The largest step between two pictures, beyond what running makes in that time: metres. */
  excessM: number;
  /** Distances from the truth at the tick that is shown: metres, near and anywhere, sorted. */
  near: number[];
  all: number[];
  /** Milliseconds by which near people are shown late, on average. */
  lateMs: number;
}

const { ticks, walks } = readWalks();

function truthAt(person: number, tick: number): [number, number] {
  const walk = walks.get(person) ?? [];
  const at = Math.max(0, Math.min(ticks - 1, tick - FIRST_TICK));
  const from = walk[Math.floor(at)] ?? [0, 0];
  const to = walk[Math.min(ticks - 1, Math.floor(at) + 1)] ?? from;
  const share = at - Math.floor(at);
  return [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
}

/** Plays a stream. */
function watch(name: string): Seen {
  const packets = readPackets(name);
  const replica = new Replica(TICKS_PER_S);
  const playout = new PlayoutClock(TICKS_PER_S);
  const seen: Seen = { excessM: 0, near: [], all: [], lateMs: 0 };
  const before = new Map<number, [number, number]>();
  let next = 0;
  let pictures = 0;
  const endMs = (ticks * 1_000) / TICKS_PER_S - 100;
  for (let nowMs = 0; nowMs < endMs; nowMs += PICTURE_MS) {
    for (let packet = packets[next]; packet !== undefined && packet.atMs <= nowMs; ) {
      const { head } = replica.apply(packet.bytes);
      playout.sample(head.tick, packet.atMs);
      next += 1;
      packet = packets[next];
    }
    const tick = playout.advance(nowMs);
    if (tick === null) continue;
    replica.show({
      tick,
      intervalTicks: playout.intervalTicks,
      newestTick: replica.newestTick,
      stepS: PICTURE_MS / 1_000,
      stepTicks: (PICTURE_MS / 1_000) * TICKS_PER_S,
    });
    if (nowMs > SETTLED_MS) {
      pictures += 1;
      seen.lateMs += nowMs - ((tick - FIRST_TICK) * 1_000) / TICKS_PER_S;
    }
    for (const figure of replica.figures) {
      const [x, , z] = figure.position;
      const { subject } = figure.track;
      const last = before.get(subject);
      before.set(subject, [x, z]);
      if (nowMs <= SETTLED_MS || last === undefined) continue;
      const step = Math.hypot(x - last[0], z - last[1]);
      seen.excessM = Math.max(seen.excessM, step - (RUN_MPS * PICTURE_MS) / 1_000);
      const truth = truthAt(subject, figure.tick);
      const offM = Math.hypot(x - truth[0], z - truth[1]);
      seen.all.push(offM);
      if (Math.abs(x) < NEAR_M) seen.near.push(offM);
    }
    const shown = [...replica.figures].length;
    if (nowMs > SETTLED_MS) expect(shown, `${name} at ${nowMs} ms`).toBe(walks.size);
  }
  seen.near.sort((a, b) => a - b);
  seen.all.sort((a, b) => a - b);
  seen.lateMs /= pictures;
  return seen;
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
}

describe("others who walk", () => {
  const calm = watch("calm.bin");
  const rough = watch("rough.bin");

  it("are where they were, on a quiet line", () => {
    expect(quantile(calm.near, 1)).toBeLessThan(0.01);
    expect(quantile(calm.all, 0.99)).toBeLessThan(0.1);
    expect(calm.lateMs).toBeLessThan(90);
  });

  it("never jump, with loss and jitter neither", () => {
    expect(calm.excessM).toBeLessThan(0.05);
    expect(rough.excessM).toBeLessThan(0.08);
  });

  it("are hardly anywhere else with 2 % loss and 80 ms of jitter, only later", () => {
    expect(quantile(rough.near, 0.99)).toBeLessThan(0.01);
    expect(quantile(rough.near, 1)).toBeLessThan(0.25);
    expect(quantile(rough.all, 0.99)).toBeLessThan(quantile(calm.all, 0.99) + 0.1);
    // The buffer holds the jitter, a little more, and never less.
    expect(rough.lateMs - calm.lateMs).toBeGreaterThan(50);
    expect(rough.lateMs - calm.lateMs).toBeLessThan(130);
  });
});

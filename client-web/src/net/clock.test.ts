import { describe, expect, it } from "vitest";
import { InputClock, PlayoutClock } from "./clock";

const TICKS_PER_S = 30;
const TICK_MS = 1_000 / TICKS_PER_S;

/** A seeded generator (mulberry32), so that a failure can be repeated. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Plays pictures at 60 Hz while snapshots arrive as `arrivalMs` says. */
function play(options: {
  ticks: number;
  arrivalMs(tick: number): number;
  picture(nowMs: number, playoutTick: number, newestTick: number): void;
}): PlayoutClock {
  const clock = new PlayoutClock(TICKS_PER_S);
  const arrivals = Array.from({ length: options.ticks }, (_, index) => ({
    tick: index + 1,
    atMs: options.arrivalMs(index + 1),
  })).sort((a, b) => a.atMs - b.atMs);
  let newest = 0;
  let next = 0;
  const endMs = options.ticks * TICK_MS;
  for (let nowMs = 0; nowMs < endMs; nowMs += 1_000 / 60) {
    for (; (arrivals[next]?.atMs ?? Number.POSITIVE_INFINITY) <= nowMs; next += 1) {
      const arrival = arrivals[next];
      if (arrival === undefined) break;
      clock.sample(arrival.tick, arrival.atMs);
      newest = Math.max(newest, arrival.tick);
    }
    const tick = clock.advance(nowMs);
    if (tick !== null) options.picture(nowMs, tick, newest);
  }
  return clock;
}

describe("the playout clock", () => {
  it("runs evenly and shortly behind on a quiet line", () => {
    let last: number | null = null;
    const clock = play({
      ticks: 300,
      arrivalMs: (tick) => tick * TICK_MS + 40,
      picture(nowMs, tick, newest) {
        if (nowMs > 2_000) {
          expect(newest - tick).toBeGreaterThan(0);
          expect(newest - tick).toBeLessThan(2.5);
          if (last !== null) expect(tick - last).toBeCloseTo(0.5, 1);
        }
        last = tick;
      },
    });
    expect(clock.bufferMs).toBeLessThan(60);
  });

  it("nearly always has the next snapshot under jitter, and never runs back", () => {
    const random = seeded(7);
    let last = 0;
    let pictures = 0;
    let starved = 0;
    play({
      ticks: 900,
      arrivalMs: (tick) => tick * TICK_MS + 40 + random() * 60,
      picture(nowMs, tick, newest) {
        expect(tick).toBeGreaterThanOrEqual(last);
        last = tick;
        if (nowMs < 3_000) return;
        pictures += 1;
        if (tick > newest) starved += 1;
      },
    });
    expect(starved / pictures).toBeLessThan(0.01);
  });

  it("grows its buffer fast when the line gets worse, and gives it back slowly", () => {
    const random = seeded(3);
    const buffers: number[] = [];
    const clock = new PlayoutClock(TICKS_PER_S);
    for (let tick = 1; tick <= 1_200; tick += 1) {
      const rough = tick > 300 && tick <= 330;
      clock.sample(tick, tick * TICK_MS + (rough ? random() * 150 : 0));
      buffers[tick] = clock.bufferMs;
    }
    expect(buffers[290]).toBeLessThan(50);
    expect(buffers[330]).toBeGreaterThan(120);
    // A second later most of it is still there; half a minute later it is not.
    expect(buffers[360]).toBeGreaterThan(90);
    expect(buffers[1_200]).toBeLessThan(60);
  });

  it("follows a server whose clock drifts", () => {
    const drift = 1.0005;
    play({
      ticks: 6_000,
      arrivalMs: (tick) => tick * TICK_MS * drift + 30,
      picture(nowMs, tick, newest) {
        if (nowMs < 3_000) return;
        expect(newest - tick).toBeGreaterThan(-0.5);
        expect(newest - tick).toBeLessThan(3);
      },
    });
  });

  it("takes the silence of an idle world neither for a slow pace nor for lateness", () => {
    const clock = new PlayoutClock(TICKS_PER_S);
    let nowMs = 0;
    const hear = (tick: number): void => {
      nowMs = tick * TICK_MS + 40;
      clock.sample(tick, nowMs);
      clock.advance(nowMs);
    };
    for (let tick = 1; tick <= 90; tick += 1) hear(tick);
    const before = clock.bufferMs;
    for (let tick = 105; tick <= 900; tick += 15) hear(tick);
    expect(clock.bufferMs).toBeLessThan(before + 5);
    expect(clock.intervalTicks).toBeCloseTo(1, 1);
    // When something happens again, it is shown as shortly after as before.
    hear(901);
    expect(901 - (clock.advance(nowMs) ?? 0)).toBeLessThan(2);
  });

  it("jumps after a long silence", () => {
    const clock = new PlayoutClock(TICKS_PER_S);
    for (let tick = 1; tick <= 60; tick += 1) clock.sample(tick, tick * TICK_MS);
    clock.advance(2_000);
    clock.sample(400, 60_000);
    const tick = clock.advance(60_010) ?? 0;
    expect(tick).toBeGreaterThan(396);
    expect(tick).toBeLessThan(401);
  });
});

/** A server that uses one input per tick and tells the lead, `oneWayMs` away each way. */
function steer(options: {
  seconds: number;
  startTick: number;
  upMs(sentMs: number): number;
  downMs(sentMs: number): number;
  serverTickMs?: number;
}): { leads: number[]; late: number; ticksPerPicture: number[] } {
  const serverTickMs = options.serverTickMs ?? TICK_MS;
  let clock = new InputClock(TICKS_PER_S, options.startTick, 0);
  const up: { atMs: number; tick: number }[] = [];
  const down: { atMs: number; tick: number; lead: number; onTime: boolean }[] = [];
  const leads: number[] = [];
  const ticksPerPicture: number[] = [];
  let late = 0;
  let serverTick = 0;
  let held = 0;
  let sent = Math.floor(options.startTick) - 1;
  for (let nowMs = 0; nowMs < options.seconds * 1_000; nowMs += 4) {
    while ((serverTick + 1) * serverTickMs <= nowMs) {
      serverTick += 1;
      const atMs = serverTick * serverTickMs;
      for (const message of up) if (message.atMs <= atMs) held = Math.max(held, message.tick);
      const onTime = held >= serverTick;
      if (nowMs > 10_000) {
        leads.push(held - serverTick);
        if (!onTime) late += 1;
      }
      down.push({
        atMs: atMs + options.downMs(atMs),
        tick: serverTick,
        lead: held - serverTick,
        onTime,
      });
    }
    for (const told of down.filter(({ atMs }) => atMs <= nowMs)) {
      if (clock.sample(told.tick, told.lead, told.onTime) === "lost") {
        clock = InputClock.start(TICKS_PER_S, told.tick, 60, nowMs);
      }
      down.splice(down.indexOf(told), 1);
    }
    if (nowMs % 16 !== 0) continue;
    const tick = Math.floor(clock.advance(nowMs));
    ticksPerPicture.push(tick - sent);
    if (tick > sent) up.push({ atMs: nowMs + options.upMs(nowMs), tick });
    sent = Math.max(sent, tick);
  }
  return { leads, late, ticksPerPicture };
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe("the input clock", () => {
  it("finds a lead of 2 to 4 ticks from any start", () => {
    for (const startTick of [1, 4, 12, 20]) {
      const { leads, late } = steer({ seconds: 30, startTick, upMs: () => 50, downMs: () => 50 });
      expect(late).toBe(0);
      expect(Math.min(...leads)).toBeGreaterThanOrEqual(2);
      expect(Math.max(...leads)).toBeLessThanOrEqual(5);
    }
  });

  it("catches up when it is hopelessly late", () => {
    const { leads } = steer({ seconds: 20, startTick: -60, upMs: () => 30, downMs: () => 30 });
    expect(Math.min(...leads)).toBeGreaterThanOrEqual(2);
  });

  it("keeps inputs in time under jitter", () => {
    const random = seeded(11);
    const jitter = (): number => 30 + random() * 45;
    const { leads, late } = steer({ seconds: 120, startTick: 6, upMs: jitter, downMs: jitter });
    expect(late / leads.length).toBeLessThan(0.002);
    expect(mean(leads)).toBeLessThan(7);
  });

  it("follows a server whose clock drifts, never skipping more than one tick", () => {
    for (const share of [0.999, 1.001]) {
      const { leads, late, ticksPerPicture } = steer({
        seconds: 120,
        startTick: 6,
        upMs: () => 40,
        downMs: () => 40,
        serverTickMs: TICK_MS * share,
      });
      expect(late).toBe(0);
      expect(mean(leads)).toBeGreaterThan(1.5);
      expect(mean(leads)).toBeLessThan(5.5);
      expect(Math.max(...ticksPerPicture.slice(700))).toBeLessThanOrEqual(1);
    }
  });
});

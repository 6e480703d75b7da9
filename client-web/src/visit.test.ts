import { describe, expect, it } from "vitest";
import { applyOperations, editable } from "./document/apply";
import type { Predictor } from "./predict/predictor";
import type { WorldDocument } from "./protocol/document";
import {
  decodeClientLatest,
  encodePacketHead,
  type OwnNote,
  type OwnState,
} from "./protocol/generated";
import type { Operation } from "./protocol/operation";
import type { Vec3 } from "./scene/view";
import { Visit } from "./visit";

const TICKS_PER_S = 30;
const TICK_MS = 1_000 / TICKS_PER_S;
const WAY_MS = 30;
const PERSON = 7;
const WORLD: WorldDocument = { version: 1, name: "field", title: "Field", objects: [] };

/** Rules in which everyone walks 0.1 m along x in each tick. */
function rules(): Predictor {
  const state: { position: Vec3; grounded: boolean } = { position: [0, 1, 0], grounded: true };
  let newest = 0;
  const place = (tick: number, own: OwnState): void => {
    newest = Math.max(newest, tick);
    state.position = [(own.positionM[0] ?? 0) + 0.1 * (newest - tick), 1, 0];
  };
  const predictor = {
    state,
    predict(tick: number) {
      newest = tick;
      state.position = [state.position[0] + 0.1, 1, 0];
    },
    reconcile(tick: number, own: OwnState) {
      place(tick, own);
      return false;
    },
    rewind(tick: number, own: OwnState) {
      newest = tick;
      place(tick, own);
    },
    setProxies() {},
  };
  return predictor as unknown as Predictor;
}

/** A server that uses one input per tick, and a page in front of it, with a way of 30 ms each. */
class Table {
  readonly visit: Visit;
  tick = 0;
  nowMs = 0;
  /** Time in which the server did not tick. */
  pausedMs = 0;
  /** Newest input that the server holds. */
  held = 0;
  readonly leads: number[] = [];
  #number = 0;
  readonly #down: { atMs: number; bytes: Uint8Array }[] = [];
  readonly #up: { atMs: number; bytes: Uint8Array }[] = [];

  constructor() {
    const entered = {
      kind: "entered" as const,
      world: "field",
      documentUrl: "/worlds/field.json",
      ticksPerS: TICKS_PER_S,
      substeps: 2,
      tick: 0,
      people: [],
      edits: 0,
    };
    this.visit = new Visit(entered, PERSON);
    this.visit.ready(WORLD, rules());
  }

  /** Lets time pass; the server ticks unless it pauses. `told`: in which ticks it says something. */
  run(ms: number, pauses = false, told: (tick: number) => boolean = () => true): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; this.nowMs += 4) {
      if (pauses) this.pausedMs += 4;
      while (!pauses && (this.tick + 1) * TICK_MS + this.pausedMs <= this.nowMs) this.#tick(told);
      take(this.#down, this.nowMs, (bytes) => this.visit.hear(bytes, 2 * WAY_MS, this.nowMs));
      const sent = this.visit.step(this.nowMs);
      if (sent !== null) this.#up.push({ atMs: this.nowMs + WAY_MS, bytes: sent });
    }
  }

  #tick(told: (tick: number) => boolean): void {
    this.tick += 1;
    take(this.#up, this.nowMs, (bytes) => {
      const { firstTick, inputs } = decodeClientLatest(bytes);
      const newest = firstTick + inputs.length - 1;
      // The server drops what lies too far ahead.
      if (newest <= this.tick + 30) this.held = Math.max(this.held, newest);
    });
    const leadTicks = Math.max(-128, Math.min(127, this.held - this.tick));
    this.leads.push(leadTicks);
    if (!told(this.tick)) return;
    const value: OwnState = {
      positionM: [this.tick / 10, 1, 0],
      velocityMps: [3, 0, 0],
      flags: 1,
      airborneTicks: 0,
      teleports: 1,
    };
    const own: OwnNote = { kind: "state", value };
    this.#number += 1;
    const head = {
      number: this.#number,
      era: 0,
      tick: this.tick,
      onTime: leadTicks >= 0,
      leadTicks,
    };
    this.#down.push({ atMs: this.nowMs + WAY_MS, bytes: encodePacketHead({ ...head, own }) });
  }
}

function take(
  queue: { atMs: number; bytes: Uint8Array }[],
  nowMs: number,
  hear: (bytes: Uint8Array) => void,
): void {
  while ((queue[0]?.atMs ?? Number.POSITIVE_INFINITY) <= nowMs) {
    const next = queue.shift();
    if (next !== undefined) hear(next.bytes);
  }
}

describe("a visit", () => {
  it("makes inputs that reach the server shortly before their tick", () => {
    const table = new Table();
    table.run(8_000);
    expect(Math.min(...table.leads.slice(-60))).toBeGreaterThanOrEqual(2);
    expect(Math.max(...table.leads.slice(-60))).toBeLessThanOrEqual(6);
  });

  it("is heard again at once when the server comes back from a pause of seconds", () => {
    for (const pauseMs of [1_000, 2_500, 6_000]) {
      const table = new Table();
      table.run(5_000);
      table.run(pauseMs, true);
      // Controls that are dead until the server has caught up would be so for the whole pause.
      table.run(500);
      const ahead = table.visit.inputTick - table.tick;
      expect(ahead, `${pauseMs} ms`).toBeGreaterThan(2);
      expect(ahead, `${pauseMs} ms`).toBeLessThan(12);
      table.run(1_000);
      expect(Math.min(...table.leads.slice(-15)), `${pauseMs} ms`).toBeGreaterThanOrEqual(0);
      expect(Math.max(...table.leads.slice(-15)), `${pauseMs} ms`).toBeLessThan(12);
    }
  });

  it("stays in time while the server says something twice a second", () => {
    const table = new Table();
    table.run(5_000);
    table.run(20_000, false, (tick) => tick % 15 === 0);
    expect(table.visit.stats.loss01()).toBe(0);
    expect(table.visit.bufferMs).toBeLessThan(80);
    table.run(2_000);
    expect(Math.min(...table.leads.slice(-45))).toBeGreaterThanOrEqual(2);
  });

  it("asks for everything anew when nothing can be built on", () => {
    const visit = new Table().visit;
    const head = { era: 0, onTime: true, leadTicks: 0, own: { kind: "untold" as const } };
    // A leaf whose baseline never came, after one packet that did.
    const block = [2, 3, 1, 0, 9];
    visit.hear(encodePacketHead({ ...head, number: 1, tick: 1 }), null, 0);
    const ack = (): number =>
      decodeClientLatest(visit.acknowledgement() ?? new Uint8Array()).ack.newest;
    expect(ack()).toBe(1);
    for (let number = 2; number < 40; number += 1) {
      const bytes = encodePacketHead({ ...head, number, tick: number });
      visit.hear(new Uint8Array([...bytes, ...block]), null, number * TICK_MS);
    }
    expect(ack()).toBe(0);
    visit.hear(encodePacketHead({ ...head, number: 40, tick: 40 }), null, 2_000);
    expect(ack()).toBe(40);
  });

  it("takes over edits: what is solid goes to the prediction, the rest only into the document", () => {
    const { visit } = new Table();
    const told: number[][] = [];
    const predictor = Object.assign(rules(), {
      edit: (_: WorldDocument, changed: Iterable<number>) => told.push([...changed]),
    });
    const document = editable({ ...WORLD, objects: [{ name: "a" }, { name: "b" }] });
    visit.ready(document, predictor);
    const edit = (...operations: Operation[]): void => {
      const edited = applyOperations(visit.document as WorldDocument, operations);
      visit.edit(edited.document, edited.changes);
    };
    edit({ rename: { object: 1, name: "c" } }, { title: { title: "Lawn", description: "" } });
    expect([visit.document?.objects[1]?.name, visit.document?.title]).toEqual(["c", "Lawn"]);
    expect(told).toEqual([]);
    edit({ create: { object: 5, value: {} } }, { rebase: { object: 0, blueprint: null } });
    edit({ settings: { gravity_mps2: [0, -2, 0] } });
    expect(told).toEqual([[5, 0], []]);
  });
});

import { beforeEach, describe, expect, it, vi } from "vitest";
import {
  type ClientMessage,
  decodeClientMessage,
  decodeHello,
  encodeServerMessage,
  type Hello,
  limits,
  type ServerMessage,
} from "../protocol/generated";
import { backOffMs, Session, type SessionState, type WorldMessage } from "./session";
import { storedToken } from "./token";
import type { Lane, Transport, TransportEvents } from "./transport";

const LOOK = { body: [1, 2, 3], accent: [4, 5, 6] };
const TOKEN = Array.from({ length: 16 }, (_, index) => index);
const KEY = Array.from({ length: 32 }, (_, index) => 200 - index);
const TICKET = Array.from({ length: 16 }, () => 9);

/** A transport whose other end is the test. */
class Wire implements Transport {
  readonly name = "websocket";
  readonly sent: { lane: Lane; bytes: Uint8Array }[] = [];
  closed = false;

  constructor(readonly events: TransportEvents) {}

  send(lane: Lane, bytes: Uint8Array): void {
    if (!this.closed) this.sent.push({ lane, bytes });
  }

  close(): void {
    this.closed = true;
  }

  tell(message: ServerMessage): void {
    this.events.message("reliable", encodeServerMessage(message));
  }

  /** Wishes after the handshake. */
  get wishes(): ClientMessage[] {
    return this.sent
      .slice(1)
      .filter(({ lane }) => lane === "reliable")
      .map(({ bytes }) => decodeClientMessage(bytes));
  }
}

/** A session in virtual time. */
class Scenario {
  nowMs = 1_000;
  wallMs = 50_000;
  readonly wires: Wire[] = [];
  readonly states: SessionState[] = [];
  readonly messages: WorldMessage[] = [];
  readonly frames: Uint8Array[] = [];
  readonly unsent: ClientMessage[] = [];
  tickets = 0;
  readonly storage = new Map<string, string>();
  readonly session: Session;
  #timers: { atMs: number; then: () => void }[] = [];

  constructor() {
    const storage = this.storage;
    this.session = new Session(
      {
        open: (events) => {
          const wire = new Wire(events);
          this.wires.push(wire);
          return wire;
        },
        now: () => this.nowMs,
        random: () => 0.5,
        after: (ms, then) => {
          const timer = { atMs: this.nowMs + ms, then };
          this.#timers.push(timer);
          return () => {
            this.#timers = this.#timers.filter((other) => other !== timer);
          };
        },
        tokens: storedToken(
          {
            getItem: (key) => storage.get(key) ?? null,
            setItem: (key, value) => void storage.set(key, value),
            removeItem: (key) => void storage.delete(key),
          },
          () => this.wallMs,
        ),
        key: () => KEY,
        ticket: async () => {
          this.tickets += 1;
          return TICKET;
        },
      },
      {
        changed: (state) => this.states.push(state),
        message: (message) => this.messages.push(message),
        frame: (bytes) => this.frames.push(bytes),
        unsent: (messages) => this.unsent.push(...messages),
      },
    );
  }

  get wire(): Wire {
    const wire = this.wires.at(-1);
    if (wire === undefined) throw new Error("nothing was opened");
    return wire;
  }

  /** Lets time pass, timers firing on their way. */
  pass(ms: number): void {
    const until = this.nowMs + ms;
    for (;;) {
      const next = this.#timers
        .filter(({ atMs }) => atMs <= until)
        .sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.wallMs += next.atMs - this.nowMs;
      this.nowMs = next.atMs;
      next.then();
    }
    this.wallMs += until - this.nowMs;
    this.nowMs = until;
  }

  arrive(resumed = false, taken = 0, told = 0): void {
    if (this.wire.sent.length === 0) this.wire.events.opened();
    const resume = TOKEN;
    this.wire.tell({
      kind: "accepted",
      person: 7,
      resume,
      resumeWindowS: 30,
      resumed,
      taken,
      told,
    });
  }

  /** The handshake of the newest connection. */
  get hello(): Hello {
    return decodeHello(this.wire.sent[0]?.bytes ?? new Uint8Array());
  }

  enter(): void {
    this.session.enter({ world: "plaza", name: "Ada", look: LOOK });
  }
}

let scenario: Scenario;

beforeEach(() => {
  scenario = new Scenario();
});

describe("a session", () => {
  it("greets with who comes and where to, and is present once accepted", () => {
    scenario.enter();
    expect(scenario.session.state).toEqual({ kind: "connecting", attempt: 1 });
    expect(scenario.wire.sent).toEqual([]);
    scenario.arrive();
    expect(scenario.hello).toEqual({
      world: "plaza",
      name: "Ada",
      look: LOOK,
      ticket: null,
      resume: null,
      key: KEY,
    });
    expect(scenario.session.state).toEqual({ kind: "present", resumed: false });
  });

  it("measures the round trip and keeps pongs to itself", () => {
    scenario.enter();
    scenario.arrive();
    const ping = scenario.wire.wishes.find(({ kind }) => kind === "ping");
    scenario.pass(80);
    scenario.wire.tell({ kind: "pong", nonce: ping?.kind === "ping" ? ping.nonce : 0 });
    expect(scenario.session.roundTripMs).toBe(80);
    scenario.wire.tell({ kind: "pong", nonce: 999 });
    expect(scenario.session.roundTripMs).toBe(80);
    expect(scenario.messages).toEqual([]);
  });

  it("comes back with its token, to the world that it was last in", () => {
    scenario.enter();
    scenario.arrive();
    scenario.wire.tell({
      kind: "entered",
      world: "garden",
      documentUrl: "/worlds/garden.json",
      ticksPerS: 30,
      substeps: 2,
      tick: 5,
      people: [],
      edits: 0,
    });
    scenario.wire.events.closed(1006, "");
    expect(scenario.session.state.kind).toBe("waiting");
    scenario.pass(1_000);
    expect(scenario.wires).toHaveLength(2);
    scenario.arrive(true, 0, 1);
    expect(scenario.hello.resume).toEqual({ token: TOKEN, taken: 1 });
    expect(scenario.hello.world).toBe("garden");
    expect(scenario.session.state).toEqual({ kind: "present", resumed: true });
  });

  it("forgets the token when the avatar is surely gone", () => {
    scenario.enter();
    scenario.arrive();
    scenario.wire.events.closed(1006, "");
    scenario.wallMs += 61_000;
    scenario.pass(10_000);
    scenario.wire.events.opened();
    expect(scenario.hello.resume).toBeNull();
  });

  it("still shows the token when the network was away almost as long as the avatar waits", () => {
    scenario.enter();
    scenario.arrive();
    scenario.wire.events.closed(1006, "");
    scenario.wallMs += 40_000;
    scenario.pass(10_000);
    scenario.wire.events.opened();
    expect(scenario.hello.resume).not.toBeNull();
  });

  it("waits longer after each failure, and not so long after a steady time", () => {
    scenario.enter();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      scenario.wire.events.closed(1006, "");
      const state = scenario.session.state;
      if (state.kind !== "waiting") throw new Error(state.kind);
      waits.push(state.retryAtMs - scenario.nowMs);
      scenario.pass(state.retryAtMs - scenario.nowMs);
    }
    expect(waits).toEqual([450, 900, 1_800, 2_250, 2_250, 2_250, 2_250, 2_250]);
    scenario.arrive();
    for (let second = 0; second < 6; second += 1) {
      scenario.pass(1_000);
      scenario.wire.events.message("latest", new Uint8Array([1]));
    }
    scenario.wire.events.closed(1006, "");
    const state = scenario.session.state;
    expect(state.kind === "waiting" && state.retryAtMs - scenario.nowMs).toBe(0);
  });

  it("tries at once when asked to", () => {
    scenario.enter();
    scenario.wire.events.closed(1006, "");
    scenario.session.retryNow();
    expect(scenario.wires).toHaveLength(2);
    scenario.pass(60_000);
    // The timer of the wait does not open another one beside it.
    expect(scenario.wires.filter((wire) => !wire.closed).length).toBeLessThanOrEqual(1);
  });

  it("does not try again when that cannot help", () => {
    for (const reason of ["versionMismatch", "unknownWorld", "resumedElsewhere"] as const) {
      const one = new Scenario();
      one.enter();
      one.wire.events.opened();
      one.wire.tell({ kind: "closed", reason, detail: "" });
      expect(one.session.state).toEqual({ kind: "ended", trouble: reason });
      one.pass(120_000);
      expect(one.wires).toHaveLength(1);
    }
  });

  it("reads the reason from the close code when the message was lost", () => {
    scenario.enter();
    scenario.wire.events.opened();
    scenario.wire.events.closed(4_007, "this world is full");
    expect(scenario.session.state).toEqual({ kind: "ended", trouble: "worldFull" });
  });

  it("notices a server that has gone silent, though nothing was closed", () => {
    scenario.enter();
    scenario.arrive();
    scenario.pass(2_400);
    expect(scenario.session.state.kind).toBe("present");
    scenario.pass(1_500);
    expect(scenario.states.some((state) => state.kind === "waiting")).toBe(true);
    expect(scenario.wires[0]?.closed).toBe(true);
  });

  it("does not take its own sleep for the silence of the server", () => {
    scenario.enter();
    scenario.arrive();
    scenario.pass(1_000);
    // The page is busy for a long time; its timers and what was received come together after that.
    scenario.nowMs += 8_000;
    scenario.session.beat();
    expect(scenario.session.state.kind).toBe("present");
    scenario.pass(3_500);
    expect(scenario.states.some((state) => state.kind === "waiting")).toBe(true);
  });

  it("gives up a connection that never opens", () => {
    scenario.enter();
    scenario.pass(6_000);
    expect(scenario.session.state).toMatchObject({ kind: "waiting", trouble: "unreachable" });
  });

  it("ignores what an old connection still says", () => {
    scenario.enter();
    scenario.arrive();
    const old = scenario.wire;
    old.events.closed(1006, "");
    scenario.pass(1_000);
    scenario.arrive();
    old.events.message("latest", new Uint8Array([1]));
    old.events.closed(1006, "");
    expect(scenario.frames).toEqual([]);
    expect(scenario.session.state.kind).toBe("present");
  });

  it("ends with a reload offered when it cannot read the server", () => {
    scenario.enter();
    scenario.wire.events.opened();
    scenario.wire.events.message("reliable", new Uint8Array([255, 255]));
    expect(scenario.session.state).toEqual({ kind: "ended", trouble: "unreadable" });
  });

  it("says goodbye and forgets when it leaves", () => {
    scenario.enter();
    scenario.arrive();
    const wire = scenario.wire;
    scenario.session.leave();
    expect(wire.wishes.at(-1)).toEqual({ kind: "bye" });
    expect(wire.closed).toBe(true);
    expect(scenario.storage.size).toBe(0);
    expect(scenario.session.state).toEqual({ kind: "idle" });
  });
});

const HEARD: ServerMessage = { kind: "heard", person: 2, text: "hello" };

function say(text: string): ClientMessage {
  return { kind: "say", text };
}

function said(wire: Wire): string[] {
  return wire.wishes.flatMap((wish) => (wish.kind === "say" ? [wish.text] : []));
}

describe("what must arrive exactly once", () => {
  it("is confirmed after a second, when much came, and with each new connection", () => {
    const counts = (): number[] =>
      scenario.wire.wishes.flatMap((wish) => (wish.kind === "taken" ? [wish.count] : []));
    scenario.enter();
    scenario.arrive();
    expect(counts()).toEqual([0]);
    scenario.wire.tell(HEARD);
    scenario.wire.tell({ kind: "pong", nonce: 1 });
    expect(counts()).toEqual([0]);
    scenario.pass(1_000);
    expect(counts()).toEqual([0, 1]);
    scenario.wire.tell(HEARD);
    for (let heard = 1; heard < limits.untakenMessagesMax; heard += 1) scenario.wire.tell(HEARD);
    expect(counts()).toEqual([0, 1, 1 + limits.untakenMessagesMax]);
  });

  it("goes out again over the next connection as far as the server did not take it in", () => {
    scenario.enter();
    scenario.arrive();
    for (const text of ["one", "two", "three"]) scenario.session.send(say(text));
    scenario.wire.tell({ kind: "taken", count: 1 });
    scenario.wire.events.closed(1006, "");
    expect(scenario.session.send(say("while away"))).toBe(true);
    expect(scenario.session.send({ kind: "ping", nonce: 1 })).toBe(false);
    scenario.pass(1_000);
    scenario.arrive(true, 2, 0);
    expect(said(scenario.wire)).toEqual(["three", "while away"]);
    expect(scenario.unsent).toEqual([]);
  });

  it("is told as doubtful when another session begins", () => {
    scenario.enter();
    scenario.arrive();
    scenario.session.send(say("did you hear that?"));
    scenario.wire.events.closed(1006, "");
    scenario.pass(1_000);
    scenario.arrive(false);
    expect(said(scenario.wire)).toEqual([]);
    expect(scenario.unsent).toEqual([say("did you hear that?")]);
    scenario.session.send(say("anew"));
    expect(said(scenario.wire)).toEqual(["anew"]);
  });

  it("is not more than may wait", () => {
    scenario.enter();
    scenario.arrive();
    for (let n = 0; n < limits.clientUntakenMessagesMax; n += 1) {
      expect(scenario.session.send(say(`${n}`))).toBe(true);
    }
    expect(scenario.session.send(say("too much"))).toBe(false);
    scenario.wire.tell({ kind: "taken", count: 1 });
    expect(scenario.session.send(say("room again"))).toBe(true);
  });

  it("is told anew to a page that was loaded again", () => {
    scenario.storage.set(
      "vivarium.resume",
      JSON.stringify({ token: TOKEN, windowS: 30, touchedMs: scenario.wallMs }),
    );
    scenario.enter();
    scenario.arrive(true, 5, 12);
    expect(scenario.hello.resume).toEqual({ token: TOKEN, taken: null });
    scenario.wire.tell(HEARD);
    scenario.session.send(say("sixth"));
    scenario.wire.events.closed(1006, "");
    scenario.pass(1_000);
    scenario.arrive(true, 6, 13);
    expect(scenario.hello.resume).toEqual({ token: TOKEN, taken: 13 });
    expect(said(scenario.wire)).toEqual([]);
  });

  it("survives connections that are cut at any moment, on either side", () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const one = new Scenario();
      const random = seeded(seed);
      /** The server: what it took in, and what it told. */
      const server = { heard: [] as string[], told: 0, confirmed: 0, read: 1 };
      const cut = (): void => {
        one.wire.events.closed(1006, "");
        while (one.session.state.kind === "waiting") one.pass(500);
        one.wire.events.opened();
        const taken = one.hello.resume?.taken ?? 0;
        expect(taken).toBe(one.messages.length);
        one.arrive(true, server.heard.length, taken);
        server.read = 1;
        for (let n = taken; n < server.told; n += 1) one.wire.tell(heardNo(n));
      };
      one.enter();
      one.arrive();
      for (let step = 0; step < 200; step += 1) {
        const what = random();
        if (what < 0.3) one.session.send(say(`${step}`));
        else if (what < 0.6) {
          // Lost on the way when the connection breaks before it arrives.
          if (random() < 0.8) one.wire.tell(heardNo(server.told));
          else {
            server.told += 1;
            cut();
            continue;
          }
          server.told += 1;
        } else if (what < 0.9) {
          const next = one.wire.sent[server.read];
          if (next !== undefined) {
            server.read += 1;
            const wish = decodeClientMessage(next.bytes);
            if (wish.kind === "say") server.heard.push(wish.text);
            if (random() < 0.3) one.wire.tell({ kind: "taken", count: server.heard.length });
          }
        } else cut();
      }
      cut();
      for (const { bytes } of one.wire.sent.slice(server.read)) {
        const wish = decodeClientMessage(bytes);
        if (wish.kind === "say") server.heard.push(wish.text);
      }
      const sorted = [...new Set(server.heard)].sort((a, b) => Number(a) - Number(b));
      expect(server.heard).toEqual(sorted);
      expect(one.messages).toEqual(Array.from({ length: server.told }, (_, n) => heardNo(n)));
    }
  });
});

function heardNo(n: number): ServerMessage & WorldMessage {
  return { kind: "heard", person: 2, text: `${n}` };
}

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

describe("a server that asks for tickets", () => {
  it("gets one after it said so, and none on a return", async () => {
    scenario.enter();
    scenario.wire.events.opened();
    expect(scenario.hello.ticket).toBeNull();
    scenario.wire.tell({ kind: "closed", reason: "badTicket", detail: "" });
    scenario.pass(1_000);
    scenario.wire.events.opened();
    expect(scenario.wire.sent).toEqual([]);
    await vi.waitFor(() => expect(scenario.wire.sent).toHaveLength(1));
    expect(scenario.hello.ticket).toEqual(TICKET);
    scenario.arrive();
    scenario.wire.events.closed(1006, "");
    scenario.pass(1_000);
    scenario.wire.events.opened();
    expect(scenario.hello).toMatchObject({ ticket: null, resume: { token: TOKEN } });
    expect(scenario.tickets).toBe(1);
  });
});

describe("backOffMs", () => {
  it("doubles, is capped, and leaves half to chance", () => {
    expect(backOffMs(0, 0)).toBe(150);
    expect(backOffMs(0, 1)).toBe(300);
    expect(backOffMs(3, 1)).toBe(2_400);
    expect(backOffMs(40, 1)).toBe(3_000);
    expect(backOffMs(40, 0)).toBe(1_500);
  });
});

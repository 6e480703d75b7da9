import { beforeEach, describe, expect, it, vi } from "vitest";
import { forcedRoad, roadMemory } from "./map";
import { Roads } from "./roads";
import type { Lane, OpenTransport, Transport, TransportEvents, TransportName } from "./transport";

/** A road whose other end is the test. */
class Road implements Transport {
  closed = false;
  readonly sent: Lane[] = [];
  constructor(
    readonly name: TransportName,
    readonly events: TransportEvents,
  ) {}
  send(lane: Lane): void {
    this.sent.push(lane);
  }
  close(): void {
    this.closed = true;
  }
}

class Scenario {
  nowMs = 0;
  lists = 0;
  readonly roads: Road[] = [];
  readonly told: string[] = [];
  remembered: TransportName | null = null;
  has: readonly TransportName[] = ["webtransport", "webrtc", "websocket"];
  #timers: { atMs: number; then: () => void }[] = [];
  readonly race: Roads;

  constructor(forced: TransportName | null = null) {
    this.race = new Roads({
      list: async () => {
        this.lists += 1;
        const opener = (name: TransportName): OpenTransport => {
          return (events) => {
            const road = new Road(name, events);
            this.roads.push(road);
            return road;
          };
        };
        return Object.fromEntries(this.has.map((name) => [name, opener(name)]));
      },
      now: () => this.nowMs,
      after: (ms, then) => {
        const timer = { atMs: this.nowMs + ms, then };
        this.#timers.push(timer);
        return () => {
          this.#timers = this.#timers.filter((other) => other !== timer);
        };
      },
      remembered: () => this.remembered,
      remember: (name) => {
        this.remembered = name;
      },
      forced,
    });
  }

  async open(): Promise<Transport> {
    this.roads.splice(0);
    const transport = this.race.open({
      opened: () => this.told.push("opened"),
      message: (lane) => this.told.push(lane),
      closed: (code) => this.told.push(`closed ${code}`),
    });
    await vi.waitFor(() => expect(this.roads.length + this.told.length).toBeGreaterThan(0));
    return transport;
  }

  pass(ms: number): void {
    this.nowMs += ms;
    const due = this.#timers.filter(({ atMs }) => atMs <= this.nowMs);
    this.#timers = this.#timers.filter(({ atMs }) => atMs > this.nowMs);
    for (const { then } of due) then();
  }

  get tried(): TransportName[] {
    return this.roads.map(({ name }) => name);
  }

  at(name: TransportName): Road {
    const road = this.roads.find((one) => one.name === name);
    if (road === undefined) throw new Error(`${name} was not tried`);
    return road;
  }
}

let scenario: Scenario;

beforeEach(() => {
  scenario = new Scenario();
});

describe("the race of roads", () => {
  it("takes the best one when it opens in time, and tries no other", async () => {
    const transport = await scenario.open();
    scenario.pass(100);
    scenario.at("webtransport").events.opened();
    scenario.pass(10_000);
    expect(scenario.tried).toEqual(["webtransport"]);
    expect(scenario.told).toEqual(["opened"]);
    expect(transport.name).toBe("webtransport");
    transport.send("latest", new Uint8Array());
    expect(scenario.at("webtransport").sent).toEqual(["latest"]);
  });

  it("tries the next beside it after a head start, and closes whoever comes later", async () => {
    const transport = await scenario.open();
    scenario.pass(700);
    scenario.pass(700);
    expect(scenario.tried).toEqual(["webtransport", "webrtc", "websocket"]);
    scenario.at("websocket").events.opened();
    expect(transport.name).toBe("websocket");
    expect(scenario.at("webtransport").closed).toBe(true);
    expect(scenario.at("webrtc").closed).toBe(true);
    scenario.at("webtransport").events.opened();
    scenario.at("webtransport").events.message("latest", new Uint8Array());
    scenario.at("webrtc").events.closed(1006, "");
    expect(scenario.told).toEqual(["opened"]);
  });

  it("tries the next at once when one is refused, and fails when all are", async () => {
    await scenario.open();
    scenario.at("webtransport").events.closed(1006, "");
    expect(scenario.tried).toEqual(["webtransport", "webrtc"]);
    scenario.at("webrtc").events.closed(1006, "");
    scenario.at("websocket").events.closed(1006, "");
    expect(scenario.told).toEqual(["closed 1006"]);
    await scenario.open();
    expect(scenario.lists).toBe(2);
  });

  it("begins with what worked last", async () => {
    scenario.remembered = "websocket";
    await scenario.open();
    scenario.at("websocket").events.opened();
    scenario.pass(10_000);
    expect(scenario.tried).toEqual(["websocket"]);
  });

  it("moves to another road for a while when one is in trouble", async () => {
    let transport = await scenario.open();
    scenario.at("webtransport").events.opened();
    scenario.at("webtransport").events.closed(1006, "");
    transport = await scenario.open();
    expect(scenario.tried).toEqual(["webrtc"]);
    scenario.at("webrtc").events.opened();
    // Silent, as the session finds out.
    transport.distrust?.();
    transport.close();
    await scenario.open();
    expect(scenario.tried).toEqual(["websocket"]);
    scenario.at("websocket").events.opened();
    expect(scenario.remembered).toBe("webtransport");
    scenario.pass(60_000);
    await scenario.open();
    expect(scenario.tried).toEqual(["webtransport"]);
  });

  it("asks again for a list that held the one road that every server has", async () => {
    const all = scenario.has;
    scenario.has = ["websocket"];
    await scenario.open();
    scenario.at("websocket").events.opened();
    scenario.at("websocket").events.closed(1006, "");
    scenario.has = all;
    await scenario.open();
    expect(scenario.lists).toBe(2);
    expect(scenario.tried).toEqual(["webtransport"]);
  });

  it("asks again when the only road that may be taken was not in the list", async () => {
    scenario = new Scenario("webtransport");
    const all = scenario.has;
    scenario.has = ["webrtc", "websocket"];
    await scenario.open();
    expect(scenario.told).toEqual(["closed 1006"]);
    scenario.has = all;
    await scenario.open();
    expect(scenario.tried).toEqual(["webtransport"]);
  });

  it("does not distrust a road over which the server said goodbye", async () => {
    await scenario.open();
    scenario.at("webtransport").events.opened();
    scenario.at("webtransport").events.closed(4_014, "restarting");
    await scenario.open();
    expect(scenario.tried).toEqual(["webtransport"]);
  });

  it("takes the one that is asked for, or none", async () => {
    scenario = new Scenario("websocket");
    await scenario.open();
    scenario.at("websocket").events.closed(1006, "");
    expect(scenario.tried).toEqual(["websocket"]);
    expect(scenario.told).toEqual(["closed 1006"]);
    scenario = new Scenario("webrtc");
    scenario.has = ["websocket"];
    await scenario.open();
    expect(scenario.told).toEqual(["closed 1006"]);
  });

  it("closes what runs when it is closed", async () => {
    const transport = await scenario.open();
    scenario.pass(700);
    transport.close();
    expect(scenario.roads.map(({ closed }) => closed)).toEqual([true, true]);
    scenario.at("webrtc").events.opened();
    expect(scenario.told).toEqual([]);
  });
});

describe("what is kept of roads", () => {
  it("is a known name in the page's address", () => {
    expect(forcedRoad("?transport=websocket")).toBe("websocket");
    expect(forcedRoad("?transport=pigeon")).toBeNull();
    expect(forcedRoad("")).toBeNull();
  });

  it("is what worked within a day", () => {
    const kept = new Map<string, string>();
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    };
    let now = 1_000;
    const memory = roadMemory(
      () => storage,
      () => now,
    );
    expect(memory.remembered()).toBeNull();
    memory.remember("webtransport");
    expect(memory.remembered()).toBe("webtransport");
    now += 24 * 3_600_000;
    expect(memory.remembered()).toBeNull();
    const forbidden = roadMemory(
      () => {
        throw new Error("forbidden");
      },
      () => now,
    );
    forbidden.remember("websocket");
    expect(forbidden.remembered()).toBeNull();
  });
});

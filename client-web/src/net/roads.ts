/**
 * Which transport carries the session: those that this browser and the server have are tried side by
 * side, the better ones with a head start, and the first that opens wins.
 *
 * Remembers what worked, and what was in trouble lately. Takes time, the list and the openers from
 * its ports, and knows no transport by more than its name.
 */
import type { OpenTransport, Transport, TransportEvents, TransportName } from "./transport";

/** The better ones first. */
export const PREFERENCE: readonly TransportName[] = ["webtransport", "webrtc", "websocket"];

/** Time (ms) that each road has before the next one is tried beside it. */
const HEAD_START_MS = 700;
/** A road that was in trouble is tried last for so long, ms. */
const DISTRUST_MS = 60_000;
/** What a connection without a reason of the server ends with. */
const LOST = 1006;

export interface RoadsPorts {
  /** Where each road begins, as far as the server and this browser have it. */
  list(): Promise<Partial<Record<TransportName, OpenTransport>>>;
  /** Milliseconds on a clock that never jumps. */
  now(): number;
  /** Calls `then` after `ms`; the result cancels. */
  after(ms: number, then: () => void): () => void;
  /** The road that worked last, also in earlier visits. */
  remembered(): TransportName | null;
  remember(name: TransportName): void;
  /** The only one that is tried. */
  forced: TransportName | null;
}

export class Roads {
  readonly #ports: RoadsPorts;
  #listed: Promise<Partial<Record<TransportName, OpenTransport>>> | null = null;
  readonly #distrusted = new Map<TransportName, number>();

  constructor(ports: RoadsPorts) {
    this.#ports = ports;
  }

  /** Begins a connection over whichever road opens first. */
  readonly open: OpenTransport = (events) => {
    this.#listed ??= this.#ports.list();
    return new Race(this.#ports, this, this.#listed, events);
  };

  /** In which order to try them. */
  order(names: readonly TransportName[]): TransportName[] {
    const { forced } = this.#ports;
    if (forced !== null) return names.filter((name) => name === forced);
    const now = this.#ports.now();
    const remembered = this.#ports.remembered();
    const rank = (name: TransportName): number => {
      const troubled = (this.#distrusted.get(name) ?? Number.NEGATIVE_INFINITY) > now;
      // What is distrusted comes after all others, be it remembered or not.
      const last = troubled ? 2 * PREFERENCE.length : 0;
      return last + (name === remembered ? -1 : PREFERENCE.indexOf(name));
    };
    return [...names].sort((a, b) => rank(a) - rank(b));
  }

  /** It won. Not worth remembering when only trouble of a better one made it win. */
  worked(name: TransportName): void {
    const now = this.#ports.now();
    const better = PREFERENCE.slice(0, PREFERENCE.indexOf(name));
    const troubled = better.some((other) => (this.#distrusted.get(other) ?? now) > now);
    if (!troubled) this.#ports.remember(name);
  }

  /** It broke, or fell silent: others come first for a while. */
  distrust(name: TransportName): void {
    this.#distrusted.set(name, this.#ports.now() + DISTRUST_MS);
  }

  /** The list may be out of date: certificates change. */
  doubt(): void {
    this.#listed = null;
  }
}

class Race implements Transport {
  readonly #ports: RoadsPorts;
  readonly #roads: Roads;
  readonly #events: TransportEvents;
  #waiting: TransportName[] = [];
  readonly #running = new Map<TransportName, Transport>();
  #winner: Transport | null = null;
  #over = false;
  #cancel: () => void = () => {};

  constructor(
    ports: RoadsPorts,
    roads: Roads,
    listed: Promise<Partial<Record<TransportName, OpenTransport>>>,
    events: TransportEvents,
  ) {
    this.#ports = ports;
    this.#roads = roads;
    this.#events = events;
    listed.then(
      (openers) => this.#begin(openers),
      () => this.#begin({}),
    );
  }

  get name(): TransportName {
    return this.#winner?.name ?? this.#waiting[0] ?? "websocket";
  }

  send(lane: "reliable" | "latest", bytes: Uint8Array<ArrayBuffer>): void {
    this.#winner?.send(lane, bytes);
  }

  close(): void {
    this.#over = true;
    this.#cancel();
    for (const transport of this.#running.values()) transport.close();
    this.#running.clear();
  }

  distrust(): void {
    if (this.#winner !== null) this.#roads.distrust(this.#winner.name);
  }

  #begin(openers: Partial<Record<TransportName, OpenTransport>>): void {
    if (this.#over) return;
    const names = Object.keys(openers) as TransportName[];
    // Most often the server could not be asked for the others: ask again next time.
    if (names.length < 2) this.#roads.doubt();
    this.#waiting = this.#roads.order(names);
    this.#next(openers);
  }

  /** Tries the next road beside those that run. */
  #next(openers: Partial<Record<TransportName, OpenTransport>>): void {
    this.#cancel();
    if (this.#over || this.#winner !== null) return;
    const name = this.#waiting.shift();
    const open = name === undefined ? undefined : openers[name];
    if (name === undefined || open === undefined) {
      if (this.#running.size === 0) {
        this.#roads.doubt();
        this.#end(LOST, "no road leads to the server");
      }
      return;
    }
    this.#cancel = this.#ports.after(HEAD_START_MS, () => this.#next(openers));
    const transport = open({
      opened: () => this.#opened(name),
      message: (lane, bytes) => {
        if (this.#winner?.name === name && !this.#over) this.#events.message(lane, bytes);
      },
      closed: (code, detail) => this.#closed(name, code, detail, openers),
    });
    if (this.#over) transport.close();
    else this.#running.set(name, transport);
  }

  #opened(name: TransportName): void {
    const winner = this.#running.get(name);
    if (this.#over || this.#winner !== null || winner === undefined) return;
    this.#winner = winner;
    this.#cancel();
    for (const [other, transport] of this.#running) {
      if (other !== name) transport.close();
    }
    this.#roads.worked(name);
    this.#events.opened();
  }

  #closed(
    name: TransportName,
    code: number,
    detail: string,
    openers: Partial<Record<TransportName, OpenTransport>>,
  ): void {
    if (this.#over) return;
    if (this.#winner !== null) {
      if (this.#winner.name !== name) return;
      if (code < 4_000) this.#roads.distrust(name);
      this.#end(code, detail);
      return;
    }
    this.#running.delete(name);
    this.#roads.doubt();
    this.#next(openers);
  }

  #end(code: number, detail: string): void {
    this.#over = true;
    this.#events.closed(code, detail);
  }
}

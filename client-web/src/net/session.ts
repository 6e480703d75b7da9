/**
 * One visit to a server, over as many connections as it takes.
 *
 *     idle --enter--> connecting --Accepted--> present --lost--> waiting --timer--> connecting
 *                          |                      |                 |
 *                          +------ a reason that waiting cannot heal +--> ended
 *
 * Owns the handshake, the resume token, the round trip, what must arrive exactly once, and when to
 * try again. Invariants: at most one transport is open; what is wished while none is goes out once
 * one is again. It never looks into packets, and takes time and chance from its ports.
 */
import {
  type ClientMessage,
  decodeServerMessage,
  encodeClientMessage,
  encodeHello,
  type Look,
  limits,
  type ServerMessage,
} from "../protocol/generated";
import { Deliveries, isNumbered, type NumberedServerMessage } from "./deliveries";
import type { TokenStore } from "./token";
import type { OpenTransport, Transport, TransportName } from "./transport";
import { remedyFor, type Trouble, troubleOf } from "./trouble";

export type SessionState =
  | { kind: "idle" }
  | { kind: "connecting"; attempt: number }
  | { kind: "present"; resumed: boolean }
  | { kind: "waiting"; attempt: number; retryAtMs: number; trouble: Trouble }
  | { kind: "ended"; trouble: Trouble };

/** Messages that the session does not keep to itself. */
export type WorldMessage = NumberedServerMessage;

export interface SessionEvents {
  changed(state: SessionState): void;
  message(message: WorldMessage): void;
  frame(bytes: Uint8Array): void;
  /** The session could not go on, and nobody knows whether these arrived. */
  unsent(messages: readonly ClientMessage[]): void;
}

/** What the session needs of the world around it. */
export interface SessionPorts {
  open: OpenTransport;
  /** Milliseconds on a clock that never jumps. */
  now(): number;
  /** From 0 to below 1. */
  random(): number;
  /** Calls `then` after `ms`; the result cancels. */
  after(ms: number, then: () => void): () => void;
  tokens: TokenStore;
  /** The secret by which this device is known. */
  key(): number[];
  /** Says who comes, where the server asks for it; null when there is none to be had. */
  ticket(): Promise<number[] | null>;
}

/** Who comes, and where to. */
export interface Visit {
  world: string;
  name: string;
  look: Look;
}

const PING_EVERY_MS = 1_000;
/** A server that is there says something all the time, be it only the answer to a ping. */
const SILENCE_MS_MAX = 2_500;
/** A longer time between two beats means that the page did not run. */
const ASLEEP_MS = 2 * PING_EVERY_MS;
const HANDSHAKE_MS_MAX = 6_000;
const RETRY_FIRST_MS = 300;
/** Short against the server's window, so that an avatar that waits is reached in time. */
const RETRY_MS_MAX = 3_000;
/** A connection that held this long starts the back-off anew. */
const STEADY_MS = 5_000;
/** Pings whose answer is still awaited; older ones count as lost. */
const PINGS_OPEN_MAX = 8;
/** Weight of the newest round trip in the smoothed one. */
const ROUND_TRIP_WEIGHT = 0.2;

export class Session {
  readonly #ports: SessionPorts;
  readonly #events: SessionEvents;
  #state: SessionState = { kind: "idle" };
  #visit: Visit | null = null;
  #transport: Transport | null = null;
  /** Counts connections, so that a late event of an old one is known as such. */
  #generation = 0;
  #attempt = 0;
  #cancelTimer: () => void = () => {};
  #cancelPing: () => void = () => {};
  #lastHeardMs = 0;
  #lastBeatMs = 0;
  #presentSinceMs = 0;
  #lastPingMs = 0;
  #nonce = 0;
  #pings = new Map<number, number>();
  #roundTripMs: number | null = null;
  readonly #deliveries = new Deliveries();
  /** Whether this page has followed the session; after a reload it has only the token. */
  #knows = false;
  #needsTicket = false;
  #person: number | null = null;

  constructor(ports: SessionPorts, events: SessionEvents) {
    this.#ports = ports;
    this.#events = events;
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Smoothed round trip of the reliable lane; null before the first answer. */
  get roundTripMs(): number | null {
    return this.#roundTripMs;
  }

  /** Who this is on the server; null before it said so. */
  get person(): number | null {
    return this.#person;
  }

  get transport(): TransportName | null {
    return this.#transport?.name ?? null;
  }

  /** Comes in, as the avatar of an earlier connection when it still waits. */
  enter(visit: Visit): void {
    this.#visit = visit;
    this.#attempt = 0;
    this.#knows = false;
    this.#deliveries.begin();
    this.#connect();
  }

  /** What the next handshake says; the session goes on as it is. */
  become(change: Partial<Visit>): void {
    if (this.#visit !== null) this.#visit = { ...this.#visit, ...change };
  }

  /** Tries again now instead of later; also the way back after `ended`. */
  retryNow(): void {
    if (this.#visit === null) return;
    if (this.#state.kind === "waiting" || this.#state.kind === "ended") this.#connect();
  }

  /** Leaves for good: the avatar goes at once. */
  leave(): void {
    this.send({ kind: "bye" });
    this.#ports.tokens.forget();
    this.#drop();
    this.#visit = null;
    this.#become({ kind: "idle" });
  }

  /**
   * Sends a wish, now or once the connection is back; false when nobody will hear it, or when too
   * many wait.
   */
  send(message: ClientMessage): boolean {
    const { kind } = this.#state;
    if (kind === "idle" || kind === "ended") return false;
    if (isNumbered(message) && !this.#deliveries.keep(message)) return false;
    if (kind !== "present" || this.#transport === null) return isNumbered(message);
    this.#transport.send("reliable", encodeClientMessage(message));
    return true;
  }

  /** Sends an encoded `ClientLatest`; dropped when nobody is there. */
  sendLatest(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#state.kind === "present") this.#transport?.send("latest", bytes);
  }

  /**
   * Keeps the session alive. Driven by a timer here and by whoever hears packets, since browsers
   * slow the timers of hidden pages down to one a minute.
   */
  beat(): void {
    if (this.#state.kind !== "present") return;
    const now = this.#ports.now();
    // A page that was busy or asleep has not listened: what came meanwhile still waits to be read.
    if (now - this.#lastBeatMs > ASLEEP_MS) this.#lastHeardMs = now;
    this.#lastBeatMs = now;
    if (now - this.#lastHeardMs > SILENCE_MS_MAX) {
      this.#lost("silent");
      return;
    }
    if (now - this.#lastPingMs < PING_EVERY_MS) return;
    this.#lastPingMs = now;
    this.#nonce += 1;
    this.#pings.set(this.#nonce, now);
    if (this.#pings.size > PINGS_OPEN_MAX) this.#pings.delete(this.#nonce - PINGS_OPEN_MAX);
    this.send({ kind: "ping", nonce: this.#nonce });
    if (this.#deliveries.untold > 0) this.#tellTaken();
    this.#ports.tokens.touch();
  }

  #connect(): void {
    this.#drop();
    this.#generation += 1;
    this.#attempt += 1;
    const generation = this.#generation;
    const mine = (act: () => void): void => {
      if (generation === this.#generation) act();
    };
    this.#become({ kind: "connecting", attempt: this.#attempt });
    this.#cancelTimer = this.#ports.after(HANDSHAKE_MS_MAX, () =>
      mine(() => this.#lost("unreachable")),
    );
    this.#transport = this.#ports.open({
      opened: () => mine(() => this.#greet()),
      message: (lane, bytes) =>
        mine(() => {
          this.#lastHeardMs = this.#ports.now();
          if (lane === "reliable") this.#hear(bytes);
          else if (this.#state.kind === "present") this.#events.frame(bytes);
        }),
      closed: (code) => mine(() => this.#lost(troubleOf(code))),
    });
  }

  #greet(): void {
    const token = this.#ports.tokens.load();
    if (!this.#needsTicket) {
      this.#sayHello(token, null);
      return;
    }
    const generation = this.#generation;
    this.#ports
      .ticket()
      // Without one the server says what is missing.
      .catch(() => null)
      .then((ticket) => {
        // The server may know the token no longer; if it does, the ticket is not used up.
        if (generation === this.#generation) this.#sayHello(token, ticket);
      });
  }

  #sayHello(token: number[] | null, ticket: number[] | null): void {
    if (this.#visit === null) return;
    const { world, name, look } = this.#visit;
    const taken = this.#knows ? this.#deliveries.taken : null;
    const resume = token === null ? null : { token, taken };
    const key = this.#ports.key();
    this.#transport?.send("reliable", encodeHello({ world, name, look, ticket, resume, key }));
  }

  #hear(bytes: Uint8Array): void {
    let message: ServerMessage;
    try {
      message = decodeServerMessage(bytes);
    } catch {
      this.#lost("unreadable");
      return;
    }
    switch (message.kind) {
      case "closed":
        this.#lost(message.reason);
        return;
      case "accepted":
        this.#accepted(message);
        return;
      case "pong":
        this.#measure(message.nonce);
        return;
      case "taken":
        this.#deliveries.confirm(message.count);
        return;
      default:
        this.#deliveries.take();
        if (this.#deliveries.untold >= limits.untakenMessagesMax) this.#tellTaken();
        // A portal moves the visit: whoever must start anew starts where they were last.
        if (message.kind === "entered") this.become({ world: message.world });
        this.#events.message(message);
    }
  }

  #accepted(message: Extract<ServerMessage, { kind: "accepted" }>): void {
    const now = this.#ports.now();
    this.#cancelTimer();
    this.#person = message.person;
    this.#presentSinceMs = now;
    this.#lastPingMs = now - PING_EVERY_MS;
    this.#lastBeatMs = now;
    this.#ports.tokens.save(message.resume, message.resumeWindowS);
    let lost: readonly ClientMessage[] = [];
    if (message.resumed) {
      this.#deliveries.resume(message.taken, message.told, this.#knows);
    } else if (this.#knows) {
      lost = this.#deliveries.begin();
    }
    this.#knows = true;
    this.#needsTicket = false;
    // Also says that the new token has arrived.
    this.#tellTaken();
    for (const waiting of this.#deliveries.waiting) {
      this.#transport?.send("reliable", encodeClientMessage(waiting));
    }
    this.#become({ kind: "present", resumed: message.resumed });
    if (lost.length > 0) this.#events.unsent(lost);
    this.beat();
    this.#schedulePing();
  }

  #tellTaken(): void {
    const count = this.#deliveries.tell();
    this.#transport?.send("reliable", encodeClientMessage({ kind: "taken", count }));
  }

  #schedulePing(): void {
    this.#cancelPing = this.#ports.after(PING_EVERY_MS, () => {
      this.beat();
      if (this.#state.kind === "present") this.#schedulePing();
    });
  }

  #measure(nonce: number): void {
    const sent = this.#pings.get(nonce);
    if (sent === undefined) return;
    this.#pings.delete(nonce);
    const sample = this.#ports.now() - sent;
    this.#roundTripMs =
      this.#roundTripMs === null
        ? sample
        : this.#roundTripMs + (sample - this.#roundTripMs) * ROUND_TRIP_WEIGHT;
  }

  #lost(trouble: Trouble): void {
    const steady =
      this.#state.kind === "present" && this.#ports.now() - this.#presentSinceMs > STEADY_MS;
    if (steady) this.#attempt = 0;
    if (trouble === "badTicket") this.#needsTicket = true;
    // A road that opened and then carried nothing is no better than one that fell silent.
    if (trouble === "silent" || trouble === "unreachable") this.#transport?.distrust?.();
    this.#drop();
    if (remedyFor(trouble) !== "wait") {
      this.#become({ kind: "ended", trouble });
      return;
    }
    // What was steady is most often back at once, be it over another road.
    const delay = steady ? 0 : backOffMs(this.#attempt, this.#ports.random());
    this.#cancelTimer = this.#ports.after(delay, () => this.#connect());
    const retryAtMs = this.#ports.now() + delay;
    this.#become({ kind: "waiting", attempt: this.#attempt, retryAtMs, trouble });
  }

  /** Closes what is open and forgets what was planned. */
  #drop(): void {
    this.#generation += 1;
    this.#cancelTimer();
    this.#cancelPing();
    this.#pings.clear();
    this.#transport?.close();
    this.#transport = null;
  }

  #become(state: SessionState): void {
    this.#state = state;
    this.#events.changed(state);
  }
}

/** Waiting before attempt `attempt + 1`: doubling, with half of it left to chance. */
export function backOffMs(attempt: number, random: number): number {
  const whole = Math.min(RETRY_MS_MAX, RETRY_FIRST_MS * 2 ** Math.min(attempt, 16));
  return whole * (0.5 + 0.5 * random);
}

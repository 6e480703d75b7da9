/**
 * Messages that arrive exactly once, in order, over however many connections a session takes.
 *
 * Both ends count them without a number on the wire. Owns those of this end that the server has not
 * confirmed, and the count of those of the server that were taken in. Invariant: at most
 * `limits.clientUntakenMessagesMax` are kept.
 */
import { unreachable } from "../protocol/codec";
import { type ClientMessage, limits, type ServerMessage } from "../protocol/generated";

export class Deliveries {
  /** Not confirmed yet; the first one's number is `#confirmed + 1`. */
  #kept: ClientMessage[] = [];
  #confirmed = 0;
  #taken = 0;
  #untold = 0;

  /** Numbered messages of the server that were taken in. */
  get taken(): number {
    return this.#taken;
  }

  /** How many of them the server was not told of. */
  get untold(): number {
    return this.#untold;
  }

  /** What the server may not have: to be sent again over a new connection. */
  get waiting(): readonly ClientMessage[] {
    return this.#kept;
  }

  /** Keeps a message until it is confirmed; false when too many wait. */
  keep(message: ClientMessage): boolean {
    if (this.#kept.length >= limits.clientUntakenMessagesMax) return false;
    this.#kept.push(message);
    return true;
  }

  /** The server has taken in `count` messages in all. */
  confirm(count: number): void {
    this.#kept.splice(0, Math.max(0, count - this.#confirmed));
    this.#confirmed = Math.max(this.#confirmed, count);
  }

  /** Counts a message of the server. */
  take(): void {
    this.#taken += 1;
    this.#untold += 1;
  }

  /** The server is told of all that were taken in; gives how many. */
  tell(): number {
    this.#untold = 0;
    return this.#taken;
  }

  /** The session goes on: so many were taken in there, and so many told before the next one. */
  resume(taken: number, told: number, knowing: boolean): void {
    if (knowing) this.confirm(taken);
    else this.#confirmed = taken;
    this.#taken = told;
  }

  /** Another session begins. Gives what was never confirmed: whether it arrived nobody knows. */
  begin(): ClientMessage[] {
    const lost = this.#kept;
    this.#kept = [];
    this.#confirmed = 0;
    this.#taken = 0;
    this.#untold = 0;
    return lost;
  }
}

/** Whether both ends count a message of the client. */
export function isNumbered(message: ClientMessage): boolean {
  switch (message.kind) {
    case "say":
    case "emote":
    case "setLook":
    case "select":
    case "address":
    case "hush":
      return true;
    case "ping":
    case "bye":
    case "taken":
    case "point":
      return false;
    default:
      return unreachable(message);
  }
}

/** Messages of the server that both ends count. */
export type NumberedServerMessage = Exclude<
  ServerMessage,
  { kind: "closed" } | { kind: "accepted" } | { kind: "pong" } | { kind: "taken" }
>;

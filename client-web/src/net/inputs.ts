/**
 * Own inputs on their way: one for each tick, repeated until the server has used them.
 */
import {
  type Ack,
  type ClientLatest,
  encodeClientLatest,
  type Input,
  limits,
  type TrackedPoses,
} from "../protocol/generated";

export class InputLog {
  /** Ticks and inputs without gaps, oldest first. */
  #first = 0;
  #inputs: Input[] = [];

  /** The newest tick that has an input; 0 when there is none. */
  get newestTick(): number {
    return this.#inputs.length === 0 ? 0 : this.#first + this.#inputs.length - 1;
  }

  /** Appends the input of `tick`; a gap (the clock jumped) forgets what came before. */
  push(tick: number, input: Input): void {
    if (tick !== this.newestTick + 1 || this.#inputs.length === 0) {
      this.#first = tick;
      this.#inputs = [];
    }
    this.#inputs.push(input);
    while (this.#inputs.length > limits.inputsPerMessageMax) {
      this.#inputs.shift();
      this.#first += 1;
    }
  }

  /** The server's tick has passed these: it will not use them any more. */
  used(tick: number): void {
    while (this.#inputs.length > 1 && this.#first <= tick) {
      this.#inputs.shift();
      this.#first += 1;
    }
  }

  /** Forgets all: the clock was set back. */
  clear(): void {
    this.#first = 0;
    this.#inputs = [];
  }

  /** What to send now. */
  message(ack: Ack, tracked: TrackedPoses | null): Uint8Array<ArrayBuffer> {
    const latest: ClientLatest = {
      ack,
      firstTick: this.#first,
      inputs: this.#inputs,
      tracked,
    };
    return encodeClientLatest(latest);
  }
}

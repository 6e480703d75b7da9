/** Sends the newest of many values at a bounded rate; the last one always goes out. */
export class Paced<Value> {
  readonly #everyMs: number;
  readonly #send: (value: Value) => void;
  readonly #after: (ms: number, then: () => void) => void;
  #next: { value: Value } | null = null;
  #resting = false;

  constructor(
    everyMs: number,
    send: (value: Value) => void,
    after: (ms: number, then: () => void) => void,
  ) {
    this.#everyMs = everyMs;
    this.#send = send;
    this.#after = after;
  }

  push(value: Value): void {
    if (this.#resting) {
      this.#next = { value };
      return;
    }
    this.#out(value);
  }

  /** Sends what waits at once. */
  flush(): void {
    const next = this.#next;
    this.#next = null;
    if (next !== null) this.#send(next.value);
  }

  /** Forgets what waits. */
  drop(): void {
    this.#next = null;
  }

  #out(value: Value): void {
    this.#resting = true;
    this.#send(value);
    this.#after(this.#everyMs, () => {
      this.#resting = false;
      const next = this.#next;
      this.#next = null;
      if (next !== null) this.#out(next.value);
    });
  }
}

/** How well packets come, over the last seconds. */

const WINDOW_MS = 5_000;

/** Counts packets in a sliding window, by their numbers: silence of the server is no loss. */
export class PacketStats {
  #arrivals: { number: number; atMs: number }[] = [];
  #lastMs: number | null = null;

  add(number: number, nowMs: number): void {
    this.#lastMs = nowMs;
    this.#arrivals.push({ number, atMs: nowMs });
    while ((this.#arrivals[0]?.atMs ?? nowMs) < nowMs - WINDOW_MS) this.#arrivals.shift();
  }

  /** Packets per second. */
  rate(nowMs: number): number {
    const recent = this.#arrivals.filter(({ atMs }) => atMs > nowMs - WINDOW_MS);
    const first = recent[0];
    if (first === undefined) return 0;
    // Right after entry the window is not full; count over the time that there was.
    const spanMs = Math.max(1_000, nowMs - first.atMs);
    return (recent.length * 1_000) / spanMs;
  }

  /** Time (ms) since the last packet; 0 before the first. */
  silentMs(nowMs: number): number {
    return this.#lastMs === null ? 0 : Math.max(0, nowMs - this.#lastMs);
  }

  /** Share of the packets in the window that never came, 0 to 1. */
  loss01(): number {
    if (this.#arrivals.length < 2) return 0;
    let least = Number.POSITIVE_INFINITY;
    let greatest = 0;
    for (const { number } of this.#arrivals) {
      least = Math.min(least, number);
      greatest = Math.max(greatest, number);
    }
    const expected = greatest - least + 1;
    return Math.max(0, 1 - this.#arrivals.length / expected);
  }
}

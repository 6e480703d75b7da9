/** How well snapshots come, over the last seconds. */

const WINDOW_MS = 5_000;

/** Counts snapshots in a sliding window. */
export class SnapshotStats {
  #arrivals: { tick: number; atMs: number }[] = [];

  add(tick: number, nowMs: number): void {
    this.#arrivals.push({ tick, atMs: nowMs });
    while ((this.#arrivals[0]?.atMs ?? nowMs) < nowMs - WINDOW_MS) this.#arrivals.shift();
  }

  /** Snapshots per second. */
  rate(nowMs: number): number {
    const recent = this.#arrivals.filter(({ atMs }) => atMs > nowMs - WINDOW_MS);
    const first = recent[0];
    if (first === undefined) return 0;
    // Right after entry the window is not full; count over the time that there was.
    const spanMs = Math.max(1_000, nowMs - first.atMs);
    return (recent.length * 1_000) / spanMs;
  }

  /** Share of the ticks in the window for which no snapshot came, 0 to 1. */
  loss01(): number {
    if (this.#arrivals.length < 2) return 0;
    let least = Number.POSITIVE_INFINITY;
    let greatest = 0;
    for (const { tick } of this.#arrivals) {
      least = Math.min(least, tick);
      greatest = Math.max(greatest, tick);
    }
    const expected = greatest - least + 1;
    return Math.max(0, 1 - this.#arrivals.length / expected);
  }
}

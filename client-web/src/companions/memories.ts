/** What somebody remembers, as people look for it and read it. Pure; time is an argument. */
import type { Memory } from "./minds";

/** Memories of one day. */
export interface Day {
  /** Midnight before it, where this page is. */
  readonly atMs: number;
  readonly memories: readonly Memory[];
}

/** Without case and accents, as people search. */
function folded(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/** Those whose text, as it is read, has all the words of a search; all of them if it is empty. */
export function found(
  memories: readonly Memory[],
  search: string,
  textOf: (memory: Memory) => string,
): readonly Memory[] {
  const words = folded(search)
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length === 0) return memories;
  return memories.filter((memory) => {
    const own = folded(textOf(memory));
    return words.every((word) => own.includes(word));
  });
}

/** The newest first, by days. */
export function byDays(memories: readonly Memory[]): readonly Day[] {
  const days = new Map<number, Memory[]>();
  for (const memory of memories.toSorted((a, b) => b.atMs - a.atMs)) {
    const day = new Date(memory.atMs).setHours(0, 0, 0, 0);
    const before = days.get(day);
    if (before === undefined) days.set(day, [memory]);
    else before.push(memory);
  }
  return [...days].map(([atMs, list]) => ({ atMs, memories: list }));
}

const DAY_MS = 86_400_000;
const DAYS_NEAR = 6;

/** "today", "yesterday", "4 days ago", and then the date. */
export function dayText(atMs: number, nowMs: number, language: string): string {
  const today = new Date(nowMs).setHours(0, 0, 0, 0);
  // Days on which clocks change have another length.
  const days = Math.round((today - atMs) / DAY_MS);
  if (days >= 0 && days <= DAYS_NEAR)
    return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(-days, "day");
  return new Date(atMs).toLocaleDateString(language, { dateStyle: "long" });
}

/** Comparing parts of documents. */
import { isRecord } from "./edits";

/** Whether two values say the same, whatever the order of their fields; absent and null are one. */
export function isSame(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (!isRecord(inner)) return inner;
    const entries = Object.entries(inner).filter(([, given]) => given !== null);
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** Numbers as people type them: with a comma or a point, and small sums such as `1.5+0.25`. */

export type Typed = { kind: "number"; value: number } | { kind: "fault"; fault: NumberFault };

export type NumberFault =
  | { kind: "no_number" }
  | { kind: "too_small"; min: number }
  | { kind: "too_large"; max: number };

const PART = /^[+-]?\d*(?:\.\d+|\d)$/;

export function readNumber(text: string, min: number, max: number): Typed {
  const value = sumOf(text.trim().replaceAll(",", ".").replaceAll("−", "-"));
  if (value === null || !Number.isFinite(value)) {
    return { kind: "fault", fault: { kind: "no_number" } };
  }
  if (value < min) return { kind: "fault", fault: { kind: "too_small", min } };
  if (value > max) return { kind: "fault", fault: { kind: "too_large", max } };
  return { kind: "number", value };
}

function sumOf(text: string): number | null {
  const parts = text.replaceAll(/\s+/g, "").match(/[+-]?[^+-]+/g);
  if (parts === null || parts.join("") !== text.replaceAll(/\s+/g, "")) return null;
  let sum = 0;
  for (const part of parts) {
    if (!PART.test(part)) return null;
    sum += Number(part);
  }
  return sum;
}

/** At most `digits` after the point, without zeros at the end. */
export function writeNumber(value: number, digits = 3): string {
  return String(Number(value.toFixed(digits)) + 0);
}

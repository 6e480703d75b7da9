/**
 * Who a person wants to be: name and colours, and how they are remembered on this device.
 */
import type { TextKey } from "../i18n/translate";
import { limits } from "../protocol/generated";

export type Colour = readonly [number, number, number];

export interface Profile {
  name: string;
  body: Colour;
  accent: Colour;
}

/** Colours to choose from, with the names that people read. */
export const SWATCHES: readonly { name: TextKey; colour: Colour }[] = [
  { name: "colourCoral", colour: [232, 106, 88] },
  { name: "colourAmber", colour: [236, 166, 60] },
  { name: "colourSand", colour: [216, 190, 148] },
  { name: "colourOlive", colour: [142, 152, 72] },
  { name: "colourFern", colour: [74, 150, 98] },
  { name: "colourTeal", colour: [38, 148, 146] },
  { name: "colourSky", colour: [84, 160, 214] },
  { name: "colourIndigo", colour: [76, 98, 184] },
  { name: "colourViolet", colour: [138, 104, 196] },
  { name: "colourPlum", colour: [160, 80, 136] },
  { name: "colourRose", colour: [224, 122, 156] },
  { name: "colourSlate", colour: [98, 116, 130] },
  { name: "colourSnow", colour: [240, 240, 234] },
  { name: "colourInk", colour: [44, 52, 64] },
];

/** Why a name will not do. */
export type NameFault = "empty" | "tooLong";

// The same characters as `shared/protocol/src/text.rs` drops: control characters except white
// space, and what has no width or changes the direction of writing.
const INVISIBLE =
  /(?![\s\u0085])\p{Cc}|[\u00AD\u061C\u180E\u200B\u200C\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/gu;

/** A name as the server will clean it. */
export function cleanName(text: string): string {
  return text
    .normalize("NFC")
    .replace(INVISIBLE, "")
    .replace(/[\s\u0085]+/gu, " ")
    .trim();
}

/** Characters as the server counts them: Unicode scalar values. */
export function countCharacters(text: string): number {
  return [...text].length;
}

/** What is wrong with a cleaned name; null when nothing is. */
export function nameFault(cleaned: string): NameFault | null {
  const count = countCharacters(cleaned);
  if (count === 0) return "empty";
  return count > limits.nameCharsMax ? "tooLong" : null;
}

/** A colour as `#rrggbb`, for colour inputs. */
export function hexOf(colour: Colour): string {
  return `#${colour.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

/** The way back; null when it is not a colour. */
export function colourOf(hex: string): Colour | null {
  const parts = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(hex);
  if (parts === null) return null;
  const part = (index: number): number => Number.parseInt(parts[index] ?? "0", 16);
  return [part(1), part(2), part(3)];
}

export function sameColour(a: Colour, b: Colour): boolean {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2];
}

/** Two different swatches by chance (`random` gives 0 to below 1). */
export function randomLook(random: () => number): Pick<Profile, "body" | "accent"> {
  const body = Math.floor(random() * SWATCHES.length);
  const step = 1 + Math.floor(random() * (SWATCHES.length - 1));
  const colourAt = (index: number): Colour =>
    SWATCHES[index % SWATCHES.length]?.colour ?? [128, 128, 128];
  return { body: colourAt(body), accent: colourAt(body + step) };
}

function isColour(value: unknown): value is [number, number, number] {
  return (
    Array.isArray(value) &&
    value.length === 3 &&
    value.every((part) => Number.isInteger(part) && part >= 0 && part <= 255)
  );
}

/** Reads a remembered profile; null when there is none or it is damaged. */
export function parseProfile(text: string | null): Profile | null {
  if (text === null) return null;
  try {
    const { name, body, accent } = JSON.parse(text) as Partial<Record<keyof Profile, unknown>>;
    if (typeof name !== "string" || !isColour(body) || !isColour(accent)) return null;
    return { name: cleanName(name), body, accent };
  } catch {
    return null;
  }
}

/** The colours, as the wire says them. */
export function lookOf(profile: Profile): { body: number[]; accent: number[] } {
  return { body: [...profile.body], accent: [...profile.accent] };
}

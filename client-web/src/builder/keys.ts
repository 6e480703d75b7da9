/** Which key does what while building. Letters by what is written on them, so that Ctrl+Z is where people know it. */

export type Command =
  | "select"
  | "move"
  | "rotate"
  | "scale"
  | "measure"
  | "space"
  | "snap"
  | "frame"
  | "fly"
  | "pause"
  | "reset"
  | "undo"
  | "redo"
  | "copy"
  | "cut"
  | "paste"
  | "duplicate"
  | "delete"
  | "all"
  | "none"
  | "put"
  | "putMore"
  | "drop"
  | "rename"
  | "help"
  | "nudgeUp"
  | "nudgeDown"
  | "nudgeLeft"
  | "nudgeRight"
  | "nudgeHigher"
  | "nudgeLower";

export interface KeyPress {
  key: string;
  code: string;
  ctrl: boolean;
  shift: boolean;
  alt: boolean;
}

const PLAIN: Readonly<Record<string, Command>> = {
  f: "frame",
  k: "fly",
  m: "pause",
  r: "reset",
  g: "snap",
  l: "space",
  v: "drop",
  delete: "delete",
  backspace: "delete",
  escape: "none",
  "?": "help",
  f2: "rename",
};

const WITH_CTRL: Readonly<Record<string, Command>> = {
  z: "undo",
  y: "redo",
  c: "copy",
  x: "cut",
  v: "paste",
  d: "duplicate",
  a: "all",
};

/** By their place: on a French keyboard the digits need shift. */
const TOOLS: Readonly<Record<string, Command>> = {
  Digit1: "select",
  Digit2: "move",
  Digit3: "rotate",
  Digit4: "scale",
  Digit5: "measure",
};

const NUDGES: Readonly<Record<string, Command>> = {
  arrowup: "nudgeUp",
  arrowdown: "nudgeDown",
  arrowleft: "nudgeLeft",
  arrowright: "nudgeRight",
  pageup: "nudgeHigher",
  pagedown: "nudgeLower",
};

/**
 * What a key asks for; null: it is not the builder's. Without a choice, arrows walk. `isAiming`:
 * keys put down a piece of the library.
 */
export function commandOf(press: KeyPress, hasChoice: boolean, isAiming = false): Command | null {
  const key = press.key.toLowerCase();
  if (press.alt) return null;
  if (press.ctrl) {
    if (key === "z" && press.shift) return "redo";
    return Object.hasOwn(WITH_CTRL, key) ? (WITH_CTRL[key] ?? null) : null;
  }
  if (Object.hasOwn(PLAIN, key)) return PLAIN[key] ?? null;
  if (!press.shift && Object.hasOwn(TOOLS, press.code)) return TOOLS[press.code] ?? null;
  if (isAiming && key === "enter") return press.shift ? "putMore" : "put";
  if ((hasChoice || isAiming) && Object.hasOwn(NUDGES, key)) return NUDGES[key] ?? null;
  return null;
}

export type OutlineCommand = "hide" | "lock" | "top";

const IN_OUTLINE: Readonly<Record<string, OutlineCommand>> = { h: "hide", l: "lock", t: "top" };

/** What a key asks for about the row of the outline that the keyboard is on. */
export function outlineCommandOf({
  key,
  ctrl,
  alt,
}: Omit<KeyPress, "code">): OutlineCommand | null {
  const letter = key.toLowerCase();
  if (ctrl || alt || !Object.hasOwn(IN_OUTLINE, letter)) return null;
  return IN_OUTLINE[letter] ?? null;
}

/** Keys for the help sheet, in its order; the texts are the commands' own. */
export const SHORTCUTS: readonly { command: Command; keys: readonly string[] }[] = [
  { command: "select", keys: ["1"] },
  { command: "move", keys: ["2"] },
  { command: "rotate", keys: ["3"] },
  { command: "scale", keys: ["4"] },
  { command: "measure", keys: ["5"] },
  { command: "space", keys: ["L"] },
  { command: "snap", keys: ["G"] },
  { command: "frame", keys: ["F"] },
  { command: "fly", keys: ["K"] },
  { command: "pause", keys: ["M"] },
  { command: "reset", keys: ["R"] },
  { command: "drop", keys: ["V"] },
  { command: "undo", keys: ["Ctrl+Z"] },
  { command: "redo", keys: ["Ctrl+Y", "Ctrl+Shift+Z"] },
  { command: "copy", keys: ["Ctrl+C"] },
  { command: "cut", keys: ["Ctrl+X"] },
  { command: "paste", keys: ["Ctrl+V"] },
  { command: "duplicate", keys: ["Ctrl+D"] },
  { command: "delete", keys: ["Delete"] },
  { command: "all", keys: ["Ctrl+A"] },
  { command: "none", keys: ["Esc"] },
  { command: "put", keys: ["Enter"] },
  { command: "putMore", keys: ["Shift+Enter"] },
  { command: "rename", keys: ["F2"] },
  { command: "help", keys: ["?"] },
];

/** The same within the outline. */
export const OUTLINE_SHORTCUTS: readonly { command: OutlineCommand; key: string }[] = [
  { command: "hide", key: "H" },
  { command: "lock", key: "L" },
  { command: "top", key: "T" },
];

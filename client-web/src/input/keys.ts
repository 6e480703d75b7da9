/**
 * Which key does what. By `event.code`, the place on the keyboard, so that WASD is ZQSD on a
 * French one without a setting. Tab is never taken: it moves the focus.
 */

/** What a person can ask for besides moving. */
export type ControlAction =
  | "jump"
  | "run"
  | "camera"
  | "chat"
  | "talk"
  | "emotes"
  | "emote"
  | "roster"
  | "settings"
  | "help";

/** Keys that move while they are held. */
export type HeldKey = "ahead" | "back" | "left" | "right" | "jump" | "run";

export type KeyMeaning =
  | { kind: "held"; key: HeldKey }
  | { kind: "action"; action: ControlAction; index: number };

const held = (key: HeldKey): KeyMeaning => ({ kind: "held", key });
const action = (name: ControlAction, index = 0): KeyMeaning => ({
  kind: "action",
  action: name,
  index,
});

const MEANINGS: Readonly<Record<string, KeyMeaning>> = {
  KeyW: held("ahead"),
  ArrowUp: held("ahead"),
  KeyS: held("back"),
  ArrowDown: held("back"),
  KeyA: held("left"),
  ArrowLeft: held("left"),
  KeyD: held("right"),
  ArrowRight: held("right"),
  Space: held("jump"),
  ShiftLeft: held("run"),
  ShiftRight: held("run"),
  KeyC: action("camera"),
  Enter: action("chat"),
  NumpadEnter: action("chat"),
  KeyT: action("chat"),
  KeyF: action("talk"),
  KeyE: action("emotes"),
  KeyP: action("roster"),
  KeyO: action("settings"),
  KeyH: action("help"),
  Digit1: action("emote", 0),
  Digit2: action("emote", 1),
  Digit3: action("emote", 2),
  Digit4: action("emote", 3),
  Digit5: action("emote", 4),
  Digit6: action("emote", 5),
  Digit7: action("emote", 6),
  Digit8: action("emote", 7),
};

export function meaningOf(code: string): KeyMeaning | null {
  return Object.hasOwn(MEANINGS, code) ? (MEANINGS[code] ?? null) : null;
}

/** What decides whether a key is the page's or the focused element's. */
export interface KeyFocus {
  /** Lower-case tag name of the focused element; empty for none. */
  tag: string;
  /** Whether the focus is on the picture itself, or nowhere. */
  onPicture: boolean;
  editable: boolean;
}

const OPERATED = new Set(["Space", "Enter", "NumpadEnter"]);

/**
 * Whether a key belongs to the focused element: writing goes to fields, and buttons and lists
 * keep the keys by which they are operated.
 */
export function belongsToFocus(code: string, focus: KeyFocus): boolean {
  if (focus.editable) return true;
  if (focus.onPicture) return false;
  if (["input", "textarea", "select"].includes(focus.tag)) return true;
  return OPERATED.has(code) || code.startsWith("Arrow");
}

import { expect, test } from "vitest";
import { PadReader, type PadSource } from "./gamepad";
import { belongsToFocus, meaningOf } from "./keys";

test("places on the keyboard, not letters", () => {
  expect(meaningOf("KeyW")).toEqual({ kind: "held", key: "ahead" });
  expect(meaningOf("ArrowLeft")).toEqual({ kind: "held", key: "left" });
  expect(meaningOf("ShiftRight")).toEqual({ kind: "held", key: "run" });
  expect(meaningOf("Enter")).toEqual({ kind: "action", action: "chat", index: 0 });
  expect(meaningOf("Digit8")).toEqual({ kind: "action", action: "emote", index: 7 });
});

test("Tab, Escape and what an object inherits are nobody's", () => {
  for (const code of ["Tab", "Escape", "F5", "toString", "__proto__", ""]) {
    expect(meaningOf(code)).toBeNull();
  }
});

test("fields keep all keys, buttons the keys that press them", () => {
  const picture = { tag: "canvas", onPicture: true, editable: false };
  const field = { tag: "input", onPicture: false, editable: true };
  const button = { tag: "button", onPicture: false, editable: false };
  expect(belongsToFocus("Space", picture)).toBe(false);
  expect(belongsToFocus("KeyW", field)).toBe(true);
  expect(belongsToFocus("Space", button)).toBe(true);
  expect(belongsToFocus("Enter", button)).toBe(true);
  expect(belongsToFocus("ArrowUp", button)).toBe(true);
  expect(belongsToFocus("KeyW", button)).toBe(false);
});

function pad(change: { axes?: number[]; down?: Record<number, number> } = {}): PadSource {
  const buttons = Array.from({ length: 17 }, (_, index) => {
    const value = change.down?.[index] ?? 0;
    return { pressed: value > 0.5, value };
  });
  return { axes: change.axes ?? [0, 0, 0, 0], buttons };
}

test("a gamepad's stick forward is ahead, and a drifting stick is still", () => {
  const reader = new PadReader();
  expect(reader.read(pad({ axes: [0, -1, 0, 0] }))?.ahead).toBeCloseTo(1, 9);
  const drift = reader.read(pad({ axes: [0.1, 0.08, -0.1, 0.05] }));
  expect([drift?.right, drift?.lookRight]).toEqual([0, 0]);
});

test("Y asks for the camera once per press", () => {
  const reader = new PadReader();
  expect(reader.read(pad({ down: { 3: 1 } }))?.pressed).toEqual(["camera"]);
  expect(reader.read(pad({ down: { 3: 1 } }))?.pressed).toEqual([]);
  expect(reader.read(pad())?.pressed).toEqual([]);
  expect(reader.read(pad({ down: { 3: 1 } }))?.pressed).toEqual(["camera"]);
});

test("A jumps and a trigger runs", () => {
  const state = new PadReader().read(pad({ down: { 0: 1, 7: 0.6 } }));
  expect([state?.jump, state?.run]).toEqual([true, true]);
});

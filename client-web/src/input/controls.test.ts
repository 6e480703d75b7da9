// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test } from "vitest";
import { buttons } from "../protocol/generated";
import { Controls } from "./controls";

let canvas: HTMLElement;
let controls: Controls;

beforeEach(() => {
  canvas = document.createElement("canvas");
  canvas.tabIndex = 0;
  canvas.setPointerCapture = () => undefined;
  document.body.replaceChildren(canvas);
  controls = new Controls(canvas, null);
  controls.read(0);
});

afterEach(() => controls.dispose());

function key(type: "keydown" | "keyup", code: string): KeyboardEvent {
  const event = new KeyboardEvent(type, { code, bubbles: true, cancelable: true });
  window.dispatchEvent(event);
  return event;
}

test("W walks away from the camera, and letting go stops", () => {
  key("keydown", "KeyW");
  expect(controls.read(16)).toMatchObject({ moveX: 0, moveZ: -127 });
  key("keyup", "KeyW");
  expect(controls.read(32)).toMatchObject({ moveX: 0, moveZ: 0 });
});

test("the avatar turns to where it walks, smoothly", () => {
  key("keydown", "KeyA");
  const first = controls.read(16).yaw;
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThan(16_384);
  let last = first;
  for (let nowMs = 32; nowMs < 1_500; nowMs += 16) last = controls.read(nowMs).yaw;
  expect(Math.abs(last - 16_384)).toBeLessThan(20);
});

test("losing the focus releases everything", () => {
  key("keydown", "KeyW");
  key("keydown", "ShiftLeft");
  controls.press("jump");
  window.dispatchEvent(new Event("blur"));
  expect(controls.read(16)).toMatchObject({ moveZ: 0, buttons: 0 });
});

test("nothing acts while typing", () => {
  let chats = 0;
  controls.on("chat", () => {
    chats += 1;
  });
  controls.enabled = false;
  key("keydown", "KeyW");
  key("keydown", "Enter");
  expect(controls.read(16).moveZ).toBe(0);
  expect(chats).toBe(0);
  controls.enabled = true;
  key("keydown", "Enter");
  expect(chats).toBe(1);
});

test("keys in a field stay in the field", () => {
  const field = document.createElement("input");
  document.body.append(field);
  field.focus();
  const event = key("keydown", "KeyW");
  expect(event.defaultPrevented).toBe(false);
  expect(controls.read(16).moveZ).toBe(0);
});

test("Tab is never taken", () => {
  expect(key("keydown", "Tab").defaultPrevented).toBe(false);
  expect(key("keydown", "Space").defaultPrevented).toBe(true);
});

test("jump and run are held, on keys and on screen buttons alike", () => {
  key("keydown", "Space");
  expect(controls.read(16).buttons).toBe(buttons.jump);
  key("keyup", "Space");
  controls.press("run");
  expect(controls.read(32).buttons).toBe(buttons.run);
  controls.press("run", false);
  expect(controls.read(48).buttons).toBe(0);
});

test("C changes the camera, in first person one faces where one looks", () => {
  key("keydown", "KeyC");
  controls.face(Math.PI / 2);
  const state = controls.read(16);
  expect(state.cameraMode).toBe("first");
  expect(state.yaw).toBe(16_384);
  key("keydown", "KeyC");
  expect(controls.read(32).cameraMode).toBe("third");
});

test("dragging turns the camera, the wheel moves it", () => {
  const pointer = (type: string, x: number, y: number) =>
    canvas.dispatchEvent(
      new PointerEvent(type, { pointerId: 1, clientX: x, clientY: y, pointerType: "mouse" }),
    );
  const before = controls.read(16);
  pointer("pointerdown", 100, 100);
  pointer("pointermove", 150, 100);
  pointer("pointerup", 150, 100);
  pointer("pointermove", 400, 100);
  const after = controls.read(32);
  // To the right is clockwise: the heading shrinks.
  expect(after.cameraYaw).toBeCloseTo(before.cameraYaw - 50 * 0.0052, 6);
  expect(after.cameraPitch).toBe(before.cameraPitch);
  canvas.dispatchEvent(new WheelEvent("wheel", { deltaY: 100, cancelable: true }));
  expect(controls.read(48).distanceM).toBeGreaterThan(before.distanceM);
});

test("digits ask for gestures by their number", () => {
  const asked: number[] = [];
  const stop = controls.on("emote", (index) => asked.push(index));
  key("keydown", "Digit3");
  stop();
  key("keydown", "Digit4");
  expect(asked).toEqual([2]);
});

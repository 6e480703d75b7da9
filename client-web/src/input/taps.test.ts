// @vitest-environment happy-dom
import { beforeEach, expect, it } from "vitest";
import { listenForTaps } from "./taps";

let element: HTMLElement;
let tapped: { x: number; y: number }[];

function press(type: string, x: number, y: number, ms: number, more: PointerEventInit = {}): void {
  const at = { clientX: x, clientY: y, pointerId: 1, isPrimary: true, bubbles: true };
  const event = new PointerEvent(type, { ...at, ...more });
  Object.defineProperty(event, "timeStamp", { value: ms });
  element.dispatchEvent(event);
}

beforeEach(() => {
  element = document.createElement("div");
  tapped = [];
  listenForTaps(element, (at) => tapped.push(at));
});

it("is a short press that stays where it is", () => {
  press("pointerdown", 10, 20, 0);
  press("pointerup", 12, 21, 150);
  expect(tapped).toEqual([{ x: 12, y: 21 }]);
});

it("is no drag, no long press, no second finger and no other button", () => {
  press("pointerdown", 10, 20, 0);
  press("pointerup", 40, 20, 100);
  press("pointerdown", 10, 20, 0);
  press("pointerup", 10, 20, 900);
  press("pointerdown", 10, 20, 0, { pointerId: 2, isPrimary: false });
  press("pointerup", 10, 20, 100, { pointerId: 2, isPrimary: false });
  press("pointerdown", 10, 20, 0, { button: 2 });
  press("pointerup", 10, 20, 100, { button: 2 });
  expect(tapped).toEqual([]);
});

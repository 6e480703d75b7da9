// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listenToCamera } from "./operator";
import { FakeBench } from "./preview/fake";

let bench: FakeBench;
let stop: () => void;
/** What came through to the controls. */
let heard: string[];

beforeEach(() => {
  const host = document.createElement("div");
  const canvas = document.createElement("canvas");
  canvas.setPointerCapture = () => undefined;
  host.append(canvas);
  document.body.replaceChildren(host);
  bench = new FakeBench(canvas, signal({ version: 1, name: "w", title: "W", objects: [] }));
  stop = listenToCamera(bench);
  heard = [];
  for (const type of ["pointerdown", "pointermove", "pointerup", "wheel"]) {
    canvas.addEventListener(type, () => heard.push(type));
  }
});

afterEach(() => stop());

function pointer(
  type: string,
  id: number,
  x: number,
  y: number,
  more: PointerEventInit = {},
): void {
  const init = { pointerId: id, clientX: x, clientY: y, bubbles: true, cancelable: true, ...more };
  bench.canvas.dispatchEvent(new PointerEvent(type, init));
}

test("the right button takes the camera off and shifts it, the left is left alone", () => {
  pointer("pointerdown", 1, 10, 10, { button: 0 });
  pointer("pointerup", 1, 10, 10, { button: 0 });
  expect(heard).toEqual(["pointerdown", "pointerup"]);
  pointer("pointerdown", 1, 10, 10, { button: 2 });
  pointer("pointermove", 1, 14, 7);
  pointer("pointerup", 1, 14, 7, { button: 2 });
  expect(bench.flying.value).toBe(true);
  expect(bench.panned).toEqual([[4, -3]]);
  expect(heard).toHaveLength(2);
});

test("two fingers shift and pinch while the camera is away, and not before", () => {
  const touch = { pointerType: "touch" };
  pointer("pointerdown", 1, 0, 0, touch);
  pointer("pointerdown", 2, 100, 0, touch);
  pointer("pointermove", 2, 120, 0, touch);
  expect(bench.zoomed).toEqual([]);
  bench.fly(true);
  pointer("pointermove", 2, 240, 0, touch);
  expect(bench.panned).toEqual([[60, 0]]);
  expect(bench.zoomed).toEqual([0.5]);
  pointer("pointerup", 2, 240, 0, touch);
  pointer("pointermove", 1, 5, 5, touch);
  expect(bench.panned).toHaveLength(1);
});

test("the wheel is the controls' until the camera is away", () => {
  const wheel = (): boolean =>
    bench.canvas.dispatchEvent(
      new WheelEvent("wheel", { deltaY: 100, bubbles: true, cancelable: true }),
    );
  wheel();
  expect([bench.zoomed.length, heard.length]).toEqual([0, 1]);
  bench.fly(true);
  wheel();
  expect(bench.zoomed[0]).toBeGreaterThan(1);
  expect(heard).toHaveLength(1);
});

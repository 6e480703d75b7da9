// @vitest-environment happy-dom
import { PerspectiveCamera, Scene, Vector3 } from "three";
import { describe, expect, it } from "vitest";
import { Handles } from "./gizmo";
import type { ScaledPose } from "./view";

const POSE: ScaledPose = { position: [0, 1, 0], rotation: [0, 0, 0, 1], scale: [1, 1, 1] };

/** Handles in front of a camera that looks down on them. */
function table() {
  const three = new Scene();
  const camera = new PerspectiveCamera(60, 1, 0.1, 100);
  camera.position.set(1, 3, 8);
  camera.lookAt(0, 1, 0);
  camera.updateMatrixWorld(true);
  const handles = new Handles(three, camera);
  const draw = () => three.updateMatrixWorld(true);
  /** Where on the picture a point of the world is. */
  const at = (x: number, y: number, z: number): [number, number] => {
    const point = new Vector3(x, y, z).project(camera);
    return [point.x, point.y];
  };
  return { three, handles, draw, at };
}

describe("handles", () => {
  it("move along the axis that is held, by whole steps of the grid", () => {
    const { handles, draw, at } = table();
    handles.show(POSE, "translate", "world");
    handles.setSnap({ gridM: 0.5, angleRad: null });
    draw();
    expect(handles.hover(...at(0, 4, 0))).toBe(false);
    expect(handles.begin(...at(0.6, 1, 0))).toBe(true);
    const { position } = handles.move(...at(2.8, 1, 0));
    expect(position).toEqual([2, 1, 0]);
    expect(handles.end().position).toEqual([2, 1, 0]);
  });

  it("are not there before they are shown, nor after", () => {
    const { three, handles, draw, at } = table();
    draw();
    expect(handles.begin(...at(0.6, 1, 0))).toBe(false);
    handles.show(POSE, "scale", "local");
    draw();
    expect(handles.hover(...at(0.6, 1, 0))).toBe(true);
    handles.show(null, "scale", "local");
    expect(handles.hover(...at(0.6, 1, 0))).toBe(false);
    handles.dispose();
    expect(three.children).toEqual([]);
  });
});

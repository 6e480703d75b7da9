/**
 * Handles in the picture, with which something is moved, turned and scaled. Loaded when a person
 * begins to build. It listens to no pointer itself: whoever has the pointer asks.
 */
import { Object3D, type PerspectiveCamera, type Scene as ThreeScene, Vector2 } from "three";
import { TransformControls } from "three/addons/controls/TransformControls.js";
import type { ScaledPose } from "./view";

/** Steps of a scale while there is a grid. */
const SCALE_SNAP = 0.1;

export class Handles {
  readonly #three: ThreeScene;
  readonly #camera: PerspectiveCamera;
  readonly #controls: TransformControls;
  /** What the handles move; what it stands for is moved by whoever asks. */
  readonly #held = new Object3D();
  #point = new Vector2();

  constructor(three: ThreeScene, camera: PerspectiveCamera) {
    this.#three = three;
    this.#camera = camera;
    this.#controls = new TransformControls(camera);
    this.#three.add(this.#held, this.#controls.getHelper());
    this.#controls.detach();
  }

  /** Puts the handles at a pose; null takes them away. */
  show(
    pose: ScaledPose | null,
    mode: "translate" | "rotate" | "scale",
    space: "world" | "local",
  ): void {
    this.#controls.setMode(mode);
    this.#controls.setSpace(space);
    if (pose === null) {
      this.#controls.detach();
      return;
    }
    if (this.#controls.dragging) return;
    this.#held.position.fromArray(pose.position);
    this.#held.quaternion.fromArray(pose.rotation);
    this.#held.scale.fromArray(pose.scale);
    this.#held.updateMatrixWorld();
    this.#controls.attach(this.#held);
    this.#controls.getHelper().updateMatrixWorld(true);
  }

  setSnap({ gridM, angleRad }: { gridM: number | null; angleRad: number | null }): void {
    this.#controls.setTranslationSnap(gridM);
    this.#controls.setRotationSnap(angleRad);
    this.#controls.setScaleSnap(gridM === null ? null : SCALE_SNAP);
  }

  /** Whether a handle lies under the point (-1 to 1, y upwards). */
  hover(x: number, y: number): boolean {
    this.#aim(x, y);
    this.#controls.pointerHover(null);
    return this.#controls.axis !== null;
  }

  /** Takes hold of the handle under the point; false: there is none. */
  begin(x: number, y: number): boolean {
    if (!this.hover(x, y)) return false;
    // The plane in which it is dragged depends on the handle.
    this.#controls.getHelper().updateMatrixWorld(true);
    this.#aim(x, y);
    this.#controls.pointerDown(null);
    return this.#controls.dragging;
  }

  /** Moves what is held; gives the pose of the handles. */
  move(x: number, y: number): ScaledPose {
    this.#aim(x, y);
    this.#controls.pointerMove(null);
    return this.#pose();
  }

  end(): ScaledPose {
    this.#controls.pointerUp(null);
    return this.#pose();
  }

  dispose(): void {
    this.#controls.detach();
    this.#three.remove(this.#held, this.#controls.getHelper());
    // Not the controls: they would let go of an element that they never had.
    this.#controls.getHelper().dispose();
  }

  #aim(x: number, y: number): void {
    this.#controls.getRaycaster().setFromCamera(this.#point.set(x, y), this.#camera);
  }

  #pose(): ScaledPose {
    return {
      position: this.#held.position.toArray(),
      rotation: this.#held.quaternion.toArray(),
      scale: this.#held.scale.toArray(),
    };
  }
}

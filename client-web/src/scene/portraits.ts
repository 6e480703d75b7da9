/**
 * Small pictures of models, for lists of them. Owns a renderer of its own, since the world's draws
 * into what people see. Loaded when a person begins to build.
 */
import {
  AmbientLight,
  Box3,
  DirectionalLight,
  Mesh,
  PerspectiveCamera,
  Sphere,
  Scene as ThreeScene,
  Vector3,
  WebGLRenderer,
} from "three";
import type { Assets } from "./assets";
import { disposeModel, loadModel } from "./models";
import { QUALITY } from "./quality";

const EDGE_PX = 128;
const FOV_DEG = 30;

export class Portraits {
  readonly #assets: Assets;
  readonly #made = new Map<string, Promise<string | null>>();
  #renderer: WebGLRenderer | null = null;
  /** One after another: they share the canvas. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(assets: Assets) {
    this.#assets = assets;
  }

  /** The picture of a model as an address for `img`; null: it cannot be made. */
  of(path: string): Promise<string | null> {
    let picture = this.#made.get(path);
    if (!picture) {
      picture = this.#last.then(() => this.#make(path)).catch(() => null);
      this.#last = picture;
      this.#made.set(path, picture);
    }
    return picture;
  }

  dispose(): void {
    this.#renderer?.dispose();
    this.#renderer?.forceContextLoss();
    this.#renderer = null;
  }

  async #make(path: string): Promise<string | null> {
    const parts = await loadModel(path, this.#assets, QUALITY.low, () => {});
    if (parts.length === 0) return null;
    const three = new ThreeScene();
    const sun = new DirectionalLight("#fff6e4", 2.4);
    sun.position.set(2, 4, 3);
    three.add(sun, new AmbientLight("#cfdcf0", 1.4));
    for (const { geometry, material, matrix } of parts) {
      const mesh = new Mesh(geometry, material);
      mesh.applyMatrix4(matrix);
      three.add(mesh);
    }
    const ball = new Box3().setFromObject(three).getBoundingSphere(new Sphere());
    const camera = new PerspectiveCamera(FOV_DEG, 1, 0.01, 2_000);
    const away = ball.radius / Math.sin((FOV_DEG / 2) * (Math.PI / 180));
    camera.position.copy(ball.center).add(new Vector3(0.6, 0.5, 1).setLength(away));
    camera.lookAt(ball.center);
    this.#renderer ??= this.#begin();
    this.#renderer.render(three, camera);
    const address = this.#renderer.domElement.toDataURL("image/png");
    disposeModel(parts);
    return address;
  }

  #begin(): WebGLRenderer {
    // The picture is read right after it was drawn, but browsers may have cleared it by then.
    const renderer = new WebGLRenderer({
      antialias: true,
      alpha: true,
      preserveDrawingBuffer: true,
    });
    renderer.setSize(EDGE_PX, EDGE_PX, false);
    return renderer;
  }
}

/**
 * The world as it is drawn and heard. The only door to three.js: callers hand in plain data
 * (`view.ts`) and get pictures.
 */
import {
  BasicShadowMap,
  Color,
  Fog,
  NeutralToneMapping,
  PCFShadowMap,
  PerspectiveCamera,
  SRGBColorSpace,
  Scene as ThreeScene,
  Vector3,
  WebGLRenderer,
} from "three";
import { documentDefaults, type WorldDocument } from "../protocol/document";
import { Crowd } from "./avatar/crowd";
import { CameraRig, lookDirection } from "./camera";
import { Labels } from "./labels";
import { chooseTier, FrameGovernor, QUALITY, type Quality } from "./quality";
import { Shadows } from "./shadows";
import { Sky } from "./sky";
import { Sounds } from "./sounds";
import type { WorldView } from "./view";
import { WorldScene } from "./world";

const FOV_DEG = 60;

export interface SceneOptions {
  reducedMotion: boolean;
  /** Address of the assets folder. */
  assetsUrl: string;
}

export class Scene {
  #renderer: WebGLRenderer;
  #quality: Quality;
  #options: SceneOptions;
  #three = new ThreeScene();
  #camera = new PerspectiveCamera(FOV_DEG, 1, 0.08, 900);
  #rig: CameraRig;
  #crowd: Crowd;
  #labels: Labels;
  #blobs: Shadows;
  #sounds = new Sounds();
  #sky: Sky | null = null;
  #world: WorldScene | null = null;
  #governor = new FrameGovernor();
  #pixelRatio: number;
  #lastS = 0;
  #frame = 0;
  #target = new Vector3();
  #ahead = new Vector3();

  constructor(canvas: HTMLCanvasElement, options: SceneOptions) {
    this.#options = options;
    const forced = new URLSearchParams(location.search).get("quality");
    const tier = chooseTier(forced, rendererName(), navigator.hardwareConcurrency ?? 4);
    this.#quality = { ...QUALITY[tier] };
    this.#renderer = new WebGLRenderer({
      canvas,
      antialias: this.#quality.antialias,
      powerPreference: "high-performance",
    });
    this.#renderer.outputColorSpace = SRGBColorSpace;
    // Keeps the palette as it was authored; only highlights are compressed.
    this.#renderer.toneMapping = NeutralToneMapping;
    this.#renderer.toneMappingExposure = 1;
    this.#renderer.shadowMap.enabled = this.#quality.shadowMapPx > 0;
    this.#renderer.shadowMap.type = tier === "low" ? BasicShadowMap : PCFShadowMap;
    this.#renderer.shadowMap.autoUpdate = false;
    this.#renderer.info.autoReset = false;
    this.#pixelRatio = Math.min(window.devicePixelRatio || 1, this.#quality.pixelRatioMax);
    this.#rig = new CameraRig(options.reducedMotion);
    this.#crowd = new Crowd(this.#quality, options.reducedMotion);
    this.#labels = new Labels();
    this.#blobs = new Shadows();
    this.#three.add(this.#crowd.root, this.#labels.root, this.#blobs.mesh);
    this.resize();
  }

  /** Replaces whatever world was shown. */
  async load(
    document: WorldDocument,
    progress: (done01: number, label: string) => void,
  ): Promise<void> {
    this.#clearWorld();
    const environment = { ...documentDefaults.environment, ...document.environment };
    const sky = new Sky(document.environment ?? {}, this.#quality);
    const world = new WorldScene(
      document,
      this.#quality,
      this.#renderer.capabilities.getMaxAnisotropy(),
      sky.sunRay,
    );
    this.#sky = sky;
    this.#world = world;
    this.#three.fog = new Fog(environment.fog, environment.fog_near_m, environment.fog_far_m);
    this.#three.background = new Color(environment.fog);
    this.#camera.far = Math.max(200, environment.fog_far_m * 1.3);
    this.#camera.updateProjectionMatrix();
    this.#three.add(sky.dome, sky.sun, sky.sun.target, sky.ambient);
    await world.build(this.#options.assetsUrl, (done01, label) => progress(done01 * 0.9, label));
    // Another world may have been asked for meanwhile.
    if (this.#world !== world) return;
    this.#three.add(world.root);
    this.#sounds.load(document, this.#options.assetsUrl);
    progress(0.95, "shaders");
    await this.#renderer.compileAsync(this.#three, this.#camera);
    this.#renderer.shadowMap.needsUpdate = true;
    progress(1, "ready");
  }

  render(view: WorldView): void {
    const dtS = Math.min(0.1, Math.max(0, view.timeS - this.#lastS));
    const adjustment = this.#governor.frame((view.timeS - this.#lastS) * 1000);
    this.#lastS = view.timeS;
    this.#frame += 1;
    if (adjustment) this.#adapt(adjustment);

    this.#placeCamera(view, dtS);
    for (const object of view.objects) {
      this.#world?.setPose(object.object, object.position, object.rotation);
    }
    const inside = this.#rig.firstness > 0.55 || this.#rig.distanceM < 0.55;
    const eye = this.#camera.position;
    this.#crowd.update(view.avatars, view.timeS, dtS, eye, this.#ahead, inside);
    this.#blobs.update(view.avatars, this.#quality.tier === "low", inside, eye);
    this.#labels.update(view.avatars, this.#camera, this.#renderer.domElement.clientHeight, inside);
    const windS = this.#options.reducedMotion ? view.timeS * 0.3 : view.timeS;
    this.#world?.update(windS, this.#target);
    this.#sky?.update(this.#target, windS, this.#options.reducedMotion);
    this.#sounds.update(eye, this.#ahead, view.objects);
    if (this.#frame % this.#quality.shadowEveryFrames === 0) {
      this.#renderer.shadowMap.needsUpdate = true;
    }
    this.#renderer.info.reset();
    this.#renderer.render(this.#three, this.#camera);
  }

  resize(): void {
    const canvas = this.#renderer.domElement;
    const width = Math.max(1, canvas.clientWidth);
    const height = Math.max(1, canvas.clientHeight);
    this.#renderer.setPixelRatio(this.#pixelRatio);
    this.#renderer.setSize(width, height, false);
    this.#camera.aspect = width / height;
    // A narrow window keeps its width of view.
    const upright = Math.min(1.25, Math.max(1, 1.1 / this.#camera.aspect));
    this.#camera.fov = Math.min(78, FOV_DEG * upright);
    this.#camera.updateProjectionMatrix();
  }

  /** Someone entered the sensor of this object. */
  playSensor(object: number): void {
    this.#sounds.enter(object);
  }

  /** 0 = silent, 1 = as recorded. */
  setVolume(v: number): void {
    this.#sounds.setVolume(v);
  }

  stats(): { drawCalls: number; triangles: number; fps: number } {
    const { calls, triangles } = this.#renderer.info.render;
    return { drawCalls: calls, triangles, fps: this.#governor.fps };
  }

  dispose(): void {
    this.#clearWorld();
    this.#crowd.dispose();
    this.#labels.dispose();
    this.#blobs.dispose();
    this.#sounds.dispose();
    this.#renderer.dispose();
  }

  #placeCamera(view: WorldView, dtS: number): void {
    this.#rig.update(view.camera, dtS);
    this.#camera.position.fromArray(this.#rig.position);
    this.#ahead.fromArray(lookDirection(view.camera.yaw, view.camera.pitch));
    this.#camera.rotation.set(view.camera.pitch, view.camera.yaw, 0, "YXZ");
    this.#camera.updateMatrixWorld();
    this.#target.fromArray(view.camera.target);
  }

  #adapt(adjustment: "less" | "more"): void {
    const full = Math.min(window.devicePixelRatio || 1, this.#quality.pixelRatioMax);
    if (adjustment === "less") {
      if (this.#pixelRatio > 0.7) this.#pixelRatio = Math.max(0.66, this.#pixelRatio * 0.8);
      else if (this.#quality.shadowEveryFrames < 4) this.#quality.shadowEveryFrames += 1;
      else return;
    } else {
      if (this.#pixelRatio >= full) return;
      this.#pixelRatio = Math.min(full, this.#pixelRatio * 1.2);
    }
    this.resize();
  }

  #clearWorld(): void {
    if (this.#sky) {
      this.#three.remove(this.#sky.dome, this.#sky.sun, this.#sky.sun.target, this.#sky.ambient);
      this.#sky.dispose();
      this.#sky = null;
    }
    if (this.#world) {
      this.#three.remove(this.#world.root);
      this.#world.dispose();
      this.#world = null;
    }
    this.#sounds.clear();
  }
}

/** What WebGL calls the machine's renderer; empty when it will not tell. */
function rendererName(): string {
  const probe = document.createElement("canvas").getContext("webgl2");
  if (!probe) return "";
  const info = probe.getExtension("WEBGL_debug_renderer_info");
  const name: unknown = info ? probe.getParameter(info.UNMASKED_RENDERER_WEBGL) : "";
  probe.getExtension("WEBGL_lose_context")?.loseContext();
  return typeof name === "string" ? name : "";
}

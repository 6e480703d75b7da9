/**
 * The world as it is drawn and heard. The only door to three.js: callers hand in plain data
 * (`view.ts`) and get pictures.
 */
import {
  BasicShadowMap,
  type Box3,
  Color,
  Fog,
  MathUtils,
  NeutralToneMapping,
  type Object3D,
  PCFShadowMap,
  PerspectiveCamera,
  Raycaster,
  SRGBColorSpace,
  Scene as ThreeScene,
  Vector2,
  Vector3,
  WebGLRenderer,
} from "three";
import { type Changes, noChanges } from "../document/apply";
import { documentDefaults, type WorldDocument } from "../protocol/document";
import { Assets } from "./assets";
import { Crowd } from "./avatar/crowd";
import { CameraRig, lookDirection } from "./camera";
import type { Handles } from "./gizmo";
import type { Headset } from "./headset";
import { Homes } from "./homes";
import { Labels } from "./labels";
import { Outlines } from "./outlines";
import { PointerPins } from "./pointers";
import type { Portraits } from "./portraits";
import { chooseTier, FrameGovernor, QUALITY, type Quality } from "./quality";
import { Shadows } from "./shadows";
import { Sky } from "./sky";
import { Sounds } from "./sounds";
import { textureBytes } from "./textures";
import type { Bounds, Hit, ModelWeight, ScaledPose, Vec3, WorldView } from "./view";
import { WorldScene } from "./world";

const FOV_DEG = 60;
/** In a headset: what a pixel of labels is at one metre, and how often shadows are drawn at most. */
const WORN_M_PER_PX = 0.0012;
const WORN_SHADOW_EVERY_FRAMES = 3;
/**
 * Where so many objects change at once, the world is built anew beside the one that is shown: as
 * groups of their own they would cost a draw call each.
 */
const LIVE_AT_ONCE_MAX = 600;
/** The same when so many have come together. */
const LIVE_MAX = 1_500;

export interface SceneOptions {
  reducedMotion: boolean;
  /** Address of the assets folder. */
  assetsUrl: string;
}

export class Scene {
  #renderer: WebGLRenderer;
  #quality: Quality;
  #options: SceneOptions;
  #assets: Assets;
  #namesMissing = false;
  #three = new ThreeScene();
  #camera = new PerspectiveCamera(FOV_DEG, 1, 0.08, 900);
  #rig: CameraRig;
  #crowd: Crowd;
  #labels: Labels;
  #blobs: Shadows;
  #sounds = new Sounds();
  #sky: Sky | null = null;
  #world: WorldScene | null = null;
  #document: WorldDocument | null = null;
  /** What changed while a world is being built; null: none is. */
  #meanwhile: Changes | null = null;
  #outlines = new Outlines();
  #pointers = new PointerPins();
  #homes = new Homes();
  #raycaster = new Raycaster();
  #governor = new FrameGovernor();
  #pixelRatio: number;
  #lastS = 0;
  #frame = 0;
  #target = new Vector3();
  #eye = new Vector3();
  #ahead = new Vector3();
  /** Is worn: it has the camera. */
  #headset: Headset | null = null;

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
    this.#assets = new Assets(options.assetsUrl, this.#renderer);
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
    this.#three.add(this.#outlines.root, this.#pointers.root, this.#homes.root);
    this.resize();
  }

  /** Replaces whatever world was shown. */
  async load(
    document: WorldDocument,
    progress: (done01: number, label: string) => void,
  ): Promise<void> {
    this.#clearWorld();
    const sky = new Sky(document.environment ?? {}, this.#quality, this.#assets);
    const world = this.#makeWorld(document, sky);
    this.#sky = sky;
    this.#world = world;
    this.#document = document;
    this.#homes.set(document);
    this.#setAir(document);
    this.#three.add(sky.dome, sky.sun, sky.sun.target, sky.ambient);
    this.#meanwhile = noChanges();
    await world.build((done01, label) => progress(done01 * 0.9, label));
    // Another world may have been asked for meanwhile.
    if (this.#world !== world) return;
    this.#three.add(world.root);
    this.#sounds.load(document, this.#options.assetsUrl);
    this.#catchUp();
    progress(0.95, "shaders");
    await this.#renderer.compileAsync(this.#three, this.#camera);
    this.#renderer.shadowMap.needsUpdate = true;
    progress(1, "ready");
  }

  /** The world was changed: shows it as it is in `document` now. */
  edit(document: WorldDocument, changes: Changes): void {
    const world = this.#world;
    if (!world) return;
    this.#document = document;
    if (this.#meanwhile) {
      merge(this.#meanwhile, changes);
      // A world that is built beside the one that is shown: that one goes on following small edits.
      if (!world.root.parent || sizeOf(changes) > LIVE_AT_ONCE_MAX) return;
    }
    if (changes.environment) {
      this.#sky?.set(document.environment ?? {});
      this.#setAir(document);
    }
    this.#sounds.edit(document, touched(changes));
    this.#homes.edit(document, changes);
    const repainted = world.repaint(document, changes.repainted);
    const left = { ...changes, repainted };
    const size = sizeOf(left);
    const crowded = size > 0 && world.liveCount + size > LIVE_MAX && !this.#meanwhile;
    if (size > LIVE_AT_ONCE_MAX || crowded) void this.#buildAnew(world, left);
    else world.edit(document, left);
    this.#renderer.shadowMap.needsUpdate = true;
  }

  /**
   * What lies under a point of the picture (-1 to 1, y upwards), besides some objects. What is not
   * drawn cannot be met.
   */
  pick(x: number, y: number, except: ReadonlySet<number> = new Set()): Hit | null {
    this.#raycaster.setFromCamera(new Vector2(x, y), this.#camera);
    return this.#meet(except);
  }

  /** The same along a ray; `direction` is of length one. */
  pickAlong(origin: Vec3, direction: Vec3, except: ReadonlySet<number> = new Set()): Hit | null {
    this.#raycaster.ray.origin.fromArray(origin);
    this.#raycaster.ray.direction.fromArray(direction);
    return this.#meet(except);
  }

  /** Where a point of the world is in the picture (-1 to 1, y upwards); null: not in it. */
  screenOf(point: Vec3): { x: number; y: number } | null {
    const { x, y, z } = new Vector3().fromArray(point).project(this.#camera);
    return Math.abs(x) <= 1 && Math.abs(y) <= 1 && Math.abs(z) <= 1 ? { x, y } : null;
  }

  /** The upright box around what is drawn of an object; null: nothing is. */
  boundsOf(object: number): Bounds | null {
    const bounds = this.#boxOf(object);
    return bounds ? { min: bounds.min.toArray(), max: bounds.max.toArray() } : null;
  }

  /** Where an object is shown right now, be it as a preview; null: there is no such object. */
  poseOf(object: number): ScaledPose | null {
    return this.#world?.poseOf(object) ?? null;
  }

  /** Shows an object elsewhere until the next edit of it; null: where it is. */
  preview(object: number, pose: ScaledPose | null): void {
    this.#world?.preview(object, pose);
  }

  /** What a model costs to draw once; null: it is not here. */
  weightOf(path: string): ModelWeight | null {
    return this.#world?.weightOf(path) ?? null;
  }

  /** What is written in the box in the place of an object's model; null: there is none. */
  arriving(object: number): string | null {
    return this.#world?.arriving(object) ?? null;
  }

  /** Tells models that cannot be had by the names of their objects. */
  nameMissing(on: boolean): void {
    this.#namesMissing = on;
    this.#world?.nameMissing(on);
  }

  /** Shows where companions are at home. */
  showHomes(on: boolean): void {
    this.#homes.show(on);
  }

  /** Hides an object on this page alone. */
  hide(object: number, hidden: boolean): void {
    this.#world?.hide(object, hidden);
  }

  /**
   * The group in which an object is drawn, taken out of the merged meshes: for handles within
   * `scene/`. It stays the same while the object is there, and its parts are exchanged.
   */
  takeOut(object: number): Object3D | null {
    return this.#world?.takeOut(object) ?? null;
  }

  /** Frames around what somebody has chosen, with their name; no ids: none any more. */
  highlight(key: string, ids: Iterable<number>, colour: string, name: string | null): void {
    this.#outlines.set(key, [...ids], colour, name);
  }

  /** A frame around a place where something may come; null: none any more. */
  ghost(bounds: Bounds | null, colour: string): void {
    this.#outlines.ghost(bounds, colour);
  }

  /** Handles with which something is moved, turned and scaled; whoever asks disposes of them. */
  async makeHandles(): Promise<Handles> {
    const { Handles: HandlesClass } = await import("./gizmo");
    return new HandlesClass(this.#three, this.#camera);
  }

  /** Small pictures of models; whoever asks disposes of them. */
  async makePortraits(): Promise<Portraits> {
    const { Portraits: PortraitsClass } = await import("./portraits");
    return new PortraitsClass(this.#assets);
  }

  /**
   * Puts the picture into a headset until its session ends: then `ended` is called. `picture` is
   * called when one is wanted.
   */
  async wear(session: XRSession, picture: () => void, ended: () => void): Promise<Headset> {
    const { Headset: HeadsetClass } = await import("./headset");
    const headset = new HeadsetClass(this.#renderer, this.#three, this.#camera);
    const over = (): void => {
      this.#headset = null;
      // The window may have another size by now.
      this.resize();
    };
    this.#headset = headset;
    try {
      await headset.begin(session, picture, () => {
        over();
        ended();
      });
    } catch (error) {
      await session.end().catch(() => undefined);
      over();
      throw error;
    }
    return headset;
  }

  render(view: WorldView): void {
    const dtS = Math.min(0.1, Math.max(0, view.timeS - this.#lastS));
    this.#pace((view.timeS - this.#lastS) * 1000);
    this.#lastS = view.timeS;
    this.#frame += 1;

    this.#placeCamera(view, dtS);
    for (const object of view.objects) {
      this.#world?.setPose(object.object, object.position, object.rotation);
    }
    const worn = this.#headset !== null;
    const inside = worn || this.#rig.firstness > 0.55 || this.#rig.distanceM < 0.55;
    const eye = this.#eye;
    this.#crowd.update(view.avatars, view.timeS, dtS, eye, this.#ahead, inside);
    this.#blobs.update(view.avatars, this.#quality.tier === "low", inside, eye);
    const mPerPx = worn ? WORN_M_PER_PX : this.#metresPerPx();
    const dotsS = this.#options.reducedMotion ? 0 : view.timeS;
    this.#labels.update(view.avatars, dotsS, view.fromMemory ?? "", eye, mPerPx, inside);
    const windS = this.#options.reducedMotion ? view.timeS * 0.3 : view.timeS;
    this.#world?.update(windS, this.#target);
    this.#homes.update((object) => this.#world?.poseOf(object) ?? null);
    const framed = {
      boundsOf: (object: number) => this.#boxOf(object),
      placeOf: (object: number) => this.#world?.poseOf(object)?.position ?? null,
    };
    this.#outlines.update(framed, eye);
    this.#pointers.update(view.pointers ?? [], eye);
    this.#sky?.update(this.#target, windS, this.#options.reducedMotion);
    this.#sounds.update(eye, this.#ahead, view.objects);
    const { shadowEveryFrames } = this.#quality;
    const every = worn ? Math.max(WORN_SHADOW_EVERY_FRAMES, shadowEveryFrames) : shadowEveryFrames;
    if (this.#frame % every === 0) {
      this.#renderer.shadowMap.needsUpdate = true;
    }
    this.#renderer.info.reset();
    this.#renderer.render(this.#three, this.#camera);
  }

  resize(): void {
    // A headset has its own size.
    if (this.#headset) return;
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

  /** How much the camera sees: its upright angle, and width by height. */
  viewAngle(): { uprightRad: number; aspect: number } {
    return { uprightRad: MathUtils.degToRad(this.#camera.fov), aspect: this.#camera.aspect };
  }

  /** Bytes that the textures of everything that is drawn take on the graphics card. */
  textureBytes(): number {
    return textureBytes(this.#three);
  }

  dispose(): void {
    this.#clearWorld();
    this.#crowd.dispose();
    this.#labels.dispose();
    this.#blobs.dispose();
    this.#outlines.dispose();
    this.#pointers.dispose();
    this.#homes.dispose();
    this.#sounds.dispose();
    this.#assets.dispose();
    this.#renderer.dispose();
  }

  #makeWorld(document: WorldDocument, sky: Sky): WorldScene {
    const world = new WorldScene(
      document,
      this.#quality,
      this.#renderer.capabilities.getMaxAnisotropy(),
      sky.sunRay,
      this.#assets,
    );
    world.nameMissing(this.#namesMissing);
    return world;
  }

  /** Fog, and how far one can see. */
  #setAir(document: WorldDocument): void {
    const environment = { ...documentDefaults.environment, ...document.environment };
    this.#three.fog = new Fog(environment.fog, environment.fog_near_m, environment.fog_far_m);
    this.#three.background = new Color(environment.fog);
    this.#camera.far = Math.max(200, environment.fog_far_m * 1.3);
    this.#camera.updateProjectionMatrix();
  }

  /** Builds the world anew beside the one that is shown, and exchanges them. */
  async #buildAnew(before: WorldScene, changes: Changes): Promise<void> {
    if (!this.#document || !this.#sky) return;
    const after = this.#makeWorld(this.#document, this.#sky);
    this.#meanwhile = noChanges();
    try {
      await after.build(() => {}, true);
    } catch {
      // At worst it costs more to draw.
      if (this.#world === before) before.edit(this.#document, changes);
      this.#meanwhile = null;
      after.dispose();
      return;
    }
    if (this.#world !== before) {
      after.dispose();
      return;
    }
    this.#three.remove(before.root);
    this.#world = after;
    this.#three.add(after.root);
    after.succeed(before);
    before.dispose();
    this.#catchUp();
  }

  /** Does what changed while a world was built. */
  #catchUp(): void {
    const missed = this.#meanwhile;
    this.#meanwhile = null;
    if (missed && this.#document) this.edit(this.#document, missed);
  }

  /** What the ray of the raycaster meets first. */
  #meet(except: ReadonlySet<number>): Hit | null {
    const met = this.#world?.pick(this.#raycaster.ray, except) ?? null;
    const home = this.#homes.pick(this.#raycaster.ray, except);
    if (home !== null && home.distanceM < (met?.distanceM ?? Number.POSITIVE_INFINITY)) return home;
    return met && { object: met.object, point: met.point.toArray(), normal: met.normal.toArray() };
  }

  #boxOf(object: number): Box3 | null {
    return this.#world?.boundsOf(object) ?? this.#homes.boundsOf(object);
  }

  /** What a CSS pixel of the picture is at one metre. */
  #metresPerPx(): number {
    const heightPx = Math.max(1, this.#renderer.domElement.clientHeight);
    return (2 * Math.tan(MathUtils.degToRad(this.#camera.fov) / 2)) / heightPx;
  }

  #placeCamera(view: WorldView, dtS: number): void {
    if (this.#headset) {
      this.#headset.look(this.#eye, this.#ahead);
      this.#target.fromArray(view.camera.target);
      return;
    }
    this.#rig.update(view.camera, dtS);
    this.#camera.position.fromArray(this.#rig.position);
    this.#eye.copy(this.#camera.position);
    this.#ahead.fromArray(lookDirection(view.camera.yaw, view.camera.pitch));
    this.#camera.rotation.set(view.camera.pitch, view.camera.yaw, 0, "YXZ");
    this.#camera.updateMatrixWorld();
    // Shadows and detail are where people look.
    this.#target.fromArray(view.camera.orbit?.pivot ?? view.camera.target);
  }

  #pace(frameMs: number): void {
    if (this.#headset) {
      this.#governor.count(frameMs);
      return;
    }
    const adjustment = this.#governor.frame(frameMs);
    if (adjustment) this.#adapt(adjustment);
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
    this.#outlines.clear();
    this.#document = null;
    this.#homes.set(null);
    this.#meanwhile = null;
    this.#sounds.clear();
  }
}

/** Objects that are to be drawn otherwise or elsewhere. */
function touched(changes: Changes): Set<number> {
  const { created, deleted, moved, reshaped, repainted } = changes;
  return new Set([...created, ...deleted, ...moved, ...reshaped, ...repainted]);
}

function sizeOf(changes: Changes): number {
  return touched(changes).size - changes.deleted.size;
}

/** Adds later changes to earlier ones; which objects are there is looked up in the document. */
function merge(into: Changes, later: Changes): void {
  for (const key of ["created", "deleted", "changed", "moved", "reshaped", "repainted"] as const) {
    for (const id of later[key]) into[key].add(id);
  }
  // What went and came back, or the other way round, is drawn as the document says.
  for (const id of into.deleted) into.created.add(id);
  into.settings ||= later.settings;
  into.environment ||= later.environment;
  into.title ||= later.title;
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

/**
 * The picture, the controls and the loop that joins them.
 *
 * Owns the canvas. Every picture: read the controls, make inputs, show the visit. Nothing is drawn
 * while no visit plays.
 */
import { effect, signal } from "@preact/signals";
import { companionAt, lookAround } from "./companions/near";
import type { Changes } from "./document/apply";
import { t } from "./i18n/translate";
import type { ControlState, Controls } from "./input/controls";
import { listenForTaps } from "./input/taps";
import { Pointers } from "./pointers";
import type { WorldDocument } from "./protocol/document";
import { buttons, emoteNames, type PersonCard, type TrackedPoses } from "./protocol/generated";
import { distanceFor, Flight } from "./scene/flight";
import type { Scene } from "./scene/scene";
import type { CameraView, Vec3 } from "./scene/view";
import { togglePanel } from "./ui/panel";
import type { Actions, Panel, Store } from "./ui/store";
import type { Shown, Visit } from "./visit";
import type { Hands } from "./xr/hands";

export interface StageParts {
  makeScene(canvas: HTMLCanvasElement): Scene;
  Controls: typeof Controls;
  /** Called before every picture, when the controls were read. */
  beforePicture(nowMs: number): void;
}

/** A headset that is worn: it takes the place of the controls and of the camera. */
export interface Worn {
  readonly hands: Hands;
  /** What the person wants; good until the next reading. */
  read(): ControlState;
  /** Head and hands, as others are told. */
  poses(): TrackedPoses | null;
  /** Turns the person to a heading, radians. */
  face(yaw: number): void;
  /** The avatar is there now: the middle of its capsule. */
  stand(own: Vec3, nowMs: number): void;
  /** Takes it off. */
  end(): void;
}

export class Stage {
  /** Whether the camera is away from the avatar. */
  readonly flying = signal(false);
  /** Where others point who build. */
  readonly pointers = new Pointers();
  /** The headset that is worn; null: none is. */
  readonly worn = signal<Worn | null>(null);
  readonly #host: HTMLElement;
  readonly #store: Store;
  readonly #canvas: HTMLCanvasElement;
  readonly #scene: Scene;
  readonly #controls: Controls;
  readonly #parts: StageParts;
  #visit: Visit | null = null;
  #cards: ReadonlyMap<number, PersonCard> = new Map();
  #camera: Omit<CameraView, "target" | "obstruct" | "orbit"> = {
    mode: "third",
    yaw: 0,
    pitch: 0,
    distanceM: 4,
  };
  #shown: Shown | null = null;
  #looping = false;
  #nextPicture = 0;
  #faced = false;
  /** The camera of whoever builds, away from the avatar, which stands meanwhile. */
  #flight: Flight | null = null;
  /** Where the avatar looks while the camera is away. */
  #still: { yaw: number; pitch: number } | null = null;
  #readMs = 0;
  /** When the newest picture was made. */
  #picturedMs = 0;
  /** Worlds are built one after another. */
  #building: Promise<void> = Promise.resolve();
  /** How many are waiting for earlier ones. */
  #awaited = 0;

  constructor(host: HTMLElement, store: Store, act: Actions, parts: StageParts) {
    this.#host = host;
    this.#store = store;
    this.#parts = parts;
    this.#canvas = document.createElement("canvas");
    this.#canvas.className = "world-canvas";
    this.#canvas.tabIndex = 0;
    // Keys here are the world's own: assistive technology should pass them on.
    this.#canvas.setAttribute("role", "application");
    const thumbs = document.createElement("div");
    thumbs.className = "thumbs";
    host.hidden = false;
    host.replaceChildren(this.#canvas, thumbs);
    this.#scene = parts.makeScene(this.#canvas);
    this.#controls = new parts.Controls(this.#canvas, thumbs);
    this.#listen(act);
    new ResizeObserver(() => this.#scene.resize()).observe(this.#canvas);
  }

  /** What the newest picture shows. */
  get shown(): Shown | null {
    return this.#shown;
  }

  /** Where the camera looks, radians. */
  get camera(): { mode: "third" | "first"; yaw: number; pitch: number } {
    return this.#camera;
  }

  /** Where a point of the world is in the window, CSS pixels; null: not in the picture. */
  screenOf(point: Vec3): { x: number; y: number } | null {
    const at = this.#scene.screenOf(point);
    if (at === null) return null;
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    return { x: left + ((at.x + 1) / 2) * width, y: top + ((1 - at.y) / 2) * height };
  }

  /** The same of the middle of what is drawn of an object. */
  projected(object: number): { x: number; y: number } | null {
    const bounds = this.#scene.boundsOf(object);
    if (bounds === null) return null;
    const { min, max } = bounds;
    return this.screenOf([(min[0] + max[0]) / 2, (min[1] + max[1]) / 2, (min[2] + max[2]) / 2]);
  }

  /**
   * Builds a world; the last picture stays until `play`. `latest` gives its document, to which edits
   * come while earlier worlds are still being built.
   */
  load(latest: () => WorldDocument, progress: (done01: number) => void): Promise<void> {
    this.#visit = null;
    this.#shown = null;
    this.#awaited += 1;
    this.#building = this.#building
      .catch(() => undefined)
      .then(() => {
        this.#awaited -= 1;
        return this.#scene.load(latest(), progress);
      });
    return this.#building;
  }

  /** The world was changed; `document` is what it is now. */
  edit(document: WorldDocument, changes: Changes): void {
    // What the scene has is of an earlier world: the next one is built as it is by then.
    if (this.#awaited === 0) this.#scene.edit(document, changes);
  }

  /** Frames around what somebody has chosen; no objects: none. */
  highlight(key: string, objects: readonly number[], colour: string, name: string | null): void {
    this.#scene.highlight(key, objects, colour, name);
  }

  /** The picture: for builders, who pick, preview and frame. */
  get scene(): Scene {
    return this.#scene;
  }

  get canvas(): HTMLCanvasElement {
    return this.#canvas;
  }

  /** Shows a visit from now on; `arriving` turns the camera to where the avatar looks. */
  play(visit: Visit, cards: ReadonlyMap<number, PersonCard>, arriving: boolean): void {
    this.land();
    this.#visit = visit;
    this.#cards = cards;
    this.#faced = !arriving;
    this.#host.hidden = false;
    this.#scene.resize();
    if (this.#looping) return;
    this.#looping = true;
    this.#loop();
  }

  /** Puts the picture into a headset; it is back here once the session is over. */
  async wear(session: XRSession, build: () => void): Promise<void> {
    const { wear } = await import("./xr/worn");
    this.land();
    // A headset asks for pictures itself.
    cancelAnimationFrame(this.#nextPicture);
    try {
      this.worn.value = await wear({
        session,
        scene: this.#scene,
        store: this.#store,
        yaw: this.#camera.yaw,
        build,
        picture: () => this.#picture(),
        ended: (yaw) => {
          this.worn.value = null;
          this.#store.worn.value = false;
          this.#controls.face(yaw);
          this.#loop();
        },
      });
      this.#store.worn.value = true;
    } catch (error) {
      this.#loop();
      throw error;
    }
  }

  /** Shows nothing. */
  hide(): void {
    this.worn.peek()?.end();
    this.land();
    this.#visit = null;
    this.#shown = null;
    this.#host.hidden = true;
  }

  focus(): void {
    this.#canvas.focus({ preventScroll: true });
  }

  /** Turns camera and avatar to a heading, radians. */
  face(yaw: number): void {
    (this.worn.peek() ?? this.#controls).face(yaw);
  }

  /** Takes the camera away from the avatar, to where it is now. */
  takeOff(): void {
    const own = this.#shown?.own;
    if (this.#flight !== null || own === undefined || this.worn.peek() !== null) return;
    this.setCamera("third");
    this.#flight = new Flight(own, this.#camera.distanceM);
    this.flying.value = true;
  }

  /** Flies to where a ball is seen whole. */
  frame(centre: Vec3, radiusM: number): void {
    if (this.worn.peek() !== null) return;
    this.setCamera("third");
    const { uprightRad, aspect } = this.#scene.viewAngle();
    this.#flight = new Flight(centre, distanceFor(radiusM, uprightRad, aspect));
    this.flying.value = true;
  }

  /** Gives the camera back to the avatar. */
  land(): void {
    this.#flight = null;
    this.#still = null;
    this.flying.value = false;
  }

  /** Draws the picture along by CSS pixels. */
  pan(rightPx: number, downPx: number): void {
    const { uprightRad } = this.#scene.viewAngle();
    const metresPerPx = (2 * Math.tan(uprightRad / 2)) / Math.max(1, this.#canvas.clientHeight);
    this.#flight?.pan(rightPx, downPx, metresPerPx, this.#camera.yaw, this.#camera.pitch);
  }

  /** `factor` above 1 moves the camera of whoever builds away. */
  zoom(factor: number): void {
    this.#flight?.zoom(factor);
  }

  setVolume(volume01: number): void {
    this.#scene.setVolume(volume01);
  }

  setCamera(mode: "third" | "first"): void {
    if (this.#store.camera.peek() !== mode) this.#controls.press("camera");
  }

  /** Holds or lets go of the jump button on the screen. */
  jump(held: boolean): void {
    this.#controls.press("jump", held);
  }

  playSensor(object: number): void {
    this.#scene.playSensor(object);
  }

  stats(): { drawCalls: number; triangles: number; fps: number } {
    return this.#scene.stats();
  }

  /** Hands what the person wants to the visit. */
  readControls(nowMs: number): void {
    if (this.#visit === null) return;
    const worn = this.worn.peek();
    const read = worn?.read() ?? this.#controls.read(nowMs);
    this.#visit.tracked = worn;
    this.#camera = {
      mode: read.cameraMode,
      yaw: read.cameraYaw,
      pitch: read.cameraPitch,
      distanceM: read.distanceM,
    };
    if (worn === null && this.#store.camera.peek() !== read.cameraMode) {
      this.#store.camera.value = read.cameraMode;
    }
    this.#visit.want(this.#flight === null ? read : this.#fly(this.#flight, read, nowMs), nowMs);
    this.#readMs = nowMs;
  }

  /** What would walk flies; the avatar stands where it is. */
  #fly(flight: Flight, read: ControlState, nowMs: number): ControlState {
    const dtS = Math.min(0.1, Math.max(0, nowMs - this.#readMs) / 1_000);
    const faster = (read.buttons & buttons.run) !== 0 ? 3 : 1;
    const rises = (read.buttons & buttons.jump) !== 0 ? 1 : 0;
    const by: Vec3 = [read.moveX / 127, rises, read.moveZ / 127];
    if (by.some((part) => part !== 0)) flight.move(by, dtS * faster);
    this.#still ??= { yaw: read.yaw, pitch: read.pitch };
    return { ...read, ...this.#still, moveX: 0, moveZ: 0, buttons: 0 };
  }

  #loop(): void {
    if (!this.#looping) return;
    // One loop, also when a session ends while it is begun.
    cancelAnimationFrame(this.#nextPicture);
    this.#nextPicture = requestAnimationFrame(() => {
      this.#loop();
      this.#picture();
    });
  }

  #picture(): void {
    // The time stamp of the frame may lie before messages that came since: use the present.
    const nowMs = performance.now();
    const visit = this.#visit;
    if (visit === null) return;
    this.readControls(nowMs);
    this.#parts.beforePicture(nowMs);
    if (!visit.placed) return;
    if (!this.#faced) this.#face(visit);
    const shown = visit.show(nowMs, this.#cards, this.#store.company);
    lookAround(this.#store.company, shown.avatars, shown.own, this.#camera.yaw);
    this.#shown = shown;
    const pointers = this.pointers.show((nowMs - this.#picturedMs) / 1_000, this.#cards);
    this.#picturedMs = nowMs;
    this.worn.peek()?.stand(shown.own, nowMs);
    this.#scene.render({
      timeS: nowMs / 1_000,
      avatars: shown.avatars,
      objects: shown.objects,
      pointers,
      fromMemory: t("fromMemory"),
      camera: {
        ...this.#camera,
        target: shown.own,
        obstruct: (origin, direction, maxM) => visit.obstruct(origin, direction, maxM),
        orbit: this.#flight,
      },
    });
  }

  /** On arrival the camera looks where the avatar does. */
  #face(visit: Visit): void {
    const yaw = visit.arrivalYaw;
    if (yaw === null) return;
    this.#faced = true;
    this.face(yaw);
    this.readControls(performance.now());
  }

  /** Whoever points at a companion wants to talk to it, unless they build. */
  #tap(at: { x: number; y: number }, act: Actions): void {
    const shown = this.#shown;
    if (shown === null || this.#store.building.peek() || this.worn.peek() !== null) return;
    const { avatars, own } = shown;
    const companion = companionAt(avatars, own, at, (point) => this.screenOf(point));
    if (companion !== null) act.talkTo(companion);
  }

  #listen(act: Actions): void {
    const toggle = (panel: Panel) => () => togglePanel(this.#store, panel);
    const controls = this.#controls;
    controls.on("chat", () => {
      this.#store.chatOpen.value = true;
    });
    controls.on("emote", (index) => {
      const emote = emoteNames[index];
      if (emote !== undefined) act.emote(emote);
    });
    controls.on("talk", () => {
      const near = this.#store.company.near.peek();
      if (near !== null && !this.#store.building.peek()) act.talkTo(near);
    });
    listenForTaps(this.#canvas, (at) => this.#tap(at, act));
    controls.on("emotes", toggle("emotes"));
    controls.on("roster", toggle("people"));
    controls.on("help", toggle("help"));
    controls.on("settings", toggle("settings"));
    // Whoever begins to touch gets the buttons for thumbs; a mouse beside does not take them away.
    addEventListener("pointerdown", (event) => {
      if (event.pointerType === "touch") this.#store.touch.value = true;
    });
    if (matchMedia("(pointer: coarse)").matches) this.#store.touch.value = true;
    effect(() => {
      controls.enabled = this.#store.screen.value.kind === "world" && !this.#store.travelling.value;
    });
    effect(() => {
      this.#canvas.setAttribute(
        "aria-label",
        t("worldView", { world: this.#store.worldTitle.value }),
      );
    });
  }
}

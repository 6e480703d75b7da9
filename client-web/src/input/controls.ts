/**
 * Turns keys, mouse, fingers and gamepad into one state of the controls.
 *
 * Owns what is held down and where the camera looks. Invariant: nothing stays held when the page
 * loses the focus or `enabled` is false. All rates are per second, whatever the frame rate.
 */
import { buttons } from "../protocol/generated";
import { PadReader } from "./gamepad";
import { Joystick } from "./joystick";
import { belongsToFocus, type ControlAction, type HeldKey, meaningOf } from "./keys";
import { headingOf, toPitch8, toWorld, toYaw16, turnBetween, turnTowards } from "./vectors";

export type { ControlAction } from "./keys";

export interface ControlState {
  /** Wanted direction in world space, -127..127. */
  moveX: number;
  moveZ: number;
  /** Where the avatar faces, 1/65536 of a turn. */
  yaw: number;
  /** Where the head looks, 1/127 of a quarter turn. */
  pitch: number;
  /** Bit set of `buttons`. */
  buttons: number;
  /** Radians. */
  cameraYaw: number;
  cameraPitch: number;
  cameraMode: "third" | "first";
  distanceM: number;
}

/** Called with the index of the gesture for "emote", else 0. */
export type ActionHandler = (index: number) => void;

const DRAG_RADPPX = 0.0052;
const LOCKED_RADPPX = 0.0024;
const PAD_RADPS = 2.8;
const PITCH_MAX = 1.4;
/** In third person the camera stays out of the ground. */
const THIRD_PITCH_MAX = 0.75;
const DISTANCE_M = { nearest: 1.6, farthest: 12, usual: 4.6 };
/** The camera's usual downward look in third person, radians. */
const THIRD_PITCH = -0.22;
/** How long a stick may be left alone before the camera swings behind the avatar, ms. */
const FOLLOW_AFTER_MS = 900;

export class Controls {
  #element: HTMLElement;
  #joystick: Joystick | null;
  #pad = new PadReader();
  #held = new Set<HeldKey>();
  #buttonsHeld = new Set<ControlAction>();
  #handlers = new Map<ControlAction, Set<ActionHandler>>();
  #abort = new AbortController();
  #enabled = true;
  #mode: "third" | "first" = "third";
  #cameraYaw = 0;
  #cameraPitch = THIRD_PITCH;
  #facing = 0;
  #distanceM = DISTANCE_M.usual;
  #pointers = new Map<number, { x: number; y: number }>();
  #pinchPx = 0;
  #lastMs: number | null = null;
  #lastLookMs = 0;
  #nowMs = 0;

  constructor(element: HTMLElement, joystickHost: HTMLElement | null) {
    this.#element = element;
    this.#joystick = joystickHost ? new Joystick(joystickHost) : null;
    this.#listen();
  }

  /** False while typing: nothing moves and no key acts. */
  get enabled(): boolean {
    return this.#enabled;
  }

  set enabled(enabled: boolean) {
    if (enabled === this.#enabled) return;
    this.#enabled = enabled;
    this.#release();
    if (!enabled && document.pointerLockElement === this.#element) document.exitPointerLock();
  }

  /** Turns camera and avatar to a heading: on arrival in a world. Radians. */
  face(yaw: number): void {
    this.#cameraYaw = yaw;
    this.#facing = yaw;
    this.#cameraPitch = this.#mode === "third" ? THIRD_PITCH : 0;
  }

  /** Returns the way to stop listening. */
  on(action: ControlAction, handler: ActionHandler): () => void {
    const handlers = this.#handlers.get(action) ?? new Set();
    handlers.add(handler);
    this.#handlers.set(action, handlers);
    return () => handlers.delete(handler);
  }

  /** For buttons on the screen. "jump" and "run" stay held until told otherwise. */
  press(action: ControlAction, held = true): void {
    if (action !== "jump" && action !== "run") {
      if (held) this.#act(action, 0);
    } else if (held) {
      this.#buttonsHeld.add(action);
    } else {
      this.#buttonsHeld.delete(action);
    }
  }

  read(nowMs: number): ControlState {
    const dtS = this.#lastMs === null ? 0 : Math.min(0.1, Math.max(0, nowMs - this.#lastMs) / 1000);
    this.#lastMs = nowMs;
    this.#nowMs = nowMs;
    const wish = { right: 0, ahead: 0 };
    let jump = false;
    let run = false;
    if (this.#enabled) {
      wish.right = this.#key("right") - this.#key("left");
      wish.ahead = this.#key("ahead") - this.#key("back");
      jump = this.#held.has("jump") || this.#buttonsHeld.has("jump");
      run = this.#held.has("run") || this.#buttonsHeld.has("run");
      const stick = this.#sticks(dtS);
      wish.right += stick.right;
      wish.ahead += stick.ahead;
      jump ||= stick.jump;
      run ||= stick.run;
      if (stick.follow) this.#swingBehind(wish, dtS);
    }
    const { moveX, moveZ } = toWorld(wish, this.#cameraYaw);
    const moving = moveX !== 0 || moveZ !== 0;
    if (this.#mode === "first") this.#facing = this.#cameraYaw;
    else if (moving) this.#facing = turnTowards(this.#facing, headingOf(moveX, moveZ), dtS, 0.075);
    const look =
      this.#mode === "first" ? this.#cameraPitch : (this.#cameraPitch - THIRD_PITCH) * 0.6;
    return {
      moveX,
      moveZ,
      yaw: toYaw16(this.#facing),
      pitch: toPitch8(look),
      buttons: (jump ? buttons.jump : 0) | (run ? buttons.run : 0),
      cameraYaw: this.#cameraYaw,
      cameraPitch: this.#cameraPitch,
      cameraMode: this.#mode,
      distanceM: this.#distanceM,
    };
  }

  dispose(): void {
    this.#abort.abort();
    this.#joystick?.dispose();
    this.#handlers.clear();
    if (document.pointerLockElement === this.#element) document.exitPointerLock();
  }

  #key(key: HeldKey): number {
    return this.#held.has(key) ? 1 : 0;
  }

  /** Gamepad and joystick; `follow`: one of them steers, so the camera may help. */
  #sticks(dtS: number) {
    const stick = { right: 0, ahead: 0, jump: false, run: false, follow: false };
    const pad = this.#pad.read(firstPad());
    if (pad) {
      for (const action of pad.pressed) this.#act(action, 0);
      Object.assign(stick, { right: pad.right, ahead: pad.ahead, jump: pad.jump, run: pad.run });
      if (pad.lookRight !== 0 || pad.lookUp !== 0) {
        this.#look(pad.lookRight * PAD_RADPS * dtS, pad.lookUp * PAD_RADPS * 0.7 * dtS);
      }
    }
    if (this.#joystick) {
      stick.right += this.#joystick.right;
      stick.ahead += this.#joystick.ahead;
      stick.run ||= this.#joystick.run;
    }
    stick.follow = stick.right !== 0 || stick.ahead !== 0;
    return stick;
  }

  /** With thumbs it is hard to walk and look at once: walking sideways swings the camera round. */
  #swingBehind(wish: { right: number; ahead: number }, dtS: number): void {
    if (this.#mode !== "third" || this.#nowMs - this.#lastLookMs < FOLLOW_AFTER_MS) return;
    this.#cameraYaw -= wish.right * 0.9 * dtS;
  }

  /** Radians to the right and upwards. */
  #look(right: number, up: number): void {
    this.#lastLookMs = this.#nowMs;
    this.#cameraYaw = turnBetween(0, this.#cameraYaw - right);
    const highest = this.#mode === "third" ? THIRD_PITCH_MAX : PITCH_MAX;
    this.#cameraPitch = Math.min(highest, Math.max(-PITCH_MAX, this.#cameraPitch + up));
  }

  /** `factor` above 1 moves the camera away. Closer than the nearest is first person. */
  #zoom(factor: number): void {
    if (this.#mode === "first") {
      if (factor > 1) {
        this.#switchCamera("third");
        this.#distanceM = DISTANCE_M.nearest;
      }
      return;
    }
    const wanted = this.#distanceM * factor;
    if (wanted < DISTANCE_M.nearest * 0.8) this.#switchCamera("first");
    else
      this.#distanceM = Math.min(DISTANCE_M.farthest, Math.max(DISTANCE_M.nearest * 0.8, wanted));
  }

  #switchCamera(mode: "third" | "first"): void {
    if (mode === this.#mode) return;
    this.#mode = mode;
    if (mode === "first") {
      this.#cameraPitch = 0;
    } else {
      this.#cameraPitch = Math.min(THIRD_PITCH_MAX, this.#cameraPitch + THIRD_PITCH);
      this.#distanceM = Math.max(this.#distanceM, DISTANCE_M.usual * 0.7);
      if (document.pointerLockElement === this.#element) document.exitPointerLock();
    }
  }

  #act(action: ControlAction, index: number): void {
    if (action === "camera") this.#switchCamera(this.#mode === "third" ? "first" : "third");
    for (const handler of this.#handlers.get(action) ?? []) handler(index);
  }

  #release(): void {
    this.#held.clear();
    this.#buttonsHeld.clear();
    this.#pointers.clear();
    this.#joystick?.release();
  }

  #listen(): void {
    const { signal } = this.#abort;
    const element = this.#element;
    window.addEventListener("keydown", (event) => this.#keyDown(event), { signal });
    window.addEventListener("keyup", (event) => this.#keyUp(event), { signal });
    window.addEventListener("blur", () => this.#release(), { signal });
    document.addEventListener(
      "visibilitychange",
      () => {
        if (document.hidden) this.#release();
      },
      { signal },
    );
    element.style.touchAction = "none";
    element.addEventListener("contextmenu", (event) => event.preventDefault(), { signal });
    element.addEventListener("pointerdown", (event) => this.#pointerDown(event), { signal });
    element.addEventListener("pointermove", (event) => this.#pointerMove(event), { signal });
    for (const type of ["pointerup", "pointercancel"] as const) {
      element.addEventListener(type, (event) => this.#pointerUp(event), { signal });
    }
    element.addEventListener(
      "wheel",
      (event) => {
        if (!this.#enabled || event.ctrlKey) return;
        event.preventDefault();
        const lines = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : 30;
        this.#zoom(Math.exp(Math.max(-120, Math.min(120, event.deltaY * lines)) * 0.0016));
      },
      { signal, passive: false },
    );
    window.addEventListener(
      "pointerdown",
      (event) => {
        if (event.pointerType === "touch") this.#joystick?.show(true);
      },
      { signal },
    );
  }

  #keyDown(event: KeyboardEvent): void {
    if (!this.#enabled || event.ctrlKey || event.metaKey || event.altKey || event.isComposing)
      return;
    const meaning = meaningOf(event.code);
    if (!meaning || belongsToFocus(event.code, this.#focus())) return;
    event.preventDefault();
    if (meaning.kind === "held") this.#held.add(meaning.key);
    else if (!event.repeat) this.#act(meaning.action, meaning.index);
  }

  #keyUp(event: KeyboardEvent): void {
    const meaning = meaningOf(event.code);
    // Two keys may mean the same; letting go of one lets go of both, which harms nobody.
    if (meaning?.kind === "held") this.#held.delete(meaning.key);
  }

  #focus() {
    const active = document.activeElement;
    const onPicture = !active || active === document.body || active === this.#element;
    const editable =
      active instanceof HTMLElement &&
      (active.isContentEditable ||
        active instanceof HTMLTextAreaElement ||
        (active instanceof HTMLInputElement &&
          !/^(checkbox|radio|range|button)$/.test(active.type)));
    return { tag: active?.tagName.toLowerCase() ?? "", onPicture, editable };
  }

  #pointerDown(event: PointerEvent): void {
    if (!this.#enabled) return;
    if (event.pointerType === "mouse" && this.#mode === "first" && event.button === 0) {
      // Refused when the person has just left the lock: dragging still looks around.
      Promise.resolve(this.#element.requestPointerLock?.()).catch(() => undefined);
    }
    this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.#pinchPx = 0;
    this.#element.setPointerCapture(event.pointerId);
    if (this.#element.tabIndex >= 0) this.#element.focus({ preventScroll: true });
  }

  #pointerMove(event: PointerEvent): void {
    if (!this.#enabled) return;
    if (document.pointerLockElement === this.#element) {
      this.#look(event.movementX * LOCKED_RADPPX, -event.movementY * LOCKED_RADPPX);
      return;
    }
    const pointer = this.#pointers.get(event.pointerId);
    if (!pointer) return;
    const right = event.clientX - pointer.x;
    const down = event.clientY - pointer.y;
    pointer.x = event.clientX;
    pointer.y = event.clientY;
    if (this.#pointers.size === 1) {
      this.#look(right * DRAG_RADPPX, -down * DRAG_RADPPX);
      return;
    }
    const [a, b] = [...this.#pointers.values()];
    if (!a || !b) return;
    const apart = Math.hypot(a.x - b.x, a.y - b.y);
    if (this.#pinchPx > 0 && apart > 0) this.#zoom(this.#pinchPx / apart);
    this.#pinchPx = apart;
  }

  #pointerUp(event: PointerEvent): void {
    this.#pointers.delete(event.pointerId);
    this.#pinchPx = 0;
  }
}

function firstPad(): Gamepad | null {
  for (const pad of navigator.getGamepads?.() ?? []) {
    if (pad?.connected && pad.mapping === "standard") return pad;
  }
  return null;
}

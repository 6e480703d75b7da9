/**
 * The pointer over the picture while building.
 *
 * Owns which drags are the builder's: those that begin on a handle or on something chosen. All
 * others go on to the camera untouched. It listens before the camera does (in the capture phase of
 * what holds the canvas), and keeps from it what is its own.
 */
import { effect } from "@preact/signals";
import type { Builder } from "./builder";
import { Carrying } from "./carrying";
import { caught } from "./measure";
import { carriedAll } from "./operations";
import { Paced } from "./pace";
import { isSame } from "./same";
import { ontoSurface } from "./snapping";
import { add, subtract, type Vec3 } from "./vectors";
import type { Bounds, Hit, Pose } from "./workbench";

/** Farther than this (CSS pixels) a press is a drag and no click. */
const CLICK_PX = 6;
const CLICK_MS = 600;
/** So near (CSS pixels) is a mark clicked. */
const MARKER_PX = 16;
/** So often others are told where one points. */
const POINT_EVERY_MS = 100;
const NOTHING: ReadonlySet<number> = new Set();

type Hold =
  | { kind: "handle"; from: Pose }
  | { kind: "surface"; lead: number; bounds: Bounds; origin: Vec3; family: ReadonlySet<number> };

interface Drag {
  pointer: number;
  hold: Hold;
  carrying: Carrying;
  /** Whether it went farther than a click. */
  moving: boolean;
}

interface Press {
  pointer: number;
  x: number;
  y: number;
  atMs: number;
}

export class BuilderPointer {
  readonly #builder: Builder;
  readonly #canvas: HTMLCanvasElement;
  readonly #abort = new AbortController();
  readonly #points: Paced<MouseEvent | null>;
  #pointed: Vec3 | null = null;
  #press: Press | null = null;
  /** Where the pointer is over the picture; null: elsewhere. */
  #over: MouseEvent | null = null;
  #drag: Drag | null = null;
  #ends: (() => void)[] = [];

  constructor(builder: Builder) {
    this.#builder = builder;
    this.#canvas = builder.bench.canvas;
    this.#points = new Paced(POINT_EVERY_MS, (event) => this.#tellPoint(event), builder.after);
    const host = this.#canvas.parentElement ?? this.#canvas;
    const options = { signal: this.#abort.signal, capture: true };
    const on = (type: "pointerdown" | "pointermove" | "pointerup" | "pointercancel"): void => {
      host.addEventListener(
        type,
        (event) => {
          if (event.target === this.#canvas) this.#hear(type, event);
        },
        options,
      );
    };
    for (const type of ["pointerdown", "pointermove", "pointerup", "pointercancel"] as const) {
      on(type);
    }
    this.#canvas.addEventListener(
      "pointerleave",
      () => {
        this.#over = null;
        this.#points.push(null);
      },
      options,
    );
    document.addEventListener("visibilitychange", () => this.#points.push(null), options);
    builder.underPointer = () =>
      this.#over === null ? null : this.#pick(this.#over, builder.hidden.peek());
    this.#canvas.addEventListener("dragover", (event) => this.#dragOver(event), options);
    this.#canvas.addEventListener("drop", (event) => this.#drop(event), options);
    this.#ends.push(effect(() => this.#showHandles()));
  }

  dispose(): void {
    this.#abort.abort();
    for (const end of this.#ends) end();
    this.cancel();
    this.#points.drop();
    this.#tellPoint(null);
    this.#canvas.style.cursor = "";
  }

  /** Shows the handles, now that there are some. */
  refresh(): void {
    this.#showHandles();
  }

  /** Lets go of what is held and shows it where the server has it. */
  cancel(): void {
    this.#letGo()?.cancel();
  }

  #showHandles(): void {
    const builder = this.#builder;
    const tool = builder.tool.value;
    const step = builder.gridStepM;
    const angle = builder.snaps.value ? (builder.angleDeg.value * Math.PI) / 180 : null;
    // In a headset hands take hold of things themselves.
    const isWorn = builder.bench.hands.value !== null;
    const busy = isWorn || builder.dragging.value || builder.placing.value !== null;
    const pose = builder.handles();
    const { gizmo } = builder;
    if (gizmo === null || builder.dragging.peek()) return;
    gizmo.setSnap({ gridM: step, angleRad: angle });
    const isStill = tool === "select" || tool === "measure";
    const mode = tool === "rotate" ? "rotate" : tool === "scale" ? "scale" : "translate";
    gizmo.show(busy || isStill ? null : pose, mode, builder.space.value);
  }

  /** Shows others what the pointer is on; a finger points while it touches. */
  #tellPoint(event: MouseEvent | null): void {
    const hit = event === null ? null : this.#pick(event, this.#builder.hidden.peek());
    const at = hit?.point ?? null;
    if (isSame(at, this.#pointed)) return;
    this.#pointed = at;
    this.#builder.bench.tellPoint(at);
  }

  #hear(type: string, event: PointerEvent): void {
    const lifts = type === "pointerup" || type === "pointercancel";
    this.#points.push(lifts && event.pointerType === "touch" ? null : event);
    if (type === "pointerdown") this.#down(event);
    else if (type === "pointermove") this.#move(event);
    else if (type === "pointerup") this.#up(event);
    else {
      if (this.#drag?.pointer === event.pointerId) this.cancel();
      this.#press = null;
    }
  }

  #down(event: PointerEvent): void {
    // A second finger is the camera's.
    if (this.#drag !== null || event.button !== 0) return;
    this.#press = {
      pointer: event.pointerId,
      x: event.clientX,
      y: event.clientY,
      atMs: event.timeStamp,
    };
    const builder = this.#builder;
    if (builder.placing.peek() !== null) return;
    const hold = this.#holdAt(event);
    if (hold === null) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    this.#canvas.setPointerCapture(event.pointerId);
    this.#canvas.focus({ preventScroll: true });
    const carrying = new Carrying(builder, () => this.#letGo());
    this.#drag = { pointer: event.pointerId, hold, carrying, moving: false };
    if (hold.kind === "handle") builder.dragging.value = true;
  }

  /** What a press takes hold of: a handle, or something chosen. */
  #holdAt(event: PointerEvent): Hold | null {
    const builder = this.#builder;
    if (builder.tool.peek() === "measure") return null;
    const { x, y } = this.#unit(event);
    const handles = builder.handles();
    const isHandling = builder.tool.peek() !== "select";
    if (isHandling && handles !== null && builder.gizmo?.begin(x, y)) {
      return { kind: "handle", from: handles };
    }
    if (builder.tool.peek() === "rotate" || builder.tool.peek() === "scale") return null;
    if (event.shiftKey || event.ctrlKey || event.metaKey) return null;
    const hit = this.#pick(event, NOTHING);
    const scenery = builder.scenery.value;
    const lead = hit?.object ?? null;
    if (lead === null || !builder.selection.has(lead) || scenery.isLocked(lead)) return null;
    const family = new Set(scenery.families(builder.chosen.value));
    const bounds = builder.boundsOf(lead);
    return { kind: "surface", lead, bounds, origin: builder.poseOf(lead).position, family };
  }

  #move(event: PointerEvent): void {
    const builder = this.#builder;
    this.#over = event;
    const drag = this.#drag;
    if (drag === null) {
      this.#hover(event);
      return;
    }
    if (event.pointerId !== drag.pointer) return;
    event.stopImmediatePropagation();
    drag.moving ||= this.#wentFar(event);
    if (!drag.moving) return;
    builder.dragging.value = true;
    const poses = this.#posesAt(event, drag);
    if (poses !== null) drag.carrying.show(poses);
  }

  #posesAt(event: PointerEvent, drag: Drag): ReadonlyMap<number, Pose> | null {
    const builder = this.#builder;
    const { hold } = drag;
    const { began } = drag.carrying;
    if (hold.kind === "handle") {
      const { x, y } = this.#unit(event);
      const to = builder.gizmo?.move(x, y);
      if (to === undefined) return null;
      const chosen = builder.chosen.value;
      return carriedAll(builder.scenery.value, chosen, hold.from, to, began);
    }
    const hit = this.#pick(event, hold.family);
    if (hit === null) return null;
    const { point, normal } = hit;
    const to = ontoSurface(point, normal, hold.bounds, hold.origin, builder.gridStepM);
    const by = subtract(to, hold.origin);
    return new Map(
      [...began].map(([id, pose]) => [id, { ...pose, position: add(pose.position, by) }]),
    );
  }

  /** Holds nothing any more; gives what was carried. */
  #letGo(): Carrying | null {
    const drag = this.#drag;
    this.#drag = null;
    if (drag?.hold.kind === "handle") this.#builder.gizmo?.end();
    return drag?.carrying ?? null;
  }

  #up(event: PointerEvent): void {
    const drag = this.#drag;
    const press = this.#press;
    this.#press = null;
    if (drag !== null && event.pointerId === drag.pointer) {
      event.stopImmediatePropagation();
      this.#letGo()?.end();
      if (drag.moving) return;
    }
    if (press === null || press.pointer !== event.pointerId) return;
    const isClick =
      event.timeStamp - press.atMs < CLICK_MS &&
      Math.hypot(event.clientX - press.x, event.clientY - press.y) < CLICK_PX;
    if (isClick && drag?.hold.kind !== "handle") this.#click(event);
  }

  #click(event: PointerEvent): void {
    const builder = this.#builder;
    const hit = this.#pick(event, builder.hidden.peek());
    const piece = builder.placing.peek();
    if (piece !== null) {
      if (hit === null) return;
      builder.place(piece, hit);
      // Held down, shift goes on placing.
      if (!event.shiftKey) builder.placing.value = null;
      return;
    }
    if (builder.tool.peek() === "measure") {
      if (hit === null) return;
      const bounds = hit.object === null ? null : builder.boundsOf(hit.object);
      builder.measure.put(caught(hit.point, bounds, (point) => builder.bench.screenOf(point)));
      return;
    }
    const isMore = event.shiftKey || event.ctrlKey || event.metaKey || builder.several.peek();
    const object = this.#markerAt(event) ?? hit?.object ?? null;
    if (object === null) {
      if (!isMore) builder.selection.clear();
    } else if (isMore) builder.selection.toggle(object);
    else builder.selection.choose([object]);
  }

  /** Something that shows nothing of itself, whose mark lies under the pointer. */
  #markerAt({ clientX, clientY }: MouseEvent): number | null {
    const { bench, unseen, hidden } = this.#builder;
    let nearest: number | null = null;
    let nearestPx = MARKER_PX;
    for (const id of unseen.value) {
      const at = hidden.peek().has(id) ? null : bench.screenOf(this.#builder.poseOf(id).position);
      if (at === null) continue;
      const apartPx = Math.hypot(at.x - clientX, at.y - clientY);
      if (apartPx > nearestPx) continue;
      nearest = id;
      nearestPx = apartPx;
    }
    return nearest;
  }

  #hover(event: PointerEvent): void {
    const builder = this.#builder;
    if (event.buttons !== 0 || event.pointerType === "touch") return;
    const piece = builder.placing.peek();
    const { x, y } = this.#unit(event);
    if (piece !== null) {
      const hit = this.#pick(event, builder.hidden.peek());
      if (hit !== null) builder.aim.follow(hit);
      builder.ghostAt(piece, hit);
      this.#canvas.style.cursor = "copy";
      return;
    }
    const tool = builder.tool.peek();
    const isHandle = tool !== "select" && tool !== "measure" && builder.gizmo?.hover(x, y) === true;
    this.#canvas.style.cursor = isHandle ? "grab" : "";
  }

  #dragOver(event: DragEvent): void {
    if (event.dataTransfer?.types.includes("Files")) {
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      return;
    }
    const piece = this.#builder.placing.peek();
    if (piece === null) return;
    event.preventDefault();
    if (event.dataTransfer !== null) event.dataTransfer.dropEffect = "copy";
    this.#builder.ghostAt(piece, this.#pick(event, this.#builder.hidden.peek()));
  }

  #drop(event: DragEvent): void {
    const builder = this.#builder;
    const files = event.dataTransfer?.files;
    if (files !== undefined && files.length > 0) {
      // Else the browser would leave the page and open them.
      event.preventDefault();
      builder.uploads.add(files);
      if (builder.left.peek() !== "library") builder.toggle("library");
      return;
    }
    const piece = builder.placing.peek();
    if (piece === null) return;
    event.preventDefault();
    const hit = this.#pick(event, builder.hidden.peek());
    builder.placing.value = null;
    if (hit !== null) builder.place(piece, hit);
  }

  #pick(event: MouseEvent, except: ReadonlySet<number>): Hit | null {
    // A captured mouse has no place: it points at the middle of the picture.
    if (document.pointerLockElement === this.#canvas) {
      const { left, top, width, height } = this.#canvas.getBoundingClientRect();
      return this.#builder.bench.pick(left + width / 2, top + height / 2, except);
    }
    return this.#builder.bench.pick(event.clientX, event.clientY, except);
  }

  #wentFar(event: PointerEvent): boolean {
    const press = this.#press;
    if (press === null || this.#drag?.hold.kind === "handle") return true;
    return Math.hypot(event.clientX - press.x, event.clientY - press.y) >= CLICK_PX;
  }

  /** The place in the picture, -1 to 1, y upwards. */
  #unit(event: MouseEvent): { x: number; y: number } {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - left) / Math.max(1, width)) * 2 - 1,
      y: 1 - ((event.clientY - top) / Math.max(1, height)) * 2,
    };
  }
}

/**
 * Moves the camera while it is away from the avatar: the right or middle button and two fingers
 * shift it, wheel and pinch zoom. Turning stays with the page's controls. It listens in the capture
 * phase of what holds the canvas, before the builder's pointer and the controls.
 */
import type { Workbench } from "./workbench";

/** As the controls: a notch is the same way everywhere. */
const ZOOM_PPX = 0.0016;
const NOTCH_PX_MAX = 120;
const LINE_PX = 30;

interface Place {
  x: number;
  y: number;
}

export function listenToCamera(bench: Workbench): () => void {
  const operator = new Operator(bench);
  return () => operator.dispose();
}

class Operator {
  readonly #bench: Workbench;
  readonly #abort = new AbortController();
  /** Fingers on the picture. */
  readonly #fingers = new Map<number, Place>();
  #drag: ({ pointer: number } & Place) | null = null;

  constructor(bench: Workbench) {
    this.#bench = bench;
    const { canvas } = bench;
    const host = canvas.parentElement ?? canvas;
    const options = { signal: this.#abort.signal, capture: true };
    const on = (type: string, hear: (event: PointerEvent) => void): void => {
      host.addEventListener(
        type,
        (event) => {
          if (event.target === canvas) hear(event as PointerEvent);
        },
        options,
      );
    };
    on("pointerdown", (event) => this.#down(event));
    on("pointermove", (event) => this.#move(event));
    on("pointerup", (event) => this.#up(event));
    on("pointercancel", (event) => this.#up(event));
    host.addEventListener("wheel", (event) => this.#wheel(event), { ...options, passive: false });
  }

  dispose(): void {
    this.#abort.abort();
  }

  #down(event: PointerEvent): void {
    const place = { x: event.clientX, y: event.clientY };
    if (event.pointerType === "touch") {
      this.#fingers.set(event.pointerId, place);
      return;
    }
    if (event.button !== 1 && event.button !== 2) return;
    this.#bench.fly(true);
    this.#drag = { pointer: event.pointerId, ...place };
    this.#bench.canvas.setPointerCapture(event.pointerId);
    take(event);
  }

  #move(event: PointerEvent): void {
    const drag = this.#drag;
    if (drag !== null && drag.pointer === event.pointerId) {
      this.#bench.panCamera(event.clientX - drag.x, event.clientY - drag.y);
      this.#drag = { pointer: drag.pointer, x: event.clientX, y: event.clientY };
      take(event);
      return;
    }
    if (!this.#fingers.has(event.pointerId)) return;
    const before = [...this.#fingers.values()];
    this.#fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (this.#fingers.size !== 2 || !this.#bench.flying.peek()) return;
    const after = [...this.#fingers.values()];
    const [from, to] = [pair(before), pair(after)];
    if (from === null || to === null) return;
    this.#bench.panCamera(to.x - from.x, to.y - from.y);
    if (from.apartPx > 0 && to.apartPx > 0) this.#bench.zoomCamera(from.apartPx / to.apartPx);
    take(event);
  }

  /** Letting go is told to all: others may hold the same finger. */
  #up(event: PointerEvent): void {
    this.#fingers.delete(event.pointerId);
    if (this.#drag?.pointer !== event.pointerId) return;
    this.#drag = null;
    take(event);
  }

  #wheel(event: WheelEvent): void {
    if (event.target !== this.#bench.canvas) return;
    if (event.ctrlKey || !this.#bench.flying.peek()) return;
    const px = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE_PX);
    const notch = Math.max(-NOTCH_PX_MAX, Math.min(NOTCH_PX_MAX, px));
    this.#bench.zoomCamera(Math.exp(notch * ZOOM_PPX));
    take(event);
  }
}

function take(event: Event): void {
  event.preventDefault();
  event.stopImmediatePropagation();
}

/** The middle of two fingers and how far they are apart. */
function pair([a, b]: readonly Place[]): (Place & { apartPx: number }) | null {
  if (a === undefined || b === undefined) return null;
  return {
    x: (a.x + b.x) / 2,
    y: (a.y + b.y) / 2,
    apartPx: Math.hypot(a.x - b.x, a.y - b.y),
  };
}

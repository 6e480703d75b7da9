/**
 * A joystick for thumbs. Appears inside its host when the page is first touched (or the device
 * has no finer pointer). Pushed to its rim it means running.
 */
import { withoutDeadZone } from "./vectors";

const RADIUS_PX = 52;
const KNOB_PX = 26;
const DEAD_ZONE = 0.12;
const RUN_FROM = 0.96;

export class Joystick {
  right = 0;
  ahead = 0;
  run = false;
  #base: HTMLDivElement;
  #knob: HTMLDivElement;
  #pointer: number | null = null;
  #abort = new AbortController();

  constructor(host: HTMLElement) {
    const size = `${RADIUS_PX * 2}px`;
    this.#base = disc(size, "rgba(18, 26, 38, 0.32)", "2px solid rgba(255, 255, 255, 0.45)");
    this.#knob = disc(`${KNOB_PX * 2}px`, "rgba(255, 255, 255, 0.78)", "none");
    this.#base.style.position = "relative";
    this.#base.style.touchAction = "none";
    // Keyboards have keys of their own, and a screen reader nothing to say of it.
    this.#base.setAttribute("aria-hidden", "true");
    Object.assign(this.#knob.style, { position: "absolute", left: "50%", top: "50%" });
    this.#base.append(this.#knob);
    host.append(this.#base);
    this.show(matchMedia("(pointer: coarse)").matches);
    this.#move(0, 0);

    const { signal } = this.#abort;
    this.#base.addEventListener("pointerdown", (event) => this.#down(event), { signal });
    this.#base.addEventListener("pointermove", (event) => this.#drag(event), { signal });
    for (const type of ["pointerup", "pointercancel", "lostpointercapture"] as const) {
      this.#base.addEventListener(type, (event) => this.#up(event), { signal });
    }
  }

  show(visible: boolean): void {
    this.#base.style.display = visible ? "block" : "none";
  }

  release(): void {
    this.#pointer = null;
    this.#move(0, 0);
  }

  dispose(): void {
    this.#abort.abort();
    this.#base.remove();
  }

  #down(event: PointerEvent): void {
    if (this.#pointer !== null) return;
    this.#pointer = event.pointerId;
    this.#base.setPointerCapture(event.pointerId);
    event.preventDefault();
    this.#drag(event);
  }

  #drag(event: PointerEvent): void {
    if (event.pointerId !== this.#pointer) return;
    const box = this.#base.getBoundingClientRect();
    const x = (event.clientX - box.left - box.width / 2) / RADIUS_PX;
    const y = (event.clientY - box.top - box.height / 2) / RADIUS_PX;
    const length = Math.hypot(x, y);
    const scale = length > 1 ? 1 / length : 1;
    this.#move(x * scale, y * scale);
  }

  #up(event: PointerEvent): void {
    if (event.pointerId === this.#pointer) this.release();
  }

  #move(x: number, y: number): void {
    const { x: right, y: down } = withoutDeadZone(x, y, DEAD_ZONE);
    this.right = right;
    this.ahead = down === 0 ? 0 : -down;
    this.run = Math.hypot(x, y) >= RUN_FROM;
    const reach = RADIUS_PX - KNOB_PX * 0.5;
    this.#knob.style.transform = `translate(-50%, -50%) translate(${x * reach}px, ${y * reach}px)`;
  }
}

function disc(size: string, background: string, border: string): HTMLDivElement {
  const element = document.createElement("div");
  Object.assign(element.style, {
    width: size,
    height: size,
    borderRadius: "50%",
    boxSizing: "border-box",
    background,
    border,
  });
  return element;
}

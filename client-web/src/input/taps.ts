/** Short presses of a mouse or finger that do not move: what is pointed at is meant. */

/** What is longer, or moves farther, drags. */
const TAP_MS_MAX = 400;
const TAP_PX_MAX = 8;

/** Calls `tapped` with where in the window; with a mouse that is locked, the middle of the picture. */
export function listenForTaps(
  element: HTMLElement,
  tapped: (at: { x: number; y: number }) => void,
): void {
  let began: { id: number; x: number; y: number; ms: number; locked: boolean } | null = null;
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const locked = document.pointerLockElement === element;
    // A second finger pinches.
    const { pointerId: id, clientX: x, clientY: y, timeStamp: ms } = event;
    began = event.isPrimary ? { id, x, y, ms, locked } : null;
  });
  element.addEventListener("pointerup", (event) => {
    const press = began;
    began = null;
    if (press === null || press.id !== event.pointerId) return;
    if (event.timeStamp - press.ms > TAP_MS_MAX) return;
    if (press.locked) {
      const { left, top, width, height } = element.getBoundingClientRect();
      tapped({ x: left + width / 2, y: top + height / 2 });
      return;
    }
    // The press by which the mouse was locked is no other.
    if (document.pointerLockElement === element) return;
    if (Math.hypot(event.clientX - press.x, event.clientY - press.y) > TAP_PX_MAX) return;
    tapped({ x: event.clientX, y: event.clientY });
  });
}

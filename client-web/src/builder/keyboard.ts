/**
 * The keyboard while building. Hears keys before the walking does, and lets through what is not its
 * own: writing in fields, walking, and the keys of panels that are not the builder's.
 */
import type { Builder } from "./builder";
import { type Command, commandOf, type KeyPress, outlineCommandOf } from "./keys";

/** What keys do only in the picture: in panels they move the focus, or mark text outside the outline. */
const isPictureOnly = (command: Command): boolean =>
  command.startsWith("nudge") || ["all", "put", "putMore"].includes(command);

/** A key that is still held down from choosing a piece does not put it down at once. */
const ONCE: ReadonlySet<Command> = new Set(["put", "putMore"]);

export function listenToKeys(builder: Builder, cancelDrag: () => void): () => void {
  const abort = new AbortController();
  const { signal } = abort;
  window.addEventListener("keydown", (event) => keyDown(builder, event, cancelDrag), {
    signal,
    capture: true,
  });
  document.addEventListener(
    "copy",
    (event) => {
      const text = isOurs() ? builder.board.copied() : null;
      if (text === null) return;
      event.preventDefault();
      event.clipboardData?.setData("text/plain", text);
    },
    { signal },
  );
  document.addEventListener(
    "cut",
    (event) => {
      const text = isOurs() ? builder.board.copied() : null;
      if (text === null) return;
      event.preventDefault();
      event.clipboardData?.setData("text/plain", text);
      builder.remove();
    },
    { signal },
  );
  document.addEventListener(
    "paste",
    (event) => {
      if (!isOurs()) return;
      const text = event.clipboardData?.getData("text/plain") ?? "";
      event.preventDefault();
      builder.board.put(text);
    },
    { signal },
  );
  return () => abort.abort();
}

function focusOf(): "picture" | "builder" | "elsewhere" {
  const active = document.activeElement;
  if (!(active instanceof HTMLElement) || active === document.body) return "picture";
  if (active.classList.contains("world-canvas")) return "picture";
  // A question is answered, and a box that lies over the others closed, before anything else is done.
  if (active.isContentEditable || active.closest("[role=alertdialog], [role=dialog]"))
    return "elsewhere";
  const writes =
    active instanceof HTMLTextAreaElement ||
    active instanceof HTMLSelectElement ||
    (active instanceof HTMLInputElement && !/^(checkbox|radio|button)$/.test(active.type));
  if (writes) return "elsewhere";
  return active.closest(".builder") === null ? "elsewhere" : "builder";
}

/** Whether copying is about objects: nothing is marked as text, and no field has the focus. */
function isOurs(): boolean {
  return focusOf() !== "elsewhere" && (document.getSelection()?.isCollapsed ?? true);
}

const isInOutline = (): boolean => document.activeElement?.closest("[role=tree]") != null;

export const pressOf = (event: KeyboardEvent): KeyPress => ({
  key: event.key,
  code: event.code,
  ctrl: event.ctrlKey || event.metaKey,
  shift: event.shiftKey,
  alt: event.altKey,
});

function keyDown(builder: Builder, event: KeyboardEvent, cancelDrag: () => void): void {
  if (event.isComposing || event.defaultPrevented) return;
  const focus = focusOf();
  if (focus === "elsewhere") return;
  const press = pressOf(event);
  // The outline has keys of its own for the row that it is on.
  if (isInOutline() && outlineCommandOf(press) !== null) return;
  const isAiming = builder.aim.at.peek() !== null;
  const command = commandOf(press, builder.chosen.value.length > 0, isAiming);
  // Copying, cutting and pasting come as events of their own, with the right to the clipboard.
  if (command === null || command === "copy" || command === "cut" || command === "paste") return;
  const isOfRows = command === "all" && isInOutline();
  if (focus === "builder" && isPictureOnly(command) && !isOfRows) return;
  if (command === "none" && builder.dragging.peek()) {
    cancelDrag();
  } else if (!(event.repeat && ONCE.has(command))) {
    builder.run(command);
  }
  event.preventDefault();
  event.stopImmediatePropagation();
}

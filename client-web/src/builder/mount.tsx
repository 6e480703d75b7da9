/** The door of the builder, loaded when somebody who may build opens it. */
import { render } from "preact";
import { Builder, type BuilderParts } from "./builder";
import { listenToKeys } from "./keyboard";
import { listenToCamera } from "./operator";
import { BuilderPointer } from "./pointer";
import { followHands } from "./reach";
import "./builder.css";
import { b } from "./texts/words";
import { BuilderRoot } from "./ui/root";

/** As in builder.css. */
const NARROW = "(max-width: 900px)";

export interface Opened {
  builder: Builder;
  close(): void;
}

/** Opens the builder over the page; `host` holds its panels. */
export function openBuilder(parts: BuilderParts, host: HTMLElement): Opened {
  const builder = new Builder(parts);
  const stopCamera = listenToCamera(parts.bench);
  const pointer = new BuilderPointer(builder);
  const stopKeys = listenToKeys(builder, () => pointer.cancel());
  const stopHands = followHands(builder);
  const narrow = matchMedia(NARROW);
  const measure = (): void => {
    builder.isNarrow.value = narrow.matches;
  };
  measure();
  narrow.addEventListener("change", measure);
  const panels = document.createElement("div");
  // Between the picture and what the page always shows, so that its panels lie above.
  const stage = parts.bench.canvas.parentElement;
  if (stage !== null && stage.parentElement === host) stage.after(panels);
  else host.append(panels);
  render(<BuilderRoot builder={builder} />, panels);
  document.documentElement.dataset.building = "true";
  let isOpen = true;
  parts.bench.makeGizmo().then(
    (gizmo) => {
      if (!isOpen) {
        gizmo.dispose();
        return;
      }
      builder.gizmo = gizmo;
      pointer.refresh();
    },
    () => builder.say(b("noHandles"), "trouble"),
  );
  return {
    builder,
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      narrow.removeEventListener("change", measure);
      stopHands();
      stopKeys();
      stopCamera();
      pointer.dispose();
      builder.dispose();
      render(null, panels);
      panels.remove();
      delete document.documentElement.dataset.building;
      parts.bench.close();
    },
  };
}

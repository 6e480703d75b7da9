/**
 * The page as the builder sees it: `Workbench`, made of the stage and of the world as it is now.
 * Loaded with the builder. It owns nothing: it passes on.
 */
import { computed } from "@preact/signals";
import type { Workbench } from "./builder/workbench";
import { fetchWorlds } from "./documents";
import type { WorldEdits } from "./edits";
import { keyHex } from "./identity";
import type { WorldDocument } from "./protocol/document";
import type { Scene } from "./scene/scene";
import type { Bounds, Vec3 } from "./scene/view";
import type { Stage } from "./stage";
import type { Store } from "./ui/store";

export interface BenchParts {
  world: string;
  /** The world as it is when the builder is opened. */
  document: WorldDocument;
  edits: WorldEdits;
  stage: Stage;
  store: Store;
  /** Free way (metres) from a point, at most `maxM`. */
  obstruct(origin: Vec3, direction: Vec3, maxM: number): number;
  choose(objects: readonly number[]): void;
  enter(world: string): void;
  endDraft(words: string | null): void;
  point(at: Vec3 | null): void;
  close(): void;
}

const CHOSEN_COLOUR = "#ffb13d";
const UNSEEN_COLOUR = "#b9c8ff";
const GHOST_COLOUR = "#6fd3ff";
const DOWN_M_MAX = 200;

export function makeBench(parts: BenchParts): Workbench {
  const { edits, stage, store } = parts;
  const { scene, canvas } = stage;
  let portraits: ReturnType<Scene["makePortraits"]> | null = null;
  let last = parts.document;
  const document = computed(() => {
    last = edits.document.value ?? last;
    return last;
  });
  const others = computed(() => {
    const byName = new Map<string, readonly number[]>();
    for (const [person, objects] of edits.chosen.value) {
      const name = store.people.value.get(person)?.name ?? "";
      byName.set(name, [...(byName.get(name) ?? []), ...objects]);
    }
    return byName;
  });
  scene.nameMissing(true);
  scene.showHomes(true);
  return {
    world: parts.world,
    canvas,
    document,
    edit: edits.number,
    others,
    keyHex,
    personName: () => store.profile.peek().name,
    worlds: fetchWorlds,
    tellSelection: parts.choose,
    tellPoint: parts.point,
    pick: (clientX, clientY, except) => {
      const { left, top, width, height } = canvas.getBoundingClientRect();
      const x = ((clientX - left) / Math.max(1, width)) * 2 - 1;
      const y = 1 - ((clientY - top) / Math.max(1, height)) * 2;
      return scene.pick(x, y, except);
    },
    pickAlong: (origin, direction, except) => scene.pickAlong(origin, direction, except),
    hands: computed(() => stage.worn.value?.hands ?? null),
    screenOf: (point) => stage.screenOf(point),
    boundsOf: (object) => scene.boundsOf(object),
    poseOf: (object) => scene.poseOf(object),
    preview: (object, pose) => scene.preview(object, pose),
    hide: (object, hidden) => scene.hide(object, hidden),
    mark: (objects) => scene.highlight("unseen", objects, UNSEEN_COLOUR, null),
    // What others have chosen is framed with their names all the time.
    outline: (chosen, _others, ghost: Bounds | null) => {
      scene.highlight("chosen", chosen, CHOSEN_COLOUR, null);
      scene.ghost(ghost, GHOST_COLOUR);
    },
    freeBelow: (point) => {
      const freeM = parts.obstruct(point, [0, -1, 0], DOWN_M_MAX);
      return freeM < DOWN_M_MAX ? freeM : null;
    },
    makeGizmo: () => scene.makeHandles(),
    cameraYaw: () => stage.camera.yaw,
    flying: stage.flying,
    fly: (on) => (on ? stage.takeOff() : stage.land()),
    frame: (centre, radiusM) => stage.frame(centre, radiusM),
    panCamera: (rightPx, downPx) => stage.pan(rightPx, downPx),
    zoomCamera: (factor) => stage.zoom(factor),
    drawing: () => {
      const { drawCalls, triangles, fps } = stage.stats();
      return { drawCalls, triangles, framesPerS: fps, textureBytes: scene.textureBytes() };
    },
    modelWeight: (path) => scene.weightOf(path),
    modelPicture: async (path) => {
      portraits ??= scene.makePortraits();
      return (await portraits).of(path);
    },
    enter: parts.enter,
    endDraft: parts.endDraft,
    focus: () => stage.focus(),
    close: () => {
      stage.land();
      scene.nameMissing(false);
      scene.showHomes(false);
      scene.highlight("chosen", [], CHOSEN_COLOUR, null);
      scene.ghost(null, GHOST_COLOUR);
      parts.choose([]);
      void portraits?.then((made) => made.dispose());
      parts.close();
    },
  };
}

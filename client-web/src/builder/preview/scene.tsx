/**
 * The builder in a real picture of a world, without a server: edits are done here. For handles,
 * picking and dragging. `npx vite`, then /src/builder/preview/scene.html?world=plaza&quality=low,
 * with `x`, `y`, `z`, `yaw` and `pitch` for where to stand and look, and `far`: metres about the
 * point at which the camera is away from there.
 */
import { batch, signal } from "@preact/signals";
import { render } from "preact";
import { makeBench } from "../../bench";
import { applyOperations, type Edited, editable } from "../../document/apply";
import type { WorldEdits } from "../../edits";
import { Controls } from "../../input/controls";
import type { WorldDocument } from "../../protocol/document";
import { type Operation, PLACEHOLDERS } from "../../protocol/operation";
import { distanceFor, Flight } from "../../scene/flight";
import { Scene } from "../../scene/scene";
import type { Vec3 } from "../../scene/view";
import type { Stage } from "../../stage";
import { Hud } from "../../ui/hud";
import { type Actions, Store } from "../../ui/store";
import "../../ui/styles/base.css";
import "../../ui/styles/hud.css";
import "../../ui/styles/talk.css";
import { openBuilder } from "../mount";

const wanted = new URLSearchParams(location.search);
const figure = (name: string, absent: number): number => Number(wanted.get(name) ?? absent);

/** A server on this page, without undo. */
class LocalServer {
  readonly document = signal<WorldDocument>({ version: 1, name: "", title: "", objects: [] });
  readonly number = signal<number | null>(0);
  readonly chosen = signal<ReadonlyMap<number, readonly number[]>>(new Map());
  readonly batches: Operation[][] = [];
  changed: (edited: Edited) => void = () => undefined;

  answer(_url: string, init: RequestInit): Promise<Response> {
    const body = typeof init.body === "string" ? init.body : "{}";
    const { operations } = JSON.parse(body) as { operations?: Operation[] };
    if (operations === undefined) {
      return Promise.resolve(Response.json({ error: "nothing", text: "" }, { status: 409 }));
    }
    this.batches.push(operations);
    const objects: Record<string, number> = {};
    let next = this.document.peek().next_id ?? 0;
    const text = JSON.stringify(operations);
    for (const operation of operations) {
      if ("create" in operation && operation.create.object >= PLACEHOLDERS) {
        objects[operation.create.object] = next++;
      }
    }
    const numbered = Object.entries(objects).reduce((all, [placeholder, id]) => {
      return all.replaceAll(placeholder, String(id));
    }, text);
    const edited = applyOperations(this.document.peek(), JSON.parse(numbered) as Operation[]);
    const number = (this.number.peek() ?? 0) + 1;
    batch(() => {
      this.document.value = edited.document;
      this.number.value = number;
    });
    this.changed(edited);
    return Promise.resolve(Response.json({ number, revision: number, objects, skipped: [] }));
  }
}

/** Where a point of the picture (-1 to 1, y upwards) is in the window, CSS pixels. */
function inWindow(canvas: HTMLElement, at: { x: number; y: number } | null) {
  if (at === null) return null;
  const { left, top, width, height } = canvas.getBoundingClientRect();
  return { x: left + ((at.x + 1) / 2) * width, y: top + ((1 - at.y) / 2) * height };
}

/** A canvas as the page has it, and where its panels go. */
function places(into: HTMLElement) {
  const place = document.createElement("div");
  place.className = "stage";
  const canvas = document.createElement("canvas");
  canvas.className = "world-canvas";
  canvas.tabIndex = 0;
  place.append(canvas);
  const panels = document.createElement("div");
  into.append(place, panels);
  return { canvas, panels };
}

async function start(into: HTMLElement): Promise<void> {
  const { canvas, panels } = places(into);
  const store = new Store();
  store.worldTitle.value = "Harbour Plaza";
  store.mayBuild.value = true;
  const actions = new Proxy({} as Actions, { get: () => () => undefined });
  render(<Hud store={store} act={actions} />, panels);

  const response = await fetch(`/assets/worlds/${wanted.get("world") ?? "plaza"}.json`);
  const server = new LocalServer();
  server.document.value = editable((await response.json()) as WorldDocument);
  const scene = new Scene(canvas, { reducedMotion: true, assetsUrl: "/assets/" });
  await scene.load(server.document.peek(), () => undefined);
  server.changed = ({ document, changes }) => scene.edit(document, changes);
  const controls = new Controls(canvas, null);
  controls.face(figure("yaw", 0));
  const own: [number, number, number] = [figure("x", 0), figure("y", 2), figure("z", 14)];
  let camera = { yaw: 0, pitch: figure("pitch", -0.2) };
  const flying = signal(false);
  let flight: Flight | null = null;
  const stage = {
    scene,
    canvas,
    get camera() {
      return { mode: "third", ...camera };
    },
    shown: { own },
    worn: signal(null),
    screenOf: (point: Vec3) => inWindow(canvas, scene.screenOf(point)),
    flying,
    takeOff: () => {
      flying.value = true;
    },
    land: () => {
      flight = null;
      flying.value = false;
    },
    frame: (centre: Vec3, radiusM: number) => {
      const { uprightRad, aspect } = scene.viewAngle();
      flight = new Flight(centre, distanceFor(radiusM, uprightRad, aspect));
      flying.value = true;
    },
    pan: () => undefined,
    zoom: (factor: number) => flight?.zoom(factor),
    face: (yaw: number) => controls.face(yaw),
    focus: () => canvas.focus(),
    stats: () => scene.stats(),
  };
  const farM = figure("far", 0);
  if (farM > 0) stage.frame(own, farM);
  const show = (nowMs: number): void => {
    requestAnimationFrame(show);
    const read = controls.read(nowMs);
    camera = { yaw: read.cameraYaw, pitch: read.cameraPitch };
    scene.render({
      timeS: nowMs / 1_000,
      avatars: [],
      objects: [],
      camera: {
        mode: "third",
        ...camera,
        distanceM: read.distanceM,
        target: own,
        obstruct: (_origin, _direction, maxM) => maxM,
        orbit: flight,
      },
    });
  };
  scene.resize();
  requestAnimationFrame(show);
  const bench = makeBench({
    world: "plaza",
    document: server.document.peek(),
    edits: server as unknown as WorldEdits,
    stage: stage as unknown as Stage,
    store,
    obstruct: (_origin, _direction, maxM) => maxM,
    choose: () => undefined,
    enter: () => undefined,
    endDraft: () => undefined,
    point: () => undefined,
    close: () => undefined,
  });
  const { builder } = openBuilder(
    {
      bench,
      role: signal("builder"),
      fetch: (url, init) => server.answer(url, init),
      after: (ms, then) => void setTimeout(then, ms),
      forbidden: () => undefined,
    },
    into,
  );
  Object.assign(window, { builder, bench, server, isReady: true });
}

const host = document.getElementById("app");
if (host === null) throw new Error("scene.html has no #app");
void start(host);

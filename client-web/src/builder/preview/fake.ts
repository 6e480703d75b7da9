/** A workbench without a picture and a server without a network, for the preview and for tests. */
import { type Signal, signal } from "@preact/signals";
import { FakeMinds } from "../../companions/preview/fakeMinds";
import { applyOperations, editable } from "../../document/apply";
import type { WorldDocument } from "../../protocol/document";
import { type Operation, PLACEHOLDERS } from "../../protocol/operation";
import type { WorldSummary } from "../../ui/store";
import type { Hands } from "../../xr/hands";
import type { Person } from "../people";
import type { Vec3 } from "../vectors";
import type { Bounds, DrawingCost, Gizmo, Hit, ModelWeight, Pose, Workbench } from "../workbench";
import { answerPast, type FakeDraft } from "./answers";

export class FakeBench implements Workbench {
  readonly world = "plaza";
  readonly canvas: HTMLCanvasElement;
  readonly document: Signal<WorldDocument>;
  readonly edit = signal<number | null>(null);
  readonly others = signal<ReadonlyMap<string, readonly number[]>>(new Map([["Bo", [3, 4]]]));
  /** What the pointer is over. */
  hit: Hit | null = null;
  /** The draft that is shown. */
  draft: FakeDraft | null = null;
  readonly told: number[][] = [];
  readonly pointed: (Vec3 | null)[] = [];
  readonly previews = new Map<number, Pose>();
  readonly hiddenObjects = new Set<number>();
  /** Who may do what, as the server tells it. */
  people: Person[] = [
    { account: "ada0".repeat(8), name: "Ada", role: "owner", everywhere: true, you: true },
    { account: "b000".repeat(8), name: "Bo", role: "builder", everywhere: false, you: false },
    { account: "c1c1".repeat(8), name: "", role: "owner", everywhere: false, you: false },
    { account: "d1d1".repeat(8), name: "Di", role: "builder", everywhere: true, you: false },
  ];
  /** Who companions are. */
  readonly minds = new FakeMinds(Date.now());
  isClosed = false;
  yaw = 0;
  marked: readonly number[] = [];
  #next = 100_000;

  constructor(canvas: HTMLCanvasElement, document: Signal<WorldDocument>) {
    this.canvas = canvas;
    this.document = document;
  }

  keyHex(): string {
    return "ab".repeat(32);
  }

  personName(): string {
    return "Ada";
  }

  worlds(): Promise<readonly WorldSummary[]> {
    const of = (name: string, title: string): WorldSummary => ({
      name,
      title,
      description: "",
      people: 0,
    });
    return Promise.resolve([of("plaza", "Harbour Plaza"), of("garden", "Hill Garden")]);
  }

  tellSelection(objects: readonly number[]): void {
    this.told.push([...objects]);
  }

  tellPoint(at: Vec3 | null): void {
    this.pointed.push(at);
  }

  pick(_x: number, _y: number, except: ReadonlySet<number>): Hit | null {
    if (this.hit?.object != null && except.has(this.hit.object)) return null;
    return this.hit;
  }

  /** What rays meet; null: what the pointer is over. */
  along: ((origin: Vec3, direction: Vec3) => Hit | null) | null = null;
  readonly hands = signal<Hands | null>(null);

  pickAlong(origin: Vec3, direction: Vec3, except: ReadonlySet<number>): Hit | null {
    return this.along === null ? this.pick(0, 0, except) : this.along(origin, direction);
  }

  /** Where markers are in the window. */
  screenOf([x, y]: Vec3): { x: number; y: number } | null {
    return { x: 100 * x, y: 100 * y };
  }

  mark(objects: readonly number[]): void {
    this.marked = objects;
  }

  boundsOf(): Bounds | null {
    return null;
  }

  poseOf(): Pose | null {
    return null;
  }

  preview(object: number, pose: Pose | null): void {
    if (pose === null) this.previews.delete(object);
    else this.previews.set(object, pose);
  }

  hide(object: number, hidden: boolean): void {
    if (hidden) this.hiddenObjects.add(object);
    else this.hiddenObjects.delete(object);
  }

  outline(): void {}

  freeBelow(point: Vec3): number | null {
    return point[1] > 0 ? point[1] : null;
  }

  makeGizmo(): Promise<Gizmo> {
    return new Promise(() => undefined);
  }

  cameraYaw(): number {
    return this.yaw;
  }

  readonly flying = signal(false);
  readonly framed: { centre: Vec3; radiusM: number }[] = [];
  readonly panned: [number, number][] = [];
  readonly zoomed: number[] = [];

  fly(on: boolean): void {
    this.flying.value = on;
  }

  frame(centre: Vec3, radiusM: number): void {
    this.flying.value = true;
    this.framed.push({ centre, radiusM });
  }

  panCamera(rightPx: number, downPx: number): void {
    this.panned.push([rightPx, downPx]);
  }

  zoomCamera(factor: number): void {
    this.zoomed.push(factor);
  }

  drawing(): DrawingCost {
    return { triangles: 412_000, drawCalls: 212, textureBytes: 38 * 2 ** 20, framesPerS: 58 };
  }

  modelWeight(path: string): ModelWeight | null {
    return path.includes("tree") || path.includes("oak")
      ? { triangles: 4_000, textureBytes: 2 ** 20 }
      : { triangles: 300, textureBytes: 0 };
  }

  modelPicture(): Promise<string | null> {
    return Promise.resolve(null);
  }

  readonly entered: string[] = [];
  /** What is told once the draft has ended. */
  parting: string | null = null;

  enter(world: string): void {
    this.entered.push(world);
  }

  endDraft(words: string | null): void {
    this.parting = words;
  }

  focus(): void {
    this.canvas.focus();
  }

  close(): void {
    this.isClosed = true;
  }

  /** A server that takes every batch and changes what the panels show most. */
  answer(url: string, init: RequestInit): Promise<Response> {
    if (url.startsWith("/api/companions")) return this.minds.answer(url, init);
    const past = answerPast(url, init.method ?? "GET", this.draft, Date.now());
    if (past !== null) return Promise.resolve(past);
    if (url.endsWith("/roles")) return Promise.resolve(Response.json(this.people));
    if (url.endsWith("/physics/reset")) {
      const number = this.edit.peek() ?? 0;
      return Promise.resolve(Response.json({ number, revision: number, objects: {}, skipped: [] }));
    }
    if (!url.endsWith("/operations")) {
      return Promise.resolve(Response.json({ error: "nothing", text: "" }, { status: 409 }));
    }
    const { operations } = JSON.parse(String(init.body)) as { operations: Operation[] };
    const objects: Record<string, number> = {};
    let document = this.document.peek();
    for (const operation of operations) document = this.#applied(document, operation, objects);
    const number = (this.edit.peek() ?? 0) + 1;
    this.edit.value = number;
    this.document.value = document;
    return Promise.resolve(Response.json({ number, revision: number, objects, skipped: [] }));
  }

  #applied(
    document: WorldDocument,
    operation: Operation,
    made: Record<string, number>,
  ): WorldDocument {
    const list = document.objects.map((object, index) => ({ id: index, ...object }));
    const change = (id: number, fields: object): WorldDocument => ({
      ...document,
      objects: list.map((object) => (object.id === id ? { ...object, ...fields } : object)),
    });
    if ("create" in operation) {
      const { object, value } = operation.create;
      const id = object >= PLACEHOLDERS ? this.#next++ : object;
      made[String(object)] = id;
      return { ...document, objects: [...list, { ...value, id }] };
    }
    if ("delete" in operation) {
      const { object } = operation.delete;
      return { ...document, objects: list.filter(({ id }) => id !== object) };
    }
    if ("place" in operation) {
      const { object, ...pose } = operation.place;
      return change(object, pose);
    }
    if ("rename" in operation) {
      return change(operation.rename.object, { name: operation.rename.name ?? undefined });
    }
    if ("lock" in operation) {
      return change(operation.lock.object, { locked: operation.lock.locked });
    }
    if ("reparent" in operation) {
      const { object, parent } = operation.reparent;
      return change(object, { parent: parent ?? undefined });
    }
    if ("set" in operation) {
      const { object, property } = operation.set;
      const before = list.find(({ id }) => id === object)?.properties;
      return change(object, { properties: { ...before, ...property } });
    }
    if ("environment" in operation) return { ...document, environment: operation.environment };
    if ("title" in operation) return { ...document, ...operation.title };
    if ("permission" in operation) {
      const { account, to } = operation.permission;
      const kept = to === "visitor" ? this.people.filter((one) => one.account !== account) : null;
      const changed = this.people.map((one) =>
        one.account === account ? { ...one, role: to } : one,
      );
      this.people = kept ?? changed;
      return document;
    }
    if ("settings" in operation) return { ...document, settings: operation.settings };
    if ("material" in operation) {
      const { name, value } = operation.material;
      const materials = { ...document.materials };
      if (value) materials[name] = value;
      else delete materials[name];
      return { ...document, materials };
    }
    return applyOperations(editable(document), [operation]).document;
  }
}

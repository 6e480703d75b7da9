/**
 * The builder: what is chosen, with which tool, and what a person's wishes become.
 *
 * Owns the state that panels and pointers share. Everything that changes the world goes through
 * `commit`; what the server refuses is told, and the page goes back to what the server has.
 */
import { batch, computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import type { Properties } from "../protocol/document";
import type { Operation } from "../protocol/operation";
import { cautious } from "../remembered";
import type { WorldSummary } from "../ui/store";
import { Aim } from "./aim";
import { sendFile } from "./asking";
import { Board } from "./board";
import { boundsAt, boundsWithin, centreOf, joined, sizeOf } from "./bounds";
import { roomOf } from "./bumping";
import { Drafts } from "./drafts";
import { Edits, failed, OPERATIONS_MAX, type Outcome } from "./edits";
import { type FieldFault, fieldFault } from "./faults";
import { Frames } from "./frames";
import { Keepsakes } from "./keeping";
import type { Command } from "./keys";
import { landing } from "./landing";
import { MARKED_MAX, SELECTED_MAX } from "./limits";
import { Measure } from "./measure";
import { Mould } from "./mould";
import {
  deleteAll,
  duplicateAll,
  lockAll,
  placesOf,
  rename,
  reparentAll,
  setProperty,
} from "./operations";
import { Paced } from "./pace";
import { Past } from "./past";
import { People } from "./people";
import { type Piece, type PieceWords, placePiece } from "./pieces";
import { Previews } from "./previews";
import type { Role } from "./rights";
import { isUnseen, Scenery } from "./scenery";
import { Selection } from "./selection";
import { nudge } from "./snapping";
import { faultText } from "./texts/faults";
import { refusalText } from "./texts/refusals";
import { templateText } from "./texts/templates";
import { b } from "./texts/words";
import { Uploads } from "./uploads";
import { add, lengthOf, NO_TURN, type Vec3 } from "./vectors";
import type { Bounds, Gizmo, Hit, Pose, Workbench } from "./workbench";

export type Tool = "select" | "move" | "rotate" | "scale" | "measure";
export type SidePanel =
  | "library"
  | "outline"
  | "inspector"
  | "help"
  | "score"
  | "history"
  | "people"
  | "companions";
/** The panels of the left; the others are of the right. */
export const LEFT_PANELS: ReadonlySet<SidePanel> = new Set(["library", "outline"]);

type Nudge = Extract<Command, `nudge${string}`>;

const isTool = (command: Command): command is Tool =>
  ["select", "move", "rotate", "scale", "measure"].includes(command);
const isNudge = (command: Command): command is Nudge => command.startsWith("nudge");

export interface Notice {
  text: string;
  tone: "info" | "trouble";
}

export interface BuilderParts {
  bench: Workbench;
  /** What this person may do, which may change. */
  role: ReadonlySignal<Role>;
  fetch(url: string, init: RequestInit): Promise<Response>;
  after(ms: number, then: () => void): void;
  /** The server no longer lets this person build. */
  forbidden(): void;
}

const NOTICE_MS = 6_000;
const TELL_EVERY_MS = 200;
const BELOW_M = 0.01;
const NUDGE_PAUSE_MS = 800;

export class Builder {
  readonly bench: Workbench;
  readonly #role: ReadonlySignal<Role>;
  readonly fetch: BuilderParts["fetch"];
  readonly after: BuilderParts["after"];
  readonly #forbidden: BuilderParts["forbidden"];
  readonly edits: Edits;
  readonly previews: Previews;
  readonly uploads: Uploads;
  readonly past: Past;
  readonly drafts: Drafts;
  /** Templates that were kept in this browser. */
  readonly keepsakes = new Keepsakes(cautious(() => localStorage));
  readonly people: People;
  readonly selection = new Selection();
  readonly measure = new Measure();
  readonly aim: Aim;
  readonly board = new Board(this);

  readonly tool = signal<Tool>("move");
  readonly space = signal<"world" | "local">("world");
  readonly snaps = signal(true);
  readonly gridM = signal<number>(0.25);
  readonly angleDeg = signal<number>(15);
  readonly left = signal<SidePanel | null>("library");
  readonly right = signal<SidePanel | null>("inspector");
  /** Whether there is room for one panel only. */
  readonly isNarrow = signal(false);
  /** On narrow screens one panel is shown: the one that was opened last. */
  readonly front = signal<SidePanel | null>(null);
  /** Whether choosing adds to what is chosen, as with shift. */
  readonly several = signal(false);
  readonly placing = signal<Piece | null>(null);
  readonly ghost = signal<Bounds | null>(null);
  readonly hidden = signal<ReadonlySet<number>>(new Set());
  readonly open = signal<ReadonlySet<number>>(new Set());
  readonly renaming = signal<number | null>(null);
  readonly waiting = signal(0);
  readonly notice = signal<Notice | null>(null);
  readonly fault = signal<FieldFault | null>(null);
  /** What is asked about the draft that is shown, until it is answered. */
  readonly asked = signal<"publish" | "discard" | null>(null);
  readonly scenery = computed(() => new Scenery(this.bench.document.value));
  /** What is chosen and there. */
  readonly chosen = computed<readonly number[]>(() =>
    this.selection.ids.value.filter((id) => this.scenery.value.objects.has(id)),
  );

  readonly mould = new Mould(this.scenery, (operations, stroke) => this.commit(operations, stroke));

  /** Whether loose things stand still, for everyone. */
  readonly paused = computed(() => this.bench.document.value.settings?.physics_paused ?? false);

  /** What is there and shows nothing of itself: it is marked while people build. */
  readonly unseen = computed<readonly number[]>(() => {
    const scenery = this.scenery.value;
    const all = [...scenery.objects.keys()].filter((id) => isUnseen(scenery.properties(id)));
    return all.slice(0, MARKED_MAX);
  });

  gizmo: Gizmo | null = null;
  /** Whether handles or objects are held by the pointer right now. */
  readonly dragging = signal(false);
  /** Where things are put that are pasted: what is under the pointer, if it is over the picture. */
  underPointer: () => Hit | null = () => null;
  #notices = 0;
  #nudges: { turn: number; stroke: number | null } = { turn: 0, stroke: null };
  #ends: (() => void)[] = [];
  readonly #worlds = signal<readonly WorldSummary[]>([]);
  #isOver = false;
  /** Counts the times that the picture has followed the document. */
  readonly #pictures = signal(0);
  readonly #frames = new Frames();

  constructor({ bench, role, fetch, after, forbidden }: BuilderParts) {
    this.#forbidden = forbidden;
    this.bench = bench;
    this.aim = new Aim(bench);
    this.#role = role;
    this.fetch = fetch;
    this.after = after;
    this.previews = new Previews(bench, after);
    const asking = {
      world: bench.world,
      key: () => bench.keyHex(),
      name: () => bench.personName(),
      fetch,
      refusal: refusalText,
      send: sendFile,
    };
    this.uploads = new Uploads(asking);
    void this.uploads.refresh();
    this.past = new Past(asking);
    this.drafts = new Drafts(asking);
    void this.drafts.refresh();
    this.people = new People({
      world: bench.world,
      key: () => bench.keyHex(),
      fetch,
      commit: (operations) => this.commit(operations),
    });
    this.#ends.push(() => this.uploads.close());
    this.edits = new Edits({
      fetch,
      world: bench.world,
      key: () => bench.keyHex(),
      name: () => bench.personName(),
      base: () => bench.edit.peek(),
      after,
      changed: (waiting) => {
        this.waiting.value = waiting;
      },
    });
    this.#follow();
  }

  dispose(): void {
    this.#isOver = true;
    for (const end of this.#ends) end();
    this.previews.clear();
    for (const id of this.hidden.peek()) this.bench.hide(id, false);
    this.bench.outline([], [], null);
    this.bench.mark([]);
    this.bench.tellSelection([]);
    this.gizmo?.dispose();
    this.gizmo = null;
  }

  get role(): Role {
    return this.#role.value;
  }

  get gridStepM(): number | null {
    return this.snaps.value ? this.gridM.value : null;
  }

  get words(): PieceWords {
    // In a draft, this world is the one that it will be published into.
    const here = this.drafts.within.value?.of ?? this.bench.world;
    const other = this.#worlds.value.find(({ name }) => name !== here);
    const world = other?.name ?? here;
    const title = other?.title ?? world;
    return { text: b("newSignText"), world, title, template: templateText };
  }

  /** What a world calls itself. */
  titleOf(world: string): string {
    return this.#worlds.value.find(({ name }) => name === world)?.title ?? world;
  }

  /** Asks about the draft that is shown, in the panel of the history. */
  ask(about: "publish" | "discard" | null): void {
    this.asked.value = about;
    if (about !== null && !this.shows("history")) this.toggle("history");
  }

  /** Shows a panel, or hides it when it is shown. */
  toggle(panel: SidePanel): void {
    const side = LEFT_PANELS.has(panel) ? this.left : this.right;
    batch(() => {
      if (this.isNarrow.peek()) {
        this.front.value = this.front.peek() === panel ? null : panel;
        side.value = panel;
        return;
      }
      side.value = side.peek() === panel ? null : panel;
      this.front.value = side.value;
    });
  }

  /** Whether a panel is shown. */
  shows(panel: SidePanel): boolean {
    if (this.isNarrow.value) return this.front.value === panel;
    return this.left.value === panel || this.right.value === panel;
  }

  say(text: string, tone: Notice["tone"] = "info"): void {
    this.#notices += 1;
    const turn = this.#notices;
    this.notice.value = { text, tone };
    this.after(NOTICE_MS, () => {
      if (this.#notices === turn) this.notice.value = null;
    });
  }

  /** Gives the world an uploaded picture as its sky. */
  useSky(path: string): void {
    const environment = { ...this.bench.document.peek().environment, sky: path };
    void this.commit([{ environment }]).then(({ kind }) => {
      if (kind === "done") this.say(b("uploadSky"));
    });
  }

  /** Asks the server for a change, and tells when it does not want it. */
  async commit(operations: readonly Operation[], stroke: number | null = null): Promise<Outcome> {
    if (operations.length === 0) return { kind: "replaced" };
    if (operations.length <= OPERATIONS_MAX) {
      return this.hear(await this.edits.send(operations, stroke));
    }
    // Placeholders count for one batch alone.
    if (operations.some((operation) => "create" in operation))
      return this.hear(failed("too_large"));
    const together = stroke ?? this.edits.newStroke();
    const parts: Promise<Outcome>[] = [];
    for (let from = 0; from < operations.length; from += OPERATIONS_MAX) {
      parts.push(this.edits.send(operations.slice(from, from + OPERATIONS_MAX), together));
    }
    const outcomes = await Promise.all(parts);
    const worst = outcomes.find(({ kind }) => kind === "failed");
    return this.hear(worst ?? outcomes.at(-1) ?? failed("too_large"));
  }

  /** Tells what came of an edit. */
  hear(outcome: Outcome): Outcome {
    // Who is somewhere else by now may still do there what they might not do here.
    if (this.#isOver) return outcome;
    if (outcome.kind === "done") {
      this.fault.value = null;
      const count = outcome.skipped.length;
      if (count > 0) this.say(b("someSkipped", { count }), "trouble");
    } else if (outcome.kind === "failed") {
      const fault = fieldFault(outcome.fault);
      this.fault.value = fault && { ...fault, reason: this.#named(fault.reason) };
      const { code, operation } = outcome.fault;
      this.say(this.#named(faultText(outcome.fault)), code === "nothing" ? "info" : "trouble");
      // Of a single operation: only owners may do that. Of the whole: this person may do nothing.
      if (code === "forbidden" && operation === null) this.#forbidden();
    }
    return outcome;
  }

  /** Makes something and chooses it; whether the server wants it. */
  async create(operations: readonly Operation[]): Promise<boolean> {
    const outcome = await this.commit(operations);
    if (outcome.kind !== "done") return false;
    const ids = [...outcome.objects.values()];
    if (ids.length > 0) this.selection.choose(ids);
    return true;
  }

  // --- commands -------------------------------------------------------------------------------

  run(command: Command): void {
    if (isTool(command)) {
      this.tool.value = command;
      this.measure.clear();
      this.placing.value = null;
    } else if (isNudge(command)) this.#nudge(command);
    else this.#acts[command]();
  }

  readonly #acts: Readonly<Record<Exclude<Command, Tool | Nudge>, () => void>> = {
    space: () => {
      this.space.value = this.space.peek() === "world" ? "local" : "world";
    },
    snap: () => {
      this.snaps.value = !this.snaps.peek();
    },
    frame: () => this.frame(),
    fly: () => {
      const isOn = !this.bench.flying.peek();
      this.bench.fly(isOn);
      if (isOn) this.say(b("flyHint"));
    },
    pause: () => this.pause(!this.paused.peek()),
    reset: () => void this.resetPhysics(),
    undo: () => void this.edits.undo().then((outcome) => this.hear(outcome)),
    redo: () => void this.edits.redo().then((outcome) => this.hear(outcome)),
    copy: () => void this.board.copy(),
    cut: () => void this.board.copy().then((did) => did && this.remove()),
    paste: () => void this.board.paste(),
    duplicate: () => this.duplicate(),
    delete: () => this.remove(),
    all: () => this.selection.choose(this.scenery.value.objects.keys()),
    none: () => {
      if (this.placing.peek() !== null) {
        this.aim.giveUp();
        this.placing.value = null;
      } else if (this.measure.from.peek() !== null) this.measure.clear();
      else this.selection.clear();
    },
    put: () => this.#put(false),
    putMore: () => this.#put(true),
    drop: () => this.dropDown(),
    rename: () => this.startRename(),
    help: () => this.toggle("help"),
  };

  /** Lets everything loose stand still, or go on. */
  pause(isPaused: boolean): void {
    const settings = { ...this.bench.document.peek().settings, physics_paused: isPaused };
    void this.commit([{ settings }]);
  }

  /** Puts everything loose back to where the document has it. */
  async resetPhysics(): Promise<void> {
    const { kind } = this.hear(await this.edits.resetPhysics());
    if (kind === "done") this.say(b("physicsReset"));
  }

  duplicate(): void {
    const step = Math.max(0.5, this.gridStepM ?? 0.5);
    const operations = duplicateAll(this.scenery.value, this.chosen.value, [step, 0, step]);
    void this.create(operations);
  }

  remove(): void {
    const ids = this.chosen.value;
    if (ids.length === 0) return;
    const operations = deleteAll(this.scenery.value, ids);
    if (this.#locksOf(ids) > 0) this.say(b("lockedStay"), "trouble");
    void this.commit(operations);
  }

  frame(): void {
    const chosen = this.chosen.value;
    const ids = chosen.length > 0 ? chosen : [...this.scenery.value.objects.keys()];
    this.frameOn(ids);
  }

  /** Moves the camera so that some objects are seen whole. */
  frameOn(ids: readonly number[]): void {
    const bounds = this.boundsOfAll(ids);
    if (bounds === null) return;
    this.bench.frame(centreOf(bounds), Math.max(0.5, lengthOf(sizeOf(bounds)) / 2));
  }

  /** Chooses what is there of some objects and shows it. */
  goTo(ids: readonly number[]): void {
    const there = ids.filter((id) => this.scenery.value.objects.has(id));
    if (there.length === 0) return;
    this.selection.choose(there);
    this.frameOn(there);
  }

  /** Measures between the middles of the first two chosen, or through the one that is. */
  measureChosen(): void {
    const [first, second] = this.chosen.value;
    if (first === undefined) return;
    const bounds = this.boundsOf(first);
    if (second === undefined) this.measure.between(bounds.min, bounds.max);
    else this.measure.between(centreOf(bounds), centreOf(this.boundsOf(second)));
  }

  /** Lets what is chosen down onto what is below it. */
  dropDown(): void {
    const poses = new Map<number, Pose>();
    for (const id of this.#tops()) {
      const bounds = this.boundsOf(id);
      const [x, y, z] = centreOf(bounds);
      const half = (bounds.max[1] - bounds.min[1]) / 2;
      // From a little below it, so that it does not meet itself.
      const freeM = this.bench.freeBelow([x, y - half - BELOW_M, z]);
      if (freeM !== null && freeM > 0) this.#moveFamily(poses, id, [0, -freeM - BELOW_M, 0]);
    }
    void this.transform(poses);
  }

  startRename(): void {
    const [id, ...others] = this.chosen.value;
    if (id === undefined || others.length > 0) return;
    this.left.value = "outline";
    this.front.value = "outline";
    this.renaming.value = id;
  }

  rename(id: number, name: string): void {
    this.renaming.value = null;
    const before = this.scenery.value.objects.get(id)?.name ?? "";
    if (name.trim() !== before) void this.commit([rename(id, name)]);
  }

  reparent(ids: readonly number[], parent: number | null): void {
    const operations = reparentAll(this.scenery.value, ids, parent);
    if (parent !== null) this.open.value = new Set(this.open.peek()).add(parent);
    void this.commit(operations);
  }

  lock(ids: readonly number[], locked: boolean): void {
    void this.commit(lockAll(ids, locked));
  }

  hide(ids: readonly number[], isHidden: boolean): void {
    const hidden = new Set(this.hidden.peek());
    for (const id of ids) {
      if (isHidden) hidden.add(id);
      else hidden.delete(id);
      this.bench.hide(id, isHidden);
    }
    this.hidden.value = hidden;
  }

  /** Moves things at once: shown here, and sent; false: the server does not want it. */
  async transform(
    poses: ReadonlyMap<number, Pose>,
    stroke: number | null = null,
  ): Promise<boolean> {
    if (poses.size === 0) return true;
    this.previews.show(poses);
    const outcome = await this.commit(placesOf(poses), stroke);
    if (outcome.kind === "done") this.previews.settle(poses.keys(), outcome.number);
    else if (outcome.kind === "failed") this.previews.drop(poses.keys());
    return outcome.kind !== "failed";
  }

  setProperty<Key extends keyof Properties>(
    id: number,
    key: Key,
    value: Properties[Key] | null,
    stroke: number | null = null,
  ): void {
    this.mould.put(id, [setProperty(id, key, value)], stroke);
  }

  /**
   * Takes a piece of the library in hand; null: puts it back. `back`: it is put down by keys, and
   * leads them back if it is not.
   */
  take(piece: Piece | null, back: (() => void) | null): void {
    this.aim.end();
    this.placing.value = piece;
    if (piece === null) return;
    // On a narrow screen the panel would cover the place.
    this.front.value = null;
    if (back === null) return;
    const isThere = this.aim.begin(this.hidden.peek(), back);
    if (isThere) this.bench.focus();
    if (!isThere || this.isNarrow.peek()) this.say(b(isThere ? "aimHint" : "aimNothing"));
  }

  #put(goesOn: boolean): void {
    const piece = this.placing.peek();
    const at = this.aim.at.peek();
    if (piece === null || at === null) return;
    void this.place(piece, at);
    if (!goesOn) this.placing.value = null;
  }

  /** Puts a piece of the library onto a surface; whether the server wants it. */
  place(piece: Piece, hit: Hit): Promise<boolean> {
    const { pose } = this.#landing(piece, hit);
    return this.create(placePiece(this.scenery.value, piece, pose, this.words));
  }

  /** The frame that shows where a piece would come. */
  ghostAt(piece: Piece, hit: Hit | null): void {
    this.ghost.value = hit === null ? null : this.#landing(piece, hit).bounds;
  }

  #landing(piece: Piece, hit: Hit): { pose: Pose; bounds: Bounds } {
    return landing(this.scenery.value, piece, hit, this.words, {
      yaw: this.bench.cameraYaw(),
      gridM: this.gridStepM,
      angleDeg: this.snaps.value ? this.angleDeg.value : null,
    });
  }

  // --- where things are -----------------------------------------------------------------------

  poseOf(id: number): Pose {
    const scenery = this.scenery.value;
    const preview = this.previews.pose(id);
    if (preview !== null) return preview;
    // Loose bodies are somewhere else by now than where they began.
    const isLoose = scenery.properties(id).body?.kind === "dynamic";
    return (isLoose ? this.bench.poseOf(id) : null) ?? scenery.pose(id);
  }

  boundsOf(id: number): Bounds {
    return this.bench.boundsOf(id) ?? boundsAt(this.scenery.value.properties(id), this.poseOf(id));
  }

  /** The room that an object takes about its origin: of a model, as the picture has it. */
  roomOf(id: number, properties: Properties): Bounds {
    const isModel = properties.visuals?.some(({ shape }) => "model" in shape) ?? false;
    const pictured = isModel ? this.bench.boundsOf(id) : null;
    return pictured === null ? roomOf(properties) : boundsWithin(pictured, this.poseOf(id));
  }

  boundsOfAll(ids: readonly number[]): Bounds | null {
    return joined(ids.map((id) => this.boundsOf(id)));
  }

  /** Where the handles stand; null: there is nothing to move. */
  handles(): Pose | null {
    void this.#pictures.value;
    const scenery = this.scenery.value;
    const free = this.chosen.value.filter((id) => !scenery.isLocked(id));
    const [only, ...others] = free;
    if (only === undefined) return null;
    if (others.length === 0) {
      const { position, rotation } = this.poseOf(only);
      return { position, rotation, scale: [1, 1, 1] };
    }
    const bounds = this.boundsOfAll(free);
    if (bounds === null) return null;
    return { position: centreOf(bounds), rotation: [...NO_TURN], scale: [1, 1, 1] };
  }

  #follow(): void {
    const tell = new Paced<readonly number[]>(
      TELL_EVERY_MS,
      (ids) => this.bench.tellSelection(ids),
      this.after,
    );
    this.bench.worlds().then(
      (worlds) => {
        this.#worlds.value = worlds;
      },
      () => undefined,
    );
    this.#ends.push(
      // What was chosen here is something else where this person is next.
      () => tell.drop(),
      effect(() => tell.push(this.selection.ids.value.slice(0, SELECTED_MAX))),
      effect(() => {
        const { objects } = this.scenery.value;
        this.selection.keep((id) => objects.has(id));
        // The picture follows the document a moment later, and forgets previews of what changed.
        queueMicrotask(() => this.#pictured());
      }),
      effect(() => this.#frames.show(this)),
      effect(() => {
        const piece = this.placing.value;
        const at = this.aim.at.value;
        if (piece === null) {
          this.ghost.value = null;
          this.aim.end();
        } else if (at !== null) this.ghostAt(piece, at);
      }),
    );
  }

  /** The server's words, with names in the place of its paths. */
  #named(text: string): string {
    const { objects } = this.scenery.value;
    return text.replace(/objects\[(\d+)\]/g, (_, id: string) =>
      b("namedObject", { name: objects.get(Number(id))?.name ?? `#${id}` }),
    );
  }

  /** Only owners lock and unlock: what is locked is kept from all others. */
  get mayLock(): boolean {
    return this.role === "owner";
  }

  /** The picture shows what the document says: puts back what this page alone shows. */
  #pictured(): void {
    if (this.#isOver) return;
    this.previews.follow();
    for (const id of this.hidden.peek()) this.bench.hide(id, true);
    this.#pictures.value += 1;
  }

  /** What is chosen and lies below nothing that is chosen, without what is locked. */
  #tops(): number[] {
    const scenery = this.scenery.value;
    const set = new Set(this.chosen.value);
    return [...set].filter((id) => !scenery.hasAbove(id, set) && !scenery.isLocked(id));
  }

  #moveFamily(poses: Map<number, Pose>, id: number, by: Vec3): void {
    const scenery = this.scenery.value;
    for (const member of scenery.family(id)) {
      if (scenery.isLocked(member)) continue;
      const pose = this.poseOf(member);
      poses.set(member, { ...pose, position: add(pose.position, by) });
    }
  }

  #locksOf(ids: readonly number[]): number {
    const scenery = this.scenery.value;
    return scenery.families(ids).filter((id) => scenery.isLocked(id)).length;
  }

  /** Nudges that follow on each other are one step to take back. */
  #nudgeStroke(): number {
    this.#nudges.turn += 1;
    const { turn } = this.#nudges;
    this.#nudges.stroke ??= this.edits.newStroke();
    this.after(NUDGE_PAUSE_MS, () => {
      if (this.#nudges.turn === turn) this.#nudges.stroke = null;
    });
    return this.#nudges.stroke;
  }

  #nudge(command: Nudge): void {
    const step = this.gridStepM ?? 0.05;
    const yaw = this.bench.cameraYaw();
    const steps: Readonly<Record<Nudge, Vec3>> = {
      nudgeUp: nudge("up", yaw, step),
      nudgeDown: nudge("down", yaw, step),
      nudgeLeft: nudge("left", yaw, step),
      nudgeRight: nudge("right", yaw, step),
      nudgeHigher: [0, step, 0],
      nudgeLower: [0, -step, 0],
    };
    if (this.aim.at.peek() !== null) {
      this.aim.move(steps[command]);
      return;
    }
    const poses = new Map<number, Pose>();
    for (const id of this.#tops()) this.#moveFamily(poses, id, steps[command]);
    void this.transform(poses, this.#nudgeStroke());
  }
}

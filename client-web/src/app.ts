/**
 * The application: leads the session into a world, the world onto the screen, and what people do
 * back to the server.
 *
 * Owns the order of things when a world is entered or changed. Nothing else knows both the session
 * and the scene.
 */

import type { BuilderDoor } from "./builder/door";
import { hookDoor, takeInvitation } from "./builder/hook";
import type { Workbench } from "./builder/workbench";
import { entityOf } from "./companions/company";
import type { Changes } from "./document/apply";
import { fetchDocument, fetchTicket, fetchWorlds } from "./documents";
import { SELECTED_OBJECTS_MAX, WorldEdits } from "./edits";
import { hasWebGl2 } from "./graphics";
import { HeadsetDoor } from "./headset";
import { speak, t } from "./i18n/translate";
import { keyBytes } from "./identity";
import { forcedRoad, listRoads, roadMemory } from "./net/map";
import { Roads } from "./net/roads";
import { Session, type SessionState, type WorldMessage } from "./net/session";
import { storedToken } from "./net/token";
import { remedyFor } from "./net/trouble";
import { colourOf, stepsOf } from "./pointers";
import type { Predictor } from "./predict/predictor";
import { unreachable } from "./protocol/codec";
import type { WorldDocument } from "./protocol/document";
import type { Emote, PersonCard } from "./protocol/generated";
import { Remembered } from "./remembered";
import type { Scene } from "./scene/scene";
import type { Vec3 } from "./scene/view";
import { seenCompanions, seenObjects, seenPeople } from "./seen";
import { Stage } from "./stage";
import { lookOf, type Profile } from "./ui/profile";
import { type Actions, NO_LINK, type Problem, type Store } from "./ui/store";
import { DENIAL_TEXTS } from "./ui/words";
import { Stays, withDraft } from "./unlisted";
import { type Entered, type Shown, Visit } from "./visit";
import { publish, type VivariumState } from "./window";

const REMARK_MS = 4_000;
const FIGURES_EVERY_MS = 500;
/** Between two tries to load a world while there is no network. */
const LOAD_RETRY_MS = 1_000;
const LOAD_RETRIES_MAX = 5;

/** Calls `then` after `ms`; the result cancels. */
function after(ms: number, then: () => void): () => void {
  const timer = setTimeout(then, ms);
  return () => clearTimeout(timer);
}

/** What is loaded lazily, once. */
interface Engine {
  stage: Stage;
  predictor: Predictor;
}

export class App implements Actions {
  readonly #store: Store;
  readonly #host: HTMLElement;
  readonly #remembered = new Remembered();
  readonly #session: Session;
  /** The world as it is now. */
  readonly edits = new WorldEdits(
    { fetch: fetchDocument, after },
    {
      changed: (document, changes) => this.#edited(document, changes),
      chosen: (person) => this.#frame(person),
    },
  );
  /** The way into the builder. */
  readonly #door: BuilderDoor;
  readonly #headset: HeadsetDoor;
  readonly #stays: Stays;
  #engine: Engine | null = null;
  #visit: Visit | null = null;
  /** The visit whose world is on the stage, or will be next. */
  #staged: Visit | null = null;
  /** Cards by person, for the scene. */
  #cards = new Map<number, PersonCard>();
  #remarkTimer = 0;
  #figuresAtMs = 0;
  /** Counts entries, so that a load that a newer one has overtaken is known as such. */
  #loads = 0;

  constructor(store: Store, host: HTMLElement) {
    this.#store = store;
    this.#host = host;
    this.#session = new Session(
      {
        open: new Roads({
          list: listRoads,
          now: () => performance.now(),
          after,
          ...roadMemory(
            () => localStorage,
            () => Date.now(),
          ),
          forced: forcedRoad(location.search),
        }).open,
        now: () => performance.now(),
        random: () => Math.random(),
        after,
        tokens: storedToken(this.#remembered.tab, () => Date.now()),
        key: keyBytes,
        ticket: fetchTicket,
      },
      {
        changed: (state) => this.#sessionChanged(state),
        message: (message) => this.#hear(message),
        frame: (bytes) => this.#hearFrame(bytes),
        unsent: (messages) => {
          const isWord = ({ kind }: { kind: string }) => kind === "say" || kind === "address";
          if (messages.some(isWord)) this.#remark(t("perhapsNotSent"));
        },
      },
    );
    this.#door = hookDoor({
      store,
      host: host.parentElement ?? host,
      workbench: (close) => this.workbench(close),
      remark: (text) => this.#remark(text),
    });
    this.#stays = new Stays(this.#door, store, (text) => this.#remark(text));
    this.#headset = new HeadsetDoor({
      store,
      stage: () => (this.#visit === null ? null : (this.#engine?.stage ?? null)),
      build: () => this.build(),
      failed: () => this.#remark(t("headsetFailed")),
    });
    const kept = this.#remembered.load();
    store.profile.value = kept.profile;
    store.volume01.value = kept.volume01;
    speak(kept.language);
    this.#remembered.watch(store);
    store.wantedWorld.value = new URLSearchParams(location.search).get("world") ?? "";
    addEventListener("online", () => {
      // Only who waits is brought back: an ended session stays ended until the person says so.
      if (this.#session.state.kind === "waiting") this.#session.retryNow();
    });
    publish(this.#state());
  }

  /** Begins: at the entrance, or, after a reload, where the visit was. */
  start(): void {
    // Whoever was invited shall see it, and choose where to go.
    if (takeInvitation(this.#door, this.#store)) return;
    const visit = this.#remembered.visit();
    const profile = this.#store.profile.peek();
    if (visit === null || profile.name === "") return;
    this.#store.wantedWorld.value = visit;
    this.enter(visit, profile);
  }

  loadWorlds(): void {
    this.#store.worlds.value = { kind: "loading" };
    fetchWorlds().then(
      async (listed) => {
        const wanted = this.#store.wantedWorld;
        const worlds = await withDraft(listed, wanted.peek());
        this.#store.worlds.value = { kind: "listed", worlds };
        const known = worlds.some(({ name }) => name === wanted.peek());
        if (!known) wanted.value = worlds[0]?.name ?? "";
      },
      () => {
        this.#store.worlds.value = { kind: "failed" };
      },
    );
  }

  enter(world: string, profile: Profile): void {
    this.#store.profile.value = profile;
    this.#store.welcome.value = null;
    this.#store.lines.value = [];
    this.#store.worldTitle.value = "";
    this.#store.screen.value = { kind: "loading", label: "loadingConnect", done01: 0 };
    this.#session.enter({ world, name: profile.name, look: lookOf(profile) });
  }

  leave(): void {
    this.#session.leave();
    this.toEntry(null);
  }

  retryNow(): void {
    this.#session.retryNow();
  }

  reload(): void {
    location.reload();
  }

  toEntry(problem: Problem | null): void {
    this.#visit = null;
    this.#stays.left();
    this.edits.leave();
    this.#remembered.leave();
    this.#engine?.stage.hide();
    this.#store.panel.value = null;
    this.#store.chatOpen.value = false;
    this.#store.interruption.value = null;
    this.#store.travelling.value = false;
    this.#store.link.value = NO_LINK;
    this.#store.people.value = new Map();
    this.#store.company.enter(null, false);
    this.#store.screen.value = { kind: "entry", problem };
    this.loadWorlds();
  }

  say(text: string): void {
    if (!this.#session.send({ kind: "say", text })) this.#remark(t("notSent"));
  }

  address(companion: number, text: string): void {
    if (this.#session.send({ kind: "address", companion, text })) {
      this.#store.company.ask(companion, text);
    } else this.#remark(t("notSent"));
  }

  hush(companion: number): void {
    this.#session.send({ kind: "hush", companion });
    this.#store.company.hush(companion);
  }

  talkTo(companion: number | null): void {
    if (companion !== null && document.pointerLockElement !== null) document.exitPointerLock();
    this.#store.talkTo(companion);
    if (companion === null) this.focusWorld();
  }

  emote(emote: Emote): void {
    if (!this.#session.send({ kind: "emote", emote })) this.#remark(t("notSent"));
  }

  setProfile(profile: Profile): void {
    this.#store.profile.value = profile;
    const look = lookOf(profile);
    this.#session.become({ name: profile.name, look });
    this.#session.send({ kind: "setLook", name: profile.name, look });
  }

  /**
   * What a builder needs of this page, for the world that is shown; null: none is. It is of no use
   * once another world is entered: `store.screen` and `edits.document` tell when.
   */
  async workbench(close: () => void): Promise<Workbench | null> {
    const { makeBench } = await import("./bench");
    const [visit, stage, document] = [this.#visit, this.#engine?.stage, this.edits.document.peek()];
    if (!visit?.document || stage === undefined || document === null) return null;
    return makeBench({
      world: visit.entered.world,
      document,
      edits: this.edits,
      stage,
      store: this.#store,
      obstruct: (origin, direction, maxM) => this.#visit?.obstruct(origin, direction, maxM) ?? maxM,
      choose: (objects) => this.choose(objects),
      enter: (world) => this.#buildIn(world),
      endDraft: (words) => this.#stays.expect(words),
      point: (at) => this.point(at),
      close,
    });
  }

  /** Goes where no portal leads, and builds there. */
  #buildIn(world: string): void {
    const profile = this.#store.profile.peek();
    this.leave();
    this.#door.follow(world);
    this.enter(world, profile);
  }

  /** Shows others what this person has chosen to change. */
  choose(objects: readonly number[]): void {
    this.#session.send({ kind: "select", objects: objects.slice(0, SELECTED_OBJECTS_MAX) });
  }

  /** Shows others who build where this person points. */
  point(at: Vec3 | null): void {
    this.#session.send({ kind: "point", at: stepsOf(at) });
  }

  build(): void {
    // In first person the picture takes the pointer, which builders need.
    if (!this.#door.isOpen.peek()) this.setCamera("third");
    void this.#door.toggle();
  }

  wear(): void {
    void this.#headset.toggle();
  }

  setVolume(volume01: number): void {
    this.#store.volume01.value = volume01;
    this.#engine?.stage.setVolume(volume01);
  }

  setCamera(mode: "third" | "first"): void {
    this.#engine?.stage.setCamera(mode);
  }

  jump(held: boolean): void {
    this.#engine?.stage.jump(held);
  }

  focusWorld(): void {
    this.#engine?.stage.focus();
  }

  #sessionChanged(state: SessionState): void {
    const store = this.#store;
    const inside = this.#visit !== null;
    switch (state.kind) {
      case "idle":
        store.interruption.value = null;
        return;
      case "connecting":
        if (inside || state.attempt > 1) store.interruption.value = { kind: "connecting" };
        return;
      case "present":
        if (store.interruption.peek() !== null && inside) this.#remark(t("reconnected"));
        store.interruption.value = null;
        return;
      case "waiting":
        this.#visit?.pause();
        store.interruption.value = state;
        return;
      case "ended":
        this.#visit?.pause();
        if (inside && remedyFor(state.trouble) !== "none") store.interruption.value = state;
        else this.toEntry({ kind: "session", trouble: state.trouble });
        return;
      default:
        unreachable(state);
    }
  }

  #hear(message: WorldMessage): void {
    const store = this.#store;
    const nowMs = performance.now();
    switch (message.kind) {
      case "entered":
        this.#arrive(message, 0);
        return;
      case "joined":
        this.#meet(message.card);
        store.tell(t("joinedLine", { name: message.card.name }));
        return;
      case "changed":
        this.#meet(message.card);
        return;
      case "left": {
        const card = store.part(message.person);
        if (card === null) return;
        this.#cards.delete(card.person);
        this.#visit?.gestures.forget(card.person);
        this.#visit?.speech.forget(card.person);
        this.edits.choose(card.person, []);
        this.#engine?.stage.pointers.hear(card.person, null);
        store.tell(t("leftLine", { name: card.name }));
        return;
      }
      case "heard":
        store.hear(message.person, message.text);
        if (message.person === store.self.peek()) store.company.heardSelf(message.text);
        this.#visit?.speech.say(message.person, message.text, nowMs / 1_000);
        return;
      case "emoted":
        this.#visit?.gesture(message.person, message.emote, nowMs);
        return;
      case "thinks":
      case "says":
      case "said":
        store.listen(message, nowMs / 1_000);
        return;
      case "gestured":
        this.#visit?.gesture(entityOf(message.companion), message.emote, nowMs);
        return;
      case "denied":
        store.company.deny(message.denial);
        this.#remark(t(DENIAL_TEXTS[message.denial]));
        return;
      case "edited":
        this.edits.hear(message);
        return;
      case "selected":
        if (message.person !== this.#session.person) {
          this.edits.choose(message.person, message.objects);
        }
        return;
      case "pointed":
        this.#engine?.stage.pointers.hear(message.person, message.at);
        return;
      case "sensed":
        if (message.inside > 0) this.#engine?.stage.playSensor(message.object);
        return;
      default:
        unreachable(message);
    }
  }

  #meet(card: PersonCard): void {
    this.#store.meet(card);
    this.#cards.set(card.person, card);
    this.#frame(card.person);
  }

  /** The world was edited, by whomever. */
  #edited(document: WorldDocument, changes: Changes): void {
    this.#visit?.edit(document, changes);
    this.#store.company.edit(document, changes);
    // Until then the stage has another world, and this one will be built as it is by then.
    if (this.#staged === this.#visit) this.#engine?.stage.edit(document, changes);
    if (changes.permissions) void this.#door.refresh();
    if (changes.title && this.#store.worldTitle.peek() !== "") {
      this.#store.worldTitle.value = document.title;
    }
  }

  /** Frames what a person has chosen. */
  #frame(person: number): void {
    if (this.#staged !== this.#visit) return;
    const objects = this.edits.chosen.peek().get(person) ?? [];
    const card = this.#cards.get(person);
    const name = card?.name ?? null;
    this.#engine?.stage.highlight(`person ${person}`, objects, colourOf(card), name);
  }

  #hearFrame(bytes: Uint8Array): void {
    const visit = this.#visit;
    if (visit === null) return;
    const nowMs = performance.now();
    if (visit.hear(bytes, this.#session.roundTripMs, nowMs) === "unreadable") {
      // It counts as lost; one damaged packet is no reason to leave.
      return;
    }
    const acknowledgement = visit.acknowledgement();
    if (acknowledgement !== null) this.#session.sendLatest(acknowledgement);
    // Timers and pictures of a hidden page come late or never; packets still do.
    this.#engine?.stage.readControls(nowMs);
    this.#sendInputs(nowMs);
    this.#session.beat();
    this.#showFigures(nowMs);
  }

  #sendInputs(nowMs: number): void {
    const visit = this.#visit;
    if (visit === null || this.#session.state.kind !== "present") return;
    const message = visit.step(nowMs);
    if (message !== null) this.#session.sendLatest(message);
  }

  async #entered(entered: Entered): Promise<void> {
    const store = this.#store;
    const known = this.#visit?.document ?? null;
    const back = known !== null && this.#visit?.entered.documentUrl === entered.documentUrl;
    const person = this.#session.person ?? 0;
    const visit = new Visit(entered, person);
    this.#visit = visit;
    this.#cards = new Map(entered.people.map((card) => [card.person, card]));
    store.people.value = new Map(this.#cards);
    store.self.value = person;
    this.#remembered.enter(entered.world);
    void this.#stays.entered(entered.world);
    const engine = this.#engine;
    engine?.stage.pointers.clear();
    if (back && engine !== null) {
      this.#staged = visit;
      for (const chooser of this.edits.chosen.peek().keys()) this.edits.choose(chooser, []);
      visit.ready(known, engine.predictor);
      store.company.enter(known, true);
      engine.stage.play(visit, this.#cards, false);
      this.edits.resume(entered.documentUrl, known);
      return;
    }
    const through = store.screen.peek().kind === "world";
    store.travelling.value = through;
    store.company.enter(null, false);
    const document = await this.#load(entered, visit);
    if (document === null) return;
    store.worldTitle.value = document.title;
    store.travelling.value = false;
    store.screen.value = { kind: "world" };
    store.tell(t("enteredLine", { world: document.title }));
    const address = new URL(location.href);
    address.searchParams.set("world", entered.world);
    history.replaceState(null, "", address);
    this.#engine?.stage.focus();
    void this.#stays.shown(entered.world, document.title);
  }

  /** Everything that a world needs; null when the person is elsewhere by then. */
  async #load(entered: Entered, visit: Visit): Promise<WorldDocument | null> {
    const stale = (): boolean => this.#visit !== visit;
    this.#progress(0.05, "loadingDocument");
    const [fetched, engine] = await Promise.all([
      this.edits.enter(entered.documentUrl),
      this.#engine ?? this.#startEngine(),
    ]);
    if (stale()) return null;
    this.#store.worldTitle.value = fetched.title;
    this.#progress(0.4, "loadingScene");
    // Edits may come at any time from now on.
    this.#staged = visit;
    const latest = (): WorldDocument => this.edits.document.peek() ?? fetched;
    await engine.stage.load(latest, (done01) => {
      if (!stale()) this.#progress(0.4 + done01 * 0.6, "loadingScene");
    });
    if (stale()) return null;
    const document = latest();
    engine.predictor.load(document);
    visit.ready(document, engine.predictor);
    this.#store.company.enter(document, false);
    engine.stage.play(visit, this.#cards, true);
    for (const chooser of this.edits.chosen.peek().keys()) this.#frame(chooser);
    return document;
  }

  async #startEngine(): Promise<Engine> {
    const [{ Scene: SceneClass }, { Controls }, { Predictor: PredictorClass }] = await Promise.all([
      import("./scene/scene"),
      import("./input/controls"),
      import("./predict/predictor"),
    ]);
    this.#progress(0.25, "loadingPhysics");
    const predictor = await PredictorClass.create();
    if (this.#engine !== null) {
      predictor.free();
      return this.#engine;
    }
    const stage = new Stage(this.#host, this.#store, this, {
      makeScene: (canvas: HTMLCanvasElement): Scene =>
        new SceneClass(canvas, {
          reducedMotion: matchMedia("(prefers-reduced-motion: reduce)").matches,
          assetsUrl: "/assets/",
        }),
      Controls,
      beforePicture: (nowMs) => {
        this.#sendInputs(nowMs);
        // Also in silence, which is a figure too.
        this.#showFigures(nowMs);
      },
    });
    stage.setVolume(this.#store.volume01.peek());
    this.#engine = { stage, predictor };
    return this.#engine;
  }

  #progress(done01: number, label: "loadingDocument" | "loadingPhysics" | "loadingScene"): void {
    if (this.#store.screen.peek().kind !== "loading") return;
    this.#store.screen.value = { kind: "loading", label, done01 };
  }

  /** Loads the world of `message`; while the network is away, again and again. */
  #arrive(message: Extract<WorldMessage, { kind: "entered" }>, attempt: number): void {
    this.#loads += 1;
    const load = this.#loads;
    this.#entered(message).catch((error: unknown) => {
      // A newer entry has taken over, or the connection is lost and the return brings one.
      if (load !== this.#loads || this.#session.state.kind !== "present") return;
      // What fetch throws when there is no network; the session has not noticed yet.
      if (error instanceof TypeError && attempt < LOAD_RETRIES_MAX) {
        window.setTimeout(() => {
          if (load === this.#loads) this.#arrive(message, attempt + 1);
        }, LOAD_RETRY_MS);
        return;
      }
      this.#failed(error);
    });
  }

  #failed(error: unknown): void {
    this.#session.leave();
    const graphics = this.#engine === null && !hasWebGl2();
    const detail = error instanceof Error ? error.message : String(error);
    this.toEntry(graphics ? { kind: "graphics" } : { kind: "load", detail });
  }

  #remark(text: string): void {
    clearTimeout(this.#remarkTimer);
    this.#store.remark.value = text;
    this.#remarkTimer = window.setTimeout(() => {
      this.#store.remark.value = null;
    }, REMARK_MS);
  }

  #showFigures(nowMs: number): void {
    const visit = this.#visit;
    if (visit === null || nowMs - this.#figuresAtMs < FIGURES_EVERY_MS) return;
    this.#figuresAtMs = nowMs;
    this.#store.link.value = {
      transport: this.#session.transport,
      roundTripMs: this.#session.roundTripMs,
      loss01: visit.stats.loss01(),
      silentMs: visit.stats.silentMs(nowMs),
      snapshotsPerS: visit.stats.rate(nowMs),
      bufferMs: visit.bufferMs,
      mispredictions: visit.mispredictions,
      lateInputs: visit.lateInputs,
      framesPerS: this.#engine?.stage.stats().fps ?? 0,
    };
  }

  /** What the newest picture shows. */
  get #shown(): Shown | null {
    return this.#engine?.stage.shown ?? null;
  }

  #state(): VivariumState {
    const app = this;
    const store = this.#store;
    return {
      get screen() {
        return store.screen.peek().kind;
      },
      get session() {
        return app.#session.state.kind;
      },
      get world() {
        return app.#visit?.entered.world ?? null;
      },
      get person() {
        return store.self.peek();
      },
      get tick() {
        return app.#visit?.newestTick ?? 0;
      },
      get inputTick() {
        return app.#visit?.inputTick ?? 0;
      },
      get own() {
        const self = app.#shown?.avatars.find((avatar) => avatar.self);
        if (self === undefined) return null;
        const { position, yaw, grounded, bubble } = self;
        return { position, yaw, grounded, bubble };
      },
      get camera() {
        return app.#engine?.stage.camera ?? null;
      },
      get others() {
        return seenPeople(app.#cards.values(), app.#shown, app.#session.person);
      },
      get companions() {
        return seenCompanions(store.company, app.#shown);
      },
      get objects() {
        return seenObjects(app.#visit?.document ?? null, app.#shown);
      },
      get objectNames() {
        return app.#visit?.document?.objects.map((object) => object.name ?? null) ?? [];
      },
      get edits() {
        return app.edits.number.peek();
      },
      get objectCount() {
        return app.edits.document.peek()?.objects.length ?? 0;
      },
      get chosen() {
        return [...app.edits.chosen.peek()].map(([person, objects]) => ({ person, objects }));
      },
      get pointers() {
        return app.#engine?.stage.pointers.now() ?? [];
      },
      shownAt(object) {
        const scene = app.#engine?.stage.scene;
        const [pose, bounds] = [scene?.poseOf(object), scene?.boundsOf(object)];
        return pose && bounds ? { position: pose.position, ...bounds } : null;
      },
      projected: (object) => app.#engine?.stage.projected(object) ?? null,
      arriving: (object) => app.#engine?.stage.scene.arriving(object) ?? null,
      get transport() {
        return app.#session.transport;
      },
      get roundTripMs() {
        return app.#session.roundTripMs;
      },
      get snapshotsPerS() {
        return app.#visit?.stats.rate(performance.now()) ?? 0;
      },
      get loss01() {
        return app.#visit?.stats.loss01() ?? 0;
      },
      get bufferMs() {
        return app.#visit?.bufferMs ?? 0;
      },
      get mispredictions() {
        return app.#visit?.mispredictions ?? 0;
      },
      get lateInputs() {
        return app.#visit?.lateInputs ?? 0;
      },
      get drawing() {
        return app.#engine?.stage.stats() ?? { drawCalls: 0, triangles: 0, fps: 0 };
      },
    };
  }
}

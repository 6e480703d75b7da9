/**
 * Companions in a picture, with their panel, without a server: to look at them. `npx vite`, then
 * /src/companions/preview/index.html?quality=low. Addresses may say `talk` (opens the panel with a
 * conversation), `end` (how its last answer ended), `lang`, `chat`, `touch`, `near` (metres from
 * which one looks) and `many` (how many more there are).
 */
import { render } from "preact";
import { editable } from "../../document/apply";
import { speak, t } from "../../i18n/translate";
import type { WorldDocument } from "../../protocol/document";
import type { SpeechEnd } from "../../protocol/generated";
import { EMOTIONS } from "../../replica/feeling";
import { Scene } from "../../scene/scene";
import type { AvatarView } from "../../scene/view";
import { Hud } from "../../ui/hud";
import { type Actions, Store } from "../../ui/store";
import "../../ui/styles/base.css";
import "../../ui/styles/hud.css";
import "../../ui/styles/talk.css";
import { entityOf } from "../company";
import { FakeMinds } from "./fakeMinds";

const wanted = new URLSearchParams(location.search);
const number = (name: string, absent: number): number => Number(wanted.get(name) ?? absent);
const SELF = 1;
const NAMES = ["Mira", "Oskar", "Fenn", "Lune", "Brac", "Pip", "Wren", "Sol"];
const BODIES = [
  "#4aa3a2",
  "#8f7bd1",
  "#e3a857",
  "#6a8fd8",
  "#c95f52",
  "#86a95b",
  "#d987b0",
  "#5b6b7a",
];

const LAWN: WorldDocument = editable({
  version: 1,
  name: "lawn",
  title: "Lawn",
  materials: { meadow: { colour: "#8fae62" } },
  objects: [
    {
      position_m: [0, -1, 0],
      properties: { visuals: [{ shape: { box: { size_m: [80, 2, 80] } }, material: "meadow" }] },
    },
    ...NAMES.map((name, index) => ({
      properties: {
        companion: {
          mind: name.toLowerCase(),
          name,
          body: BODIES[index] ?? "#888888",
          accent: "#ffd166",
        },
      },
    })),
  ],
});

function companions(store: Store, timeS: number): AvatarView[] {
  const many = number("many", 0);
  return Array.from({ length: NAMES.length + many }, (_, index) => {
    const companion = (index % NAMES.length) + 1;
    const card = store.company.cards.peek().get(companion);
    const bubble = store.company.bubbleOf(companion, timeS);
    const isMore = index >= NAMES.length;
    return {
      entity: isMore ? -1_000 - index : entityOf(companion),
      name: isMore ? "" : (card?.name ?? ""),
      look: card?.look ?? { body: [], accent: [] },
      self: false,
      position: [
        isMore ? ((index * 7) % 40) - 20 : (index % 4) * 1.5 - 2.25,
        0.85,
        isMore ? -6 - ((index * 13) % 40) : index < 4 ? 0 : -2.4,
      ],
      yaw: Math.PI,
      pitch: 0,
      grounded: true,
      running: false,
      present: true,
      emote: index === 4 && !isMore ? { emote: "wave", startedS: timeS - 0.6 } : null,
      bubble: isMore ? null : bubble.text,
      tracked: null,
      companion: {
        emotion: EMOTIONS[index % EMOTIONS.length] ?? "calm",
        carrying: index === 1,
        sitting: index === 6,
        thinking: bubble.thinking && !isMore,
        reduced: bubble.reduced,
        bubble01: bubble.left01,
      },
    };
  });
}

function converse(store: Store, nowS: number): void {
  const { company } = store;
  const end = (wanted.get("end") ?? "reduced") as SpeechEnd["kind"];
  const french = wanted.get("lang") === "fr";
  company.ask(1, french ? "Bonjour, qui es-tu ?" : "Hello, who are you?");
  store.listen({ kind: "thinks", companion: 1, line: 1, to: SELF }, nowS);
  const text = french
    ? "Je suis Mira. Je m’occupe du jardin, et je connais chaque pierre d’ici."
    : "I am Mira. I look after the garden, and I know every stone of this place by its name.";
  store.listen({ kind: "says", companion: 1, line: 1, text }, nowS);
  store.listen({ kind: "said", companion: 1, line: 1, end: { kind: "done" } }, nowS);
  company.ask(1, french ? "Que vois-tu ?" : "What do you see?");
  store.listen({ kind: "thinks", companion: 1, line: 2, to: SELF }, nowS);
  const more = french
    ? "Une balle rouge près de l’arbre, deux personnes, et la fontaine derrière toi."
    : "A red ball by the tree, two people, and the fountain behind you. It is a long way to the gate, but the path is easy and the evening is fine, so we may walk there together if you like.";
  store.listen({ kind: "says", companion: 1, line: 2, text: more }, nowS);
  if (wanted.get("end") !== "speaking") {
    const over: SpeechEnd = end === "overLimit" ? { kind: end, freeInS: 700 } : { kind: end };
    store.listen({ kind: "said", companion: 1, line: 2, end: over }, nowS);
  }
  store.listen({ kind: "thinks", companion: 3, line: 1, to: 99 }, nowS);
}

function start(into: HTMLElement): void {
  speak(wanted.get("lang") === "fr" ? "fr" : "en");
  const place = document.createElement("div");
  place.className = "stage";
  const canvas = document.createElement("canvas");
  canvas.className = "world-canvas";
  canvas.tabIndex = 0;
  place.append(canvas);
  const panels = document.createElement("div");
  into.append(place, panels);
  const store = new Store();
  store.screen.value = { kind: "world" };
  store.worldTitle.value = "Lawn";
  store.self.value = SELF;
  store.touch.value = wanted.has("touch");
  store.company.enter(LAWN, false);
  store.company.near.value = 1;
  converse(store, performance.now() / 1_000);
  store.company.mood.value = "joy";
  store.chatOpen.value = wanted.has("chat");
  if (wanted.has("talk")) store.company.talkingTo.value = 1;
  const talkTo = (companion: number | null): void => {
    store.company.talkingTo.value = companion;
  };
  const others: Partial<Actions> = { talkTo, address: (to, text) => store.company.ask(to, text) };
  const act = new Proxy(others as Actions, {
    get: (known, key: keyof Actions) => known[key] ?? (() => undefined),
  });
  const minds = new FakeMinds(Date.now());
  const real = window.fetch.bind(window);
  window.fetch = (asked, init) =>
    String(asked).startsWith("/api/companions")
      ? minds.answer(String(asked), init ?? {})
      : real(asked, init);
  render(<Hud store={store} act={act} />, panels);
  const scene = new Scene(canvas, { reducedMotion: false, assetsUrl: "/assets/" });
  const show = (nowMs: number): void => {
    requestAnimationFrame(show);
    scene.render({
      timeS: nowMs / 1_000,
      avatars: companions(store, nowMs / 1_000),
      objects: [],
      fromMemory: t("fromMemory"),
      camera: {
        mode: "third",
        yaw: number("yaw", 0),
        pitch: -0.12,
        distanceM: number("near", 4.6),
        target: [0, 0.85, 0],
        obstruct: (_origin, _direction, maxM) => maxM,
      },
    });
  };
  void scene.load(LAWN, () => undefined).then(() => requestAnimationFrame(show));
  addEventListener("resize", () => scene.resize());
  Object.assign(window, { store, scene });
}

const host = document.getElementById("app");
if (host === null) throw new Error("index.html has no #app");
start(host);

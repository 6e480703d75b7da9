/**
 * The builder's panels over a painted sky, with a world document but without a server: to look at
 * them, by hand or in pictures. With a server running, `npx vite`, then
 * /src/builder/preview/index.html?world=plaza: the document is one of its assets.
 * Addresses may say `left`, `right`, `front`, `select`, `lang`, `many`, `draft` and `notice`.
 */
import { signal } from "@preact/signals";
import { render } from "preact";
import { speak } from "../../i18n/translate";
import type { WorldDocument } from "../../protocol/document";
import { Hud } from "../../ui/hud";
import { type Actions, Store } from "../../ui/store";
import "../../ui/styles/base.css";
import "../../ui/styles/hud.css";
import "../../ui/styles/talk.css";
import type { SidePanel } from "../builder";
import { openBuilder } from "../mount";
import { FakeBench } from "./fake";

const wanted = new URLSearchParams(location.search);
const host = document.getElementById("app");
if (host === null) throw new Error("index.html has no #app");

function idleActions(): Actions {
  const nothing = (): void => undefined;
  return new Proxy({} as Actions, { get: () => nothing });
}

async function documentOf(world: string): Promise<WorldDocument> {
  const response = await fetch(`/assets/worlds/${world}.json`);
  const document = (await response.json()) as WorldDocument;
  const more = Number(wanted.get("many") ?? 0);
  const extra = Array.from({ length: more }, (_, index) => ({
    name: `Stone ${index + 1}`,
    blueprint: Object.keys(document.blueprints ?? {})[0] ?? "",
    position_m: [index % 100, 0, Math.floor(index / 100)] as [number, number, number],
  }));
  return { ...document, objects: [...document.objects, ...extra] };
}

async function start(into: HTMLElement): Promise<void> {
  speak(wanted.get("lang") === "fr" ? "fr" : "en");
  const stage = document.createElement("div");
  stage.className = "stage";
  stage.style.background = "linear-gradient(#8cc5ea, #f5efe2 60%, #8fae62 60%)";
  const canvas = document.createElement("canvas");
  canvas.className = "world-canvas";
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", "A world");
  stage.append(canvas);
  const panels = document.createElement("div");
  into.append(stage, panels);
  const store = new Store();
  store.worldTitle.value = "Harbour Plaza";
  store.screen.value = { kind: "world" };
  store.mayBuild.value = true;
  store.building.value = true;
  store.chatOpen.value = wanted.has("chat");
  if (wanted.has("panel")) store.panel.value = "settings";
  render(<Hud store={store} act={idleActions()} />, panels);

  const world = await documentOf(wanted.get("world") ?? "plaza");
  const bench = new FakeBench(canvas, signal(world));
  const draft = wanted.get("draft");
  if (draft !== null) bench.draft = { of: "plaza", title: draft };
  const { builder } = openBuilder(
    {
      bench,
      role: signal("owner"),
      fetch: (url, init) => bench.answer(url, init),
      after: (ms, then) => void setTimeout(then, ms),
      forbidden: () => undefined,
    },
    into,
  );
  for (const side of ["left", "right", "front"] as const) {
    const panel = wanted.get(side);
    if (panel !== null) builder[side].value = panel === "none" ? null : (panel as SidePanel);
  }
  const chosen = (wanted.get("select") ?? "").split(",").filter((text) => text !== "");
  builder.selection.choose(
    chosen.flatMap((name) => builder.scenery.value.names.get(name) ?? (Number(name) || [])),
  );
  const notice = wanted.get("notice");
  if (notice !== null) builder.say(notice, "trouble");
  Object.assign(window, { builder, bench });
}

void start(host);

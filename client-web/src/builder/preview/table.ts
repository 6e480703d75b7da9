/** The builder's panels over a page without a picture, and hands to use them: for tests. */
import { type Signal, signal } from "@preact/signals";
import { act as settled } from "preact/test-utils";
import { afterEach, beforeEach, expect, vi } from "vitest";
import { speak } from "../../i18n/translate";
import type { WorldDocument } from "../../protocol/document";
import type { Role } from "../../protocol/operation";
import type { Builder } from "../builder";
import { type Opened, openBuilder } from "../mount";
import { FakeBench } from "./fake";

const WORLD: WorldDocument = {
  version: 1,
  name: "plaza",
  title: "Plaza",
  materials: { brass: { colour: "#c9a227", roughness: 0.4 } },
  blueprints: {
    crate: {
      visuals: [{ shape: { box: { size_m: [1, 1, 1] } }, material: "brass" }],
      colliders: [{ shape: { box: { size_m: [1, 1, 1] } } }],
      body: { kind: "dynamic" },
    },
  },
  objects: [
    { name: "gate", properties: { spawn: { radius_m: 2 } } },
    { name: "house", position_m: [3, 0, 0] },
    { parent: 1, name: "crate", blueprint: "crate", position_m: [4, 0.5, 0] },
  ],
};

/** What the builder has of the page. */
export let bench: FakeBench;
export let opened: Opened;
export let builder: Builder;
let host: HTMLElement;
/** What was asked of the server with a body. */
export let sent: { url: string; body: Record<string, unknown> }[];
export let role: Signal<Role>;
let refuse: { status: number; body: unknown } | null;

export function all<T extends Element = HTMLElement>(selector: string): T[] {
  return [...host.querySelectorAll<T>(selector)];
}

export function find<T extends Element = HTMLElement>(selector: string): T {
  const [found] = all<T>(selector);
  if (found === undefined) throw new Error(`${selector} is not there`);
  return found;
}

export const labelled = <T extends HTMLElement>(label: string): T =>
  find<T>(`[aria-label="${label}"]`);

export async function type(field: HTMLInputElement, text: string): Promise<void> {
  await settled(() => {
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  await settled(async () => {
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  });
  await answered();
}

/** Until the server has answered everything, and the panels show it. */
export async function answered(): Promise<void> {
  await settled(async () => {
    await vi.waitFor(() => expect(builder.edits.waiting).toBe(0), { interval: 1 });
    await new Promise((then) => setTimeout(then));
  });
}

export async function press(
  target: EventTarget,
  key: string,
  more: KeyboardEventInit = {},
): Promise<void> {
  await settled(() => {
    target.dispatchEvent(
      new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }),
    );
  });
  await answered();
}

export const operations = (): unknown[] => sent.flatMap(({ body }) => body.operations ?? []);

/** What the server answers from now on in the place of doing what it is asked for. */
export function refuseWith(answer: { status: number; body: unknown }): void {
  refuse = answer;
}

/** Opens what the toolbar has besides, and gives the button that did it. */
export async function openMore(): Promise<HTMLElement> {
  await settled(() => labelled("More").click());
  return labelled("More");
}

/** Opens the builder before each test, and closes it after it. */
export function openForEach(): void {
  beforeEach(async () => {
    speak("en");
    sent = [];
    refuse = null;
    role = signal<Role>("owner");
    host = document.createElement("div");
    const canvas = document.createElement("canvas");
    canvas.className = "world-canvas";
    canvas.tabIndex = 0;
    host.append(canvas);
    document.body.append(host);
    bench = new FakeBench(canvas, signal(WORLD));
    await settled(() => {
      opened = openBuilder(
        {
          bench,
          role,
          fetch: (url, init) => {
            if (init.body === undefined) return bench.answer(url, init);
            sent.push({ url, body: JSON.parse(String(init.body)) });
            return refuse === null
              ? bench.answer(url, init)
              : Promise.resolve(Response.json(refuse.body, { status: refuse.status }));
          },
          after: () => undefined,
          forbidden: () => undefined,
        },
        host,
      );
    });
    builder = opened.builder;
  });

  afterEach(() => {
    opened.close();
    host.remove();
  });
}

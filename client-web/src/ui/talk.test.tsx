// @vitest-environment happy-dom
import { render } from "preact";
import { act as settled } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { applyOperations, editable } from "../document/apply";
import { speak } from "../i18n/translate";
import type { SpeechEnd } from "../protocol/generated";
import { Hud } from "./hud";
import { type Actions, Store } from "./store";
import { TalkPanel } from "./talk";

const SELF = 7;
const MIRA = 0;
const WORLD = editable({
  version: 1,
  name: "field",
  title: "Field",
  objects: [
    {
      properties: {
        companion: { mind: "mira", name: "Mira", body: "#204060", accent: "#ffcc00" },
      },
    },
  ],
});

let store: Store;
let act: Actions;
let host: HTMLElement;
let line = 0;

function find<T extends Element = HTMLElement>(selector: string): T {
  const found = host.querySelector<T>(selector);
  if (found === null) throw new Error(`${selector} is not there: ${host.innerHTML}`);
  return found;
}

const labelled = (label: string) => find<HTMLButtonElement>(`button[aria-label="${label}"]`);
const button = (text: string): HTMLButtonElement => {
  const found = [...host.querySelectorAll("button")].find((one) => one.textContent === text);
  if (found === undefined) throw new Error(`no button says ${text}`);
  return found;
};

async function answer(pieces: readonly string[], end: SpeechEnd | null): Promise<void> {
  line += 1;
  await settled(() => {
    store.listen({ kind: "thinks", companion: MIRA, line, to: SELF }, 0);
    for (const text of pieces) store.listen({ kind: "says", companion: MIRA, line, text }, 0);
    if (end !== null) store.listen({ kind: "said", companion: MIRA, line, end }, 0);
  });
}

async function say(text: string): Promise<void> {
  await settled(() => {
    const field = find<HTMLInputElement>(".panel-talk input");
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  await settled(() => {
    find(".panel-talk form").dispatchEvent(
      new Event("submit", { bubbles: true, cancelable: true }),
    );
  });
}

const panel = () =>
  settled(() => render(<TalkPanel store={store} act={act} companion={MIRA} />, host));
const hud = () => settled(() => render(<Hud store={store} act={act} />, host));

beforeEach(() => {
  speak("en");
  line = 0;
  store = new Store();
  store.self.value = SELF;
  store.company.enter(WORLD, false);
  const spies: Partial<Record<keyof Actions, unknown>> = {
    address: vi.fn((to: number, text: string) => store.company.ask(to, text)),
    talkTo: vi.fn((to: number | null) => store.talkTo(to)),
    hush: vi.fn(),
    focusWorld: vi.fn(),
    say: vi.fn(),
  };
  act = spies as unknown as Actions;
  host = document.createElement("div");
  document.body.append(host);
});

afterEach(() => {
  render(null, host);
  vi.unstubAllGlobals();
  host.remove();
});

describe("the panel of a companion", () => {
  it("is a dialog with its name that does not keep one from the world, and takes the keyboard", async () => {
    store.company.mood.value = "affection";
    await panel();
    const dialog = find('[role="dialog"]');
    expect(dialog.getAttribute("aria-modal")).toBe("false");
    const heading = dialog.getAttribute("aria-labelledby") ?? "";
    expect(document.getElementById(heading)?.textContent).toBe("Mira");
    expect(dialog.textContent).toContain("feels fond of you");
    expect(document.activeElement).toBe(find(".panel-talk input"));
  });

  it("sends what was typed, and shows the words as they come", async () => {
    await panel();
    await say("  Good morning ");
    expect(act.address).toHaveBeenCalledWith(MIRA, "Good morning");
    expect(find<HTMLInputElement>(".panel-talk input").value).toBe("");
    expect(host.querySelectorAll(".turn .dots")).toHaveLength(1);
    await answer(["Hel", "lo!"], null);
    expect(find(".turn:not(.own) .turn-text").textContent).toBe("Hello!");
    expect(find(".talk-log").getAttribute("aria-live")).toBe("off");
  });

  it("can stop it while it speaks, and sends again after", async () => {
    await panel();
    await answer(["And then"], null);
    await settled(() => labelled("Stop talking").click());
    expect(act.hush).toHaveBeenCalledWith(MIRA);
    await settled(() =>
      store.listen({ kind: "said", companion: MIRA, line, end: { kind: "interrupted" } }, 0),
    );
    expect(find(".turn").textContent).toContain("(interrupted)");
    expect(labelled("Send")).toBeDefined();
  });

  it("can stop it while it has only heard", async () => {
    act.hush = vi.fn((to: number) => store.company.hush(to));
    await panel();
    await say("Tell me everything");
    await settled(() => labelled("Stop talking").click());
    expect(act.hush).toHaveBeenCalledWith(MIRA);
    expect(host.querySelectorAll(".dots")).toHaveLength(0);
    expect(find(".turn.own").textContent).toContain("(interrupted)");
    expect(host.textContent).not.toContain("Ask again");
    expect(labelled("Send")).toBeDefined();
  });

  it("offers to ask again what the connection broke off", async () => {
    await panel();
    await say("Hello");
    await answer(["Good"], null);
    await settled(() => store.company.enter(WORLD, true));
    expect(find(".turn:not(.own)").textContent).toContain("The answer was lost.");
    await settled(() => button("Ask again").click());
    expect(act.address).toHaveBeenLastCalledWith(MIRA, "Hello");
    await settled(() => store.company.enter(WORLD, true));
    expect(host.querySelectorAll(".dots")).toHaveLength(0);
    expect([...host.querySelectorAll(".turn.own")].at(-1)?.textContent).toContain("Ask again");
    expect(labelled("Send")).toBeDefined();
  });

  it("suggests what to say, where it would be heard", async () => {
    await panel();
    await settled(() => button("Follow me").click());
    expect(act.address).toHaveBeenCalledWith(MIRA, "Follow me");
    await settled(() => {
      store.company.inReach.value = false;
    });
    expect(button("Follow me").disabled).toBe(true);
    expect(host.textContent).toContain("Mira is too far away to hear you.");
  });

  it("says when an answer came from memory, and why", async () => {
    await panel();
    await answer(["I am Mira."], { kind: "reduced" });
    expect(find(".from-memory").textContent).toContain("from memory");
    expect(find(".from-memory").title).toContain("No language model");
  });

  it.each([
    [{ kind: "busy" }, "Mira is busy"],
    [{ kind: "timedOut" }, "Mira took too long"],
    [{ kind: "broken" }, "Mira could not answer"],
    [{ kind: "overLimit", freeInS: 700 }, "free again in 12 min"],
    [{ kind: "overLimit", freeInS: 40 }, "free again in 40 s"],
  ] as const)("says that an answer failed (%o), and asks again", async (end, words) => {
    await panel();
    await say("Where is the ball?");
    await answer([], end);
    expect(find(".turn:not(.own)").textContent).toContain(words);
    await settled(() => button("Ask again").click());
    expect(act.address).toHaveBeenLastCalledWith(MIRA, "Where is the ball?");
  });

  it("says at the words themselves that they were not heard", async () => {
    await panel();
    await say("Hello");
    await settled(() => store.company.deny("notNear"));
    expect(find(".turn.own").textContent).toContain("Too far away");
    expect(host.querySelectorAll(".dots")).toHaveLength(0);
  });

  it("offers to ask again what was said too fast, and not what was too long", async () => {
    await panel();
    await say("Hello");
    await settled(() => store.company.deny("tooFast"));
    expect(find(".turn.own").textContent).toContain("Not so fast");
    expect(labelled("Send")).toBeDefined();
    await settled(() => button("Ask again").click());
    expect(act.address).toHaveBeenLastCalledWith(MIRA, "Hello");
    await settled(() => store.company.deny("textTooLong"));
    expect([...host.querySelectorAll(".turn.own")].at(-1)?.textContent).not.toContain("Ask again");
  });

  it("closes with Escape, and keeps its keys from the world", async () => {
    await panel();
    const heard = vi.fn();
    window.addEventListener("keydown", heard);
    const press = (key: string) =>
      find(".panel-talk input").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    await settled(() => void press("w"));
    expect(act.talkTo).not.toHaveBeenCalled();
    await settled(() => void press("Escape"));
    expect(act.talkTo).toHaveBeenCalledWith(null);
    expect(heard).not.toHaveBeenCalled();
    window.removeEventListener("keydown", heard);
  });

  it("keeps the keyboard when what is told about it is closed with Escape", async () => {
    vi.stubGlobal("fetch", async () => new Response(null, { status: 503 }));
    store.touch.value = true;
    await panel();
    await settled(() => labelled("About Mira").click());
    await vi.waitFor(() => find(".mind-about"));
    const inside = find(".mind-about");
    inside.tabIndex = 0;
    inside.focus();
    await settled(
      () =>
        void inside.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true })),
    );
    expect(host.querySelector(".mind-about")).toBeNull();
    expect(document.activeElement).toBe(find('[role="dialog"]'));
    expect(act.talkTo).not.toHaveBeenCalled();
  });

  it("speaks French", async () => {
    await settled(() => speak("fr"));
    store.company.mood.value = "joy";
    await panel();
    expect(host.textContent).toContain("ressent de la joie");
    expect(button("Suis-moi")).toBeDefined();
  });
});

describe("over the world", () => {
  it("a prompt names who is near, and opens the panel", async () => {
    await hud();
    expect(host.querySelector(".talk-prompt")).toBeNull();
    await settled(() => {
      store.company.near.value = MIRA;
    });
    const prompt = find<HTMLButtonElement>(".talk-prompt");
    expect(prompt.getAttribute("aria-label")).toBe("Talk to Mira");
    await settled(() => prompt.click());
    expect(act.talkTo).toHaveBeenCalledWith(MIRA);
    await vi.waitFor(() => find('[role="dialog"]'));
    expect(host.querySelector(".talk-prompt")).toBeNull();
  });

  it("the conversation gives way to other panels, and comes back", async () => {
    store.chatOpen.value = true;
    store.talkTo(MIRA);
    expect(store.chatOpen.value).toBe(false);
    await hud();
    await vi.waitFor(() => find('[role="dialog"]'));
    await settled(() => {
      store.panel.value = "help";
    });
    expect(host.querySelector('[role="dialog"]')).toBeNull();
    await settled(() => {
      store.panel.value = null;
    });
    expect(find('[role="dialog"]').textContent).toContain("Mira");
  });

  it("finished answers are told once, and lines that grow are not", async () => {
    await hud();
    await answer(["Hel"], null);
    const told = () => [...host.querySelectorAll('[role="status"]')].map((one) => one.textContent);
    expect(told().join()).not.toContain("Hel");
    expect(find(".line.answer").getAttribute("aria-live")).toBe("off");
    await settled(() => {
      store.listen({ kind: "says", companion: MIRA, line, text: "lo" }, 0);
      store.listen({ kind: "said", companion: MIRA, line, end: { kind: "done" } }, 0);
    });
    expect(told().filter((text) => text === "Mira: Hello")).toHaveLength(1);
    const spoken = () =>
      [...host.querySelectorAll('[role="status"] > span')].find(
        (one) => one.textContent === "Mira: Hello",
      );
    const before = spoken();
    await answer(["Hello"], { kind: "done" });
    expect(spoken()).toBeDefined();
    expect(spoken()).not.toBe(before);
  });

  it("the chat offers to ask again what failed", async () => {
    await hud();
    store.company.ask(MIRA, "Hello?");
    await answer([], { kind: "timedOut" });
    expect(find(".line.answer").textContent).toContain("Mira took too long");
    await settled(() => button("Ask again").click());
    expect(act.address).toHaveBeenCalledWith(MIRA, "Hello?");
  });

  it("the chat does not offer to ask again who is gone, or stayed in another world", async () => {
    await hud();
    store.company.ask(MIRA, "Hello?");
    await answer([], { kind: "broken" });
    expect(button("Ask again")).toBeDefined();
    const { document, changes } = applyOperations(WORLD, [
      { set: { object: MIRA, property: { companion: null } } },
    ]);
    await settled(() => store.company.edit(document, changes));
    expect(find(".line.answer").textContent).toContain("Mira could not answer");
    expect(host.textContent).not.toContain("Ask again");
    await settled(() => store.company.enter(WORLD, true));
    expect(button("Ask again")).toBeDefined();
    await settled(() => store.company.enter(WORLD, false));
    expect(host.textContent).not.toContain("Ask again");
  });
});

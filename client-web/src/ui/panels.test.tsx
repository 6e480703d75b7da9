// @vitest-environment happy-dom
import { render } from "preact";
import { act as settled } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { speak } from "../i18n/translate";
import { limits, type PersonCard } from "../protocol/generated";
import { Entry } from "./entry";
import { Hud, healthOf } from "./hud";
import { Root } from "./root";
import { type Actions, NO_LINK, Store } from "./store";

const LOOK = { body: [10, 20, 30], accent: [40, 50, 60] };

function card(person: number, name: string, present = true): PersonCard {
  return { person, name, look: LOOK, present };
}

function actions(): Actions {
  return {
    loadWorlds: vi.fn(),
    enter: vi.fn(),
    leave: vi.fn(),
    retryNow: vi.fn(),
    reload: vi.fn(),
    toEntry: vi.fn(),
    say: vi.fn(),
    emote: vi.fn(),
    address: vi.fn(),
    hush: vi.fn(),
    talkTo: vi.fn(),
    setProfile: vi.fn(),
    setVolume: vi.fn(),
    setCamera: vi.fn(),
    jump: vi.fn(),
    build: vi.fn(),
    wear: vi.fn(),
    focusWorld: vi.fn(),
  };
}

let store: Store;
let act: Actions;
let host: HTMLElement;

function find<T extends Element = HTMLElement>(selector: string): T {
  const found = host.querySelector<T>(selector);
  if (found === null) throw new Error(`${selector} is not there: ${host.innerHTML}`);
  return found;
}

async function type(selector: string, text: string): Promise<void> {
  await settled(() => {
    const field = find<HTMLInputElement>(selector);
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

async function submit(selector: string): Promise<void> {
  await settled(() => {
    find(selector).dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
  });
}

beforeEach(() => {
  store = new Store();
  act = actions();
  host = document.createElement("div");
  document.body.append(host);
  speak("en");
});

afterEach(() => {
  render(null, host);
  host.remove();
});

describe("the chat", () => {
  beforeEach(async () => {
    store.meet(card(1, "Ada"));
    store.meet(card(2, "Grace"));
    store.self.value = 1;
    await settled(() => render(<Hud store={store} act={act} />, host));
  });

  it("is a live region in which what is said appears with its name", async () => {
    await settled(() => store.hear(2, "Hello & <b>welcome</b>"));
    const log = find("[role=log]");
    expect(log.getAttribute("aria-live")).toBe("polite");
    expect(log.textContent).toContain("Grace");
    expect(log.textContent).toContain("Hello & <b>welcome</b>");
    expect(log.querySelector("b")).toBeNull();
  });

  it("counts what was not read, and forgets the count when it is opened", async () => {
    await settled(() => {
      store.hear(2, "one");
      store.hear(2, "two");
      store.hear(1, "my own");
    });
    expect(find('[data-opens="chat"]').getAttribute("aria-label")).toBe("Chat: 2 new messages");
    await settled(() => {
      store.chatOpen.value = true;
    });
    expect(find('[data-opens="chat"]').getAttribute("aria-label")).toBe("Chat");
  });

  it("sends what was typed, and lets go on an empty line", async () => {
    await settled(() => {
      store.chatOpen.value = true;
    });
    await type(".chat-form input", "  good morning  ");
    await submit(".chat-form");
    expect(act.say).toHaveBeenCalledWith("good morning");
    expect(find<HTMLInputElement>(".chat-form input").value).toBe("");
    await submit(".chat-form");
    expect(act.say).toHaveBeenCalledTimes(1);
    expect(store.chatOpen.value).toBe(false);
    expect(act.focusWorld).toHaveBeenCalled();
  });

  it("keeps a line that is too long, and says by how much", async () => {
    await settled(() => {
      store.chatOpen.value = true;
    });
    await type(".chat-form input", "é".repeat(limits.chatCharsMax + 2));
    await submit(".chat-form");
    expect(act.say).not.toHaveBeenCalled();
    expect(find(".chat-left").textContent).toBe("2 characters too many");
  });

  it("remembers at most 200 lines, and nothing of strangers", () => {
    for (let index = 0; index < 250; index += 1) store.hear(2, `line ${index}`);
    store.hear(99, "who am I?");
    expect(store.lines.value).toHaveLength(200);
    expect(store.lines.value.at(-1)).toMatchObject({ text: "line 249" });
  });
});

describe("the roster", () => {
  it("names everyone, oneself first, and who is away", async () => {
    for (const one of [card(3, "Zoë"), card(1, "Moi"), card(2, "Ada", false)]) store.meet(one);
    store.self.value = 1;
    store.panel.value = "people";
    await settled(() => render(<Hud store={store} act={act} />, host));
    const rows = [...host.querySelectorAll(".roster li")].map((row) => row.textContent);
    expect(rows).toEqual(["Moiyou", "Adaconnection lost", "Zoë"]);
    await settled(() => {
      store.part(3);
      store.meet(card(2, "Ada", true));
    });
    const later = [...host.querySelectorAll(".roster li")].map((row) => row.textContent);
    expect(later).toEqual(["Moiyou", "Ada"]);
  });
});

describe("the entrance", () => {
  beforeEach(async () => {
    store.worlds.value = {
      kind: "listed",
      worlds: [
        { name: "plaza", title: "Plaza", description: "A square.", people: 1 },
        { name: "garden", title: "Garden", description: "Hills.", people: 0 },
      ],
    };
    store.wantedWorld.value = "plaza";
    await settled(() => render(<Entry store={store} act={act} />, host));
  });

  it("asks for a name, cleans it, and enters the chosen world with it", async () => {
    await submit("form");
    expect(act.enter).not.toHaveBeenCalled();
    expect(find("[role=alert]").textContent).toBe("Please type a name.");
    await type("input[type=text]", "  Ada \u202E Lovelace ");
    await settled(() => {
      host.querySelectorAll<HTMLInputElement>('input[name="world"]')[1]?.click();
    });
    await submit("form");
    expect(act.enter).toHaveBeenCalledWith(
      "garden",
      expect.objectContaining({ name: "Ada Lovelace" }),
    );
  });

  it("refuses a name that is too long, in the language that is chosen", async () => {
    await type("input[type=text]", "x".repeat(limits.nameCharsMax + 1));
    await settled(() => speak("fr"));
    await submit("form");
    expect(act.enter).not.toHaveBeenCalled();
    expect(find("[role=alert]").textContent).toContain("Un nom a au plus 24 caractères.");
  });
});

describe("troubles", () => {
  it("offer a reload when the server speaks another version", async () => {
    store.screen.value = { kind: "world" };
    store.interruption.value = { kind: "ended", trouble: "versionMismatch" };
    await settled(() => render(<Root store={store} act={act} />, host));
    expect(find(".banner [role=alert]").textContent).toContain("Reload the page");
    await settled(() => find(".banner button").click());
    expect(act.reload).toHaveBeenCalled();
  });

  it("count down to the next attempt, which can be made at once", async () => {
    store.screen.value = { kind: "world" };
    store.interruption.value = {
      kind: "waiting",
      trouble: "unreachable",
      retryAtMs: performance.now() + 2_900,
    };
    await settled(() => render(<Root store={store} act={act} />, host));
    expect(find(".banner").textContent).toContain("Trying again in 3 seconds.");
    await settled(() => find(".banner button").click());
    expect(act.retryNow).toHaveBeenCalled();
  });

  it("are told by the state of the connection", () => {
    const link = { ...NO_LINK, roundTripMs: 40 };
    expect(healthOf(link, false)).toBe("good");
    expect(healthOf({ ...link, roundTripMs: 200 }, false)).toBe("fair");
    expect(healthOf({ ...link, loss01: 0.2 }, false)).toBe("poor");
    expect(healthOf(link, true)).toBe("lost");
  });
});

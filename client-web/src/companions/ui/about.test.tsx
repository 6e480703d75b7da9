// @vitest-environment happy-dom
import { render } from "preact";
import { act as settled } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { speak } from "../../i18n/translate";
import { FakeMinds } from "../preview/fakeMinds";
import { AboutPanel } from "./about";

const device = vi.hoisted(() => ({ isKept: true }));
vi.mock("../../identity", () => ({ keyIsKept: () => device.isKept }));

const CARD = {
  companion: 1,
  mind: "mira",
  name: "Mira",
  look: { body: [74, 163, 162], accent: [255, 209, 102] },
};

let server: FakeMinds;
let host: HTMLElement;

function find<T extends Element = HTMLElement>(selector: string): T {
  const found = host.querySelector<T>(selector);
  if (found === null) throw new Error(`${selector} is not there: ${host.innerHTML}`);
  return found;
}

const all = (selector: string) => [...host.querySelectorAll<HTMLElement>(selector)];
const button = (name: string): HTMLButtonElement => {
  const named = (one: HTMLElement) => one.getAttribute("aria-label") ?? one.textContent;
  const found = all("button").find((one) => named(one) === name);
  if (found === undefined) throw new Error(`no button is ${name}: ${all("button").map(named)}`);
  return found as HTMLButtonElement;
};
const click = (name: string) => settled(() => button(name).click());
const memories = () => all(".mind-memory").map((row) => row.querySelector("s, span")?.textContent);

async function open(mind = "mira"): Promise<void> {
  const parts = { key: () => "ab".repeat(32), fetch: server.answer };
  await settled(() =>
    render(<AboutPanel card={{ ...CARD, mind }} mood="joy" parts={parts} />, host),
  );
  await vi.waitFor(() => find(".mind-traits"));
}

beforeEach(() => {
  speak("en");
  device.isKept = true;
  server = new FakeMinds(Date.now());
  host = document.createElement("div");
  document.body.append(host);
});

afterEach(() => {
  render(null, host);
  host.remove();
});

describe("about a companion", () => {
  it("says in plain words how it is, and what it thinks of somebody", async () => {
    await open();
    expect(host.textContent).toContain("Right now Mira is happy.");
    expect(host.textContent).toContain("“I am the keeper of the well.”");
    expect(find(".mind-stage").textContent).toBe("Friend");
    expect(all(".mind-axis").map((axis) => axis.getAttribute("aria-label"))).toEqual([
      "Trust: 34 of 100",
      "Respect: 21 of 100",
      "Warmth: 58 of 100",
      "Familiarity: 46 of 100",
      "Playfulness: -12 of 100",
    ]);
    expect(all(".mind-traits li").length).toBe(7);
    expect(find(".mind-genes svg").getAttribute("aria-label")).toMatch(/^Curiosity: genes/);
    speak("fr");
    await settled(() => undefined);
    expect(find(".mind-stage").textContent).toBe("Amitié");
  });

  it("shows what it remembers by days, ended facts struck through, and finds it", async () => {
    await open();
    expect(memories().length).toBe(5);
    expect(find("s").textContent).toBe("You live in Lyon");
    const search = find<HTMLInputElement>("input[type=search]");
    await settled(() => {
      search.value = "LIVE";
      search.dispatchEvent(new Event("input", { bubbles: true }));
    });
    expect(memories()).toEqual(["You live in Grenoble", "You live in Lyon"]);
  });

  it("is corrected, and what was true before stays to be seen", async () => {
    await open();
    await click("Correct: You live in Grenoble");
    const field = find<HTMLTextAreaElement>("textarea");
    expect(field.value).toBe("Grenoble");
    await settled(() => {
      field.value = "Annecy";
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    await click("Save");
    await vi.waitFor(() => expect(memories()).toContain("You live in Annecy"));
    expect(all("s").map((one) => one.textContent)).toContain("You live in Grenoble");
    expect(find(".mind-told").textContent).toBe("Corrected.");
  });

  it("forgets one thing, or everything, once that was asked", async () => {
    await open();
    await click("Forget: Your dog is called Plume");
    expect(find("[role=alertdialog]").getAttribute("aria-label")).toBe("Shall it forget this?");
    expect(document.activeElement?.textContent).toBe("Cancel");
    await click("Cancel");
    expect(memories().length).toBe(5);
    await click("Forget: Your dog is called Plume");
    await click("Forget");
    await vi.waitFor(() => expect(memories()).not.toContain("Your dog is called Plume"));
    await click("Forget everything about me");
    await click("Forget");
    await vi.waitFor(() => expect(memories()).toEqual([]));
    expect(find(".mind-stage").textContent).toBe("Stranger");
    expect(host.textContent).toContain("Mira has forgotten you.");
  });

  it("tells its owner whom it knows by numbers alone, and nobody else", async () => {
    await open();
    await vi.waitFor(() => expect(host.textContent).toContain("Somebody (9f3ac2) 12 memories"));
    await click("Let it forget Somebody (9f3ac2)");
    await click("Forget");
    await vi.waitFor(() => expect(host.textContent).not.toContain("9f3ac2"));
    render(null, host);
    await open("guide");
    expect(host.textContent).not.toContain("Whom it knows");
  });

  it("tells those whom it cannot know again, and what went wrong", async () => {
    device.isKept = false;
    await open();
    expect(host.textContent).toContain("it forgets you when you leave");
    render(null, host);
    for (let times = 0; times < 2; times += 1)
      server.refusals.push({ status: 503, body: { error: "busy", text: "" } });
    const parts = { key: () => "", fetch: server.answer };
    await settled(() => render(<AboutPanel card={CARD} mood={null} parts={parts} />, host));
    await vi.waitFor(() => expect(find("[role=alert]").textContent).toContain("Too many"));
    await click("Try again");
    await vi.waitFor(() => expect(memories().length).toBe(5));
    expect(host.textContent).toContain("out of sight");
  });
});

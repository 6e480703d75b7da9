import { beforeEach, describe, expect, it } from "vitest";
import { applyOperations, editable } from "../document/apply";
import type { Companion, WorldDocument } from "../protocol/document";
import type { SpeechEnd } from "../protocol/generated";
import type { Operation } from "../protocol/operation";
import { Store } from "../ui/store";
import { type Answer, Company } from "./company";

const SELF = 7;
const MIRA = 1;

function mira(change: Partial<Companion> = {}): Companion {
  return { mind: "mira", name: "Mira", body: "#204060", accent: "#ffcc00", ...change };
}

const WORLD: WorldDocument = editable({
  version: 1,
  name: "field",
  title: "Field",
  blueprints: { guide: { companion: mira({ name: "Guide" }) } },
  objects: [
    { name: "stone" },
    { name: "home", properties: { companion: mira() } },
    { name: "desk", blueprint: "guide" },
  ],
});

let company: Company;

const thinks = (line: number, to = SELF, atS = 0): Answer | null =>
  company.hear({ kind: "thinks", companion: MIRA, line, to }, SELF, atS);
const says = (line: number, text: string, atS = 0): Answer | null =>
  company.hear({ kind: "says", companion: MIRA, line, text }, SELF, atS);
const said = (line: number, end: SpeechEnd = { kind: "done" }, atS = 0): Answer | null =>
  company.hear({ kind: "said", companion: MIRA, line, end }, SELF, atS);

/** The conversation as one reads it. */
function talk(): string[] {
  return (company.talks.value.get(MIRA) ?? []).map((turn) =>
    turn.kind === "asked"
      ? `? ${turn.text}${turn.denial === null ? "" : ` (${turn.denial})`}`
      : `${turn.answer.text} (${turn.answer.state.kind})`,
  );
}

beforeEach(() => {
  company = new Company();
  company.enter(WORLD, false);
});

describe("an answer", () => {
  it("grows by its pieces, from the thought to the end", () => {
    company.ask(MIRA, "Hello");
    expect(thinks(1)).toMatchObject({ name: "Mira", colour: "rgb(32 64 96)", asked: "Hello" });
    says(1, "Good ");
    expect(says(1, "morning.")).toMatchObject({ text: "Good morning.", own: true });
    expect(talk()).toEqual(["? Hello", "Good morning. (speaking)"]);
    expect(company.isAnswering(MIRA)).toBe(true);
    said(1);
    expect(talk()).toEqual(["? Hello", "Good morning. (done)"]);
    expect(company.isAnswering(MIRA)).toBe(false);
    expect(company.finished.value?.text).toBe("Good morning.");
  });

  it("passes over what comes for an older line, or after its end", () => {
    thinks(3);
    says(3, "new");
    expect([says(2, "old"), said(2), thinks(3), thinks(1)]).toEqual([null, null, null, null]);
    said(3, { kind: "interrupted" });
    expect([says(3, " more"), said(3)]).toEqual([null, null]);
    expect(talk()).toEqual(["new (interrupted)"]);
  });

  it("counts lines around the end of 32 bits", () => {
    thinks(0xffff_ffff);
    expect(thinks(0)).not.toBeNull();
    expect(says(0xffff_ffff, "old")).toBeNull();
  });

  it("of which the end was out of earshot is over when the next one begins", () => {
    thinks(1);
    says(1, "And then");
    thinks(2);
    expect(talk()).toEqual(["And then (interrupted)", " (thinking)"]);
  });

  it("to somebody else is no part of the own conversation, and asks for nothing", () => {
    company.ask(MIRA, "Hello");
    expect(thinks(1, 99)).toMatchObject({ own: false, asked: null });
    said(1, { kind: "busy" });
    expect(talk()).toEqual(["? Hello"]);
    expect(thinks(2)).toMatchObject({ own: true, asked: "Hello" });
  });

  it("to what was said to everyone brings that into the conversation", () => {
    company.heardSelf("Mira, where am I?");
    thinks(1);
    expect(talk()).toEqual(["? Mira, where am I?", " (thinking)"]);
  });

  it("to the second of two questions in a row is no third one", () => {
    company.ask(MIRA, "Who are you?");
    company.heardSelf("Who are you?");
    company.ask(MIRA, "Where  is the ball?");
    thinks(1);
    company.heardSelf("Where is the ball?");
    said(1, { kind: "interrupted" });
    expect(thinks(2)).toMatchObject({ asked: "Where  is the ball?" });
    expect(talk().filter((turn) => turn.startsWith("?"))).toHaveLength(2);
  });

  it("whose beginning was out of earshot is heard from there on", () => {
    expect(says(5, "…and so on.")).toMatchObject({ own: false, text: "…and so on." });
    expect(said(9)).toBeNull();
    expect(said(5)).toBeNull();
  });

  it("is bounded", () => {
    thinks(1);
    for (let piece = 0; piece < 20; piece += 1) says(1, "x".repeat(1_000));
    expect(company.talks.value.get(MIRA)?.at(-1)).toMatchObject({
      answer: { text: "x".repeat(8_000) },
    });
    for (let turn = 0; turn < 100; turn += 1) company.ask(MIRA, `${turn}`);
    expect(talk()).toHaveLength(60);
  });
});

describe("what was said", () => {
  it("to a companion and denied says so", () => {
    company.ask(MIRA, "Hello");
    company.deny("notNear");
    expect(talk()).toEqual(["? Hello (notNear)"]);
    company.deny("tooFast");
    expect(talk()).toEqual(["? Hello (notNear)"]);
  });

  it("to somebody too far away is not taken for what was said after it", () => {
    company.ask(MIRA, "Far");
    company.ask(MIRA, "Near");
    company.deny("notNear");
    expect(talk()).toEqual(["? Far (notNear)", "? Near"]);
  });
});

describe("what was said too fast", () => {
  it("is denied turn by turn, and nothing else is", () => {
    for (const text of ["One", "Two", "Three"]) company.ask(MIRA, text);
    company.heardSelf("One");
    company.deny("tooFast");
    company.deny("tooFast");
    company.deny("tooFast");
    expect(talk()).toEqual(["? One", "? Two (tooFast)", "? Three (tooFast)"]);
  });
});

describe("a connection that breaks", () => {
  it("ends what was not taken up, and what was being said", () => {
    company.ask(MIRA, "Hello");
    thinks(1);
    says(1, "Good");
    company.ask(MIRA, "Who are you?");
    company.ask(MIRA, "Where am I?");
    company.enter(WORLD, true);
    expect(talk()).toEqual([
      "? Hello",
      "Good (lost)",
      "? Who are you? (lost)",
      "? Where am I? (lost)",
    ]);
    expect(company.isAnswering(MIRA)).toBe(false);
    expect(company.finished.value).toMatchObject({ text: "Good", state: { kind: "lost" } });
  });

  it("changes nothing of what was answered, or interrupted by speaking", () => {
    company.ask(MIRA, "Hello");
    thinks(1);
    said(1, { kind: "interrupted" });
    company.ask(MIRA, "Who are you?");
    thinks(2);
    said(2);
    company.enter(WORLD, true);
    expect(talk()).toEqual(["? Hello", " (interrupted)", "? Who are you?", " (done)"]);
  });
});

describe("a bubble", () => {
  const bubble = (atS: number) => company.bubbleOf(MIRA, atS);

  it("has dots, then words, then fades a few seconds after the end", () => {
    expect(bubble(0)).toMatchObject({ text: null, thinking: false });
    thinks(1, SELF, 10);
    expect(bubble(11)).toMatchObject({ text: null, thinking: true });
    says(1, "Hi", 12);
    expect(bubble(12)).toMatchObject({ text: "Hi", thinking: false, reduced: false, left01: 1 });
    said(1, { kind: "reduced" }, 13);
    expect(bubble(16)).toMatchObject({ text: "Hi", reduced: true, left01: 1 });
    expect(bubble(17.6).left01).toBeCloseTo(0.5, 5);
    expect(bubble(18.2).text).toBeNull();
  });

  it("is not painted with every piece", () => {
    thinks(1, SELF, 0);
    says(1, "a", 1);
    expect(bubble(1).text).toBe("a");
    says(1, "b", 1.03);
    expect(bubble(1.03).text).toBe("a");
    expect(bubble(1.2).text).toBe("ab");
  });

  it("goes when nothing is heard of it any more", () => {
    thinks(1, SELF, 0);
    expect(bubble(59).thinking).toBe(true);
    expect(bubble(61).thinking).toBe(false);
  });
});

describe("the companions of a world", () => {
  const names = (): string[] => [...company.cards.value.values()].map(({ name }) => name);
  const edit = (...operations: Operation[]): void => {
    const edited = applyOperations(WORLD, operations);
    company.edit(edited.document, edited.changes);
  };

  it("are those of the document, by their own properties or their blueprint's", () => {
    expect(names()).toEqual(["Mira", "Guide"]);
    expect(company.cards.value.get(MIRA)?.look).toEqual({
      body: [32, 64, 96],
      accent: [255, 204, 0],
    });
  });

  it("follow edits: names, colours, coming and going", () => {
    edit({ set: { object: 1, property: { companion: mira({ name: "Mirabel" }) } } });
    expect(names()).toEqual(["Mirabel", "Guide"]);
    edit({ set_blueprint: { name: "guide", property: { companion: mira({ name: "Ed" }) } } });
    expect(names()).toEqual(["Mirabel", "Ed"]);
    edit({ create: { object: 9, value: { properties: { companion: mira({ name: "Zoe" }) } } } });
    expect(names()).toEqual(["Mirabel", "Ed", "Zoe"]);
  });

  it("end the talk with one that goes", () => {
    company.talkingTo.value = MIRA;
    company.near.value = MIRA;
    edit({ set: { object: MIRA, property: { companion: null } } });
    expect([company.talkingTo.value, company.near.value]).toEqual([null, null]);
    expect(company.bubbleOf(MIRA, 0).text).toBeNull();
  });

  it("are heard from their first line on when they come back", () => {
    company.ask(MIRA, "Hello");
    thinks(50);
    says(50, "Long ago");
    company.ask(MIRA, "And then?");
    edit({ set: { object: MIRA, property: { companion: null } } });
    expect(talk()[1]).toBe("Long ago (interrupted)");
    expect(company.bubbleOf(MIRA, 0).text).toBeNull();
    edit({ set: { object: MIRA, property: { companion: mira({ name: "Mirabel" }) } } });
    company.deny("notNear");
    expect(talk().join()).not.toContain("notNear");
    expect(thinks(1)).toMatchObject({ line: 1, asked: null });
    says(1, "Here I am");
    expect(talk().at(-1)).toBe("Here I am (speaking)");
  });

  it("begin their lines anew when a world is entered again, with the conversation kept", () => {
    thinks(50);
    says(50, "Long ago");
    company.enter(WORLD, true);
    expect(thinks(1)).not.toBeNull();
    expect(talk()).toContain("Long ago (lost)");
    company.enter(WORLD, false);
    expect(talk()).toEqual([]);
  });
});

describe("the chat", () => {
  it("has one line for an answer, from its first word on", () => {
    const store = new Store();
    store.self.value = SELF;
    store.company.enter(WORLD, false);
    const hear = (message: Parameters<Store["listen"]>[0]): void => store.listen(message, 0);
    hear({ kind: "thinks", companion: MIRA, line: 1, to: SELF });
    expect(store.lines.value).toHaveLength(0);
    hear({ kind: "says", companion: MIRA, line: 1, text: "Hel" });
    hear({ kind: "says", companion: MIRA, line: 1, text: "lo" });
    hear({ kind: "said", companion: MIRA, line: 1, end: { kind: "reduced" } });
    expect(store.lines.value).toMatchObject([
      { kind: "answered", answer: { text: "Hello", state: { kind: "reduced" } } },
    ]);
    expect(store.unread.value).toBe(1);
  });

  it("tells of an answer without words only when asking again may help", () => {
    const store = new Store();
    store.self.value = SELF;
    store.company.enter(WORLD, false);
    const ended = (line: number, end: SpeechEnd, to = SELF): void => {
      store.listen({ kind: "thinks", companion: MIRA, line, to }, 0);
      store.listen({ kind: "said", companion: MIRA, line, end }, 0);
    };
    ended(1, { kind: "interrupted" });
    ended(2, { kind: "busy" }, 99);
    expect(store.lines.value).toHaveLength(0);
    ended(3, { kind: "busy" });
    expect(store.lines.value).toHaveLength(1);
  });

  it("offers nobody to ask again whose mind was deleted", () => {
    const again = (line: number, end: SpeechEnd): string | null => {
      company.ask(MIRA, "Hello!");
      const answer = thinks(line);
      said(line, end);
      return answer === null ? null : company.againOf({ ...answer, state: end });
    };
    expect(again(1, { kind: "broken" })).toBe("Hello!");
    expect(again(2, { kind: "gone" })).toBeNull();
  });
});

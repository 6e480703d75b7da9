// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from "vitest";
import { speak } from "../i18n/translate";
import { lookAt, Making } from "./making";
import { byDays, dayText, found } from "./memories";
import { type Memory, Minds } from "./minds";
import { FakeMinds, somebody } from "./preview/fakeMinds";
import { en } from "./texts/en";
import { fr } from "./texts/fr";
import { characterText, memoryText, traitText, troubleText } from "./texts/words";

const NOW_MS = new Date(2026, 4, 20, 15).getTime();
let server: FakeMinds;
let making: Making;

beforeEach(() => {
  speak("en");
  server = new FakeMinds(NOW_MS);
  making = new Making(new Minds({ key: () => "", fetch: server.answer }), "plaza");
});

describe("making somebody", () => {
  it("tells what is missing, and saves what is whole", async () => {
    making.begin(somebody("Fenn", { voice: "" }), lookAt(0), "en");
    expect(making.isDirty.value).toBe(false);
    expect(await making.save()).toBeNull();
    expect(making.showsFaults.value).toBe(true);
    expect(server.sent).toEqual([]);
    making.change({ voice: "high" });
    expect(making.isDirty.value).toBe(true);
    expect(await making.save()).toBe("fenn");
    expect(making.isDirty.value).toBe(false);
    expect(making.version.value).toBe(1);
    making.change({ voice: "low" });
    expect(await making.save()).toBe("fenn");
    expect(server.minds.get("fenn")?.versions.length).toBe(2);
  });

  it("asks before it saves over what came meanwhile", async () => {
    expect(await making.open("mira", lookAt(0), "en")).toBe(true);
    server.minds.get("mira")?.versions.push({ at_ms: NOW_MS, persona: somebody("Mirabel") });
    making.change({ voice: "hoarse" });
    expect(await making.save()).toBeNull();
    expect(making.saving.value).toBe("changed");
    expect(await making.saveOver()).toBe("mira");
    expect(making.version.value).toBe(3);
    expect(server.minds.get("mira")?.persona.voice).toBe("hoarse");
  });

  it("makes somebody new of whoever comes along, and leaves others alone", async () => {
    expect(await making.open("guide", lookAt(0), "en")).toBe(true);
    expect(making.mind.value).toBeNull();
    server.add("lune", somebody("Lune"));
    expect(await making.open("lune", lookAt(0), "en")).toBe(false);
    expect(making.trouble.value?.code).toBe("not_yours");
  });

  it("passes over what comes after something else was begun", async () => {
    const opened = making.open("mira", lookAt(0), "en");
    making.begin(somebody("Fenn"), lookAt(1), "en");
    expect(await opened).toBe(false);
    expect(making.persona.value.name).toBe("Fenn");
  });
});

const of = (id: string, text: string, hoursAgo: number): Memory => ({
  id,
  kind: "fact",
  relation: null,
  text,
  atMs: NOW_MS - hoursAgo * 3_600_000,
  untilMs: null,
});

describe("memories", () => {
  const all = [
    of("1", "Vous aimez l’été.", 1),
    of("2", "You live in Lyon.", 26),
    of("3", "Ete", 2),
  ];

  it("are found whatever their accents and case", () => {
    expect(found(all, " ÉTÉ ", memoryText).map(({ id }) => id)).toEqual(["1", "3"]);
    expect(found(all, "lyon you", memoryText).map(({ id }) => id)).toEqual(["2"]);
    expect(found(all, "", memoryText)).toBe(all);
  });

  it("are told by days, the newest first", () => {
    const days = byDays(all);
    expect(days.map(({ memories }) => memories.map(({ id }) => id))).toEqual([["1", "3"], ["2"]]);
    const texts = days.map(({ atMs }) => dayText(atMs, NOW_MS, "en"));
    expect(texts).toEqual(["today", "yesterday"]);
    expect(dayText(new Date(2025, 0, 3).getTime(), NOW_MS, "fr")).toBe("3 janvier 2025");
  });
});

describe("texts", () => {
  it("fill the same places in every language", () => {
    const places = (text: unknown): string[] => [
      ...new Set([...JSON.stringify(text).matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "")),
    ];
    for (const key of Object.keys(en) as (keyof typeof en)[])
      expect(places(fr[key]).sort(), key).toEqual(places(en[key]).sort());
  });

  it("say in plain words how somebody is, and why something failed", () => {
    expect(traitText("openness", 90)).toBe("very curious");
    expect(traitText("courage", 30)).toBe("rather timid");
    expect(traitText("playfulness", 50)).toBe("between serious and playful");
    const traits = {
      openness: 50,
      conscientiousness: 50,
      extraversion: 10,
      agreeableness: 70,
      neuroticism: 50,
      playfulness: 50,
      courage: 85,
    };
    expect(characterText(traits)).toBe("very quiet, very brave, rather kind");
    const trouble = { kind: "trouble", text: "", freeInS: 700 } as const;
    expect(troubleText({ ...trouble, code: "over_limit" })).toContain("12 minutes");
    const dog = { ...of("4", "Plume", 1), relation: "pet:dog" };
    expect(memoryText(dog)).toBe("Your dog is called Plume");
    expect(memoryText({ ...dog, relation: "owes_me" })).toBe("You told it (owes me): Plume");
    speak("fr");
    expect(memoryText(dog)).toContain("Nom de votre chien");
    expect(traitText("openness", 90)).toBe("très curieux");
    expect(troubleText({ ...trouble, code: null })).toContain("n’a pas répondu");
  });
});

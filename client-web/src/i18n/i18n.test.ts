import { afterEach, describe, expect, it } from "vitest";
import { en } from "./en";
import { fr } from "./fr";
import { language, negotiate, t } from "./translate";

function placeholders(message: string | object): string[] {
  const texts = typeof message === "string" ? [message] : Object.values(message).map(String);
  return [...new Set(texts.flatMap((text) => text.match(/\{\w+\}/g) ?? []))].sort();
}

describe("catalogues", () => {
  it("have the same keys, nothing empty, and the same placeholders", () => {
    expect(Object.keys(fr).sort()).toEqual(Object.keys(en).sort());
    for (const key of Object.keys(en) as (keyof typeof en)[]) {
      expect(placeholders(fr[key]), key).toEqual(placeholders(en[key]));
      for (const catalogue of [en, fr]) {
        const message: string | object = catalogue[key];
        const texts = typeof message === "string" ? [message] : Object.values(message);
        for (const text of texts) expect(String(text).trim(), key).not.toBe("");
      }
    }
  });

  it("have every plural form that their language needs", () => {
    for (const [tag, catalogue] of [
      ["en", en],
      ["fr", fr],
    ] as const) {
      const forms = new Intl.PluralRules(tag).resolvedOptions().pluralCategories;
      for (const message of Object.values(catalogue)) {
        if (typeof message === "string") continue;
        // French "many" is for millions with "de", which no count here reaches.
        for (const form of forms.filter((form) => form !== "many")) {
          expect(Object.keys(message)).toContain(form);
        }
      }
    }
  });
});

describe("t", () => {
  afterEach(() => {
    language.value = "en";
  });

  it("counts as each language does", () => {
    expect(t("peopleCount", { count: 1 })).toBe("1 person");
    expect(t("peopleCount", { count: 0 })).toBe("0 people");
    language.value = "fr";
    expect(t("peopleCount", { count: 0 })).toBe("0 personne");
    expect(t("peopleCount", { count: 2 })).toBe("2 personnes");
  });

  it("does not interpret what people typed", () => {
    expect(t("joinedLine", { name: "{name} $&" })).toBe("{name} $& came in.");
  });
});

describe("negotiate", () => {
  it("takes the first known language, whatever the region", () => {
    expect(negotiate(["de-DE", "fr-CA", "en"])).toBe("fr");
    expect(negotiate(["EN-gb"])).toBe("en");
    expect(negotiate(["ja"])).toBe("en");
    expect(negotiate([])).toBe("en");
  });
});

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  expressed,
  faultsOf,
  inLanguages,
  isBilingual,
  nobody,
  ownWords,
  PERSONA_BYTES_MAX,
  readPersona,
  textOf,
  tidied,
  traitsOf,
  withoutOwnWords,
  withText,
  withTrait,
} from "./persona";

const shipped = (id: string): unknown =>
  JSON.parse(readFileSync(`../assets/companions/${id}.json`, "utf8"));

function gardener() {
  const persona = readPersona(shipped("gardener"));
  if (persona === null) throw new Error("the gardener is somebody");
  return persona;
}

describe("a persona", () => {
  it("is read and written as the server has it", () => {
    const persona = gardener();
    expect(JSON.parse(JSON.stringify(persona))).toEqual({
      adults_only: false,
      ...(shipped("gardener") as object),
    });
    expect(faultsOf(persona)).toEqual([]);
    expect(ownWords(persona)).toBe(9);
    expect(ownWords(withoutOwnWords(persona))).toBe(0);
  });

  it("is none when it has no name, and bounded when it has too much", () => {
    expect(readPersona(null)).toBeNull();
    expect(readPersona({ name: 5 })).toBeNull();
    const much = readPersona({
      name: "x",
      likes: Array(100).fill("rain"),
      genome: { courage: [7] },
    });
    expect(much?.likes.length).toBe(24);
    expect(much?.genome.courage).toEqual([7, 50]);
    expect(much?.genome.openness).toEqual([50, 50]);
  });

  it("tells what the server would refuse, field by field", () => {
    const fields = faultsOf(nobody("en")).map(({ field, kind }) => `${field} ${kind}`);
    expect(fields).toEqual([
      "name empty",
      "role empty",
      "background empty",
      "manner empty",
      "voice empty",
    ]);
    const bad = {
      ...gardener(),
      name: "x".repeat(25),
      role: { en: "the gardener", fr: " " },
      languages: [],
      stories: Array(24).fill("é".repeat(PERSONA_BYTES_MAX / 40)),
    };
    expect(faultsOf(bad)).toEqual([
      { field: "name", kind: "tooLong", language: null, most: 24 },
      { field: "role", kind: "empty", language: "fr", most: 1_200 },
      { field: "languages", kind: "empty", language: null, most: 2 },
      { field: "whole", kind: "tooLarge", language: null, most: PERSONA_BYTES_MAX },
    ]);
  });

  it("is told in each language, or once for everybody", () => {
    const once = inLanguages(gardener(), false, "fr");
    expect(once.role).toBe("le jardinier d'ici");
    expect(isBilingual(once)).toBe(false);
    const each = inLanguages(once, true, "fr");
    expect(isBilingual(each)).toBe(true);
    const role = withText(each.role, "en", "the gardener");
    expect(textOf(role, "en")).toBe("the gardener");
    expect(textOf(role, "fr")).toBe("le jardinier d'ici");
    expect(tidied({ ...each, name: "  Tom  as " }).name).toBe("Tom as");
  });
});

describe("genes", () => {
  it("make traits by their mean, rounded half up", () => {
    expect(expressed([45, 50])).toBe(48);
    expect(expressed([0, 0])).toBe(0);
    expect(expressed([100, 100])).toBe(100);
    expect(traitsOf(gardener().genome)).toMatchObject({ openness: 50, conscientiousness: 83 });
  });

  it("stay as they are unless their trait is another", () => {
    const { genome } = gardener();
    expect(withTrait(genome, "openness", 50)).toBe(genome);
    expect(withTrait(genome, "openness", 71.4).openness).toEqual([71, 71]);
    expect(withTrait(genome, "courage", 400).courage).toEqual([100, 100]);
  });
});

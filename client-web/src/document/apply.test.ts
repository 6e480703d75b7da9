import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  documentDefaults as defaults,
  type Properties,
  type WorldDocument,
} from "../protocol/document";
import type { Operation } from "../protocol/operation";
import { applyOperations, type Changes, editable, objectOf, placeOf, Unfit } from "./apply";
import { compare, same } from "./compare";

const BOX = { shape: { box: { size_m: [1, 2, 3] } } } as const;

function yard(): WorldDocument {
  return editable({
    version: 1,
    name: "yard",
    title: "Yard",
    description: "A yard.",
    materials: { oak: { colour: "#aa8844" }, tin: { colour: "#cccccc", metalness: 1 } },
    blueprints: {
      crate: { visuals: [{ shape: { box: { size_m: [1, 1, 1] } }, material: "oak" }] },
    },
    objects: [
      { id: 2, name: "gate", position_m: [1, 2, 3] },
      { id: 5, blueprint: "crate", parent: 2 },
      {
        id: 9,
        blueprint: "crate",
        properties: { light: { colour: "#ffffff", intensity_cd: 5, range_m: 4 } },
      },
      { id: 12, properties: { visuals: [{ shape: { ball: { radius_m: 1 } }, material: "tin" }] } },
    ],
    next_id: 20,
  });
}

/** The non-empty sets and true flags of changes; bodies have a test of their own. */
function told({ bodies: _, ...changes }: Changes): Record<string, number[] | true> {
  const entries = Object.entries(changes as unknown as Record<string, Set<number> | boolean>);
  const said = entries.flatMap(([key, value]): [string, number[] | true][] => {
    if (value === true) return [[key, true]];
    return value instanceof Set && value.size > 0 ? [[key, [...value].sort((a, b) => a - b)]] : [];
  });
  return Object.fromEntries(said);
}

type Case = [
  name: string,
  does: Operation,
  undoes: Operation,
  changes: Record<string, number[] | true>,
];

const gate = { name: "gate", position_m: [1, 2, 3] as [number, number, number] };
const crate = {
  visuals: [{ shape: { box: { size_m: [1, 1, 1] } }, material: "oak" }],
} satisfies object;
const here = { rotation: [0, 0, 0, 1], scale: [1, 1, 1] } satisfies object as {
  rotation: [number, number, number, number];
  scale: [number, number, number];
};

const CASES: Case[] = [
  [
    "create",
    { create: { object: 20, value: gate } },
    { delete: { object: 20 } },
    { created: [20] },
  ],
  [
    "delete",
    { delete: { object: 12 } },
    { create: { object: 12, value: yard().objects[3] ?? {} } },
    { deleted: [12] },
  ],
  [
    "place",
    { place: { object: 2, position_m: [4, 4, 4], ...here } },
    { place: { object: 2, position_m: [1, 2, 3], ...here } },
    { changed: [2], moved: [2] },
  ],
  [
    "scale",
    { place: { object: 2, position_m: [1, 2, 3], ...here, scale: [2, 2, 2] } },
    { place: { object: 2, position_m: [1, 2, 3], ...here } },
    { changed: [2], moved: [2], reshaped: [2] },
  ],
  [
    "reparent",
    { reparent: { object: 5, parent: null } },
    { reparent: { object: 5, parent: 2 } },
    { changed: [5] },
  ],
  [
    "rename",
    { rename: { object: 2, name: "door" } },
    { rename: { object: 2, name: "gate" } },
    { changed: [2] },
  ],
  [
    "lock",
    { lock: { object: 9, locked: true } },
    { lock: { object: 9, locked: false } },
    { changed: [9] },
  ],
  [
    "rebase",
    { rebase: { object: 5, blueprint: null } },
    { rebase: { object: 5, blueprint: "crate" } },
    { changed: [5], reshaped: [5] },
  ],
  [
    "set",
    { set: { object: 9, property: { light: null } } },
    { set: { object: 9, property: { light: { colour: "#ffffff", intensity_cd: 5, range_m: 4 } } } },
    { changed: [9], reshaped: [9] },
  ],
  [
    "material",
    { material: { name: "oak", value: { colour: "#000000" } } },
    { material: { name: "oak", value: { colour: "#aa8844" } } },
    { changed: [5, 9], repainted: [5, 9] },
  ],
  [
    "new material",
    { material: { name: "new", value: { colour: "#000000" } } },
    { material: { name: "new", value: null } },
    {},
  ],
  [
    "blueprint",
    { blueprint: { name: "crate", value: { colliders: [BOX as never] } } },
    { blueprint: { name: "crate", value: crate as never } },
    { changed: [5, 9], reshaped: [5, 9] },
  ],
  [
    "set_blueprint",
    { set_blueprint: { name: "crate", property: { spawn: { radius_m: 2 } } } },
    { set_blueprint: { name: "crate", property: { spawn: null } } },
    { changed: [5, 9], reshaped: [5, 9] },
  ],
  [
    "settings",
    { settings: { ...defaults.settings, gravity_mps2: [0, -1.6, 0] } },
    { settings: { ...defaults.settings, gravity_mps2: [0, -9.81, 0] } },
    { settings: true },
  ],
  ["environment", { environment: { fog_far_m: 90 } }, { environment: {} }, { environment: true }],
  [
    "title",
    { title: { title: "Court", description: "" } },
    { title: { title: "Yard", description: "A yard." } },
    { title: true },
  ],
];

describe("an operation", () => {
  it.each(CASES)("%s is done, is told, and can be undone", (_, does, undoes, changes) => {
    const edited = applyOperations(yard(), [does]);
    expect(told(edited.changes)).toEqual(changes);
    const after = normal(edited.document);
    const isNew = "created" in changes || changes.deleted !== undefined;
    const { next_id: _next, ...before } = normal(yard());
    expect(same({ ...after, next_id: 0 }, { ...before, next_id: 0 })).toBe(false);
    const { document } = applyOperations(edited.document, [undoes]);
    const { next_id, ...undone } = normal(document);
    expect(undone).toEqual(before);
    expect(next_id).toBe("created" in changes ? 21 : 20);
    expect(isNew || document.objects.length === 4).toBe(true);
  });

  it("puts a new object at its place by ids", () => {
    const { document } = applyOperations(yard(), [
      { create: { object: 7, value: { name: "seven" } } },
      { create: { object: 30, value: {} } },
    ]);
    expect(document.objects.map(({ id }) => id)).toEqual([2, 5, 7, 9, 12, 30]);
    expect([placeOf(document, 7), placeOf(document, 8), placeOf(document, 31)]).toEqual([2, 3, 6]);
    expect(objectOf(document, 7)?.name).toBe("seven");
    expect(objectOf(document, 8)).toBeNull();
    expect(document.next_id).toBe(31);
  });

  it("on something missing fails, and nothing of its batch is done", () => {
    const wrong: Operation[] = [
      { delete: { object: 3 } },
      { rename: { object: 100, name: null } },
      { create: { object: 5, value: {} } },
      { set_blueprint: { name: "none", property: { body: null } } },
    ];
    for (const operation of wrong) {
      const document = yard();
      expect(() => applyOperations(document, [{ delete: { object: 2 } }, operation])).toThrow(
        Unfit,
      );
      expect(document).toEqual(yard());
    }
  });

  it("leaves whoever holds a document with what it was", () => {
    const document = yard();
    const after = applyOperations(document, [{ rename: { object: 2, name: "door" } }]).document;
    expect(document).toEqual(yard());
    expect(objectOf(after, 2)?.name).toBe("door");
    // What did not change is shared.
    expect(objectOf(after, 5)).toBe(objectOf(document, 5));
  });
});

describe("a batch", () => {
  it("that makes and takes away tells nothing; one that brings back tells a change", () => {
    const document = yard();
    const brief: Operation[] = [{ create: { object: 40, value: {} } }, { delete: { object: 40 } }];
    expect(told(applyOperations(document, brief).changes)).toEqual({});
    const back: Operation[] = [{ delete: { object: 12 } }, { create: { object: 12, value: {} } }];
    expect(told(applyOperations(document, back).changes)).toEqual({
      changed: [12],
      moved: [12],
      reshaped: [12],
    });
  });

  it("is found again by comparing", () => {
    for (const [name, does, , changes] of CASES) {
      const after = applyOperations(yard(), [does]).document;
      const found = told(compare(yard(), after));
      // Being placed where it was is no move.
      const expected = name === "scale" ? { changed: [2], reshaped: [2] } : changes;
      expect(found, name).toEqual(expected);
    }
  });
});

it("bodies are those of which the server builds colliders anew", () => {
  const solid: Operation[] = [
    { set: { object: 2, property: { sensor: { size_m: [1, 1, 1] } } } },
    { set: { object: 9, property: { visuals: null } } },
    { rename: { object: 12, name: "a" } },
    { set_blueprint: { name: "crate", property: { visuals: null } } },
  ];
  expect(applyOperations(yard(), solid).changes.bodies).toEqual(new Set([2]));
  const crates: Operation = {
    set_blueprint: {
      name: "crate",
      property: { colliders: [{ shape: { ball: { radius_m: 1 } } }] },
    },
  };
  expect(applyOperations(yard(), [crates]).changes.bodies).toEqual(new Set([5, 9]));
  const brief: Operation[] = [{ create: { object: 40, value: {} } }, { delete: { object: 40 } }];
  expect(applyOperations(yard(), brief).changes.bodies).toEqual(new Set([40]));
  for (const { document, changes } of CASES.map(([, does]) => applyOperations(yard(), [does]))) {
    const { bodies } = compare(yard(), document);
    for (const id of changes.bodies) expect(bodies.has(id) || changes.moved.has(id)).toBe(true);
  }
});

it("a document without ids gets them, and stays as it was", () => {
  const given: WorldDocument = { version: 1, name: "a", title: "A", objects: [{}, { name: "b" }] };
  const document = editable(given);
  expect(document.objects.map(({ id }) => id)).toEqual([0, 1]);
  expect(document.next_id).toBe(2);
  expect(given.objects[0]).toEqual({});
});

const GOLDEN = new URL("../../../tests/golden/edits.json", import.meta.url);

type Golden = {
  cases: { document: WorldDocument; operations: Operation[]; result: WorldDocument }[];
};

describe("the edits that Rust recorded", () => {
  it("give the same documents", () => {
    expect(existsSync(GOLDEN), "tests/golden/edits.json is missing").toBe(true);
    const { cases } = JSON.parse(readFileSync(GOLDEN, "utf8")) as Golden;
    expect(cases.length).toBeGreaterThan(0);
    cases.forEach(({ document, operations, result }, index) => {
      const mine = applyOperations(editable(document), operations).document;
      expect(normal(mine), `case ${index}`).toEqual(normal(result));
    });
  });
});

/** With every default filled in: what is absent and what is said to be as usual are the same. */
function normal(document: WorldDocument): WorldDocument {
  const entries = <T>(record: Record<string, T> | undefined, of: (value: T) => object): object =>
    Object.fromEntries(Object.entries(record ?? {}).map(([name, value]) => [name, of(value)]));
  return {
    description: "",
    ...document,
    materials: entries(document.materials, (material) => ({ ...defaults.material, ...material })),
    blueprints: entries(document.blueprints, normalProperties),
    settings: { ...defaults.settings, ...document.settings },
    environment: { ...defaults.environment, ...document.environment },
    objects: document.objects.map((object) => ({
      ...defaults.object,
      ...object,
      properties: normalProperties(object.properties ?? {}),
    })),
  } as WorldDocument;
}

function normalProperties(properties: Properties): object {
  const full: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined) continue;
    if (key === "visuals") {
      full.visuals = (properties.visuals ?? []).map((part) => ({ ...defaults.visual, ...part }));
    } else if (key === "colliders") {
      full.colliders = (properties.colliders ?? []).map((part) => ({
        ...defaults.collider,
        ...part,
        groups: { ...defaults.groups, ...part.groups },
      }));
    } else {
      const usual = key in defaults ? defaults[key as keyof typeof defaults] : {};
      full[key] = { ...usual, ...value };
    }
  }
  return full;
}

import { signal } from "@preact/signals";
import { describe, expect, it } from "vitest";
import type { Properties, Object as SceneObject, WorldDocument } from "../protocol/document";
import { boundsAt, ownBounds, standOff } from "./bounds";
import { drawingOf } from "./drawing";
import type { FaultCode } from "./edits";
import { fieldFault, isAbout } from "./faults";
import { commandOf, type KeyPress, SHORTCUTS } from "./keys";
import { readNumber, writeNumber } from "./numbers";
import { Paced } from "./pace";
import {
  boundsOfPiece,
  madeOf,
  modelPieces,
  type PieceWords,
  placePiece,
  simplePieces,
} from "./pieces";
import { Previews } from "./previews";
import { invitationIn } from "./rights";
import { rowsOf } from "./rows";
import { Scenery } from "./scenery";
import { culpritsOf, scoreOf } from "./score";
import { Selection } from "./selection";
import { nudge, ontoSurface, toGrid } from "./snapping";
import { en } from "./texts/en";
import { faultText } from "./texts/faults";
import { fr } from "./texts/fr";
import { fromDegrees, NO_TURN } from "./vectors";
import { rowsShown, scrollTo } from "./windowing";
import type { Pose } from "./workbench";

function scenery(objects: SceneObject[], more: Partial<WorldDocument> = {}): Scenery {
  return new Scenery({ version: 1, name: "test", title: "Test", objects, ...more });
}

const LAMP = { colour: "#ffffff", intensity_cd: 1, range_m: 1 };
const WORDS: PieceWords = {
  text: "Hi",
  world: "garden",
  title: "Garden",
  template: (name) => name,
};

describe("snapping", () => {
  it("finds the nearest line of the grid, or leaves the value", () => {
    expect(toGrid(1.13, 0.25)).toBe(1.25);
    expect(toGrid(-1.13, 0.5)).toBe(-1);
    expect(toGrid(1.13, null)).toBe(1.13);
    expect(Object.is(toGrid(-0.01, 0.5), 0)).toBe(true);
  });

  it("stands a box on the ground, on the grid along it", () => {
    const box = ownBounds({ visuals: [{ shape: { box: { size_m: [1, 3, 1] } } }] });
    expect(ontoSurface([1.1, 0.37, -2.2], [0, 1, 0], box, [0, 0, 0], 0.5)).toEqual([1, 1.87, -2]);
  });

  it("hangs a box at a wall and under a ceiling", () => {
    const box = ownBounds({ visuals: [{ shape: { box: { size_m: [1, 3, 0.2] } } }] });
    expect(ontoSurface([0, 2, 5], [0, 0, -1], box, [0, 0, 0], null)).toEqual([0, 2, 4.9]);
    expect(ontoSurface([0, 2, 5], [0, -1, 0], box, [0, 0, 0], null)).toEqual([0, 0.5, 5]);
  });

  it("knows how far a turned thing reaches", () => {
    const lying: Pose = {
      position: [0, 0, 0],
      rotation: fromDegrees([0, 0, 90]),
      scale: [2, 2, 2],
    };
    const bounds = boundsAt({ visuals: [{ shape: { box: { size_m: [1, 3, 1] } } }] }, lying);
    expect(bounds.max[0]).toBeCloseTo(3);
    expect(standOff(bounds, [0, 0, 0], [0, 1, 0])).toBeCloseTo(1);
  });

  it("nudges as the camera sees it", () => {
    expect(nudge("up", 0, 1)).toEqual([0, 0, -1]);
    expect(nudge("right", 0, 1)).toEqual([1, 0, 0]);
    // A quarter turn to the left: ahead is -x.
    expect(nudge("up", Math.PI / 2, 1)).toEqual([-1, 0, 0]);
    expect(nudge("right", -3.1, 1)).toEqual([-1, 0, 0]);
  });
});

describe("selection", () => {
  it("chooses one, adds, takes away, and reaches", () => {
    const selection = new Selection();
    selection.choose([3]);
    selection.toggle(5);
    expect(selection.ids.value).toEqual([3, 5]);
    selection.toggle(3);
    expect(selection.ids.value).toEqual([5]);
    selection.choose([2]);
    selection.reach(9, [1, 2, 7, 9, 11]);
    expect(selection.ids.value).toEqual([2, 7, 9]);
    selection.reach(1, [1, 2, 7, 9, 11]);
    expect(selection.ids.value).toEqual([1, 2]);
  });

  it("waits for what was just made, and drops what went", () => {
    const selection = new Selection();
    const known = new Set([1]);
    selection.choose([1, 40]);
    selection.keep((id) => known.has(id));
    expect(selection.ids.value).toEqual([1, 40]);
    known.add(40);
    selection.keep((id) => known.has(id));
    known.delete(40);
    selection.keep((id) => known.has(id));
    expect(selection.ids.value).toEqual([1]);
  });
});

describe("rows of the outline", () => {
  const world = scenery([
    { id: 1, name: "house" },
    { id: 2, parent: 1, name: "door" },
    { id: 3, parent: 2, name: "bell" },
    { id: 4, blueprint: "oak" },
  ]);
  const describeIt = (id: number): string => world.objects.get(id)?.blueprint ?? "object";

  it("fold what is below", () => {
    expect(rowsOf(world, new Set(), "", describeIt).map(({ id }) => id)).toEqual([1, 4]);
    const open = rowsOf(world, new Set([1]), "", describeIt);
    expect(open.map(({ id, level, open: isOpen }) => [id, level, isOpen])).toEqual([
      [1, 1, true],
      [2, 2, false],
      [4, 1, null],
    ]);
  });

  it("show what is found with everything above it", () => {
    expect(rowsOf(world, new Set(), "BELL", describeIt).map(({ id }) => id)).toEqual([1, 2, 3]);
    const oak = rowsOf(world, new Set(), "oak", describeIt);
    expect(oak.map(({ id, place, siblings }) => [id, place, siblings])).toEqual([[4, 1, 1]]);
  });

  it("survive a circle of parents", () => {
    const odd = scenery([
      { id: 1, parent: 2 },
      { id: 2, parent: 1 },
      { id: 3, parent: 99 },
    ]);
    expect(rowsOf(odd, new Set([1, 2]), "", () => "").map(({ id }) => id)).toEqual([3]);
  });
});

describe("windowing", () => {
  it("draws few of ten thousand rows", () => {
    expect(rowsShown(0, 400, 40, 10_000)).toEqual({ from: 0, to: 16 });
    expect(rowsShown(200_000, 400, 40, 10_000)).toEqual({ from: 4_994, to: 5_016 });
    expect(rowsShown(999_999, 400, 40, 10)).toEqual({ from: 0, to: 10 });
    expect(rowsShown(999_999, 400, 40, 100)).toEqual({ from: 84, to: 100 });
    expect(rowsShown(0, 400, 40, 0)).toEqual({ from: 0, to: 0 });
  });

  it("scrolls only as far as needed", () => {
    expect(scrollTo(5, 0, 400, 40)).toBeNull();
    expect(scrollTo(2, 100, 400, 40)).toBe(80);
    expect(scrollTo(10, 0, 400, 40)).toBe(40);
  });
});

describe("numbers", () => {
  it("are read as people write them", () => {
    expect(readNumber(" 1,5 ", 0, 10)).toEqual({ kind: "number", value: 1.5 });
    expect(readNumber("2+.5-1", 0, 10)).toEqual({ kind: "number", value: 1.5 });
    expect(readNumber("−3", -5, 10)).toEqual({ kind: "number", value: -3 });
  });

  it("are refused with the reason", () => {
    for (const text of ["", "a", "1e3", "1..2", "2+", "--1", "Infinity"]) {
      expect(readNumber(text, 0, 10), text).toEqual({
        kind: "fault",
        fault: { kind: "no_number" },
      });
    }
    expect(readNumber("11", 0, 10)).toEqual({
      kind: "fault",
      fault: { kind: "too_large", max: 10 },
    });
    expect(readNumber("-1", 0, 10)).toEqual({
      kind: "fault",
      fault: { kind: "too_small", min: 0 },
    });
  });

  it("are written without noise", () => {
    expect([writeNumber(0.30000000000000004), writeNumber(-0), writeNumber(2)]).toEqual([
      "0.3",
      "0",
      "2",
    ]);
  });
});

describe("refusals", () => {
  const refused = (text: string) => fieldFault({ code: "refused", text, operation: 0, copy: null });

  it("find their field", () => {
    const fault = refused("objects[12].properties.light.range_m: 0 is not allowed: from 0.001");
    expect(fault).toEqual({
      of: "12",
      path: "properties.light.range_m",
      reason: "0 is not allowed: from 0.001",
    });
    expect(isAbout(fault, "12", "properties.light.range_m")).toBe(true);
    expect(isAbout(fault, "13", "properties.light.range_m")).toBe(false);
    expect(isAbout(refused("objects[3].scale[1]: no"), "3", "scale")).toBe(true);
    expect(isAbout(refused("materials.brass.colour: no"), "brass", "colour")).toBe(true);
  });

  it("without a field are of the whole", () => {
    expect(refused("there is no object 4")).toBeNull();
  });
});

describe("what a refusal says", () => {
  const told = (code: FaultCode, text: string, operation: number | null = 0): string =>
    faultText({ code, text, operation, copy: null });

  it("names who was quicker, and leaves the server's paths out", () => {
    expect(told("stale", "operations[0]: Bo has changed that meanwhile")).toContain("Bo has just");
    expect(told("held", "operations[2]: Bo B. is just moving that")).toContain("Bo B. is holding");
    expect(told("stale", "something else")).toContain("Somebody has just");
    expect(told("refused", "operations[0]: objects[4].scale: must be even")).toBe(
      "That is not possible: must be even",
    );
    expect(told("refused", "operations[0]: there is no object 4")).toBe(
      "That is not possible: there is no object 4",
    );
  });

  it("tells what is for owners from what is for nobody", () => {
    expect(told("forbidden", "")).toBe("Only owners of the world can change that.");
    expect(told("forbidden", "", null)).toContain("You may not build here any more");
  });
});

describe("keys", () => {
  const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
    key,
    code: "",
    ctrl: false,
    shift: false,
    alt: false,
    ...more,
  });

  it("leave walking alone", () => {
    for (const code of ["w", "a", "s", "d", " ", "e", "c", "h", "p", "o", "t", "enter"]) {
      expect(commandOf(press(code), true), code).toBeNull();
    }
    expect(commandOf(press("ArrowUp"), false)).toBeNull();
    expect(commandOf(press("ArrowUp"), true)).toBe("nudgeUp");
  });

  it("move and put down a piece of the library, while one is aimed with", () => {
    expect(commandOf(press("Enter"), false, true)).toBe("put");
    expect(commandOf(press("Enter", { shift: true }), true, true)).toBe("putMore");
    expect(commandOf(press("ArrowUp"), false, true)).toBe("nudgeUp");
  });

  it("are those that people know", () => {
    expect(commandOf(press("Z", { ctrl: true, shift: true }), false)).toBe("redo");
    expect(commandOf(press("z", { ctrl: true }), false)).toBe("undo");
    expect(commandOf(press("&", { code: "Digit1" }), false)).toBe("select");
    expect(commandOf(press("?", { shift: true }), false)).toBe("help");
    expect(commandOf(press("f", { alt: true }), true)).toBeNull();
    // Not a field of the table, however it is called.
    expect(commandOf(press("constructor"), true)).toBeNull();
  });

  it("are each told once in the help", () => {
    const commands = SHORTCUTS.map(({ command }) => command);
    expect(new Set(commands).size).toBe(commands.length);
  });
});

describe("pieces", () => {
  it("bring their material when the world has none, and only then", () => {
    const pose: Pose = { position: [1, 2, 3], rotation: [...NO_TURN], scale: [1, 1, 1] };
    const box = { kind: "simple", name: "box", loose: true } as const;
    const operations = placePiece(scenery([]), box, pose, WORDS);
    expect(operations[0]).toMatchObject({ material: { name: "builder_plain" } });
    expect(operations[1]).toMatchObject({
      create: { value: { position_m: [1, 2, 3], properties: { body: { kind: "dynamic" } } } },
    });
    const has = scenery([], { materials: { builder_plain: { colour: "#000000" } } });
    expect(placePiece(has, box, pose, WORDS)).toHaveLength(1);
  });

  it("collide with what is seen, and only what can fall is loose", () => {
    for (const piece of simplePieces()) {
      const { properties } = madeOf(scenery([]), piece, WORDS);
      if (properties.body?.kind === "dynamic") {
        expect(properties.colliders?.length, JSON.stringify(piece)).toBeGreaterThan(0);
        const bounds = ownBounds({ colliders: properties.colliders ?? [] });
        expect(bounds).toEqual(ownBounds({ visuals: properties.visuals ?? [] }));
      }
    }
  });

  it("lead portals elsewhere and hang lamps up", () => {
    const portal = madeOf(scenery([]), { kind: "simple", name: "portal", loose: false }, WORDS);
    expect(portal.properties.portal?.world).toBe("garden");
    const lamp = boundsOfPiece(scenery([]), { kind: "simple", name: "lamp", loose: false }, WORDS);
    expect(ontoSurface([0, 0, 0], [0, 1, 0], lamp, [0, 0, 0], null)[1]).toBe(2);
  });

  it("find the models of a world, and what people bump into", () => {
    const shape = { model: { path: "models/oak.glb" } };
    const collider = { shape: { cylinder: { radius_m: 0.3, height_m: 2 } } };
    const world = scenery([{ id: 1, properties: { visuals: [{ shape }] } }], {
      blueprints: { oak: { visuals: [{ shape }], colliders: [collider] } },
    });
    expect(modelPieces(world.document)).toEqual([{ kind: "model", path: "models/oak.glb" }]);
    const made = madeOf(world, { kind: "model", path: "models/oak.glb" }, WORDS);
    expect(made.properties.colliders).toEqual([collider]);
  });
});

describe("the score", () => {
  const drawing = { triangles: 1_000, drawCalls: 20, textureBytes: null, framesPerS: 60 };

  it("is full for a light world", () => {
    const score = scoreOf(scenery([{ id: 1 }]), drawing);
    expect(score.points).toBe(100);
    expect(score.advice).toEqual([]);
    expect(score.figures.find(({ name }) => name === "textures")?.verdict).toBe("unknown");
  });

  it("tells the heaviest first", () => {
    const heavy = { ...drawing, triangles: 3_000_000, drawCalls: 200 };
    const score = scoreOf(scenery([{ id: 1 }]), heavy);
    expect(score.advice).toEqual(["triangles", "drawCalls"]);
    expect(score.points).toBe(67);
    expect(score.figures.find(({ name }) => name === "triangles")?.verdict).toBe("poor");
  });
});

describe("what makes a figure high", () => {
  const tree = (path: string): Properties => ({
    visuals: [{ shape: { model: { path } } }],
  });
  const box = (material: string): Properties => ({
    visuals: [{ shape: { box: { size_m: [1, 1, 1] } }, material }],
  });
  const world = scenery(
    [
      { id: 1, properties: tree("oak.glb") },
      { id: 2, properties: tree("oak.glb") },
      { id: 3, properties: tree("statue.glb") },
      { id: 4, properties: { ...box("photo"), body: { kind: "dynamic" } } },
      { id: 5, properties: box("stone") },
      { id: 6, properties: { ...box("stone"), light: LAMP } },
    ],
    { materials: { photo: { colour: "#fff", image: { path: "photo.png", size_m: [1, 1] } } } },
  );
  const weigh = (path: string) =>
    path === "oak.glb"
      ? { triangles: 500, textureBytes: 0 }
      : { triangles: 900, textureBytes: path === "statue.glb" ? 1_000 : 0 };
  const of = (name: Parameters<typeof culpritsOf>[1]) =>
    culpritsOf(world, name, weigh, (path) => (path === "photo.png" ? 512 : null));

  it("are the models that are drawn with most, all in all", () => {
    expect(of("triangles")).toEqual([
      { kind: "model", path: "oak.glb", ids: [1, 2] },
      { kind: "model", path: "statue.glb", ids: [3] },
    ]);
    expect(
      culpritsOf(
        world,
        "triangles",
        () => null,
        () => null,
      ),
    ).toEqual([]);
  });

  it("are the textures that take most, each once", () => {
    expect(of("textures")).toMatchObject([{ path: "photo.png", ids: [4] }, { path: "statue.glb" }]);
  });

  it("are things that move, lamps, and materials that are used once", () => {
    expect(of("bodies")).toEqual([{ kind: "bodies", ids: [4] }]);
    expect(of("lights")).toEqual([{ kind: "lights", ids: [6] }]);
    expect(of("drawCalls")).toEqual([{ kind: "alone", ids: [4] }]);
    expect(of("objects")).toEqual([]);
  });
});

describe("pacing", () => {
  it("sends the first at once, then the newest at each beat, and the last in any case", () => {
    const sent: number[] = [];
    const beats: (() => void)[] = [];
    const paced = new Paced<number>(
      100,
      (value) => sent.push(value),
      (_, then) => beats.push(then),
    );
    for (const value of [1, 2, 3]) paced.push(value);
    expect(sent).toEqual([1]);
    beats.shift()?.();
    expect(sent).toEqual([1, 3]);
    paced.push(4);
    paced.flush();
    expect(sent).toEqual([1, 3, 4]);
    beats.shift()?.();
    expect(sent).toEqual([1, 3, 4]);
    paced.push(5);
    expect(sent).toEqual([1, 3, 4, 5]);
  });
});

describe("previews", () => {
  const at = (x: number): Pose => ({
    position: [x, 0, 0],
    rotation: [...NO_TURN],
    scale: [1, 1, 1],
  });

  function bench() {
    const shown = new Map<number, Pose>();
    const edit = signal<number | null>(4);
    const later: (() => void)[] = [];
    const previews = new Previews(
      {
        edit,
        preview: (id, pose) => {
          if (pose === null) shown.delete(id);
          else shown.set(id, pose);
        },
      },
      (_, then) => later.push(then),
    );
    return { shown, edit, later, previews };
  }

  it("last until their edit has come", () => {
    const { shown, edit, previews } = bench();
    previews.show(new Map([[1, at(2)]]));
    previews.settle([1], 6);
    expect(shown.get(1)).toEqual(at(2));
    edit.value = 5;
    previews.follow();
    expect(shown.has(1)).toBe(true);
    edit.value = 6;
    previews.follow();
    expect(shown.has(1)).toBe(false);
  });

  it("end at once when their edit came before the answer", () => {
    const { shown, edit, previews } = bench();
    previews.show(new Map([[1, at(2)]]));
    edit.value = 9;
    previews.settle([1], 9);
    expect(shown.has(1)).toBe(false);
  });

  it("end when nothing comes, unless they are held again", () => {
    const { shown, later, previews } = bench();
    previews.show(new Map([[1, at(2)]]));
    previews.settle([1], 6);
    previews.show(new Map([[1, at(3)]]));
    later.shift()?.();
    expect(shown.get(1)).toEqual(at(3));
    previews.settle([1], 7);
    later.shift()?.();
    expect(shown.has(1)).toBe(false);
  });
});

describe("drawings", () => {
  it("show three faces of a box in three shades", () => {
    const drawing = drawingOf(
      { visuals: [{ shape: { box: { size_m: [1, 1, 1] } }, material: "a" }] },
      { a: { colour: "#ffffff" } },
    );
    expect(drawing?.faces).toHaveLength(3);
    expect(new Set(drawing?.faces.map(({ colour }) => colour)).size).toBe(3);
    const [x, y, width, height] = drawing?.box ?? [0, 0, 0, 0];
    for (const [px, py] of drawing?.faces.flatMap(({ points }) => points) ?? []) {
      expect(px >= x && px <= x + width && py >= y && py <= y + height).toBe(true);
    }
  });

  it("are not made of models alone", () => {
    expect(drawingOf({ visuals: [{ shape: { model: { path: "a.glb" } } }] }, {})).toBeNull();
  });
});

describe("invitations", () => {
  it("are read from the address", () => {
    expect(invitationIn(`#invitation=${"0a".repeat(32)}`)).toBe("0a".repeat(32));
    expect(invitationIn("#invitation=<script>")).toBeNull();
    expect(invitationIn("")).toBeNull();
  });
});

describe("texts of the builder", () => {
  const placeholders = (message: string | object): string[] => {
    const texts = typeof message === "string" ? [message] : Object.values(message).map(String);
    return [...new Set(texts.flatMap((text) => text.match(/\{\w+\}/g) ?? []))].sort();
  };

  it("say the same in both languages", () => {
    expect(Object.keys(fr).sort()).toEqual(Object.keys(en).sort());
    for (const key of Object.keys(en) as (keyof typeof en)[]) {
      expect(placeholders(fr[key]), key).toEqual(placeholders(en[key]));
      expect(JSON.stringify(fr[key]), key).not.toContain('""');
    }
  });
});

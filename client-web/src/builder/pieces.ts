/** What the library offers: simple things ready to be placed, and what the world has already. */
import type {
  Collider,
  Companion,
  Material,
  Properties,
  Object as SceneObject,
  VisualShape,
  WorldDocument,
} from "../protocol/document";
import { type Operation, PLACEHOLDERS } from "../protocol/operation";
import { ownBounds } from "./bounds";
import type { Copied } from "./clipboard";
import { boundsOfGroup, placeGroup } from "./groups";
import type { KeptTemplate } from "./keeping";
import type { Scenery } from "./scenery";
import { TEMPLATE_NAMES, type TemplateName, templateOf } from "./templates";
import type { Upload } from "./uploads";
import type { Vec3 } from "./vectors";
import type { Bounds, Pose } from "./workbench";

export const SIMPLE_NAMES = [
  "box",
  "ball",
  "cylinder",
  "cone",
  "capsule",
  "lamp",
  "sign",
  "spawn",
  "companion",
  "portal",
  "sensor",
  "water",
] as const;

export type SimpleName = (typeof SIMPLE_NAMES)[number];

/** Shapes that can be loose bodies as well. */
const LOOSE: ReadonlySet<SimpleName> = new Set(["box", "ball", "cylinder", "cone", "capsule"]);

export type Piece =
  | { kind: "simple"; name: SimpleName; loose: boolean }
  | { kind: "blueprint"; name: string }
  | { kind: "model"; path: string }
  | { kind: "upload"; upload: Upload }
  | { kind: "companion"; companion: Companion }
  | { kind: "template"; name: TemplateName }
  | { kind: "kept"; kept: KeptTemplate };

/** Pieces that are one object. */
export type Single = Exclude<Piece, { kind: "template" | "kept" }>;

/** Names one piece, for lists and for what is dragged. */
export function keyOf(piece: Piece): string {
  switch (piece.kind) {
    case "simple":
      return `simple:${piece.name}:${piece.loose ? "loose" : "fixed"}`;
    case "blueprint":
      return `blueprint:${piece.name}`;
    case "model":
      return `model:${piece.path}`;
    case "upload":
      return `upload:${piece.upload.path}`;
    case "companion":
      return `companion:${piece.companion.mind}`;
    case "template":
      return `template:${piece.name}`;
    case "kept":
      return `kept:${piece.kept.id}`;
  }
}

export function templatePieces(): Piece[] {
  return TEMPLATE_NAMES.map((name) => ({ kind: "template", name }));
}

/** The objects of a piece that is a group, standing about the origin; null: it is one object. */
export function groupOf(piece: Piece, words: PieceWords): Copied | null {
  if (piece.kind === "kept") return piece.kept.copied;
  if (piece.kind !== "template") return null;
  const { world, title, template } = words;
  return templateOf(piece.name, { name: template(piece.name), world, title });
}

export function simplePieces(): Single[] {
  return SIMPLE_NAMES.flatMap((name): Single[] =>
    LOOSE.has(name)
      ? [
          { kind: "simple", name, loose: false },
          { kind: "simple", name, loose: true },
        ]
      : [{ kind: "simple", name, loose: false }],
  );
}

export function blueprintPieces(document: WorldDocument): Piece[] {
  return Object.keys(document.blueprints ?? {})
    .sort((a, b) => a.localeCompare(b))
    .map((name) => ({ kind: "blueprint", name }));
}

/** Every model that something of the world is drawn with. */
export function modelPieces(document: WorldDocument): Piece[] {
  const paths = new Set<string>();
  const every = [
    ...Object.values(document.blueprints ?? {}),
    ...document.objects.map(({ properties }) => properties ?? {}),
  ];
  for (const { visuals } of every) {
    for (const { shape } of visuals ?? []) if ("model" in shape) paths.add(shape.model.path);
  }
  return [...paths].sort().map((path) => ({ kind: "model", path }));
}

/** Who comes when nobody in particular is meant; a mind of this name comes along with a server. */
export const NEW_COMPANION: Companion = {
  mind: "guide",
  name: "Nia",
  body: "#4aa3a2",
  accent: "#ffd166",
  range_m: 20,
};

/** The material that new shapes get; made when the world has none of that name. */
const PLAIN_NAME = "builder_plain";
const PLAIN: Material = { colour: "#d8c9a7", roughness: 0.8 };
const GLOW_NAME = "builder_glow";
const GLOW: Material = { colour: "#fff1c9", emissive: "#ffd98a" };
const WATER_NAME = "builder_water";
const WATER: Material = { colour: "#3a8fa8", opacity: 0.8 };

interface Made {
  properties: Properties;
  materials: Readonly<Record<string, Material>>;
}

function solid(shape: VisualShape & Collider["shape"], loose: boolean): Made {
  return made({
    visuals: [{ shape, material: PLAIN_NAME }],
    colliders: [{ shape }],
    ...(loose ? { body: { kind: "dynamic" as const } } : {}),
  });
}

function made(
  properties: Properties,
  materials: Readonly<Record<string, Material>> = { [PLAIN_NAME]: PLAIN },
): Made {
  return { properties, materials };
}

/** Points of a cone standing about its middle, for its hull. */
function conePoints(radius_m: number, height_m: number): [number, number, number][] {
  const rim = Array.from({ length: 12 }, (_, index): [number, number, number] => {
    const angle = (index * Math.PI) / 6;
    const round = (value: number): number => Math.round(value * 1e4) / 1e4 + 0;
    return [round(radius_m * Math.cos(angle)), -height_m / 2, round(radius_m * Math.sin(angle))];
  });
  return [...rim, [0, height_m / 2, 0]];
}

function simple(name: SimpleName, loose: boolean, text: string, world: string): Made {
  switch (name) {
    case "box":
      return solid({ box: { size_m: [1, 1, 1] } }, loose);
    case "ball":
      return solid({ ball: { radius_m: 0.5 } }, loose);
    case "cylinder":
      return solid({ cylinder: { radius_m: 0.5, height_m: 1 } }, loose);
    case "capsule":
      return solid({ capsule: { radius_m: 0.3, height_m: 1.4 } }, loose);
    case "cone":
      return made({
        visuals: [{ shape: { cone: { radius_m: 0.5, height_m: 1 } }, material: PLAIN_NAME }],
        // There is no cone to bump into: the hull of its rim and its tip is one.
        colliders: [{ shape: { hull: { points_m: conePoints(0.5, 1) } } }],
        ...(loose ? { body: { kind: "dynamic" as const } } : {}),
      });
    case "lamp":
      return made(
        {
          visuals: [{ shape: { ball: { radius_m: 0.15 } }, material: GLOW_NAME }],
          light: { colour: "#ffd98a", intensity_cd: 20, range_m: 10 },
        },
        { [GLOW_NAME]: GLOW },
      );
    case "sign":
      return made({
        visuals: [{ shape: { text: { text, height_m: 0.3 } }, material: PLAIN_NAME }],
      });
    case "spawn":
      return made({ spawn: { radius_m: 1 } }, {});
    case "companion":
      return made({ companion: NEW_COMPANION }, {});
    case "portal":
      return made({ portal: { world, size_m: [2.2, 2.8, 0.6] } }, {});
    case "sensor":
      return made({ sensor: { size_m: [2, 2, 2] } }, {});
    case "water":
      return made(
        { visuals: [{ shape: { water: { size_m: [6, 6] } }, material: WATER_NAME }] },
        { [WATER_NAME]: WATER },
      );
  }
}

export interface PieceWords {
  /** What a new sign says. */
  text: string;
  /** The world that a new portal leads to, and what it calls itself. */
  world: string;
  title: string;
  /** What a template is called. */
  template(name: TemplateName): string;
}

/** What an object of a piece is before it is placed, and the materials that it needs. */
export function madeOf(
  scenery: Scenery,
  piece: Single,
  words: Pick<PieceWords, "text" | "world">,
): Made {
  const { document } = scenery;
  switch (piece.kind) {
    case "simple":
      return simple(piece.name, piece.loose, words.text, words.world);
    case "blueprint":
      return made(document.blueprints?.[piece.name] ?? {}, {});
    case "model":
      return made(modelProperties(document, piece.path), {});
    case "upload":
      return uploaded(piece.upload);
    case "companion":
      return made({ companion: piece.companion }, {});
  }
}

/** The longer edge of a picture that is put up, metres. */
const PICTURE_M = 2;
const PICTURE_DEPTH_M = 0.05;
const SOUND_RADIUS_M = 6;

/** An uploaded thing as an object: a model with a box around it, a picture to hang up, a sound. */
function uploaded({ path, kind, bounds, size }: Upload): Made {
  switch (kind) {
    case "model": {
      const shape = { model: { path } };
      if (bounds === null) return made({ visuals: [{ shape }] }, {});
      const { min, max } = bounds;
      const of = (at: (index: 0 | 1 | 2) => number): Vec3 => [at(0), at(1), at(2)];
      // What is flat has a thickness all the same.
      const size_m = of((index) => Math.max(max[index] - min[index], 0.01));
      const offset_m = of((index) => (max[index] + min[index]) / 2);
      return made(
        { visuals: [{ shape }], colliders: [{ shape: { box: { size_m } }, offset_m }] },
        {},
      );
    }
    case "image": {
      const [width, height] = size ?? [1, 1];
      const scale = PICTURE_M / Math.max(width, height, 1);
      const size_m: [number, number] = [
        Math.max(width * scale, 0.01),
        Math.max(height * scale, 0.01),
      ];
      const name = `image_${path.replace(/^uploads\//, "").slice(0, 12)}`;
      const shape = { box: { size_m: [...size_m, PICTURE_DEPTH_M] as Vec3 } };
      return made(
        { visuals: [{ shape, material: name }], colliders: [{ shape }] },
        { [name]: { colour: "#ffffff", image: { path, size_m } } },
      );
    }
    case "sound":
      return made({ sound: { path, radius_m: SOUND_RADIUS_M, plays: "always" } }, {});
    case "sky":
      return made({}, {});
  }
}

/** Drawn with the model, and bumped into like another object that is drawn with it alone. */
function modelProperties(document: WorldDocument, path: string): Properties {
  const all = [
    ...Object.values(document.blueprints ?? {}),
    ...document.objects.map(({ properties }) => properties ?? {}),
  ];
  const like = all.find(({ visuals }) => {
    const shape = visuals?.length === 1 ? visuals[0]?.shape : undefined;
    return shape !== undefined && "model" in shape && shape.model.path === path;
  });
  const visuals = like?.visuals ?? [{ shape: { model: { path } } }];
  return { visuals, ...(like?.colliders ? { colliders: like.colliders } : {}) };
}

/** How much room a piece takes about its origin. */
export function boundsOfPiece(scenery: Scenery, piece: Piece, words: PieceWords): Bounds {
  const group = groupOf(piece, words);
  if (group !== null) return boundsOfGroup(group);
  const bounds = ownBounds(madeOf(scenery, piece as Single, words).properties);
  // Lamps hang in the air, at a height where they light something.
  if (piece.kind === "simple" && piece.name === "lamp") {
    return { min: [bounds.min[0], -2, bounds.min[2]], max: bounds.max };
  }
  return bounds;
}

/** What makes an object of a piece at a pose. */
export function placePiece(
  scenery: Scenery,
  piece: Piece,
  pose: Pose,
  words: PieceWords,
): Operation[] {
  const group = groupOf(piece, words);
  if (group !== null) return placeGroup(scenery, group, pose);
  return placeSingle(scenery, piece as Single, pose, words);
}

function placeSingle(scenery: Scenery, piece: Single, pose: Pose, words: PieceWords): Operation[] {
  const { properties, materials } = madeOf(scenery, piece, words);
  const known = scenery.document.materials ?? {};
  const missing = Object.entries(materials).filter(([name]) => !Object.hasOwn(known, name));
  const value: SceneObject = {
    position_m: pose.position,
    rotation: pose.rotation,
    scale: pose.scale,
  };
  if (piece.kind === "blueprint") value.blueprint = piece.name;
  else value.properties = structuredClone(properties);
  return [
    ...missing.map(([name, material]): Operation => ({ material: { name, value: material } })),
    { create: { object: PLACEHOLDERS, value } },
  ];
}

/** How heavy a world is for those who visit it, and what would make it lighter. */
import type { Scenery } from "./scenery";
import type { DrawingCost, ModelWeight } from "./workbench";

export type FigureName = "triangles" | "drawCalls" | "textures" | "bodies" | "lights" | "objects";

export interface Figure {
  name: FigureName;
  /** Null: not known. */
  value: number | null;
  /** What a phone of some years draws well. */
  good: number;
  /** Beyond this, most devices stutter. */
  most: number;
  verdict: "good" | "fair" | "poor" | "unknown";
}

/** What makes a figure high: objects to look at, the heaviest first. */
export type Culprit =
  | { kind: "model" | "image"; path: string; ids: readonly number[] }
  /** Loose or moving things, lamps, or what has a material that nothing else has. */
  | { kind: "bodies" | "lights" | "alone"; ids: readonly number[] };

export interface Score {
  /** 0 = hardly any device, 100 = any. */
  points: number;
  figures: readonly Figure[];
  /** What to mend, the heaviest first. */
  advice: readonly FigureName[];
}

const BOUNDS: Readonly<Record<FigureName, { good: number; most: number; weight: number }>> = {
  triangles: { good: 300_000, most: 1_500_000, weight: 30 },
  drawCalls: { good: 150, most: 600, weight: 25 },
  textures: { good: 64 * 2 ** 20, most: 256 * 2 ** 20, weight: 15 },
  bodies: { good: 150, most: 600, weight: 20 },
  lights: { good: 12, most: 60, weight: 5 },
  objects: { good: 3_000, most: 15_000, weight: 5 },
};

export function scoreOf(scenery: Scenery, drawing: DrawingCost): Score {
  let bodies = 0;
  let lights = 0;
  for (const id of scenery.objects.keys()) {
    const properties = scenery.properties(id);
    if (properties.body?.kind === "dynamic" || properties.body?.kind === "kinematic") bodies += 1;
    if (properties.light) lights += 1;
  }
  const values: Readonly<Record<FigureName, number | null>> = {
    triangles: drawing.triangles,
    drawCalls: drawing.drawCalls,
    textures: drawing.textureBytes,
    bodies,
    lights,
    objects: scenery.objects.size,
  };
  const names = Object.keys(BOUNDS) as FigureName[];
  const figures = names.map((name): Figure => {
    const { good, most } = BOUNDS[name];
    const value = values[name];
    return { name, value, good, most, verdict: verdictOf(value, good, most) };
  });
  const costs = figures.map((figure) => ({ name: figure.name, cost: costOf(figure) }));
  const lost = costs.reduce((sum, { cost }) => sum + cost, 0);
  return {
    points: Math.max(0, Math.round(100 - lost)),
    figures,
    advice: costs
      .filter(({ cost }) => cost > 0)
      .sort((a, b) => b.cost - a.cost)
      .map(({ name }) => name),
  };
}

/** What a score says in a word. */
export type Grade = "good" | "fair" | "poor";

export function gradeOf({ points }: Score): Grade {
  if (points >= 85) return "good";
  return points >= 55 ? "fair" : "poor";
}

function verdictOf(value: number | null, good: number, most: number): Figure["verdict"] {
  if (value === null) return "unknown";
  if (value <= good) return "good";
  return value <= most ? "fair" : "poor";
}

/** Points lost: none up to `good`, the whole weight from `most` on. */
function costOf({ name, value, good, most }: Figure): number {
  if (value === null || value <= good) return 0;
  return Math.min(1, (value - good) / (most - good)) * BOUNDS[name].weight;
}

const CULPRITS_MAX = 4;
const BYTES_PER_PIXEL = 4;

/**
 * Where to begin with what is to be mended. `weigh` tells what a model costs, `pixels` how many an
 * image has; null: not known.
 */
export function culpritsOf(
  scenery: Scenery,
  name: FigureName,
  weigh: (path: string) => ModelWeight | null,
  pixels: (path: string) => number | null,
): Culprit[] {
  const ids = [...scenery.objects.keys()];
  switch (name) {
    case "triangles":
      return heaviest(
        byModel(scenery, ids),
        (path, count) => count * (weigh(path)?.triangles ?? 0),
      );
    case "textures": {
      const models = byModel(scenery, ids);
      const images = byImage(scenery, ids);
      // However often it is drawn, a texture is on the card once.
      return heaviest([...models, ...images], (path) => {
        return weigh(path)?.textureBytes || (pixels(path) ?? 0) * BYTES_PER_PIXEL;
      });
    }
    case "bodies":
      return some(
        "bodies",
        ids.filter((id) => isMoving(scenery, id)),
      );
    case "lights":
      return some(
        "lights",
        ids.filter((id) => scenery.properties(id).light),
      );
    case "drawCalls":
      return some("alone", withOwnMaterial(scenery, ids));
    case "objects":
      return [];
  }
}

function isMoving(scenery: Scenery, id: number): boolean {
  const kind = scenery.properties(id).body?.kind;
  return kind === "dynamic" || kind === "kinematic";
}

function some(kind: "bodies" | "lights" | "alone", ids: readonly number[]): Culprit[] {
  return ids.length > 0 ? [{ kind, ids }] : [];
}

type Used = Extract<Culprit, { path: string }>;

/** Those that weigh something, the heaviest first. */
function heaviest(all: readonly Used[], weigh: (path: string, count: number) => number): Culprit[] {
  return all
    .map((culprit) => ({ culprit, weight: weigh(culprit.path, culprit.ids.length) }))
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight)
    .slice(0, CULPRITS_MAX)
    .map(({ culprit }) => culprit);
}

function byModel(scenery: Scenery, ids: readonly number[]): Used[] {
  return grouped("model", ids, (id) =>
    (scenery.properties(id).visuals ?? []).flatMap(({ shape }) =>
      "model" in shape ? shape.model.path : [],
    ),
  );
}

function byImage(scenery: Scenery, ids: readonly number[]): Used[] {
  const materials = scenery.document.materials ?? {};
  return grouped("image", ids, (id) =>
    (scenery.properties(id).visuals ?? []).flatMap(({ material }) => {
      return (material ? materials[material]?.image?.path : undefined) ?? [];
    }),
  );
}

function grouped(
  kind: Used["kind"],
  ids: readonly number[],
  pathsOf: (id: number) => string[],
): Used[] {
  const groups = new Map<string, number[]>();
  for (const id of ids) {
    for (const path of new Set(pathsOf(id))) {
      const known = groups.get(path);
      if (known) known.push(id);
      else groups.set(path, [id]);
    }
  }
  return [...groups].map(([path, users]) => ({ kind, path, ids: users }));
}

/** What is drawn with a material that nothing else is drawn with. */
function withOwnMaterial(scenery: Scenery, ids: readonly number[]): number[] {
  const users = new Map<string, Set<number>>();
  for (const id of ids) {
    for (const { material } of scenery.properties(id).visuals ?? []) {
      if (!material) continue;
      const known = users.get(material) ?? new Set();
      users.set(material, known.add(id));
    }
  }
  const alone = [...users.values()].filter(({ size }) => size === 1).flatMap((one) => [...one]);
  return [...new Set(alone)];
}

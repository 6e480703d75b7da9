/** How heavy a world is for those who visit it, and what would make it lighter. */
import type { Scenery } from "./scenery";
import type { DrawingCost } from "./workbench";

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

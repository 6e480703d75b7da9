/**
 * What an object of the document looks like, part by part, before anybody decides how the parts are
 * drawn: merged, instanced or in a group of their own.
 */
import { Color, Matrix4, Quaternion, Vector3 } from "three";
import type { Collider, Visual, VisualShape, WorldDocument } from "../protocol/document";
import type { Assets } from "./assets";
import { disposeModel, loadModel, type ModelPart } from "./models";
import type { Quality } from "./quality";
import { type PlacedObject, quat, type Surface, surfaceOf, vec3 } from "./resolve";
import {
  ballSolid,
  boxSolid,
  capsuleSolid,
  cylinderSolid,
  facetedSolid,
  type Solid,
} from "./solids";
import { type TerrainColours, terrainSolid } from "./terrain";
import { textureBytesOf } from "./textures";
import type { ModelWeight, Vec3 } from "./view";

/** One part of an object; `local` is relative to the object. */
export type Draft =
  | { kind: "solid"; key: string; solid: Solid; surface: Surface; local: Matrix4 }
  | { kind: "model"; part: ModelPart; local: Matrix4 }
  | { kind: "water"; size: [number, number]; surface: Surface; local: Matrix4 }
  | { kind: "sign"; text: string; heightM: number; colour: string; local: Matrix4 };

/** A model on its way, and whoever waits for it. */
interface Load {
  done01: number;
  readonly listeners: Set<() => void>;
  whole: Promise<void>;
}

/** Solids that are kept for others of the same shape; a person who drags a scale makes many. */
const SOLIDS_MAX = 4_096;

export class Drafter {
  /** The document as it is now. */
  document: WorldDocument;
  readonly #quality: Quality;
  readonly #assets: Assets;
  readonly #solids = new Map<string, Solid>();
  readonly #models = new Map<string, ModelPart[]>();
  /** Models on their way. */
  readonly #loads = new Map<string, Load>();
  #isOver = false;
  #hullTriangles: ((points: readonly (readonly number[])[]) => number[][]) | null = null;
  #colliders = 0;

  constructor(document: WorldDocument, quality: Quality, assets: Assets) {
    this.document = document;
    this.#quality = quality;
    this.#assets = assets;
  }

  /** Whether everything is loaded that is needed to draw an object. */
  isReady(object: PlacedObject): boolean {
    const missing = modelsOf(object).some((path) => !this.#models.has(path));
    return !missing && (this.#hullTriangles !== null || !needsHulls(object));
  }

  /** Whether an object is drawn with a model that cannot be had. */
  isMissing(object: PlacedObject): boolean {
    return modelsOf(object).some((path) => this.#models.get(path)?.length === 0);
  }

  /** What a model costs to draw once; null: it is not here. */
  weightOf(path: string): ModelWeight | null {
    const parts = this.#models.get(path);
    if (!parts?.length) return null;
    const corners = parts.map(({ geometry }) => {
      return geometry.index?.count ?? geometry.getAttribute("position").count;
    });
    return {
      triangles: corners.reduce((sum, count) => sum + count / 3, 0),
      textureBytes: textureBytesOf(parts.map(({ material }) => material)),
    };
  }

  /** Loads what is needed to draw objects, and is not loaded yet; each model once. */
  async prepare(
    objects: readonly PlacedObject[],
    progress: (done01: number) => void,
  ): Promise<void> {
    const paths = new Set(objects.flatMap(modelsOf).filter((path) => !this.#models.has(path)));
    if (this.#hullTriangles === null && objects.some(needsHulls)) {
      this.#hullTriangles = (await import("./hull")).hullTriangles;
    }
    const loads = [...paths].map((path) => this.#loads.get(path) ?? this.#load(path));
    const tell = (): void => {
      progress(loads.reduce((sum, { done01 }) => sum + done01, 0) / loads.length);
    };
    for (const { listeners } of loads) listeners.add(tell);
    await Promise.all(loads.map(({ whole }) => whole));
  }

  #load(path: string): Load {
    const load: Load = { done01: 0, listeners: new Set(), whole: Promise.resolve() };
    const tell = (done01: number): void => {
      load.done01 = done01;
      for (const listen of load.listeners) listen();
    };
    load.whole = loadModel(path, this.#assets, this.#quality, tell).then((parts) => {
      this.#loads.delete(path);
      if (this.#isOver) disposeModel(parts);
      else this.#models.set(path, parts);
    });
    this.#loads.set(path, load);
    return load;
  }

  /** All that is drawn of an object, but for portals and lamps. */
  draft(object: PlacedObject): Draft[] {
    return (object.properties.visuals ?? []).flatMap((visual) => this.#visual(object, visual));
  }

  dispose(): void {
    this.#isOver = true;
    for (const parts of this.#models.values()) disposeModel(parts);
  }

  #visual(object: PlacedObject, visual: Visual): Draft[] {
    const { shape } = visual;
    const surface = surfaceOf(this.document, visual);
    const local = pose(
      new Vector3().fromArray(vec3(visual.offset_m, [0, 0, 0])).multiply(scaleOf(object)),
      visual.rotation,
    );
    if ("water" in shape) {
      const [width = 1, depth = 1] = shape.water.size_m;
      const size: [number, number] = [width * object.scale[0], depth * object.scale[2]];
      return [{ kind: "water", size, surface, local }];
    }
    if ("text" in shape) {
      const heightM = shape.text.height_m * object.scale[1];
      return [{ kind: "sign", text: shape.text.text, heightM, colour: surface.colour, local }];
    }
    if ("model" in shape) {
      const scaled = local.scale(scaleOf(object));
      const parts = this.#models.get(shape.model.path) ?? [];
      return parts.map((part) => ({
        kind: "model",
        part,
        local: scaled.clone().multiply(part.matrix),
      }));
    }
    if ("collider" in shape) {
      return (object.properties.colliders ?? []).flatMap((collider) =>
        this.#collider(object, collider, surface, local),
      );
    }
    const uneven = object.scale[0] !== object.scale[1] || object.scale[0] !== object.scale[2];
    const turned = uneven && !isUpright(local);
    const scale: Vec3 = turned ? [1, 1, 1] : object.scale;
    const key = `${JSON.stringify(shape)}|${scale.join()}`;
    return [
      {
        kind: "solid",
        key,
        solid: this.#solid(key, () => primitive(shape, scale, this.#quality)),
        surface,
        local: turned ? new Matrix4().makeScale(...object.scale).multiply(local) : local,
      },
    ];
  }

  #collider(object: PlacedObject, collider: Collider, surface: Surface, local: Matrix4): Draft[] {
    const solid = this.#colliderSolid(object, collider, surface);
    if (solid === null) return [];
    const at = pose(
      new Vector3().fromArray(vec3(collider.offset_m, [0, 0, 0])).multiply(scaleOf(object)),
      collider.rotation,
    );
    this.#colliders += 1;
    return [
      {
        kind: "solid",
        // Its own: no two are thought to be alike.
        key: `collider${this.#colliders}`,
        solid,
        surface: solid.colours ? { ...surface, colour: "#ffffff" } : surface,
        local: local.clone().multiply(at),
      },
    ];
  }

  #colliderSolid(object: PlacedObject, collider: Collider, surface: Surface): Solid | null {
    const shape = collider.shape;
    const scaled = (points: readonly (readonly number[])[]) =>
      points.map((point) => point.map((value, axis) => value * (object.scale[axis] ?? 1)));
    if ("heightfield" in shape) {
      const originM = object.position[1] + vec3(collider.offset_m, [0, 0, 0])[1];
      return terrainSolid(shape.heightfield, object.scale[1], this.#ground(surface, originM));
    }
    if ("mesh" in shape) {
      return facetedSolid(scaled(shape.mesh.vertices_m), shape.mesh.triangles);
    }
    if ("hull" in shape) {
      const points = scaled(shape.hull.points_m);
      return facetedSolid(points, this.#hullTriangles?.(points) ?? []);
    }
    return null;
  }

  /** Colours of a terrain from those of its material. */
  #ground(surface: Surface, originM: number): TerrainColours {
    const base = new Color(surface.colour);
    const waterM = highestWaterM(this.document);
    const rgb = (colour: Color) => [colour.r, colour.g, colour.b] as const;
    return {
      low: rgb(base),
      high: rgb(base.clone().lerp(new Color("#b9b77a"), 0.45)),
      rock: rgb(new Color("#8d8375").lerp(base, 0.12)),
      shore: rgb(new Color("#d9c99a")),
      waterM: waterM === null ? null : waterM - originM,
    };
  }

  #solid(key: string, make: () => Solid): Solid {
    let solid = this.#solids.get(key);
    if (!solid) {
      if (this.#solids.size >= SOLIDS_MAX) this.#solids.clear();
      solid = make();
      this.#solids.set(key, solid);
    }
    return solid;
  }
}

function pose(position: Vector3, rotation: readonly number[] | undefined): Matrix4 {
  const turned = new Quaternion().fromArray(quat(rotation));
  return new Matrix4().compose(position, turned, new Vector3(1, 1, 1));
}

function scaleOf(object: PlacedObject): Vector3 {
  return new Vector3().fromArray(object.scale);
}

/** The models that an object is drawn with. */
export function modelsOf({ properties }: Pick<PlacedObject, "properties">): string[] {
  return (properties.visuals ?? []).flatMap(({ shape }) =>
    "model" in shape ? [shape.model.path] : [],
  );
}

function needsHulls({ properties }: PlacedObject): boolean {
  const shown = properties.visuals?.some(({ shape }) => "collider" in shape) ?? false;
  return shown && (properties.colliders?.some(({ shape }) => "hull" in shape) ?? false);
}

/** The height (metres) of the highest water of a world; null without any. */
function highestWaterM(document: WorldDocument): number | null {
  let highest: number | null = null;
  for (const object of document.objects) {
    const base = object.blueprint ? document.blueprints?.[object.blueprint] : undefined;
    const visuals = object.properties?.visuals ?? base?.visuals ?? [];
    if (!visuals.some(({ shape }) => "water" in shape)) continue;
    highest = Math.max(highest ?? Number.NEGATIVE_INFINITY, object.position_m?.[1] ?? 0);
  }
  return highest;
}

/** Whether a pose has no rotation. */
function isUpright(pose: Matrix4): boolean {
  const e = pose.elements;
  return (e[0] ?? 0) > 0.99999 && (e[5] ?? 0) > 0.99999;
}

type Primitive = Exclude<
  VisualShape,
  { water: unknown } | { text: unknown } | { model: unknown } | { collider: unknown }
>;

function primitive(shape: Primitive, scale: Vec3, quality: Quality): Solid {
  const [sx, sy, sz] = scale;
  const round = (radius: number) =>
    Math.round(Math.min(48, Math.max(14, 22 + radius * 8)) * (0.3 + 0.7 * quality.detail));
  if ("box" in shape) {
    const [x = 1, y = 1, z = 1] = shape.box.size_m;
    return boxSolid([x * sx, y * sy, z * sz], quality.bevels);
  }
  if ("ball" in shape) return ballSolid(shape.ball.radius_m * sx, round(shape.ball.radius_m));
  if ("cylinder" in shape) {
    const { radius_m, height_m } = shape.cylinder;
    return cylinderSolid(radius_m * sx, radius_m * sx, height_m * sy, round(radius_m));
  }
  if ("cone" in shape) {
    const { radius_m, height_m } = shape.cone;
    return cylinderSolid(radius_m * sx, 0, height_m * sy, round(radius_m));
  }
  const { radius_m, height_m } = shape.capsule;
  return capsuleSolid(radius_m * sx, height_m * sy, round(radius_m));
}

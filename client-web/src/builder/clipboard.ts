/**
 * Copying and pasting as text, within a world and between worlds: objects with the materials and
 * blueprints that they use.
 */
import type { Material, Properties, Object as SceneObject, Visual } from "../protocol/document";
import { type Operation, PLACEHOLDERS } from "../protocol/operation";
import { boundsAt, centreOf, joined } from "./bounds";
import { isRecord } from "./edits";
import { freeKey, withoutId } from "./operations";
import { isSame } from "./same";
import { poseOf, type Scenery } from "./scenery";
import { add, rounded, type Vec3 } from "./vectors";

/** What text from the clipboard must call itself. */
const MARK = "vivarium objects";
const VERSION = 1;
/** Longer text is not looked into. */
const TEXT_CHARS_MAX = 4 * 1024 * 1024;
export const PASTED_MAX = 1_000;

export interface Copied {
  kind: typeof MARK;
  version: typeof VERSION;
  /** Ids are their places in this list; what is above comes first. */
  objects: SceneObject[];
  materials: Record<string, Material>;
  blueprints: Record<string, Properties>;
}

export function copyText(scenery: Scenery, ids: readonly number[]): string {
  const { document } = scenery;
  const all = scenery.families(ids);
  const places = new Map(all.map((id, index) => [id, index]));
  const copied: Copied = {
    kind: MARK,
    version: VERSION,
    objects: [],
    materials: {},
    blueprints: {},
  };
  const useMaterials = (properties: Properties | undefined): void => {
    for (const { material } of properties?.visuals ?? []) {
      const value = material ? document.materials?.[material] : undefined;
      if (material && value) copied.materials[material] = value;
    }
  };
  for (const id of all) {
    const object = scenery.objects.get(id);
    if (object === undefined) continue;
    const value = withoutId(object);
    const parent = value.parent === undefined ? undefined : places.get(value.parent);
    delete value.parent;
    if (parent !== undefined) value.parent = parent;
    copied.objects.push(value);
    useMaterials(value.properties);
    const blueprint = value.blueprint ? document.blueprints?.[value.blueprint] : undefined;
    if (value.blueprint && blueprint) {
      copied.blueprints[value.blueprint] = blueprint;
      useMaterials(blueprint);
    }
  }
  return JSON.stringify(copied);
}

/** What was copied; null: the text is something else. Details are left to the server to check. */
export function readCopied(text: string): Copied | null {
  if (text.length > TEXT_CHARS_MAX || !text.includes(MARK)) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(value) || value.kind !== MARK || value.version !== VERSION) return null;
  const { objects, materials, blueprints } = value;
  if (!Array.isArray(objects) || objects.length === 0 || objects.length > PASTED_MAX) return null;
  if (!objects.every(isPlausible) || !isRecord(materials) || !isRecord(blueprints)) return null;
  if (!Object.values(materials).every(isRecord)) return null;
  if (!Object.values(blueprints).every(isRecord)) return null;
  return value as unknown as Copied;
}

function isPlausible(object: unknown, index: number): boolean {
  if (!isRecord(object)) return false;
  const { position_m, parent, properties } = object;
  const placed =
    position_m === undefined ||
    (Array.isArray(position_m) && position_m.length === 3 && position_m.every(Number.isFinite));
  const below =
    parent === undefined ||
    (typeof parent === "number" && Number.isInteger(parent) && parent >= 0 && parent < index);
  const visuals = isRecord(properties) ? (properties.visuals ?? []) : [];
  return (
    placed && below && (properties === undefined || isRecord(properties)) && Array.isArray(visuals)
  );
}

/** The middle of what was copied, at its foot: where it touches what it is put onto. */
export function footOf({ objects, blueprints }: Copied): Vec3 {
  const boxes = objects.map((object) => {
    const base = object.blueprint ? blueprints[object.blueprint] : undefined;
    return boundsAt({ ...base, ...object.properties }, poseOf(object));
  });
  const all = joined(boxes) ?? { min: [0, 0, 0], max: [0, 0, 0] };
  const [x, , z] = centreOf(all);
  return rounded([x, all.min[1], z]);
}

/** What makes the copied objects here, moved by `offset`. */
export function pasteAll(scenery: Scenery, copied: Copied, offset: Vec3): Operation[] {
  const { document } = scenery;
  const materials = merge("material", copied.materials, document.materials ?? {});
  const redrawn = Object.fromEntries(
    Object.entries(copied.blueprints).map(([name, value]) => [
      name,
      repainted(value, materials.names),
    ]),
  );
  const blueprints = merge("blueprint", redrawn, document.blueprints ?? {});
  const names = new Set<string>();
  const creates = copied.objects.map((object, index): Operation => {
    const value = withoutId(object);
    value.position_m = rounded(add((value.position_m ?? [0, 0, 0]) as Vec3, offset));
    if (value.parent !== undefined) value.parent += PLACEHOLDERS;
    if (value.properties) value.properties = repainted(value.properties, materials.names);
    if (value.blueprint) value.blueprint = blueprints.names.get(value.blueprint) ?? value.blueprint;
    if (value.name) {
      value.name = scenery.freeName(value.name, names);
      names.add(value.name);
    }
    return { create: { object: PLACEHOLDERS + index, value } };
  });
  return [...materials.operations, ...blueprints.operations, ...creates];
}

function repainted(properties: Properties, names: ReadonlyMap<string, string>): Properties {
  if (!properties.visuals) return properties;
  const visuals = properties.visuals.map((visual): Visual => {
    const name = visual.material ? names.get(visual.material) : undefined;
    return name === undefined ? visual : { ...visual, material: name };
  });
  return { ...properties, visuals };
}

/**
 * Operations for what is missing, and under which names what was copied is found here. Something
 * else of the same name is left alone: what is pasted gets another name.
 */
function merge<Value extends Material | Properties>(
  kind: "material" | "blueprint",
  copied: Readonly<Record<string, Value>>,
  here: Readonly<Record<string, Value>>,
): { names: Map<string, string>; operations: Operation[] } {
  const taken = new Set(Object.keys(here));
  const names = new Map<string, string>();
  const operations: Operation[] = [];
  for (const [name, value] of Object.entries(copied)) {
    const known = Object.hasOwn(here, name) ? here[name] : undefined;
    if (known !== undefined && isSame(known, value)) {
      names.set(name, name);
      continue;
    }
    const free = freeKey(name, taken);
    taken.add(free);
    names.set(name, free);
    const made: unknown = { [kind]: { name: free, value } };
    operations.push(made as Operation);
  }
  return { names, operations };
}

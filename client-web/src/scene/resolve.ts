/**
 * Reads a world document into what is drawn: every object with its blueprint applied and every
 * default filled in. Pure; knows no three.js.
 */
import {
  type Image,
  idAt,
  type Material,
  type Pattern,
  type Properties,
  type Visual,
  type WorldDocument,
} from "../protocol/document";
import type { Quat, Vec3 } from "./view";

/** One object of the document, its blueprint applied. */
export interface PlacedObject {
  /** Its id in the document. */
  id: number;
  position: Vec3;
  rotation: Quat;
  scale: Vec3;
  /** Whether its pose changes while the world runs. */
  moving: boolean;
  properties: Properties;
}

/** A material with every default filled in. */
export interface Surface {
  colour: string;
  roughness: number;
  metalness: number;
  emissive: string | null;
  opacity: number;
  pattern: Pattern | null;
  image: Image | null;
}

const PLAIN: Surface = {
  colour: "#c9c4b8",
  roughness: 1,
  metalness: 0,
  emissive: null,
  opacity: 1,
  pattern: null,
  image: null,
};

export function placeObjects(document: WorldDocument): PlacedObject[] {
  return document.objects.map((_, index) => placeObject(document, index) as PlacedObject);
}

/** The object at a place in the list; null when there is none. */
export function placeObject(document: WorldDocument, index: number): PlacedObject | null {
  const object = document.objects[index];
  if (object === undefined) return null;
  const base = object.blueprint ? document.blueprints?.[object.blueprint] : undefined;
  const properties: Properties = { ...base };
  for (const [key, value] of Object.entries(object.properties ?? {})) {
    if (value !== null && value !== undefined) Object.assign(properties, { [key]: value });
  }
  return {
    id: idAt(document, index),
    position: vec3(object.position_m, [0, 0, 0]),
    rotation: quat(object.rotation),
    scale: vec3(object.scale, [1, 1, 1]),
    moving: properties.body?.kind === "dynamic" || properties.body?.kind === "kinematic",
    properties,
  };
}

/** The look of a visual; an unknown or absent material is a plain one. */
export function surfaceOf(document: WorldDocument, visual: Visual): Surface {
  const material: Material | undefined = visual.material
    ? document.materials?.[visual.material]
    : undefined;
  if (!material) return PLAIN;
  return {
    colour: material.colour,
    roughness: material.roughness ?? PLAIN.roughness,
    metalness: material.metalness ?? PLAIN.metalness,
    emissive: material.emissive ?? null,
    opacity: material.opacity ?? PLAIN.opacity,
    pattern: material.pattern ?? null,
    image: material.image ?? null,
  };
}

export function vec3(values: readonly number[] | null | undefined, absent: Vec3): Vec3 {
  if (!values) return absent;
  return [values[0] ?? absent[0], values[1] ?? absent[1], values[2] ?? absent[2]];
}

export function quat(values: readonly number[] | null | undefined): Quat {
  if (!values) return [0, 0, 0, 1];
  return [values[0] ?? 0, values[1] ?? 0, values[2] ?? 0, values[3] ?? 1];
}

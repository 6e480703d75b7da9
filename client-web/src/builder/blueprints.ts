/**
 * Blueprints, and properties of which one needs another. Pure: from the world as it is to a batch.
 *
 * The server checks a world after each operation of a batch, so that their order matters here.
 */
import type { Properties } from "../protocol/document";
import type { Operation, Property } from "../protocol/operation";
import { freeKey, setProperty } from "./operations";
import type { Scenery } from "./scenery";

/** Properties that change; null: they are the blueprint's again. */
export type Changing = { [Key in keyof Properties]?: Properties[Key] | null };

/** Names of all blueprints. */
export function blueprintNames(scenery: Scenery): string[] {
  return Object.keys(scenery.document.blueprints ?? {}).sort();
}

/** The name that a blueprint gets when somebody types `wanted`; empty: there is none in it. */
export function blueprintKey(wanted: string): string {
  const plain = wanted.trim().normalize("NFD").replace(/\p{M}/gu, "");
  return plain === "" ? "" : freeKey(plain, new Set());
}

/** Names of the blueprints that some object takes something from. */
export function usedBlueprints(scenery: Scenery): ReadonlySet<string> {
  return new Set(scenery.document.objects.flatMap(({ blueprint }) => blueprint ?? []));
}

/** How many objects take something from a blueprint. */
export function instanceCount(scenery: Scenery, name: string): number {
  return scenery.document.objects.filter(({ blueprint }) => blueprint === name).length;
}

/** Makes a blueprint of all that an object is, and the object its first instance: it looks the same. */
export function makeBlueprint(scenery: Scenery, id: number, name: string): Operation[] {
  const value = given(scenery.properties(id));
  const own = given(scenery.objects.get(id)?.properties ?? {});
  const keys = Object.keys(own) as (keyof Properties)[];
  return [
    { blueprint: { name, value } },
    { rebase: { object: id, blueprint: name } },
    ...keys.map((key) => setProperty(id, key, null)),
  ];
}

/** Gives the blueprint of an object what the object has of its own: all instances follow. */
export function putIntoBlueprint(scenery: Scenery, id: number, key: keyof Properties): Operation[] {
  const object = scenery.objects.get(id);
  const value = object?.properties?.[key];
  const name = object?.blueprint ?? null;
  if (name === null || value == null) return [];
  return [
    { set_blueprint: { name, property: { [key]: value } as Property } },
    setProperty(id, key, null),
  ];
}

/** The same for the blueprint as was meant for an object. */
export function forBlueprint(operations: readonly Operation[], name: string): Operation[] {
  return operations.map((operation) =>
    "set" in operation ? { set_blueprint: { name, property: operation.set.property } } : operation,
  );
}

/** A blueprint with some other properties, all at once. */
export function changeBlueprint(scenery: Scenery, name: string, changing: Changing): Operation[] {
  const value = given({ ...scenery.document.blueprints?.[name], ...changing });
  return [{ blueprint: { name, value } }];
}

/**
 * Changes properties of an object, in their order, but for a path, which only a kinematic body may
 * have: it comes after the body and goes before it.
 */
export function changeTogether(id: number, changing: Changing): Operation[] {
  const keys = Object.keys(changing) as (keyof Properties)[];
  const others = keys.filter((key) => key !== "mover");
  const path = keys.filter((key) => key === "mover");
  const inOrder = changing.mover == null ? [...path, ...others] : [...others, ...path];
  return inOrder.map((key) => setProperty(id, key, changing[key]));
}

/** Without what is null. */
function given(changing: Changing): Properties {
  const entries = Object.entries(changing).filter(([, value]) => value != null);
  return structuredClone(Object.fromEntries(entries));
}

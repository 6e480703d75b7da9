/**
 * A world document that takes operations: the twin of `shared/scene/src/scene/apply.rs`.
 *
 * Invariant: objects stand by ascending ids and each has its id; documents, objects, materials and
 * blueprints are replaced, never changed in place, so that whoever holds one keeps what it was.
 * Nothing is checked that the server has checked; what names something missing throws `Unfit`, and
 * the document must then be fetched anew.
 */
import { unreachable } from "../protocol/codec";
import {
  idAt,
  type Material,
  type Object as ObjectEntry,
  type Properties,
  type WorldDocument,
} from "../protocol/document";
import type { Operation, Property } from "../protocol/operation";

/** An operation that cannot be done on this document: an edit was missed. */
export class Unfit extends Error {}

/** What a batch of operations did, each set by object id. */
export interface Changes {
  created: Set<number>;
  deleted: Set<number>;
  /** There before and after, and not the same in every way. */
  changed: Set<number>;
  /** Of `changed`: somewhere else, or turned. */
  moved: Set<number>;
  /** Of `changed`: another scale, blueprint or property of its own or of its blueprint. */
  reshaped: Set<number>;
  /**
   * Whose colliders may not be what they were: exactly those that the server builds anew, too
   * (`server/world/src/edit/mod.rs`, `Changed.bodies`), so that both have the same tree.
   */
  bodies: Set<number>;
  /** Of `changed`: drawn with a material that is not as it was. */
  repainted: Set<number>;
  settings: boolean;
  environment: boolean;
  title: boolean;
  /** Whether somebody may do something else by now, which no document says. */
  permissions: boolean;
}

export function noChanges(): Changes {
  return {
    created: new Set(),
    deleted: new Set(),
    changed: new Set(),
    moved: new Set(),
    reshaped: new Set(),
    bodies: new Set(),
    repainted: new Set(),
    settings: false,
    environment: false,
    title: false,
    permissions: false,
  };
}

/** Properties that colliders come from. */
const BODILY: ReadonlySet<string> = new Set(["colliders", "body", "mover", "hinge", "sensor"]);

function isBodily(property: Property): boolean {
  return Object.keys(property).some((name) => BODILY.has(name));
}

/** A document that takes operations: every object has its id. The given one stays as it is. */
export function editable(document: WorldDocument): WorldDocument {
  const objects = document.objects.map((object, index) => ({
    ...object,
    id: idAt(document, index),
  }));
  const last = objects.at(-1)?.id ?? -1;
  return {
    ...document,
    materials: { ...document.materials },
    blueprints: { ...document.blueprints },
    objects,
    next_id: Math.max(document.next_id ?? 0, last + 1),
  };
}

/** Where in the list of an editable document an id is, or would be. */
export function placeOf(document: WorldDocument, id: number): number {
  let [low, high] = [0, document.objects.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (idAt(document, middle) < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The object of an id in an editable document; null when there is none. */
export function objectOf(document: WorldDocument, id: number): ObjectEntry | null {
  const object = document.objects[placeOf(document, id)];
  return object?.id === id ? object : null;
}

/** The properties of an object, with what it does not say itself taken from its blueprint. */
export function propertiesOf(document: WorldDocument, object: ObjectEntry): Properties {
  const base = object.blueprint === undefined ? undefined : document.blueprints?.[object.blueprint];
  return { ...base, ...object.properties };
}

/** A document after a batch of operations, and what they did. */
export interface Edited {
  document: WorldDocument;
  changes: Changes;
}

/**
 * Does all operations in order, or none and throws `Unfit`. `document` is what `editable` or this
 * gave, and stays as it is: what is given back shares with it whatever did not change.
 */
export function applyOperations(document: WorldDocument, operations: readonly Operation[]): Edited {
  const changes = noChanges();
  const after = { ...document, objects: document.objects.slice() };
  for (const operation of operations) apply(after, operation, changes);
  return { document: after, changes };
}

function apply(document: WorldDocument, operation: Operation, changes: Changes): void {
  if ("create" in operation) {
    create(document, operation.create.object, operation.create.value, changes);
  } else if ("duplicate" in operation) {
    const { object, of } = operation.duplicate;
    const value = objectOf(document, of);
    if (value === null) throw new Unfit(`there is no object ${of}`);
    const { name: _name, locked: _locked, ...copy } = value;
    create(document, object, copy, changes);
  } else if ("delete" in operation) {
    remove(document, operation.delete.object, changes);
  } else if ("place" in operation) {
    const { object, ...pose } = operation.place;
    const before = change(document, object, changes, (now) => ({ ...now, ...pose }));
    const scale = before.scale ?? [1, 1, 1];
    (same(scale, pose.scale) ? changes.moved : changes.reshaped).add(object);
    changes.moved.add(object);
    changes.bodies.add(object);
  } else if ("reparent" in operation) {
    const { object, parent } = operation.reparent;
    change(document, object, changes, (now) => withField(now, "parent", parent));
  } else if ("rename" in operation) {
    const { object, name } = operation.rename;
    change(document, object, changes, (now) => withField(now, "name", name));
  } else if ("lock" in operation) {
    const { object, locked } = operation.lock;
    change(document, object, changes, (now) => withField(now, "locked", locked || null));
  } else if ("rebase" in operation) {
    const { object, blueprint } = operation.rebase;
    change(document, object, changes, (now) => withField(now, "blueprint", blueprint));
    changes.reshaped.add(object);
    changes.bodies.add(object);
  } else if ("set" in operation) {
    const { object, property } = operation.set;
    change(document, object, changes, (now) => {
      return { ...now, properties: withProperty(now.properties ?? {}, property) };
    });
    changes.reshaped.add(object);
    if (isBodily(property)) changes.bodies.add(object);
  } else applyToWorld(document, operation, changes);
}

type WorldOperation = Extract<
  Operation,
  | { material: unknown }
  | { blueprint: unknown }
  | { set_blueprint: unknown }
  | { settings: unknown }
  | { environment: unknown }
  | { title: unknown }
  | { permission: unknown }
>;

function applyToWorld(document: WorldDocument, operation: WorldOperation, changes: Changes): void {
  if ("material" in operation) {
    const { name, value } = operation.material;
    document.materials = withEntry<Material>(document.materials, name, value);
    touch(document, changes, changes.repainted, (object) => paintedWith(document, object, name));
  } else if ("blueprint" in operation) {
    const { name, value } = operation.blueprint;
    setBlueprint(document, name, value, true, changes);
  } else if ("set_blueprint" in operation) {
    const { name, property } = operation.set_blueprint;
    const before = document.blueprints?.[name];
    if (before === undefined) throw new Unfit(`there is no blueprint "${name}"`);
    const value = withProperty(before, property);
    setBlueprint(document, name, value, isBodily(property), changes);
  } else if ("settings" in operation) {
    document.settings = operation.settings;
    changes.settings = true;
  } else if ("environment" in operation) {
    document.environment = operation.environment;
    changes.environment = true;
  } else if ("title" in operation) {
    document.title = operation.title.title;
    document.description = operation.title.description;
    changes.title = true;
  } else if ("permission" in operation) {
    changes.permissions = true;
  } else unreachable(operation);
}

function create(document: WorldDocument, id: number, value: ObjectEntry, changes: Changes): void {
  const place = placeOf(document, id);
  if (document.objects[place]?.id === id) throw new Unfit(`there is an object ${id} already`);
  document.objects.splice(place, 0, { ...value, id });
  document.next_id = Math.max(document.next_id ?? 0, id + 1);
  changes.bodies.add(id);
  if (changes.deleted.delete(id)) {
    // It came back within the batch, perhaps as another.
    for (const set of [changes.changed, changes.moved, changes.reshaped]) set.add(id);
  } else changes.created.add(id);
}

function remove(document: WorldDocument, id: number, changes: Changes): void {
  const place = placeOf(document, id);
  if (document.objects[place]?.id !== id) throw new Unfit(`there is no object ${id}`);
  document.objects.splice(place, 1);
  changes.bodies.add(id);
  for (const set of [changes.changed, changes.moved, changes.reshaped, changes.repainted]) {
    set.delete(id);
  }
  if (!changes.created.delete(id)) changes.deleted.add(id);
}

/** Gives the object as it was before. */
function change(
  document: WorldDocument,
  id: number,
  changes: Changes,
  act: (now: ObjectEntry) => ObjectEntry,
): ObjectEntry {
  const place = placeOf(document, id);
  const before = document.objects[place];
  if (before?.id !== id) throw new Unfit(`there is no object ${id}`);
  document.objects[place] = act(before);
  changes.changed.add(id);
  return before;
}

function setBlueprint(
  document: WorldDocument,
  name: string,
  value: Properties | null | undefined,
  isBodily: boolean,
  changes: Changes,
): void {
  document.blueprints = withEntry<Properties>(document.blueprints, name, value);
  const isInstance = (object: ObjectEntry) => object.blueprint === name;
  touch(document, changes, changes.reshaped, isInstance);
  if (isBodily) touch(document, changes, changes.bodies, isInstance);
}

/** Puts all objects of a kind among the changed ones. */
function touch(
  document: WorldDocument,
  changes: Changes,
  among: Set<number>,
  isMeant: (object: ObjectEntry) => boolean,
): void {
  for (const object of document.objects) {
    if (object.id === undefined || !isMeant(object)) continue;
    changes.changed.add(object.id);
    among.add(object.id);
  }
}

function paintedWith(document: WorldDocument, object: ObjectEntry, material: string): boolean {
  const { visuals } = propertiesOf(document, object);
  return visuals?.some((visual) => visual.material === material) ?? false;
}

function withField<K extends "parent" | "name" | "locked" | "blueprint">(
  object: ObjectEntry,
  key: K,
  value: ObjectEntry[K] | null,
): ObjectEntry {
  const { [key]: _, ...rest } = object;
  return value === null || value === undefined ? rest : { ...rest, [key]: value };
}

function withProperty(properties: Properties, property: Property): Properties {
  const after: Record<string, unknown> = { ...properties };
  for (const [key, value] of Object.entries(property)) {
    if (value === null || value === undefined) delete after[key];
    else after[key] = value;
  }
  return after;
}

function withEntry<T>(
  entries: Record<string, T> | undefined,
  name: string,
  value: T | null | undefined,
): Record<string, T> {
  const { [name]: _, ...rest } = entries ?? {};
  return value === null || value === undefined ? rest : { ...rest, [name]: value };
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

/**
 * What has changed between two versions of a document, when nobody told it edit by edit: so that a
 * world that was fetched anew need not be built anew.
 */
import {
  documentDefaults as defaults,
  type Object as ObjectEntry,
  type WorldDocument,
} from "../protocol/document";
import { type Changes, noChanges, propertiesOf } from "./apply";

/** What leads from `before` to `after`, both of them editable documents. */
export function compare(before: WorldDocument, after: WorldDocument): Changes {
  const changes = noChanges();
  const was = new Map(before.objects.map((object) => [object.id ?? -1, object]));
  const materials = changedEntries(before.materials, after.materials);
  const blueprints = changedEntries(before.blueprints, after.blueprints);
  for (const object of after.objects) {
    const id = object.id ?? -1;
    const earlier = was.get(id);
    was.delete(id);
    if (earlier === undefined) changes.created.add(id);
    else compareObjects(earlier, object, blueprints, changes);
    const { visuals } = propertiesOf(after, object);
    const painted = visuals?.some(
      ({ material }) => material !== undefined && materials.has(material),
    );
    if (earlier === undefined || !painted) continue;
    changes.changed.add(id);
    changes.repainted.add(id);
  }
  changes.deleted = new Set(was.keys());
  const { created, deleted, moved, reshaped } = changes;
  changes.bodies = new Set([...created, ...deleted, ...moved, ...reshaped]);
  changes.settings = !same(before.settings, after.settings);
  changes.environment = !same(before.environment, after.environment);
  changes.title = before.title !== after.title || before.description !== after.description;
  return changes;
}

function compareObjects(
  before: ObjectEntry,
  after: ObjectEntry,
  blueprints: ReadonlySet<string>,
  changes: Changes,
): void {
  const id = after.id ?? -1;
  const { position_m, rotation, scale } = defaults.object;
  const moved =
    !same(before.position_m ?? position_m, after.position_m ?? position_m) ||
    !same(before.rotation ?? rotation, after.rotation ?? rotation);
  const reshaped =
    before.blueprint !== after.blueprint ||
    (after.blueprint !== undefined && blueprints.has(after.blueprint)) ||
    !same(before.scale ?? scale, after.scale ?? scale) ||
    !same(before.properties ?? {}, after.properties ?? {});
  const described =
    before.name !== after.name ||
    before.parent !== after.parent ||
    (before.locked ?? false) !== (after.locked ?? false);
  if (moved) changes.moved.add(id);
  if (reshaped) changes.reshaped.add(id);
  if (moved || reshaped || described) changes.changed.add(id);
}

function changedEntries<T>(
  before: Record<string, T> | undefined,
  after: Record<string, T> | undefined,
): Set<string> {
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  return new Set([...names].filter((name) => !same(before?.[name], after?.[name])));
}

/** Whether two values of a document say the same; the order of fields says nothing. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((value, index) => same(value, b[index]));
  }
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  for (const key in left) if (!same(left[key], right[key])) return false;
  for (const key in right) if (right[key] !== undefined && !(key in left)) return false;
  return true;
}

/** What of an object differs, in words. */
import { type BuilderText, b } from "./words";

/** As the server names them (shared/scene/src/operation.rs and merge/mod.rs). */
const TEXTS: Readonly<Record<string, BuilderText>> = {
  place: "partPlace",
  parent: "aspectParent",
  name: "fieldName",
  lock: "aspectLock",
  blueprint: "fieldBlueprint",
  visuals: "partLooks",
  colliders: "partColliders",
  body: "partBody",
  mover: "aspectMover",
  hinge: "aspectHinge",
  light: "partLight",
  spawn: "partSpawn",
  portal: "partPortal",
  sensor: "partSensor",
  sound: "partSound",
  script: "aspectScript",
  companion: "partCompanion",
  object: "aspectObject",
  material: "fieldMaterial",
  settings: "aspectSettings",
  environment: "partSky",
  title: "fieldTitle",
};

/** "Place, Look"; empty when none of them has a name here. */
export function aspectsText(aspects: readonly string[]): string {
  return aspects.flatMap((aspect) => (TEXTS[aspect] ? [b(TEXTS[aspect])] : [])).join(", ");
}

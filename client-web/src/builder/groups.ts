/** Groups of objects as one thing: how much room they take, how they look, where they come. */
import type { Properties } from "../protocol/document";
import type { Operation } from "../protocol/operation";
import { boundsAt, centreOf, joined } from "./bounds";
import { type Copied, pasteAll } from "./clipboard";
import { poseOf, type Scenery } from "./scenery";
import { multiply, type Quat, rounded, subtract, turned, type Vec3 } from "./vectors";
import type { Bounds, Pose } from "./workbench";

/** The properties of each object, with those of its blueprint, and where it is. */
export function membersOf({
  objects,
  blueprints,
}: Copied): { properties: Properties; pose: Pose }[] {
  return objects.map((object) => {
    const base = object.blueprint ? blueprints[object.blueprint] : undefined;
    return { properties: { ...base, ...object.properties }, pose: poseOf(object) };
  });
}

export function boundsOfGroup(copied: Copied): Bounds {
  const boxes = membersOf(copied).map(({ properties, pose }) => boundsAt(properties, pose));
  return joined(boxes) ?? { min: [0, 0, 0], max: [0, 0, 0] };
}

/** The same group standing about the origin. */
export function standing(copied: Copied): Copied {
  const all = boundsOfGroup(copied);
  const [x, , z] = centreOf(all);
  const foot: Vec3 = [x, all.min[1], z];
  const objects = copied.objects.map((object) => ({
    ...object,
    position_m: rounded(subtract((object.position_m ?? [0, 0, 0]) as Vec3, foot)),
  }));
  return { ...copied, objects };
}

/** What makes a group whose foot is at the origin at a pose; it does not grow. */
export function placeGroup(scenery: Scenery, copied: Copied, pose: Pose): Operation[] {
  const { position, rotation } = pose;
  const objects = copied.objects.map((object) => {
    const own = poseOf(object);
    const turn = multiply(rotation, own.rotation);
    return {
      ...object,
      position_m: turned(own.position, rotation),
      ...(isNoTurn(turn) ? {} : { rotation: turn.map(tidy6) as Quat }),
    };
  });
  return pasteAll(scenery, { ...copied, objects }, position);
}

/** Fine enough that the length stays one. */
const tidy6 = (value: number): number => Math.round(value * 1e6) / 1e6 + 0;

const isNoTurn = (q: Quat): boolean => Math.abs(q[3]) > 1 - 1e-9;

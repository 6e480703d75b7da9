/** Who of those in the picture is meant: by standing before somebody, or by pointing at somebody. */
import type { AvatarView, Vec3 } from "../scene/view";
import { type Company, entityOf } from "./company";

/** From here on somebody may be spoken to: metres. */
export const PROMPT_M = 6;
/** How far (metres) a companion hears what is said to it. */
export const HEARS_M = 12;
/** Whoever is meant already stays so a little longer. */
const KEPT_FACTOR = 0.8;
/** Where a body is: metres above and below the middle of its capsule, and to each side. */
const ABOVE_M = 0.85;
const BESIDE_M = 0.4;

/** The companion of an avatar; null: it is a person's. */
export function companionOf({ entity, companion }: AvatarView): number | null {
  return companion == null ? null : entityOf(entity);
}

function distanceM([x, y, z]: Vec3, [toX, toY, toZ]: Vec3): number {
  return Math.hypot(toX - x, toY - y, toZ - z);
}

/** Who is before somebody at `own` who looks to `yaw`: the nearest, rather before than behind. */
export function companionBefore(
  avatars: readonly AvatarView[],
  own: Vec3,
  yaw: number,
  kept: number | null,
): number | null {
  let [best, least] = [null as number | null, Number.POSITIVE_INFINITY];
  for (const avatar of avatars) {
    const companion = companionOf(avatar);
    if (companion === null) continue;
    const away = distanceM(own, avatar.position);
    if (away > PROMPT_M) continue;
    const [dx, dz] = [avatar.position[0] - own[0], avatar.position[2] - own[2]];
    const ahead = (-Math.sin(yaw) * dx - Math.cos(yaw) * dz) / Math.max(0.01, Math.hypot(dx, dz));
    const weight = (0.5 + away) * (2 - ahead) * (companion === kept ? KEPT_FACTOR : 1);
    if (weight >= least) continue;
    [best, least] = [companion, weight];
  }
  return best;
}

/** Tells what is seen of companions: who is near, and how the one is with whom the person talks. */
export function lookAround(
  company: Company,
  avatars: readonly AvatarView[],
  own: Vec3,
  yaw: number,
): void {
  if (company.cards.peek().size === 0) return;
  company.near.value = companionBefore(avatars, own, yaw, company.near.peek());
  const talkingTo = company.talkingTo.peek();
  if (talkingTo === null) return;
  const seen = avatars.find((avatar) => companionOf(avatar) === talkingTo);
  company.mood.value = seen?.companion?.emotion ?? null;
  company.inReach.value = seen !== undefined && distanceM(own, seen.position) <= HEARS_M;
}

/** Who is at a point of the window; `screenOf` says where a point of the world is there. */
export function companionAt(
  avatars: readonly AvatarView[],
  own: Vec3,
  at: { x: number; y: number },
  screenOf: (point: Vec3) => { x: number; y: number } | null,
): number | null {
  let [best, least] = [null as number | null, HEARS_M];
  for (const avatar of avatars) {
    const companion = companionOf(avatar);
    const away = distanceM(own, avatar.position);
    if (companion === null || away >= least) continue;
    const [x, y, z] = avatar.position;
    const [top, bottom] = [screenOf([x, y + ABOVE_M, z]), screenOf([x, y - ABOVE_M, z])];
    if (top === null && bottom === null) continue;
    const middle = screenOf([x, y, z]) ?? top ?? bottom;
    if (middle === null) continue;
    const high = Math.abs((top ?? middle).y - (bottom ?? middle).y) / (top && bottom ? 2 : 1);
    const wide = Math.max(14, (high / ABOVE_M) * BESIDE_M);
    if (Math.abs(at.x - middle.x) > wide || Math.abs(at.y - middle.y) > Math.max(14, high))
      continue;
    [best, least] = [companion, away];
  }
  return best;
}

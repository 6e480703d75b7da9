/**
 * Names and speech above heads. They keep their size on the screen at a distance, fade out far
 * away, and are hidden behind walls.
 */
import { Group, MathUtils, Sprite, SpriteMaterial, type Vector3 } from "three";
import { CENTRE_ABOVE_FEET_M } from "./avatar/actor";
import { HEAD_TOP_M } from "./avatar/character";
import { drawBubble, drawName, type Lettering } from "./lettering";
import type { AvatarView } from "./view";

/** Where names begin to fade and where they are gone, metres. */
const NAME_FADE_M = [22, 32] as const;
const BUBBLE_FADE_M = [30, 42] as const;
/** Names shown at once, nearest first. */
const NAMES_MAX = 28;
const BUBBLES_MAX = 14;
/** Least height of a capital on the screen (CSS pixels) and in the world (metres). */
const NAME_CAPITAL_PX = 9;
const NAME_CAPITAL_M = 0.05;
const BUBBLE_CAPITAL_PX = 10.5;
const BUBBLE_CAPITAL_M = 0.058;

interface Tag {
  key: string;
  sprite: Sprite;
  lettering: Lettering;
}

interface Tags {
  name: Tag | null;
  bubble: Tag | null;
}

export class Labels {
  readonly root = new Group();
  #tags = new Map<number, Tags>();

  /** `metresPerPx` is what a CSS pixel of the picture is at one metre. */
  update(
    avatars: readonly AvatarView[],
    eye: Vector3,
    metresPerPx: number,
    inOwnHead: boolean,
  ): void {
    const near = avatars
      .map((avatar) => ({ avatar, distance: distanceTo(eye, avatar) }))
      .sort((a, b) => a.distance - b.distance);
    let names = 0;
    let bubbles = 0;
    const seen = new Set<number>();
    for (const { avatar, distance } of near) {
      const hidden = avatar.self && inOwnHead;
      const wantsName =
        !avatar.self && names < NAMES_MAX && distance < NAME_FADE_M[1] && avatar.name !== "";
      const wantsBubble =
        !hidden && avatar.bubble !== null && bubbles < BUBBLES_MAX && distance < BUBBLE_FADE_M[1];
      if (!wantsName && !wantsBubble) continue;
      seen.add(avatar.entity);
      const tags = this.#tags.get(avatar.entity) ?? { name: null, bubble: null };
      this.#tags.set(avatar.entity, tags);
      const [x, y, z] = avatar.position;
      let top = y - CENTRE_ABOVE_FEET_M + HEAD_TOP_M + 0.16;
      if (avatar.tracked?.head)
        top = y - CENTRE_ABOVE_FEET_M + avatar.tracked.head.position[1] + 0.6;
      const px = metresPerPx * distance;
      if (wantsName) {
        names += 1;
        const accent = `rgb(${avatar.look.accent.join(",")})`;
        tags.name = this.#fit(tags.name, `${avatar.name}|${accent}`, () =>
          drawName(avatar.name, accent),
        );
        const capital = Math.max(NAME_CAPITAL_M, NAME_CAPITAL_PX * px);
        const fade = 1 - MathUtils.smoothstep(distance, ...NAME_FADE_M);
        top += this.#show(tags.name, x, top, z, capital, fade * (avatar.present ? 1 : 0.5));
      } else {
        tags.name = this.#drop(tags.name);
      }
      if (wantsBubble && avatar.bubble !== null) {
        bubbles += 1;
        const text = avatar.bubble;
        tags.bubble = this.#fit(tags.bubble, text, () => drawBubble(text));
        const capital = Math.max(BUBBLE_CAPITAL_M, BUBBLE_CAPITAL_PX * px);
        const fade = 1 - MathUtils.smoothstep(distance, ...BUBBLE_FADE_M);
        this.#show(tags.bubble, x, top + 0.02, z, capital, fade);
      } else {
        tags.bubble = this.#drop(tags.bubble);
      }
    }
    for (const [entity, tags] of this.#tags) {
      if (seen.has(entity)) continue;
      this.#drop(tags.name);
      this.#drop(tags.bubble);
      this.#tags.delete(entity);
    }
  }

  dispose(): void {
    for (const tags of this.#tags.values()) {
      this.#drop(tags.name);
      this.#drop(tags.bubble);
    }
    this.#tags.clear();
  }

  /** The height that the tag takes, metres. */
  #show(tag: Tag, x: number, y: number, z: number, capitalM: number, opacity: number): number {
    const height = capitalM * tag.lettering.capitals;
    tag.sprite.position.set(x, y, z);
    tag.sprite.scale.set(height * tag.lettering.aspect, height, 1);
    tag.sprite.material.opacity = opacity;
    return height;
  }

  #fit(tag: Tag | null, key: string, make: () => Lettering): Tag {
    if (tag?.key === key) return tag;
    this.#drop(tag);
    const lettering = make();
    const sprite = new Sprite(
      new SpriteMaterial({
        map: lettering.texture,
        transparent: true,
        depthWrite: false,
        fog: false,
        toneMapped: false,
      }),
    );
    sprite.center.set(0.5, 0);
    sprite.renderOrder = 10;
    this.root.add(sprite);
    return { key, sprite, lettering };
  }

  #drop(tag: Tag | null): null {
    if (tag) {
      this.root.remove(tag.sprite);
      tag.sprite.material.dispose();
      tag.lettering.texture.dispose();
    }
    return null;
  }
}

function distanceTo(eye: Vector3, avatar: AvatarView): number {
  const [x, y, z] = avatar.position;
  return Math.hypot(x - eye.x, y + 0.8 - eye.y, z - eye.z);
}

/**
 * Names and speech above heads. They keep their size on the screen at a distance, fade out far
 * away, and are hidden behind walls.
 */
import { Group, MathUtils, Sprite, SpriteMaterial, type Vector3 } from "three";
import { CENTRE_ABOVE_FEET_M } from "./avatar/actor";
import { HEAD_TOP_M } from "./avatar/character";
import { drawBubble, drawDots, drawName, drawSpeech, type Lettering } from "./lettering";
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

/** How quickly the bright one of three dots wanders. */
const DOTS_PER_S = 3;

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

  /**
   * `metresPerPx` is what a CSS pixel of the picture is at one metre; `fromMemory` is written where a
   * companion answered without a language model.
   */
  update(
    avatars: readonly AvatarView[],
    timeS: number,
    fromMemory: string,
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
        !hidden && hasBubble(avatar) && bubbles < BUBBLES_MAX && distance < BUBBLE_FADE_M[1];
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
        const leaf = avatar.companion != null;
        tags.name = this.#fit(tags.name, `${avatar.name}|${accent}|${leaf}`, () =>
          drawName(avatar.name, accent, leaf),
        );
        const capital = Math.max(NAME_CAPITAL_M, NAME_CAPITAL_PX * px);
        const fade = 1 - MathUtils.smoothstep(distance, ...NAME_FADE_M);
        top += this.#show(tags.name, x, top, z, capital, fade * (avatar.present ? 1 : 0.5));
      } else {
        tags.name = this.#drop(tags.name);
      }
      if (wantsBubble) {
        bubbles += 1;
        tags.bubble = this.#speak(tags.bubble, avatar, timeS, fromMemory);
        const capital = Math.max(BUBBLE_CAPITAL_M, BUBBLE_CAPITAL_PX * px);
        const far = 1 - MathUtils.smoothstep(distance, ...BUBBLE_FADE_M);
        const fade = far * (avatar.companion?.bubble01 ?? 1);
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

  /** The bubble of an avatar that has one. */
  #speak(tag: Tag | null, avatar: AvatarView, timeS: number, fromMemory: string): Tag {
    const text = avatar.bubble ?? "";
    const being = avatar.companion;
    if (!being) return this.#fit(tag, text, () => drawBubble(text));
    if (being.thinking) {
      const bright = Math.floor(timeS * DOTS_PER_S) % 3;
      return this.#fit(tag, `\u0000${bright}`, () => drawDots(bright));
    }
    const badge = being.reduced ? fromMemory : null;
    return this.#fit(tag, `${text}\u0000${badge ?? ""}`, () => drawSpeech(text, badge));
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

function hasBubble({ bubble, companion }: AvatarView): boolean {
  return bubble !== null || companion?.thinking === true;
}

function distanceTo(eye: Vector3, avatar: AvatarView): number {
  const [x, y, z] = avatar.position;
  return Math.hypot(x - eye.x, y + 0.8 - eye.y, z - eye.z);
}

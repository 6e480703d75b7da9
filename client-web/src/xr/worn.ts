/**
 * A headset in this page, loaded when somebody puts one on: joins its eyes and hands to the avatar,
 * to the picture and to whoever builds.
 *
 * Owns the room. The avatar moves as ever, by inputs that are predicted here and decided by the
 * server; the room follows it.
 */
import { effect, signal } from "@preact/signals";
import { t } from "../i18n/translate";
import type { ControlState } from "../input/controls";
import type { TrackedPoses } from "../protocol/generated";
import type { Hand, Headset, Side } from "../scene/headset";
import type { Scene } from "../scene/scene";
import type { PoseView, Vec3 } from "../scene/view";
import type { Worn } from "../stage";
import type { Store } from "../ui/store";
import type { Hands, Uses } from "./hands";
import { Room } from "./room";
import { Steering } from "./steering";
import { trackedPose } from "./tracked";

export interface WornParts {
  session: XRSession;
  scene: Scene;
  store: Store;
  /** Where the camera looks so far, radians. */
  yaw: number;
  /** Opens or closes the builder. */
  build(): void;
  /** Called when a picture is wanted. */
  picture(): void;
  /** The session is over; `yaw` is where the person looked at last. */
  ended(yaw: number): void;
}

/** Half of the capsule's height. */
const FOOT_M = 0.85;
const STEP_S_MAX = 0.1;

/** Goes into the session. */
export async function wear(parts: WornParts): Promise<Worn> {
  let worn: WornHeadset | null = null;
  const headset = await parts.scene.wear(parts.session, parts.picture, () => {
    worn?.dispose();
    parts.ended(worn?.heading ?? parts.yaw);
  });
  worn = new WornHeadset(headset, parts);
  return worn;
}

class WornHeadset implements Worn, Hands {
  readonly left: Hand;
  readonly right: Hand;
  readonly uses: Uses = { left: false, right: false, buttons: false };
  readonly #headset: Headset;
  readonly #parts: WornParts;
  readonly #room = new Room();
  readonly #steering = new Steering();
  readonly #acts = new Set<(nowMs: number) => void>();
  readonly #feet: Vec3 = [0, 0, 0];
  readonly #eyes: PoseView = { position: [0, 0, 0], rotation: [0, 0, 0, 1] };
  readonly #stopTelling: () => void;
  /** The heading to which the person is turned once it is known where they look; null: done. */
  #wanted: number | null;
  #lastMs = 0;
  #wasPressed = true;
  readonly #notice = signal<string | null>(null);

  constructor(headset: Headset, parts: WornParts) {
    this.#headset = headset;
    this.#parts = parts;
    this.#wanted = parts.yaw;
    this.left = headset.left;
    this.right = headset.right;
    this.#stopTelling = effect(() => this.#show());
  }

  get hands(): Hands {
    return this;
  }

  /** Where the person looks, radians. */
  get heading(): number {
    return this.#room.headingOf(this.#headset.head);
  }

  read(): ControlState {
    const { head, left, right } = this.#headset;
    if (this.#wanted !== null) this.#room.face(head, this.#wanted);
    this.#wanted = null;
    if (right.stick && !this.#wasPressed) this.#parts.build();
    this.#wasPressed = right.stick;
    return this.#steering.read(head, left, right, this.uses, this.#room);
  }

  face(yaw: number): void {
    this.#wanted = yaw;
  }

  stand([x, y, z]: Vec3, nowMs: number): void {
    const dtS = Math.min(STEP_S_MAX, Math.max(0, nowMs - this.#lastMs) / 1_000);
    this.#lastMs = nowMs;
    this.#feet[0] = x;
    this.#feet[1] = y - FOOT_M;
    this.#feet[2] = z;
    this.#room.stand(this.#feet, dtS);
    this.#headset.place(this.#room.origin, this.#room.yaw);
    for (const act of this.#acts) act(nowMs);
  }

  poses(): TrackedPoses {
    const { heading } = this;
    this.#room.carry(this.#headset.head, this.#eyes);
    const hand = (side: Hand) =>
      side.isThere ? trackedPose(side, this.#room.feet, heading) : null;
    return {
      head: trackedPose(this.#eyes, this.#room.feet, heading),
      left: hand(this.left),
      right: hand(this.right),
    };
  }

  point(side: Side, lengthM: number | null, meets: boolean): void {
    this.#headset.point(side, lengthM, meets);
  }

  pulse(side: Side): void {
    this.#headset.pulse(side);
  }

  tell(text: string | null): void {
    this.#notice.value = text;
  }

  each(act: (nowMs: number) => void): () => void {
    this.#acts.add(act);
    return () => this.#acts.delete(act);
  }

  end(): void {
    // Over already is as good.
    this.#parts.session.end().catch(() => undefined);
  }

  dispose(): void {
    this.#stopTelling();
    this.#acts.clear();
  }

  /** What matters most of what the page would show. */
  #show(): void {
    const { interruption, remark } = this.#parts.store;
    const isLost = interruption.value !== null;
    const said = this.#notice.value ?? remark.value;
    this.#headset.tell(isLost ? t("reconnecting") : said);
  }
}

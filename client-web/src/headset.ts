/**
 * The way into a headset. Owns whether there is one, and asks for its session; what draws and steers
 * in it is loaded when somebody puts it on.
 */
import type { Stage } from "./stage";
import type { Store } from "./ui/store";

export interface HeadsetParts {
  store: Store;
  /** Null: no world is shown. */
  stage(): Stage | null;
  /** Opens or closes the builder. */
  build(): void;
  /** Told when the headset cannot be used. */
  failed(): void;
}

export class HeadsetDoor {
  readonly #parts: HeadsetParts;
  #isOpening = false;

  constructor(parts: HeadsetParts) {
    this.#parts = parts;
    const { xr } = navigator;
    if (xr === undefined) return;
    const look = (): void => {
      xr.isSessionSupported("immersive-vr").then(
        (isThere) => {
          parts.store.headset.value = isThere;
        },
        () => undefined,
      );
    };
    xr.addEventListener("devicechange", look);
    look();
  }

  /** Goes into the headset, or out of it. */
  async toggle(): Promise<void> {
    const { stage, failed } = this.#parts;
    const shown = stage();
    const worn = shown?.worn.peek();
    if (worn) worn.end();
    if (worn || this.#isOpening || shown === null) return;
    this.#isOpening = true;
    try {
      // Asked for at once: browsers want to see that a person has just pressed something.
      const session = await navigator.xr?.requestSession("immersive-vr", {
        requiredFeatures: ["local-floor"],
      });
      if (session === undefined) return;
      // The person may have left the world meanwhile.
      if (stage() === shown) await this.#wear(shown, session);
      else await session.end();
    } catch {
      failed();
    } finally {
      this.#isOpening = false;
    }
  }

  /** Nobody is left in a session in which nothing is drawn. */
  async #wear(shown: Stage, session: XRSession): Promise<void> {
    try {
      await shown.wear(session, this.#parts.build);
    } catch (error) {
      // Over already is as good.
      await session.end().catch(() => undefined);
      throw error;
    }
  }
}

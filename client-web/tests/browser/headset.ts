/** A headset for a page: an emulated one, with a head and hands that a test moves about a room. */
import { createRequire } from "node:module";
import type { BrowserContext, Page } from "@playwright/test";
import type { XRDevice } from "iwer";
import { headingOf } from "../../src/input/vectors";

type Vec3 = [number, number, number];
type Side = "left" | "right";
type Button = "trigger" | "squeeze" | "thumbstick" | "a-button" | "b-button" | "x-button";

declare global {
  interface Window {
    readonly IWER: typeof import("iwer");
    readonly headset: XRDevice;
  }
}

/** Gives pages that are opened from now on a headset. */
export async function giveHeadset(context: BrowserContext): Promise<void> {
  const resolve = createRequire(import.meta.url).resolve;
  await context.addInitScript({ path: resolve("iwer/build/iwer.min.js") });
  await context.addInitScript(() => {
    const { XRDevice: Device, metaQuest3 } = window.IWER;
    const headset = new Device(metaQuest3);
    headset.installRuntime({ forceInstall: true });
    headset.stereoEnabled = true;
    Object.defineProperty(window, "headset", { value: headset });
  });
}

/** What a person does who wears the headset. Places are in the room: metres from its middle. */
export class Wearer {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** Puts a hand somewhere, pointing along a direction, rolled to the left by degrees. */
  async hold(side: Side, position: Vec3, direction: Vec3, rollDeg = 0): Promise<void> {
    const [x, y, z] = direction;
    const turn = [headingOf(x, z), Math.atan2(y, Math.hypot(x, z)), (rollDeg * Math.PI) / 180];
    await this.#page.evaluate(
      ([which, place, [yaw = 0, pitch = 0, roll = 0]]) => {
        const controller = window.headset.controllers[which];
        if (controller === undefined) throw new Error(`there is no ${which} hand`);
        controller.position.set(...place);
        const [sy, cy] = [Math.sin(yaw / 2), Math.cos(yaw / 2)];
        const [sx, cx] = [Math.sin(pitch / 2), Math.cos(pitch / 2)];
        const [sz, cz] = [Math.sin(roll / 2), Math.cos(roll / 2)];
        // Turned, then raised, then rolled.
        const [qx, qy, qz, qw] = [cy * sx, sy * cx, -sy * sx, cy * cx];
        controller.quaternion.set(
          qx * cz + qy * sz,
          qy * cz - qx * sz,
          qz * cz + qw * sz,
          qw * cz - qz * sz,
        );
      },
      [side, position, turn] as [Side, Vec3, number[]],
    );
    await this.pictures();
  }

  /** Presses a button, or lets go of it. */
  async press(side: Side, button: Button, isDown: boolean): Promise<void> {
    await this.#page.evaluate(
      ([which, id, value]) => window.headset.controllers[which]?.updateButtonValue(id, value),
      [side, button, isDown ? 1 : 0] as [Side, Button, number],
    );
    await this.pictures();
  }

  async click(side: Side, button: Button): Promise<void> {
    await this.press(side, button, true);
    await this.press(side, button, false);
  }

  /** Holds a stick; to the right and away from the person positive. */
  async stick(side: Side, right: number, up: number): Promise<void> {
    await this.#page.evaluate(
      ([which, x, y]) => window.headset.controllers[which]?.updateAxes("thumbstick", x, y),
      [side, right, -up] as [Side, number, number],
    );
    await this.pictures();
  }

  /** How high the head is, metres. */
  headUp(): Promise<number> {
    return this.#page.evaluate(() => window.headset.position.y);
  }

  /** Waits until the headset has shown some pictures. */
  async pictures(count = 2): Promise<void> {
    await this.#page.evaluate(async (wanted) => {
      for (let seen = 0; seen < wanted; seen += 1) {
        const session = window.headset.activeSession;
        await new Promise((next) => session?.requestAnimationFrame(next) ?? next(0));
      }
    }, count);
  }
}

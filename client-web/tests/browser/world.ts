/**
 * What the stories need: a server started by the real command, pages that fail on errors in the
 * console, and people who walk by the keyboard and the mouse alone.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import {
  type Browser,
  type BrowserContextOptions,
  test as base,
  expect,
  type Page,
} from "@playwright/test";
import type { Object as SceneObject, WorldDocument } from "../../src/protocol/document";
import type { VivariumState } from "../../src/window";
import { writeCourt } from "./court";

const ROOT = resolve(import.meta.dirname, "../../..");
const BINARY = process.env.VIVARIUM_BINARY ?? join(ROOT, "target/release/vivarium");
const READY = /open at (http:\/\/\S+?)\/?$/;
/** What the server says when nobody owns it yet. */
const INVITED = /#invitation=([0-9a-f]+)/;
const READY_MS_MAX = 30_000;

/** Starts `vivarium serve` on a free port and gives its address. */
async function startServer(
  data: string,
  more: readonly string[],
): Promise<{ address: string; invitation: Promise<string>; child: ChildProcess }> {
  const child = spawn(BINARY, ["serve", "--listen", "127.0.0.1:0", "--data", data, ...more], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  let invited: (secret: string) => void;
  const invitation = new Promise<string>((done) => {
    invited = done;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-8_000);
  });
  const address = await new Promise<string>((ready, failed) => {
    const timer = setTimeout(() => failed(new Error(`no address was told:\n${log}`)), READY_MS_MAX);
    child.once("error", failed);
    child.once("exit", (code) => failed(new Error(`${BINARY} ended with ${code}:\n${log}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const secret = INVITED.exec(line)?.[1];
      if (secret !== undefined) invited(secret);
      const found = READY.exec(line)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      ready(found);
    });
  });
  return { address, invitation, child };
}

async function stopServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((done) => child.once("exit", done));
  child.kill("SIGTERM");
  await ended;
}

/** A person in front of a browser. */
export class Visitor {
  readonly page: Page;
  readonly errors: string[] = [];
  /** How often the page was loaded. */
  loads = 0;

  constructor(page: Page) {
    this.page = page;
    page.on("pageerror", (error) => this.errors.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") this.errors.push(message.text());
    });
    page.on("load", () => {
      this.loads += 1;
    });
  }

  /** Opens the entrance and enters a world, over a transport of the test's choice. */
  async enter(address: string, name: string, world = "plaza", transport = ""): Promise<void> {
    await this.page.goto(`${address}/?quality=low&world=${world}&transport=${transport}`);
    await this.goIn(name, world);
  }

  /** Opens the entrance with an invitation, and enters a world. */
  async enterInvited(address: string, name: string, invitation: string): Promise<void> {
    await this.page.goto(`${address}/?quality=low#invitation=${invitation}`);
    await expect(this.page.getByText(/^You are now|^You may now/)).toBeVisible();
    expect(new URL(this.page.url()).hash).toBe("");
    await this.goIn(name, "plaza");
  }

  private async goIn(name: string, world: string): Promise<void> {
    await this.page.getByLabel("Your name").fill(name);
    await this.page.getByRole("button", { name: /^Enter / }).click();
    await this.arrive(world);
  }

  /** Waits until a world is there and the avatar stands in it. */
  async arrive(world: string): Promise<void> {
    await this.page.waitForFunction(
      (name) => {
        const state = window.vivarium;
        return state.screen === "world" && state.world === name && state.own?.grounded === true;
      },
      world,
      { timeout: 60_000 },
    );
    await expect(this.page.locator(".curtain")).toHaveAttribute("data-drawn", "false");
  }

  /** What the page knows. */
  look<T>(read: (state: VivariumState) => T): Promise<T> {
    return this.page.evaluate(`(${read.toString()})(window.vivarium)`) as Promise<T>;
  }

  /** Keeps a picture of the page with the results of the test. */
  async shoot(name: string): Promise<void> {
    const path = base.info().outputPath(`${name}.png`);
    await this.page.screenshot({ path });
    await base.info().attach(name, { path, contentType: "image/png" });
  }

  position(): Promise<[number, number, number]> {
    return this.look((state) => state.own?.position ?? [0, 0, 0]);
  }

  /** Puts the keyboard into the world. */
  async focusWorld(): Promise<void> {
    await this.page.locator(".world-canvas").focus();
  }

  /** Turns the camera to a heading (radians) by dragging the mouse. */
  async turnTo(yaw: number): Promise<void> {
    const size = this.page.viewportSize() ?? { width: 640, height: 360 };
    for (let attempt = 0; attempt < 6; attempt += 1) {
      const now = await this.look((state) => state.camera?.yaw ?? 0);
      const turn = Math.atan2(Math.sin(yaw - now), Math.cos(yaw - now));
      if (Math.abs(turn) < 0.03) return;
      // One drag of the mouse turns by 0.0052 radians a pixel; the window is only so wide.
      const pixels = Math.max(-size.width * 0.4, Math.min(size.width * 0.4, -turn / 0.0052));
      // Below the middle, where no button offers to talk to anybody.
      const middle = { x: size.width / 2, y: size.height * 0.6 };
      // Up or down as well when it is short: it would be a click on whoever stands there.
      const aside = Math.abs(pixels) > 9 ? 0 : attempt % 2 === 0 ? 9 : -9;
      await this.page.mouse.move(middle.x, middle.y);
      await this.page.mouse.down();
      await this.page.mouse.move(middle.x + pixels, middle.y + aside, { steps: 4 });
      await this.page.mouse.up();
      await this.page.waitForFunction((before) => window.vivarium.camera?.yaw !== before, now);
    }
    throw new Error("the camera does not turn");
  }

  /** Walks towards a point on the ground until it is nearer than `withinM`. */
  async walkTo(x: number, z: number, withinM = 0.6, run = false): Promise<void> {
    await this.focusWorld();
    // Read before the first step: a portal on the way may lead on at any moment after it.
    const began = await this.look((state) => state.world);
    for (let leg = 0; leg < 12; leg += 1) {
      if ((await this.look((state) => state.world)) !== began) return;
      const [fromX, , fromZ] = await this.position();
      if (Math.hypot(x - fromX, z - fromZ) < withinM) return;
      await this.turnTo(Math.atan2(-(x - fromX), -(z - fromZ)));
      if (run) await this.page.keyboard.down("Shift");
      await this.page.keyboard.down("KeyW");
      // Until there, or past the point where it was nearest, or in another world.
      await this.page
        .waitForFunction(
          ([toX, toZ, near, beganX, beganZ, world]) => {
            const { own, world: now } = window.vivarium;
            if (own === null || now !== world) return true;
            const [ownX, , ownZ] = own.position;
            const left = (toX - ownX) * (toX - beganX) + (toZ - ownZ) * (toZ - beganZ);
            return left <= 0 || Math.hypot(toX - ownX, toZ - ownZ) < near;
          },
          [x, z, withinM, fromX, fromZ, began] as [
            number,
            number,
            number,
            number,
            number,
            string | null,
          ],
          { timeout: 60_000, polling: 30 },
        )
        .finally(async () => {
          await this.page.keyboard.up("KeyW");
          if (run) await this.page.keyboard.up("Shift");
        });
      if ((await this.look((state) => state.screen)) !== "world") return;
    }
    throw new Error(`could not walk to ${x}, ${z}; stands at ${await this.position()}`);
  }

  /** In the plaza: comes to the place inside the entrance, wherever the avatar appeared. */
  async walkToEntrance(): Promise<void> {
    const [, , z] = await this.position();
    if (z < -14) await this.walkTo(0, -19, 1, true);
    if (z < 5) await this.roundFountain([0, 5.4]);
    await this.walkTo(0, 19, 0.6, true);
  }

  /** In the plaza: along the east side of the fountain, to a point before or behind it. */
  async roundFountain(to: [number, number]): Promise<void> {
    const corners: [number, number][] = [
      [3, 5.4],
      [11, 5],
      [11, -5.2],
      [3, -5.4],
    ];
    if (to[1] > 0) corners.reverse();
    for (const [x, z] of [...corners, to]) await this.walkTo(x, z, 0.8, true);
  }

  /** Waits until the avatar has not moved for half a second of server time, and gives the place. */
  async standStill(): Promise<[number, number, number]> {
    let last = { tick: await this.look((state) => state.tick), position: await this.position() };
    await expect
      .poll(async () => {
        const now = await this.look(({ tick, own }) => ({ tick, position: own?.position ?? null }));
        const place = now.position;
        if (place === null) return 0;
        const [x, y, z] = last.position;
        if (Math.hypot(place[0] - x, place[1] - y, place[2] - z) > 0.001) {
          last = { tick: now.tick, position: place };
        }
        return now.tick - last.tick;
      })
      .toBeGreaterThan(15);
    return last.position;
  }

  async openBuilder(): Promise<void> {
    await this.page.getByRole("button", { name: "Build", exact: true }).click();
    await expect(this.page.getByRole("toolbar", { name: "Building tools" })).toBeVisible();
  }

  /** While building: brings an object that is chosen into the middle of the picture, and says where. */
  async frame(object: number): Promise<{ x: number; y: number }> {
    await this.focusWorld();
    await this.page.keyboard.press("f");
    const { width, height } = this.page.viewportSize() ?? { width: 640, height: 360 };
    const place = () => this.page.evaluate((id) => window.vivarium.projected(id), object);
    await expect
      .poll(async () => {
        const at = await place();
        return at === null ? Number.NaN : Math.hypot(at.x - width / 2, at.y - height / 2);
      })
      .toBeLessThan(10);
    return (await place()) as { x: number; y: number };
  }

  async say(text: string): Promise<void> {
    await this.focusWorld();
    await this.page.keyboard.press("Enter");
    await this.page.getByRole("textbox", { name: "Chat" }).fill(text);
    await this.page.keyboard.press("Enter");
    await this.page.keyboard.press("Escape");
  }
}

/** The document as everybody gets it, without the ids, which count on. */
export async function documentOf(
  address: string,
): Promise<{ objects: Record<string, unknown>[]; title: string }> {
  const document = await (await fetch(`${address}/worlds/plaza.json`)).json();
  for (const object of document.objects) delete object.id;
  delete document.next_id;
  return document;
}

/** Where the door to another world is: the middle of its box, metres. */
export async function portalOf(address: string, world: string): Promise<[number, number, number]> {
  const response = await fetch(`${address}/worlds/${world}.json`);
  const { objects } = (await response.json()) as WorldDocument;
  const position = objects.find((object) => object.properties?.portal !== undefined)?.position_m;
  if (position === undefined) throw new Error(`${world} has no portal`);
  return position;
}

interface Fixtures {
  /** What the server is started with besides the usual. */
  flags: readonly string[];
  /** Whether the plaza is the small world of `court.ts`. */
  isSmall: boolean;
  /** What stands in the small world besides. */
  besides: { objects: readonly SceneObject[] };
  /** A server of the test's own. */
  server: { address: string; invitation: Promise<string> };
  /** Address of it. */
  address: string;
  /** Opens a page of its own context for somebody. */
  visitor: (options?: BrowserContextOptions) => Promise<Visitor>;
}

export const test = base.extend<Fixtures>({
  flags: [[], { option: true }],
  isSmall: [false, { option: true }],
  besides: [{ objects: [] }, { option: true }],
  server: async ({ flags, isSmall, besides }, use) => {
    const folder = await mkdtemp(join(tmpdir(), "vivarium-browser-"));
    const more = [...flags];
    if (isSmall) {
      const assets = join(folder, "assets");
      await writeCourt(assets, besides.objects);
      more.push("--assets", assets);
    }
    const { address, invitation, child } = await startServer(join(folder, "data"), more);
    await use({ address, invitation });
    await stopServer(child);
    await rm(folder, { recursive: true, force: true });
  },
  address: ({ server }, use) => use(server.address),
  visitor: async ({ browser }: { browser: Browser }, use) => {
    const visitors: Visitor[] = [];
    await use(async (options = {}) => {
      const context = await browser.newContext({
        viewport: { width: 640, height: 360 },
        locale: "en-GB",
        ...options,
      });
      const visitor = new Visitor(await context.newPage());
      visitors.push(visitor);
      return visitor;
    });
    for (const visitor of visitors) {
      expect.soft(visitor.errors, "errors in the console").toEqual([]);
      await visitor.page.context().close();
    }
  },
});

export { expect };

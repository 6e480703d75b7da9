/**
 * How long a large world takes to open in the browser: `npm run bench:opening`.
 *
 * A world of 10,000 objects (fixed boxes, a tenth of them loose) and one of ten, for comparison,
 * are entered in turn with Chromium and the real server, each in a page of its own that has nothing
 * in its cache. Printed are the milliseconds from the press of "Enter" to the first picture of the
 * world, and until everything is there: the curtain away, the avatar on its feet, every object known
 * and no picture of the next 20 with more triangles. (Shadows are not drawn in each.)
 */
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Object as Piece, VisualShape, WorldDocument } from "../src/protocol/document";
import { expect, test, type Visitor } from "../tests/browser/world";

const ASSETS = resolve(import.meta.dirname, "../../assets");
const ROUNDS = 5;
const OBJECTS = { yard: 10_000, court: 10 } as const;
type Name = keyof typeof OBJECTS;

type BoxShape = Extract<VisualShape, { box: unknown }>;

/** Boxes in rows of a hundred, 4 m apart; every tenth is loose. */
function world(name: Name): WorldDocument {
  const count = OBJECTS[name];
  const box = (x: number, y: number, z: number) => ({ box: { size_m: [x, y, z] } }) as BoxShape;
  const cube = [{ shape: box(1, 1, 1) }];
  const ground = [{ shape: box(800, 1, 800) }];
  const objects: Piece[] = [
    { name: "ground", position_m: [0, -0.5, 0], properties: { colliders: ground } },
    { name: "gate", properties: { spawn: {} } },
  ];
  for (let number = objects.length; number < count; number += 1) {
    objects.push({
      blueprint: number % 10 === 0 ? "crate" : "block",
      position_m: [(number % 100) * 4 - 198, 0.5, Math.floor(number / 100) * 4 - 198],
    });
  }
  return {
    version: 1,
    name,
    title: name,
    blueprints: {
      block: { colliders: cube, visuals: cube },
      crate: { colliders: cube, visuals: cube, body: { kind: "dynamic" } },
    },
    objects,
  };
}

/** The project's assets, and the two worlds. */
async function assets(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "vivarium-bench-"));
  await cp(ASSETS, folder, { recursive: true });
  for (const name of Object.keys(OBJECTS) as Name[]) {
    await writeFile(join(folder, "worlds", `${name}.json`), JSON.stringify(world(name)));
  }
  return folder;
}

interface Opening {
  firstMs: number;
  completeMs: number;
}

/** Enters a world, and looks at every picture from the press of the button on. */
async function open(person: Visitor, address: string, name: Name): Promise<Opening> {
  const { page } = person;
  await page.goto(`${address}/?quality=low&world=${name}`);
  await page.getByLabel("Your name").fill("Ada");
  const enter = page.getByRole("button", { name: /^Enter / });
  await expect(enter).toBeEnabled();
  return enter.evaluate((button, objects) => {
    const began = performance.now();
    let firstMs = 0;
    let triangles = 0;
    let changedMs = 0;
    let still = 0;
    (button as HTMLElement).click();
    return new Promise<Opening>((done) => {
      const look = (): void => {
        const { screen, own, drawing, objectCount } = window.vivarium;
        const nowMs = performance.now() - began;
        const drawn = document.querySelector(".curtain")?.getAttribute("data-drawn");
        const there = screen === "world" && drawn === "false" && drawing.triangles > 0;
        if (there && firstMs === 0) firstMs = nowMs;
        const complete = there && own?.grounded === true && objectCount >= objects;
        still = complete && drawing.triangles <= triangles ? still + 1 : 0;
        if (still === 0) changedMs = nowMs;
        triangles = Math.max(triangles, drawing.triangles);
        if (still >= 20) done({ firstMs, completeMs: changedMs });
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });
  }, OBJECTS[name]);
}

const middle = (all: readonly number[]): number =>
  [...all].sort((one, other) => one - other)[Math.floor(all.length / 2)] ?? 0;

const bench = test.extend({
  flags: async ({ browserName: _ }, use) => {
    const folder = await assets();
    await use(["--assets", folder]);
    await rm(folder, { recursive: true, force: true });
  },
});

bench("a world of 10,000 objects opens", async ({ address, visitor }) => {
  const took: Record<Name, Opening[]> = { yard: [], court: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const name of Object.keys(OBJECTS) as Name[]) {
      const person = await visitor();
      took[name].push(await open(person, address, name));
      await person.page.context().close();
    }
  }
  for (const name of Object.keys(OBJECTS) as Name[]) {
    const first = took[name].map(({ firstMs }) => firstMs);
    const complete = took[name].map(({ completeMs }) => completeMs);
    const all = (list: readonly number[]) => list.map((ms) => ms.toFixed(0)).join(", ");
    process.stdout.write(
      `${OBJECTS[name]} objects: first picture ${middle(first).toFixed(0)} ms (${all(first)}), ` +
        `complete ${middle(complete).toFixed(0)} ms (${all(complete)})\n`,
    );
    expect(Math.min(...first)).toBeGreaterThan(0);
  }
});

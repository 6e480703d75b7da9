/**
 * A small world in the place of the plaza, for stories that are about building alone: pages that
 * draw in software come into it many times as fast.
 */
import { cp, mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Object as SceneObject, WorldDocument } from "../../src/protocol/document";

const LAWN: SceneObject = {
  name: "lawn",
  position_m: [0, -1, 0],
  properties: {
    visuals: [{ shape: { box: { size_m: [80, 2, 80] } }, material: "meadow" }],
    colliders: [{ shape: { box: { size_m: [80, 2, 80] } } }],
  },
};

const spawn = (name: string, x: number, z: number): SceneObject => ({
  name,
  position_m: [x, 0.05, z],
  properties: { spawn: { radius_m: 1.5 } },
});

function wall(name: string, x: number, z: number): SceneObject {
  const shape = { box: { size_m: [4, 1.2, 0.6] as [number, number, number] } };
  return {
    name,
    position_m: [x, 0.6, z],
    properties: { visuals: [{ shape, material: "brick" }], colliders: [{ shape }] },
  };
}

const COURT: WorldDocument = {
  version: 1,
  name: "plaza",
  title: "Plaza",
  materials: { meadow: { colour: "#8fae62" }, brick: { colour: "#c0694f" } },
  objects: [
    spawn("south", 0, 26),
    spawn("south east", 6, 19.5),
    wall("gate", 0, -20),
    LAWN,
    wall("west wall", -12, 8),
    wall("east wall", 14, 4),
  ],
};

/**
 * Writes it into a folder that a server may have for its assets, with what else stands there, and
 * with the companions' minds that come along.
 */
export async function writeCourt(folder: string, more: readonly SceneObject[]): Promise<void> {
  await mkdir(join(folder, "worlds"), { recursive: true });
  for (const name of ["models", "sounds"]) await mkdir(join(folder, name), { recursive: true });
  const world = { ...COURT, objects: [...COURT.objects, ...more] };
  await writeFile(join(folder, "worlds/plaza.json"), JSON.stringify(world));
  const minds = resolve(import.meta.dirname, "../../../assets/companions");
  if (more.length > 0) await cp(minds, join(folder, "companions"), { recursive: true });
}

/**
 * Worlds as glTF, looked at by Khronos' own validator. The file is written by `shared/gltf`, whose
 * tests keep it up to date.
 */
import { readFile } from "node:fs/promises";
import { validateBytes } from "gltf-validator";
import { expect, test } from "vitest";

test("a world with one of everything is sound glTF 2.0", async () => {
  const bytes = await readFile(new URL("../../tests/golden/gltf/world.glb", import.meta.url));
  const report = await validateBytes(new Uint8Array(bytes), { maxIssues: 100 });
  expect(report.issues.messages.filter(({ severity }) => severity <= 1)).toEqual([]);
  expect(report.issues).toMatchObject({ numErrors: 0, numWarnings: 0, truncated: false });
  expect(report.info.extensionsUsed).toEqual([
    "KHR_implicit_shapes",
    "KHR_lights_punctual",
    "KHR_physics_rigid_bodies",
    "OMI_spawn_point",
  ]);
});

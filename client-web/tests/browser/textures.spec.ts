/** A model whose texture the server has packed for graphics cards is seen as it was drawn. */
import { resolve } from "node:path";
import type { Page } from "@playwright/test";
import { expect, test } from "./world";

const BASISU =
  process.env.VIVARIUM_BASISU ?? resolve(import.meta.dirname, "../../../target/basisu/basisu");
const SIDE = 256;

/** A PNG of which the upper half is red, and the lower one blue, as the browser writes it. */
async function png(page: Page): Promise<Buffer> {
  const bytes = await page.evaluate(async (side) => {
    const canvas = new OffscreenCanvas(side, side);
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("nothing can be drawn");
    context.fillStyle = "#dc1414";
    context.fillRect(0, 0, side, side / 2);
    context.fillStyle = "#1414dc";
    context.fillRect(0, side / 2, side, side / 2);
    const blob = await canvas.convertToBlob();
    return Array.from(new Uint8Array(await blob.arrayBuffer()));
  }, SIDE);
  return Buffer.from(bytes);
}

/** A board, 2 m wide and high, with that picture on both sides, as glb. */
function board(picture: Buffer): Buffer {
  const floats = (list: readonly number[]) => Buffer.from(new Float32Array(list).buffer);
  const parts = [
    floats([-1, 0, 0, 1, 0, 0, 1, 2, 0, -1, 2, 0]),
    floats([0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1]),
    floats([0, 1, 1, 1, 1, 0, 0, 0]),
    Buffer.from(new Uint16Array([0, 1, 2, 0, 2, 3]).buffer),
    picture,
  ];
  let at = 0;
  const bufferViews = parts.map((part) => {
    const view = { buffer: 0, byteOffset: at, byteLength: part.length };
    at += part.length;
    return view;
  });
  parts.push(Buffer.alloc(-at & 3));
  const vec3 = { componentType: 5126, count: 4, type: "VEC3" };
  const json = {
    asset: { version: "2.0" },
    scene: 0,
    scenes: [{ nodes: [0] }],
    nodes: [{ mesh: 0 }],
    meshes: [
      {
        primitives: [
          { attributes: { POSITION: 0, NORMAL: 1, TEXCOORD_0: 2 }, indices: 3, material: 0 },
        ],
      },
    ],
    materials: [{ doubleSided: true, pbrMetallicRoughness: { baseColorTexture: { index: 0 } } }],
    textures: [{ source: 0 }],
    images: [{ bufferView: 4, mimeType: "image/png" }],
    accessors: [
      { bufferView: 0, ...vec3, min: [-1, 0, 0], max: [1, 2, 0] },
      { bufferView: 1, ...vec3 },
      { bufferView: 2, componentType: 5126, count: 4, type: "VEC2" },
      { bufferView: 3, componentType: 5123, count: 6, type: "SCALAR" },
    ],
    bufferViews,
    buffers: [{ byteLength: at }],
  };
  const text = Buffer.from(JSON.stringify(json));
  const chunks = [
    { kind: 0x4e4f534a, data: Buffer.concat([text, Buffer.alloc(-text.length & 3, " ")]) },
    { kind: 0x004e4942, data: Buffer.concat(parts) },
  ].map(({ kind, data }) => {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(data.length, 0);
    head.writeUInt32LE(kind, 4);
    return Buffer.concat([head, data]);
  });
  const head = Buffer.alloc(12);
  head.writeUInt32LE(0x46546c67, 0);
  head.writeUInt32LE(2, 4);
  head.writeUInt32LE(12 + chunks.reduce((sum, { length }) => sum + length, 0), 8);
  return Buffer.concat([head, ...chunks]);
}

test.use({ flags: ["--texture-encoder", BASISU] });

test("a packed texture is seen the right way up, under the page's own policy", async ({
  server,
  visitor,
}, info) => {
  const ada = await visitor();
  await ada.enterInvited(server.address, "Ada", await server.invitation);
  const key = await ada.page.evaluate(() => localStorage.getItem("vivarium.device"));
  const ask = async (path: string, type: string, body: BodyInit) => {
    const headers = { authorization: `Bearer ${key}`, "content-type": type };
    const url = `${server.address}/api/worlds/plaza/${path}`;
    const response = await fetch(url, { method: "POST", headers, body });
    expect(response.status).toBe(200);
    return response.json();
  };
  const bytes = new Uint8Array(board(await png(ada.page)));
  const uploaded = await ask("assets?name=board.glb", "application/octet-stream", bytes);
  expect(uploaded.details.packed_images).toBe(1);

  // Before Ada's eyes, and as wide as the picture is.
  const [x, y, z] = await ada.standStill();
  const yaw = await ada.look(({ camera }) => camera?.yaw ?? 0);
  const create = {
    object: 2 ** 31,
    value: {
      position_m: [x - Math.sin(yaw) * 2, y - 0.85, z - Math.cos(yaw) * 2],
      rotation: [0, Math.sin(yaw / 2), 0, Math.cos(yaw / 2)],
      scale: [2, 2, 2],
      properties: { visuals: [{ shape: { model: { path: uploaded.path } } }] },
    },
  };
  const operations = JSON.stringify({ operations: [{ create }] });
  const made = await ask("operations", "application/json", operations);
  const id = made.objects[`${2 ** 31}`];
  await ada.page.waitForFunction(
    (object) => window.vivarium.shownAt(object) !== null && !window.vivarium.arriving(object),
    id,
  );
  // Where red and blue are on the screen, in the mean of their rows; null: there is none.
  const seen = async () => {
    const picture = await ada.page.screenshot({ path: info.outputPath("textures-board.png") });
    return ada.page.evaluate(async (list) => {
      const bitmap = await createImageBitmap(new Blob([new Uint8Array(list)]));
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      const context = canvas.getContext("2d");
      context?.drawImage(bitmap, 0, 0);
      const data = context?.getImageData(0, 0, bitmap.width, bitmap.height).data ?? [];
      const rows: Record<"red" | "blue", number[]> = { red: [], blue: [] };
      for (let at = 0; at < data.length; at += 4) {
        const [r = 0, g = 0, b = 0] = [data[at], data[at + 1], data[at + 2]];
        const row = Math.floor(at / 4 / bitmap.width);
        if (r > 90 && g < r / 3 && b < r / 3) rows.red.push(row);
        if (b > 90 && g < b / 3 && r < b / 3) rows.blue.push(row);
      }
      const middle = (all: number[]) =>
        all.length < 2_000 ? null : all.reduce((sum, row) => sum + row, 0) / all.length;
      return { red: middle(rows.red), blue: middle(rows.blue) };
    }, Array.from(picture));
  };
  await expect.poll(async () => (await seen()).blue).not.toBeNull();
  const { red, blue } = await seen();
  expect(red ?? Number.POSITIVE_INFINITY).toBeLessThan(blue ?? 0);
});

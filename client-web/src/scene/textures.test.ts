import { BoxGeometry, CompressedTexture, DataTexture, Group, Mesh, MeshBasicMaterial } from "three";
import { expect, it } from "vitest";
import { textureBytes } from "./textures";

it("counts each texture once, with its smaller copies", () => {
  const plain = new DataTexture(new Uint8Array(4 * 16), 4, 4);
  plain.generateMipmaps = false;
  const small = new DataTexture(new Uint8Array(4 * 36), 6, 6);
  small.generateMipmaps = true;
  const both = new MeshBasicMaterial({ map: plain, alphaMap: small });
  const root = new Group();
  const inner = new Group();
  root.add(new Mesh(new BoxGeometry(), both), inner);
  inner.add(new Mesh(new BoxGeometry(), [both, new MeshBasicMaterial({ map: plain })]));
  inner.add(new Mesh(new BoxGeometry(), new MeshBasicMaterial()));
  expect(textureBytes(root)).toBe(4 * 16 + (4 * 36 * 4) / 3);
  expect(textureBytes(new Group())).toBe(0);
});

it("counts packed textures as they lie on the card", () => {
  const level = (bytes: number) => ({ data: new Uint8Array(bytes), width: 4, height: 4 });
  const packed = new CompressedTexture([level(64), level(16)], 8, 8);
  const mesh = new Mesh(new BoxGeometry(), new MeshBasicMaterial({ map: packed }));
  expect(textureBytes(mesh)).toBe(80);
});

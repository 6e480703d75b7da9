/** How much of the graphics card's memory textures take. */
import { CompressedTexture, type Material, type Object3D, Texture } from "three";

/** What the smaller copies of a texture take besides it: 1/4 + 1/16 + … */
const SMALLER_COPIES = 4 / 3;
const BYTES_PER_PIXEL = 4;

/** Bytes of all textures with which something below `root` is drawn, each counted once. */
export function textureBytes(root: Object3D): number {
  const materials = new Set<Material>();
  root.traverse((node) => {
    if (!("material" in node)) return;
    for (const material of [node.material as Material | Material[]].flat()) materials.add(material);
  });
  return textureBytesOf(materials);
}

/** Bytes of all textures of some materials, each counted once. */
export function textureBytesOf(materials: Iterable<Material>): number {
  const textures = new Set<Texture>();
  for (const material of materials) {
    for (const value of Object.values(material)) if (value instanceof Texture) textures.add(value);
  }
  let bytes = 0;
  for (const texture of textures) {
    const { image, generateMipmaps } = texture;
    // Packed ones stay packed on the card, and bring their smaller copies along.
    if (texture instanceof CompressedTexture) {
      for (const level of texture.mipmaps ?? []) bytes += level.data?.byteLength ?? 0;
      continue;
    }
    const { width = 0, height = 0 } = (image ?? {}) as { width?: number; height?: number };
    bytes += width * height * BYTES_PER_PIXEL * (generateMipmaps ? SMALLER_COPIES : 1);
  }
  return Math.round(bytes);
}

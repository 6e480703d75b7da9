/**
 * Loads glTF models. The loader itself is fetched only when a world has models.
 */
import {
  type BufferGeometry,
  type ImageLoader,
  type Material,
  type Matrix4,
  Mesh,
  MeshLambertMaterial,
  MeshStandardMaterial,
  type Texture,
} from "three";
import type { GLTFLoaderPlugin, GLTFParser } from "three/addons/loaders/GLTFLoader.js";
import { type Assets, answered } from "./assets";
import type { Quality } from "./quality";
import { sway } from "./wind";

/** One mesh of a model, to be instanced. */
export interface ModelPart {
  /** Names the geometry and the material. */
  key: string;
  geometry: BufferGeometry;
  material: Material;
  /** Small plants would flicker in the shadow map, and cost much there. */
  castShadow: boolean;
  /** Pose in the model. */
  matrix: Matrix4;
}

/**
 * The parts of a model. One that cannot be loaded has none: the world is still worth walking in,
 * since colliders come from the document.
 */
export async function loadModel(
  path: string,
  assets: Assets,
  quality: Quality,
  progress: (done01: number) => void,
): Promise<ModelPart[]> {
  const parts: ModelPart[] = [];
  try {
    const loader = await makeLoader(path, assets);
    const { scene } = await loader.loadAsync(assets.url(path), ({ loaded, total }) => {
      // Looking at what has come takes a moment more.
      if (total > 0) progress(Math.min(0.95, loaded / total));
    });
    scene.updateMatrixWorld(true);
    scene.traverse((node) => {
      if (!(node instanceof Mesh) || Array.isArray(node.material)) return;
      node.geometry.computeBoundingSphere();
      const radiusM = node.geometry.boundingSphere?.radius ?? 0;
      parts.push({
        key: `${path}#${parts.length}`,
        geometry: node.geometry,
        material: adapt(node.material, quality),
        castShadow: radiusM > 0.6,
        matrix: node.matrixWorld.clone(),
      });
    });
  } catch {
    parts.length = 0;
  }
  progress(1);
  return parts;
}

/** Gives free what a model takes of the graphics card. */
export function disposeModel(parts: readonly ModelPart[]): void {
  for (const { geometry, material } of parts) {
    geometry.dispose();
    if ("map" in material && isDisposable(material.map)) material.map.dispose();
    material.dispose();
  }
}

function isDisposable(value: unknown): value is { dispose(): void } {
  return typeof value === "object" && value !== null && "dispose" in value;
}

/** A loader for a model; uploaded ones are packed, which takes another small file to unpack. */
async function makeLoader(path: string, assets: Assets) {
  const { GLTFLoader } = await import("three/addons/loaders/GLTFLoader.js");
  const loader = new GLTFLoader();
  loader.register((parser) => new PackedTextures(parser, assets));
  if (isUpload(path)) {
    const { MeshoptDecoder } = await import("three/addons/libs/meshopt_decoder.module.js");
    loader.setMeshoptDecoder(MeshoptDecoder);
  }
  return loader;
}

/** Textures of models in KTX2, whose decoder is fetched when a model has some. */
class PackedTextures implements GLTFLoaderPlugin {
  readonly name = "KHR_texture_basisu";
  readonly #parser: GLTFParser;
  readonly #assets: Assets;

  constructor(parser: GLTFParser, assets: Assets) {
    this.#parser = parser;
    this.#assets = assets;
  }

  /** Null: the texture is of another kind. */
  loadTexture(index: number): Promise<Texture> | null {
    const told: { extensions?: Record<string, { source?: number }> } | undefined =
      this.#parser.json.textures?.[index];
    const source = told?.extensions?.[this.name]?.source;
    if (source === undefined) return null;
    // It reads KTX2 like any other loader reads pictures.
    return this.#assets
      .ktx2()
      .then((loader) =>
        answered(this.#parser.loadTextureImage(index, source, loader as unknown as ImageLoader)),
      );
  }
}

/** Whether an asset was uploaded, instead of coming along with the server. */
function isUpload(path: string): boolean {
  return path.startsWith("uploads/");
}

function adapt(material: Material, quality: Quality): Material {
  let adapted = material;
  if (quality.tier === "low" && material instanceof MeshStandardMaterial) {
    adapted = new MeshLambertMaterial({
      name: material.name,
      color: material.color,
      map: material.map,
      emissive: material.emissive,
      vertexColors: material.vertexColors,
      flatShading: material.flatShading,
      side: material.side,
      transparent: material.transparent,
      opacity: material.opacity,
      alphaTest: material.alphaTest,
    });
  }
  if (/leaf|leaves|foliage|grass|reed/i.test(material.name)) sway(adapted);
  return adapted;
}

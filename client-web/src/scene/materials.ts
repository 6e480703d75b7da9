/**
 * Makes three.js materials from the document's surfaces.
 *
 * Surfaces that differ in colour alone share one material: the colour is in the vertices or the
 * instances. This keeps a world at a few draw calls.
 */
import {
  Color,
  DataTexture,
  DoubleSide,
  FrontSide,
  LinearFilter,
  LinearMipmapLinearFilter,
  type Material,
  MeshLambertMaterial,
  MeshStandardMaterial,
  RepeatWrapping,
  SRGBColorSpace,
  type Texture,
} from "three";
import type { Image, Pattern } from "../protocol/document";
import { type Assets, isTopDown } from "./assets";
import { PATTERN_PERIOD_M, patternPixels } from "./patterns";
import type { Quality } from "./quality";
import type { Surface } from "./resolve";

/** Where the colour of a mesh comes from. */
export type Colouring = "vertices" | "instances";

export class MaterialLibrary {
  #quality: Quality;
  #anisotropy: number;
  #materials = new Map<string, Material>();
  #made = new Set<Material>();
  #textures = new Map<Pattern, Texture>();
  /** By path and size; kept until the world is left. */
  #images = new Map<string, Texture>();
  /** Materials that show an image which has not arrived yet, or never will. */
  #waiting = new Map<string, (MeshLambertMaterial | MeshStandardMaterial)[]>();
  readonly #assets: Assets;
  #isOver = false;

  constructor(quality: Quality, anisotropyMax: number, assets: Assets) {
    this.#quality = quality;
    this.#assets = assets;
    this.#anisotropy = quality.tier === "high" ? Math.min(8, anisotropyMax) : 1;
  }

  /** What two surfaces have in common when one material can draw both. */
  familyKey(surface: Surface): string {
    const rough = Math.round(surface.roughness * 5) / 5;
    const metal = Math.round(surface.metalness * 5) / 5;
    const finish = this.#quality.tier === "high" ? `${rough}|${metal}` : "";
    const glass = Math.min(surface.opacity, 1);
    const { pattern, image } = surface;
    const drawn = image ? `${image.path} ${image.size_m.join()}` : (pattern ?? "");
    return `${drawn}|${finish}|${surface.emissive ?? ""}|${glass}`;
  }

  get(surface: Surface, colouring: Colouring): Material {
    const key = `${this.familyKey(surface)}|${colouring}`;
    let material = this.#materials.get(key);
    if (!material) {
      material = this.#make(surface, colouring);
      this.#materials.set(key, material);
      this.#made.add(material);
    }
    return material;
  }

  /** Whether it may be in use elsewhere: only the library disposes of it. */
  owns(material: Material): boolean {
    return this.#made.has(material);
  }

  texture(pattern: Pattern): Texture {
    let texture = this.#textures.get(pattern);
    if (!texture) {
      texture = makePatternTexture(pattern, this.#quality.texturePx, this.#anisotropy);
      this.#textures.set(pattern, texture);
    }
    return texture;
  }

  dispose(): void {
    this.#isOver = true;
    for (const material of this.#materials.values()) material.dispose();
    for (const texture of this.#textures.values()) texture.dispose();
    for (const image of this.#images.values()) image.dispose();
    this.#materials.clear();
    this.#textures.clear();
    this.#images.clear();
  }

  /** Shows the plain colour until it has arrived, and for ever when it cannot be had. */
  #put(image: Image, material: MeshLambertMaterial | MeshStandardMaterial): void {
    const key = `${image.path} ${image.size_m.join()}`;
    const texture = this.#images.get(key);
    const waiting = this.#waiting.get(key);
    if (texture) material.map = texture;
    else if (waiting) waiting.push(material);
    else {
      this.#waiting.set(key, [material]);
      void this.#bring(image, key);
    }
  }

  async #bring({ path, size_m: [width, height] }: Image, key: string): Promise<void> {
    const texture = await this.#assets.picture(path);
    if (texture === null) return;
    if (this.#isOver) {
      texture.dispose();
      return;
    }
    texture.colorSpace = SRGBColorSpace;
    texture.wrapS = RepeatWrapping;
    texture.wrapT = RepeatWrapping;
    texture.anisotropy = this.#anisotropy;
    texture.repeat.set(1 / width, (isTopDown(path) ? -1 : 1) / height);
    this.#images.set(key, texture);
    for (const made of this.#waiting.get(key) ?? []) {
      made.map = texture;
      made.needsUpdate = true;
    }
    this.#waiting.delete(key);
  }

  #make(surface: Surface, colouring: Colouring): Material {
    const material = this.#bare(surface, colouring);
    if (surface.image) this.#put(surface.image, material);
    return material;
  }

  #bare(surface: Surface, colouring: Colouring): MeshLambertMaterial | MeshStandardMaterial {
    const pattern = surface.image ? null : surface.pattern;
    const map = pattern ? this.texture(pattern) : null;
    const shared = {
      vertexColors: colouring === "vertices",
      transparent: surface.opacity < 1,
      opacity: surface.opacity,
      depthWrite: surface.opacity >= 1,
      side: surface.opacity < 1 ? DoubleSide : FrontSide,
      map,
      emissive: new Color(surface.emissive ?? "#000000"),
    };
    if (this.#quality.tier === "low") return new MeshLambertMaterial(shared);
    const material = new MeshStandardMaterial({
      ...shared,
      roughness: surface.roughness,
      metalness: surface.metalness,
      bumpMap: map,
      bumpScale: pattern === "checks" ? 0 : 1.2,
    });
    if (pattern) breakRepetition(material, this.texture("noise"), PATTERN_PERIOD_M[pattern]);
    return material;
  }
}

/** One repetition of the broad noise, metres. */
const BROAD_M = 34;

/** Lays broad soft noise over a repeated pattern, so that it does not look tiled. */
function breakRepetition(material: MeshStandardMaterial, noise: Texture, periodM: number): void {
  material.onBeforeCompile = (shader) => {
    shader.uniforms.broadNoise = { value: noise };
    shader.uniforms.broadScale = { value: periodM / BROAD_M };
    shader.fragmentShader = `uniform sampler2D broadNoise;
    uniform float broadScale;
    ${shader.fragmentShader}`.replace(
      "#include <map_fragment>",
      `#include <map_fragment>
      float broad = texture2D(broadNoise, vMapUv.yx * broadScale + 0.37).r;
      diffuseColor.rgb *= 0.83 + 0.25 * smoothstep(0.5, 0.85, broad);`,
    );
  };
  material.customProgramCacheKey = () => "broad";
}

function makePatternTexture(pattern: Pattern, size: number, anisotropy: number): Texture {
  const grey = patternPixels(pattern, size);
  const rgba = new Uint8Array(size * size * 4);
  for (let i = 0; i < grey.length; i++) {
    const level = grey[i] ?? 0;
    rgba.set([level, level, level, 255], i * 4);
  }
  const texture = new DataTexture(rgba, size, size);
  texture.wrapS = RepeatWrapping;
  texture.wrapT = RepeatWrapping;
  texture.magFilter = LinearFilter;
  texture.minFilter = LinearMipmapLinearFilter;
  texture.generateMipmaps = true;
  texture.anisotropy = anisotropy;
  const repeat = 1 / PATTERN_PERIOD_M[pattern];
  texture.repeat.set(repeat, repeat);
  texture.needsUpdate = true;
  return texture;
}

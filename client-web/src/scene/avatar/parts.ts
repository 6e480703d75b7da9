/**
 * Draws the parts of all avatars with one draw call per kind of part.
 */
import {
  BufferGeometry,
  type Color,
  DynamicDrawUsage,
  Group,
  InstancedBufferAttribute,
  InstancedMesh,
  type Material,
  type Matrix4,
  MeshLambertMaterial,
  MeshStandardMaterial,
} from "three";
import type { Quality } from "../quality";
import { PART_NAMES, type PartName } from "./character";

interface Batch {
  mesh: InstancedMesh;
  body: InstancedBufferAttribute;
  accent: InstancedBufferAttribute;
  capacity: number;
  count: number;
}

const FIRST_CAPACITY = 16;

/** One set of parts with one material: near, far or ghostly avatars. */
export class PartSet {
  readonly root = new Group();
  #geometries: Record<PartName, BufferGeometry>;
  #material: Material;
  #castShadow: boolean;
  #receiveShadow: boolean;
  #batches = new Map<PartName, Batch>();

  constructor(
    geometries: Record<PartName, BufferGeometry>,
    material: Material,
    castShadow: boolean,
    receiveShadow: boolean,
  ) {
    this.#geometries = geometries;
    this.#material = material;
    this.#castShadow = castShadow;
    this.#receiveShadow = receiveShadow;
    for (const part of PART_NAMES) this.#batches.set(part, this.#grow(part, FIRST_CAPACITY));
  }

  begin(): void {
    for (const batch of this.#batches.values()) batch.count = 0;
  }

  push(part: PartName, matrix: Matrix4, body: Color, accent: Color): void {
    let batch = this.#batches.get(part);
    if (!batch) return;
    if (batch.count === batch.capacity) {
      const old = batch;
      batch = this.#grow(part, old.capacity * 2);
      batch.count = old.count;
      batch.mesh.instanceMatrix.array.set(old.mesh.instanceMatrix.array);
      batch.body.array.set(old.body.array);
      batch.accent.array.set(old.accent.array);
      this.root.remove(old.mesh);
      old.mesh.dispose();
      this.#batches.set(part, batch);
    }
    matrix.toArray(batch.mesh.instanceMatrix.array, batch.count * 16);
    body.toArray(batch.body.array, batch.count * 3);
    accent.toArray(batch.accent.array, batch.count * 3);
    batch.count += 1;
  }

  end(): void {
    for (const batch of this.#batches.values()) {
      batch.mesh.count = batch.count;
      batch.mesh.visible = batch.count > 0;
      if (batch.count === 0) continue;
      for (const attribute of [batch.mesh.instanceMatrix, batch.body, batch.accent]) {
        attribute.clearUpdateRanges();
        attribute.addUpdateRange(0, batch.count * attribute.itemSize);
        attribute.needsUpdate = true;
      }
    }
  }

  dispose(): void {
    for (const batch of this.#batches.values()) {
      batch.mesh.geometry.dispose();
      batch.mesh.dispose();
    }
    this.#material.dispose();
  }

  #grow(part: PartName, capacity: number): Batch {
    const shared = this.#geometries[part];
    const geometry = new BufferGeometry();
    for (const [name, attribute] of Object.entries(shared.attributes)) {
      geometry.setAttribute(name, attribute);
    }
    geometry.setIndex(shared.index);
    const tint = () => {
      const attribute = new InstancedBufferAttribute(new Float32Array(capacity * 3), 3);
      attribute.setUsage(DynamicDrawUsage);
      return attribute;
    };
    const [body, accent] = [tint(), tint()];
    geometry.setAttribute("bodyTint", body);
    geometry.setAttribute("accentTint", accent);
    const mesh = new InstancedMesh(geometry, this.#material, capacity);
    mesh.instanceMatrix.setUsage(DynamicDrawUsage);
    mesh.frustumCulled = false;
    mesh.castShadow = this.#castShadow;
    // A coarse shadow map would tear their faces.
    mesh.receiveShadow = this.#receiveShadow;
    mesh.matrixAutoUpdate = false;
    mesh.count = 0;
    this.root.add(mesh);
    return { mesh, body, accent, capacity, count: 0 };
  }
}

/** `ghostly` avatars are those whose people are away. */
export function avatarMaterial(quality: Quality, ghostly: boolean): Material {
  const shared = {
    vertexColors: true,
    transparent: ghostly,
    opacity: ghostly ? 0.38 : 1,
  };
  const material =
    quality.tier === "low"
      ? new MeshLambertMaterial(shared)
      : new MeshStandardMaterial({ ...shared, roughness: 0.62, metalness: 0 });
  material.onBeforeCompile = (shader) => {
    shader.vertexShader = shader.vertexShader
      .replace(
        "#include <common>",
        `#include <common>
        attribute vec2 tint;
        attribute vec3 bodyTint;
        attribute vec3 accentTint;`,
      )
      .replace(
        "#include <color_vertex>",
        `#include <color_vertex>
        vColor.rgb *= mix(mix(vec3(1.0), bodyTint, tint.x), accentTint, tint.y);`,
      );
    if (quality.tier === "high") {
      // A soft rim of sky light sets the figure off from the ground.
      shader.fragmentShader = shader.fragmentShader.replace(
        "#include <opaque_fragment>",
        `float rim = pow(1.0 - max(dot(normal, normalize(vViewPosition)), 0.0), 3.0);
        outgoingLight += diffuseColor.rgb * rim * 0.35;
        #include <opaque_fragment>`,
      );
    }
  };
  material.customProgramCacheKey = () => `avatar-${quality.tier}`;
  return material;
}

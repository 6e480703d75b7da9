/**
 * Soft spots below avatars: they tell where a jump will land, and stand in for shadows that are
 * too far away for the shadow map.
 */
import {
  DynamicDrawUsage,
  InstancedMesh,
  Matrix4,
  MeshBasicMaterial,
  PlaneGeometry,
  type Texture,
  type Vector3,
} from "three";
import { CENTRE_ABOVE_FEET_M } from "./avatar/actor";
import { drawSpot } from "./lettering";
import type { AvatarView } from "./view";

const SPOTS_MAX = 128;
const FADE_FROM_M = 45;

export class Shadows {
  readonly mesh: InstancedMesh;
  #texture: Texture;
  /** Height of the ground below each avatar when it last stood, metres. */
  #grounds = new Map<number, number>();
  #matrix = new Matrix4();

  constructor() {
    this.#texture = drawSpot("#10151f");
    const geometry = new PlaneGeometry(1, 1);
    geometry.rotateX(-Math.PI / 2);
    this.mesh = new InstancedMesh(
      geometry,
      new MeshBasicMaterial({
        map: this.#texture,
        transparent: true,
        opacity: 0.34,
        depthWrite: false,
        polygonOffset: true,
        polygonOffsetFactor: -4,
        polygonOffsetUnits: -4,
      }),
      SPOTS_MAX,
    );
    this.mesh.instanceMatrix.setUsage(DynamicDrawUsage);
    this.mesh.frustumCulled = false;
    this.mesh.renderOrder = 2;
    this.mesh.count = 0;
  }

  update(avatars: readonly AvatarView[], strong: boolean, hideSelf: boolean, eye: Vector3): void {
    let count = 0;
    const seen = new Set<number>();
    for (const avatar of avatars) {
      seen.add(avatar.entity);
      const [x, y, z] = avatar.position;
      const feet = y - CENTRE_ABOVE_FEET_M;
      if (avatar.grounded) this.#grounds.set(avatar.entity, feet);
      if (count >= SPOTS_MAX || !avatar.present || (avatar.self && hideSelf)) continue;
      const ground = Math.min(feet, this.#grounds.get(avatar.entity) ?? feet);
      const above = feet - ground;
      if (above > 3 || Math.hypot(x - eye.x, z - eye.z) > FADE_FROM_M) continue;
      const size = (strong ? 0.95 : 0.8) * (1 - above * 0.22);
      this.#matrix.makeScale(size, 1, size).setPosition(x, ground + 0.02, z);
      this.mesh.setMatrixAt(count, this.#matrix);
      count += 1;
    }
    this.mesh.count = count;
    this.mesh.visible = count > 0;
    this.mesh.instanceMatrix.needsUpdate = true;
    for (const entity of this.#grounds.keys()) {
      if (!seen.has(entity)) this.#grounds.delete(entity);
    }
  }

  dispose(): void {
    this.mesh.geometry.dispose();
    this.#texture.dispose();
    this.mesh.dispose();
  }
}

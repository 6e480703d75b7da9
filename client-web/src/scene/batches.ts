/**
 * Turns many small parts into few draw calls: static parts are merged by material, moving and
 * repeated ones are instanced.
 */
import {
  Box3,
  BufferAttribute,
  BufferGeometry,
  Color,
  InstancedMesh,
  type Material,
  Matrix3,
  Matrix4,
  Mesh,
  Quaternion,
  Vector3,
} from "three";
import type { MaterialLibrary } from "./materials";
import type { Surface } from "./resolve";
import type { Solid } from "./solids";
import type { Quat, Vec3 } from "./view";

/** Merged statics are split into cells of this size, so that what is behind the camera is culled. */
const CELL_M = 80;

export function geometryOf(solid: Solid): BufferGeometry {
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(new Float32Array(solid.positions), 3));
  geometry.setAttribute("normal", new BufferAttribute(new Float32Array(solid.normals), 3));
  geometry.setAttribute("uv", new BufferAttribute(new Float32Array(solid.uvs), 2));
  if (solid.colours) {
    geometry.setAttribute("color", new BufferAttribute(new Float32Array(solid.colours), 3));
  }
  geometry.setIndex(solid.indices);
  return geometry;
}

interface Merged {
  surface: Surface;
  solid: Required<Solid>;
}

/** Gathers static parts; `build` is called once. */
export class StaticMerger {
  #merged = new Map<string, Merged>();
  #point = new Vector3();
  #normalMatrix = new Matrix3();

  add(materials: MaterialLibrary, surface: Surface, solid: Solid, matrix: Matrix4): void {
    const point = this.#point.setFromMatrixPosition(matrix);
    const cell = `${Math.round(point.x / CELL_M)},${Math.round(point.z / CELL_M)}`;
    const key = `${materials.familyKey(surface)}@${cell}`;
    let merged = this.#merged.get(key);
    if (!merged) {
      merged = {
        surface,
        solid: { positions: [], normals: [], uvs: [], indices: [], colours: [] },
      };
      this.#merged.set(key, merged);
    }
    const into = merged.solid;
    const first = into.positions.length / 3;
    this.#normalMatrix.getNormalMatrix(matrix);
    for (let i = 0; i < solid.positions.length; i += 3) {
      point.fromArray(solid.positions, i).applyMatrix4(matrix);
      into.positions.push(point.x, point.y, point.z);
      point.fromArray(solid.normals, i).applyMatrix3(this.#normalMatrix).normalize();
      into.normals.push(point.x, point.y, point.z);
    }
    for (const uv of solid.uvs) into.uvs.push(uv);
    for (const index of solid.indices) into.indices.push(first + index);
    const colour = new Color(surface.colour);
    for (let i = 0; i < solid.positions.length; i += 3) {
      into.colours.push(
        colour.r * (solid.colours?.[i] ?? 1),
        colour.g * (solid.colours?.[i + 1] ?? 1),
        colour.b * (solid.colours?.[i + 2] ?? 1),
      );
    }
  }

  build(materials: MaterialLibrary): Mesh[] {
    return [...this.#merged.values()].map(({ surface, solid }) => {
      const mesh = new Mesh(geometryOf(solid), materials.get(surface, "vertices"));
      mesh.castShadow = surface.opacity >= 1;
      mesh.receiveShadow = true;
      mesh.matrixAutoUpdate = false;
      return mesh;
    });
  }
}

interface InstanceGroup {
  geometry: BufferGeometry;
  material: Material;
  castShadow: boolean;
  matrices: Matrix4[];
  colours: (Color | null)[];
  /** Moving object of each instance; -1: static. */
  objects: number[];
}

interface MovingPart {
  mesh: InstancedMesh;
  index: number;
  local: Matrix4;
}

/** Everything that is drawn by instancing: moving objects and repeated models. */
export class Instances {
  #groups = new Map<string, InstanceGroup>();
  #parts = new Map<number, MovingPart[]>();
  #last = new Map<number, number[]>();
  #pose = new Matrix4();
  #matrix = new Matrix4();
  #position = new Vector3();
  #rotation = new Quaternion();
  #one = new Vector3(1, 1, 1);

  /**
   * `key` names the geometry and material together. For a moving object (`object` not -1) the
   * matrix is relative to the object.
   */
  add(
    key: string,
    make: () => { geometry: BufferGeometry; material: Material; castShadow: boolean },
    matrix: Matrix4,
    colour: string | null,
    object: number,
  ): void {
    const full = `${key}${object >= 0 ? "~" : ""}`;
    let group = this.#groups.get(full);
    if (!group) {
      group = { ...make(), matrices: [], colours: [], objects: [] };
      this.#groups.set(full, group);
    }
    group.matrices.push(matrix);
    group.colours.push(colour === null ? null : new Color(colour));
    group.objects.push(object);
  }

  build(): InstancedMesh[] {
    return [...this.#groups.values()].map((group) => {
      const mesh = new InstancedMesh(group.geometry, group.material, group.matrices.length);
      mesh.castShadow = group.castShadow;
      mesh.receiveShadow = true;
      mesh.matrixAutoUpdate = false;
      group.matrices.forEach((matrix, index) => {
        mesh.setMatrixAt(index, matrix);
        const colour = group.colours[index];
        if (colour) mesh.setColorAt(index, colour);
        const object = group.objects[index] ?? -1;
        if (object < 0) return;
        const parts = this.#parts.get(object) ?? [];
        parts.push({ mesh, index, local: matrix });
        this.#parts.set(object, parts);
        // Its sphere would have to be computed anew with every step.
        mesh.frustumCulled = false;
      });
      return mesh;
    });
  }

  /** Whether the object is drawn here as a moving one. */
  has(object: number): boolean {
    return this.#parts.has(object);
  }

  setPose(object: number, position: Vec3, rotation: Quat): void {
    const parts = this.#parts.get(object);
    if (!parts) return;
    const last = this.#last.get(object);
    const now = [...position, ...rotation];
    if (last?.every((value, index) => value === now[index])) return;
    this.#last.set(object, now);
    this.#position.fromArray(position);
    this.#rotation.fromArray(rotation);
    this.#pose.compose(this.#position, this.#rotation, this.#one);
    for (const part of parts) {
      this.#matrix.multiplyMatrices(this.#pose, part.local);
      part.mesh.setMatrixAt(part.index, this.#matrix);
      part.mesh.instanceMatrix.needsUpdate = true;
    }
  }
}

/** The box around meshes, for placing the far ground. */
export function boundsOf(meshes: readonly Mesh[]): Box3 {
  const bounds = new Box3();
  for (const mesh of meshes) bounds.expandByObject(mesh);
  return bounds;
}

/**
 * Turns many small parts into few draw calls: static parts are merged by material, moving and
 * repeated ones are instanced.
 */
import {
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
import { type Triangles, whole } from "./picking";
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
  /** What the material can draw; see `MaterialLibrary.familyKey`. */
  family: string;
  solid: Required<Solid>;
  /** Once it is built. */
  geometry: BufferGeometry | null;
}

/** Indices of a merged mesh that draw a part of one object. */
interface Range {
  merged: Merged;
  from: number;
  count: number;
  firstVertex: number;
  vertices: number;
}

/** Gathers static parts; `build` is called once. */
export class StaticMerger {
  #merged = new Map<string, Merged>();
  /** By object. */
  #ranges = new Map<number, Range[]>();
  #point = new Vector3();
  #normalMatrix = new Matrix3();

  add(
    materials: MaterialLibrary,
    surface: Surface,
    solid: Solid,
    matrix: Matrix4,
    object: number,
  ): void {
    const point = this.#point.setFromMatrixPosition(matrix);
    const cell = `${Math.round(point.x / CELL_M)},${Math.round(point.z / CELL_M)}`;
    const family = materials.familyKey(surface);
    const key = `${family}@${cell}`;
    let merged = this.#merged.get(key);
    if (!merged) {
      merged = {
        surface,
        family,
        solid: { positions: [], normals: [], uvs: [], indices: [], colours: [] },
        geometry: null,
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
    const range = {
      merged,
      from: into.indices.length,
      count: solid.indices.length,
      firstVertex: first,
      vertices: solid.positions.length / 3,
    };
    const ranges = this.#ranges.get(object);
    if (ranges) ranges.push(range);
    else this.#ranges.set(object, [range]);
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
    return [...this.#merged.values()].map((merged) => {
      const { surface, solid } = merged;
      merged.geometry = geometryOf(solid);
      // The arrays are large, and the geometry has its own.
      merged.solid = { positions: [], normals: [], uvs: [], indices: [], colours: [] };
      const mesh = new Mesh(merged.geometry, materials.get(surface, "vertices"));
      mesh.castShadow = surface.opacity >= 1;
      mesh.receiveShadow = true;
      mesh.matrixAutoUpdate = false;
      return mesh;
    });
  }

  /** The triangles of an object, in the world's frame. */
  trianglesOf(object: number): Triangles[] {
    const built = (this.#ranges.get(object) ?? []).filter(({ merged }) => merged.geometry !== null);
    return built.map(({ merged, from, count, firstVertex, vertices }) => ({
      geometry: merged.geometry as BufferGeometry,
      from,
      count,
      matrix: null,
      vertices: { from: firstVertex, count: vertices },
    }));
  }

  /** What the material of an object's part can draw; parts count in the order of `add`. */
  familyOf(object: number, part: number): string | null {
    return this.#ranges.get(object)?.[part]?.merged.family ?? null;
  }

  /** Gives a part of an object another colour. */
  repaint(object: number, part: number, hex: string): void {
    const range = this.#ranges.get(object)?.[part];
    const colours = range?.merged.geometry?.getAttribute("color");
    if (!range || !(colours instanceof BufferAttribute)) return;
    const { r, g, b } = new Color(hex);
    for (let vertex = 0; vertex < range.vertices; vertex += 1) {
      colours.setXYZ(range.firstVertex + vertex, r, g, b);
    }
    colours.addUpdateRange(range.firstVertex * 3, range.vertices * 3);
    colours.needsUpdate = true;
  }

  /** Takes an object out of the built meshes for good: its triangles shrink to a point. */
  takeOut(object: number): void {
    for (const { geometry, from, count } of this.trianglesOf(object)) {
      const index = geometry.index;
      if (index === null || count === 0) continue;
      (index.array as Uint16Array | Uint32Array).fill(index.getX(from), from, from + count);
      index.addUpdateRange(from, count);
      index.needsUpdate = true;
    }
    this.#ranges.delete(object);
  }
}

export interface InstanceLook {
  geometry: BufferGeometry;
  material: Material;
  castShadow: boolean;
  /** What the material can draw in other colours; models have none. */
  family: string;
}

interface InstanceGroup extends InstanceLook {
  matrices: Matrix4[];
  colours: (Color | null)[];
  /** Object of each instance, and the how manieth of its parts it is. */
  objects: { object: number; moving: boolean; order: number }[];
}

interface InstancePart {
  mesh: InstancedMesh;
  index: number;
  /** Pose in the object where it moves, in the world where it does not. */
  local: Matrix4;
  moving: boolean;
  order: number;
  family: string;
}

/** Everything that is drawn by instancing: moving objects and repeated models. */
export class Instances {
  #groups = new Map<string, InstanceGroup>();
  /** How many parts each object has by now. */
  #counts = new Map<number, number>();
  #parts = new Map<number, InstancePart[]>();
  #last = new Map<number, number[]>();
  #pose = new Matrix4();
  #matrix = new Matrix4();
  #position = new Vector3();
  #rotation = new Quaternion();
  #one = new Vector3(1, 1, 1);

  /**
   * `key` names the geometry and material together. For a `moving` object the matrix is relative to
   * the object.
   */
  add(
    key: string,
    make: () => InstanceLook,
    matrix: Matrix4,
    colour: string | null,
    object: number,
    moving: boolean,
  ): void {
    const full = `${key}${moving ? "~" : ""}`;
    let group = this.#groups.get(full);
    if (!group) {
      group = { ...make(), matrices: [], colours: [], objects: [] };
      this.#groups.set(full, group);
    }
    group.matrices.push(matrix);
    group.colours.push(colour === null ? null : new Color(colour));
    const order = this.#counts.get(object) ?? 0;
    this.#counts.set(object, order + 1);
    group.objects.push({ object, moving, order });
  }

  build(): InstancedMesh[] {
    this.#counts.clear();
    const meshes = [...this.#groups.values()].map((group) => {
      const mesh = new InstancedMesh(group.geometry, group.material, group.matrices.length);
      mesh.castShadow = group.castShadow;
      mesh.receiveShadow = true;
      mesh.matrixAutoUpdate = false;
      group.matrices.forEach((matrix, index) => {
        mesh.setMatrixAt(index, matrix);
        const colour = group.colours[index];
        if (colour) mesh.setColorAt(index, colour);
        const owner = group.objects[index];
        if (!owner) return;
        const parts = this.#parts.get(owner.object) ?? [];
        const { moving, order } = owner;
        parts.push({ mesh, index, local: matrix, moving, order, family: group.family });
        this.#parts.set(owner.object, parts);
        // Its sphere would have to be computed anew with every step.
        if (moving) mesh.frustumCulled = false;
      });
      return mesh;
    });
    for (const parts of this.#parts.values()) parts.sort((a, b) => a.order - b.order);
    return meshes;
  }

  /** What the material of an object's part can draw; parts count in the order of `add`. */
  familyOf(object: number, part: number): string | null {
    return this.#parts.get(object)?.[part]?.family ?? null;
  }

  /** Gives a part of an object another colour. */
  repaint(object: number, part: number, hex: string): void {
    const found = this.#parts.get(object)?.[part];
    if (!found?.mesh.instanceColor) return;
    found.mesh.setColorAt(found.index, new Color(hex));
    found.mesh.instanceColor.needsUpdate = true;
  }

  /** The triangles of an object, where they are drawn now. */
  trianglesOf(object: number): Triangles[] {
    return (this.#parts.get(object) ?? []).map(({ mesh, index }) => {
      const matrix = new Matrix4();
      mesh.getMatrixAt(index, matrix);
      return whole(mesh.geometry, matrix);
    });
  }

  /** Takes an object out for good: its instances shrink to a point. */
  takeOut(object: number): void {
    for (const { mesh, index } of this.#parts.get(object) ?? []) {
      mesh.setMatrixAt(index, this.#matrix.makeScale(0, 0, 0));
      mesh.instanceMatrix.needsUpdate = true;
    }
    this.#parts.delete(object);
    this.#last.delete(object);
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
      if (!part.moving) continue;
      this.#matrix.multiplyMatrices(this.#pose, part.local);
      part.mesh.setMatrixAt(part.index, this.#matrix);
      part.mesh.instanceMatrix.needsUpdate = true;
    }
  }
}

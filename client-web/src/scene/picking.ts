/**
 * What a ray meets, triangle by triangle, and how large things are, wherever they are drawn: in
 * merged meshes, in instances or in groups of their own.
 */
import { Box3, type BufferGeometry, Matrix4, type Ray, Triangle, Vector3 } from "three";

/** Some triangles of a geometry, and where they are drawn. */
export interface Triangles {
  geometry: BufferGeometry;
  /** First of the indices. */
  from: number;
  count: number;
  /** From the geometry's frame to the world's; null: the same. */
  matrix: Matrix4 | null;
  /** The vertices of some triangles only, one after another; null: of the whole geometry. */
  vertices: { from: number; count: number } | null;
}

/** Where a ray meets something first. */
export interface Meeting {
  distanceM: number;
  point: Vector3;
  /** Unit vector out of the surface, towards where the ray came from. */
  normal: Vector3;
}

/** All of a geometry. */
export function whole(geometry: BufferGeometry, matrix: Matrix4): Triangles {
  const count = geometry.index?.count ?? geometry.getAttribute("position")?.count ?? 0;
  return { geometry, from: 0, count, matrix, vertices: null };
}

/** The box around triangles in the world; empty when there are none. */
export function boundsOfTriangles(all: readonly Triangles[]): Box3 {
  const bounds = new Box3();
  const box = new Box3();
  const point = new Vector3();
  for (const { geometry, matrix, vertices } of all) {
    const positions = geometry.getAttribute("position");
    if (vertices) {
      box.makeEmpty();
      for (let at = vertices.from; at < vertices.from + vertices.count; at += 1) {
        box.expandByPoint(point.fromBufferAttribute(positions, at));
      }
    } else {
      if (geometry.boundingBox === null) geometry.computeBoundingBox();
      if (geometry.boundingBox === null) continue;
      box.copy(geometry.boundingBox);
    }
    if (matrix !== null && !box.isEmpty()) box.applyMatrix4(matrix);
    bounds.union(box);
  }
  return bounds;
}

/** Where the ray meets one of the triangles first, nearer than `maxM`; null: nowhere. */
export function meetTriangles(
  ray: Ray,
  all: readonly Triangles[],
  maxM = Number.POSITIVE_INFINITY,
): Meeting | null {
  let nearest: Meeting | null = null;
  let nearestM = maxM;
  const local = ray.clone();
  const triangle = new Triangle();
  const hit = new Vector3();
  for (const { geometry, from, count, matrix } of all) {
    const positions = geometry.getAttribute("position");
    local.copy(ray);
    if (matrix !== null) {
      if (Math.abs(matrix.determinant()) < 1e-12) continue;
      local.applyMatrix4(new Matrix4().copy(matrix).invert());
    }
    const corner = (at: number): number => geometry.index?.getX(at) ?? at;
    for (let at = from; at + 2 < from + count; at += 3) {
      triangle.a.fromBufferAttribute(positions, corner(at));
      triangle.b.fromBufferAttribute(positions, corner(at + 1));
      triangle.c.fromBufferAttribute(positions, corner(at + 2));
      if (local.intersectTriangle(triangle.a, triangle.b, triangle.c, false, hit) === null)
        continue;
      if (matrix !== null) hit.applyMatrix4(matrix);
      const distanceM = hit.distanceTo(ray.origin);
      if (distanceM >= nearestM) continue;
      nearestM = distanceM;
      if (matrix !== null) {
        for (const point of [triangle.a, triangle.b, triangle.c]) point.applyMatrix4(matrix);
      }
      const normal = triangle.getNormal(new Vector3());
      if (normal.dot(ray.direction) > 0) normal.negate();
      nearest = { distanceM, point: hit.clone(), normal };
    }
  }
  return nearest;
}

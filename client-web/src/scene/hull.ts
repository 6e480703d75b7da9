/**
 * Triangles of a convex hull. Kept apart so that it is loaded only by worlds that draw one.
 */
import { Vector3 } from "three";
import { ConvexHull } from "three/addons/math/ConvexHull.js";

/** Corner indices, counter-clockwise from outside. */
export function hullTriangles(points: readonly (readonly number[])[]): number[][] {
  const vectors = points.map((point) => new Vector3(point[0] ?? 0, point[1] ?? 0, point[2] ?? 0));
  const indexOf = new Map(vectors.map((vector, index) => [vector, index]));
  const triangles: number[][] = [];
  for (const face of new ConvexHull().setFromPoints(vectors).faces) {
    const corners: number[] = [];
    const first = face.edge;
    let edge = first;
    do {
      const index = indexOf.get(edge.head().point);
      if (index !== undefined) corners.push(index);
      edge = edge.next;
    } while (edge !== first);
    for (let i = 1; i + 1 < corners.length; i++) {
      triangles.push([corners[0] ?? 0, corners[i] ?? 0, corners[i + 1] ?? 0]);
    }
  }
  return triangles;
}

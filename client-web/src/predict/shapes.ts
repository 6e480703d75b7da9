/**
 * From a collider of the world document to a rapier shape: `shared/motion/src/shape.rs`.
 *
 * The server has refused what cannot be built, so nothing is checked twice here; rapier throws on
 * what is left.
 */
import type * as Rapier from "@dimforge/rapier3d-deterministic/rapier.js";
import type { Collider } from "../protocol/document";
import { length, scale as scaled, type Vec3, vec3 } from "./geometry";

const f = Math.fround;

export type RapierModule = typeof Rapier;

/** Flags of rapier's `TriMeshFlags.FIX_INTERNAL_EDGES` and `HeightFieldFlags.FIX_INTERNAL_EDGES`. */
const MESH_FIX_INTERNAL_EDGES = 144;
const HEIGHTFIELD_FIX_INTERNAL_EDGES = 1;

/** The shape of a collider whose object has the given scale. */
export function buildShape(rapier: RapierModule, collider: Collider, scale: Vec3): Rapier.Shape {
  const shape = collider.shape;
  if ("box" in shape) {
    const size = scaled(vec3(shape.box.size_m), scale);
    return new rapier.Cuboid(f(size[0] * 0.5), f(size[1] * 0.5), f(size[2] * 0.5));
  }
  if ("ball" in shape) return new rapier.Ball(f(f(shape.ball.radius_m) * scale[0]));
  if ("capsule" in shape) {
    const radius = f(f(shape.capsule.radius_m) * scale[0]);
    const height = f(f(shape.capsule.height_m) * scale[0]);
    return new rapier.Capsule(f(f(height * 0.5) - radius), radius);
  }
  if ("cylinder" in shape) {
    const radius = f(f(shape.cylinder.radius_m) * scale[0]);
    const height = f(f(shape.cylinder.height_m) * scale[0]);
    return new rapier.Cylinder(f(height * 0.5), radius);
  }
  if ("hull" in shape) {
    return new rapier.ConvexPolyhedron(flattened(shape.hull.points_m, scale), null);
  }
  if ("mesh" in shape) {
    const vertices = flattened(shape.mesh.vertices_m, scale);
    const corners = Uint32Array.from(shape.mesh.triangles.flat());
    return new rapier.TriMesh(vertices, corners, MESH_FIX_INTERNAL_EDGES);
  }
  const field = shape.heightfield;
  const size = scaled([f(field.size_m[0]), 1, f(field.size_m[1])], scale);
  return new rapier.Heightfield(
    field.rows - 1,
    field.columns - 1,
    Float32Array.from(field.heights_m),
    { x: size[0], y: size[1], z: size[2] },
    HEIGHTFIELD_FIX_INTERNAL_EDGES,
  );
}

/** A radius (metres) around the collider's own origin that holds all of its scaled shape. */
export function boundingRadiusM(collider: Collider, scale: Vec3): number {
  return f(f(innerRadiusM(collider, scale) * f(1.01)) + f(0.1));
}

function innerRadiusM(collider: Collider, scale: Vec3): number {
  const shape = collider.shape;
  if ("box" in shape) return f(length(scaled(vec3(shape.box.size_m), scale)) * 0.5);
  if ("ball" in shape) return f(f(shape.ball.radius_m) * scale[0]);
  if ("capsule" in shape) return f(f(shape.capsule.height_m) * scale[0]);
  if ("cylinder" in shape) {
    const { radius_m, height_m } = shape.cylinder;
    return f(f(f(radius_m) + f(height_m)) * scale[0]);
  }
  if ("hull" in shape) return farthest(shape.hull.points_m, scale);
  if ("mesh" in shape) return farthest(shape.mesh.vertices_m, scale);
  const field = shape.heightfield;
  let highest = 0;
  for (const height of field.heights_m) highest = Math.max(highest, Math.abs(f(height)));
  return length(scaled([f(field.size_m[0]), highest, f(field.size_m[1])], scale));
}

function farthest(points: readonly (readonly number[])[], scale: Vec3): number {
  let distance = 0;
  for (const point of points) distance = Math.max(distance, length(scaled(vec3(point), scale)));
  return distance;
}

function flattened(points: readonly (readonly number[])[], scale: Vec3): Float32Array {
  const flat = new Float32Array(points.length * 3);
  points.forEach((point, index) => {
    flat.set(scaled(vec3(point), scale), index * 3);
  });
  return flat;
}

/**
 * Where companions are at home: a translucent figure for each, which is seen, picked and moved while
 * building. Where a companion itself is at the moment is the crowd's.
 */
import {
  Box3,
  Color,
  DynamicDrawUsage,
  Group,
  InstancedMesh,
  Matrix4,
  MeshBasicMaterial,
  Quaternion,
  type Ray,
  Raycaster,
  Vector3,
} from "three";
import { type Changes, propertiesOf } from "../document/apply";
import { idAt, type WorldDocument } from "../protocol/document";
import { ring, Sculpture } from "./avatar/sculpture";
import { ballSolid, capsuleSolid } from "./solids";
import type { Hit, ScaledPose } from "./view";

/** Size of a body, metres: its feet stand at the object. */
const HIGH_M = 1.7;
const RADIUS_M = 0.3;

/** What is met of a home, and how far away. */
export interface HomeHit extends Hit {
  distanceM: number;
}

export class Homes {
  readonly root = new Group();
  #shown = false;
  #document: WorldDocument | null = null;
  #ids: number[] = [];
  #places = new Map<number, number>();
  #mesh: InstancedMesh | null = null;
  #raycaster = new Raycaster();
  #matrix = new Matrix4();
  #at = new Vector3();
  #turn = new Quaternion();
  #size = new Vector3(1, 1, 1);

  /** Shows the homes, or no longer. */
  show(on: boolean): void {
    this.#shown = on;
    this.#build();
  }

  /** The world is another. */
  set(document: WorldDocument | null): void {
    this.#document = document;
    if (this.#shown) this.#build();
  }

  /** The world was changed; who was only moved is found at each picture. */
  edit(document: WorldDocument, { created, deleted, reshaped }: Changes): void {
    this.#document = document;
    if (this.#shown && created.size + deleted.size + reshaped.size > 0) this.#build();
  }

  /** Before each picture: objects may be shown elsewhere. */
  update(poseOf: (object: number) => ScaledPose | null): void {
    const mesh = this.#mesh;
    if (!mesh) return;
    this.#ids.forEach((id, index) => {
      const pose = poseOf(id);
      if (!pose) return;
      this.#at.fromArray(pose.position);
      this.#turn.fromArray(pose.rotation);
      // A body stands upright, however its object leans.
      this.#turn.x = 0;
      this.#turn.z = 0;
      this.#turn.normalize();
      mesh.setMatrixAt(index, this.#matrix.compose(this.#at, this.#turn, this.#size));
    });
    mesh.instanceMatrix.needsUpdate = true;
    // Bounds are those of earlier places.
    mesh.boundingSphere = null;
  }

  /** The box around a home that is shown; null: there is none. */
  boundsOf(object: number): Box3 | null {
    const index = this.#places.get(object);
    if (index === undefined || !this.#mesh) return null;
    this.#mesh.getMatrixAt(index, this.#matrix);
    const { x, y, z } = this.#at.setFromMatrixPosition(this.#matrix);
    return new Box3(
      new Vector3(x - RADIUS_M, y, z - RADIUS_M),
      new Vector3(x + RADIUS_M, y + HIGH_M, z + RADIUS_M),
    );
  }

  /** The home that a ray meets first. */
  pick(ray: Ray, except: ReadonlySet<number>): HomeHit | null {
    if (!this.#mesh) return null;
    this.#raycaster.ray.copy(ray);
    for (const meeting of this.#raycaster.intersectObject(this.#mesh)) {
      const object = this.#ids[meeting.instanceId ?? -1];
      if (object === undefined || except.has(object)) continue;
      const normal = meeting.face?.normal ?? this.#at.set(0, 1, 0);
      return {
        object,
        point: meeting.point.toArray(),
        normal: normal.toArray(),
        distanceM: meeting.distance,
      };
    }
    return null;
  }

  dispose(): void {
    this.#drop();
  }

  #drop(): void {
    if (!this.#mesh) return;
    this.root.remove(this.#mesh);
    this.#mesh.geometry.dispose();
    for (const material of [this.#mesh.material].flat()) material.dispose();
    this.#mesh.dispose();
    this.#mesh = null;
  }

  #build(): void {
    this.#drop();
    this.#ids = [];
    this.#places.clear();
    const document = this.#document;
    if (!this.#shown || !document) return;
    const colours: string[] = [];
    document.objects.forEach((object, index) => {
      const { companion } = propertiesOf(document, object);
      if (companion == null) return;
      this.#places.set(idAt(document, index), this.#ids.length);
      this.#ids.push(idAt(document, index));
      colours.push(companion.body);
    });
    if (colours.length === 0) return;
    const material = new MeshBasicMaterial({
      vertexColors: true,
      transparent: true,
      opacity: 0.45,
      depthWrite: false,
    });
    const mesh = new InstancedMesh(figure(), material, colours.length);
    mesh.instanceMatrix.setUsage(DynamicDrawUsage);
    mesh.frustumCulled = false;
    mesh.renderOrder = 3;
    colours.forEach((colour, index) => {
      mesh.setMatrixAt(index, this.#matrix.identity());
      mesh.setColorAt(index, new Color(colour));
    });
    this.#mesh = mesh;
    this.root.add(mesh);
  }
}

/** A body on a ring, with a nose where it looks. */
function figure() {
  return new Sculpture()
    .add(capsuleSolid(RADIUS_M, HIGH_M, 16), "#ffffff", "fixed", [0, HIGH_M / 2, 0])
    .add(ballSolid(0.09, 8), "#ffffff", "fixed", [0, 1.35, -RADIUS_M])
    .add(ring(0.6, 0.03, 6, 28), "#ffffff", "fixed", [0, 0.03, 0])
    .geometry();
}

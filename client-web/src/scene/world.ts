/**
 * Builds what is drawn of a world document, once, when the world is entered.
 *
 * Static parts are never touched again; moving ones are instances that `setPose` moves.
 */
import {
  AdditiveBlending,
  Color,
  Group,
  InstancedMesh,
  type Material,
  Matrix4,
  Mesh,
  PointLight,
  Quaternion,
  Sprite,
  SpriteMaterial,
  Texture,
  Vector3,
} from "three";
import {
  type Collider,
  documentDefaults,
  type Light,
  type VisualShape,
  type WorldDocument,
} from "../protocol/document";
import { geometryOf, Instances, StaticMerger } from "./batches";
import { drawSpot } from "./lettering";
import { MaterialLibrary } from "./materials";
import { loadModels, type ModelPart } from "./models";
import { byDistance, Portals, signMesh } from "./portals";
import type { Quality } from "./quality";
import { type PlacedObject, placeObjects, quat, type Surface, surfaceOf, vec3 } from "./resolve";
import { displayColour } from "./sky";
import {
  ballSolid,
  boxSolid,
  capsuleSolid,
  cylinderSolid,
  facetedSolid,
  type Solid,
} from "./solids";
import { type TerrainColours, terrainSolid } from "./terrain";
import type { Quat, Vec3 } from "./view";
import { Waters } from "./water";
import { windTime } from "./wind";

/** Tells how far loading is, 0-1, and what is being loaded. */
export type Progress = (done01: number, label: string) => void;

/** Above this many vertices a repeated static shape is instanced, below it is merged. */
const MERGE_VERTICES_MAX = 220;

interface Lamp {
  at: Vector3;
  light: Light;
}

export class WorldScene {
  readonly root = new Group();
  #quality: Quality;
  #materials: MaterialLibrary;
  #statics = new StaticMerger();
  #instances = new Instances();
  #solids = new Map<string, Solid>();
  #waters = new Waters();
  #portals = new Portals();
  #lamps: Lamp[] = [];
  #lights: PointLight[] = [];
  #glow: Texture | null = null;
  #waterHeightsM: number[] = [];
  #document: WorldDocument;
  #sunRay: Vector3;
  /** Groups of moving objects that are not instanced (signs, lamps). */
  #loose = new Map<number, Group>();

  constructor(document: WorldDocument, quality: Quality, anisotropyMax: number, sunRay: Vector3) {
    this.#document = document;
    this.#quality = quality;
    this.#sunRay = sunRay;
    this.#materials = new MaterialLibrary(quality, anisotropyMax);
  }

  async build(assetsUrl: string, progress: Progress): Promise<void> {
    const objects = placeObjects(this.#document);
    for (const object of objects) {
      for (const visual of object.properties.visuals ?? []) {
        if ("water" in visual.shape) this.#waterHeightsM.push(object.position[1]);
      }
    }
    const paths = new Set<string>();
    for (const object of objects) {
      for (const visual of object.properties.visuals ?? []) {
        if ("model" in visual.shape) paths.add(visual.shape.model.path);
      }
    }
    const models = await loadModels([...paths], assetsUrl, this.#quality, (done01) =>
      progress(done01 * 0.8, "models"),
    );
    progress(0.8, "objects");
    for (const object of objects) await this.#place(object, models);
    for (const mesh of this.#statics.build(this.#materials)) this.root.add(mesh);
    for (const mesh of this.#instances.build()) this.root.add(mesh);
    for (const object of objects) {
      if (object.moving) this.#instances.setPose(object.id, object.position, object.rotation);
    }
    for (let i = 0; i < this.#quality.pointLights; i++) {
      const light = new PointLight("#ffffff", 0, 10);
      this.#lights.push(light);
      this.root.add(light);
    }
    this.root.updateMatrixWorld(true);
    progress(1, "objects");
  }

  setPose(object: number, position: Vec3, rotation: Quat): void {
    this.#instances.setPose(object, position, rotation);
    const loose = this.#loose.get(object);
    if (loose) {
      loose.position.fromArray(position);
      loose.quaternion.fromArray(rotation);
    }
  }

  update(timeS: number, around: Vector3): void {
    this.#waters.update(timeS);
    this.#portals.update(timeS);
    windTime.value = timeS;
    if (this.#lights.length === 0 || this.#lamps.length === 0) return;
    const nearest = byDistance(around);
    this.#lamps.sort((a, b) => nearest(a.at, b.at));
    this.#lights.forEach((light, index) => {
      const lamp = this.#lamps[index];
      light.intensity = lamp?.light.intensity_cd ?? 0;
      if (!lamp) return;
      light.position.copy(lamp.at);
      light.color.set(lamp.light.colour);
      light.distance = lamp.light.range_m;
    });
  }

  dispose(): void {
    this.root.traverse((node) => {
      if (!(node instanceof Mesh) && !(node instanceof Sprite)) return;
      node.geometry.dispose();
      if (node instanceof InstancedMesh) node.dispose();
      const materials: Material[] = [node.material].flat();
      for (const material of materials) {
        if ("map" in material && material.map instanceof Texture) material.map.dispose();
        material.dispose();
      }
    });
    this.#materials.dispose();
    this.#glow?.dispose();
  }

  async #place(object: PlacedObject, models: Map<string, ModelPart[]>): Promise<void> {
    const pose = new Matrix4().compose(
      new Vector3().fromArray(object.position),
      new Quaternion().fromArray(object.rotation),
      new Vector3(1, 1, 1),
    );
    for (const visual of object.properties.visuals ?? []) {
      const surface = surfaceOf(this.#document, visual);
      const rotation = quat(visual.rotation);
      const offset = vec3(visual.offset_m, [0, 0, 0]);
      const local = new Matrix4().compose(
        new Vector3().fromArray(offset).multiply(new Vector3().fromArray(object.scale)),
        new Quaternion().fromArray(rotation),
        new Vector3(1, 1, 1),
      );
      await this.#draw(object, visual.shape, surface, pose, local, models);
    }
    const { portal, light } = object.properties;
    if (portal) {
      const tint = new Color(
        this.#document.environment?.zenith ?? documentDefaults.environment.zenith,
      );
      tint.lerp(new Color("#7fe0ff"), 0.65);
      const door = this.#portals.make(portal.size_m, titleOf(portal.world), tint);
      this.#addLoose(object, door, pose, new Matrix4());
    }
    if (light) this.#addLamp(object, light, pose);
  }

  async #draw(
    object: PlacedObject,
    shape: VisualShape,
    surface: Surface,
    pose: Matrix4,
    local: Matrix4,
    models: Map<string, ModelPart[]>,
  ): Promise<void> {
    if ("water" in shape) {
      const [sx, , sz] = object.scale;
      const [width = 1, depth = 1] = shape.water.size_m;
      const environment = { ...documentDefaults.environment, ...this.#document.environment };
      const mesh = this.#waters.make(
        [width * sx, depth * sz],
        {
          deep: displayColour(surface.colour),
          horizon: displayColour(environment.horizon),
          zenith: displayColour(environment.zenith),
          sunColour: displayColour(environment.sun),
          sunRay: this.#sunRay,
          noise: this.#materials.texture("noise"),
        },
        surface.opacity < 1 ? surface.opacity : 0.8,
      );
      this.#addLoose(object, mesh, pose, local);
    } else if ("text" in shape) {
      const sign = signMesh(shape.text.text, shape.text.height_m * object.scale[1], surface.colour);
      this.#addLoose(object, sign, pose, local);
    } else if ("model" in shape) {
      const scaled = local.clone().scale(new Vector3().fromArray(object.scale));
      for (const part of models.get(shape.model.path) ?? []) {
        const relative = scaled.clone().multiply(part.matrix);
        this.#instances.add(
          part.key,
          () => ({ geometry: part.geometry, material: part.material, castShadow: part.castShadow }),
          object.moving ? relative : pose.clone().multiply(relative),
          null,
          object.moving ? object.id : -1,
        );
      }
    } else if ("collider" in shape) {
      for (const collider of object.properties.colliders ?? []) {
        const solid = await this.#colliderSolid(object, collider, surface);
        if (!solid) continue;
        const at = new Matrix4().compose(
          new Vector3()
            .fromArray(vec3(collider.offset_m, [0, 0, 0]))
            .multiply(new Vector3().fromArray(object.scale)),
          new Quaternion().fromArray(quat(collider.rotation)),
          new Vector3(1, 1, 1),
        );
        const tint = solid.colours ? { ...surface, colour: "#ffffff" } : surface;
        this.#addSolid(
          object,
          `collider${object.id}`,
          () => solid,
          tint,
          pose,
          local.clone().multiply(at),
        );
      }
    } else {
      const uneven = object.scale[0] !== object.scale[1] || object.scale[0] !== object.scale[2];
      const turned = uneven && !isUpright(local);
      const scale: Vec3 = turned ? [1, 1, 1] : object.scale;
      const matrix = turned ? new Matrix4().makeScale(...object.scale).multiply(local) : local;
      const key = `${JSON.stringify(shape)}|${scale.join()}`;
      const quality = this.#quality;
      this.#addSolid(object, key, () => primitive(shape, scale, quality), surface, pose, matrix);
    }
  }

  #addSolid(
    object: PlacedObject,
    key: string,
    make: () => Solid,
    surface: Surface,
    pose: Matrix4,
    local: Matrix4,
  ): void {
    const solid = solidOf(this.#solids, key, make);
    // Vertices that bring their own colours belong to a single terrain.
    const merges = solid.colours || solid.positions.length / 3 <= MERGE_VERTICES_MAX;
    if (!object.moving && merges) {
      this.#statics.add(this.#materials, surface, solid, pose.clone().multiply(local));
      return;
    }
    this.#instances.add(
      `${key}|${this.#materials.familyKey(surface)}`,
      () => ({
        geometry: geometryOf(solid),
        material: this.#materials.get(surface, "instances"),
        castShadow: surface.opacity >= 1,
      }),
      object.moving ? local : pose.clone().multiply(local),
      surface.colour,
      object.moving ? object.id : -1,
    );
  }

  async #colliderSolid(
    object: PlacedObject,
    collider: Collider,
    surface: Surface,
  ): Promise<Solid | null> {
    const shape = collider.shape;
    const scaled = (points: readonly (readonly number[])[]) =>
      points.map((point) => point.map((value, axis) => value * (object.scale[axis] ?? 1)));
    if ("heightfield" in shape) {
      const originM = object.position[1] + vec3(collider.offset_m, [0, 0, 0])[1];
      return terrainSolid(shape.heightfield, object.scale[1], this.#ground(surface, originM));
    }
    if ("mesh" in shape) {
      return facetedSolid(scaled(shape.mesh.vertices_m), shape.mesh.triangles);
    }
    if ("hull" in shape) {
      const { hullTriangles } = await import("./hull");
      const points = scaled(shape.hull.points_m);
      return facetedSolid(points, hullTriangles(points));
    }
    return null;
  }

  /** Colours of a terrain from those of its material. */
  #ground(surface: Surface, originM: number): TerrainColours {
    const base = new Color(surface.colour);
    const water = this.#waterHeightsM.length ? Math.max(...this.#waterHeightsM) : null;
    const rgb = (colour: Color) => [colour.r, colour.g, colour.b] as const;
    return {
      low: rgb(base),
      high: rgb(base.clone().lerp(new Color("#b9b77a"), 0.45)),
      rock: rgb(new Color("#8d8375").lerp(base, 0.12)),
      shore: rgb(new Color("#d9c99a")),
      waterM: water === null ? null : water - originM,
    };
  }

  #addLoose(
    object: PlacedObject,
    node: Group | Sprite | ReturnType<typeof signMesh>,
    pose: Matrix4,
    local: Matrix4,
  ): void {
    const turned = new Quaternion();
    const at = new Vector3();
    local.decompose(at, turned, new Vector3());
    node.position.copy(at);
    node.quaternion.premultiply(turned);
    let group = this.#loose.get(object.id);
    if (!group) {
      group = new Group();
      pose.decompose(group.position, group.quaternion, group.scale);
      this.#loose.set(object.id, group);
      this.root.add(group);
    }
    group.add(node);
  }

  #addLamp(object: PlacedObject, light: Light, pose: Matrix4): void {
    const offset = new Vector3().fromArray(vec3(light.offset_m, [0, 0, 0]));
    this.#lamps.push({ at: offset.clone().applyMatrix4(pose), light });
    this.#glow ??= drawSpot("#ffffff");
    const glow = new Sprite(
      new SpriteMaterial({
        map: this.#glow,
        color: light.colour,
        transparent: true,
        opacity: 0.5,
        blending: AdditiveBlending,
        depthWrite: false,
        fog: false,
      }),
    );
    glow.scale.setScalar(Math.min(2.2, 0.5 + light.range_m * 0.1));
    glow.renderOrder = 4;
    this.#addLoose(object, glow, pose, new Matrix4().setPosition(offset));
  }
}

/** Whether a pose has no rotation. */
function isUpright(pose: Matrix4): boolean {
  const e = pose.elements;
  return (e[0] ?? 0) > 0.99999 && (e[5] ?? 0) > 0.99999;
}

function solidOf(solids: Map<string, Solid>, key: string, make: () => Solid): Solid {
  let solid = solids.get(key);
  if (!solid) {
    solid = make();
    solids.set(key, solid);
  }
  return solid;
}

/** Portals name a world by its address; people see it with capital letters. */
function titleOf(world: string): string {
  return world
    .split("-")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(" ");
}

type Primitive = Exclude<
  VisualShape,
  { water: unknown } | { text: unknown } | { model: unknown } | { collider: unknown }
>;

function primitive(shape: Primitive, scale: Vec3, quality: Quality): Solid {
  const [sx, sy, sz] = scale;
  const round = (radius: number) =>
    Math.round(Math.min(48, Math.max(14, 22 + radius * 8)) * (0.3 + 0.7 * quality.detail));
  if ("box" in shape) {
    const [x = 1, y = 1, z = 1] = shape.box.size_m;
    return boxSolid([x * sx, y * sy, z * sz], quality.bevels);
  }
  if ("ball" in shape) return ballSolid(shape.ball.radius_m * sx, round(shape.ball.radius_m));
  if ("cylinder" in shape) {
    const { radius_m, height_m } = shape.cylinder;
    return cylinderSolid(radius_m * sx, radius_m * sx, height_m * sy, round(radius_m));
  }
  if ("cone" in shape) {
    const { radius_m, height_m } = shape.cone;
    return cylinderSolid(radius_m * sx, 0, height_m * sy, round(radius_m));
  }
  const { radius_m, height_m } = shape.capsule;
  return capsuleSolid(radius_m * sx, height_m * sy, round(radius_m));
}

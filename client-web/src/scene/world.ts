/**
 * What is drawn of a world document, and how it follows edits.
 *
 * An object of the first build is *batched*: its parts are in merged meshes and instances. The first
 * edit that concerns it takes it out of there, and from then on it is *live*: drawn as a group of
 * its own, which every further edit fills anew or moves. Signs, water, doors and glows are in its
 * group from the beginning. Invariant: an object is drawn exactly once; a group has the pose of its
 * object and holds parts in the object's frame, with its scale in them.
 */
import {
  type Box3,
  Color,
  Group,
  InstancedMesh,
  type Material,
  Matrix4,
  Mesh,
  type Object3D,
  PointLight,
  Quaternion,
  type Ray,
  Sprite,
  type Texture,
  Vector3,
} from "three";
import { type Changes, placeOf } from "../document/apply";
import { documentDefaults, idAt, type Light, type WorldDocument } from "../protocol/document";
import { Arrivals } from "./arrivals";
import type { Assets } from "./assets";
import { geometryOf, Instances, StaticMerger } from "./batches";
import { type Draft, Drafter, modelsOf } from "./drafts";
import { drawSpot } from "./lettering";
import { MaterialLibrary } from "./materials";
import { boundsOfTriangles, type Meeting, meetTriangles, type Triangles, whole } from "./picking";
import { byDistance, glowSprite, Portals, signMesh } from "./portals";
import type { Quality } from "./quality";
import { type PlacedObject, placeObject, placeObjects, vec3 } from "./resolve";
import { displayColour } from "./sky";
import type { Solid } from "./solids";
import type { ModelWeight, PoseView, Quat, ScaledPose, Vec3 } from "./view";
import { Waters } from "./water";
import { windTime } from "./wind";

/** Tells how far loading is, 0-1, and what is being loaded. */
export type Progress = (done01: number, label: string) => void;

/** Above this many vertices a repeated static shape is instanced, below it is merged. */
const MERGE_VERTICES_MAX = 220;
/** A world that is built beside one that is shown leaves room for pictures in between. */
const SLICE_MS = 6;

interface Lamp {
  group: Group;
  offset: Vector3;
  light: Light;
  at: Vector3;
}

interface Shown {
  placed: PlacedObject;
  batched: boolean;
  /** Absent as long as all of the object is batched. */
  group: Group | null;
  /** Where it was said to be last, if it moves. */
  pose: PoseView | null;
  /** Where it is shown instead. */
  preview: ScaledPose | null;
  bounds: Box3 | null;
}

export class WorldScene {
  readonly root = new Group();
  #quality: Quality;
  #materials: MaterialLibrary;
  #drafter: Drafter;
  #statics = new StaticMerger();
  #instances = new Instances();
  #waters = new Waters();
  #portals = new Portals();
  #lamps = new Map<number, Lamp>();
  #lights: PointLight[] = [];
  #glow: Texture | null = null;
  #sunRay: Vector3;
  #shown = new Map<number, Shown>();
  #arrivals = new Arrivals();
  #live = 0;

  constructor(
    document: WorldDocument,
    quality: Quality,
    anisotropyMax: number,
    sunRay: Vector3,
    assets: Assets,
  ) {
    this.#quality = quality;
    this.#sunRay = sunRay;
    this.#materials = new MaterialLibrary(quality, anisotropyMax, assets);
    this.#drafter = new Drafter(document, quality, assets);
    this.root.add(this.#arrivals.root);
  }

  /** `gently`: another world is shown meanwhile. */
  async build(progress: Progress, gently = false): Promise<void> {
    const objects = placeObjects(this.#drafter.document);
    await this.#drafter.prepare(objects, (done01) => progress(done01 * 0.8, "models"));
    progress(0.8, "objects");
    let sinceMs = performance.now();
    for (const object of objects) {
      this.#batch(object);
      if (!gently || performance.now() - sinceMs < SLICE_MS) continue;
      await new Promise((resolve) => setTimeout(resolve));
      sinceMs = performance.now();
    }
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

  /** Objects that are drawn as groups of their own. */
  get liveCount(): number {
    return this.#live;
  }

  /**
   * Gives batched objects the colours that the document says. What needs another material than it
   * has, and what is live, is given back: `edit` draws it anew.
   */
  repaint(document: WorldDocument, ids: Iterable<number>): Set<number> {
    this.#drafter.document = document;
    return new Set([...ids].filter((id) => !this.#repaint(id)));
  }

  /** Goes on for a world that was shown before: with its previews, and what was hidden. */
  succeed(before: WorldScene): void {
    for (const [id, { preview, group }] of before.#shown) {
      if (preview) this.preview(id, preview);
      if (group?.visible === false) this.hide(id, true);
    }
  }

  /** Shows a world as it is after an edit. */
  edit(document: WorldDocument, changes: Changes): void {
    this.#drafter.document = document;
    for (const id of changes.deleted) this.#remove(id);
    const anew = new Set([...changes.created, ...changes.reshaped, ...changes.repainted]);
    if (changes.environment) {
      // Water mirrors the sky, and doors have something of its colour.
      for (const [id, { placed }] of this.#shown) if (showsSky(placed)) anew.add(id);
    }
    for (const id of anew) this.#renew(id);
    for (const id of changes.moved) if (!anew.has(id)) this.#move(id);
  }

  setPose(object: number, position: Vec3, rotation: Quat): void {
    const shown = this.#shown.get(object);
    if (!shown?.placed.moving) return;
    shown.pose = { position, rotation };
    if (shown.preview) return;
    if (shown.batched) this.#instances.setPose(object, position, rotation);
    if (shown.group) this.#put(shown);
  }

  update(timeS: number, around: Vector3): void {
    this.#waters.update(timeS);
    this.#portals.update(timeS);
    windTime.value = timeS;
    if (this.#lights.length === 0) return;
    const lamps = [...this.#lamps.values()].filter(({ group }) => group.visible);
    for (const lamp of lamps) lamp.at.copy(lamp.offset).applyMatrix4(lamp.group.matrix);
    const nearest = byDistance(around);
    lamps.sort((a, b) => nearest(a.at, b.at));
    this.#lights.forEach((light, index) => {
      const lamp = lamps[index];
      light.intensity = lamp?.light.intensity_cd ?? 0;
      if (!lamp) return;
      light.position.copy(lamp.at);
      light.color.set(lamp.light.colour);
      light.distance = lamp.light.range_m;
    });
  }

  /**
   * Makes an object live, and gives its group: it may be moved as a preview, which the next edit of
   * the object undoes. Null: there is no such object.
   */
  takeOut(id: number): Group | null {
    const shown = this.#shown.get(id);
    if (!shown) return null;
    if (shown.batched) this.#fill(shown);
    return this.#groupOf(shown);
  }

  /** Shows an object elsewhere than it is; null: where it is. */
  preview(id: number, pose: ScaledPose | null): void {
    const shown = this.#shown.get(id);
    if (!shown || (pose === null && shown.preview === null)) return;
    this.takeOut(id);
    shown.preview = pose;
    shown.bounds = null;
    this.#put(shown);
  }

  /** What a model costs to draw once; null: it is not here. */
  weightOf(path: string): ModelWeight | null {
    return this.#drafter.weightOf(path);
  }

  /** Tells models that cannot be had by the names of their objects, for whoever builds. */
  nameMissing(on: boolean): void {
    const nameOf = ({ id, properties }: PlacedObject): string => {
      const { document } = this.#drafter;
      const { name } = document.objects[placeOf(document, id)] ?? {};
      const [path = ""] = modelsOf({ properties });
      return name || (path.startsWith("uploads/") ? `#${id}` : (path.split("/").at(-1) ?? ""));
    };
    this.#arrivals.name(on ? nameOf : null);
  }

  /** What is written in the box in the place of an object's model; null: there is none. */
  arriving(id: number): string | null {
    return this.#arrivals.of(id);
  }

  hide(id: number, hidden: boolean): void {
    const isHidden = this.#shown.get(id)?.group?.visible === false;
    if (hidden === isHidden) return;
    const group = this.takeOut(id);
    if (group) group.visible = !hidden;
  }

  /** Where an object is shown; null: there is no such object. */
  poseOf(id: number): ScaledPose | null {
    const shown = this.#shown.get(id);
    if (!shown) return null;
    const { position, rotation } = shown.pose ?? shown.placed;
    return shown.preview ?? { position, rotation, scale: shown.placed.scale };
  }

  /** The box around what is drawn of an object; null: nothing is. */
  boundsOf(id: number): Box3 | null {
    const shown = this.#shown.get(id);
    if (!shown) return null;
    if (shown.bounds) return shown.bounds;
    const bounds = boundsOfTriangles(this.#trianglesOf(shown));
    if (bounds.isEmpty()) return null;
    if (!shown.placed.moving && !shown.preview) shown.bounds = bounds;
    return bounds;
  }

  /** The object that the ray meets first, and where. */
  pick(ray: Ray, except: ReadonlySet<number>): (Meeting & { object: number }) | null {
    const entry = new Vector3();
    const candidates: { shown: Shown; fromM: number }[] = [];
    for (const [id, shown] of this.#shown) {
      if (except.has(id) || shown.group?.visible === false) continue;
      const bounds = this.boundsOf(id);
      if (!bounds) continue;
      if (bounds.containsPoint(ray.origin)) candidates.push({ shown, fromM: 0 });
      else if (ray.intersectBox(bounds, entry)) {
        candidates.push({ shown, fromM: entry.distanceTo(ray.origin) });
      }
    }
    candidates.sort((a, b) => a.fromM - b.fromM);
    let nearest: (Meeting & { object: number }) | null = null;
    for (const { shown, fromM } of candidates) {
      if (nearest && fromM > nearest.distanceM) break;
      const meeting = meetTriangles(ray, this.#trianglesOf(shown), nearest?.distanceM);
      if (meeting) nearest = { ...meeting, object: shown.placed.id };
    }
    return nearest;
  }

  dispose(): void {
    this.#arrivals.dispose();
    for (const child of [...this.root.children]) this.#release(child);
    this.root.clear();
    this.#drafter.dispose();
    this.#materials.dispose();
    this.#glow?.dispose();
  }

  /** Puts an object of the first build into the batches. */
  #batch(object: PlacedObject): void {
    const shown: Shown = {
      placed: object,
      batched: true,
      group: null,
      pose: null,
      preview: null,
      bounds: null,
    };
    this.#shown.set(object.id, shown);
    const pose = new Matrix4().compose(
      new Vector3().fromArray(object.position),
      new Quaternion().fromArray(object.rotation),
      new Vector3(1, 1, 1),
    );
    const at = (local: Matrix4): Matrix4 => (object.moving ? local : pose.clone().multiply(local));
    for (const draft of this.#drafter.draft(object)) {
      if (draft.kind === "model") {
        const { key, geometry, material, castShadow } = draft.part;
        const make = () => ({ geometry, material, castShadow, family: key });
        this.#instances.add(key, make, at(draft.local), null, object.id, object.moving);
      } else if (draft.kind === "solid") this.#batchSolid(object, draft, at(draft.local));
      else this.#groupOf(shown).add(this.#loose(draft));
    }
    if (this.#drafter.isMissing(object)) this.#arrivals.miss(object);
    this.#addExtras(shown);
  }

  #batchSolid(
    object: PlacedObject,
    { key, solid, surface }: Extract<Draft, { kind: "solid" }>,
    matrix: Matrix4,
  ): void {
    if (isMerged(object, solid)) {
      this.#statics.add(this.#materials, surface, solid, matrix, object.id);
      return;
    }
    const family = this.#materials.familyKey(surface);
    this.#instances.add(
      `${key}|${family}`,
      () => ({
        family,
        geometry: geometryOf(solid),
        material: this.#materials.get(surface, "instances"),
        castShadow: surface.opacity >= 1,
      }),
      matrix,
      surface.colour,
      object.id,
      object.moving,
    );
  }

  /** Draws an object that is new or no longer as it was. */
  #renew(id: number): void {
    const { document } = this.#drafter;
    const index = placeOf(document, id);
    const placed = placeObject(document, index);
    if (placed === null || idAt(document, index) !== id) {
      this.#remove(id);
      return;
    }
    const before = this.#shown.get(id);
    const shown: Shown = before ?? {
      placed,
      batched: false,
      group: null,
      pose: null,
      preview: null,
      bounds: null,
    };
    if (this.#drafter.isReady(placed)) {
      if (this.#drafter.isMissing(placed)) this.#arrivals.miss(placed);
      else this.#arrivals.end(id);
      if (!before) this.#live += 1;
      this.#shown.set(id, shown);
      this.#follow(shown, placed);
      this.#fill(shown);
      return;
    }
    // Until all is there it looks as before; what is new has a box in its place.
    if (!before) this.#arrivals.show(placed, 0);
    void this.#drafter
      .prepare([placed], (done01) => {
        if (this.#arrivals.of(id) !== null) this.#arrivals.show(placed, done01);
      })
      .then(() => {
        const now = this.#drafter.document.objects[placeOf(this.#drafter.document, id)];
        if (now === document.objects[index]) this.#renew(id);
      });
  }

  /** Whether a batched object has its colours now. */
  #repaint(id: number): boolean {
    const shown = this.#shown.get(id);
    if (!shown?.batched) return false;
    const paint: (() => void)[] = [];
    let [merged, instanced] = [0, 0];
    for (const draft of this.#drafter.draft(shown.placed)) {
      if (draft.kind === "model") {
        instanced += 1;
        continue;
      }
      if (draft.kind !== "solid" || draft.solid.colours) return false;
      const isStatic = isMerged(shown.placed, draft.solid);
      const batch = isStatic ? this.#statics : this.#instances;
      const part = isStatic ? merged++ : instanced++;
      const family = this.#materials.familyKey(draft.surface);
      if (batch.familyOf(id, part) !== family) return false;
      paint.push(() => batch.repaint(id, part, draft.surface.colour));
    }
    for (const act of paint) act();
    return true;
  }

  /** Moves an object that is otherwise as it was. */
  #move(id: number): void {
    const shown = this.#shown.get(id);
    const { document } = this.#drafter;
    const placed = placeObject(document, placeOf(document, id));
    if (!shown || placed?.id !== id) {
      this.#renew(id);
      return;
    }
    this.#follow(shown, placed);
    if (this.#drafter.isMissing(placed)) this.#arrivals.miss(placed);
    // Who moves is moved where it is.
    if (shown.batched && !placed.moving) this.#fill(shown);
    else {
      if (shown.batched) this.#instances.setPose(id, placed.position, placed.rotation);
      if (shown.group) this.#put(shown);
    }
  }

  #follow(shown: Shown, placed: PlacedObject): void {
    shown.placed = placed;
    shown.pose = null;
    shown.preview = null;
    shown.bounds = null;
  }

  #remove(id: number): void {
    this.#arrivals.end(id);
    const shown = this.#shown.get(id);
    if (!shown) return;
    if (!shown.batched) this.#live -= 1;
    this.#empty(shown);
    if (shown.group) this.root.remove(shown.group);
    this.#shown.delete(id);
  }

  /** Takes everything away that is drawn of an object. */
  #empty(shown: Shown): void {
    const { id } = shown.placed;
    if (shown.batched) {
      this.#statics.takeOut(id);
      this.#instances.takeOut(id);
      shown.batched = false;
    }
    this.#lamps.delete(id);
    for (const child of [...(shown.group?.children ?? [])]) this.#release(child);
    shown.group?.clear();
  }

  /** Draws an object in its own group. */
  #fill(shown: Shown): void {
    if (shown.batched) this.#live += 1;
    this.#empty(shown);
    const { id } = shown.placed;
    const group = this.#groupOf(shown);
    const merger = new StaticMerger();
    for (const draft of this.#drafter.draft(shown.placed)) {
      if (draft.kind === "solid") {
        merger.add(this.#materials, draft.surface, draft.solid, draft.local, id);
      } else if (draft.kind === "model") group.add(instanceOf(draft));
      else group.add(this.#loose(draft));
    }
    for (const mesh of merger.build(this.#materials)) group.add(mesh);
    this.#addExtras(shown);
    this.#put(shown);
  }

  #groupOf(shown: Shown): Group {
    if (!shown.group) {
      shown.group = new Group();
      this.root.add(shown.group);
      this.#put(shown);
    }
    return shown.group;
  }

  /** Puts the group where the object is, or is shown instead. */
  #put(shown: Shown): void {
    const { group, placed, preview } = shown;
    if (!group) return;
    const { position, rotation } = preview ?? shown.pose ?? placed;
    group.position.fromArray(position);
    group.quaternion.fromArray(rotation);
    group.scale.set(1, 1, 1);
    if (preview) {
      group.scale.fromArray(
        preview.scale.map((factor, axis) => factor / (placed.scale[axis] || 1)),
      );
    }
    group.updateMatrix();
  }

  #loose(draft: Extract<Draft, { kind: "water" | "sign" }>): Mesh {
    const mesh =
      draft.kind === "sign"
        ? signMesh(draft.text, draft.heightM, draft.colour)
        : this.#water(draft.size, draft.surface);
    const turned = new Quaternion();
    draft.local.decompose(mesh.position, turned, new Vector3());
    mesh.quaternion.premultiply(turned);
    return mesh;
  }

  #water(size: [number, number], surface: Extract<Draft, { kind: "water" }>["surface"]): Mesh {
    const environment = { ...documentDefaults.environment, ...this.#drafter.document.environment };
    return this.#waters.make(
      size,
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
  }

  /** Doors and lamps. */
  #addExtras(shown: Shown): void {
    const { portal, light } = shown.placed.properties;
    if (portal) {
      const { zenith } = { ...documentDefaults.environment, ...this.#drafter.document.environment };
      const tint = new Color(zenith).lerp(new Color("#7fe0ff"), 0.65);
      this.#groupOf(shown).add(this.#portals.make(portal.size_m, titleOf(portal.world), tint));
    }
    if (!light) return;
    const group = this.#groupOf(shown);
    const offset = new Vector3().fromArray(vec3(light.offset_m, [0, 0, 0]));
    this.#lamps.set(shown.placed.id, { group, offset, light, at: offset.clone() });
    this.#glow ??= drawSpot("#ffffff");
    const glow = glowSprite(this.#glow, light);
    glow.position.copy(offset);
    group.add(glow);
  }

  #trianglesOf({ placed, batched, group }: Shown): Triangles[] {
    const found = batched
      ? [...this.#statics.trianglesOf(placed.id), ...this.#instances.trianglesOf(placed.id)]
      : [];
    group?.updateWorldMatrix(true, true);
    group?.traverse((node) => {
      if (!(node instanceof Mesh)) return;
      const matrix = node.matrixWorld.clone();
      if (node instanceof InstancedMesh) {
        const own = new Matrix4();
        node.getMatrixAt(0, own);
        matrix.multiply(own);
      }
      found.push(whole(node.geometry, matrix));
    });
    return found;
  }

  /** Frees what is drawn by a node and nowhere else. */
  #release(root: Object3D): void {
    root.traverse((node) => {
      if (!(node instanceof Mesh) && !(node instanceof Sprite)) return;
      // The geometry of models is the drafter's, that of sprites is everybody's.
      if (node instanceof InstancedMesh) node.dispose();
      if (node instanceof Mesh && node.userData.shared !== true) node.geometry.dispose();
      const materials: Material[] = [node.material].flat();
      for (const material of materials) {
        this.#waters.forget(material);
        this.#portals.forget(material);
        if (this.#materials.owns(material) || node.userData.shared === true) continue;
        const map: unknown = "map" in material ? material.map : null;
        if (map !== this.#glow && isTexture(map)) map.dispose();
        material.dispose();
      }
    });
  }
}

/** Whether a solid of the first build is merged; otherwise it is instanced. */
function isMerged(object: PlacedObject, solid: Solid): boolean {
  // Vertices that bring their own colours belong to a single terrain.
  return !object.moving && (!!solid.colours || solid.positions.length / 3 <= MERGE_VERTICES_MAX);
}

/** A model of a live object, drawn with the shaders that its instances have already. */
function instanceOf({ part, local }: Extract<Draft, { kind: "model" }>): InstancedMesh {
  const mesh = new InstancedMesh(part.geometry, part.material, 1);
  mesh.setMatrixAt(0, local);
  mesh.castShadow = part.castShadow;
  mesh.receiveShadow = true;
  mesh.userData.shared = true;
  return mesh;
}

function isTexture(value: unknown): value is Texture {
  return typeof value === "object" && value !== null && "isTexture" in value;
}

function showsSky({ properties }: PlacedObject): boolean {
  const water = properties.visuals?.some(({ shape }) => "water" in shape) ?? false;
  return water || properties.portal !== undefined;
}

/** Portals name a world by its address; people see it with capital letters. */
function titleOf(world: string): string {
  return world
    .split("-")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(" ");
}

/** What an object does: body, light, spawn point, portal, sensor, sound. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import {
  type Body,
  type Collider,
  documentDefaults,
  type Light,
  type Portal,
  type Properties,
  type Sound,
  type Spawn,
} from "../../protocol/document";
import type { WorldSummary } from "../../ui/store";
import { becoming, COLLIDER_SHAPES, type ColliderKind, filling, kindOfCollider } from "../bumping";
import {
  COORDINATE_M_MAX,
  DAMPING_MAX,
  DENSITY_KGPM3_MAX,
  FRICTION_MAX,
  GRAVITY_SCALE_MAX,
  LAMP_CD_MAX,
  NAME_CHARS_MAX,
  PARTS_PER_OBJECT_MAX,
  SIZE_M_MAX,
  SIZE_M_MIN,
} from "../limits";
import { type BuilderText, b } from "../texts/words";
import type { Vec3 } from "../vectors";
import {
  CheckField,
  ChoiceField,
  ColourField,
  NumberField,
  TextField,
  VectorField,
} from "./fields";
import type { PartProps } from "./inspector";
import { ticksPerS } from "./moving";
import { Part } from "./part";
import { ShapeFields } from "./shapes";

const COLLIDERS_SHOWN_MAX = 8;
const SHAPE_TEXTS: Readonly<Record<ColliderKind, BuilderText>> = {
  box: "pieceBox",
  ball: "pieceBall",
  cylinder: "pieceCylinder",
  capsule: "pieceCapsule",
};
const SIZES = { min: SIZE_M_MIN, max: SIZE_M_MAX, step: 0.1 } as const;

export function Bodies(part: PartProps) {
  const { builder, scenery, id, properties, at, disabled, stroke } = part;
  const colliders = properties.colliders ?? [];
  if (colliders.length === 0 && properties.body == null) return null;
  const body: Body = properties.body ?? { kind: "static" };
  const change = (fields: Partial<Body>): void =>
    builder.setProperty(id, "body", { ...body, ...fields }, stroke());
  const number = (
    path: "linear_damping" | "angular_damping" | "gravity_scale",
    label: BuilderText,
    absent: number,
    min: number,
    max: number,
  ) => (
    <NumberField
      at={at}
      path={`properties.body.${path}`}
      label={label}
      value={body[path] ?? absent}
      min={min}
      max={max}
      disabled={disabled}
      change={(value) => change({ [path]: value })}
    />
  );
  return (
    <>
      <Part part={part} title="partBody" of="body">
        <ChoiceField
          at={at}
          path="properties.body"
          label="fieldBodyKind"
          value={body.kind}
          choices={[
            { value: "static" as const, text: b("bodyStatic") },
            { value: "dynamic" as const, text: b("bodyDynamic") },
            { value: "kinematic" as const, text: b("bodyKinematic") },
          ]}
          disabled={disabled}
          change={(kind) => {
            const room = builder.roomOf(id, properties);
            builder.mould.putAll(id, becoming(properties, kind, room, ticksPerS(scenery)));
          }}
        />
        {body.kind === "dynamic" && (
          <>
            {number("linear_damping", "fieldLinearDamping", 0, 0, DAMPING_MAX)}
            {number("angular_damping", "fieldAngularDamping", 0, 0, DAMPING_MAX)}
            {number("gravity_scale", "fieldGravity", 1, -GRAVITY_SCALE_MAX, GRAVITY_SCALE_MAX)}
            <CheckField
              label="fieldContinuous"
              value={body.continuous ?? false}
              disabled={disabled}
              change={(continuous) => change({ continuous })}
            />
          </>
        )}
      </Part>
      {colliders.length > 0 && <Colliders {...part} kind={body.kind} />}
    </>
  );
}

function Colliders(part: PartProps & { kind: Body["kind"] }) {
  const { builder, id, properties, disabled, stroke, kind } = part;
  const colliders = properties.colliders ?? [];
  const put = (next: Collider[]): void => builder.setProperty(id, "colliders", next, stroke());
  return (
    // What moves needs something to bump into.
    <Part part={part} title="partColliders" of="colliders" removes={kind === "static"}>
      {colliders.slice(0, COLLIDERS_SHOWN_MAX).map((collider, index) => (
        <ColliderFields
          key={index}
          part={part}
          path={`properties.colliders[${index}]`}
          collider={collider}
          // Of several shapes each keeps to its own room.
          whole={colliders.length === 1 ? properties : { colliders: [collider] }}
          isLoose={kind === "dynamic"}
          put={(next) => put(colliders.map((one, at) => (at === index ? next : one)))}
        />
      ))}
      {colliders.length > COLLIDERS_SHOWN_MAX && (
        <p class="hint">{b("moreParts", { count: colliders.length - COLLIDERS_SHOWN_MAX })}</p>
      )}
      {colliders.length < PARTS_PER_OBJECT_MAX && !disabled && (
        <button
          type="button"
          class="button quiet"
          onClick={() => put([...colliders, filling(builder.roomOf(id, properties), "box")])}
        >
          {b("colliderAdd")}
        </button>
      )}
    </Part>
  );
}

function ColliderFields(props: {
  part: PartProps;
  path: string;
  collider: Collider;
  /** What takes the room that another shape is to fill. */
  whole: Properties;
  isLoose: boolean;
  put(collider: Collider): void;
}) {
  const { part, path, collider, whole, isLoose, put } = props;
  const { builder, id, at, disabled } = part;
  const kind = kindOfCollider(collider);
  const number = (
    of: "density_kgpm3" | "friction" | "restitution",
    label: BuilderText,
    min: number,
    max: number,
    step: number,
  ) => (
    <NumberField
      at={at}
      path={`${path}.${of}`}
      label={label}
      value={collider[of] ?? documentDefaults.collider[of]}
      min={min}
      max={max}
      step={step}
      disabled={disabled}
      change={(value) => put({ ...collider, [of]: value })}
    />
  );
  return (
    <div class="builder-shape">
      <ChoiceField
        at={at}
        path={`${path}.shape`}
        label="fieldShape"
        value={kind ?? ""}
        choices={[
          ...(kind === null ? [{ value: "" as const, text: b("colliderPoints") }] : []),
          ...COLLIDER_SHAPES.map((value) => ({ value, text: b(SHAPE_TEXTS[value]) })),
        ]}
        disabled={disabled}
        change={(wanted) => {
          if (wanted !== "") put(filling(builder.roomOf(id, whole), wanted, collider));
        }}
      />
      <ShapeFields
        at={at}
        path={`${path}.shape`}
        shape={collider.shape}
        disabled={disabled}
        change={(shape) => put({ ...collider, shape })}
      />
      {isLoose && number("density_kgpm3", "fieldDensity", 0.001, DENSITY_KGPM3_MAX, 50)}
      {number("friction", "fieldFriction", 0, FRICTION_MAX, 0.05)}
      {number("restitution", "fieldRestitution", 0, 1, 0.05)}
    </div>
  );
}

export function Lights(part: PartProps) {
  const { builder, id, properties, at, disabled, stroke } = part;
  const { light } = properties;
  if (light == null) return null;
  const change = (fields: Partial<Light>): void =>
    builder.setProperty(id, "light", { ...light, ...fields }, stroke());
  return (
    <Part part={part} title="partLight" of="light" removes>
      <ColourField
        at={at}
        path="properties.light.colour"
        label="fieldColour"
        value={light.colour}
        disabled={disabled}
        change={(colour) => change({ colour })}
      />
      <NumberField
        at={at}
        path="properties.light.intensity_cd"
        label="fieldIntensity"
        value={light.intensity_cd}
        min={0}
        max={LAMP_CD_MAX}
        step={1}
        disabled={disabled}
        change={(intensity_cd) => change({ intensity_cd })}
      />
      <NumberField
        at={at}
        path="properties.light.range_m"
        label="fieldRange"
        value={light.range_m}
        {...SIZES}
        step={1}
        disabled={disabled}
        change={(range_m) => change({ range_m })}
      />
    </Part>
  );
}

export function Spawns(part: PartProps) {
  const { builder, id, properties, at, disabled, stroke } = part;
  const { spawn } = properties;
  if (spawn == null) return null;
  const change = (fields: Partial<Spawn>): void =>
    builder.setProperty(id, "spawn", { ...spawn, ...fields }, stroke());
  return (
    <Part part={part} title="partSpawn" of="spawn" removes>
      <NumberField
        at={at}
        path="properties.spawn.radius_m"
        label="fieldSpawnRadius"
        value={spawn.radius_m ?? 0}
        min={0}
        max={SIZE_M_MAX}
        step={0.5}
        disabled={disabled}
        change={(radius_m) => change({ radius_m })}
      />
      <CheckField
        label="fieldOnlyByName"
        value={spawn.only_by_name ?? false}
        disabled={disabled}
        change={(only_by_name) => change({ only_by_name })}
      />
    </Part>
  );
}

export function Portals(part: PartProps) {
  const { builder, id, properties, at, disabled, stroke } = part;
  const worlds = useSignal<readonly WorldSummary[]>([]);
  const { portal } = properties;
  const isPortal = portal != null;
  useEffect(() => {
    if (!isPortal) return;
    builder.bench.worlds().then(
      (list) => {
        worlds.value = list;
      },
      () => undefined,
    );
  }, [builder, isPortal, worlds]);
  if (portal == null) return null;
  const change = (fields: Partial<Portal>): void =>
    builder.setProperty(id, "portal", { ...portal, ...fields }, stroke());
  const known = worlds.value.some(({ name }) => name === portal.world);
  return (
    <Part part={part} title="partPortal" of="portal" removes>
      <ChoiceField
        at={at}
        path="properties.portal.world"
        label="fieldWorld"
        value={portal.world}
        choices={[
          ...(known ? [] : [{ value: portal.world, text: portal.world }]),
          ...worlds.value.map(({ name, title }) => ({ value: name, text: title })),
        ]}
        disabled={disabled}
        change={(world) => {
          const { spawn: _, ...rest } = portal;
          builder.setProperty(id, "portal", { ...rest, world }, stroke());
        }}
      />
      <TextField
        at={at}
        path="properties.portal.spawn"
        label="fieldPortalSpawn"
        value={portal.spawn ?? ""}
        longest={NAME_CHARS_MAX}
        placeholder={b("anySpawn")}
        disabled={disabled}
        change={(name) => {
          const { spawn: _, ...rest } = portal;
          const next = name.trim() === "" ? rest : { ...rest, spawn: name.trim() };
          builder.setProperty(id, "portal", next, stroke());
        }}
      />
      <VectorField
        at={at}
        path="properties.portal.size_m"
        label="fieldSize"
        value={portal.size_m as Vec3}
        {...SIZES}
        disabled={disabled}
        change={(size_m) => change({ size_m })}
      />
    </Part>
  );
}

export function Sensors(part: PartProps) {
  const { builder, id, properties, at, disabled, stroke } = part;
  const { sensor } = properties;
  if (sensor == null) return null;
  return (
    <Part part={part} title="partSensor" of="sensor" removes>
      <VectorField
        at={at}
        path="properties.sensor.size_m"
        label="fieldSize"
        value={sensor.size_m as Vec3}
        {...SIZES}
        disabled={disabled}
        change={(size_m) => builder.setProperty(id, "sensor", { ...sensor, size_m }, stroke())}
      />
      <VectorField
        at={at}
        path="properties.sensor.offset_m"
        label="fieldOffset"
        value={(sensor.offset_m ?? [0, 0, 0]) as Vec3}
        min={-COORDINATE_M_MAX}
        max={COORDINATE_M_MAX}
        step={0.1}
        disabled={disabled}
        change={(offset_m) => builder.setProperty(id, "sensor", { ...sensor, offset_m }, stroke())}
      />
    </Part>
  );
}

export function Sounds(part: PartProps) {
  const { builder, scenery, id, properties, at, disabled, stroke } = part;
  const { sound } = properties;
  if (sound == null) return null;
  const change = (fields: Partial<Sound>): void =>
    builder.setProperty(id, "sound", { ...sound, ...fields }, stroke());
  const known = new Set(
    [...scenery.objects.keys()].flatMap((other) => scenery.properties(other).sound?.path ?? []),
  );
  known.add(sound.path);
  return (
    <Part part={part} title="partSound" of="sound" removes>
      <ChoiceField
        at={at}
        path="properties.sound.path"
        label="fieldSound"
        value={sound.path}
        choices={[...known].sort().map((value) => ({ value, text: value }))}
        disabled={disabled}
        change={(path) => change({ path })}
      />
      <ChoiceField
        at={at}
        path="properties.sound.plays"
        label="fieldPlays"
        value={sound.plays}
        choices={[
          { value: "always" as const, text: b("playsAlways") },
          { value: "on_enter" as const, text: b("playsOnEnter") },
        ]}
        disabled={disabled}
        change={(plays) => change({ plays })}
      />
      <NumberField
        at={at}
        path="properties.sound.volume"
        label="fieldVolume"
        value={sound.volume ?? 1}
        min={0}
        max={1}
        step={0.05}
        disabled={disabled}
        change={(volume) => change({ volume })}
      />
      <NumberField
        at={at}
        path="properties.sound.radius_m"
        label="fieldSoundRadius"
        value={sound.radius_m}
        {...SIZES}
        step={1}
        disabled={disabled}
        change={(radius_m) => change({ radius_m })}
      />
    </Part>
  );
}

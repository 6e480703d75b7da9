/** The inspector: what the chosen object is, in fields that can be changed. */
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Properties } from "../../protocol/document";
import { blueprintNames } from "../blueprints";
import type { Builder } from "../builder";
import { filling } from "../bumping";
import type { FieldFault } from "../faults";
import { COORDINATE_M_MAX, NAME_CHARS_MAX, SCALE_MAX, SCALE_MIN } from "../limits";
import { carriedAll } from "../operations";
import { NEW_COMPANION } from "../pieces";
import type { Scenery } from "../scenery";
import { b } from "../texts/words";
import { fromDegrees, toDegrees, type Vec3 } from "../vectors";
import type { Pose } from "../workbench";
import { BlueprintFields } from "./blueprint";
import { Companions } from "./companions";
import { Deeds } from "./deeds";
import { Earlier } from "./earlier";
import { type At, ChoiceField, TextField, VectorField } from "./fields";
import { Side } from "./frame";
import { Looks } from "./looks";
import { Hinges, Movers } from "./moving";
import { nameOf } from "./outline";
import { Bodies, Lights, Portals, Sensors, Sounds, Spawns } from "./parts";
import { Scripts } from "./scripts";
import { Together } from "./together";
import { WorldFields } from "./world";

/** What every part of the inspector gets. */
export interface PartProps {
  builder: Builder;
  scenery: Scenery;
  id: number;
  properties: Properties;
  /** What the object says itself, over its blueprint. */
  own: Properties;
  /** The blueprint that is changed in the place of the object: all above is its; null: none. */
  mould: string | null;
  at: At;
  disabled: boolean;
  /** The number of this session of typing: what is changed without leaving the field is one step. */
  stroke(): number;
}

export function Inspector({ builder }: { builder: Builder }) {
  const [id, ...others] = builder.chosen.value;
  return (
    <Side builder={builder} name="inspector" title="inspector">
      {id === undefined && <WorldFields builder={builder} />}
      {id !== undefined && others.length > 0 && <Many builder={builder} />}
      {id !== undefined && others.length === 0 && <One key={id} builder={builder} id={id} />}
    </Side>
  );
}

function Many({ builder }: { builder: Builder }) {
  const ids = builder.chosen.value;
  const scenery = builder.scenery.value;
  return (
    <div class="builder-scroll">
      <p class="builder-many">{b("chosenCount", { count: ids.length })}</p>
      <p class="hint">{b("manyHint")}</p>
      <Together key={ids.join()} builder={builder} ids={ids} />
      <Deeds builder={builder} ids={ids}>
        <button
          type="button"
          class="button quiet"
          onClick={() => builder.reparent(ids.slice(1), ids[0] ?? null)}
        >
          {b("putBelow", { name: nameOf(scenery, ids[0] ?? 0) })}
        </button>
        <button type="button" class="button quiet" onClick={() => builder.run("copy")}>
          {b("commandCopy")}
        </button>
      </Deeds>
    </div>
  );
}

function One({ builder, id }: { builder: Builder; id: number }) {
  const scenery = builder.scenery.value;
  const object = scenery.objects.get(id);
  const mould = builder.mould.of(id);
  const properties = useMemo(
    () => (mould === null ? scenery.properties(id) : (scenery.document.blueprints?.[mould] ?? {})),
    [scenery, id, mould],
  );
  const stroke = useRef(0);
  // Whoever chooses something else means that.
  useEffect(
    () => () => {
      builder.mould.through.value = null;
    },
    [builder],
  );
  if (object === undefined) return null;
  const isLocked = scenery.isLocked(id);
  const part: PartProps = {
    builder,
    scenery,
    id,
    properties,
    own: mould === null ? (object.properties ?? {}) : properties,
    mould,
    at: { fault: faultIn(builder.fault.value, id, mould), of: String(id) },
    disabled: isLocked,
    stroke: () => {
      if (stroke.current === 0) stroke.current = builder.edits.newStroke();
      return stroke.current;
    },
  };
  return (
    <div
      class="builder-scroll"
      onFocusIn={() => {
        stroke.current = builder.edits.newStroke();
      }}
    >
      {isLocked && <p class="hint builder-locked">{b("isLocked")}</p>}
      <Deeds builder={builder} ids={[id]} />
      <Identity {...part} />
      <Place {...part} />
      <BlueprintFields {...part} />
      <Looks {...part} />
      <Bodies {...part} />
      <Movers {...part} />
      <Hinges {...part} />
      <Lights {...part} />
      <Spawns {...part} />
      <Companions {...part} />
      <Portals {...part} />
      <Sensors {...part} />
      <Sounds {...part} />
      <Scripts {...part} />
      <Additions {...part} />
      {!isLocked && <Earlier builder={builder} id={id} />}
    </div>
  );
}

/** A fault of the blueprint that is changed is shown at the same fields as one of the object. */
function faultIn(fault: FieldFault | null, id: number, mould: string | null): FieldFault | null {
  if (fault === null || mould === null || fault.of !== mould) return fault;
  return { ...fault, of: String(id), path: `properties.${fault.path}` };
}

function Identity({ builder, scenery, id, at, disabled }: PartProps) {
  const object = scenery.objects.get(id);
  const blueprints = blueprintNames(scenery);
  return (
    <section class="builder-part">
      <TextField
        at={at}
        path="name"
        label="fieldName"
        value={object?.name ?? ""}
        longest={NAME_CHARS_MAX}
        placeholder={nameOf(scenery, id)}
        disabled={disabled}
        change={(name) => builder.rename(id, name)}
      />
      <ChoiceField
        at={at}
        path="blueprint"
        label="fieldBlueprint"
        value={object?.blueprint ?? ""}
        choices={[
          { value: "", text: b("noBlueprint") },
          ...blueprints.map((name) => ({ value: name, text: name.replaceAll("_", " ") })),
        ]}
        disabled={disabled}
        change={(name) => {
          builder.mould.through.value = null;
          void builder.commit([{ rebase: { object: id, blueprint: name === "" ? null : name } }]);
        }}
      />
    </section>
  );
}

function Place({ builder, scenery, id, at, disabled, stroke }: PartProps) {
  const pose = scenery.pose(id);
  const change = (to: Pose): void => {
    const poses = carriedAll(scenery, [id], pose, to);
    void builder.transform(poses, stroke());
  };
  return (
    <section class="builder-part">
      <h3>{b("partPlace")}</h3>
      <VectorField
        at={at}
        path="position_m"
        label="fieldPosition"
        value={pose.position}
        min={-COORDINATE_M_MAX}
        max={COORDINATE_M_MAX}
        step={builder.gridStepM ?? 0.1}
        disabled={disabled}
        change={(position) => change({ ...pose, position })}
      />
      <VectorField
        at={at}
        path="rotation"
        label="fieldRotation"
        value={toDegrees(pose.rotation)}
        min={-360}
        max={360}
        step={builder.snaps.value ? builder.angleDeg.value : 1}
        digits={2}
        disabled={disabled}
        change={(degrees) => change({ ...pose, rotation: fromDegrees(degrees) })}
      />
      <VectorField
        at={at}
        path="scale"
        label="fieldScale"
        value={pose.scale}
        min={SCALE_MIN}
        max={SCALE_MAX}
        step={0.1}
        disabled={disabled}
        change={(scale, axis) => {
          // What is round grows evenly: one field sets all three.
          const even = scale[axis];
          const all: Vec3 = scenery.scalesUnevenly(id) ? scale : [even, even, even];
          change({ ...pose, scale: all });
        }}
      />
      {!scenery.scalesUnevenly(id) && <p class="hint">{b("roundHint")}</p>}
    </section>
  );
}

/** A companion brings its own body, and is no place where others come. */
function bodiless({ body, colliders, spawn, portal }: Properties): boolean {
  return body == null && (colliders ?? []).length === 0 && spawn == null && portal == null;
}

/** What the object can become besides. */
function Additions({ builder, id, properties, disabled, stroke }: PartProps) {
  const add =
    <Key extends keyof Properties>(key: Key, value: Properties[Key]) =>
    () =>
      builder.setProperty(id, key, value, stroke());
  const offers = [
    {
      key: "colliders",
      text: b("partColliders"),
      act: () => {
        const room = builder.roomOf(id, properties);
        builder.setProperty(id, "colliders", [filling(room, "box")], stroke());
      },
    },
    ...(properties.body?.kind === "dynamic"
      ? [{ key: "hinge" as const, text: b("aspectHinge"), act: add("hinge", { axis: [0, 1, 0] }) }]
      : []),
    {
      key: "light",
      text: b("addLight"),
      act: add("light", { colour: "#ffd98a", intensity_cd: 20, range_m: 10 }),
    },
    { key: "spawn", text: b("addSpawn"), act: add("spawn", { radius_m: 1 }) },
    ...(bodiless(properties)
      ? [
          {
            key: "companion" as const,
            text: b("addCompanion"),
            act: add("companion", NEW_COMPANION),
          },
        ]
      : []),
    {
      key: "portal",
      text: b("addPortal"),
      act: add("portal", { world: builder.words.world, size_m: [2.2, 2.8, 0.6] }),
    },
    { key: "sensor", text: b("addSensor"), act: add("sensor", { size_m: [2, 2, 2] }) },
    {
      key: "sound",
      text: b("addSound"),
      act: add("sound", { path: "sounds/birds.wav", radius_m: 6, plays: "always" }),
    },
    {
      key: "script",
      text: b("addScript"),
      act: add("script", { module: "scripts/new.wasm" }),
    },
  ] as const;
  const left = offers.filter(({ key }) => {
    const given = properties[key];
    return given == null || (Array.isArray(given) && given.length === 0);
  });
  if (left.length === 0 || disabled) return null;
  return (
    <section class="builder-part">
      <h3>{b("partAdd")}</h3>
      <div class="builder-actions">
        {left.map(({ key, text, act }) => (
          <button key={key} type="button" class="button quiet" onClick={act}>
            {text}
          </button>
        ))}
      </div>
    </section>
  );
}

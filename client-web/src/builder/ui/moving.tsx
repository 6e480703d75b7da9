/** Paths that things move along, and hinges that they turn about. */
import { documentDefaults, type Hinge, type Mover } from "../../protocol/document";
import { COORDINATE_M_MAX, HINGE_DEG_MAX, MOVER_CYCLE_TICKS_END, WAYPOINTS_MAX } from "../limits";
import type { Scenery } from "../scenery";
import { type BuilderText, b } from "../texts/words";
import { add, type Vec3 } from "../vectors";
import { CheckField, NumberField, VectorField } from "./fields";
import type { PartProps } from "./inspector";
import { Part } from "./part";

const COORDINATES = { min: -COORDINATE_M_MAX, max: COORDINATE_M_MAX, step: 0.1 } as const;
/** Where a new waypoint comes, from the last one. */
const ONWARD_M: Vec3 = [0, 1, 0];
/** Ticks are counted with 32 bits. */
const TICKS_MAX = 2 ** 32 - 1;
/** Angles of a hinge that is to stop. */
const LIMITS_DEG: [number, number] = [-90, 90];

/** Ticks of the world in a second. */
export function ticksPerS(scenery: Scenery): number {
  return scenery.document.settings?.ticks_per_s ?? documentDefaults.settings.ticks_per_s;
}

export function Movers(part: PartProps) {
  const { builder, scenery, id, properties, at, disabled, stroke } = part;
  const { mover } = properties;
  if (mover == null) return null;
  const points = mover.waypoints_m as Vec3[];
  const change = (fields: Partial<Mover>): void =>
    builder.setProperty(id, "mover", { ...mover, ...fields }, stroke());
  const rate = ticksPerS(scenery);
  // The whole way out and back has to stay below a number of ticks.
  const legs = Math.max(1, points.length - 1);
  const together = Math.floor((MOVER_CYCLE_TICKS_END - 1) / (2 * legs));
  const rest = mover.rest_ticks ?? 0;
  const time = (
    path: "leg_ticks" | "rest_ticks" | "offset_ticks",
    label: BuilderText,
    least: number,
    most: number,
  ) => (
    <NumberField
      at={at}
      path={`properties.mover.${path}`}
      label={label}
      value={(mover[path] ?? 0) / rate}
      min={0}
      max={most / rate}
      step={0.5}
      disabled={disabled}
      change={(seconds) => change({ [path]: Math.max(least, Math.round(seconds * rate)) })}
    />
  );
  return (
    <Part part={part} title="aspectMover" of="mover">
      <p class="hint">{b("moverHint")}</p>
      {points.map((point, index) => (
        <div key={index} class="builder-shape">
          <VectorField
            at={at}
            path={`properties.mover.waypoints_m[${index}]`}
            label="fieldWaypoint"
            values={{ number: index + 1 }}
            value={point}
            {...COORDINATES}
            disabled={disabled}
            change={(to) =>
              change({ waypoints_m: points.map((one, which) => (which === index ? to : one)) })
            }
          />
          {points.length > 1 && !disabled && (
            <button
              type="button"
              class="button quiet"
              onClick={() => change({ waypoints_m: points.filter((_, which) => which !== index) })}
            >
              {b("waypointRemove", { number: index + 1 })}
            </button>
          )}
        </div>
      ))}
      {points.length < WAYPOINTS_MAX && !disabled && (
        <button
          type="button"
          class="button quiet"
          onClick={() =>
            change({ waypoints_m: [...points, add(points.at(-1) ?? [0, 0, 0], ONWARD_M)] })
          }
        >
          {b("waypointAdd")}
        </button>
      )}
      {time("leg_ticks", "fieldLeg", 1, together - rest)}
      {time("rest_ticks", "fieldRest", 0, together - mover.leg_ticks)}
      {time("offset_ticks", "fieldAhead", 0, TICKS_MAX)}
    </Part>
  );
}

export function Hinges(part: PartProps) {
  const { builder, id, properties, at, disabled, stroke } = part;
  const { hinge } = properties;
  if (hinge == null) return null;
  const put = (value: Hinge): void => builder.setProperty(id, "hinge", value, stroke());
  const [low, high] = hinge.limits_deg ?? [];
  return (
    <Part part={part} title="aspectHinge" of="hinge" removes>
      <VectorField
        at={at}
        path="properties.hinge.anchor_m"
        label="fieldAnchor"
        value={(hinge.anchor_m ?? [0, 0, 0]) as Vec3}
        {...COORDINATES}
        disabled={disabled}
        change={(anchor_m) => put({ ...hinge, anchor_m })}
      />
      <VectorField
        at={at}
        path="properties.hinge.axis"
        label="fieldAxis"
        value={hinge.axis as Vec3}
        {...COORDINATES}
        disabled={disabled}
        change={(axis) => put({ ...hinge, axis })}
      />
      <CheckField
        label="fieldLimits"
        value={hinge.limits_deg != null}
        disabled={disabled}
        change={(stops) => {
          const { limits_deg: _, ...free } = hinge;
          put(stops ? { ...free, limits_deg: LIMITS_DEG } : free);
        }}
      />
      {low !== undefined && high !== undefined && (
        <>
          <NumberField
            at={at}
            path="properties.hinge.limits_deg[0]"
            label="fieldAngleLeast"
            value={low}
            min={-HINGE_DEG_MAX}
            max={high}
            step={5}
            disabled={disabled}
            change={(angle) => put({ ...hinge, limits_deg: [angle, high] })}
          />
          <NumberField
            at={at}
            path="properties.hinge.limits_deg[1]"
            label="fieldAngleMost"
            value={high}
            min={low}
            max={HINGE_DEG_MAX}
            step={5}
            disabled={disabled}
            change={(angle) => put({ ...hinge, limits_deg: [low, angle] })}
          />
        </>
      )}
    </Part>
  );
}

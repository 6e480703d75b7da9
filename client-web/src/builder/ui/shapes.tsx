/** Sizes of simple shapes, drawn or bumped into. */
import type { Collider, Visual } from "../../protocol/document";
import { SIZE_M_MAX, SIZE_M_MIN } from "../limits";
import { b } from "../texts/words";
import type { Vec3 } from "../vectors";
import { type At, NumberField, VectorField } from "./fields";

type Shape = Visual["shape"] | Collider["shape"];

const ROUND = ["cylinder", "capsule", "cone"] as const;

/** `null` for what cannot be changed by numbers, such as models. */
export function ShapeFields<Given extends Shape>(props: {
  at: At;
  path: string;
  shape: Given;
  disabled: boolean;
  change(shape: Given): void;
}) {
  const { at, path, shape, disabled } = props;
  // Each branch gives back the shape that it got, with other numbers.
  const change = (next: Shape): void => props.change(next as Given);
  const limits = { min: SIZE_M_MIN, max: SIZE_M_MAX, step: 0.1, disabled, at };
  if ("box" in shape) {
    return (
      <VectorField
        {...limits}
        path={`${path}.box`}
        label="fieldSize"
        value={shape.box.size_m as Vec3}
        change={(size_m) => change({ box: { size_m } })}
      />
    );
  }
  if ("ball" in shape) {
    return (
      <NumberField
        {...limits}
        path={`${path}.ball`}
        label="fieldRadius"
        value={shape.ball.radius_m}
        change={(radius_m) => change({ ball: { radius_m } })}
      />
    );
  }
  if ("water" in shape) {
    const [width, depth] = shape.water.size_m;
    return (
      <div class="builder-shape">
        <NumberField
          {...limits}
          path={`${path}.water.size_m[0]`}
          label="fieldWidth"
          value={width}
          change={(x) => change({ water: { size_m: [x, depth] } })}
        />
        <NumberField
          {...limits}
          path={`${path}.water.size_m[1]`}
          label="fieldDepth"
          value={depth}
          change={(z) => change({ water: { size_m: [width, z] } })}
        />
      </div>
    );
  }
  for (const name of ROUND) {
    const found = (shape as Partial<Record<string, { radius_m: number; height_m: number }>>)[name];
    if (found === undefined) continue;
    const set = (fields: Partial<typeof found>): void => {
      const next: unknown = { [name]: { ...found, ...fields } };
      change(next as Shape);
    };
    return (
      <div class="builder-shape">
        <NumberField
          {...limits}
          path={`${path}.${name}.radius_m`}
          label="fieldRadius"
          value={found.radius_m}
          change={(radius_m) => set({ radius_m })}
        />
        <NumberField
          {...limits}
          path={`${path}.${name}.height_m`}
          label="fieldHeight"
          value={found.height_m}
          change={(height_m) => set({ height_m })}
        />
      </div>
    );
  }
  if ("model" in shape) {
    return (
      <p class="hint">
        {b("shapeModel")} <code>{shape.model.path}</code>
      </p>
    );
  }
  return null;
}

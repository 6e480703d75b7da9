/** Place, turn and size of several objects as one thing: about their middle, by numbers. */
import { useRef, useState } from "preact/hooks";
import type { Builder } from "../builder";
import { COORDINATE_M_MAX, SCALE_MAX, SCALE_MIN } from "../limits";
import { carriedAll } from "../operations";
import { b } from "../texts/words";
import { fromDegrees, type Vec3 } from "../vectors";
import type { Pose } from "../workbench";
import { type At, NumberField, VectorField } from "./fields";

/** How they were changed since the fields were entered. */
interface Change {
  degrees: Vec3;
  factor: number;
  /** About which they turn and grow; null: where the handles are. */
  middle: Vec3 | null;
}

const NO_CHANGE: Change = { degrees: [0, 0, 0], factor: 1, middle: null };
/** Refusals are told in the notice: they may be about any of the objects. */
const AT: At = { fault: null, of: "" };

export function Together({ builder, ids }: { builder: Builder; ids: readonly number[] }) {
  const [change, setChange] = useState(NO_CHANGE);
  const stroke = useRef(0);
  const handles = builder.handles();
  if (handles === null) return null;
  const middle = change.middle ?? handles.position;
  const poseOf = ({ degrees, factor }: Change, position: Vec3): Pose => ({
    position,
    rotation: fromDegrees(degrees),
    scale: [factor, factor, factor],
  });
  const carry = (to: Change, position: Vec3): void => {
    const scenery = builder.scenery.peek();
    // What was typed a moment ago is shown, and perhaps not yet in the world.
    const now = new Map(scenery.families(ids).map((id) => [id, builder.poseOf(id)]));
    const poses = carriedAll(scenery, ids, poseOf(change, middle), poseOf(to, position), now);
    setChange({ ...to, middle: position });
    if (stroke.current === 0) stroke.current = builder.edits.newStroke();
    void builder.transform(poses, stroke.current).then((isKept) => {
      if (!isKept) setChange(NO_CHANGE);
    });
  };
  return (
    <section
      class="builder-part"
      data-part="together"
      onFocusIn={(event) => {
        if (event.currentTarget.contains(event.relatedTarget as Node | null)) return;
        stroke.current = builder.edits.newStroke();
      }}
      onFocusOut={(event) => {
        // What comes next is a change of its own.
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setChange(NO_CHANGE);
      }}
    >
      <h3>{b("partPlace")}</h3>
      <VectorField
        at={AT}
        path="position_m"
        label="fieldMiddle"
        value={middle}
        min={-COORDINATE_M_MAX}
        max={COORDINATE_M_MAX}
        step={builder.gridStepM ?? 0.1}
        change={(position) => carry(change, position)}
      />
      <VectorField
        at={AT}
        path="rotation"
        label="fieldTurnBy"
        value={change.degrees}
        min={-360}
        max={360}
        step={builder.snaps.value ? builder.angleDeg.value : 1}
        digits={2}
        change={(degrees) => carry({ ...change, degrees }, middle)}
      />
      <NumberField
        at={AT}
        path="scale"
        label="fieldScaleBy"
        value={change.factor}
        min={SCALE_MIN}
        max={SCALE_MAX}
        change={(factor) => carry({ ...change, factor }, middle)}
      />
    </section>
  );
}

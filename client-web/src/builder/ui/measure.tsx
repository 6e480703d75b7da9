/** What is measured: a line over the picture, and the lengths as text. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Builder } from "../builder";
import { measured } from "../measure";
import { b } from "../texts/words";

const metres = (value: number): string => b("metres", { value: Math.round(value * 1000) / 1000 });

export function MeasureCard({ builder }: { builder: Builder }) {
  const { from, to } = builder.measure;
  const [a, z] = [from.value, to.value];
  const ends = a !== null && z !== null ? measured(a, z) : null;
  const [x = 0, y = 0, deep = 0] = ends?.alongM ?? [];
  return (
    <div class="builder-measure glass">
      <p role="status">
        {ends === null
          ? b(a === null ? "measureFirst" : "measureSecond")
          : b("measureTells", {
              distance: metres(ends.distanceM),
              x: metres(x),
              y: metres(y),
              z: metres(deep),
            })}
      </p>
      <button
        type="button"
        class="button quiet"
        aria-disabled={builder.chosen.value.length === 0 || undefined}
        onClick={() => builder.measureChosen()}
      >
        {b("measureChosen")}
      </button>
    </div>
  );
}

/** Follows the camera with every picture while there is something to show. */
export function MeasureLine({ builder }: { builder: Builder }) {
  const shown = useSignal<readonly { x: number; y: number }[]>([]);
  const { from, to } = builder.measure;
  const [a, z] = [from.value, to.value];
  useEffect(() => {
    let frame = 0;
    const draw = (): void => {
      const ends = [a, z].filter((end) => end !== null).map((end) => builder.bench.screenOf(end));
      shown.value = ends.every((end) => end !== null) ? ends : [];
      if (a !== null) frame = requestAnimationFrame(draw);
    };
    draw();
    return () => cancelAnimationFrame(frame);
  }, [builder, a, z, shown]);
  const [first, second] = shown.value;
  return (
    <svg class="builder-line" aria-hidden="true" focusable="false">
      {first && second && <line x1={first.x} y1={first.y} x2={second.x} y2={second.y} />}
      {shown.value.map((end, index) => (
        <circle key={index === 0 ? "from" : "to"} cx={end.x} cy={end.y} r={5} />
      ))}
    </svg>
  );
}

/** How heavy a draft is, told before it is published: in a line, with the way to what would help. */
import type { Builder } from "../builder";
import { type Grade, gradeOf } from "../score";
import { type BuilderText, b } from "../texts/words";
import { figureText, useScore } from "./side";

const WEIGHT_TEXTS: Readonly<Record<Grade, BuilderText>> = {
  good: "publishFits",
  fair: "publishFair",
  poor: "publishHeavy",
};

export function WeightLine({ builder }: { builder: Builder }) {
  const score = useScore(builder);
  const told = (name: "triangles" | "drawCalls"): string =>
    figureText(name, score.figures.find((figure) => figure.name === name)?.value ?? null);
  const grade = gradeOf(score);
  const values = { triangles: told("triangles"), drawCalls: told("drawCalls") };
  return (
    <div class="builder-weight" data-grade={grade}>
      <p>{b(WEIGHT_TEXTS[grade], values)}</p>
      <button
        type="button"
        class="button quiet"
        onClick={() => {
          if (!builder.shows("score")) builder.toggle("score");
        }}
      >
        {b(score.advice.length > 0 ? "publishMend" : "score")}
      </button>
    </div>
  );
}

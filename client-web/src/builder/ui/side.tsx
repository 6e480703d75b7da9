/** Help, and the performance score. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { t } from "../../i18n/translate";
import type { Builder } from "../builder";
import { type Command, OUTLINE_SHORTCUTS, type OutlineCommand, SHORTCUTS } from "../keys";
import {
  type Culprit,
  culpritsOf,
  type Figure,
  type FigureName,
  type Grade,
  gradeOf,
  type Score,
  scoreOf,
} from "../score";
import { type BuilderText, b } from "../texts/words";
import { Side } from "./frame";

type Shown = Exclude<Command, `nudge${string}`>;

const COMMAND_TEXTS: Readonly<Record<Shown, BuilderText>> = {
  select: "commandSelect",
  move: "commandMove",
  rotate: "commandRotate",
  scale: "commandScale",
  measure: "commandMeasure",
  space: "commandSpace",
  snap: "commandSnap",
  frame: "commandFrame",
  fly: "commandFly",
  pause: "commandPause",
  reset: "commandReset",
  undo: "commandUndo",
  redo: "commandRedo",
  copy: "commandCopy",
  cut: "commandCut",
  paste: "commandPaste",
  duplicate: "commandDuplicate",
  delete: "commandDelete",
  all: "commandAll",
  none: "commandNone",
  put: "commandPut",
  putMore: "commandPutMore",
  drop: "commandDrop",
  rename: "commandRename",
  help: "commandHelp",
};

const OUTLINE_TEXTS: Readonly<Record<OutlineCommand, BuilderText>> = {
  hide: "helpOutlineHide",
  lock: "helpOutlineLock",
  top: "helpOutlineTop",
};

/** Keys that are written on keyboards in words. */
function keyText(key: string): string {
  return key
    .replace("Shift", t("keyShift"))
    .replace("Enter", t("keyEnter"))
    .replace("Delete", b("keyDelete"))
    .replace("Esc", t("keyEscape"));
}

export function Help({ builder }: { builder: Builder }) {
  return (
    <Side builder={builder} name="help" title="helpTitle">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: so that it can be scrolled by keys. */}
      <div class="builder-scroll" tabIndex={0}>
        <p class="hint">{b("helpMouse")}</p>
        <p class="hint">{b("helpFly")}</p>
        <dl class="keys">
          {SHORTCUTS.map(({ command, keys }) => (
            <div key={command}>
              <dt>
                {keys.map((key) => (
                  <kbd key={key}>{keyText(key)}</kbd>
                ))}
              </dt>
              <dd>{b(COMMAND_TEXTS[command as Shown])}</dd>
            </div>
          ))}
          <div>
            <dt>
              <kbd>{t("keyArrows")}</kbd>
            </dt>
            <dd>{b("helpNudge")}</dd>
          </div>
          <div>
            <dt>
              <kbd>{b("keyPages")}</kbd>
            </dt>
            <dd>{b("helpNudgeHeight")}</dd>
          </div>
          {OUTLINE_SHORTCUTS.map(({ command, key }) => (
            <div key={command}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{b(OUTLINE_TEXTS[command])}</dd>
            </div>
          ))}
        </dl>
        <p class="hint">{b("helpPlacing")}</p>
        <p class="hint">{b("helpMany")}</p>
        <p class="hint">{b("helpTogether")}</p>
        <p class="hint">{b("helpTablet")}</p>
      </div>
    </Side>
  );
}

const FIGURE_TEXTS: Readonly<Record<FigureName, BuilderText>> = {
  triangles: "figureTriangles",
  drawCalls: "figureDrawCalls",
  textures: "figureTextures",
  bodies: "figureBodies",
  lights: "figureLights",
  objects: "figureObjects",
};

const ADVICE_TEXTS: Readonly<Record<FigureName, BuilderText>> = {
  triangles: "adviceTriangles",
  drawCalls: "adviceDrawCalls",
  textures: "adviceTextures",
  bodies: "adviceBodies",
  lights: "adviceLights",
  objects: "adviceObjects",
};

const CULPRIT_TEXTS = {
  bodies: "culpritBodies",
  lights: "culpritLights",
  alone: "culpritAlone",
} as const;

const SCORE_EVERY_MS = 1_000;

/** A figure of the score in words; null: not known. */
export function figureText(name: FigureName, value: number | null): string {
  if (value === null) return "—";
  if (name === "textures") return b("megabytes", { value: Math.round(value / 2 ** 20) });
  return Math.round(value).toLocaleString(document.documentElement.lang || "en");
}

/** How heavy the world is, as what is seen changes. */
export function useScore(builder: Builder): Score {
  const drawing = useSignal(builder.bench.drawing());
  useEffect(() => {
    const timer = setInterval(() => {
      drawing.value = builder.bench.drawing();
    }, SCORE_EVERY_MS);
    return () => clearInterval(timer);
  }, [builder, drawing]);
  return scoreOf(builder.scenery.value, drawing.value);
}

const GRADE_TEXTS: Readonly<Record<Grade, BuilderText>> = {
  good: "scoreGood",
  fair: "scoreFair",
  poor: "scorePoor",
};

export function ScorePanel({ builder }: { builder: Builder }) {
  const score = useScore(builder);
  const grade = gradeOf(score);
  return (
    <Side builder={builder} name="score" title="score">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: so that it can be scrolled by keys. */}
      <div class="builder-scroll" tabIndex={0}>
        <p class="builder-score-points" data-grade={grade}>
          <strong>{score.points}</strong>
          <span>{b(GRADE_TEXTS[grade])}</span>
        </p>
        <ul class="builder-figures">
          {score.figures.map((figure) => (
            <FigureRow key={figure.name} figure={figure} />
          ))}
        </ul>
        <h3>{b("adviceTitle")}</h3>
        {score.advice.length === 0 ? (
          <p class="hint">{b("adviceNone")}</p>
        ) : (
          <ol class="builder-advice">
            {score.advice.map((name) => (
              <li key={name}>
                {b(ADVICE_TEXTS[name])}
                <Culprits builder={builder} name={name} />
              </li>
            ))}
          </ol>
        )}
        <p class="hint">{b("scoreHint")}</p>
      </div>
    </Side>
  );
}

/** Where to begin: what is told chooses its objects and shows them. */
function Culprits({ builder, name }: { builder: Builder; name: FigureName }) {
  const uploads = builder.uploads.all.value;
  const scenery = builder.scenery.value;
  const all = useMemo(() => {
    const pixels = (path: string): number | null => {
      const [width, height] = uploads.find((upload) => upload.path === path)?.size ?? [];
      return width === undefined || height === undefined ? null : width * height;
    };
    return culpritsOf(scenery, name, (path) => builder.bench.modelWeight(path), pixels);
  }, [builder, scenery, uploads, name]);
  const textOf = (culprit: Culprit): string => {
    const count = culprit.ids.length;
    if (!("path" in culprit)) return b(CULPRIT_TEXTS[culprit.kind], { count });
    const { path } = culprit;
    const name = uploads.find((upload) => upload.path === path)?.name ?? path.split("/").at(-1);
    return count === 1 ? `${name}` : b("culpritTimes", { name: `${name}`, count });
  };
  if (all.length === 0) return null;
  return (
    <ul class="builder-things">
      {all.map((culprit) => (
        <li key={"path" in culprit ? culprit.path : culprit.kind}>
          <button
            type="button"
            class="button quiet builder-thing"
            onClick={() => builder.goTo(culprit.ids)}
          >
            {textOf(culprit)}
          </button>
        </li>
      ))}
    </ul>
  );
}

function FigureRow({ figure }: { figure: Figure }) {
  const { name, value, most, verdict } = figure;
  return (
    <li data-verdict={verdict} data-figure={name}>
      <span>{b(FIGURE_TEXTS[name])}</span>
      <b>{figureText(name, value)}</b>
      <meter
        min={0}
        max={most}
        value={Math.min(most, value ?? 0)}
        aria-label={b("figureOf", { figure: b(FIGURE_TEXTS[name]), most: figureText(name, most) })}
      />
    </li>
  );
}

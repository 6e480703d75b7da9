/**
 * What belongs to the world as a whole: its name, how it runs, its sky and its light. Shown while
 * nothing is chosen.
 */
import { useRef } from "preact/hooks";
import { documentDefaults, type Environment, type Settings } from "../../protocol/document";
import type { Builder } from "../builder";
import {
  COORDINATE_M_MAX,
  GRAVITY_MPS2_MAX,
  SIGHT_M_MIN,
  SIZE_M_MAX,
  SUNLIGHT_MAX,
  TEXT_CHARS_MAX,
  TICKS_PER_S_MAX,
  TICKS_PER_S_MIN,
} from "../limits";
import { type BuilderText, b } from "../texts/words";
import type { Upload } from "../uploads";
import type { Vec3 } from "../vectors";
import { type At, ChoiceField, ColourField, NumberField, TextField, VectorField } from "./fields";

const AT: At = { fault: null, of: "" };
/** Of pictures that may be a whole sky: twice as wide as high, or nearly. */
const SKY_ASPECT = 2;
const SKY_ASPECT_OFF = 0.1;

const COLOURS: readonly {
  key: "zenith" | "horizon" | "ground" | "fog" | "sun";
  text: BuilderText;
}[] = [
  { key: "zenith", text: "fieldZenith" },
  { key: "horizon", text: "fieldHorizon" },
  { key: "ground", text: "fieldGround" },
  { key: "fog", text: "fieldFog" },
  { key: "sun", text: "fieldSun" },
];

export function WorldFields({ builder }: { builder: Builder }) {
  const { document } = builder.scenery.value;
  const stroke = useRef(0);
  const given = document.environment ?? {};
  const environment = { ...documentDefaults.environment, ...given };
  const strokeNow = (): number => {
    if (stroke.current === 0) stroke.current = builder.edits.newStroke();
    return stroke.current;
  };
  const change = (fields: Partial<Environment>): void => {
    void builder.commit([{ environment: { ...given, ...fields } }], strokeNow());
  };
  const entitle = (title: string, description: string): void => {
    void builder.commit([{ title: { title, description } }]);
  };
  const { title, description = "" } = document;
  const strength = (key: "sun_intensity" | "sky_intensity", label: BuilderText) => (
    <NumberField
      at={AT}
      path={key}
      label={label}
      value={environment[key]}
      min={0}
      max={SUNLIGHT_MAX}
      change={(value) => change({ [key]: value })}
    />
  );
  return (
    <div
      class="builder-scroll"
      onFocusIn={() => {
        stroke.current = builder.edits.newStroke();
      }}
    >
      <p class="hint">{b("nothingChosen")}</p>
      <section class="builder-part">
        <h3>{b("partWorld")}</h3>
        <TextField
          at={AT}
          path="title"
          label="fieldTitle"
          isWide
          value={title}
          longest={TEXT_CHARS_MAX}
          change={(next) => entitle(next, description)}
        />
        <TextField
          at={AT}
          path="description"
          label="fieldDescription"
          isWide
          value={description}
          longest={TEXT_CHARS_MAX}
          change={(next) => entitle(title, next)}
        />
      </section>
      <Running builder={builder} stroke={strokeNow} />
      <section class="builder-part">
        <h3>{b("partSky")}</h3>
        <SkyChoice builder={builder} sky={given.sky ?? ""} given={given} />
        {COLOURS.map(({ key, text }) => (
          <ColourField
            key={key}
            at={AT}
            path={key}
            label={text}
            value={environment[key]}
            change={(colour) => change({ [key]: colour })}
          />
        ))}
        {strength("sun_intensity", "fieldSunStrength")}
        {strength("sky_intensity", "fieldSkyStrength")}
        <NumberField
          at={AT}
          path="fog_far_m"
          label="fieldFogFar"
          value={environment.fog_far_m}
          min={environment.fog_near_m + 1}
          max={COORDINATE_M_MAX}
          step={5}
          change={(fog_far_m) => change({ fog_far_m })}
        />
      </section>
    </div>
  );
}

/** How the simulation runs. */
function Running({ builder, stroke }: { builder: Builder; stroke(): number }) {
  const given = builder.scenery.value.document.settings ?? {};
  const settings = { ...documentDefaults.settings, ...given };
  const change = (fields: Partial<Settings>): void => {
    void builder.commit([{ settings: { ...given, ...fields } }], stroke());
  };
  const length = (
    key: "floor_m" | "earshot_m" | "sight_m",
    label: BuilderText,
    min: number,
    max: number,
  ) => (
    <NumberField
      at={AT}
      path={key}
      label={label}
      value={settings[key]}
      min={min}
      max={max}
      step={1}
      change={(value) => change({ [key]: value })}
    />
  );
  return (
    <section class="builder-part" data-part="settings">
      <h3>{b("partRunning")}</h3>
      <VectorField
        at={AT}
        path="gravity_mps2"
        label="fieldWorldGravity"
        value={settings.gravity_mps2 as Vec3}
        min={-GRAVITY_MPS2_MAX}
        max={GRAVITY_MPS2_MAX}
        step={0.5}
        change={(gravity_mps2) => change({ gravity_mps2 })}
      />
      <NumberField
        at={AT}
        path="ticks_per_s"
        label="fieldTicks"
        value={settings.ticks_per_s}
        min={TICKS_PER_S_MIN}
        max={TICKS_PER_S_MAX}
        step={1}
        digits={0}
        change={(ticks) => change({ ticks_per_s: Math.round(ticks) })}
      />
      <p class="hint">{b("ticksHint")}</p>
      {length("floor_m", "fieldFloor", -COORDINATE_M_MAX, COORDINATE_M_MAX)}
      {length("earshot_m", "fieldEarshot", 0, SIZE_M_MAX)}
      {length("sight_m", "fieldSight", SIGHT_M_MIN, SIZE_M_MAX)}
    </section>
  );
}

function mayBeSky({ kind, size }: Upload): boolean {
  if (kind === "sky") return true;
  const [width, height] = size ?? [0, 1];
  return kind === "image" && Math.abs(width / height - SKY_ASPECT) < SKY_ASPECT_OFF;
}

function SkyChoice(props: { builder: Builder; sky: string; given: Environment }) {
  const { builder, sky, given } = props;
  const skies = builder.uploads.all.value.filter(mayBeSky);
  const choices = skies.map(({ path, name }) => ({ value: path, text: name }));
  // One that is not in this library, as of a world that was brought along.
  if (sky !== "" && !skies.some(({ path }) => path === sky)) {
    choices.push({ value: sky, text: sky.split("/").at(-1) ?? sky });
  }
  return (
    <>
      <ChoiceField
        at={AT}
        path="sky"
        label="fieldSky"
        value={sky}
        choices={[{ value: "", text: b("skyDrawn") }, ...choices]}
        change={(path) => {
          const { sky: _, ...drawn } = given;
          void builder.commit([{ environment: path === "" ? drawn : { ...given, sky: path } }]);
        }}
      />
      {choices.length === 0 && <p class="hint">{b("skyHint")}</p>}
    </>
  );
}

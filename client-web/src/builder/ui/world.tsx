/** What belongs to the world as a whole: its name, its sky and its light. Shown while nothing is chosen. */
import { useRef } from "preact/hooks";
import { documentDefaults, type Environment } from "../../protocol/document";
import type { Builder } from "../builder";
import { COORDINATE_M_MAX, SUNLIGHT_MAX, TEXT_CHARS_MAX } from "../limits";
import { type BuilderText, b } from "../texts/words";
import type { Upload } from "../uploads";
import { type At, ChoiceField, ColourField, NumberField, TextField } from "./fields";

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
  const change = (fields: Partial<Environment>): void => {
    if (stroke.current === 0) stroke.current = builder.edits.newStroke();
    void builder.commit([{ environment: { ...given, ...fields } }], stroke.current);
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
          value={title}
          longest={TEXT_CHARS_MAX}
          change={(next) => entitle(next, description)}
        />
        <TextField
          at={AT}
          path="description"
          label="fieldDescription"
          value={description}
          longest={TEXT_CHARS_MAX}
          change={(next) => entitle(title, next)}
        />
      </section>
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

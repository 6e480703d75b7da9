/** How an object looks: its shapes, texts and materials. */
import { Fragment } from "preact";
import type { Material, Pattern, Visual } from "../../protocol/document";
import { SIZE_M_MAX, SIZE_M_MIN, TEXT_CHARS_MAX } from "../limits";
import { freeKey, reshaped, setProperty, withMaterial } from "../operations";
import type { Scenery } from "../scenery";
import { b } from "../texts/words";
import { CheckField, ChoiceField, ColourField, NumberField, TextField } from "./fields";
import type { PartProps } from "./inspector";
import { Part } from "./part";
import { ShapeFields } from "./shapes";

/** Parts that are shown one by one; of more, only the materials are. */
const PARTS_SHOWN_MAX = 8;

export function Looks(part: PartProps) {
  const { builder, id, properties, at, disabled, stroke } = part;
  const visuals = properties.visuals ?? [];
  if (visuals.length === 0) return null;
  const names = [...new Set(visuals.map(({ material }) => material ?? ""))];
  const change = (index: number, shape: Visual["shape"]): void => {
    builder.mould.put(id, reshaped(id, properties, index, shape), stroke());
  };
  return (
    <Part part={part} title="partLooks" of="visuals">
      {visuals.length <= PARTS_SHOWN_MAX &&
        visuals.map(({ shape }, index) => {
          const path = `properties.visuals[${index}].shape`;
          if ("text" in shape) {
            return (
              <div key={index} class="builder-shape">
                <TextField
                  at={at}
                  path={`${path}.text.text`}
                  label="fieldText"
                  isWide
                  value={shape.text.text}
                  longest={TEXT_CHARS_MAX}
                  disabled={disabled}
                  change={(text) => change(index, { text: { ...shape.text, text } })}
                />
                <NumberField
                  at={at}
                  path={`${path}.text.height_m`}
                  label="fieldLetterHeight"
                  value={shape.text.height_m}
                  min={SIZE_M_MIN}
                  max={SIZE_M_MAX}
                  step={0.05}
                  disabled={disabled}
                  change={(height_m) => change(index, { text: { ...shape.text, height_m } })}
                />
              </div>
            );
          }
          return (
            <Fragment key={index}>
              {visuals.length > 1 && <h4>{b("shapeNumber", { number: index + 1 })}</h4>}
              <ShapeFields
                at={at}
                path={path}
                shape={shape}
                disabled={disabled}
                change={(next) => change(index, next)}
              />
            </Fragment>
          );
        })}
      {names.map((name) => (
        <MaterialFields key={name} part={part} name={name} visuals={visuals} />
      ))}
    </Part>
  );
}

function MaterialFields(props: { part: PartProps; name: string; visuals: readonly Visual[] }) {
  const { part, name, visuals } = props;
  const { builder, scenery, id, at, disabled } = part;
  const materials = scenery.document.materials ?? {};
  const all = Object.keys(materials).sort();
  const material = name === "" ? undefined : materials[name];
  const assign = (to: string): void => {
    const next = visuals.map((visual) =>
      (visual.material ?? "") === name ? { ...visual, material: to } : visual,
    );
    builder.setProperty(id, "visuals", next);
  };
  const makeOwn = (): void => {
    const free = freeKey(name === "" ? "material" : name, new Set(all));
    const value: Material = material ?? { colour: "#c9c4b8" };
    const index = visuals.findIndex((visual) => (visual.material ?? "") === name);
    const whole = new Set(visuals.map((visual) => visual.material ?? "")).size === 1;
    const next = whole
      ? withMaterial(visuals, free, null)
      : visuals.map((visual, at) =>
          at === index || (visual.material ?? "") === name ? { ...visual, material: free } : visual,
        );
    builder.mould.put(
      id,
      [{ material: { name: free, value } }, setProperty(id, "visuals", next)],
      null,
    );
  };
  return (
    <div class="builder-material">
      <ChoiceField
        at={at}
        path="properties.visuals"
        label="fieldMaterial"
        value={name}
        choices={[
          ...(name === "" ? [{ value: "", text: b("noMaterial") }] : []),
          ...all.map((value) => ({ value, text: value.replaceAll("_", " ") })),
        ]}
        disabled={disabled}
        change={assign}
      />
      {material !== undefined && <MaterialValues part={part} name={name} material={material} />}
      {!disabled && (
        <button type="button" class="button quiet" onClick={makeOwn}>
          {b("materialOwn")}
        </button>
      )}
    </div>
  );
}

const PATTERNS: readonly Pattern[] = ["tiles", "planks", "noise", "checks"];

function MaterialValues(props: { part: PartProps; name: string; material: Material }) {
  const { part, name, material } = props;
  const { builder, disabled, stroke } = part;
  const at = { fault: part.at.fault, of: name };
  const users = usersOf(part.scenery, name);
  const put = (value: Material): void =>
    void builder.commit([{ material: { name, value } }], stroke());
  const change = (fields: Partial<Material>): void => put({ ...material, ...fields });
  const share = (path: "roughness" | "metalness" | "opacity", absent: number) => (
    <NumberField
      at={at}
      path={path}
      label={
        path === "roughness"
          ? "fieldRoughness"
          : path === "metalness"
            ? "fieldMetalness"
            : "fieldOpacity"
      }
      value={material[path] ?? absent}
      min={0}
      max={1}
      step={0.05}
      disabled={disabled}
      change={(value) => change({ [path]: value })}
    />
  );
  return (
    <>
      {users > 1 && <p class="hint">{b("materialShared", { count: users })}</p>}
      <ColourField
        at={at}
        path="colour"
        label="fieldColour"
        value={material.colour}
        disabled={disabled}
        change={(colour) => change({ colour })}
      />
      {share("roughness", 1)}
      {share("metalness", 0)}
      {share("opacity", 1)}
      <CheckField
        label="fieldGlows"
        value={material.emissive != null}
        disabled={disabled}
        change={(glows) => {
          const { emissive: _, ...dark } = material;
          put(glows ? { ...material, emissive: material.colour } : dark);
        }}
      />
      {material.emissive != null && (
        <ColourField
          at={at}
          path="emissive"
          label="fieldEmissive"
          value={material.emissive}
          disabled={disabled}
          change={(emissive) => change({ emissive })}
        />
      )}
      <ChoiceField
        at={at}
        path="pattern"
        label="fieldPattern"
        value={material.pattern ?? ""}
        choices={[
          { value: "", text: b("patternNone") },
          ...PATTERNS.map((value) => ({ value, text: b(`pattern_${value}`) })),
        ]}
        disabled={disabled}
        change={(pattern) => {
          const { pattern: _, ...plain } = material;
          put(pattern === "" ? plain : { ...material, pattern });
        }}
      />
      <ImageFields part={part} at={at} material={material} put={put} />
    </>
  );
}

/** The uploaded picture that a material is drawn with, and how large one repetition of it is. */
function ImageFields(props: {
  part: PartProps;
  at: PartProps["at"];
  material: Material;
  put(value: Material): void;
}) {
  const { part, at, material, put } = props;
  const { builder, disabled } = part;
  const { image } = material;
  const images = builder.uploads.all.value.filter(({ kind }) => kind === "image");
  const choices = images.map(({ path, name }) => ({ value: path, text: name }));
  // One that is not in this library, as of a world that was brought along.
  if (image && !images.some(({ path }) => path === image.path)) {
    choices.push({ value: image.path, text: image.path.split("/").at(-1) ?? image.path });
  }
  const side = (which: 0 | 1) => (
    <NumberField
      at={at}
      path={`image.size_m[${which}]`}
      label={which === 0 ? "fieldImageWidth" : "fieldImageHeight"}
      value={image?.size_m[which] ?? 1}
      min={0.01}
      max={1000}
      disabled={disabled}
      change={(value) => {
        if (!image) return;
        const [width, height] = image.size_m;
        put({
          ...material,
          image: { ...image, size_m: which === 0 ? [value, height] : [width, value] },
        });
      }}
    />
  );
  return (
    <>
      <ChoiceField
        at={at}
        path="image.path"
        label="fieldImage"
        value={image?.path ?? ""}
        choices={[{ value: "", text: b("patternNone") }, ...choices]}
        disabled={disabled}
        change={(path) => {
          const { image: _, ...plain } = material;
          put(
            path === "" ? plain : { ...material, image: { path, size_m: image?.size_m ?? [1, 1] } },
          );
        }}
      />
      {image && side(0)}
      {image && side(1)}
    </>
  );
}

/** How many objects are drawn with a material. */
function usersOf(scenery: Scenery, name: string): number {
  let count = 0;
  for (const id of scenery.objects.keys()) {
    if (scenery.properties(id).visuals?.some(({ material }) => material === name)) count += 1;
  }
  return count;
}

/** The script of an object: its module, whether it is to run, and what it is told. */
import { useId, useState } from "preact/hooks";
import type { Scalar, Script } from "../../protocol/document";
import { NAME_CHARS_MAX, PATH_CHARS_MAX, SCRIPT_SETTINGS_MAX, TEXT_CHARS_MAX } from "../limits";
import { type BuilderText, b } from "../texts/words";
import { CheckField, NumberField, TextField } from "./fields";
import type { PartProps } from "./inspector";
import { Part } from "./part";

const KEY = /^[a-z0-9_-]+$/;
/** What can be typed; other numbers of a document are shown none the less. */
const NUMBER_MAX = 1e12;

const KINDS = ["text", "number", "flag"] as const;
type Kind = (typeof KINDS)[number];

const KIND_TEXTS: Readonly<Record<Kind, BuilderText>> = {
  text: "settingText",
  number: "settingNumber",
  flag: "settingFlag",
};

const FIRST: Readonly<Record<Kind, Scalar>> = { text: "", number: 0, flag: true };

export function Scripts(part: PartProps) {
  const { builder, id, properties, at, disabled, stroke } = part;
  const { script } = properties;
  if (script == null) return null;
  const change = (fields: Partial<Script>): void =>
    builder.setProperty(id, "script", { ...script, ...fields }, stroke());
  const settings = script.settings ?? {};
  const names = Object.keys(settings).sort();
  return (
    <Part part={part} title="partScript" of="script" removes>
      <p class="hint">{b("scriptHint")}</p>
      <TextField
        at={at}
        path="properties.script.module"
        label="fieldModule"
        value={script.module}
        longest={PATH_CHARS_MAX}
        disabled={disabled}
        change={(module) => change({ module: module.trim() })}
      />
      <CheckField
        label="fieldEnabled"
        value={script.enabled ?? true}
        disabled={disabled}
        change={(enabled) => change({ enabled })}
      />
      {names.map((name) => (
        <Setting
          key={name}
          part={part}
          name={name}
          value={settings[name] ?? ""}
          change={(value) => change({ settings: { ...settings, [name]: value } })}
          remove={() => {
            const { [name]: _, ...rest } = settings;
            change({ settings: rest });
          }}
        />
      ))}
      {!disabled && names.length < SCRIPT_SETTINGS_MAX && (
        <NewSetting
          taken={names}
          add={(name, value) => change({ settings: { ...settings, [name]: value } })}
        />
      )}
    </Part>
  );
}

function Setting(props: {
  part: PartProps;
  name: string;
  value: Scalar;
  change(value: Scalar): void;
  remove(): void;
}) {
  const { part, name, value, change, remove } = props;
  const { at, disabled } = part;
  const path = `properties.script.settings.${name}`;
  return (
    <fieldset class="builder-setting" disabled={disabled}>
      <legend>
        <code>{name}</code>
      </legend>
      {typeof value === "boolean" && (
        <CheckField label="settingFlag" value={value} disabled={disabled} change={change} />
      )}
      {typeof value === "number" && (
        <NumberField
          at={at}
          path={path}
          label="settingNumber"
          value={value}
          min={-NUMBER_MAX}
          max={NUMBER_MAX}
          step={1}
          digits={6}
          disabled={disabled}
          change={change}
        />
      )}
      {typeof value === "string" && (
        <TextField
          at={at}
          path={path}
          label="settingText"
          value={value}
          longest={TEXT_CHARS_MAX}
          disabled={disabled}
          change={change}
        />
      )}
      <button
        type="button"
        class="button quiet"
        aria-label={b("settingRemove", { name })}
        onClick={remove}
      >
        {b("removePart")}
      </button>
    </fieldset>
  );
}

function NewSetting(props: { taken: readonly string[]; add(name: string, value: Scalar): void }) {
  const { taken, add } = props;
  const id = useId();
  const [name, setName] = useState("");
  const [kind, setKind] = useState<Kind>("text");
  const fits = KEY.test(name) && name.length <= NAME_CHARS_MAX;
  const wrong = name === "" ? null : !fits ? "settingName" : taken.includes(name) && "settingTaken";
  return (
    <form
      class="builder-setting new"
      onSubmit={(event) => {
        event.preventDefault();
        if (name === "" || wrong) return;
        setName("");
        add(name, FIRST[kind]);
      }}
    >
      <input
        class="builder-text"
        type="text"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        value={name}
        placeholder={b("settingNew")}
        aria-label={b("settingNew")}
        aria-invalid={wrong ? true : undefined}
        aria-describedby={wrong ? id : undefined}
        onInput={(event) => setName(event.currentTarget.value)}
      />
      <select
        class="builder-choice"
        value={kind}
        aria-label={b("settingKind")}
        onChange={(event) => {
          const chosen = event.currentTarget.value;
          setKind(KINDS.find((kind) => kind === chosen) ?? "text");
        }}
      >
        {KINDS.map((kind) => (
          <option key={kind} value={kind}>
            {b(KIND_TEXTS[kind])}
          </option>
        ))}
      </select>
      <button type="submit" class="button quiet">
        {b("settingAdd")}
      </button>
      {wrong && (
        <p id={id} class="fault builder-wrong" role="alert">
          {b(wrong)}
        </p>
      )}
    </form>
  );
}

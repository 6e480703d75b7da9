/**
 * Fields of the inspector. What is typed is sent when the field is left or Enter is pressed; a fault
 * is shown at its field, and Escape brings back what was there.
 */
import { useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Values } from "../../i18n/translate";
import { type FieldFault, isAbout } from "../faults";
import { type NumberFault, readNumber, writeNumber } from "../numbers";
import { Paced } from "../pace";
import { type BuilderText, b } from "../texts/words";
import type { Vec3 } from "../vectors";

/** Colours that are sent while one is being chosen. */
const COLOUR_EVERY_MS = 100;

/** Choices with more letters than this have the whole width. */
const CHOICE_CHARS = 13;

/** What a fault is about, for fields to recognise theirs. */
export interface At {
  fault: FieldFault | null;
  of: string;
}

function faultOf({ fault, of }: At, path: string): string | null {
  return isAbout(fault, of, path) ? (fault?.reason ?? null) : null;
}

function numberFault(fault: NumberFault): string {
  switch (fault.kind) {
    case "no_number":
      return b("fieldNoNumber");
    case "too_small":
      return b("fieldTooSmall", { min: writeNumber(fault.min) });
    case "too_large":
      return b("fieldTooLarge", { max: writeNumber(fault.max) });
  }
}

/** A label, whose unit or range is not broken into two lines. */
function Named({ text }: { text: string }) {
  const [, words, unit] = /^(.*) (\([^)]*\))$/.exec(text) ?? [];
  if (unit === undefined) return <>{text}</>;
  return (
    <>
      {words} <span class="builder-unit">{unit}</span>
    </>
  );
}

interface NumberInputProps {
  label: string;
  value: number;
  min: number;
  max: number;
  step: number;
  digits?: number;
  disabled?: boolean;
  describedBy?: string | undefined;
  isWrong?: boolean;
  tell(fault: string | null): void;
  change(value: number): void;
}

/** A number that is checked when the field is left; arrows count up and down by `step`. */
function NumberInput(props: NumberInputProps) {
  const { label, value, min, max, step, digits = 3, disabled, describedBy, isWrong } = props;
  const [draft, setDraft] = useState<string | null>(null);
  const shown = writeNumber(value, digits);
  // Before anything more can be typed: an effect after the picture would take that away.
  useLayoutEffect(() => setDraft(null), [shown]);

  const take = (text: string): void => {
    const read = readNumber(text, min, max);
    if (read.kind === "fault") {
      props.tell(numberFault(read.fault));
      return;
    }
    props.tell(null);
    setDraft(null);
    if (Math.abs(read.value - value) > 1e-9 && writeNumber(read.value, digits) !== shown) {
      props.change(read.value);
    }
  };
  const count = (by: number): void => {
    const read = readNumber(draft ?? shown, min, max);
    const from = read.kind === "number" ? read.value : value;
    const next = Math.min(max, Math.max(min, Math.round((from + by) * 1e6) / 1e6));
    // Shown until the world says so too: the next count goes on from here.
    setDraft(writeNumber(next, digits));
    props.tell(null);
    props.change(next);
  };

  return (
    <input
      class="builder-number"
      type="text"
      inputMode="decimal"
      autocomplete="off"
      aria-label={label}
      aria-invalid={isWrong || undefined}
      aria-describedby={describedBy}
      disabled={disabled}
      value={draft ?? shown}
      onFocus={(event) => event.currentTarget.select()}
      onInput={(event) => setDraft(event.currentTarget.value)}
      onBlur={(event) => {
        if (draft !== null) take(event.currentTarget.value);
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter") take(event.currentTarget.value);
        else if (event.key === "Escape" && draft !== null) {
          event.stopPropagation();
          setDraft(null);
          props.tell(null);
        } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
          event.preventDefault();
          const size = event.shiftKey ? step * 10 : step;
          count(event.key === "ArrowUp" ? size : -size);
        }
      }}
    />
  );
}

export function NumberField(props: {
  at: At;
  path: string;
  label: BuilderText;
  value: number;
  min: number;
  max: number;
  step?: number;
  digits?: number;
  disabled?: boolean;
  change(value: number): void;
}) {
  const { at, path, label, value, min, max, step = 0.1, digits, disabled = false, change } = props;
  const id = useId();
  const [own, setOwn] = useState<string | null>(null);
  const fault = own ?? faultOf(at, path);
  return (
    <div class="builder-field">
      <span class="builder-label">
        <Named text={b(label)} />
      </span>
      <NumberInput
        label={b(label)}
        value={value}
        min={min}
        max={max}
        step={step}
        {...(digits === undefined ? {} : { digits })}
        disabled={disabled}
        describedBy={fault === null ? undefined : id}
        isWrong={fault !== null}
        tell={setOwn}
        change={change}
      />
      <Wrong id={id} text={fault} />
    </div>
  );
}

const AXES = ["x", "y", "z"] as const;

export function VectorField(props: {
  at: At;
  path: string;
  label: BuilderText;
  /** What the label says besides. */
  values?: Values;
  value: Vec3;
  min: number;
  max: number;
  step: number;
  digits?: number;
  disabled?: boolean;
  /** Names of the axes; x, y and z unless told otherwise. */
  axes?: readonly string[];
  change(value: Vec3, axis: 0 | 1 | 2): void;
}) {
  const { at, path, value, min, max, step, digits, disabled = false, change } = props;
  const id = useId();
  const [own, setOwn] = useState<string | null>(null);
  const fault = own ?? faultOf(at, path);
  const label = b(props.label, props.values);
  return (
    <fieldset class="builder-field vector" disabled={disabled}>
      <legend class="builder-label">{label}</legend>
      <div class="builder-axes">
        {([0, 1, 2] as const).map((axis) => (
          <div key={axis} data-axis={AXES[axis]}>
            <span aria-hidden="true">{props.axes?.[axis] ?? AXES[axis]}</span>
            <NumberInput
              label={`${label} ${props.axes?.[axis] ?? AXES[axis]}`}
              value={value[axis]}
              min={min}
              max={max}
              step={step}
              {...(digits === undefined ? {} : { digits })}
              describedBy={fault === null ? undefined : id}
              isWrong={fault !== null}
              tell={setOwn}
              change={(next) => {
                const all: Vec3 = [...value];
                all[axis] = next;
                change(all, axis);
              }}
            />
          </div>
        ))}
      </div>
      <Wrong id={id} text={fault} />
    </fieldset>
  );
}

export function TextField(props: {
  at: At;
  path: string;
  label: BuilderText;
  value: string;
  longest: number;
  /** Whether it has a line of its own below its label. */
  isWide?: boolean;
  placeholder?: string;
  disabled?: boolean;
  change(value: string): void;
}) {
  const { at, path, label, value, longest, isWide = false, placeholder, change } = props;
  const { disabled = false } = props;
  const id = useId();
  const [draft, setDraft] = useState<string | null>(null);
  useLayoutEffect(() => setDraft(null), [value]);
  const over = [...(draft ?? value)].length > longest;
  const fault = over ? b("fieldTooLong", { max: longest }) : faultOf(at, path);
  const take = (): void => {
    if (draft === null || over) return;
    setDraft(null);
    if (draft !== value) change(draft);
  };
  return (
    <div class={isWide ? "builder-field wide" : "builder-field"}>
      <label class="builder-label" for={`${id}-input`}>
        {b(label)}
      </label>
      <input
        id={`${id}-input`}
        class="builder-text"
        type="text"
        autocomplete="off"
        value={draft ?? value}
        placeholder={placeholder}
        disabled={disabled}
        aria-invalid={fault !== null || undefined}
        aria-describedby={fault === null ? undefined : id}
        onInput={(event) => setDraft(event.currentTarget.value)}
        onBlur={take}
        onKeyDown={(event) => {
          if (event.key === "Enter") take();
          else if (event.key === "Escape" && draft !== null) {
            event.stopPropagation();
            setDraft(null);
          }
        }}
      />
      <Wrong id={id} text={fault} />
    </div>
  );
}

export function ColourField(props: {
  at: At;
  path: string;
  label: BuilderText;
  value: string;
  disabled?: boolean;
  /** Called while the colour is being chosen. */
  change(value: string): void;
}) {
  const { at, path, label, value, disabled = false, change } = props;
  const id = useId();
  const [draft, setDraft] = useState<string | null>(null);
  const latest = useRef(change);
  latest.current = change;
  const paced = useMemo(
    () =>
      new Paced<string>(
        COLOUR_EVERY_MS,
        (next) => latest.current(next),
        (ms, then) => void setTimeout(then, ms),
      ),
    [],
  );
  const fault = faultOf(at, path);
  return (
    <div class="builder-field">
      <label class="builder-label" for={`${id}-input`}>
        {b(label)}
      </label>
      <span class="builder-colour">
        <input
          id={`${id}-input`}
          type="color"
          // While it is being chosen, what is chosen: the world comes a moment later.
          value={draft ?? value}
          disabled={disabled}
          onInput={(event) => {
            setDraft(event.currentTarget.value);
            paced.push(event.currentTarget.value);
          }}
          onChange={() => {
            paced.flush();
            setDraft(null);
          }}
          onBlur={() => setDraft(null)}
        />
        <code>{draft ?? value}</code>
      </span>
      <Wrong id={id} text={fault} />
    </div>
  );
}

export function ChoiceField<Value extends string>(props: {
  at: At;
  path: string;
  label: BuilderText;
  value: Value;
  choices: readonly { value: Value; text: string }[];
  disabled?: boolean;
  change(value: Value): void;
}) {
  const { at, path, label, value, choices, disabled = false, change } = props;
  const id = useId();
  const isWide = choices.some(({ text }) => text.length > CHOICE_CHARS);
  const fault = faultOf(at, path);
  return (
    <div class={isWide ? "builder-field wide" : "builder-field"}>
      <label class="builder-label" for={`${id}-input`}>
        {b(label)}
      </label>
      <select
        id={`${id}-input`}
        class="builder-choice"
        value={value}
        disabled={disabled}
        aria-invalid={fault !== null || undefined}
        aria-describedby={fault === null ? undefined : id}
        onChange={(event) => {
          const found = choices.find((choice) => choice.value === event.currentTarget.value);
          if (found !== undefined) change(found.value);
        }}
      >
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.text}
          </option>
        ))}
      </select>
      <Wrong id={id} text={fault} />
    </div>
  );
}

export function CheckField(props: {
  label: BuilderText;
  value: boolean;
  disabled?: boolean;
  change(value: boolean): void;
}) {
  const { label, value, disabled = false, change } = props;
  return (
    <label class="builder-field check">
      <input
        type="checkbox"
        checked={value}
        disabled={disabled}
        onChange={(event) => change(event.currentTarget.checked)}
      />
      <span class="builder-label">{b(label)}</span>
    </label>
  );
}

function Wrong({ id, text }: { id: string; text: string | null }) {
  if (text === null) return null;
  return (
    <p id={id} class="fault builder-wrong" role="alert">
      {text}
    </p>
  );
}

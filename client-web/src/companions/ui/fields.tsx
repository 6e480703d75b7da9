/** Fields of a persona: lines, longer texts, things liked as chips, and traits as sliders. */
import { useSignal } from "@preact/signals";
import { useId, useRef } from "preact/hooks";
import { Icon } from "../../ui/icons";
import type { Making } from "../making";
import {
  expressed,
  type ListField,
  PERSONA_LIST_MAX,
  type PersonaField,
  type Told,
  type ToldField,
  TRAITS,
  type Trait,
  textOf,
  withText,
  withTrait,
} from "../persona";
import {
  type CompanionText,
  c,
  faultText,
  traitEnds,
  traitName,
  traitText,
  traitWord,
} from "../texts/words";

/** What is wrong with a field, in words; null: nothing, or it is too early to say so. */
export function faultOf(making: Making, field: PersonaField): string | null {
  if (!making.showsFaults.value) return null;
  const fault = making.faults.value.find((one) => one.field === field);
  return fault === undefined ? null : faultText(fault);
}

export function Fault({ id, text }: { id: string; text: string | null }) {
  return text === null ? null : (
    <p id={id} class="fault" role="alert">
      {text}
    </p>
  );
}

/** One text, in a line or in several. */
export function TextField(props: {
  label: string;
  holder: string;
  value: string;
  fault: string | null;
  /** Lines; 1: it has no others. */
  lines?: number;
  change(value: string): void;
}) {
  const { label, holder, value, fault, lines = 1, change } = props;
  const id = useId();
  const shared = {
    id: `${id}-field`,
    class: "text-field",
    value,
    placeholder: holder,
    "aria-invalid": fault !== null,
    "aria-describedby": fault === null ? undefined : id,
  };
  return (
    <div class="field">
      <label for={`${id}-field`}>{label}</label>
      {lines === 1 ? (
        <input
          {...shared}
          type="text"
          autocomplete="off"
          onInput={(event) => change(event.currentTarget.value)}
        />
      ) : (
        <textarea {...shared} rows={lines} onInput={(event) => change(event.currentTarget.value)} />
      )}
      <Fault id={id} text={fault} />
    </div>
  );
}

/** A text that may be told in each language: that of the language in which people write. */
export function ToldText(props: {
  making: Making;
  field: ToldField;
  label: CompanionText;
  holder: CompanionText;
  lines?: number;
}) {
  const { making, field, label, holder, lines = 1 } = props;
  const told = making.persona.value[field];
  const writing = making.writing.value;
  return (
    <TextField
      label={c(label)}
      holder={c(holder)}
      lines={lines}
      value={textOf(told, writing)}
      fault={faultOf(making, field)}
      change={(text) => making.change({ [field]: withText(told, writing, text) })}
    />
  );
}

/** Things that are liked, or not: each can be changed and taken away. */
export function Chips(props: {
  making: Making;
  field: ListField;
  label: CompanionText;
  adds: CompanionText;
}) {
  const { making, field, label, adds } = props;
  const id = useId();
  const text = useSignal("");
  const edited = useSignal<number | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const list = making.persona.value[field];
  const writing = making.writing.value;
  const put = (next: readonly Told[]): void => making.change({ [field]: [...next] });
  const add = (): void => {
    const said = text.value.trim();
    if (said === "" || list.length >= PERSONA_LIST_MAX) return;
    put([...list, making.isBilingual.peek() ? { en: said, fr: said } : said]);
    text.value = "";
  };
  const take = (index: number): void => {
    put(list.filter((_, at) => at !== index));
    edited.value = null;
    // What had the keyboard is gone.
    input.current?.focus();
  };
  return (
    <div class="field">
      <span id={id}>{c(label)}</span>
      <ul class="mind-chips" aria-labelledby={id}>
        {list.map((told, index) => (
          <Chip
            // What stands where is all that tells two alike apart.
            key={index}
            text={textOf(told, writing)}
            isEdited={edited.value === index}
            edit={() => (edited.value = index)}
            done={(next) => {
              edited.value = null;
              if (next !== "")
                put(list.map((one, at) => (at === index ? withText(one, writing, next) : one)));
            }}
            take={() => take(index)}
          />
        ))}
      </ul>
      <form
        class="mind-add"
        onSubmit={(event) => {
          event.preventDefault();
          add();
        }}
      >
        <input
          ref={input}
          class="text-field"
          type="text"
          autocomplete="off"
          aria-label={c(adds)}
          placeholder={c(adds)}
          value={text.value}
          onInput={(event) => (text.value = event.currentTarget.value)}
        />
        <button type="submit" class="button" disabled={list.length >= PERSONA_LIST_MAX}>
          {c("add")}
        </button>
      </form>
      <Fault id={`${id}-fault`} text={faultOf(making, field)} />
    </div>
  );
}

function Chip(props: {
  text: string;
  isEdited: boolean;
  edit(): void;
  /** Empty: it stays as it was. */
  done(text: string): void;
  take(): void;
}) {
  const { text, isEdited, edit, done, take } = props;
  if (isEdited) {
    return (
      <li class="mind-chip">
        <input
          class="text-field"
          type="text"
          aria-label={c("change", { what: text })}
          defaultValue={text}
          ref={(field) => field?.focus()}
          onBlur={(event) => done(event.currentTarget.value.trim())}
          onKeyDown={(event) => {
            if (event.key === "Enter") event.preventDefault();
            else if (event.key !== "Escape") return;
            event.stopPropagation();
            done(event.key === "Enter" ? event.currentTarget.value.trim() : "");
          }}
        />
      </li>
    );
  }
  return (
    <li class="mind-chip">
      <button
        type="button"
        class="mind-chip-text"
        title={c("change", { what: text })}
        onClick={edit}
      >
        {text}
      </button>
      <button
        type="button"
        class="mind-chip-take"
        aria-label={c("remove", { what: text })}
        title={c("remove", { what: text })}
        onClick={take}
      >
        <Icon name="close" />
      </button>
    </li>
  );
}

/** One slider for each trait, with what its ends mean. */
export function TraitSliders({ making }: { making: Making }) {
  return (
    <div class="mind-sliders">
      {TRAITS.map((trait) => (
        <TraitSlider key={trait} making={making} trait={trait} />
      ))}
    </div>
  );
}

function TraitSlider({ making, trait }: { making: Making; trait: Trait }) {
  const id = useId();
  const { genome } = making.persona.value;
  const value = expressed(genome[trait]);
  const { low, high } = traitEnds(trait);
  return (
    <div class="mind-slider">
      <label for={id}>{traitName(trait)}</label>
      <span class="mind-slider-now">{traitWord(trait, value)}</span>
      <input
        id={id}
        class="range"
        type="range"
        min={0}
        max={100}
        value={value}
        aria-valuetext={`${value}, ${traitText(trait, value)}`}
        onInput={(event) =>
          making.change({
            genome: withTrait(genome, trait, Number(event.currentTarget.value)),
          })
        }
      />
      <span class="mind-slider-end">{low}</span>
      <span class="mind-slider-end">{high}</span>
    </div>
  );
}

/** The panel in which companions are made and changed, loaded when it is opened. */
import { useSignal, useSignalEffect } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { LANGUAGES, language } from "../../i18n/translate";
import { Question } from "../../ui/question";
import { Creation, type Home } from "../creation";
import { lookAt } from "../making";
import { nobody, ownWords, type Persona, textOf, withoutOwnWords } from "../persona";
import { type CompanionText, c, troubleText } from "../texts/words";
import { Consent, Family } from "./family";
import { Chips, Fault, faultOf, TextField, ToldText, TraitSliders } from "./fields";
import { Portrait } from "./portrait";
import { Trying } from "./trying";
import { Versions } from "./versions";
import "./companions.css";

/** What is written stays while the panel is closed. */
const creations = new WeakMap<Home, Creation>();

export function creationOf(home: Home): Creation {
  const known = creations.get(home);
  if (known !== undefined) return known;
  const made = new Creation(home);
  creations.set(home, made);
  return made;
}

export function CreationPanel({ home }: { home: Home }) {
  const creation = creationOf(home);
  const { making } = creation;
  useEffect(() => void creation.refresh(), [creation]);
  useSignalEffect(() => {
    const mind = home.wanted.value;
    if (mind === null) return;
    home.wanted.value = null;
    // Whoever is changed already stays as they are written.
    if (mind !== making.mind.peek()) creation.open(mind);
  });
  const isBegun = making.isBegun.value;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: so that it can be scrolled by keys. */}
      <div class="builder-scroll mind-panel" tabIndex={0}>
        <Asking creation={creation} />
        <Choosing creation={creation} />
        {making.trouble.value !== null && (
          <p class="fault" role="alert">
            {troubleText(making.trouble.value)}
          </p>
        )}
        {isBegun && <Form creation={creation} />}
      </div>
      {isBegun && <SaveBar creation={creation} />}
    </>
  );
}

function Asking({ creation }: { creation: Creation }) {
  const asked = creation.asked.value;
  const close = (): void => {
    creation.asked.value = null;
  };
  const frame = useRef<HTMLDivElement>(null);
  const isChanged = creation.making.saving.value === "changed";
  useEffect(() => {
    if (asked !== null || isChanged) frame.current?.scrollIntoView({ block: "nearest" });
  }, [asked, isChanged]);
  const name = creation.making.persona.value.name;
  return (
    <div ref={frame}>
      {asked?.kind === "replace" && (
        <Question
          text={c("replaceAsk")}
          act={c("replace")}
          no={c("cancel")}
          isNoFirst
          done={() => {
            close();
            asked.act();
          }}
          close={close}
        >
          <p class="hint">{c("replaceWarning")}</p>
        </Question>
      )}
      {asked?.kind === "delete" && (
        <Question
          text={c("deleteAsk", { name: asked.name })}
          act={c("delete")}
          no={c("cancel")}
          isNoFirst
          done={() => void creation.remove(asked.mind, asked.name)}
          close={close}
        >
          <p class="hint">{c("deleteWarning")}</p>
        </Question>
      )}
      {isChanged && (
        <Question
          text={c("changedAsk", { name })}
          act={c("changedOver")}
          no={c("cancel")}
          isNoFirst
          done={() => void creation.save(true)}
          close={() => creation.making.keepBoth()}
        >
          <p class="hint">{c("changedHint")}</p>
          <button type="button" class="button quiet" onClick={() => creation.showTheirs()}>
            {c("changedTheirs")}
          </button>
        </Question>
      )}
    </div>
  );
}

/** Those whom one has, and those to begin with. */
function Choosing({ creation }: { creation: Creation }) {
  const { making, home } = creation;
  const own = (creation.list.value ?? []).filter(({ isMine }) => isMine);
  const templates = creation.templates.value;
  const isBegun = making.isBegun.value;
  const trouble = creation.trouble.value;
  return (
    <details
      class="mind-more mind-choosing"
      open={!isBegun || creation.isChoosing.value}
      onToggle={(event) => {
        creation.isChoosing.value = event.currentTarget.open;
      }}
    >
      <summary>{c("beginWith")}</summary>
      <p class="hint">{c("editedHint")}</p>
      {trouble !== null && (
        <p class="fault" role="alert">
          {troubleText(trouble)}{" "}
          <button type="button" class="button quiet" onClick={() => void creation.refresh()}>
            {c("again")}
          </button>
        </p>
      )}
      {templates === null && trouble === null && <p class="hint">{c("loading")}</p>}
      {own.length > 0 && (
        <>
          <h3>{c("yours")}</h3>
          <ul class="mind-cards">
            {own.map(({ mind, name }, index) => (
              <li key={mind}>
                <button
                  type="button"
                  class="mind-card"
                  aria-pressed={isBegun && making.mind.value === mind}
                  onClick={() => creation.open(mind)}
                >
                  <Portrait look={home.lookOf(mind) ?? lookAt(index)} />
                  <b>{name}</b>
                  <small>{mind}</small>
                </button>
              </li>
            ))}
          </ul>
          <h3>{c("beginNew")}</h3>
        </>
      )}
      {templates !== null && (
        <ul class="mind-cards">
          {templates.map(({ id, persona }, index) => (
            <li key={id}>
              <button
                type="button"
                class="mind-card"
                onClick={() => creation.begin(persona, index)}
              >
                <Portrait look={lookAt(index)} />
                <b>{persona.name}</b>
                <small>{textOf(persona.role, language.value)}</small>
              </button>
            </li>
          ))}
          <li>
            <button
              type="button"
              class="mind-card"
              onClick={() => creation.begin(nobody(language.peek()), templates.length)}
            >
              <Portrait look={{ body: "#9aa7b0", accent: "#dfe6ea" }} />
              <b>{c("beginNew")}</b>
              <small>{c("beginNewHint")}</small>
            </button>
          </li>
        </ul>
      )}
    </details>
  );
}

function Section({ title, children }: { title: CompanionText; children: ComponentChildren }) {
  return (
    <section class="mind-section">
      <h3>{c(title)}</h3>
      {children}
    </section>
  );
}

function Form({ creation }: { creation: Creation }) {
  const { making } = creation;
  const mind = making.mind.value;
  return (
    <>
      <NameAndLooks key={making.begun.value} creation={creation} />
      <Section title="sectionWho">
        <Writing creation={creation} />
        <ToldText making={making} field="role" label="fieldRole" holder="holderRole" />
        <ToldText
          making={making}
          field="background"
          label="fieldBackground"
          holder="holderBackground"
          lines={4}
        />
        <ToldText
          making={making}
          field="manner"
          label="fieldManner"
          holder="holderManner"
          lines={2}
        />
        <TextField
          label={c("fieldVoice")}
          holder={c("holderVoice")}
          value={making.persona.value.voice}
          fault={faultOf(making, "voice")}
          change={(voice) => making.change({ voice })}
        />
      </Section>
      <Section title="sectionTastes">
        <Chips making={making} field="likes" label="likes" adds="addLike" />
        <Chips making={making} field="dislikes" label="dislikes" adds="addDislike" />
      </Section>
      <Section title="sectionCharacter">
        <p class="hint">{c("characterHint")}</p>
        <TraitSliders making={making} />
      </Section>
      <Section title="sectionWords">
        <Audience creation={creation} />
      </Section>
      <Section title="sectionTry">
        <Trying creation={creation} />
      </Section>
      {mind !== null && <Kept key={mind} creation={creation} mind={mind} />}
    </>
  );
}

function NameAndLooks({ creation }: { creation: Creation }) {
  const { making } = creation;
  const heading = useRef<HTMLHeadingElement>(null);
  const { body, accent } = making.look.value;
  const mind = making.mind.value;
  const written = making.persona.value;
  // Whoever has chosen somebody is led to what can be written of them.
  useLayoutEffect(() => {
    heading.current?.scrollIntoView({ block: "center" });
    heading.current?.focus({ preventScroll: true });
  }, []);
  const look = (change: { body?: string; accent?: string }): void => {
    making.look.value = { ...making.look.peek(), ...change };
  };
  return (
    <section class="mind-section">
      <h3 ref={heading} tabIndex={-1}>
        {mind === null ? c("editedNew") : c("edited", { name: written.name })}
      </h3>
      <div class="mind-head">
        <Portrait look={{ body, accent }} size={96} />
        <div>
          <TextField
            label={c("fieldName")}
            holder=""
            value={written.name}
            fault={faultOf(making, "name")}
            change={(name) => making.change({ name })}
          />
          <div class="mind-colours">
            <label>
              <input
                type="color"
                value={body}
                onInput={(event) => look({ body: event.currentTarget.value })}
              />
              {c("fieldBody")}
            </label>
            <label>
              <input
                type="color"
                value={accent}
                onInput={(event) => look({ accent: event.currentTarget.value })}
              />
              {c("fieldAccent")}
            </label>
          </div>
        </div>
      </div>
    </section>
  );
}

/** Whether texts are told in each language, and which of them is written now. */
function Writing({ creation }: { creation: Creation }) {
  const { making } = creation;
  const each = making.isBilingual.value;
  return (
    <>
      <label class="mind-check">
        <input
          type="checkbox"
          checked={each}
          onChange={(event) => making.tellEach(event.currentTarget.checked)}
        />
        {c("fieldEach")}
      </label>
      {each && (
        <fieldset class="mind-switch">
          <legend class="only-read">{c("writing")}</legend>
          {LANGUAGES.map((one) => (
            <label key={one}>
              <input
                type="radio"
                name="mind-writing"
                checked={making.writing.value === one}
                onChange={() => (making.writing.value = one)}
              />
              <span>{c(one === "en" ? "english" : "french")}</span>
            </label>
          ))}
        </fieldset>
      )}
    </>
  );
}

/** The languages that it speaks, and with whom. */
function Audience({ creation }: { creation: Creation }) {
  const { making } = creation;
  const { languages, adults_only } = making.persona.value;
  const persona = making.persona.value;
  const own = ownWords(persona);
  const kept = useRef<Persona | null>(null);
  const nameOf = (one: (typeof LANGUAGES)[number]): string =>
    c(one === "en" ? "english" : "french");
  return (
    <>
      <fieldset class="mind-checks">
        <legend>{c("speaks")}</legend>
        {LANGUAGES.map((one) => (
          <label key={one} class="mind-check">
            <input
              type="checkbox"
              checked={languages.includes(one)}
              onChange={(event) =>
                making.change({
                  languages: event.currentTarget.checked
                    ? [...languages, one]
                    : languages.filter((known) => known !== one),
                })
              }
            />
            {nameOf(one)}
          </label>
        ))}
      </fieldset>
      <Fault id="mind-languages" text={faultOf(making, "languages")} />
      {languages.length > 1 && (
        <label class="mind-row">
          <span>{c("firstHint")}</span>
          <select
            class="select-field"
            value={languages[0]}
            onChange={(event) => {
              const first = event.currentTarget.value === "fr" ? "fr" : "en";
              making.change({ languages: [first, first === "fr" ? "en" : "fr"] });
            }}
          >
            {LANGUAGES.map((one) => (
              <option key={one} value={one}>
                {nameOf(one)}
              </option>
            ))}
          </select>
        </label>
      )}
      <label class="mind-check">
        <input
          type="checkbox"
          checked={adults_only}
          onChange={(event) => making.change({ adults_only: event.currentTarget.checked })}
        />
        {c("adultsOnly")}
      </label>
      {(own > 0 || kept.current !== null) && (
        <label class="mind-check">
          <input
            type="checkbox"
            checked={own > 0}
            onChange={() => {
              if (own > 0) {
                kept.current = persona;
                making.change(withoutOwnWords(persona));
              } else if (kept.current !== null) {
                const { greetings, sayings, stories, jokes, riddles } = kept.current;
                making.change({ greetings, sayings, stories, jokes, riddles });
              }
            }}
          />
          {c("keepsWords", { count: own > 0 ? own : ownWords(kept.current ?? persona) })}
        </label>
      )}
      <Fault id="mind-whole" text={faultOf(making, "whole")} />
    </>
  );
}

/** What can be done with somebody who is saved. */
function Kept({ creation, mind }: { creation: Creation; mind: string }) {
  const { persona } = creation.making;
  return (
    <section class="mind-section mind-kept">
      <Fold title="sectionVersions">
        <Versions creation={creation} mind={mind} />
      </Fold>
      <Fold title="sectionFamily">
        <Family creation={creation} mind={mind} />
      </Fold>
      <Fold title="sectionConsent">
        <Consent creation={creation} mind={mind} />
      </Fold>
      <button
        type="button"
        class="button danger"
        onClick={() => {
          creation.asked.value = { kind: "delete", mind, name: persona.peek().name };
        }}
      >
        {c("delete")}
      </button>
    </section>
  );
}

/** Something that is looked at when it is wanted. */
function Fold({ title, children }: { title: CompanionText; children: ComponentChildren }) {
  const isOpen = useSignal(false);
  return (
    <details
      class="mind-more"
      onToggle={(event) => {
        isOpen.value = event.currentTarget.open;
      }}
    >
      <summary>{c(title)}</summary>
      {isOpen.value && children}
    </details>
  );
}

/** Saves, and places whoever is saved; always in sight. */
function SaveBar({ creation }: { creation: Creation }) {
  const { making, home } = creation;
  const mind = making.mind.value;
  const isSaving = making.saving.value === "saving";
  const places = mind === null ? 0 : home.placesOf(mind);
  const isFaulty = making.showsFaults.value && making.faults.value.length > 0;
  const state = (): string => {
    if (isSaving) return c("saving");
    if (isFaulty) return c("faultsBelow");
    if (mind === null || making.isDirty.value) return c("unsaved");
    return places > 0 ? c("lives", { count: places }) : c("allSaved");
  };
  return (
    <footer class="mind-save">
      <p role="status" data-tone={isFaulty ? "trouble" : "info"}>
        {state()}
      </p>
      <span class="mind-row">
        <button
          type="button"
          class="button primary"
          disabled={isSaving}
          onClick={() => void creation.save()}
        >
          {c(mind === null ? "saveNew" : "save")}
        </button>
        {mind !== null && (
          <>
            <button type="button" class="button" onClick={() => void creation.place("here")}>
              {c("placeHere")}
            </button>
            <button type="button" class="button" onClick={() => void creation.place("pointed")}>
              {c("placeBy")}
            </button>
          </>
        )}
      </span>
    </footer>
  );
}

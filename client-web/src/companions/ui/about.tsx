/**
 * About a companion: how it is now, what it thinks of the person of this page, what it is like, and
 * what it remembers of them. Loaded when somebody wants to know.
 */
import { useEffect, useMemo, useRef } from "preact/hooks";
import { language } from "../../i18n/translate";
import { keyIsKept } from "../../identity";
import type { Emotion } from "../../replica/feeling";
import { Question } from "../../ui/question";
import { About, type Forgetting } from "../about";
import type { CompanionCard } from "../company";
import { type Acquaintance, BOND_AXES, type Known, type MindsParts } from "../minds";
import { textOf } from "../persona";
import { axisText, c, characterText, moodText, stageText, troubleText } from "../texts/words";
import { Character } from "./character";
import { Memories } from "./remembered";
import "./companions.css";

export interface AboutProps {
  card: CompanionCard;
  mood: Emotion | null;
  parts: MindsParts;
}

export function AboutPanel({ card, mood, parts }: AboutProps) {
  const about = useMemo(() => new About(parts, card.mind), [parts, card.mind]);
  useEffect(() => void about.refresh(), [about]);
  const mind = about.mind.value;
  const trouble = about.trouble.value;
  const told = about.told.value;
  return (
    <section
      class="mind-about"
      aria-label={c("about", { name: card.name })}
      // A region that scrolls must be reachable with the keyboard.
      tabIndex={mind === null ? -1 : 0}
    >
      <Asking about={about} name={card.name} />
      <p class="mind-told" role="status" data-tone={told?.isTrouble ? "trouble" : "info"}>
        {told?.text}
      </p>
      {mind?.persona != null && (
        <p class="mind-role">{c("isRole", { role: textOf(mind.persona.role, language.value) })}</p>
      )}
      <p>
        {mood === null
          ? c("moodUnknown", { name: card.name })
          : c("moodNow", { name: card.name, mood: moodText(mood) })}
      </p>
      {trouble !== null && (
        <p class="fault" role="alert">
          {troubleText(trouble)}{" "}
          <button type="button" class="button quiet" onClick={() => void about.refresh()}>
            {c("again")}
          </button>
        </p>
      )}
      {mind === null && trouble === null && <p class="hint">{c("loading")}</p>}
      {about.known.value !== null && <Bond name={card.name} known={about.known.value} />}
      {mind?.traits != null && (
        <section class="mind-section">
          <h3>{c("sectionTraits")}</h3>
          <p class="mind-summary">{characterText(mind.traits)}</p>
          <Character traits={mind.traits} born={mind.born} genes={mind.genes} />
        </section>
      )}
      {mind !== null && <Remembers about={about} name={card.name} />}
      {about.people.value !== null && <People about={about} people={about.people.value} />}
    </section>
  );
}

function Bond({ name, known }: { name: string; known: Known }) {
  const { name: stage, hint } = stageText(known.stage);
  return (
    <section class="mind-section">
      <h3>{c("sectionBond", { name })}</h3>
      <p>
        <b class="mind-stage" data-stage={known.stage}>
          {stage}
        </b>{" "}
        {hint}
      </p>
      <ul class="mind-axes">
        {BOND_AXES.map((axis) => {
          const value = known.bond[axis];
          return (
            <li key={axis}>
              <span aria-hidden="true">{axisText(axis)}</span>
              <span
                class="mind-axis"
                role="img"
                aria-label={c("axisValue", { axis: axisText(axis), value: String(value) })}
              >
                <span
                  class="mind-axis-value"
                  data-side={value < 0 ? "against" : "for"}
                  style={{ width: `${Math.abs(value) / 2}%` }}
                />
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Remembers({ about, name }: { about: About; name: string }) {
  const memories = about.known.value?.memories ?? [];
  // Whoever is another one with each visit is remembered by nobody.
  const isKnown = about.known.value !== null && keyIsKept();
  return (
    <section class="mind-section">
      <h3>{c("sectionMemories")}</h3>
      <p class="hint">{isKnown ? c("memoriesKeyed") : c("memoriesNoKey", { name })}</p>
      {memories.length === 0 && isKnown && <p>{c("memoriesNone")}</p>}
      {memories.length > 0 && <Memories about={about} all={memories} />}
      {isKnown && (
        <button
          type="button"
          class="button danger"
          onClick={() => {
            about.asked.value = { kind: "all" };
          }}
        >
          {c("forgetAll")}
        </button>
      )}
    </section>
  );
}

const DIGITS_SHOWN = 6;

function People({ about, people }: { about: About; people: readonly Acquaintance[] }) {
  return (
    <section class="mind-section">
      <h3>{c("sectionPeople")}</h3>
      <p class="hint">{c("peopleHint")}</p>
      {people.length === 0 && <p>{c("peopleNone")}</p>}
      <ul class="mind-list">
        {people.map(({ person, memories }) => (
          <li key={person}>
            <span>
              <b>{whoText(person)}</b> <small>{c("peopleCount", { count: memories })}</small>
            </span>
            <button
              type="button"
              class="button quiet"
              aria-label={c("peopleForget", { who: whoText(person) })}
              onClick={() => {
                about.asked.value = { kind: "person", person };
              }}
            >
              {c("forget")}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function whoText(person: string): string {
  return c("peopleOne", { digits: person.slice(0, DIGITS_SHOWN) });
}

function questionText(asked: Forgetting, name: string): string {
  switch (asked.kind) {
    case "memory":
      return c("forgetAsk");
    case "all":
      return c("forgetAllAsk", { name });
    case "person":
      return c("peopleForgetAsk", { who: whoText(asked.person) });
  }
}

function Asking({ about, name }: { about: About; name: string }) {
  const asked = about.asked.value;
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (asked !== null) frame.current?.scrollIntoView({ block: "nearest" });
  }, [asked]);
  return (
    <div ref={frame}>
      {asked !== null && (
        <Question
          text={questionText(asked, name)}
          act={c("forget")}
          no={c("cancel")}
          isNoFirst
          done={() => void about.forget(asked, name)}
          close={() => {
            about.asked.value = null;
          }}
        >
          {asked.kind === "memory" && <p class="hint">{asked.text}</p>}
          {asked.kind === "all" && <p class="hint">{c("forgetAllWarning")}</p>}
        </Question>
      )}
    </div>
  );
}

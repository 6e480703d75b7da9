/**
 * The conversation with a companion: what it feels, what was said, and the field to say more. It is
 * no dialog that keeps one from the world: whoever leaves the field walks on.
 */
import { useSignal } from "@preact/signals";
import type { FunctionComponent } from "preact";
import { useEffect, useId, useLayoutEffect, useRef } from "preact/hooks";
import { mayAskAgain, type Turn, type Unanswered } from "../companions/company";
import type { MindsParts } from "../companions/minds";
import type { AboutProps } from "../companions/ui/about";
import { type TextKey, t } from "../i18n/translate";
import { keyHex } from "../identity";
import { limits } from "../protocol/generated";
import type { Emotion } from "../replica/feeling";
import { AnswerEnd, AskAgain, Dots } from "./answers";
import { Icon } from "./icons";
import { countCharacters } from "./profile";
import { type Actions, cssColour, type Store } from "./store";
import { DENIAL_TEXTS, FEELING_TEXTS } from "./words";

type Props = { store: Store; act: Actions; companion: number };
type TurnProps = Props & { turn: Turn; name: string };

/** From here on the characters that are left are shown. */
const COUNT_FROM_CHARACTERS = limits.chatCharsMax - 60;

const SUGGESTIONS: readonly TextKey[] = [
  "suggestFollow",
  "suggestStay",
  "suggestSee",
  "suggestJoke",
];

/** Brows and mouth of each feeling, in a square of 24. */
const FACES: Readonly<Record<Emotion, string>> = {
  calm: "M8.8 10v.6M15.2 10v.6M9 15c1.8 1.200 4.200 1.200 6 0",
  joy: "M7.800 10.500c.6-.9 1.600-.9 2.200 0M14 10.500c.6-.9 1.600-.9 2.200 0M8 14c1 2 2.400 3 4 3s3-1 4-3Z",
  excitement: "M8.800 9v1.600M15.200 9v1.600M8 13.500h8c-.3 2.500-2 4-4 4s-3.700-1.500-4-4Z",
  sadness:
    "M8 8.800l2-.8M16 8.800l-2-.8M8.800 11v.5M15.200 11v.5M9 16.500c1.800-1.800 4.200-1.800 6 0",
  anger:
    "M7.800 8.200l2.400 1.300M16.200 8.200l-2.400 1.300M8.800 11.500v.4M15.200 11.500v.4M9 16h6",
  fear: "M8 8.300l2-1M16 8.300l-2-1M8.800 10.500v1M15.200 10.500v1M8.500 16c1.200-1.200 1.800 1 3.500 0s2.300 1 3.500 0",
  surprise:
    "M8.800 9v1.500M15.200 9v1.500M12 17.500a1.800 2.200 0 1 0 0-4.400 1.800 2.200 0 0 0 0 4.400Z",
  affection:
    "M8.800 10.800l-1.200-1.200a.8.8 0 0 1 1.200-1 .8.8 0 0 1 1.200 1ZM15.200 10.800l-1.200-1.200a.8.8 0 0 1 1.200-1 .8.8 0 0 1 1.200 1ZM8.500 14.500c2 2.200 5 2.200 7 0",
};

function Mood({ emotion }: { emotion: Emotion | null }) {
  if (emotion === null) return null;
  return (
    <p class="talk-mood" data-emotion={emotion}>
      <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
        <path d="M12 21.200a9.200 9.200 0 1 0 0-18.400 9.200 9.200 0 0 0 0 18.400Z" />
        <path d={FACES[emotion]} />
      </svg>
      {t("feels", { feeling: t(FEELING_TEXTS[emotion]) })}
    </p>
  );
}

/** Why nothing was answered. */
const UNANSWERED_TEXTS: Readonly<Record<Unanswered, TextKey>> = {
  ...DENIAL_TEXTS,
  lost: "answerLost",
  hushed: "answerInterrupted",
};

function TurnLine({ turn, store, act, companion, name }: TurnProps) {
  if (turn.kind === "asked") {
    const { text, denial } = turn;
    return (
      <li class="turn own">
        <strong class="only-read">{t("talkYou")}: </strong>
        <span class="turn-text">{text}</span>
        {denial !== null && <span class="answer-end">{t(UNANSWERED_TEXTS[denial])}</span>}
        {denial !== null && mayAskAgain(denial) && (
          <AskAgain companion={companion} text={text} act={act} />
        )}
      </li>
    );
  }
  const { answer } = turn;
  const { text, state } = answer;
  if (text === "" && (state.kind === "done" || state.kind === "reduced")) return null;
  return (
    <li class="turn" data-state={state.kind}>
      <strong class="only-read">{name}: </strong>
      {text !== "" && <span class="turn-text">{text}</span>}
      {state.kind === "thinking" && <Dots />}
      <AnswerEnd answer={answer} store={store} act={act} />
    </li>
  );
}

function Conversation({ store, act, companion }: Props) {
  const log = useRef<HTMLDivElement>(null);
  const name = store.company.cards.value.get(companion)?.name ?? "";
  const turns = store.company.talks.value.get(companion) ?? [];
  const last = turns.at(-1);
  // It has heard, and has not begun to think.
  const isWaiting = last?.kind === "asked" && last.denial === null;
  // Of other denials a remark is told.
  const isLost = last?.kind === "asked" && last.denial === "lost";
  const isThinking = last?.kind === "answered" && last.answer.state.kind === "thinking";

  // A new word is the reason to scroll.
  useEffect(() => {
    const box = log.current;
    if (box !== null && turns.length > 0) box.scrollTop = box.scrollHeight;
  }, [turns]);

  return (
    // Finished answers are told elsewhere, once.
    <div
      ref={log}
      class="talk-log"
      role="log"
      aria-live="off"
      aria-label={t("talkWith", { name })}
      // A region that scrolls must be reachable with the keyboard.
      tabIndex={turns.length > 0 ? 0 : -1}
    >
      {turns.length === 0 && <p class="hint">{t("talkEmpty")}</p>}
      <ul>
        {turns.map((turn) => (
          <TurnLine
            key={turn.id}
            turn={turn}
            name={name}
            store={store}
            act={act}
            companion={companion}
          />
        ))}
        {isWaiting && (
          <li class="turn">
            <Dots />
          </li>
        )}
      </ul>
      <p class="only-read" role="status">
        {isThinking ? t("talkThinking", { name }) : isLost ? t("answerLost") : ""}
      </p>
    </div>
  );
}

function TalkForm({ store, act, companion }: Props) {
  const { company } = store;
  const text = useSignal("");
  const field = useRef<HTMLInputElement>(null);
  const name = company.cards.value.get(companion)?.name ?? "";
  const left = limits.chatCharsMax - countCharacters(text.value.trim());
  const isSpeaking = company.isAnswering(companion);
  const far = !company.inReach.value;

  // Before the next key arrives. On a touch screen the keyboard would cover the conversation.
  useLayoutEffect(() => {
    if (!store.touch.peek()) field.current?.focus();
  }, [store]);

  const say = (event: Event): void => {
    event.preventDefault();
    const said = text.value.trim();
    if (said === "" || left < 0) return;
    act.address(companion, said);
    text.value = "";
  };

  return (
    <>
      <div class="talk-chips">
        {SUGGESTIONS.map((key) => (
          <button
            key={key}
            type="button"
            class="button quiet"
            disabled={far}
            onClick={() => act.address(companion, t(key))}
          >
            {t(key)}
          </button>
        ))}
      </div>
      {far && <p class="hint talk-far">{t("talkFar", { name })}</p>}
      <form class="chat-form" onSubmit={say}>
        <input
          ref={field}
          class="text-field"
          type="text"
          autocomplete="off"
          enterkeyhint="send"
          aria-label={t("talkTo", { name })}
          aria-invalid={left < 0}
          placeholder={t("talkPlaceholder", { name })}
          value={text.value}
          onInput={(event) => {
            text.value = event.currentTarget.value;
          }}
        />
        {isSpeaking ? (
          <button
            type="button"
            class="button icon-button talk-stop"
            aria-label={t("talkStop")}
            title={t("talkStop")}
            // The second click of two is for the button that was here before.
            onClick={(event) => event.detail < 2 && act.hush(companion)}
          >
            <Icon name="stop" />
          </button>
        ) : (
          <button type="submit" class="button primary icon-button" aria-label={t("send")}>
            <Icon name="send" />
          </button>
        )}
        <p class="chat-left" role="status">
          {left < limits.chatCharsMax - COUNT_FROM_CHARACTERS &&
            (left >= 0
              ? t("charactersLeft", { count: left })
              : t("charactersOver", { count: -left }))}
        </p>
      </form>
    </>
  );
}

/** How the server is asked about a companion. */
const ASKING: MindsParts = { key: keyHex, fetch: (url, init) => fetch(url, init) };

export function TalkPanel({ store, act, companion }: Props) {
  const heading = useId();
  const frame = useRef<HTMLElement>(null);
  // What is told about the companion in the place of the conversation; null: that is shown.
  const about = useSignal<{ Panel: FunctionComponent<AboutProps> } | null>(null);
  const { company } = store;
  const card = company.cards.value.get(companion);

  useLayoutEffect(() => {
    if (store.touch.peek()) frame.current?.focus();
  }, [store]);

  const toggleAbout = (): void => {
    if (about.peek() !== null) {
      about.value = null;
      return;
    }
    import("../companions/ui/about").then(
      ({ AboutPanel: Panel }) => {
        about.value = { Panel };
      },
      // What is not there is not shown; whoever wants it asks again.
      () => undefined,
    );
  };

  if (card === undefined) return null;
  const shown = about.value;
  return (
    <section
      ref={frame}
      class="panel glass panel-talk"
      data-about={shown !== null}
      role="dialog"
      aria-modal="false"
      aria-labelledby={heading}
      tabIndex={-1}
      onKeyDown={(event) => {
        // What is typed here is no key of the world.
        event.stopPropagation();
        if (event.key !== "Escape") return;
        if (about.peek() === null) {
          act.talkTo(null);
          return;
        }
        // What has the keyboard may be in what goes away.
        frame.current?.focus();
        about.value = null;
      }}
    >
      {/* A header would be the whole page's here. */}
      <div class="panel-header">
        <span
          class="roster-dot"
          aria-hidden="true"
          style={{
            "--body": cssColour(card.look.body),
            "--accent-colour": cssColour(card.look.accent),
          }}
        />
        <div class="talk-who">
          <h2 id={heading}>{card.name}</h2>
          <Mood emotion={company.mood.value} />
        </div>
        <button
          type="button"
          class="button icon-button"
          aria-label={t("talkAbout", { name: card.name })}
          title={t("talkAbout", { name: card.name })}
          aria-pressed={shown !== null}
          onClick={toggleAbout}
        >
          <Icon name="about" />
        </button>
        <button
          type="button"
          class="button icon-button"
          aria-label={t("close")}
          title={t("close")}
          onClick={() => act.talkTo(null)}
        >
          <Icon name="close" />
        </button>
      </div>
      {shown === null ? (
        <>
          <Conversation store={store} act={act} companion={companion} />
          <TalkForm store={store} act={act} companion={companion} />
        </>
      ) : (
        <shown.Panel card={card} mood={company.mood.value} parts={ASKING} />
      )}
    </section>
  );
}

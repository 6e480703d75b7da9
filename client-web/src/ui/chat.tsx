/** What was said, and the field to say something. */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Answer } from "../companions/company";
import { t } from "../i18n/translate";
import { limits } from "../protocol/generated";
import { AnswerEnd, Dots } from "./answers";
import { Icon } from "./icons";
import { countCharacters } from "./profile";
import type { Actions, ChatLine, Store } from "./store";

/** From here on the characters that are left are shown. */
const COUNT_FROM_CHARACTERS = limits.chatCharsMax - 60;

type Parts = { store: Store; act: Actions };

/** What a companion says grows while it speaks; it is read to listeners once it has ended. */
function AnswerLine(props: Parts & { answer: Answer; isElsewhere: boolean }) {
  const { answer, store, act, isElsewhere } = props;
  return (
    <li class="line answer" aria-live="off" data-state={answer.state.kind} hidden={isElsewhere}>
      <strong class="line-name">
        <span class="line-dot" aria-hidden="true" style={{ background: answer.colour }} />
        {answer.name}
      </strong>{" "}
      <span class="line-text">{answer.text}</span>
      {answer.state.kind === "speaking" && <Dots />}
      <AnswerEnd answer={answer} store={store} act={act} />
    </li>
  );
}

function Line(props: Parts & { line: ChatLine; panel: number | null }) {
  const { line, store, act, panel } = props;
  switch (line.kind) {
    case "told":
      return <li class="line told">{line.text}</li>;
    case "answered":
      return (
        <AnswerLine
          answer={line.answer}
          store={store}
          act={act}
          isElsewhere={line.answer.companion === panel}
        />
      );
    case "said":
      return (
        <li class="line" data-own={line.own}>
          <strong class="line-name">
            <span class="line-dot" aria-hidden="true" style={{ background: line.colour }} />
            {line.name}
          </strong>{" "}
          <span class="line-text">{line.text}</span>
        </li>
      );
  }
}

export function Chat({ store, act }: Parts) {
  const text = useSignal("");
  const field = useRef<HTMLInputElement>(null);
  const log = useRef<HTMLDivElement>(null);
  const open = store.chatOpen.value;
  const lines = store.lines.value;
  // Who is talked to is read in the panel; here it would cover the world.
  const panel = open ? null : store.company.talkingTo.value;
  const count = countCharacters(text.value.trim());
  const left = limits.chatCharsMax - count;

  // Before the next key arrives: whoever types on at once must not lose the first letters.
  useLayoutEffect(() => {
    if (!open) return;
    store.unread.value = 0;
    field.current?.focus();
  }, [open, store]);

  // A new line is the reason to scroll.
  useEffect(() => {
    const box = log.current;
    if (box !== null) box.scrollTop = box.scrollHeight;
  }, [lines, open]);

  const leave = (): void => {
    store.chatOpen.value = false;
    act.focusWorld();
  };

  const say = (event: Event): void => {
    event.preventDefault();
    const said = text.value.trim();
    if (said === "") {
      leave();
      return;
    }
    if (left < 0) return;
    act.say(said);
    text.value = "";
  };

  return (
    <section class="chat" data-open={open} aria-label={t("chat")}>
      <div
        ref={log}
        class="chat-log"
        role="log"
        aria-live="polite"
        aria-label={t("chatLog")}
        // A region that scrolls must be reachable with the keyboard.
        tabIndex={open ? 0 : -1}
      >
        {lines.length === 0 && open && <p class="hint">{t("chatEmpty")}</p>}
        <ul>
          {lines.map((line) => (
            <Line key={line.id} line={line} store={store} act={act} panel={panel} />
          ))}
        </ul>
      </div>
      {open && (
        <form class="chat-form" onSubmit={say}>
          <input
            ref={field}
            class="text-field"
            type="text"
            autocomplete="off"
            enterkeyhint="send"
            aria-label={t("chat")}
            aria-invalid={left < 0}
            placeholder={t("chatPlaceholder")}
            value={text.value}
            onInput={(event) => {
              text.value = event.currentTarget.value;
            }}
            onKeyDown={(event) => {
              event.stopPropagation();
              if (event.key === "Escape") leave();
            }}
          />
          <button type="submit" class="button primary icon-button" aria-label={t("send")}>
            <Icon name="send" />
          </button>
          <p class="chat-left" role="status">
            {count > COUNT_FROM_CHARACTERS &&
              (left >= 0
                ? t("charactersLeft", { count: left })
                : t("charactersOver", { count: -left }))}
          </p>
        </form>
      )}
    </section>
  );
}

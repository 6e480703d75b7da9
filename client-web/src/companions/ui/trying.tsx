/** Talking to a companion before it is saved. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { limits } from "../../protocol/generated";
import { Icon } from "../../ui/icons";
import type { Creation } from "../creation";
import type { Exchange } from "../rehearsal";
import { c, troubleText } from "../texts/words";

export function Trying({ creation }: { creation: Creation }) {
  const { making, rehearsal } = creation;
  const text = useSignal("");
  const log = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const all = rehearsal.exchanges.value;
  const isMissing = making.faults.value.length > 0;
  const last = all.at(-1);
  useEffect(() => {
    if (log.current !== null) log.current.scrollTop = log.current.scrollHeight;
  }, [all]);
  // Whoever closes the panel hears no more.
  useEffect(() => () => rehearsal.stop(), [rehearsal]);
  const say = (event: Event): void => {
    event.preventDefault();
    const said = text.value.trim();
    if (said === "" || isMissing || rehearsal.isAnswering) return;
    void rehearsal.ask(making.persona.peek(), said);
    text.value = "";
  };
  return (
    <>
      <p class="hint">{c(isMissing ? "tryFirst" : "tryHint")}</p>
      {all.length > 0 && (
        <div
          ref={log}
          class="mind-log"
          role="log"
          aria-live="off"
          aria-label={c("sectionTry")}
          // A region that scrolls must be reachable with the keyboard.
          tabIndex={all.length > 0 ? 0 : -1}
        >
          {all.map((one) => (
            <Said key={one.id} exchange={one} name={making.persona.value.name} />
          ))}
        </div>
      )}
      <p class="only-read" role="status">
        {last === undefined ? "" : spokenText(last)}
      </p>
      <form class="mind-add" onSubmit={say}>
        <input
          ref={field}
          class="text-field"
          type="text"
          autocomplete="off"
          enterkeyhint="send"
          maxLength={limits.chatCharsMax}
          aria-label={c("tryField")}
          placeholder={c("tryHolder")}
          disabled={isMissing}
          value={text.value}
          onInput={(event) => (text.value = event.currentTarget.value)}
        />
        {rehearsal.isAnswering ? (
          <button
            type="button"
            class="button icon-button"
            aria-label={c("tryStop")}
            title={c("tryStop")}
            onClick={() => rehearsal.stop()}
          >
            <Icon name="stop" />
          </button>
        ) : (
          <button
            type="submit"
            class="button icon-button"
            aria-label={c("trySend")}
            title={c("trySend")}
            disabled={isMissing}
          >
            <Icon name="send" />
          </button>
        )}
        {all.length > 0 && (
          <button
            type="button"
            class="button icon-button"
            aria-label={c("tryClear")}
            title={c("tryClear")}
            onClick={() => {
              rehearsal.clear();
              // This button goes.
              field.current?.focus();
            }}
          >
            <Icon name="again" />
          </button>
        )}
      </form>
    </>
  );
}

function Said({ exchange, name }: { exchange: Exchange; name: string }) {
  const { asked, text, state } = exchange;
  return (
    <>
      <p class="turn own">
        <strong class="only-read">{c("tryYou")}: </strong>
        {asked}
      </p>
      <div class="turn" data-state={state.kind}>
        <strong class="only-read">{name}: </strong>
        {text !== "" && <span class="turn-text">{text}</span>}
        {state.kind === "thinking" && (
          <span class="dots" aria-hidden="true">
            <span />
            <span />
            <span />
          </span>
        )}
        {state.kind === "reduced" && (
          <span class="from-memory" title={c("fromMemoryWhy")}>
            {c("fromMemory")}
            <span class="only-read">: {c("fromMemoryWhy")}</span>
          </span>
        )}
        {state.kind === "stopped" && <span class="answer-end">{c("tryStopped")}</span>}
        {state.kind === "failed" && <span class="answer-end">{troubleText(state.trouble)}</span>}
      </div>
    </>
  );
}

/** For those who listen: that it thinks, and the answer once it has ended. */
function spokenText({ text, state }: Exchange): string {
  switch (state.kind) {
    case "thinking":
      return c("tryThinking");
    case "speaking":
      return "";
    case "failed":
      return `${text} ${troubleText(state.trouble)}`.trim();
    default:
      return text;
  }
}

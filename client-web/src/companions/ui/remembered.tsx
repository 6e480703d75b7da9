/** What a companion remembers of the person of this page, to be searched, corrected and forgotten. */
import { useSignal } from "@preact/signals";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { language } from "../../i18n/translate";
import type { About } from "../about";
import { byDays, dayText, found } from "../memories";
import type { Memory } from "../minds";
import { c, leadText, memoryText } from "../texts/words";

/** The server's bounds of what is corrected: characters. */
const FACT_CHARS_MAX = 120;
const EPISODE_CHARS_MAX = 400;
/** So many are shown at first, and with each wish for more. */
const SHOWN_STEP = 40;

export function Memories({ about, all }: { about: About; all: readonly Memory[] }) {
  const shown = useSignal(SHOWN_STEP);
  const id = useId();
  const search = about.search.value;
  const matching = found(all, search, memoryText);
  const left = matching.length - shown.value;
  return (
    <>
      <label class="only-read" for={id}>
        {c("search")}
      </label>
      <input
        id={id}
        class="text-field"
        type="search"
        autocomplete="off"
        placeholder={c("search")}
        value={search}
        onInput={(event) => {
          about.search.value = event.currentTarget.value;
          shown.value = SHOWN_STEP;
        }}
      />
      <p class="hint" role="status">
        {matching.length === 0 ? c("searchNone") : c("searchCount", { count: matching.length })}
      </p>
      {byDays(matching.slice(0, shown.value)).map(({ atMs, memories }) => (
        <section key={atMs}>
          <h4 class="mind-day">{dayText(atMs, Date.now(), language.value)}</h4>
          <ul class="mind-memories">
            {memories.map((memory) => (
              <MemoryRow key={memory.id} about={about} memory={memory} />
            ))}
          </ul>
        </section>
      ))}
      {left > 0 && (
        <button
          type="button"
          class="button quiet"
          onClick={() => {
            shown.value += SHOWN_STEP;
          }}
        >
          {c("moreMemories", { count: Math.min(left, SHOWN_STEP) })}
        </button>
      )}
    </>
  );
}

function MemoryRow({ about, memory }: { about: About; memory: Memory }) {
  const { id, kind, untilMs } = memory;
  const text = memoryText(memory);
  const isEnded = untilMs !== null;
  const isCorrected = about.corrected.value === id;
  const opener = useRef<HTMLButtonElement>(null);
  if (isCorrected) {
    return (
      <li class="mind-memory">
        <Correction
          about={about}
          memory={memory}
          close={() => {
            about.corrected.value = null;
            // Once the row is there again.
            queueMicrotask(() => opener.current?.focus());
          }}
        />
      </li>
    );
  }
  return (
    <li class="mind-memory" data-ended={isEnded} data-kind={kind}>
      <small class="mind-kind">{c(kind === "fact" ? "kindFact" : "kindEpisode")}</small>
      {isEnded ? <s>{text}</s> : <span>{text}</span>}
      {isEnded && (
        <small>{c("ended", { time: new Date(untilMs).toLocaleDateString(language.value) })}</small>
      )}
      <span class="mind-deeds">
        {!isEnded && (
          <button
            ref={opener}
            type="button"
            class="button quiet"
            aria-label={c("correctOf", { text })}
            onClick={() => {
              about.corrected.value = id;
            }}
          >
            {c("correct")}
          </button>
        )}
        <button
          type="button"
          class="button quiet"
          aria-label={c("forgetOf", { text })}
          onClick={() => {
            about.asked.value = { kind: "memory", id, text };
          }}
        >
          {c("forget")}
        </button>
      </span>
    </li>
  );
}

function Correction(props: { about: About; memory: Memory; close(): void }) {
  const { about, memory, close } = props;
  const text = useSignal(memory.text);
  const field = useRef<HTMLTextAreaElement>(null);
  const lead = leadText(memory);
  useLayoutEffect(() => field.current?.select(), []);
  const isWhole = text.value.trim() !== "" && text.value.trim() !== memory.text;
  return (
    <form
      class="mind-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (isWhole) void about.correct(memory.id, text.peek().trim());
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        close();
      }}
    >
      {lead !== null && <span aria-hidden="true">{lead}</span>}
      <textarea
        ref={field}
        class="text-field"
        rows={2}
        maxLength={memory.kind === "fact" ? FACT_CHARS_MAX : EPISODE_CHARS_MAX}
        aria-label={[c("correctField"), lead].filter((word) => word !== null).join(": ")}
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
        }}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.shiftKey) return;
          event.preventDefault();
          if (isWhole) void about.correct(memory.id, text.peek().trim());
        }}
      />
      <span class="mind-deeds">
        <button type="submit" class="button primary" disabled={!isWhole}>
          {c("correctSave")}
        </button>
        <button type="button" class="button" onClick={close}>
          {c("cancel")}
        </button>
      </span>
    </form>
  );
}

/** What is written below a companion's words: how they ended, and how to ask again. */
import type { Answer } from "../companions/company";
import { t } from "../i18n/translate";
import { Icon } from "./icons";
import type { Actions, Store } from "./store";

const MINUTE_S = 60;

/** How an answer ended, where that has to be said; null: as it should, or not yet. */
export function endText({ name, state }: Answer): string | null {
  switch (state.kind) {
    case "thinking":
    case "speaking":
    case "done":
    case "reduced":
      return null;
    case "interrupted":
      return t("answerInterrupted");
    case "timedOut":
      return t("answerTimedOut", { name });
    case "busy":
      return t("answerBusy", { name });
    case "overLimit":
      return t("answerOverLimit", { time: waitText(state.freeInS) });
    case "broken":
      return t("answerBroken", { name });
    case "gone":
      return t("answerGone", { name });
    case "lost":
      return t("answerLost");
  }
}

function waitText(seconds: number): string {
  return seconds < MINUTE_S
    ? t("inSeconds", { count: seconds })
    : t("inMinutes", { count: Math.ceil(seconds / MINUTE_S) });
}

/** Says that no language model had a part in an answer, and why. */
export function ReducedBadge() {
  return (
    <span class="from-memory" title={t("fromMemoryWhy")}>
      {t("fromMemory")}
      <span class="only-read">: {t("fromMemoryWhy")}</span>
    </span>
  );
}

export function Dots() {
  return (
    <span class="dots" aria-hidden="true">
      <span />
      <span />
      <span />
    </span>
  );
}

/** Says the same to a companion once more. */
export function AskAgain(props: { companion: number; text: string; act: Actions }) {
  const { companion, text, act } = props;
  return (
    <button
      type="button"
      class="button quiet answer-again"
      onClick={() => act.address(companion, text)}
    >
      <Icon name="again" />
      {t("askAgain")}
    </button>
  );
}

/** What follows an answer's words. */
export function AnswerEnd(props: { answer: Answer; store: Store; act: Actions }) {
  const { answer, store, act } = props;
  const { companion, state } = answer;
  const end = endText(answer);
  const again = store.company.againOf(answer);
  return (
    <>
      {state.kind === "reduced" && <ReducedBadge />}
      {end !== null && <span class="answer-end">{end}</span>}
      {again !== null && <AskAgain companion={companion} text={again} act={act} />}
    </>
  );
}

/** The whole answer as one text, for those who listen. */
export function spokenText(answer: Answer): string {
  const text = [answer.text, endText(answer) ?? ""].join(" ").trim();
  return text === "" ? "" : t("spokenBy", { name: answer.name, text });
}

/** What is asked in a panel before something is done that cannot be undone, or not by everybody. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

export interface QuestionProps {
  text: string;
  /** What the button says that does it. */
  act: string;
  /** What the button says that does nothing. */
  no: string;
  /** Whether it cannot be done now. */
  isOff?: boolean | undefined;
  /** Whether the keyboard is led to the answer that does nothing. */
  isNoFirst?: boolean | undefined;
  done(): void;
  close(): void;
  children?: ComponentChildren;
}

/**
 * Whoever works by keys is led to the question, or to its "no", and back to where they were. Escape
 * is no. The answers are in sight however long the question is.
 */
export function Question(props: QuestionProps) {
  const { text, act, no: refusal, isOff = false, isNoFirst = false, done, close, children } = props;
  const section = useRef<HTMLElement>(null);
  const no = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    const own = section.current;
    (isNoFirst ? no.current : own)?.focus();
    return () => {
      const now = document.activeElement;
      // Whoever has gone elsewhere meanwhile stays there.
      const isHere = now === null || now === document.body || own?.contains(now);
      if (isHere && before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, [text]);
  return (
    <section
      ref={section}
      tabIndex={-1}
      class="question"
      role="alertdialog"
      aria-label={text}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        close();
      }}
    >
      <p>
        <b>{text}</b>
      </p>
      {children}
      <span class="question-answers">
        <button type="button" class="button primary" disabled={isOff} onClick={done}>
          {act}
        </button>
        <button ref={no} type="button" class="button" onClick={close}>
          {refusal}
        </button>
      </span>
    </section>
  );
}

/** What is asked before something is done that is not simply taken back. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { b } from "../texts/words";

/** Whoever works by keys is led to the question, and back to where they were; Escape is no. */
export function Question(props: {
  text: string;
  /** What the button says that does it. */
  act: string;
  /** Whether it cannot be done now. */
  isOff?: boolean;
  done(): void;
  close(): void;
  children?: ComponentChildren;
}) {
  const { text, act, isOff = false, done, close, children } = props;
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    const own = section.current;
    own?.focus();
    return () => {
      const now = document.activeElement;
      // Whoever has gone elsewhere meanwhile stays there.
      const isHere = now === null || now === document.body || own?.contains(now);
      if (isHere && before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <section
      ref={section}
      tabIndex={-1}
      class="builder-question"
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
      <span class="builder-row-tools">
        <button type="button" class="button primary" disabled={isOff} onClick={done}>
          {act}
        </button>
        <button type="button" class="button" onClick={close}>
          {b("cancel")}
        </button>
      </span>
    </section>
  );
}

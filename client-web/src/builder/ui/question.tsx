/** What is asked in a panel before something is done that cannot be undone, or not by everybody. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

/**
 * Whoever works by keys is led to the question, or to the answer in it that has `data-first`, and
 * back to where they were. Escape answers no.
 */
export function Question(props: { text: string; close(): void; children: ComponentChildren }) {
  const { text, close, children } = props;
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    const asked = section.current;
    (asked?.querySelector<HTMLElement>("[data-first]") ?? asked)?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, [text]);
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
    </section>
  );
}

/** The answers, in sight however long the question is. */
export function Answers({ children }: { children: ComponentChildren }) {
  return <span class="builder-row-tools builder-answers">{children}</span>;
}

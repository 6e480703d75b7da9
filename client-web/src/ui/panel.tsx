/** The frame that all panels share: named, closed with Escape, and traps nobody. */
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { type TextKey, t } from "../i18n/translate";
import { Icon } from "./icons";
import type { Actions, Panel, Store } from "./store";

/** Shows a panel, or hides it when it is shown. */
export function togglePanel(store: Store, panel: Panel): void {
  store.panel.value = store.panel.peek() === panel ? null : panel;
}

/** Hides the panel; the keyboard goes back to the button that opened it, or into the world. */
export function closePanel(store: Store, act: Actions): void {
  const panel = store.panel.peek();
  if (panel === null) return;
  store.panel.value = null;
  const opener = document.querySelector<HTMLElement>(`[data-opens="${panel}"]`);
  if (opener !== null && opener.offsetParent !== null) opener.focus();
  else act.focusWorld();
}

export function PanelFrame(props: {
  store: Store;
  act: Actions;
  title: TextKey;
  name: Panel;
  /** Whether there is nothing to operate inside: then the text itself takes the focus, to scroll. */
  isText?: boolean;
  children: ComponentChildren;
}) {
  const { store, act, title, name, isText = false, children } = props;
  const heading = useId();
  const frame = useRef<HTMLElement>(null);

  useLayoutEffect(() => {
    frame.current?.focus();
  }, []);

  return (
    <section
      ref={frame}
      class={`panel glass panel-${name}`}
      aria-labelledby={heading}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        closePanel(store, act);
      }}
    >
      <header class="panel-header">
        <h2 id={heading}>{t(title)}</h2>
        <button
          type="button"
          class="button icon-button"
          aria-label={t("close")}
          title={t("close")}
          onClick={() => closePanel(store, act)}
        >
          <Icon name="close" />
        </button>
      </header>
      <div class="panel-body" tabIndex={isText ? 0 : undefined}>
        {children}
      </div>
    </section>
  );
}

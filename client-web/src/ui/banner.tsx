/** What is said when the connection is gone, and what can be done about it. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { t } from "../i18n/translate";
import { remedyFor } from "../net/trouble";
import type { Actions, Interruption, Store } from "./store";
import { TROUBLE_TEXTS } from "./words";

/** Whole seconds until `atMs`, counting down. */
function useSecondsUntil(atMs: number | null): number {
  const now = useSignal(performance.now());
  useEffect(() => {
    if (atMs === null) return;
    now.value = performance.now();
    const timer = setInterval(() => {
      now.value = performance.now();
    }, 250);
    return () => clearInterval(timer);
  }, [atMs, now]);
  return atMs === null ? 0 : Math.max(0, Math.ceil((atMs - now.value) / 1_000));
}

function Buttons({ interruption, act }: { interruption: Interruption; act: Actions }) {
  if (interruption.kind === "connecting") return null;
  switch (remedyFor(interruption.trouble)) {
    case "wait":
      return (
        <button type="button" class="button primary" onClick={() => act.retryNow()}>
          {t("reconnectNow")}
        </button>
      );
    case "reload":
      return (
        <button type="button" class="button primary" onClick={() => act.reload()}>
          {t("reload")}
        </button>
      );
    case "comeBack":
      return (
        <button type="button" class="button primary" onClick={() => act.retryNow()}>
          {t("returnHere")}
        </button>
      );
    case "choose":
    case "none":
      return (
        <button type="button" class="button primary" onClick={() => act.toEntry(null)}>
          {t("backToEntry")}
        </button>
      );
  }
}

/** The banner; nothing while all is well. */
export function Interrupted({ store, act }: { store: Store; act: Actions }) {
  const interruption = store.interruption.value;
  const retryAtMs = interruption?.kind === "waiting" ? interruption.retryAtMs : null;
  const seconds = useSecondsUntil(retryAtMs);
  if (interruption === null) return null;
  return (
    <section class="banner glass" aria-label={t("connection")}>
      <div class="banner-text">
        {interruption.kind !== "connecting" && (
          <p class="banner-cause" role="alert">
            {t(TROUBLE_TEXTS[interruption.trouble])}
          </p>
        )}
        {interruption.kind === "connecting" && <p role="status">{t("reconnecting")}</p>}
        {interruption.kind === "waiting" && (
          // Not announced every second: the cause above was.
          <p>{t("reconnectingIn", { count: seconds })}</p>
        )}
      </div>
      <Buttons interruption={interruption} act={act} />
    </section>
  );
}

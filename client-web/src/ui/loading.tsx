/** What is shown while a world is on its way. */
import { t } from "../i18n/translate";
import { Interrupted } from "./banner";
import { Backdrop } from "./entry";
import type { Actions, Store } from "./store";

export function Loading({ store, act }: { store: Store; act: Actions }) {
  const screen = store.screen.value;
  if (screen.kind !== "loading") return null;
  const percent = Math.round(Math.max(0, Math.min(1, screen.done01)) * 100);
  const title = store.worldTitle.value;
  return (
    <div class="entry" data-world={store.wantedWorld.value}>
      <Backdrop />
      <main class="loading-main">
        <div class="glass loading-card">
          <h1>{title === "" ? t("entering") : t("loadingWorld", { world: title })}</h1>
          <progress class="progress" max={100} value={percent} aria-label={t("loading")} />
          <p class="loading-label" role="status">
            {t(screen.label)}
          </p>
        </div>
        <Interrupted store={store} act={act} />
      </main>
    </div>
  );
}

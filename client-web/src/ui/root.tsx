/** Which screen is shown. */
import { Entry } from "./entry";
import { Hud } from "./hud";
import { Loading } from "./loading";
import type { Actions, Store } from "./store";

export function Root({ store, act }: { store: Store; act: Actions }) {
  const screen = store.screen.value;
  switch (screen.kind) {
    case "entry":
      return <Entry store={store} act={act} />;
    case "loading":
      return <Loading store={store} act={act} />;
    case "world":
      return <Hud store={store} act={act} />;
  }
}

/** Where companions are made: the frame of that panel, which is loaded when it is opened. */
import type { FunctionComponent } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Home } from "../../companions/creation";
import { t } from "../../i18n/translate";
import type { Builder } from "../builder";
import { homeOf } from "../making";
import { b } from "../texts/words";
import { Side } from "./frame";

type Panel = FunctionComponent<{ home: Home }>;

export function MakingPanel({ builder }: { builder: Builder }) {
  const [loaded, setLoaded] = useState<{ Panel: Panel } | null>(null);
  useEffect(() => {
    import("../../companions/ui/creation").then(
      ({ CreationPanel: Panel }) => setLoaded({ Panel }),
      () => builder.say(b("companionsFailed"), "trouble"),
    );
  }, [builder]);
  return (
    <Side builder={builder} name="companions" title="companions">
      {loaded === null ? (
        <p class="hint builder-empty">{t("loading")}</p>
      ) : (
        <loaded.Panel home={homeOf(builder)} />
      )}
    </Side>
  );
}

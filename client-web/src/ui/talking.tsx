/**
 * The way to talk to companions: a prompt when one is near, the panel while one is talked to, and
 * the finished answers for those who listen to the page. The panel is loaded when it is wanted.
 */
import type { FunctionComponent } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n/translate";
import { spokenText } from "./answers";
import { Icon } from "./icons";
import type { Actions, Store } from "./store";

type Props = { store: Store; act: Actions };
type TalkPanel = FunctionComponent<Props & { companion: number }>;

/** "Talk to Mira", for the key, the mouse and thumbs. */
function TalkPrompt({ store, act }: Props) {
  const { company, building, chatOpen, touch } = store;
  const near = company.near.value;
  const card = near === null ? undefined : company.cards.value.get(near);
  const hidden = company.talkingTo.value !== null || building.value || store.panel.value !== null;
  if (card === undefined || hidden || (chatOpen.value && touch.value)) return null;
  return (
    <button
      type="button"
      class="talk-prompt button glass"
      data-opens="talk"
      aria-label={t("talkTo", { name: card.name })}
      aria-keyshortcuts="F"
      onClick={() => act.talkTo(card.companion)}
    >
      <Icon name="chat" />
      {t("talkTo", { name: card.name })}
      {!touch.value && <kbd>F</kbd>}
    </button>
  );
}

/** Finished answers, once: what is still being said would be read again with every piece. */
function Announcer({ store }: { store: Store }) {
  const answer = store.company.finished.value;
  return (
    <p class="only-read" role="status" aria-live="polite">
      {/* The same words once more are told once more. */}
      {answer !== null && <span key={answer.id}>{spokenText(answer)}</span>}
    </p>
  );
}

export function Talking({ store, act }: Props) {
  const [panel, setPanel] = useState<{ Panel: TalkPanel } | null>(null);
  const companion = store.company.talkingTo.value;
  // Other panels stand at the same place; once they are closed, the conversation is there again.
  const isWanted = companion !== null && !store.building.value && store.panel.value === null;
  useEffect(() => {
    if (!isWanted || panel !== null) return;
    import("./talk").then(
      ({ TalkPanel: Panel }) => setPanel({ Panel }),
      () => act.talkTo(null),
    );
  }, [isWanted, panel, act]);
  return (
    <>
      <TalkPrompt store={store} act={act} />
      <Announcer store={store} />
      {isWanted && panel !== null && (
        <panel.Panel key={companion} store={store} act={act} companion={companion} />
      )}
    </>
  );
}

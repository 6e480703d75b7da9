/** What lies over the world: the bar, the chat, the panels, the banner, the buttons for thumbs. */
import { type TextKey, t } from "../i18n/translate";
import { Interrupted } from "./banner";
import { Chat } from "./chat";
import { Icon, type IconName } from "./icons";
import { togglePanel } from "./panel";
import { ConnectionPanel, EmotesPanel, HelpPanel, PeoplePanel, SettingsPanel } from "./panels";
import type { Actions, LinkStats, Panel, Store } from "./store";
import { Talking } from "./talking";

type Props = { store: Store; act: Actions };

type Health = "good" | "fair" | "poor" | "lost";

const HEALTH_TEXTS: Readonly<Record<Health, TextKey>> = {
  good: "connectionGood",
  fair: "connectionFair",
  poor: "connectionPoor",
  lost: "connectionLost",
};

/** A server that is well is never silent for so long: ms. */
const SILENT_MS_FAIR = 1_200;
const SILENT_MS_POOR = 2_500;

/** How the connection feels: above 150 ms delay is noticed, above 350 ms it is in the way. */
export function healthOf(link: LinkStats, interrupted: boolean): Health {
  if (interrupted) return "lost";
  const { roundTripMs, loss01, silentMs } = link;
  if ((roundTripMs ?? 0) > 350 || loss01 > 0.1 || silentMs > SILENT_MS_POOR) return "poor";
  if ((roundTripMs ?? 0) > 150 || loss01 > 0.02 || silentMs > SILENT_MS_FAIR) return "fair";
  return "good";
}

function ConnectionButton({ store }: { store: Store }) {
  const link = store.link.value;
  const health = healthOf(link, store.interruption.value !== null);
  const trip = link.roundTripMs;
  const open = store.panel.value === "connection";
  return (
    <button
      type="button"
      class="button connection-button"
      data-health={health}
      data-opens="connection"
      aria-expanded={open}
      aria-label={`${t("connectionDetails")}: ${t(HEALTH_TEXTS[health])}`}
      title={t(HEALTH_TEXTS[health])}
      onClick={() => togglePanel(store, "connection")}
    >
      <span class="bars" aria-hidden="true">
        <span />
        <span />
        <span />
      </span>
      {health !== "lost" && trip !== null && (
        <span class="connection-trip">{t("milliseconds", { value: Math.round(trip) })}</span>
      )}
    </button>
  );
}

function PanelButton(props: {
  store: Store;
  panel: Panel;
  icon: IconName;
  label: TextKey;
  badge?: number;
}) {
  const { store, panel, icon, label, badge } = props;
  return (
    <button
      type="button"
      class="button icon-button"
      data-opens={panel}
      aria-expanded={store.panel.value === panel}
      aria-label={badge === undefined ? t(label) : `${t(label)} (${badge})`}
      title={t(label)}
      onClick={() => togglePanel(store, panel)}
    >
      <Icon name={icon} />
      {badge !== undefined && (
        <span class="badge" aria-hidden="true">
          {badge}
        </span>
      )}
    </button>
  );
}

/** For those who may change the world. */
function BuildButton({ store, act }: Props) {
  return (
    <button
      type="button"
      class="button icon-button"
      data-opens="builder"
      aria-expanded={store.building.value}
      aria-label={t("build")}
      title={t("build")}
      onClick={() => act.build()}
    >
      <Icon name="build" />
    </button>
  );
}

/** For those who have a headset. */
function HeadsetButton({ store, act }: Props) {
  const label = t(store.worn.value ? "leaveVr" : "enterVr");
  return (
    <button
      type="button"
      class="button icon-button"
      aria-label={label}
      title={label}
      onClick={() => act.wear()}
    >
      <Icon name="headset" />
    </button>
  );
}

function ChatButton({ store }: { store: Store }) {
  const unread = store.unread.value;
  return (
    <button
      type="button"
      class="button icon-button"
      data-opens="chat"
      aria-expanded={store.chatOpen.value}
      aria-label={unread === 0 ? t("chat") : `${t("chat")}: ${t("chatUnread", { count: unread })}`}
      title={t("chat")}
      onClick={() => {
        store.chatOpen.value = !store.chatOpen.peek();
      }}
    >
      <Icon name="chat" />
      {unread > 0 && (
        <span class="badge" aria-hidden="true">
          {unread}
        </span>
      )}
    </button>
  );
}

/** For thumbs: walking is the joystick's, everything else is in the bar. */
function JumpButton({ act }: { act: Actions }) {
  return (
    <button
      type="button"
      class="jump-button glass"
      aria-label={t("jump")}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        act.jump(true);
      }}
      onPointerUp={() => act.jump(false)}
      onPointerCancel={() => act.jump(false)}
      onContextMenu={(event) => event.preventDefault()}
    >
      <Icon name="jump" />
    </button>
  );
}

function OpenPanel({ store, act }: Props) {
  switch (store.panel.value) {
    case null:
      return null;
    case "people":
      return <PeoplePanel store={store} act={act} />;
    case "emotes":
      return <EmotesPanel store={store} act={act} />;
    case "help":
      return <HelpPanel store={store} act={act} />;
    case "settings":
      return <SettingsPanel store={store} act={act} />;
    case "connection":
      return <ConnectionPanel store={store} act={act} />;
  }
}

/** A draft looks like its world; the builder has words of its own for it. */
function DraftTitle({ store }: { store: Store }) {
  const title = store.draft.value;
  return title === null || store.building.value ? null : <small>{t("draftOf", { title })}</small>;
}

export function Hud({ store, act }: Props) {
  return (
    <div
      class="hud"
      data-touch={store.touch.value}
      data-talking={store.company.talkingTo.value !== null}
    >
      <header class="bar">
        <h1 class="bar-title glass">
          {store.worldTitle.value}
          <DraftTitle store={store} />
        </h1>
        <nav class="bar-buttons glass" aria-label={t("menu")}>
          <ConnectionButton store={store} />
          <PanelButton
            store={store}
            panel="people"
            icon="people"
            label="people"
            badge={store.people.value.size}
          />
          <ChatButton store={store} />
          <PanelButton store={store} panel="emotes" icon="emotes" label="emotes" />
          {store.mayBuild.value && <BuildButton store={store} act={act} />}
          {store.headset.value && <HeadsetButton store={store} act={act} />}
          <PanelButton store={store} panel="help" icon="help" label="help" />
          <PanelButton store={store} panel="settings" icon="settings" label="settings" />
        </nav>
      </header>
      <OpenPanel store={store} act={act} />
      <Interrupted store={store} act={act} />
      <Chat store={store} act={act} />
      <Talking store={store} act={act} />
      {store.touch.value && !store.chatOpen.value && <JumpButton act={act} />}
      <p class="remark" role="status" data-shown={store.remark.value !== null}>
        {store.remark.value}
      </p>
      <div
        class="curtain"
        data-drawn={store.travelling.value}
        aria-hidden={!store.travelling.value}
      >
        {store.travelling.value && (
          <p class="glass" role="status">
            {t("loadingWorld", { world: store.worldTitle.value })}
          </p>
        )}
      </div>
    </div>
  );
}

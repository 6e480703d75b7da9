/** The panels: who is here, gestures, help, settings, connection. */
import { useSignal } from "@preact/signals";
import { type TextKey, t } from "../i18n/translate";
import { emoteNames } from "../protocol/generated";
import { LanguageChoice } from "./entry";
import { Icon } from "./icons";
import { LookFields } from "./look";
import { PanelFrame } from "./panel";
import { cleanName, nameFault } from "./profile";
import { type Actions, cssColour, type Store } from "./store";
import { EMOTE_TEXTS, TRANSPORT_TEXTS } from "./words";

type Props = { store: Store; act: Actions };

export function PeoplePanel({ store, act }: Props) {
  const roster = store.roster.value;
  return (
    <PanelFrame store={store} act={act} title="people" name="people" isText>
      <p class="hint">{t("peopleCount", { count: roster.length })}</p>
      <ul class="roster">
        {roster.map((card) => (
          <li key={card.person} data-person={card.person} data-present={card.present}>
            <span
              class="roster-dot"
              aria-hidden="true"
              style={{
                "--body": cssColour(card.look.body),
                "--accent-colour": cssColour(card.look.accent),
              }}
            />
            <span class="roster-name">{card.name}</span>
            {card.person === store.self.value && <span class="tag">{t("you")}</span>}
            {!card.present && <span class="tag away">{t("away")}</span>}
          </li>
        ))}
      </ul>
    </PanelFrame>
  );
}

export function EmotesPanel({ store, act }: Props) {
  return (
    <PanelFrame store={store} act={act} title="emotes" name="emotes">
      <ul class="emotes">
        {emoteNames.map((emote, index) => (
          <li key={emote}>
            <button type="button" class="button emote" onClick={() => act.emote(emote)}>
              <Icon name={emote} />
              <span>{t(EMOTE_TEXTS[emote])}</span>
              <kbd>{index + 1}</kbd>
            </button>
          </li>
        ))}
      </ul>
    </PanelFrame>
  );
}

const KEYS: readonly { keys: readonly (TextKey | { literal: string })[]; what: TextKey }[] = [
  { keys: [{ literal: "W A S D" }, "keyArrows"], what: "helpMove" },
  { keys: ["keyShift"], what: "helpRun" },
  { keys: ["keySpace"], what: "helpJump" },
  { keys: ["keyDrag"], what: "helpLook" },
  { keys: ["keyWheel"], what: "helpZoom" },
  { keys: [{ literal: "C" }], what: "helpCamera" },
  { keys: ["keyEnter", { literal: "T" }], what: "helpChat" },
  { keys: [{ literal: "F" }], what: "helpTalk" },
  { keys: [{ literal: "1 – 8" }], what: "helpGesture" },
  { keys: [{ literal: "E" }], what: "helpEmotes" },
  { keys: [{ literal: "P" }], what: "helpPeople" },
  { keys: [{ literal: "O" }], what: "helpSettings" },
  { keys: [{ literal: "H" }], what: "helpHelp" },
  { keys: ["keyEscape"], what: "helpClose" },
];

export function HelpPanel({ store, act }: Props) {
  return (
    <PanelFrame store={store} act={act} title="help" name="help" isText>
      <dl class="keys">
        {KEYS.map(({ keys, what }) => (
          <div key={what}>
            <dt>
              {keys.map((key) => {
                const text = typeof key === "string" ? t(key) : key.literal;
                return <kbd key={text}>{text}</kbd>;
              })}
            </dt>
            <dd>{t(what)}</dd>
          </div>
        ))}
      </dl>
      <p class="hint">{t("helpTouch")}</p>
      <p class="hint">{t("helpPads")}</p>
      {store.headset.value && <p class="hint">{t("helpVr")}</p>}
    </PanelFrame>
  );
}

export function SettingsPanel({ store, act }: Props) {
  const draft = useSignal(store.profile.peek());
  const tried = useSignal(false);
  const saved = useSignal(false);
  const fault = tried.value ? nameFault(cleanName(draft.value.name)) : null;

  const save = (event: Event): void => {
    event.preventDefault();
    tried.value = true;
    const name = cleanName(draft.value.name);
    if (nameFault(name) !== null) return;
    act.setProfile({ ...draft.value, name });
    saved.value = true;
  };

  return (
    <PanelFrame store={store} act={act} title="settings" name="settings">
      <div class="settings-grid">
        <LanguageChoice />
        <label class="field inline">
          <span>{t("camera")}</span>
          <select
            class="select-field"
            value={store.camera.value}
            onChange={(event) =>
              act.setCamera(event.currentTarget.value === "first" ? "first" : "third")
            }
          >
            <option value="third">{t("cameraThird")}</option>
            <option value="first">{t("cameraFirst")}</option>
          </select>
        </label>
        <label class="field inline">
          <span>{t("volume")}</span>
          <input
            class="range"
            type="range"
            min={0}
            max={100}
            value={Math.round(store.volume01.value * 100)}
            onInput={(event) => act.setVolume(Number(event.currentTarget.value) / 100)}
          />
        </label>
      </div>
      <form class="settings-look" onSubmit={save} noValidate>
        <h3>{t("yourLook")}</h3>
        <LookFields
          profile={draft.value}
          fault={fault}
          change={(profile) => {
            draft.value = profile;
            saved.value = false;
          }}
        />
        <div class="row">
          <button type="submit" class="button primary">
            {t("saveLook")}
          </button>
          <span role="status">{saved.value ? t("lookSaved") : ""}</span>
        </div>
      </form>
      <button type="button" class="button danger" onClick={() => act.leave()}>
        {t("leave")}
      </button>
    </PanelFrame>
  );
}

function milliseconds(value: number | null): string {
  return value === null ? t("unknownValue") : t("milliseconds", { value: Math.round(value) });
}

export function ConnectionPanel({ store, act }: Props) {
  const link = store.link.value;
  const rows: readonly [TextKey, string][] = [
    ["roundTrip", milliseconds(link.roundTripMs)],
    ["loss", t("percent", { value: Math.round(link.loss01 * 1_000) / 10 })],
    ["snapshotRate", String(Math.round(link.snapshotsPerS))],
    ["transport", link.transport === null ? t("unknownValue") : t(TRANSPORT_TEXTS[link.transport])],
    ["interpolationDelay", milliseconds(link.bufferMs)],
    ["mispredictions", String(link.mispredictions)],
    ["lateInputs", String(link.lateInputs)],
    ["drawn", String(Math.round(link.framesPerS))],
  ];
  return (
    <PanelFrame store={store} act={act} title="connection" name="connection" isText>
      <dl class="figures">
        {rows.map(([label, value]) => (
          <div key={label} data-figure={label}>
            <dt>{t(label)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </PanelFrame>
  );
}

/** The entrance: which world, which name, which colours. */
import { useComputed, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { LANGUAGES, language, nameOf, speak, t } from "../i18n/translate";
import { remedyFor } from "../net/trouble";
import { Icon } from "./icons";
import { LookFields } from "./look";
import { cleanName, nameFault } from "./profile";
import type { Actions, Store, WorldSummary } from "./store";
import { problemText } from "./words";

/** Hills and a sun behind the entrance; coloured by the style sheet. */
export function Backdrop() {
  return (
    <div class="backdrop">
      <svg aria-hidden="true" viewBox="0 0 1600 900" preserveAspectRatio="xMidYMax slice">
        <circle class="sun-glow" cx="1180" cy="300" r="210" />
        <circle class="sun" cx="1180" cy="300" r="84" />
        <path
          class="cloud"
          d="M180 250c20-52 96-58 118-12 40-24 92 4 86 42H150c-14-14-2-34 30-30z"
        />
        <path class="cloud" d="M820 170c14-36 68-42 84-8 30-18 66 2 62 30H800c-10-10-2-24 20-22z" />
        <path
          class="hill far"
          d="M0 610c180-120 330-130 520-30s330 60 520-60 380-90 560 40v340H0z"
        />
        <path
          class="hill middle"
          d="M0 700c200-90 360-60 540 0s330 50 520-30 360-60 540 20v210H0z"
        />
        <path class="water" d="M0 782h1600v118H0z" />
        <path class="hill near" d="M0 800c240-90 420-40 620 20 240 70 560 50 980-40v120H0z" />
      </svg>
    </div>
  );
}

function WorldCard(props: { world: WorldSummary; chosen: boolean; choose(): void }) {
  const { world, chosen, choose } = props;
  return (
    <label class="world-card" data-world={world.name}>
      <input type="radio" name="world" checked={chosen} onChange={choose} />
      <span class="world-picture" aria-hidden="true" />
      <span class="world-text">
        <strong>{world.title}</strong>
        <span class="world-description">{world.description}</span>
        <span class="world-people">
          {world.people === 0 ? t("nobodyInside") : t("peopleInside", { count: world.people })}
        </span>
      </span>
    </label>
  );
}

function Worlds({ store, act }: { store: Store; act: Actions }) {
  const list = store.worlds.value;
  switch (list.kind) {
    case "loading":
      return <p class="hint">{t("worldsLoading")}</p>;
    case "failed":
      return (
        <div class="notice" role="alert">
          <p>{t("worldsUnreachable")}</p>
          <button type="button" class="button" onClick={() => act.loadWorlds()}>
            {t("tryAgain")}
          </button>
        </div>
      );
    case "listed":
      return (
        <fieldset class="worlds">
          <legend>{t("chooseWorld")}</legend>
          {list.worlds.map((world) => (
            <WorldCard
              key={world.name}
              world={world}
              chosen={world.name === store.wantedWorld.value}
              choose={() => {
                store.wantedWorld.value = world.name;
              }}
            />
          ))}
        </fieldset>
      );
  }
}

/** A choice of languages, each named by itself. */
export function LanguageChoice() {
  return (
    <label class="field inline">
      <span>{t("language")}</span>
      <select
        class="select-field"
        value={language.value}
        onChange={(event) => {
          const chosen = LANGUAGES.find((tag) => tag === event.currentTarget.value);
          if (chosen !== undefined) speak(chosen);
        }}
      >
        {LANGUAGES.map((tag) => (
          <option key={tag} value={tag} lang={tag}>
            {nameOf(tag)}
          </option>
        ))}
      </select>
    </label>
  );
}

export function Entry({ store, act }: { store: Store; act: Actions }) {
  const draft = useSignal(store.profile.peek());
  const tried = useSignal(false);
  const fault = useComputed(() => (tried.value ? nameFault(cleanName(draft.value.name)) : null));
  const screen = store.screen.value;
  const problem = screen.kind === "entry" ? screen.problem : null;
  const list = store.worlds.value;
  const world =
    list.kind === "listed"
      ? list.worlds.find(({ name }) => name === store.wantedWorld.value)
      : undefined;

  useEffect(() => {
    if (store.worlds.peek().kind !== "listed") act.loadWorlds();
  }, [store, act]);

  const submit = (event: Event): void => {
    event.preventDefault();
    tried.value = true;
    const name = cleanName(draft.value.name);
    if (nameFault(name) !== null) {
      const form = event.currentTarget as HTMLFormElement;
      form.querySelector<HTMLInputElement>("input[type=text]")?.focus();
      return;
    }
    act.enter(store.wantedWorld.value, { ...draft.value, name });
  };

  return (
    <div class="entry" data-world={store.wantedWorld.value}>
      <Backdrop />
      <main class="entry-main">
        <header class="entry-title">
          <h1>{t("title")}</h1>
          <p>{t("tagline")}</p>
        </header>
        <form class="glass entry-card" onSubmit={submit} noValidate>
          {store.welcome.value !== null && (
            <p class="notice welcome" role="status">
              {store.welcome.value}
            </p>
          )}
          {problem !== null && (
            <div class="notice" role="alert">
              <p>{problemText(problem)}</p>
              {problem.kind === "session" && remedyFor(problem.trouble) === "reload" && (
                <button type="button" class="button" onClick={() => act.reload()}>
                  {t("reload")}
                </button>
              )}
            </div>
          )}
          <Worlds store={store} act={act} />
          <LookFields
            profile={draft.value}
            fault={fault.value}
            change={(profile) => {
              draft.value = profile;
            }}
          />
          <button type="submit" class="button primary large">
            {world === undefined ? t("enter") : t("enterWorld", { world: world.title })}
            <Icon name="arrow" />
          </button>
        </form>
        <footer class="entry-footer">
          <LanguageChoice />
        </footer>
      </main>
    </div>
  );
}

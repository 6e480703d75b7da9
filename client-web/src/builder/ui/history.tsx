/** How the world was: changes, versions with a name, and the world as a file. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { language } from "../../i18n/translate";
import type { Role } from "../../protocol/operation";
import type { Builder } from "../builder";
import type { Difference, Given, Group, Told, Version } from "../past";
import { type BuilderText, b } from "../texts/words";
import { Side } from "./frame";

/** What is about to be brought back, until it is confirmed. */
interface Asked {
  title: string;
  then: { revision: number } | { version: number };
  revision: number;
  difference: Difference | null;
}

export function HistoryPanel({ builder }: { builder: Builder }) {
  const { past } = builder;
  const asked = useSignal<Asked | null>(null);
  const edit = builder.bench.edit.value;
  useEffect(() => {
    // Soon after a change, and not for every step of a drag.
    const timer = setTimeout(() => void past.refresh(), 600);
    return () => clearTimeout(timer);
  }, [past, edit]);
  const ask = async (title: string, then: Asked["then"], revision: number): Promise<void> => {
    asked.value = { title, then, revision, difference: await past.difference(revision) };
  };
  const isOwner = builder.role === "owner";
  return (
    <Side builder={builder} name="history" title="history">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: so that it can be scrolled by keys. */}
      <div class="builder-scroll builder-past" tabIndex={0}>
        {asked.value !== null && (
          <Question builder={builder} asked={asked.value} close={() => (asked.value = null)} />
        )}
        <Versions builder={builder} ask={isOwner ? ask : null} />
        <h3>{b("historyChanges")}</h3>
        {past.groups.value.length === 0 && <p class="hint">{b("historyNone")}</p>}
        <ol class="builder-changes">
          {past.groups.value.map((group) => (
            <Change key={group.revision} group={group} ask={isOwner ? ask : null} />
          ))}
        </ol>
        {past.hasMore.value && (
          <button type="button" class="button quiet" onClick={() => void past.more()}>
            {b("historyMore")}
          </button>
        )}
        <Files builder={builder} />
      </div>
    </Side>
  );
}

type Ask = (title: string, then: Asked["then"], revision: number) => Promise<void>;

/** "3 minutes ago", in the page's language. */
function agoText(atMs: number): string {
  const seconds = (atMs - Date.now()) / 1_000;
  const steps: readonly [Intl.RelativeTimeFormatUnit, number][] = [
    ["day", 86_400],
    ["hour", 3_600],
    ["minute", 60],
  ];
  const [unit, size] = steps.find(([, step]) => Math.abs(seconds) >= step) ?? ["second", 1];
  const format = new Intl.RelativeTimeFormat(language.value, { numeric: "auto" });
  return format.format(Math.round(seconds / size), unit);
}

function timeText(atMs: number): string {
  return new Date(atMs).toLocaleString(language.value);
}

function tellTrouble(builder: Builder, told: Told, done: BuilderText): void {
  if (told.kind === "trouble") builder.say(told.text, "trouble");
  else builder.say(b(done));
}

function Versions({ builder, ask }: { builder: Builder; ask: Ask | null }) {
  const name = useSignal("");
  const { past } = builder;
  const keep = async (): Promise<void> => {
    const told = await past.keep(name.peek().trim());
    if (told.kind === "done") name.value = "";
    tellTrouble(builder, told, "versionKept");
  };
  return (
    <>
      <h3>{b("versions")}</h3>
      <form
        class="builder-keep"
        onSubmit={(event) => {
          event.preventDefault();
          void keep();
        }}
      >
        <input
          class="builder-text"
          type="text"
          maxLength={60}
          value={name.value}
          placeholder={b("versionName")}
          aria-label={b("versionName")}
          onInput={(event) => {
            name.value = event.currentTarget.value;
          }}
        />
        <button type="submit" class="button" disabled={name.value.trim() === ""}>
          {b("versionKeep")}
        </button>
      </form>
      {past.versions.value.length === 0 && <p class="hint">{b("versionsHint")}</p>}
      <ul class="builder-changes">
        {past.versions.value.map((version) => (
          <VersionRow key={version.id} builder={builder} version={version} ask={ask} />
        ))}
      </ul>
    </>
  );
}

function VersionRow(props: { builder: Builder; version: Version; ask: Ask | null }) {
  const { builder, version, ask } = props;
  const { id, name, revision, atMs, author } = version;
  return (
    <li>
      <b>{name}</b>
      <small title={timeText(atMs)}>{b("versionBy", { author, ago: agoText(atMs) })}</small>
      <span class="builder-row-tools">
        {ask !== null && (
          <button
            type="button"
            class="button quiet"
            aria-label={b("restoreNamed", { name })}
            onClick={() => void ask(name, { version: id }, revision)}
          >
            {b("restore")}
          </button>
        )}
        <button
          type="button"
          class="button quiet"
          aria-label={b("versionDelete", { name })}
          onClick={() => {
            void builder.past.forget(id).then((told) => tellTrouble(builder, told, "versionGone"));
          }}
        >
          {b("removePart")}
        </button>
      </span>
    </li>
  );
}

const GIVEN_TEXTS: Readonly<Record<Role, BuilderText>> = {
  visitor: "roleTaken",
  builder: "roleNowBuilder",
  owner: "roleNowOwner",
};

function givenText({ name, to }: Given): string {
  return b(GIVEN_TEXTS[to], { name: name === "" ? b("somebody") : name });
}

function Change({ group, ask }: { group: Group; ask: Ask | null }) {
  const { name, atMs, first, operations, roles } = group;
  const title = b("beforeChange", { name, ago: agoText(atMs) });
  return (
    <li>
      <b>{name}</b>
      <small title={timeText(atMs)}>
        {operations > 0 && `${b("changeCount", { count: operations })} · `}
        {agoText(atMs)}
      </small>
      {roles.map((given, index) => (
        <small key={index}>{givenText(given)}</small>
      ))}
      {ask !== null && (
        <span class="builder-row-tools">
          <button
            type="button"
            class="button quiet"
            aria-label={b("restoreNamed", { name: title })}
            onClick={() => void ask(title, { revision: first - 1 }, first - 1)}
          >
            {b("restoreBefore")}
          </button>
        </span>
      )}
    </li>
  );
}

/** Says what would change, and asks whether it shall. */
function Question(props: { builder: Builder; asked: Asked; close: () => void }) {
  const { builder, asked, close } = props;
  const { title, then, difference } = asked;
  const restore = async (): Promise<void> => {
    close();
    tellTrouble(builder, await builder.past.restore(then), "restored");
  };
  // What was added since goes, and what was removed comes back.
  const lists: readonly [BuilderText, readonly string[]][] =
    difference === null
      ? []
      : [
          ["diffComesBack", difference.removed],
          ["diffGoes", difference.added],
          ["diffChanges", difference.changed],
        ];
  return (
    <section class="builder-question" role="alertdialog" aria-label={b("restoreAsk", { title })}>
      <p>
        <b>{b("restoreAsk", { title })}</b>
      </p>
      {difference === null && <p class="hint">{b("diffUnknown")}</p>}
      <ul>
        {lists
          .filter(([, names]) => names.length > 0)
          .map(([text, names]) => (
            <li key={text}>
              {b(text)} {shortList(names)}
            </li>
          ))}
        {difference?.other && <li>{b("diffOther")}</li>}
      </ul>
      <span class="builder-row-tools">
        <button type="button" class="button primary" onClick={() => void restore()}>
          {b("restore")}
        </button>
        <button type="button" class="button" onClick={close}>
          {b("cancel")}
        </button>
      </span>
    </section>
  );
}

const NAMES_SHOWN = 5;

function shortList(names: readonly string[]): string {
  const rest = names.length - NAMES_SHOWN;
  const shown = names.slice(0, NAMES_SHOWN).join(", ");
  return rest > 0 ? `${shown} ${b("andMore", { count: rest })}` : shown;
}

function Files({ builder }: { builder: Builder }) {
  const field = useRef<HTMLInputElement>(null);
  const replaces = useSignal(false);
  const isBusy = useSignal(false);
  const { past, bench } = builder;
  const out = async (form: "zip" | "glb"): Promise<void> => {
    isBusy.value = true;
    const file = await past.takeOut(form);
    isBusy.value = false;
    if (file === null) {
      builder.say(b("fileFailed"), "trouble");
      return;
    }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = `${bench.world}.${form}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  };
  const bring = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    if (replaces.peek() && !confirm(b("replaceAsk", { name: file.name }))) return;
    isBusy.value = true;
    const told = await past.bringIn(file, replaces.peek());
    isBusy.value = false;
    tellTrouble(builder, told, "fileBrought");
  };
  return (
    <>
      <h3>{b("worldFile")}</h3>
      <p class="hint">{b("worldFileHint")}</p>
      <span class="builder-row-tools">
        <button
          type="button"
          class="button"
          disabled={isBusy.value}
          onClick={() => void out("zip")}
        >
          {b("fileOut")}
        </button>
        <button
          type="button"
          class="button"
          disabled={isBusy.value}
          onClick={() => void out("glb")}
        >
          {b("fileOutGlb")}
        </button>
        <button
          type="button"
          class="button"
          disabled={isBusy.value}
          onClick={() => field.current?.click()}
        >
          {b("fileIn")}
        </button>
      </span>
      <input
        ref={field}
        type="file"
        hidden
        accept=".zip,.glb"
        aria-label={b("fileIn")}
        onChange={(event) => {
          void bring(event.currentTarget.files?.[0]);
          event.currentTarget.value = "";
        }}
      />
      {builder.role === "owner" && (
        <label class="builder-check">
          <input
            type="checkbox"
            checked={replaces.value}
            onChange={(event) => {
              replaces.value = event.currentTarget.checked;
            }}
          />
          {b("fileReplaces")}
        </label>
      )}
      {isBusy.value && <progress aria-label={b("fileBusy")} />}
    </>
  );
}

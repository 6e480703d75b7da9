/** How the world was: changes, versions with a name, and the world as a file. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Role } from "../../protocol/operation";
import type { Builder } from "../builder";
import type { Difference, Given, Group, Version } from "../past";
import { agoText, timeText } from "../texts/times";
import { type BuilderText, b } from "../texts/words";
import { Compare } from "./compare";
import { Differences } from "./differences";
import { DraftQuestion, DraftsSection } from "./drafts";
import { Files } from "./files";
import { Side } from "./frame";
import { Question } from "./question";
import { tellOutcome } from "./told";

/** What is about to be brought back, until it is confirmed. */
interface Asked {
  title: string;
  then: { revision: number } | { version: number };
  revision: number;
  difference: Difference | null;
}

export function HistoryPanel({ builder }: { builder: Builder }) {
  const { past, drafts } = builder;
  const asked = useSignal<Asked | null>(null);
  const edit = builder.bench.edit.value;
  useEffect(() => {
    // Soon after a change, and not for every step of a drag.
    const timer = setTimeout(() => {
      if (drafts.isEnding) return;
      void past.refresh();
      void drafts.refresh();
    }, 600);
    return () => clearTimeout(timer);
  }, [past, drafts, edit]);
  const ask = async (title: string, then: Asked["then"], revision: number): Promise<void> => {
    asked.value = { title, then, revision, difference: await past.difference(revision) };
  };
  const isOwner = builder.role === "owner";
  return (
    <Side builder={builder} name="history" title="history">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: so that it can be scrolled by keys. */}
      <div class="builder-scroll builder-past" tabIndex={0}>
        {asked.value !== null && (
          <RestoreQuestion
            builder={builder}
            asked={asked.value}
            close={() => (asked.value = null)}
          />
        )}
        <DraftQuestion builder={builder} />
        <DraftsSection builder={builder} />
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

function Versions({ builder, ask }: { builder: Builder; ask: Ask | null }) {
  const name = useSignal("");
  const { past } = builder;
  const keep = async (): Promise<void> => {
    const told = await past.keep(name.peek().trim());
    if (told.kind === "done") name.value = "";
    tellOutcome(builder, told, "versionKept");
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
      <Compare builder={builder} />
    </>
  );
}

function VersionRow(props: { builder: Builder; version: Version; ask: Ask | null }) {
  const { builder, version, ask } = props;
  const { id, revision, atMs, author, mine } = version;
  // What is published is what has changed since then.
  const isBase = builder.drafts.within.value?.base === id;
  const name = isBase ? b("versionBase") : version.name;
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
        {!isBase && (mine || builder.role === "owner") && (
          <button
            type="button"
            class="button quiet"
            aria-label={b("versionDelete", { name })}
            onClick={() => {
              void builder.past
                .forget(id)
                .then((told) => tellOutcome(builder, told, "versionGone"));
            }}
          >
            {b("removePart")}
          </button>
        )}
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
function RestoreQuestion(props: { builder: Builder; asked: Asked; close: () => void }) {
  const { builder, asked, close } = props;
  const { title, then, difference } = asked;
  const restore = async (): Promise<void> => {
    close();
    tellOutcome(builder, await builder.past.restore(then), "restored");
  };
  return (
    <Question
      text={b("restoreAsk", { title })}
      act={b("restore")}
      done={() => void restore()}
      close={close}
    >
      <Differences
        builder={builder}
        difference={difference}
        other="diffOther"
        // What was added since goes, and what was removed comes back.
        lists={({ added, removed, changed }) => [
          { text: "diffComesBack", things: removed },
          { text: "diffGoes", things: added },
          { text: "diffChanges", things: changed },
        ]}
      />
    </Question>
  );
}

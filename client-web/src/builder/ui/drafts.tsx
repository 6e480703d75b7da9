/** Drafts: those of this world, and, within one, publishing and discarding it. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Builder } from "../builder";
import type { Conflict, Draft, Publication, Settling } from "../drafts";
import { aspectsText } from "../texts/aspects";
import { agoText, timeText } from "../texts/times";
import { b } from "../texts/words";
import { Differences, ThingName } from "./differences";
import { Question } from "./question";
import { WeightLine } from "./weight";

const TITLE_CHARS_MAX = 60;
const CONFLICTS_SHOWN_MAX = 50;

/** Over the picture, as long as a draft is shown. */
export function DraftBanner({ builder }: { builder: Builder }) {
  const within = builder.drafts.within.value;
  if (within === null) return null;
  const world = builder.titleOf(within.of);
  return (
    <section class="builder-draft glass" aria-label={b("draftOf", { world })}>
      <p>
        <span>{b("draftOf", { world })}</span> <b>{within.title}</b>
      </p>
      <span class="builder-row-tools">
        <button type="button" class="button primary" onClick={() => builder.ask("publish")}>
          {b("draftPublish")}
        </button>
        <button type="button" class="button" onClick={() => builder.ask("discard")}>
          {b("draftDiscard")}
        </button>
      </span>
    </section>
  );
}

export function DraftsSection({ builder }: { builder: Builder }) {
  const within = builder.drafts.within.value;
  if (within !== null) {
    const world = builder.titleOf(within.of);
    return (
      <>
        <h3>{b("drafts")}</h3>
        <p class="hint">{b("draftHint", { world })}</p>
        <button type="button" class="button" onClick={() => builder.bench.enter(within.of)}>
          {b("draftLeave", { world })}
        </button>
      </>
    );
  }
  return (
    <>
      <h3>{b("drafts")}</h3>
      <NewDraft builder={builder} />
      {builder.drafts.all.value.length === 0 && <p class="hint">{b("draftsHint")}</p>}
      <ul class="builder-changes">
        {builder.drafts.all.value.map((draft) => (
          <DraftRow key={draft.world} builder={builder} draft={draft} />
        ))}
      </ul>
    </>
  );
}

function NewDraft({ builder }: { builder: Builder }) {
  const title = useSignal("");
  const isBusy = useSignal(false);
  const begin = async (): Promise<void> => {
    isBusy.value = true;
    const told = await builder.drafts.begin(title.peek().trim());
    isBusy.value = false;
    if (told.kind === "trouble") {
      builder.say(told.code === "full" ? b("refusedFullDrafts") : told.text, "trouble");
    } else if (told.world !== null) builder.bench.enter(told.world);
  };
  return (
    <form
      class="builder-keep"
      onSubmit={(event) => {
        event.preventDefault();
        void begin();
      }}
    >
      <input
        class="builder-text"
        type="text"
        maxLength={TITLE_CHARS_MAX}
        value={title.value}
        placeholder={b("draftTitle")}
        aria-label={b("draftTitle")}
        onInput={(event) => {
          title.value = event.currentTarget.value;
        }}
      />
      <button type="submit" class="button" disabled={isBusy.value || title.value.trim() === ""}>
        {b("draftBegin")}
      </button>
    </form>
  );
}

function DraftRow({ builder, draft }: { builder: Builder; draft: Draft }) {
  const { world, title, name, atMs, people } = draft;
  return (
    <li>
      <b>{title}</b>
      <small title={timeText(atMs)}>
        {b("versionBy", { author: name, ago: agoText(atMs) })}
        {people > 0 && ` · ${b("draftPeople", { count: people })}`}
      </small>
      <span class="builder-row-tools">
        <button
          type="button"
          class="button quiet"
          aria-label={b("draftOpenNamed", { title })}
          onClick={() => builder.bench.enter(world)}
        >
          {b("draftOpen")}
        </button>
      </span>
    </li>
  );
}

/** What is asked before a draft ends. */
export function DraftQuestion({ builder }: { builder: Builder }) {
  if (builder.drafts.within.value === null) return null;
  switch (builder.asked.value) {
    case "publish":
      return <PublishQuestion builder={builder} />;
    case "discard":
      return <DiscardQuestion builder={builder} />;
    case null:
      return null;
  }
}

function PublishQuestion({ builder }: { builder: Builder }) {
  const { drafts } = builder;
  const told = useSignal<Publication | "asking" | null>("asking");
  const settling = useSignal<Exclude<Settling, "refuse"> | null>(null);
  const isBusy = useSignal(false);
  const edit = builder.bench.edit.value;
  const looks = useRef(0);
  const look = async (): Promise<void> => {
    looks.current += 1;
    const mine = looks.current;
    const publication = await drafts.publication();
    // A newer answer says more.
    if (mine === looks.current) told.value = publication;
  };
  useEffect(() => {
    // Once what was being done here has been kept.
    const timer = setTimeout(() => void look(), told.peek() === "asking" ? 0 : 600);
    return () => clearTimeout(timer);
  }, [builder, edit]);
  const within = drafts.within.value;
  const world = builder.titleOf(within?.of ?? "");
  const publication = told.value;
  const isKnown = publication !== "asking" && publication !== null;
  const conflicts = isKnown ? publication.conflictCount : 0;
  // What is on its way to the draft is published as well.
  const mayPublish =
    isKnown &&
    !isBusy.value &&
    builder.waiting.value === 0 &&
    (conflicts === 0 || settling.value !== null);
  const publish = async (): Promise<void> => {
    isBusy.value = true;
    // Without conflicts none are expected: those that come meanwhile are told first.
    const how = conflicts === 0 ? "refuse" : (settling.peek() ?? "refuse");
    builder.bench.endDraft(b("draftPublished"));
    const published = await drafts.publish(how);
    isBusy.value = false;
    if (published.kind === "done") {
      builder.ask(null);
      return;
    }
    builder.bench.endDraft(null);
    if (published.kind === "conflicts") {
      builder.say(b("refusedConflicts"), "trouble");
      await look();
      return;
    }
    builder.say(published.text, "trouble");
  };
  const text = b("publishAsk", { world });
  return (
    <Question
      text={text}
      act={b("publish")}
      isOff={!mayPublish}
      done={() => void publish()}
      close={() => builder.ask(null)}
    >
      {publication === "asking" && <progress aria-label={text} />}
      {publication === null && <p class="hint">{b("diffUnknown")}</p>}
      {isKnown && conflicts > 0 && (
        <Conflicts
          builder={builder}
          publication={publication}
          settling={settling.value}
          settle={(how) => {
            settling.value = how;
          }}
        />
      )}
      {isKnown && <WhatChanges builder={builder} publication={publication} />}
      <WeightLine builder={builder} />
      <p class="hint">{b("publishEnds", { world })}</p>
    </Question>
  );
}

function WhatChanges(props: { builder: Builder; publication: Publication }) {
  return (
    <Differences
      builder={props.builder}
      difference={props.publication.difference}
      other="diffOther"
      lists={({ added, removed, changed }) => [
        { text: "publishAdds", things: added },
        { text: "publishRemoves", things: removed },
        { text: "diffChanges", things: changed },
      ]}
    />
  );
}

function Conflicts(props: {
  builder: Builder;
  publication: Publication;
  settling: Settling | null;
  settle(how: "draft" | "world"): void;
}) {
  const { builder, publication, settling, settle } = props;
  const { conflicts, conflictCount } = publication;
  const shown = conflicts.slice(0, CONFLICTS_SHOWN_MAX);
  const rest = conflictCount - shown.length;
  const choice = (how: "draft" | "world") => (
    <label class="builder-check">
      <input type="radio" name="settling" checked={settling === how} onChange={() => settle(how)} />
      {b(how === "world" ? "conflictsWorld" : "conflictsDraft")}
    </label>
  );
  return (
    <fieldset class="builder-conflicts">
      <legend>{b("conflictCount", { count: conflictCount })}</legend>
      <ul class="builder-things">
        {shown.map((conflict) => (
          <li key={`${conflict.object} ${conflict.name} ${conflict.aspect}`}>
            <ConflictName builder={builder} conflict={conflict} />
          </li>
        ))}
        {rest > 0 && <li>{b("andMore", { count: rest })}</li>}
      </ul>
      {choice("world")}
      {choice("draft")}
    </fieldset>
  );
}

function ConflictName({ builder, conflict }: { builder: Builder; conflict: Conflict }) {
  const { object, name, aspect } = conflict;
  const about = aspectsText([aspect]);
  if (name === null) return <ThingName builder={builder} object={null} name={about} about="" />;
  return <ThingName builder={builder} object={object} name={name} about={about} />;
}

function DiscardQuestion({ builder }: { builder: Builder }) {
  const isBusy = useSignal(false);
  const within = builder.drafts.within.value;
  const discard = async (): Promise<void> => {
    isBusy.value = true;
    builder.bench.endDraft(b("draftDiscarded"));
    const told = await builder.drafts.discard();
    isBusy.value = false;
    if (told.kind === "done") {
      builder.ask(null);
      return;
    }
    builder.bench.endDraft(null);
    builder.say(told.text, "trouble");
  };
  return (
    <Question
      text={b("discardAsk", { title: within?.title ?? "" })}
      act={b("discard")}
      isOff={isBusy.value}
      isNoFirst
      done={() => void discard()}
      close={() => builder.ask(null)}
    >
      <p class="hint">{b("discardHint", { world: builder.titleOf(within?.of ?? "") })}</p>
    </Question>
  );
}

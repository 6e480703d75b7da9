/** Who may do what in this world, and invitations; for its owners. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Role } from "../../protocol/operation";
import type { Builder } from "../builder";
import { namesakes, type Person } from "../people";
import { invite } from "../rights";
import { type BuilderText, b } from "../texts/words";
import { Side } from "./frame";
import { Question } from "./question";

/** Soon after a change, and not for every step of a drag. */
const REFRESH_AFTER_MS = 600;

/** What is about to become of an owner, until it is confirmed. */
interface Asked {
  person: Person;
  to: Role;
}

export function PeoplePanel({ builder }: { builder: Builder }) {
  const { people } = builder;
  const asked = useSignal<Asked | null>(null);
  const edit = builder.bench.edit.value;
  useEffect(() => {
    const pause = people.list.peek() === null ? 0 : REFRESH_AFTER_MS;
    const timer = setTimeout(() => void people.refresh(), pause);
    return () => clearTimeout(timer);
  }, [people, edit]);
  const change = async ({ person, to }: Asked): Promise<void> => {
    asked.value = null;
    if (!(await people.change(person, to))) return;
    const name = nameOf(person, namesakes(people.list.peek() ?? []));
    if (to === "visitor") builder.say(b("roleTaken", { name }));
    else builder.say(b(to === "owner" ? "roleNowOwner" : "roleNowBuilder", { name }));
  };
  /** What an owner loses they cannot give back to themselves: asked first. */
  const ask = (person: Person, to: Role): void => {
    if (to === person.role) return;
    if (person.role === "owner" || to === "owner") asked.value = { person, to };
    else void change({ person, to });
  };
  const list = people.list.value;
  const alike = namesakes(list ?? []);
  const draft = builder.drafts.within.value;
  return (
    <Side builder={builder} name="people" title="people">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: so that it can be scrolled by keys. */}
      <div class="builder-scroll builder-past" tabIndex={0}>
        {asked.value !== null && (
          <RoleQuestion
            key={`${asked.value.person.account} ${asked.value.to}`}
            asked={asked.value}
            name={nameOf(asked.value.person, alike)}
            change={change}
            close={() => (asked.value = null)}
          />
        )}
        {draft !== null && <Elsewhere builder={builder} world={draft.of} />}
        {list === null && <p class="hint">{b("peopleUnknown")}</p>}
        <ul class="builder-changes">
          {list?.map((person) => (
            <PersonRow
              key={person.account}
              person={person}
              name={nameOf(person, alike)}
              ask={draft === null ? ask : null}
            />
          ))}
        </ul>
        {draft === null && <Invitation builder={builder} />}
      </div>
    </Side>
  );
}

/** In a draft: where it is changed who may build in it. */
function Elsewhere({ builder, world }: { builder: Builder; world: string }) {
  const title = builder.titleOf(world);
  return (
    <>
      <p class="hint">{b("rolesElsewhere", { world: title })}</p>
      <button type="button" class="button" onClick={() => builder.bench.enter(world)}>
        {b("draftLeave", { world: title })}
      </button>
    </>
  );
}

const DIGITS_SHOWN = 6;

/**
 * How a person is called here. Those who never said their name, or said that of another, are told
 * apart by the first digits of their account.
 */
function nameOf({ name, account }: Person, alike: ReadonlySet<string>): string {
  const digits = account.slice(0, DIGITS_SHOWN);
  if (name === "") return b("nameless", { digits });
  return alike.has(account) ? `${name} (${digits})` : name;
}

const ROLE_TEXTS: Readonly<Record<Role, BuilderText>> = {
  visitor: "roleVisitor",
  builder: "roleBuilder",
  owner: "roleOwner",
};

function PersonRow(props: {
  person: Person;
  name: string;
  /** Null: nobody's role is changed here. */
  ask: ((person: Person, to: Role) => void) | null;
}) {
  const { person, name, ask } = props;
  // What somebody may do in all worlds cannot become less in one.
  const isFixed = ask === null || (person.everywhere && person.role === "owner");
  return (
    <li data-account={person.account}>
      <b>{person.you ? b("personYou", { name }) : name}</b>
      {person.everywhere && <small>{b("roleEverywhere")}</small>}
      <span class="builder-row-tools">
        {isFixed ? (
          <span>{b(ROLE_TEXTS[person.role])}</span>
        ) : (
          <select
            class="builder-choice small"
            aria-label={b("roleOf", { name })}
            value={person.role}
            onChange={(event) => {
              const to = event.currentTarget.value === "owner" ? "owner" : "builder";
              // It says so once it is so.
              event.currentTarget.value = person.role;
              ask(person, to);
            }}
          >
            <option value="builder">{b("roleBuilder")}</option>
            <option value="owner">{b("roleOwner")}</option>
          </select>
        )}
        {ask !== null && !person.everywhere && (
          <button
            type="button"
            class="button quiet"
            aria-label={b("personRemove", { name })}
            onClick={() => ask(person, "visitor")}
          >
            {b("removePart")}
          </button>
        )}
      </span>
    </li>
  );
}

/** Says what would become of an owner, and asks whether it shall. */
function RoleQuestion(props: {
  asked: Asked;
  name: string;
  change: (asked: Asked) => Promise<void>;
  close: () => void;
}) {
  const { asked, name, change, close } = props;
  const { person, to } = asked;
  const role = b(ROLE_TEXTS[to]);
  return (
    <Question
      text={to === "visitor" ? b("personRemoveAsk", { name }) : b("roleAsk", { name, role })}
      act={b(to === "visitor" ? "removePart" : "roleChange")}
      isNoFirst
      done={() => void change(asked)}
      close={close}
    >
      {person.you && <p class="hint">{b("roleYours")}</p>}
    </Question>
  );
}

const HOUR_S = 3_600;
const DURATIONS: readonly { seconds: number; text: BuilderText }[] = [
  { seconds: HOUR_S, text: "durationHour" },
  { seconds: 24 * HOUR_S, text: "durationDay" },
  { seconds: 7 * 24 * HOUR_S, text: "durationWeek" },
];

/** Makes a link for somebody else. */
function Invitation({ builder }: { builder: Builder }) {
  const role = useSignal<"builder" | "owner">("builder");
  const seconds = useSignal(24 * HOUR_S);
  const link = useSignal<string | null>(null);
  const make = async (): Promise<void> => {
    const { bench, fetch } = builder;
    const key = await bench.keyHex();
    const made = await invite(
      fetch,
      bench.world,
      key,
      role.peek(),
      seconds.peek(),
      location.origin,
    );
    link.value = made;
    if (made === null) builder.say(b("inviteFailed"), "trouble");
  };
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(link.peek() ?? "");
      builder.say(b("linkCopied"));
    } catch {
      builder.say(b("clipboardClosed"), "trouble");
    }
  };
  return (
    <>
      <h3>{b("invite")}</h3>
      <form
        class="builder-invitation"
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <p class="hint">{b("inviteHint")}</p>
        <label class="builder-field">
          <span class="builder-label">{b("inviteRole")}</span>
          <select
            class="builder-choice"
            value={role.value}
            onChange={(event) => {
              role.value = event.currentTarget.value === "owner" ? "owner" : "builder";
            }}
          >
            <option value="builder">{b("roleBuilder")}</option>
            <option value="owner">{b("roleOwner")}</option>
          </select>
        </label>
        <label class="builder-field">
          <span class="builder-label">{b("inviteFor")}</span>
          <select
            class="builder-choice"
            value={seconds.value}
            onChange={(event) => {
              seconds.value = Number(event.currentTarget.value);
            }}
          >
            {DURATIONS.map(({ seconds: value, text }) => (
              <option key={value} value={value}>
                {b(text)}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" class="button primary">
          {b("inviteMake")}
        </button>
        {link.value !== null && (
          <div class="builder-link">
            <input
              class="builder-text"
              type="text"
              readOnly
              aria-label={b("inviteLink")}
              value={link.value}
              onFocus={(event) => event.currentTarget.select()}
            />
            <button type="button" class="button quiet" onClick={() => void copy()}>
              {b("copyLink")}
            </button>
          </div>
        )}
      </form>
    </>
  );
}

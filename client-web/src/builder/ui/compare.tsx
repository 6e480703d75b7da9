/** What differs between two versions, or between one and now. */
import { useSignal } from "@preact/signals";
import type { Builder } from "../builder";
import type { Difference } from "../past";
import { b } from "../texts/words";
import { Differences } from "./differences";

/** The world as it is now, in the lists of versions. */
const NOW = "now";

/** What was compared, until something else is chosen. */
interface Compared {
  from: string;
  to: string;
  difference: Difference | null;
}

export function Compare({ builder }: { builder: Builder }) {
  const { past } = builder;
  const versions = past.versions.value;
  const chosen = useSignal<{ from: string | null; to: string }>({ from: null, to: NOW });
  const compared = useSignal<Compared | null>(null);
  const [newest] = versions;
  if (newest === undefined) return null;
  const versionOf = (id: string | null) => versions.find((version) => `${version.id}` === id);
  // One that was deleted meanwhile is chosen no more.
  const first = versionOf(chosen.value.from) ?? newest;
  const second = versionOf(chosen.value.to);
  const [from, to] = [`${first.id}`, second === undefined ? NOW : `${second.id}`];
  const compare = async (): Promise<void> => {
    const difference = await past.difference(first.revision, second?.revision);
    compared.value = { from, to, difference };
  };
  const shown = compared.value;
  const isShown = shown !== null && shown.from === from && shown.to === to;
  return (
    <form
      class="builder-compare"
      onSubmit={(event) => {
        event.preventDefault();
        void compare();
      }}
    >
      <VersionChoice
        builder={builder}
        label={b("compareFrom")}
        value={from}
        choose={(id) => {
          chosen.value = { from: id, to };
        }}
      />
      <VersionChoice
        builder={builder}
        label={b("compareTo")}
        value={to}
        hasNow
        choose={(id) => {
          chosen.value = { from, to: id };
        }}
      />
      <button type="submit" class="button" disabled={from === to}>
        {b("compare")}
      </button>
      {isShown && <Answer builder={builder} difference={shown.difference} />}
    </form>
  );
}

function VersionChoice(props: {
  builder: Builder;
  label: string;
  value: string;
  hasNow?: boolean;
  choose: (id: string) => void;
}) {
  const { builder, label, value, hasNow, choose } = props;
  const base = builder.drafts.within.value?.base;
  return (
    <label class="builder-field">
      <span class="builder-label">{label}</span>
      <select
        class="builder-choice"
        value={value}
        onChange={(event) => choose(event.currentTarget.value)}
      >
        {hasNow && <option value={NOW}>{b("compareNow")}</option>}
        {builder.past.versions.value.map(({ id, name }) => (
          <option key={id} value={`${id}`}>
            {id === base ? b("versionBase") : name}
          </option>
        ))}
      </select>
    </label>
  );
}

function Answer({ builder, difference }: { builder: Builder; difference: Difference | null }) {
  return (
    <div role="status">
      <Differences
        builder={builder}
        difference={difference}
        other="compareOther"
        lists={({ added, removed, changed }) => [
          { text: "compareAdded", things: added },
          { text: "compareRemoved", things: removed },
          { text: "compareChanged", things: changed },
        ]}
      />
    </div>
  );
}

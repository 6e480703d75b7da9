/** What differs between two states of the world. What is here now can be gone to and chosen. */
import { useSignal } from "@preact/signals";
import type { Builder } from "../builder";
import type { Difference, Things } from "../past";
import { aspectsText } from "../texts/aspects";
import { type BuilderText, b } from "../texts/words";
import { nameOf } from "./outline";

/** Things that are shown before somebody asks for more, and at most. */
const SHOWN = 6;
const SHOWN_MAX = 200;

/** A list of differences with its heading. */
export interface Listed {
  text: BuilderText;
  things: Things;
}

export function Differences(props: {
  builder: Builder;
  lists: (difference: Difference) => readonly Listed[];
  /** Null: it cannot be told. */
  difference: Difference | null;
  /** What is said when more than objects differs. */
  other: BuilderText;
}) {
  const { builder, lists, difference, other } = props;
  if (difference === null) return <p class="hint">{b("diffUnknown")}</p>;
  const full = lists(difference).filter(({ things }) => things.count > 0);
  return (
    <>
      {full.map(({ text, things }) => (
        <div key={text} class="builder-differs">
          <h3>{b(text)}</h3>
          <ThingList builder={builder} things={things} />
        </div>
      ))}
      {difference.other && <p class="hint">{b(other)}</p>}
      {full.length === 0 && !difference.other && <p class="hint">{b("diffNothing")}</p>}
    </>
  );
}

/** Names of objects as buttons; those that are not in the world now are names alone. */
export function ThingList({ builder, things }: { builder: Builder; things: Things }) {
  const isOpen = useSignal(false);
  const { list, count } = things;
  const shown = list.slice(0, isOpen.value ? SHOWN_MAX : SHOWN);
  const rest = count - shown.length;
  const mayOpen = !isOpen.value && list.length > shown.length;
  return (
    <ul class="builder-things">
      {shown.map(({ object, name, what }) => (
        <li key={object}>
          <ThingName builder={builder} object={object} name={name} about={aspectsText(what)} />
        </li>
      ))}
      {rest > 0 && (
        <li>
          {mayOpen ? (
            <button
              type="button"
              class="button quiet"
              aria-expanded={false}
              onClick={() => {
                isOpen.value = true;
              }}
            >
              {b("andMore", { count: rest })}
            </button>
          ) : (
            b("andMore", { count: rest })
          )}
        </li>
      )}
    </ul>
  );
}

export function ThingName(props: {
  builder: Builder;
  /** Null: it is no object. */
  object: number | null;
  name: string;
  /** What of it. */
  about: string;
}) {
  const { builder, object, name, about } = props;
  const scenery = builder.scenery.value;
  const small = about !== "" && <small>{about}</small>;
  if (object === null || !scenery.objects.has(object)) {
    return (
      <span class="builder-thing">
        {name} {small}
      </span>
    );
  }
  // As the outline has it: many things have no name of their own.
  const here = nameOf(scenery, object);
  return (
    <button
      type="button"
      class="button quiet builder-thing"
      title={b("goToObject", { name: here })}
      onClick={() => builder.goTo([object])}
    >
      {here} {small}
    </button>
  );
}

/** Makes a blueprint of an object, and lets that of an object be changed in its place. */
import { useId, useState } from "preact/hooks";
import { blueprintKey, blueprintNames, instanceCount, makeBlueprint } from "../blueprints";
import { NAME_CHARS_MAX } from "../limits";
import { b } from "../texts/words";
import { CheckField } from "./fields";
import type { PartProps } from "./inspector";

export function BlueprintFields(part: PartProps) {
  const { builder, scenery, id, properties, mould, disabled } = part;
  const [isAsked, ask] = useState(false);
  const blueprint = scenery.objects.get(id)?.blueprint ?? null;
  const isBare = Object.keys(properties).length === 0;
  if (disabled || (blueprint === null && isBare)) return null;
  return (
    <section class="builder-part" data-part="blueprint">
      {blueprint !== null && (
        <CheckField
          label="blueprintChange"
          value={mould !== null}
          change={(isOn) => {
            builder.mould.through.value = isOn ? id : null;
          }}
        />
      )}
      {mould !== null && (
        <p class="hint" role="status">
          {b("blueprintFollow", { count: instanceCount(scenery, mould) })}
        </p>
      )}
      {mould === null && !isAsked && (
        <button type="button" class="button quiet" onClick={() => ask(true)}>
          {b("blueprintMake")}
        </button>
      )}
      {mould === null && isAsked && <NewBlueprint {...part} close={() => ask(false)} />}
    </section>
  );
}

function NewBlueprint({ builder, scenery, id, close }: PartProps & { close(): void }) {
  const [name, setName] = useState(scenery.objects.get(id)?.name ?? "");
  const fault = useId();
  const key = blueprintKey(name);
  const isTaken = blueprintNames(scenery).includes(key);
  const make = async (): Promise<void> => {
    const { kind } = await builder.commit(makeBlueprint(scenery, id, key));
    if (kind !== "done") return;
    builder.say(b("blueprintMade", { name: key.replaceAll("_", " ") }));
    close();
  };
  return (
    <form
      class="builder-keep in-part"
      onSubmit={(event) => {
        event.preventDefault();
        if (key !== "" && !isTaken) void make();
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        close();
      }}
    >
      <input
        // Whoever asked for it is led to it.
        ref={focusOnce}
        class="builder-text"
        type="text"
        autocomplete="off"
        maxLength={NAME_CHARS_MAX}
        value={name}
        placeholder={b("blueprintName")}
        aria-label={b("blueprintName")}
        aria-invalid={isTaken || undefined}
        aria-describedby={isTaken ? fault : undefined}
        onInput={(event) => setName(event.currentTarget.value)}
      />
      <button type="submit" class="button" disabled={key === "" || isTaken}>
        {b("blueprintMakeDo")}
      </button>
      <button type="button" class="button quiet" onClick={close}>
        {b("cancel")}
      </button>
      {isTaken && (
        <p id={fault} class="fault builder-wrong" role="alert">
          {b("blueprintTaken")}
        </p>
      )}
    </form>
  );
}

/** A function that stays the same is called once. */
const focusOnce = (input: HTMLInputElement | null): void => input?.select();

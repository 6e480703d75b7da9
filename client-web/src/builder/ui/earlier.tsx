/** One object as it was in a version with a name. */
import { useSignal } from "@preact/signals";
import type { Builder } from "../builder";
import { b } from "../texts/words";

export function Earlier({ builder, id }: { builder: Builder; id: number }) {
  const { past } = builder;
  const chosen = useSignal<number | null>(null);
  const versions = past.versions.value;
  const version = chosen.value ?? versions[0]?.id;
  const restore = async (): Promise<void> => {
    if (version === undefined) return;
    const told = await past.restore({ version }, id);
    if (told.kind === "trouble") builder.say(told.text, "trouble");
    else builder.say(b("objectRestored"));
  };
  return (
    <details
      class="builder-part builder-earlier"
      onToggle={(event) => {
        if (event.currentTarget.open) void past.refresh();
      }}
    >
      <summary>{b("partPast")}</summary>
      {version === undefined ? (
        <p class="hint">{b("versionsHint")}</p>
      ) : (
        <>
          <label class="builder-field">
            <span class="builder-label">{b("asItWasIn")}</span>
            <select
              class="builder-choice"
              value={version}
              onChange={(event) => {
                chosen.value = Number(event.currentTarget.value);
              }}
            >
              {versions.map(({ id: of, name }) => (
                <option key={of} value={of}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <button type="button" class="button quiet" onClick={() => void restore()}>
            {b("asItWas")}
          </button>
        </>
      )}
    </details>
  );
}

/** Who lives at an object: a companion's name, mind, colours and range. */
import { type Companion, documentDefaults } from "../../protocol/document";
import { cleanName } from "../../ui/profile";
import {
  COMPANION_NAME_CHARS_MAX,
  COMPANION_RANGE_M_MAX,
  COMPANION_RANGE_M_MIN,
  MIND_CHARS_MAX,
} from "../limits";
import { changeMind } from "../making";
import { b } from "../texts/words";
import { ColourField, NumberField, TextField } from "./fields";
import type { PartProps } from "./inspector";
import { Part } from "./part";

export function Companions(part: PartProps) {
  const { builder, id, properties, at, disabled, stroke } = part;
  const { companion } = properties;
  if (companion == null) return null;
  const change = (fields: Partial<Companion>): void =>
    builder.setProperty(id, "companion", { ...companion, ...fields }, stroke());
  return (
    <Part part={part} title="partCompanion" of="companion" removes>
      <p class="hint">{b("companionHint")}</p>
      <button type="button" class="button" onClick={() => changeMind(builder, companion.mind)}>
        {b("companionWho")}
      </button>
      <TextField
        at={at}
        path="properties.companion.name"
        label="fieldCompanionName"
        value={companion.name}
        longest={COMPANION_NAME_CHARS_MAX}
        disabled={disabled}
        // As the server writes it.
        change={(name) => change({ name: cleanName(name) })}
      />
      <TextField
        at={at}
        path="properties.companion.mind"
        label="fieldMind"
        value={companion.mind}
        longest={MIND_CHARS_MAX}
        disabled={disabled}
        change={(mind) => change({ mind: mind.trim().toLowerCase() })}
      />
      <ColourField
        at={at}
        path="properties.companion.body"
        label="fieldBodyColour"
        value={companion.body}
        disabled={disabled}
        change={(body) => change({ body })}
      />
      <ColourField
        at={at}
        path="properties.companion.accent"
        label="fieldAccentColour"
        value={companion.accent}
        disabled={disabled}
        change={(accent) => change({ accent })}
      />
      <NumberField
        at={at}
        path="properties.companion.range_m"
        label="fieldCompanionRange"
        value={companion.range_m ?? documentDefaults.companion.range_m}
        min={COMPANION_RANGE_M_MIN}
        max={COMPANION_RANGE_M_MAX}
        step={1}
        disabled={disabled}
        change={(range_m) => change({ range_m })}
      />
    </Part>
  );
}

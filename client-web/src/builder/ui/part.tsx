/** One part of the inspector, and whose it is: the object's own or its blueprint's. */
import type { ComponentChildren } from "preact";
import type { Properties } from "../../protocol/document";
import { putIntoBlueprint } from "../blueprints";
import { type BuilderText, b } from "../texts/words";
import type { PartProps } from "./inspector";

export function Part(props: {
  part: PartProps;
  title: BuilderText;
  of: keyof Properties;
  /** Whether it can be taken away. */
  removes?: boolean;
  children: ComponentChildren;
}) {
  const { part, title, of, removes = false, children } = props;
  const { builder, scenery, id, own, disabled, mould } = part;
  // While the blueprint itself is changed, what it has is its own.
  const blueprint = mould === null ? (scenery.objects.get(id)?.blueprint ?? null) : null;
  const base = blueprint === null ? undefined : scenery.document.blueprints?.[blueprint];
  const isOwn = own[of] != null;
  const isBase = base?.[of] != null;
  return (
    <section class="builder-part" data-part={of}>
      <header class="builder-part-header">
        <h3>{b(title)}</h3>
        {isOwn && (removes || isBase) && !disabled && (
          <button
            type="button"
            class="button quiet"
            onClick={() => builder.setProperty(id, of, null)}
          >
            {b(isBase ? "backToBlueprint" : "removePart")}
          </button>
        )}
      </header>
      {isOwn && blueprint !== null && !disabled && (
        <button
          type="button"
          class="button quiet"
          onClick={() => void builder.commit(putIntoBlueprint(scenery, id, of))}
        >
          {b("intoBlueprint")}
        </button>
      )}
      {!isOwn && isBase && blueprint !== null && (
        <p class="hint">{b("fromBlueprint", { blueprint: blueprint.replaceAll("_", " ") })}</p>
      )}
      {children}
    </section>
  );
}

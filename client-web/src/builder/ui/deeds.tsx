/** What the inspector does with what is chosen as a whole: hiding, locking, where it belongs. */
import type { ComponentChildren } from "preact";
import type { Builder } from "../builder";
import { b } from "../texts/words";

export function Deeds(props: {
  builder: Builder;
  ids: readonly number[];
  children?: ComponentChildren;
}) {
  const { builder, ids, children } = props;
  const scenery = builder.scenery.value;
  const isLocked = ids.every((id) => scenery.isLocked(id));
  const isHidden = ids.every((id) => builder.hidden.value.has(id));
  const below = ids.filter(
    (id) => scenery.objects.get(id)?.parent != null && !scenery.isLocked(id),
  );
  return (
    <div class="builder-actions">
      {builder.mayLock && (
        <button type="button" class="button quiet" onClick={() => builder.lock(ids, !isLocked)}>
          {b(isLocked ? "unlockObject" : "lockObject")}
        </button>
      )}
      <button
        type="button"
        class="button quiet"
        onClick={() => builder.hide(scenery.families(ids), !isHidden)}
      >
        {b(isHidden ? "showObject" : "hideObject")}
      </button>
      {/* Whoever has just pressed it keeps the focus. */}
      <button
        type="button"
        class="button quiet"
        aria-disabled={below.length === 0 || undefined}
        onClick={() => builder.reparent(below, null)}
      >
        {b("putToTop")}
      </button>
      {children}
    </div>
  );
}

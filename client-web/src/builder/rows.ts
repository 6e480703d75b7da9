/** The outline as rows: what is below what, folded, searched and named. */
import { type Kind, kindOf, type Scenery } from "./scenery";

export interface Row {
  id: number;
  name: string | null;
  /** From 1 on. */
  level: number;
  /** Place among its siblings, from 1 on, and how many there are. */
  place: number;
  siblings: number;
  /** Null: nothing is below it. */
  open: boolean | null;
  locked: boolean;
}

/** Rows of the outline. A search shows what fits with everything above it, unfolded. */
export function rowsOf(
  scenery: Scenery,
  open: ReadonlySet<number>,
  search: string,
  describe: (id: number, kind: Kind) => string,
): Row[] {
  const wanted = search.trim().toLocaleLowerCase();
  const shown = wanted === "" ? null : fitting(scenery, wanted, describe);
  const rows: Row[] = [];
  const walk = (above: number | null, level: number, seen: ReadonlySet<number>): void => {
    const all = scenery.children(above);
    const siblings = shown === null ? all : all.filter((id) => shown.has(id));
    siblings.forEach((id, index) => {
      if (seen.has(id)) return;
      const object = scenery.objects.get(id);
      const below = scenery.children(id);
      const isOpen = shown === null ? open.has(id) : true;
      rows.push({
        id,
        name: object?.name ?? null,
        level,
        place: index + 1,
        siblings: siblings.length,
        open: below.length === 0 ? null : isOpen,
        locked: object?.locked === true,
      });
      if (below.length > 0 && isOpen) walk(id, level + 1, new Set([...seen, id]));
    });
  };
  walk(null, 1, new Set());
  return rows;
}

function fitting(
  scenery: Scenery,
  wanted: string,
  describe: (id: number, kind: Kind) => string,
): ReadonlySet<number> {
  const shown = new Set<number>();
  for (const [id, object] of scenery.objects) {
    const said = [
      object.name ?? "",
      object.blueprint ?? "",
      describe(id, kindOf(scenery.properties(id))),
      String(id),
    ];
    if (!said.some((text) => text.toLocaleLowerCase().includes(wanted))) continue;
    let at: number | null = id;
    while (at !== null && !shown.has(at)) {
      shown.add(at);
      at = scenery.objects.get(at)?.parent ?? null;
    }
  }
  return shown;
}

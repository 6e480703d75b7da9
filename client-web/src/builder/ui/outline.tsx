/** The outline: what is in the world, what is below what. Only the rows that are seen are drawn. */
import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Builder } from "../builder";
import { pressOf } from "../keyboard";
import { type OutlineCommand, outlineCommandOf } from "../keys";
import { type Row, rowsOf } from "../rows";
import { type Kind, kindOf, type Scenery } from "../scenery";
import { type BuilderText, b } from "../texts/words";
import { rowsShown, scrollTo } from "../windowing";
import { Side } from "./frame";
import { KIND_ICONS, Sign } from "./icons";

const ROW_PX = 40;
const INDENT_PX = 14;
/** Deeper ones are not moved further to the right. */
const INDENTS_MAX = 8;

const KIND_TEXTS: Readonly<Record<Kind, BuilderText>> = {
  spawn: "kindSpawn",
  companion: "kindCompanion",
  portal: "kindPortal",
  light: "kindLight",
  sensor: "kindSensor",
  sound: "kindSound",
  water: "kindWater",
  text: "kindText",
  terrain: "kindTerrain",
  model: "kindModel",
  dynamic: "kindDynamic",
  kinematic: "kindKinematic",
  static: "kindStatic",
};

/** What an object without a name is called. */
export function describe(scenery: Scenery, id: number, kind: Kind): string {
  const blueprint = scenery.objects.get(id)?.blueprint;
  return blueprint ? blueprint.replaceAll("_", " ") : b(KIND_TEXTS[kind]);
}

export function nameOf(scenery: Scenery, id: number): string {
  const name = scenery.objects.get(id)?.name;
  return name || `${describe(scenery, id, kindOf(scenery.properties(id)))} ${id}`;
}

export function Outline({ builder }: { builder: Builder }) {
  const search = useSignal("");
  const scenery = builder.scenery.value;
  const open = builder.open.value;
  const wanted = search.value;
  const rows = useMemo(
    () => rowsOf(scenery, open, wanted, (id, kind) => describe(scenery, id, kind)),
    [scenery, open, wanted],
  );
  return (
    <Side builder={builder} name="outline" title="outline">
      <div class="builder-search">
        <Sign name="search" />
        <input
          class="builder-text"
          type="search"
          value={wanted}
          placeholder={b("searchObjects")}
          aria-label={b("searchObjects")}
          onInput={(event) => {
            search.value = event.currentTarget.value;
          }}
        />
      </div>
      <Tree builder={builder} scenery={scenery} rows={rows} />
      <p class="hint builder-count" role="status">
        {builder.chosen.value.length > 0
          ? b("chosenCount", { count: builder.chosen.value.length })
          : b("objectCount", { count: scenery.objects.size })}
      </p>
    </Side>
  );
}

function Tree({ builder, scenery, rows }: { builder: Builder; scenery: Scenery; rows: Row[] }) {
  const tree = useId();
  const box = useRef<HTMLDivElement>(null);
  const [scrollPx, setScrollPx] = useState(0);
  const heightPx = useHeight(box);
  const [active, setActive] = useState<number | null>(null);
  const chosen = builder.selection.set.value;
  const { from, to } = rowsShown(scrollPx, heightPx, ROW_PX, rows.length);
  const activeRow = rows.findIndex(({ id }) => id === active);

  const show = (row: number): void => {
    const element = box.current;
    if (element === null) return;
    const top = scrollTo(row, element.scrollTop, element.clientHeight, ROW_PX);
    if (top !== null) element.scrollTop = top;
  };

  // What was chosen in the picture is shown in the outline, with what it lies below unfolded.
  const first = builder.chosen.value[0] ?? null;
  useEffect(() => {
    if (first === null || first === active) return;
    // The row is the keyboard's while several are selected here one by one.
    if (builder.several.peek() && document.activeElement === box.current) return;
    const above = new Set(builder.open.peek());
    for (let at = scenery.objects.get(first)?.parent ?? null; at !== null && !above.has(at); ) {
      above.add(at);
      at = scenery.objects.get(at)?.parent ?? null;
    }
    if (above.size !== builder.open.peek().size) builder.open.value = above;
    setActive(first);
    show(rows.findIndex(({ id }) => id === first));
  }, [first]);

  const walk: Walk = { builder, scenery, rows, activeRow, pageRows: pageOf(heightPx) };
  const go = (row: number, shift: boolean): void => {
    const to = rows[Math.max(0, Math.min(rows.length - 1, row))];
    if (to === undefined) return;
    setActive(to.id);
    if (shift) builder.selection.reach(to.id, ids(rows));
    else if (!builder.several.peek()) builder.selection.choose([to.id]);
    show(rows.indexOf(to));
  };

  return (
    <div
      ref={box}
      class="builder-tree"
      role="tree"
      tabIndex={0}
      aria-label={b("outline")}
      aria-multiselectable="true"
      aria-keyshortcuts="H L T F2"
      aria-activedescendant={activeRow >= from && activeRow < to ? `${tree}-${active}` : undefined}
      onScroll={(event) => setScrollPx(event.currentTarget.scrollTop)}
      onKeyDown={(event) => {
        if (!treeKey(event, walk, go)) return;
        event.preventDefault();
        event.stopPropagation();
      }}
      onDragOver={(event) => {
        if (event.dataTransfer?.types.includes(DRAG_TYPE)) event.preventDefault();
      }}
      onDrop={(event) => {
        const moved = draggedIds(event);
        if (moved.length > 0) builder.reparent(moved, null);
      }}
    >
      <div
        role="presentation"
        style={{ height: `${rows.length * ROW_PX}px`, position: "relative" }}
      >
        {rows.slice(from, to).map((row, index) => (
          <TreeRow
            key={row.id}
            builder={builder}
            scenery={scenery}
            row={row}
            domId={`${tree}-${row.id}`}
            top={(from + index) * ROW_PX}
            isChosen={chosen.has(row.id)}
            isActive={row.id === active}
            choose={(event) => {
              setActive(row.id);
              if (event.shiftKey) builder.selection.reach(row.id, ids(rows));
              else if (event.ctrlKey || event.metaKey || builder.several.peek())
                builder.selection.toggle(row.id);
              else builder.selection.choose([row.id]);
            }}
            fold={(isOpen) => fold(builder, row.id, isOpen)}
            back={() => box.current?.focus({ preventScroll: true })}
          />
        ))}
      </div>
      {rows.length === 0 && <p class="hint builder-empty">{b("nothingFound")}</p>}
    </div>
  );
}

/** The height of an element, also when it changes. */
function useHeight(of: RefObject<HTMLElement | null>): number {
  const [heightPx, setHeightPx] = useState(400);
  useLayoutEffect(() => {
    const element = of.current;
    if (element === null) return;
    const measure = (): void => setHeightPx(element.clientHeight);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [of]);
  return heightPx;
}

const pageOf = (heightPx: number): number => Math.max(1, Math.floor(heightPx / ROW_PX) - 1);

function fold(builder: Builder, id: number, isOpen: boolean): void {
  const next = new Set(builder.open.peek());
  if (isOpen) next.add(id);
  else next.delete(id);
  builder.open.value = next;
}

interface Walk {
  builder: Builder;
  scenery: Scenery;
  rows: readonly Row[];
  activeRow: number;
  /** Rows that Page up and down go past. */
  pageRows: number;
}

/** What a key does in the tree; false: nothing. */
function treeKey(
  event: KeyboardEvent,
  { builder, scenery, rows, activeRow, pageRows }: Walk,
  go: (row: number, shift: boolean) => void,
): boolean {
  const jumps: Readonly<Record<string, number>> = {
    ArrowDown: activeRow + 1,
    ArrowUp: activeRow - 1,
    PageDown: activeRow + pageRows,
    PageUp: activeRow - pageRows,
    Home: 0,
    End: rows.length - 1,
  };
  const jump = Object.hasOwn(jumps, event.key) ? jumps[event.key] : undefined;
  if (jump !== undefined) {
    go(jump, event.shiftKey);
    return true;
  }
  const row = rows[activeRow];
  if (row === undefined) return false;
  switch (event.key) {
    case "ArrowRight":
      if (row.open === false) fold(builder, row.id, true);
      else if (row.open) go(activeRow + 1, false);
      return true;
    case "ArrowLeft": {
      const parent = scenery.objects.get(row.id)?.parent;
      const above = rows.findIndex(({ id }) => id === parent);
      if (row.open) fold(builder, row.id, false);
      else if (above >= 0) go(above, false);
      return true;
    }
    case " ":
      builder.selection.toggle(row.id);
      return true;
    case "Enter":
      builder.frame();
      return true;
    default: {
      const command = outlineCommandOf(pressOf(event));
      if (command !== null) rowDeed(builder, row, command);
      return command !== null;
    }
  }
}

function rowDeed(builder: Builder, { id, locked }: Row, command: OutlineCommand): void {
  switch (command) {
    case "hide":
      builder.hide(builder.scenery.value.family(id), !builder.hidden.value.has(id));
      break;
    case "lock":
      if (builder.mayLock) builder.lock([id], !locked);
      else builder.say(b("faultOwnersOnly"), "trouble");
      break;
    case "top":
      builder.reparent([id], null);
      break;
  }
}

const ids = (rows: readonly Row[]): number[] => rows.map(({ id }) => id);

const DRAG_TYPE = "application/x-vivarium-objects";

function draggedIds(event: DragEvent): number[] {
  const text = event.dataTransfer?.getData(DRAG_TYPE) ?? "";
  return text === "" ? [] : text.split(",").map(Number).filter(Number.isInteger);
}

interface RowProps {
  builder: Builder;
  scenery: Scenery;
  row: Row;
  domId: string;
  top: number;
  isChosen: boolean;
  isActive: boolean;
  choose(event: MouseEvent): void;
  fold(isOpen: boolean): void;
  back(): void;
}

function TreeRow(props: RowProps) {
  const { builder, scenery, row, domId, top, isChosen, isActive } = props;
  const { id } = row;
  const [isOver, setOver] = useState(false);
  const kind = kindOf(scenery.properties(id));
  const name = row.name ?? `${describe(scenery, id, kind)} ${id}`;
  const others = [...builder.bench.others.value].filter(([, theirs]) => theirs.includes(id));
  const isHidden = builder.hidden.value.has(id);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree hears the keys for all of its rows.
    // biome-ignore lint/a11y/useFocusableInteractive: the tree has the focus and names the active row.
    <div
      id={domId}
      class="builder-row"
      role="treeitem"
      data-object={id}
      data-active={isActive}
      data-over={isOver}
      data-hidden={isHidden}
      aria-level={row.level}
      aria-posinset={row.place}
      aria-setsize={row.siblings}
      aria-selected={isChosen}
      aria-expanded={row.open ?? undefined}
      style={{
        top: `${top}px`,
        paddingLeft: `${Math.min(INDENTS_MAX, row.level - 1) * INDENT_PX}px`,
      }}
      draggable={builder.renaming.value !== id}
      onClick={props.choose}
      onDblClick={() => {
        builder.renaming.value = id;
      }}
      onDragStart={(event) => {
        if (!isChosen) builder.selection.choose([id]);
        event.dataTransfer?.setData(DRAG_TYPE, [...builder.chosen.value].join(","));
      }}
      onDragOver={(event) => {
        if (!event.dataTransfer?.types.includes(DRAG_TYPE)) return;
        event.preventDefault();
        event.stopPropagation();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false);
        event.stopPropagation();
        builder.reparent(draggedIds(event), id);
      }}
    >
      <button
        type="button"
        class="builder-fold"
        tabIndex={-1}
        data-open={row.open === true}
        aria-label={b(row.open ? "foldRow" : "unfoldRow")}
        style={{ visibility: row.open === null ? "hidden" : "visible" }}
        onClick={(event) => {
          event.stopPropagation();
          props.fold(row.open !== true);
        }}
      >
        <Sign name="fold" />
      </button>
      <Sign name={KIND_ICONS[kind]} />
      {builder.renaming.value === id ? (
        <NameInput builder={builder} id={id} name={row.name ?? ""} back={props.back} />
      ) : (
        <span class="builder-row-name" data-named={row.name !== null}>
          {name}
        </span>
      )}
      {others.map(([person]) => (
        <span key={person} class="tag" title={b("chosenBy", { name: person })}>
          {person}
        </span>
      ))}
      <RowButton
        icon={isHidden ? "hidden" : "shown"}
        text={isHidden ? "showObject" : "hideObject"}
        letter="H"
        on={isHidden}
        act={() => rowDeed(builder, row, "hide")}
      />
      {builder.mayLock ? (
        <RowButton
          icon={row.locked ? "locked" : "unlocked"}
          text={row.locked ? "unlockObject" : "lockObject"}
          letter="L"
          on={row.locked}
          act={() => rowDeed(builder, row, "lock")}
        />
      ) : (
        row.locked && <Sign name="locked" />
      )}
    </div>
  );
}

function RowButton(props: {
  icon: "hidden" | "shown" | "locked" | "unlocked";
  text: BuilderText;
  /** The key that does the same. */
  letter: string;
  on: boolean;
  act(): void;
}) {
  return (
    <button
      type="button"
      class="builder-row-button"
      tabIndex={-1}
      data-on={props.on}
      aria-label={b(props.text)}
      title={`${b(props.text)} (${props.letter})`}
      onClick={(event) => {
        event.stopPropagation();
        props.act();
      }}
    >
      <Sign name={props.icon} />
    </button>
  );
}

function NameInput(props: { builder: Builder; id: number; name: string; back(): void }) {
  const { builder, id, name, back } = props;
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    input.current?.focus();
    input.current?.select();
  }, []);
  return (
    <input
      ref={input}
      class="builder-text builder-row-input"
      type="text"
      maxLength={64}
      aria-label={b("fieldName")}
      defaultValue={name}
      onClick={(event) => event.stopPropagation()}
      onBlur={(event) => {
        if (builder.renaming.peek() === id) builder.rename(id, event.currentTarget.value);
      }}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter") builder.rename(id, event.currentTarget.value);
        else if (event.key === "Escape") builder.renaming.value = null;
        else return;
        back();
      }}
    />
  );
}

/** Tools, snapping, and what can be done with what is chosen. */
import type { Signal } from "@preact/signals";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Builder, SidePanel, Tool } from "../builder";
import type { Command } from "../keys";
import { ANGLES_DEG, GRID_SIZES_M } from "../snapping";
import { type BuilderText, b } from "../texts/words";
import { type BuilderIcon, Sign } from "./icons";

const TOOLS: readonly { tool: Tool; text: BuilderText; key: string }[] = [
  { tool: "select", text: "commandSelect", key: "1" },
  { tool: "move", text: "commandMove", key: "2" },
  { tool: "rotate", text: "commandRotate", key: "3" },
  { tool: "scale", text: "commandScale", key: "4" },
  { tool: "measure", text: "commandMeasure", key: "5" },
];

function Tip(props: {
  icon: BuilderIcon;
  text: BuilderText;
  keys?: string;
  pressed?: boolean;
  expanded?: boolean;
  disabled?: boolean;
  act(): void;
}) {
  const { icon, text, keys, pressed, expanded, disabled, act } = props;
  const title = keys === undefined ? b(text) : `${b(text)} (${keys})`;
  return (
    <button
      type="button"
      class="button icon-button"
      aria-label={b(text)}
      aria-keyshortcuts={keys?.replace("Ctrl", "Control")}
      aria-pressed={pressed}
      aria-expanded={expanded}
      aria-disabled={disabled || undefined}
      title={title}
      onClick={() => {
        if (!disabled) act();
      }}
    >
      <Sign name={icon} />
    </button>
  );
}

interface OneStop {
  bar: RefObject<HTMLDivElement | null>;
  walk(event: KeyboardEvent): void;
  enter(event: FocusEvent): void;
}

/** A bar that is one stop of Tab, at the place that was used last; arrows go along it. */
function useOneStop(): OneStop {
  const bar = useRef<HTMLDivElement>(null);
  const last = useRef(0);
  const stops = (): HTMLElement[] => [
    ...(bar.current?.querySelectorAll<HTMLElement>("button, select") ?? []),
  ];
  const mark = (): void => {
    stops().forEach((stop, index) => {
      stop.tabIndex = index === last.current ? 0 : -1;
    });
  };
  useLayoutEffect(mark);
  return {
    bar,
    walk: (event) => {
      const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
      const all = stops();
      const at = all.indexOf(document.activeElement as HTMLElement);
      if (step === 0 || at < 0) return;
      event.preventDefault();
      all[(at + step + all.length) % all.length]?.focus();
    },
    enter: (event) => {
      const at = stops().indexOf(event.target as HTMLElement);
      if (at < 0) return;
      last.current = at;
      mark();
    },
  };
}

export function Toolbar({ builder }: { builder: Builder }) {
  const { bar, walk, enter } = useOneStop();
  return (
    <div
      ref={bar}
      class="builder-bar glass"
      role="toolbar"
      aria-label={b("toolbar")}
      onKeyDown={walk}
      onFocusIn={enter}
    >
      <Tools builder={builder} />
      <Snaps builder={builder} />
      <Deeds builder={builder} />
      <Panels builder={builder} />
    </div>
  );
}

function Tools({ builder }: { builder: Builder }) {
  const isLocal = builder.space.value === "local";
  return (
    <div class="builder-group">
      {TOOLS.map(({ tool, text, key }) => (
        <Tip
          key={tool}
          icon={tool}
          text={text}
          keys={key}
          pressed={builder.tool.value === tool}
          act={() => builder.run(tool)}
        />
      ))}
      <Tip
        icon="several"
        text="chooseSeveral"
        pressed={builder.several.value}
        act={() => {
          builder.several.value = !builder.several.peek();
        }}
      />
      <Tip
        icon={isLocal ? "local" : "world"}
        text={isLocal ? "spaceLocal" : "spaceWorld"}
        keys="L"
        pressed={isLocal}
        act={() => builder.run("space")}
      />
    </div>
  );
}

function Snaps({ builder }: { builder: Builder }) {
  return (
    <div class="builder-group">
      <Tip
        icon="grid"
        text="commandSnap"
        keys="G"
        pressed={builder.snaps.value}
        act={() => builder.run("snap")}
      />
      <Sizes text="gridSize" unit="metres" of={builder.gridM} sizes={GRID_SIZES_M} />
      <Sizes text="angleSize" unit="degrees" of={builder.angleDeg} sizes={ANGLES_DEG} />
    </div>
  );
}

function Sizes(props: {
  text: BuilderText;
  unit: BuilderText;
  of: Signal<number>;
  sizes: readonly number[];
}) {
  const { text, unit, of, sizes } = props;
  return (
    <select
      class="builder-choice small"
      aria-label={b(text)}
      title={b(text)}
      value={of.value}
      onChange={(event) => {
        of.value = Number(event.currentTarget.value);
      }}
    >
      {sizes.map((size) => (
        <option key={size} value={size}>
          {b(unit, { value: size })}
        </option>
      ))}
    </select>
  );
}

function Deeds({ builder }: { builder: Builder }) {
  const run = (command: Command) => () => builder.run(command);
  const none = builder.chosen.value.length === 0;
  return (
    <>
      <div class="builder-group">
        <Tip icon="undo" text="commandUndo" keys="Ctrl+Z" act={run("undo")} />
        <Tip icon="redo" text="commandRedo" keys="Ctrl+Y" act={run("redo")} />
      </div>
      <div class="builder-group">
        <Tip
          icon={builder.paused.value ? "play" : "pause"}
          text={builder.paused.value ? "physicsPlay" : "physicsPause"}
          keys="M"
          act={run("pause")}
        />
        <Tip icon="reset" text="commandReset" keys="R" act={run("reset")} />
      </div>
      <div class="builder-group">
        <Tip icon="frame" text="commandFrame" keys="F" act={run("frame")} />
        <Tip
          icon="fly"
          text="commandFly"
          keys="K"
          pressed={builder.bench.flying.value}
          act={run("fly")}
        />
        <Tip icon="drop" text="commandDrop" keys="V" disabled={none} act={run("drop")} />
        <Tip icon="copy" text="commandCopy" keys="Ctrl+C" disabled={none} act={run("copy")} />
        <Tip icon="cut" text="commandCut" keys="Ctrl+X" disabled={none} act={run("cut")} />
        <Tip
          icon="paste"
          text="commandPaste"
          keys="Ctrl+V"
          disabled={!builder.board.mayPaste}
          act={run("paste")}
        />
        <Tip
          icon="duplicate"
          text="commandDuplicate"
          keys="Ctrl+D"
          disabled={none}
          act={run("duplicate")}
        />
        <Tip icon="delete" text="commandDelete" keys="Delete" disabled={none} act={run("delete")} />
      </div>
    </>
  );
}

function Panels({ builder }: { builder: Builder }) {
  const panel = (name: SidePanel, text: BuilderText) => (
    <Tip icon={name} text={text} expanded={builder.shows(name)} act={() => builder.toggle(name)} />
  );
  return (
    <div class="builder-group">
      {panel("library", "library")}
      {panel("outline", "outline")}
      {panel("inspector", "inspector")}
      {panel("score", "score")}
      {panel("history", "history")}
      {builder.role === "owner" && panel("people", "people")}
      {panel("help", "commandHelp")}
      <Tip icon="leave" text="leaveBuilder" act={() => builder.bench.close()} />
    </div>
  );
}

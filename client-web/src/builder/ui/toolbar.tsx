/** Tools, snapping, and what can be done with what is chosen. */
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

export function Toolbar({ builder }: { builder: Builder }) {
  const bar = useRef<HTMLDivElement>(null);
  const run = (command: Command) => () => builder.run(command);
  const none = builder.chosen.value.length === 0;
  const isLocal = builder.space.value === "local";

  const stops = (): HTMLElement[] => [
    ...(bar.current?.querySelectorAll<HTMLElement>("button, select") ?? []),
  ];
  const last = useRef(0);

  // The bar is one stop of Tab, at the place that was used last; arrows go along it.
  useLayoutEffect(() => {
    stops().forEach((stop, index) => {
      stop.tabIndex = index === last.current ? 0 : -1;
    });
  });
  const walk = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const all = stops();
    const at = all.indexOf(document.activeElement as HTMLElement);
    if (step === 0 || at < 0) return;
    event.preventDefault();
    all[(at + step + all.length) % all.length]?.focus();
  };
  const enter = (event: FocusEvent): void => {
    const all = stops();
    const at = all.indexOf(event.target as HTMLElement);
    if (at < 0) return;
    last.current = at;
    all.forEach((stop, index) => {
      stop.tabIndex = index === at ? 0 : -1;
    });
  };

  const panel = (name: SidePanel, icon: BuilderIcon, text: BuilderText) => (
    <Tip icon={icon} text={text} expanded={builder.shows(name)} act={() => builder.toggle(name)} />
  );

  return (
    <div
      ref={bar}
      class="builder-bar glass"
      role="toolbar"
      aria-label={b("toolbar")}
      onKeyDown={walk}
      onFocusIn={enter}
    >
      <div class="builder-group">
        {TOOLS.map(({ tool, text, key }) => (
          <Tip
            key={tool}
            icon={tool}
            text={text}
            keys={key}
            pressed={builder.tool.value === tool}
            act={run(tool)}
          />
        ))}
        <Tip
          icon={isLocal ? "local" : "world"}
          text={isLocal ? "spaceLocal" : "spaceWorld"}
          keys="L"
          pressed={isLocal}
          act={run("space")}
        />
      </div>
      <div class="builder-group">
        <Tip
          icon="grid"
          text="commandSnap"
          keys="G"
          pressed={builder.snaps.value}
          act={run("snap")}
        />
        <select
          class="builder-choice small"
          aria-label={b("gridSize")}
          title={b("gridSize")}
          value={builder.gridM.value}
          onChange={(event) => {
            builder.gridM.value = Number(event.currentTarget.value);
          }}
        >
          {GRID_SIZES_M.map((size) => (
            <option key={size} value={size}>
              {b("metres", { value: size })}
            </option>
          ))}
        </select>
        <select
          class="builder-choice small"
          aria-label={b("angleSize")}
          title={b("angleSize")}
          value={builder.angleDeg.value}
          onChange={(event) => {
            builder.angleDeg.value = Number(event.currentTarget.value);
          }}
        >
          {ANGLES_DEG.map((size) => (
            <option key={size} value={size}>
              {b("degrees", { value: size })}
            </option>
          ))}
        </select>
      </div>
      <div class="builder-group">
        <Tip icon="undo" text="commandUndo" keys="Ctrl+Z" act={run("undo")} />
        <Tip icon="redo" text="commandRedo" keys="Ctrl+Y" act={run("redo")} />
      </div>
      <div class="builder-group">
        <Tip icon="frame" text="commandFrame" keys="F" disabled={none} act={run("frame")} />
        <Tip icon="drop" text="commandDrop" keys="V" disabled={none} act={run("drop")} />
        <Tip
          icon="duplicate"
          text="commandDuplicate"
          keys="Ctrl+D"
          disabled={none}
          act={run("duplicate")}
        />
        <Tip icon="delete" text="commandDelete" keys="Delete" disabled={none} act={run("delete")} />
      </div>
      <div class="builder-group">
        {panel("library", "library", "library")}
        {panel("outline", "outline", "outline")}
        {panel("inspector", "inspector", "inspector")}
        {panel("score", "score", "score")}
        {builder.role === "owner" && panel("invite", "invite", "invite")}
        {panel("help", "help", "commandHelp")}
        <Tip icon="leave" text="leaveBuilder" act={() => builder.bench.close()} />
      </div>
    </div>
  );
}

/**
 * What is done more rarely, by its name: opened from the toolbar. Whoever opens it is led into it;
 * Escape, or something else that has the focus or is pressed, closes it.
 */
import type { Signal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Builder, SidePanel } from "../builder";
import type { Command } from "../keys";
import { ANGLES_DEG, GRID_SIZES_M } from "../snapping";
import { type BuilderText, b } from "../texts/words";
import type { BuilderIcon } from "./icons";
import { Tip } from "./tip";
import { walkAlong } from "./walking";

export function More(props: {
  builder: Builder;
  opener: RefObject<HTMLButtonElement | null>;
  close(): void;
}) {
  const { builder, opener, close } = props;
  const box = useRef<HTMLDivElement>(null);
  const isWithin = (target: EventTarget | null): boolean =>
    target instanceof Node &&
    (box.current?.contains(target) === true || opener.current?.contains(target) === true);
  useEffect(() => {
    box.current?.querySelector<HTMLElement>("button:not([aria-disabled])")?.focus();
    const press = (event: PointerEvent): void => {
      if (!isWithin(event.target)) close();
    };
    window.addEventListener("pointerdown", press, { capture: true });
    return () => window.removeEventListener("pointerdown", press, { capture: true });
  }, []);
  const buttons = () => [...(box.current?.querySelectorAll<HTMLElement>("button") ?? [])];
  /** Back to where it was opened from. */
  const leave = (): void => {
    opener.current?.focus();
    close();
  };
  return (
    <div
      ref={box}
      class="builder-more glass"
      role="dialog"
      aria-label={b("moreTools")}
      onKeyDown={(event) => {
        if (event.key === "Escape") leave();
        else if (!walkAlong(buttons(), event.key, ["ArrowUp", "ArrowDown"])) return;
        event.preventDefault();
        event.stopPropagation();
      }}
      onFocusOut={({ relatedTarget }) => {
        if (relatedTarget !== null && !isWithin(relatedTarget)) close();
      }}
    >
      <Sizes text="gridSize" unit="metres" of={builder.gridM} sizes={GRID_SIZES_M} />
      <Sizes text="angleSize" unit="degrees" of={builder.angleDeg} sizes={ANGLES_DEG} />
      {deedsOf(builder).map((deed) => (
        <Tip
          key={deed.icon}
          {...deed}
          isNamed
          act={() => {
            leave();
            deed.act();
          }}
        />
      ))}
    </div>
  );
}

interface Deed {
  icon: BuilderIcon;
  text: BuilderText;
  keys?: string;
  pressed?: boolean;
  expanded?: boolean;
  disabled?: boolean;
  act(): void;
}

function deedsOf(builder: Builder): Deed[] {
  const none = builder.chosen.value.length === 0;
  const isLocal = builder.space.value === "local";
  const isPaused = builder.paused.value;
  const run = (command: Command) => () => builder.run(command);
  const panel = (name: SidePanel & BuilderIcon, text: BuilderText): Deed => ({
    icon: name,
    text,
    expanded: builder.shows(name),
    act: () => builder.toggle(name),
  });
  return [
    { icon: "copy", text: "commandCopy", keys: "Ctrl+C", disabled: none, act: run("copy") },
    { icon: "cut", text: "commandCut", keys: "Ctrl+X", disabled: none, act: run("cut") },
    {
      icon: "paste",
      text: "commandPaste",
      keys: "Ctrl+V",
      disabled: !builder.board.mayPaste,
      act: run("paste"),
    },
    { icon: "drop", text: "commandDrop", keys: "V", disabled: none, act: run("drop") },
    { icon: "frame", text: "commandFrame", keys: "F", act: run("frame") },
    {
      icon: "fly",
      text: "commandFly",
      keys: "K",
      pressed: builder.bench.flying.value,
      act: run("fly"),
    },
    {
      icon: "measure",
      text: "commandMeasure",
      keys: "5",
      pressed: builder.tool.value === "measure",
      act: run("measure"),
    },
    { icon: "local", text: "spaceLocal", keys: "L", pressed: isLocal, act: run("space") },
    {
      icon: isPaused ? "play" : "pause",
      text: isPaused ? "physicsPlay" : "physicsPause",
      keys: "M",
      act: run("pause"),
    },
    { icon: "reset", text: "commandReset", keys: "R", act: run("reset") },
    {
      icon: "companion",
      text: "companions",
      expanded: builder.shows("companions"),
      act: () => builder.toggle("companions"),
    },
    panel("score", "score"),
    ...(builder.role === "owner" ? [panel("people", "people")] : []),
    panel("help", "commandHelp"),
    { icon: "leave", text: "leaveBuilder", act: () => builder.bench.close() },
  ];
}

function Sizes(props: {
  text: BuilderText;
  unit: BuilderText;
  of: Signal<number>;
  sizes: readonly number[];
}) {
  const { text, unit, of, sizes } = props;
  return (
    <label class="builder-named">
      <span>{b(text)}</span>
      <select
        class="builder-choice small"
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
    </label>
  );
}

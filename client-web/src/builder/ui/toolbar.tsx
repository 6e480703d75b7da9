/** The tools that are used most, and the panels; `more.tsx` has the others. */
import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Builder, Tool } from "../builder";
import { type BuilderText, b } from "../texts/words";
import { More } from "./more";
import { Tip } from "./tip";
import { walkAlong } from "./walking";

const TOOLS: readonly { tool: Exclude<Tool, "measure">; text: BuilderText; key: string }[] = [
  { tool: "select", text: "commandSelect", key: "1" },
  { tool: "move", text: "commandMove", key: "2" },
  { tool: "rotate", text: "commandRotate", key: "3" },
  { tool: "scale", text: "commandScale", key: "4" },
];

const PANELS = ["library", "outline", "inspector", "history"] as const;

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
      if (walkAlong(stops(), event.key, ["ArrowLeft", "ArrowRight"])) event.preventDefault();
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
  const isMore = useSignal(false);
  const more = useRef<HTMLButtonElement>(null);
  return (
    <div class="builder-tools">
      <div
        ref={bar}
        class="builder-bar glass"
        role="toolbar"
        aria-label={b("toolbar")}
        onKeyDown={walk}
        onFocusIn={enter}
      >
        <Tools builder={builder} />
        <Steps builder={builder} />
        <Deeds builder={builder} />
        <div class="builder-group" data-group="panels">
          {PANELS.map((panel) => (
            <Tip
              key={panel}
              icon={panel}
              text={panel}
              expanded={builder.shows(panel)}
              act={() => builder.toggle(panel)}
            />
          ))}
          <Tip
            of={more}
            icon="more"
            text="moreTools"
            expanded={isMore.value}
            opens="dialog"
            act={() => {
              isMore.value = !isMore.peek();
            }}
          />
        </div>
      </div>
      {isMore.value && (
        <More
          builder={builder}
          opener={more}
          close={() => {
            isMore.value = false;
          }}
        />
      )}
    </div>
  );
}

function Tools({ builder }: { builder: Builder }) {
  return (
    <div class="builder-group" data-group="tools">
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
        icon="grid"
        text="commandSnap"
        keys="G"
        pressed={builder.snaps.value}
        act={() => builder.run("snap")}
      />
    </div>
  );
}

function Steps({ builder }: { builder: Builder }) {
  return (
    <div class="builder-group" data-group="steps">
      <Tip icon="undo" text="commandUndo" keys="Ctrl+Z" act={() => builder.run("undo")} />
      <Tip icon="redo" text="commandRedo" keys="Ctrl+Y" act={() => builder.run("redo")} />
    </div>
  );
}

function Deeds({ builder }: { builder: Builder }) {
  const none = builder.chosen.value.length === 0;
  return (
    <div class="builder-group" data-group="deeds">
      <Tip
        icon="duplicate"
        text="commandDuplicate"
        keys="Ctrl+D"
        disabled={none}
        act={() => builder.run("duplicate")}
      />
      <Tip
        icon="delete"
        text="commandDelete"
        keys="Delete"
        disabled={none}
        act={() => builder.run("delete")}
      />
    </div>
  );
}

// @vitest-environment happy-dom
import { act as settled } from "preact/test-utils";
import { describe, expect, it, vi } from "vitest";
import {
  all,
  answered,
  bench,
  builder,
  find,
  labelled,
  openForEach,
  openMore,
  operations,
  press,
} from "./preview/table";

openForEach();

describe("the toolbar", () => {
  it("is one stop of Tab, along which arrows go", async () => {
    const stops = all("[role=toolbar] button, [role=toolbar] select");
    expect(stops.filter(({ tabIndex }) => tabIndex === 0)).toHaveLength(1);
    await settled(() => stops[0]?.focus());
    await press(stops[0] as HTMLElement, "ArrowRight");
    expect(document.activeElement).toBe(stops[1]);
    expect(stops.filter(({ tabIndex }) => tabIndex === 0)).toEqual([stops[1]]);
  });

  it("tells which tool is taken", async () => {
    expect(labelled("Move").getAttribute("aria-pressed")).toBe("true");
    await settled(() => labelled("Rotate").click());
    expect(labelled("Move").getAttribute("aria-pressed")).toBe("false");
    expect(labelled("Rotate").getAttribute("aria-pressed")).toBe("true");
  });

  it("leaves", async () => {
    await openMore();
    await settled(() => labelled("Stop building").click());
    expect(bench.isClosed).toBe(true);
  });

  it("leads into what is done more rarely, and back", async () => {
    const more = await openMore();
    expect(more.getAttribute("aria-expanded")).toBe("true");
    // What cannot be done now is walked to, but not led to.
    expect(document.activeElement).toBe(labelled("Paste"));
    await press(labelled("Paste"), "ArrowUp");
    expect(document.activeElement).toBe(labelled("Cut"));
    // Its keys are its own.
    await press(document.activeElement as HTMLElement, "2");
    await press(document.activeElement as HTMLElement, "Escape");
    expect(all(".builder-more")).toEqual([]);
    expect(document.activeElement).toBe(more);
  });

  it("closes what is done more rarely when something else is pressed or done", async () => {
    const more = await openMore();
    await settled(() => labelled("Measure").click());
    expect(builder.tool.value).toBe("measure");
    expect(all(".builder-more")).toEqual([]);
    expect(document.activeElement).toBe(more);
    await openMore();
    await settled(() => {
      bench.canvas.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
    });
    expect(all(".builder-more")).toEqual([]);
  });
});

describe("copying by buttons", () => {
  const tell = (label: string): string | null => labelled(label).getAttribute("aria-disabled");
  const giveClipboard = (value: object | undefined): void => {
    Object.defineProperty(navigator, "clipboard", { configurable: true, value });
  };

  it("cuts and pastes on this page where the browser keeps its clipboard closed", async () => {
    giveClipboard(undefined);
    await openMore();
    expect([tell("Copy"), tell("Cut")]).toEqual(["true", "true"]);
    await settled(() => builder.selection.choose([0]));
    expect([tell("Copy"), tell("Cut")]).toEqual([null, null]);
    await settled(() => labelled("Cut").click());
    await answered();
    expect(operations()).toEqual([{ delete: { object: 0 } }]);
    await openMore();
    expect(tell("Paste")).toBeNull();
    bench.hit = null;
    await settled(() => labelled("Paste").click());
    await answered();
    expect(operations()[1]).toMatchObject({ create: { value: { name: "gate" } } });
  });

  it("pastes what the clipboard has", async () => {
    const writeText = vi.fn(async () => undefined);
    const readText = async () => "hello";
    giveClipboard({ writeText, readText });
    await settled(() => builder.selection.choose([1]));
    await openMore();
    await settled(() => labelled("Copy").click());
    expect(writeText).toHaveBeenCalledOnce();
    await openMore();
    await settled(() => labelled("Paste").click());
    await answered();
    expect(operations()).toEqual([]);
    expect(find(".builder-notice").textContent).toBe("There are no objects in the clipboard.");
  });
});

// @vitest-environment happy-dom
import { act as settled } from "preact/test-utils";
import { describe, expect, it } from "vitest";
import { speak } from "../i18n/translate";
import {
  all,
  answered,
  bench,
  builder,
  find,
  labelled,
  openForEach,
  operations,
  press,
  sent,
  type,
} from "./preview/table";

openForEach();

describe("the library", () => {
  it("places what was chosen where is clicked, standing on what is there", async () => {
    await settled(() => find("[data-piece='blueprint:crate']").click());
    expect(builder.placing.value).toEqual({ kind: "blueprint", name: "crate" });
    bench.hit = { object: 1, point: [2.1, 0.3, 1], normal: [0, 1, 0] };
    const at = { clientX: 5, clientY: 5, button: 0, pointerId: 1, bubbles: true };
    await settled(async () => {
      bench.canvas.dispatchEvent(new PointerEvent("pointerdown", at));
      bench.canvas.dispatchEvent(new PointerEvent("pointerup", at));
    });
    expect(operations()).toEqual([
      {
        create: {
          object: 2147483648,
          value: {
            position_m: [2, 0.8, 1],
            rotation: [0, 0, 0, 1],
            scale: [1, 1, 1],
            blueprint: "crate",
          },
        },
      },
    ]);
    await answered();
    expect(builder.chosen.value).toEqual([100_000]);
    expect(builder.placing.value).toBeNull();
  });
});

describe("the library by keys", () => {
  const crate = (): HTMLElement => find("[data-piece='blueprint:crate']");

  async function choose(): Promise<void> {
    bench.hit = { object: 1, point: [2.1, 0.3, 1], normal: [0, 1, 0] };
    await settled(() => {
      crate().focus();
      crate().click();
    });
  }

  it("shows a piece in the picture, moves it by the grid and puts it down", async () => {
    await choose();
    expect(document.activeElement).toBe(bench.canvas);
    expect(find(".builder-count").textContent).toContain("“crate” at X 2, Y 0.3, Z 1.");
    expect(find(".builder-count").textContent).toContain("Enter puts it down");
    // Still held down from choosing.
    await press(bench.canvas, "Enter", { repeat: true });
    expect(operations()).toEqual([]);
    await press(bench.canvas, "ArrowRight");
    await press(bench.canvas, "ArrowUp");
    expect(find(".builder-count").textContent).toContain("X 2.25, Y 0.3, Z 0.75.");
    expect(builder.ghost.value).toMatchObject({ min: [1.75, expect.closeTo(0.3), 0.25] });
    await press(bench.canvas, "Enter");
    expect(operations()).toMatchObject([
      { create: { value: { position_m: [2.25, 0.8, 0.75], blueprint: "crate" } } },
    ]);
    expect(builder.placing.value).toBeNull();
    expect(builder.chosen.value).toEqual([100_000]);
    // The arrows move what was made, and Enter is the page's again.
    await press(bench.canvas, "ArrowRight");
    await press(bench.canvas, "Enter");
    expect(operations()).toHaveLength(2);
    expect(operations()[1]).toMatchObject({ place: { position_m: [2.5, 0.8, 0.75] } });
  });

  it("puts down several with shift, and gives up with Escape", async () => {
    await choose();
    await press(bench.canvas, "Enter", { shiftKey: true });
    await press(bench.canvas, "PageUp");
    await press(bench.canvas, "Enter", { shiftKey: true });
    await press(bench.canvas, "Escape");
    expect(operations()).toMatchObject([
      { create: { value: { position_m: [2, 0.8, 1] } } },
      { create: { value: { position_m: [2, 1.05, 1] } } },
    ]);
    expect(builder.placing.value).toBeNull();
    expect(builder.ghost.value).toBeNull();
    expect(document.activeElement).toBe(crate());
  });

  it("says that there is nothing to put it on", async () => {
    await settled(() => crate().click());
    expect(find(".builder-notice").textContent).toContain("Nothing is there to put it on");
    await press(bench.canvas, "Enter");
    expect(operations()).toEqual([]);
    // After a look at the ground.
    await choose();
    await press(bench.canvas, "Enter");
    expect(operations()).toHaveLength(1);
  });
});

describe("the world", () => {
  it("gets another sky and title while nothing is chosen", async () => {
    const upload = {
      path: "uploads/a.hdr",
      name: "noon.hdr",
      kind: "sky",
      bytes: 1,
      author: "",
      atMs: 0,
      used: false,
      bounds: null,
      triangles: null,
      size: [512, 256],
      seconds: null,
      notes: [],
    } as const;
    await settled(() => {
      builder.selection.clear();
      const photo = { ...upload, kind: "image", path: "uploads/b.png", name: "b.png" } as const;
      builder.uploads.all.value = [upload, photo, { ...photo, name: "tall.png", size: [10, 90] }];
    });
    const sky = find<HTMLSelectElement>(".builder-inspector select");
    expect([...sky.options].map(({ text }) => text)).toEqual([
      "From the colours",
      "noon.hdr",
      "b.png",
    ]);
    await settled(() => {
      sky.value = "uploads/b.png";
      sky.dispatchEvent(new Event("change", { bubbles: true }));
    });
    await answered();
    expect(operations()).toEqual([{ environment: { sky: "uploads/b.png" } }]);
    await settled(() => {
      sky.value = "";
      sky.dispatchEvent(new Event("change", { bubbles: true }));
    });
    await answered();
    expect(operations().at(-1)).toEqual({ environment: {} });
    const title = find<HTMLInputElement>(".builder-inspector input[type=text]");
    await type(title, "Market");
    expect(operations().at(-1)).toEqual({ title: { title: "Market", description: "" } });
  });
});

describe("templates", () => {
  const pieces = (): string[] => all("[data-piece]").map(({ dataset }) => dataset.piece ?? "");

  async function search(text: string): Promise<void> {
    const field = find<HTMLInputElement>(".builder-search input");
    await settled(() => {
      field.value = text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }

  it("are found by their name, and placed as one change", async () => {
    await search("bench");
    expect(pieces()).toEqual(["template:bench"]);
    await settled(() => find("[data-piece='template:bench']").click());
    await settled(async () => {
      builder.place(
        { kind: "template", name: "bench" },
        { object: 1, point: [0, 0, 0], normal: [0, 1, 0] },
      );
    });
    await answered();
    const batches = sent.filter(({ url }) => url.endsWith("/operations"));
    expect(batches).toHaveLength(1);
    expect(builder.scenery.value.names.has("Bench by a lamp")).toBe(true);
    expect(builder.chosen.value).toHaveLength(2);
    await settled(() => speak("fr"));
    await search("banc");
    expect(pieces()).toEqual(["template:bench"]);
  });

  it("are made of what is chosen, and deleted", async () => {
    localStorage.clear();
    await settled(() => builder.selection.choose([1]));
    const field = labelled<HTMLInputElement>("Name of a template");
    await settled(() => {
      field.value = "House and crate";
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    await settled(() => field.form?.requestSubmit());
    expect(find(".builder-notice").textContent).toContain("kept in this browser");
    expect(builder.keepsakes.all.value.map(({ name }) => name)).toEqual(["House and crate"]);
    const [kept] = builder.keepsakes.all.value;
    expect(kept?.copied.objects).toHaveLength(2);
    expect(Object.keys(kept?.copied.blueprints ?? {})).toEqual(["crate"]);
    await settled(() => labelled("Delete the template “House and crate”").click());
    expect(builder.keepsakes.all.value).toEqual([]);
  });
});

// @vitest-environment happy-dom
import { act as settled } from "preact/test-utils";
import { describe, expect, it, vi } from "vitest";
import { type Publication, readPublication } from "./drafts";
import {
  all,
  bench,
  builder,
  find,
  labelled,
  openForEach,
  press,
  role,
  sent,
  type,
} from "./preview/table";

openForEach();

it("brings one object back as it was in a version, and no other", async () => {
  const restore = vi.spyOn(builder.past, "restore").mockResolvedValue({ kind: "done", body: null });
  await settled(() => {
    const version = { name: "Opening", revision: 4, atMs: 1, author: "Bo", mine: false };
    builder.past.versions.value = [
      { ...version, id: 6 },
      { ...version, id: 5 },
    ];
    builder.selection.choose([2]);
  });
  const choice = find<HTMLSelectElement>(".builder-earlier select");
  await settled(() => {
    choice.value = "5";
    choice.dispatchEvent(new Event("change", { bubbles: true }));
  });
  await settled(() => find(".builder-earlier button").click());
  expect(restore.mock.calls).toEqual([[{ version: 5 }, 2]]);
});

it("tells what differs between two versions, and between one and now", async () => {
  const things = { list: [], count: 0 };
  const lamp = { object: 9, name: "lamp", what: [] };
  const difference = vi.spyOn(builder.past, "difference").mockResolvedValue({
    added: { list: [lamp], count: 1 },
    removed: things,
    changed: things,
    other: true,
  });
  await settled(() => {
    builder.right.value = "history";
  });
  await settled(() => builder.past.refresh());
  const [from, to] = all<HTMLSelectElement>(".builder-compare select");
  const choose = (list: HTMLSelectElement | undefined, value: string) =>
    settled(() => {
      if (list !== undefined) list.value = value;
      list?.dispatchEvent(new Event("change", { bubbles: true }));
    });
  const compare = () => settled(() => find<HTMLButtonElement>(".builder-compare .button").click());
  const answers = () => all(".builder-compare [role=status]");
  await compare();
  await vi.waitFor(() => expect(answers()).toHaveLength(1));
  await choose(from, "1");
  // An answer to another question is not shown.
  expect(answers()).toEqual([]);
  await choose(to, "2");
  await compare();
  expect(difference.mock.calls).toEqual([
    [2, undefined],
    [1, 2],
  ]);
  await vi.waitFor(() => expect(answers()).toHaveLength(1));
  const told = answers()[0]?.textContent;
  expect(told).toContain("Added:lamp");
  expect(told).toContain("Title, materials, blueprints, sky or settings differ as well.");
  await choose(to, "1");
  expect(find<HTMLButtonElement>(".builder-compare .button").disabled).toBe(true);
});

it("asks before the world comes back, of whoever works by keys as well", async () => {
  const restore = vi.spyOn(builder.past, "restore").mockResolvedValue({ kind: "done", body: null });
  await settled(() => {
    role.value = "owner";
    builder.right.value = "history";
  });
  await settled(() => builder.past.refresh());
  const ask = async (name: string): Promise<HTMLElement> => {
    await settled(() => {
      labelled(`Bring back: ${name}`).focus();
      labelled(`Bring back: ${name}`).click();
    });
    const question = `[aria-label='Bring the world back to “${name}”?']`;
    await vi.waitFor(() => expect(document.activeElement).toBe(find(question)), { interval: 1 });
    return find(question);
  };
  await ask("Before the market");
  await press(await ask("Opening night"), "Escape");
  expect(all("[role=alertdialog]")).toEqual([]);
  expect(document.activeElement).toBe(labelled("Bring back: Opening night"));
  expect(restore).not.toHaveBeenCalled();
  const question = await ask("Opening night");
  await settled(() => question.querySelector<HTMLElement>(".primary")?.click());
  expect(restore.mock.calls).toEqual([[{ version: 1 }]]);
});

describe("drafts", () => {
  /** Opens the history, and waits until what was asked has come. */
  async function openHistory(): Promise<void> {
    await settled(() => {
      builder.right.value = "history";
    });
    await settled(() => builder.drafts.refresh());
  }

  const button = (text: string): HTMLButtonElement => {
    const found = all<HTMLButtonElement>("button").find(({ textContent }) => textContent === text);
    if (found === undefined) throw new Error(`there is no button "${text}"`);
    return found;
  };

  it("are begun under a title, and opened", async () => {
    await openHistory();
    const field = labelled<HTMLInputElement>("Title of a draft");
    expect(button("Begin").disabled).toBe(true);
    await type(field, "New lamps");
    await settled(() => button("Begin").click());
    await vi.waitFor(() => expect(bench.entered).toEqual(["plaza-draft-k3v9x2"]));
    expect(sent.at(-1)).toEqual({
      url: "/api/worlds/plaza/drafts",
      body: { title: "New lamps", name: "Ada" },
    });
    await settled(() => labelled("Open the draft “A market along the water”").click());
    expect(bench.entered.at(-1)).toBe("plaza-draft-a1b2c3");
  });

  it("ask what becomes of conflicts before they are published, and show where they are", async () => {
    bench.draft = { of: "plaza", title: "New lamps" };
    await openHistory();
    expect(find(".builder-draft").textContent).toContain("Draft of Harbour Plaza: New lamps");
    await settled(() => button("Publish…").click());
    await vi.waitFor(() => expect(all(".builder-conflicts")).toHaveLength(1));
    expect(document.activeElement).toBe(find("[role=alertdialog]"));
    expect(button("Publish").disabled).toBe(true);
    // What is there can be gone to; what was removed is a name alone.
    expect(all("[title='Go to “Old fence”']")).toEqual([]);
    await settled(() => find("[title='Go to “house”']").click());
    expect(builder.chosen.value).toEqual([1]);
    expect(bench.framed).toHaveLength(1);
    const [, draft] = all<HTMLInputElement>("input[name=settling]");
    await settled(() => draft?.click());
    await settled(() => button("Publish").click());
    await vi.waitFor(() => expect(sent.at(-1)?.url).toBe("/api/worlds/plaza/publish"));
    expect(sent.at(-1)?.body).toEqual({ conflicts: "draft", name: "Ada" });
    await vi.waitFor(() => expect(all("[role=alertdialog]")).toEqual([]));
    // The page tells it once they are out of it.
    expect(bench.parting).toBe("The draft is published. You can undo it.");
  });

  it("tell before they are published how heavy they are, and lead to what would help", async () => {
    bench.draft = { of: "plaza", title: "New lamps" };
    vi.spyOn(bench, "drawing").mockReturnValue({
      triangles: 2_000_000,
      drawCalls: 900,
      textureBytes: null,
      framesPerS: 20,
    });
    await openHistory();
    await settled(() => button("Publish…").click());
    const weight = find(".builder-weight");
    expect(weight.textContent).toContain("Too heavy: 2,000,000 triangles, 900 draw calls.");
    await settled(() => button("What to mend").click());
    expect(find(".builder-advice").textContent).toContain("Fewer triangles");
    // The question is there again where it was asked.
    await settled(() => builder.toggle("history"));
    expect(all("[role=alertdialog]")).toHaveLength(1);
  });

  it("keep the version of how they began", async () => {
    await openHistory();
    await settled(() => builder.past.refresh());
    expect(labelled("Delete the version “Before the market”")).not.toBeNull();
    bench.draft = { of: "plaza", title: "New lamps" };
    await settled(() => builder.drafts.refresh());
    expect(all("[aria-label='Delete the version “Before the market”']")).toEqual([]);
    expect(labelled("Delete the version “Opening night”")).not.toBeNull();
    expect(find(".builder-past").textContent).toContain("How this draft began");
  });

  it("show what publishing does by now, whatever is answered late", async () => {
    bench.draft = { of: "plaza", title: "New lamps" };
    await openHistory();
    const answers: ((publication: Publication | null) => void)[] = [];
    vi.spyOn(builder.drafts, "publication").mockImplementation(
      () => new Promise((answer) => answers.push(answer)),
    );
    await settled(() => button("Publish…").click());
    await vi.waitFor(() => expect(answers).toHaveLength(1), { interval: 1 });
    await settled(() => {
      bench.edit.value = 9;
    });
    await vi.waitFor(() => expect(answers).toHaveLength(2), { interval: 1 });
    const of = (conflicts: object[]) =>
      readPublication({ added: [], removed: [], changed: [], conflicts });
    await settled(() => answers[1]?.(of([])));
    await settled(() => answers[0]?.(of([{ object: 1, name: "House", aspect: "place" }])));
    expect(all(".builder-conflicts")).toEqual([]);
    expect(button("Publish").disabled).toBe(false);
  });

  it("are discarded after a question", async () => {
    bench.draft = { of: "plaza", title: "New lamps" };
    await openHistory();
    await settled(() => {
      button("Discard…").focus();
      button("Discard…").click();
    });
    await press(find("[role=alertdialog]"), "Escape");
    expect(all("[role=alertdialog]")).toEqual([]);
    expect(document.activeElement).toBe(button("Discard…"));
    await settled(() => button("Discard…").click());
    expect(find("[role=alertdialog]").textContent).toContain("What was built here is lost.");
    const before = sent.length;
    await settled(() => find("[role=alertdialog] .primary").click());
    await vi.waitFor(() => expect(all("[role=alertdialog]")).toEqual([]));
    expect(sent.length).toBe(before);
    expect(bench.parting).toBe("The draft is discarded.");
  });
});

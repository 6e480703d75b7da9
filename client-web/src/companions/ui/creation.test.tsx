// @vitest-environment happy-dom
import { act as settled } from "preact/test-utils";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { setProperty } from "../../builder/operations";
import {
  all,
  answered,
  bench,
  builder,
  find,
  openForEach,
  openMore,
  operations,
  sent,
} from "../../builder/preview/table";

openForEach();

const button = (name: string): HTMLButtonElement => {
  const named = (one: Element) => one.getAttribute("aria-label") ?? one.textContent ?? "";
  const found = all<HTMLButtonElement>(".builder-companions button").find((one) =>
    named(one).startsWith(name),
  );
  if (found === undefined) throw new Error(`no button is ${name}`);
  return found;
};
const click = async (name: string): Promise<void> => {
  await settled(() => button(name).click());
  await answered();
};
const field = (label: string): HTMLInputElement => {
  const labels = all<HTMLLabelElement>(".builder-companions label");
  const named =
    labels.find((one) => one.textContent === label) ??
    labels.find((one) => one.textContent?.includes(label));
  const found = named?.htmlFor
    ? find(`[id="${named.htmlFor}"]`)
    : (named?.querySelector("input, select") ?? find(`[aria-label="${label}"]`));
  return found as HTMLInputElement;
};
const write = (label: string, text: string) =>
  settled(() => {
    const one = field(label);
    one.value = text;
    one.dispatchEvent(new Event("input", { bubbles: true }));
  });
const submit = (label: string) =>
  settled(() => {
    const form = field(label).closest("form");
    form?.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
  });
const fold = async (name: string): Promise<void> => {
  const found = all<HTMLElement>("summary").find((one) => one.textContent === name);
  const details = found?.parentElement as HTMLDetailsElement;
  await settled(() => {
    details.open = true;
    details.dispatchEvent(new Event("toggle"));
  });
  await answered();
};

async function openPanel(): Promise<void> {
  await openMore();
  await settled(() => find<HTMLButtonElement>('button[aria-label="Companions"]').click());
  await vi.waitFor(() => button("Tomas"));
}

beforeEach(() => {
  Element.prototype.scrollIntoView ??= () => undefined;
  bench.hit = { object: null, point: [2, 0, 3], normal: [0, 1, 0] };
});

describe("making a companion", () => {
  it("goes from a template to somebody who lives in the world", async () => {
    await openPanel();
    await click("Tomas");
    expect(field("Name").value).toBe("Tomas");
    expect(find(".mind-choosing").hasAttribute("open")).toBe(false);
    await write("Name", "Fenn");
    await write("Something it likes", "quiet ponds");
    await submit("Something it likes");
    await write("Courage", "12");
    expect(find(".mind-save").textContent).toContain("Not saved yet");
    await click("Make it");
    const fenn = bench.minds.minds.get("fenn");
    expect(fenn?.persona).toMatchObject({ name: "Fenn", genome: { courage: [12, 12] } });
    expect(fenn?.persona.likes.at(-1)).toEqual({ en: "quiet ponds", fr: "quiet ponds" });
    await click("Place it here");
    expect(operations()).toMatchObject([
      {
        create: {
          value: {
            position_m: [2, 0, 3],
            properties: { companion: { mind: "fenn", name: "Fenn", range_m: 20 } },
          },
        },
      },
    ]);
    expect(find(".mind-save").textContent).toContain("Lives at 1 place");
    expect(find(".builder-notice").textContent).toBe("Fenn lives here now.");
    await click("Elsewhere…");
    expect(builder.placing.value).toMatchObject({ companion: { mind: "fenn" } });
  });

  it("marks what is missing, and saves nothing before it is there", async () => {
    await openPanel();
    await click("Somebody new");
    await click("Make it");
    expect(all(".mind-panel .fault").length).toBe(5);
    expect(field("Name").getAttribute("aria-invalid")).toBe("true");
    expect(sent).toEqual([]);
    expect(field("Say something to try it").disabled).toBe(true);
  });

  it("writes each language for itself, or one text for everybody", async () => {
    await openPanel();
    await click("Tomas");
    await settled(() => field("French").click());
    expect(field("What it does").value).toBe("le jardinier d’ici");
    await write("What it does", "le roi des jardins");
    await settled(() => field("English").click());
    expect(field("What it does").value).toBe("the gardener here");
    await settled(() => field("Write English and French").click());
    await click("Make it");
    expect(bench.minds.minds.get("tomas")?.persona.role).toBe("the gardener here");
  });

  it("is talked to before it is saved", async () => {
    await openPanel();
    await click("Tomas");
    await write("Say something to try it", "Hello");
    await submit("Say something to try it");
    await vi.waitFor(() =>
      expect(find(".mind-log").textContent).toContain("I am glad you came by.from memory"),
    );
    expect(sent.at(-1)?.body).toMatchObject({ world: "plaza", text: "Hello" });
    await click("Begin anew");
    expect(document.activeElement).toBe(field("Say something to try it"));
    expect(all(".mind-log")).toEqual([]);
  });
});

describe("changing a companion", () => {
  beforeEach(async () => {
    const companion = {
      mind: "mira",
      name: "Mira",
      body: "#204060",
      accent: "#ffcc00",
      range_m: 20,
    };
    await settled(async () => {
      await builder.commit([setProperty(0, "spawn", null), setProperty(0, "companion", companion)]);
      builder.selection.choose([0]);
    });
    sent.length = 0;
  });

  const openMira = async (): Promise<void> => {
    const who = all<HTMLButtonElement>("button").find(
      (one) => one.textContent === "Edit who it is",
    );
    await settled(() => who?.click());
    await vi.waitFor(() => expect(field("Name").value).toBe("Mira"));
  };

  it("begins in the inspector, and dresses it wherever it lives", async () => {
    await openMira();
    expect(field("Body").value).toBe("#204060");
    await write("Name", "Mirabel");
    await write("Body", "#112233");
    await click("Save");
    await answered();
    expect(bench.minds.minds.get("mira")?.persona.name).toBe("Mirabel");
    expect(operations()).toMatchObject([
      { set: { object: 0, property: { companion: { name: "Mirabel", body: "#112233" } } } },
    ]);
  });

  it("asks when it was changed elsewhere meanwhile", async () => {
    await openMira();
    const mira = bench.minds.minds.get("mira");
    mira?.versions.push({ at_ms: 0, persona: mira.persona });
    await write("How its voice sounds", "hoarse");
    await click("Save");
    expect(find("[role=alertdialog]").textContent).toContain("changed elsewhere");
    await click("Save mine");
    await vi.waitFor(() => expect(mira?.persona.voice).toBe("hoarse"));
    expect(all("[role=alertdialog]")).toEqual([]);
  });

  it("returns to an earlier version, and asks before what is written is left", async () => {
    await openMira();
    await write("How its voice sounds", "hoarse");
    await click("Save");
    await fold("Versions");
    await vi.waitFor(() => button("Return to this: Version 1"));
    await write("How its voice sounds", "shrill");
    await click("Return to this: Version 1");
    expect(find("[role=alertdialog]").getAttribute("aria-label")).toBe(
      "Leave what you have written?",
    );
    await click("Leave it");
    await vi.waitFor(() => expect(field("How its voice sounds").value).toBe("clear and low"));
    expect(bench.minds.minds.get("mira")?.versions.length).toBe(3);
  });

  it("has a child, of which its owner says who it is", async () => {
    await openMira();
    await fold("A child");
    await write("Name of the child", "Wren");
    await submit("Name of the child");
    await vi.waitFor(() => expect(find(".mind-kept").textContent).toContain("Wren is born."));
    expect(all(".mind-kept .mind-traits li").length).toBe(7);
    expect(sent.at(-1)?.body).toMatchObject({ world: "plaza", with: "guide", name: "Wren" });
    await click("Try another");
    await vi.waitFor(() => expect(bench.minds.sent.some(({ method }) => method === "DELETE")));
    await vi.waitFor(() => button("Change who it is"));
    await click("Change who it is");
    await vi.waitFor(() => expect(field("Name").value).toBe("Wren"));
  });

  it("gives consent by a code, and is deleted once that was asked", async () => {
    await openMira();
    await fold("A child of somebody else’s");
    await click("Give consent");
    await vi.waitFor(() => expect(field("Code").value).toBe("c0de-7f31"));
    await click("Delete");
    expect(document.activeElement?.textContent).toBe("Cancel");
    await settled(() => find<HTMLButtonElement>("[role=alertdialog] .primary").click());
    await vi.waitFor(() => expect(bench.minds.minds.has("mira")).toBe(false));
    await vi.waitFor(() => expect(find(".mind-choosing").hasAttribute("open")).toBe(true));
  });
});

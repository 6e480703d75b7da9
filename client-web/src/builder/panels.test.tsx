// @vitest-environment happy-dom
import { act as settled } from "preact/test-utils";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Object as SceneObject } from "../protocol/document";
import {
  all,
  answered,
  bench,
  builder,
  find,
  labelled,
  opened,
  openForEach,
  openMore,
  operations,
  press,
  refuseWith,
  role,
  sent,
  type,
} from "./preview/table";

openForEach();

describe("the outline", () => {
  beforeEach(async () => {
    await settled(() => builder.toggle("outline"));
  });

  it("is a tree that keys walk through", async () => {
    const tree = find("[role=tree]");
    tree.focus();
    expect(all("[role=treeitem]").map((row) => row.textContent)).toEqual(["gate", "house"]);
    await press(tree, "End");
    expect(builder.chosen.value).toEqual([1]);
    await press(tree, "ArrowRight");
    const crate = find("[data-object='2']");
    expect(crate.getAttribute("aria-level")).toBe("2");
    await press(tree, "ArrowRight");
    expect(builder.chosen.value).toEqual([2]);
    expect(tree.getAttribute("aria-activedescendant")).toBe(crate.id);
    await press(tree, "ArrowLeft");
    expect(builder.chosen.value).toEqual([1]);
    await press(tree, "Home", { shiftKey: true });
    expect([...builder.chosen.value].sort()).toEqual([0, 1]);
    await press(tree, "a", { ctrlKey: true });
    expect([...builder.chosen.value].sort()).toEqual([0, 1, 2]);
  });

  it("renames by F2 and Enter", async () => {
    await settled(() => builder.selection.choose([1]));
    await settled(() => builder.startRename());
    const field = find<HTMLInputElement>(".builder-row-input");
    expect(field.value).toBe("house");
    field.value = "inn";
    await press(field, "Enter");
    expect(operations()).toEqual([{ rename: { object: 1, name: "inn" } }]);
  });

  it("hides, locks and brings to the top level the row that the keyboard is on", async () => {
    await settled(() => builder.selection.choose([2]));
    const tree = find("[role=tree]");
    tree.focus();
    await press(tree, "h");
    expect([...bench.hiddenObjects]).toEqual([2]);
    await press(tree, "H");
    expect([...bench.hiddenObjects]).toEqual([]);
    await press(tree, "t");
    await press(tree, "l");
    await press(tree, "l");
    expect(operations()).toEqual([
      { reparent: { object: 2, parent: null } },
      { lock: { object: 2, locked: true } },
      { lock: { object: 2, locked: false } },
    ]);
    // Elsewhere the letter is that of the axes.
    expect(builder.space.value).toBe("world");
    bench.canvas.focus();
    await press(bench.canvas, "l");
    expect(builder.space.value).toBe("local");
  });

  it("tells builders that only owners lock", async () => {
    await settled(() => {
      role.value = "builder";
      builder.selection.choose([1]);
    });
    const tree = find("[role=tree]");
    tree.focus();
    await press(tree, "l");
    expect(operations()).toEqual([]);
    expect(find(".builder-notice").textContent).toContain("Only owners");
  });

  it("adds to what is chosen while several are selected", async () => {
    await settled(() => labelled("Select several").click());
    expect(labelled("Select several").getAttribute("aria-pressed")).toBe("true");
    await settled(() => find("[data-object='0']").click());
    await settled(() => find("[data-object='1']").click());
    expect(builder.chosen.value).toEqual([0, 1]);
    await settled(() => find("[data-object='0']").click());
    expect(builder.chosen.value).toEqual([1]);
    const tree = find("[role=tree]");
    tree.focus();
    await press(tree, "End");
    expect(builder.chosen.value).toEqual([1]);
    await press(tree, "Home");
    await press(tree, " ");
    expect(builder.chosen.value).toEqual([1, 0]);
    await press(tree, "End");
    await press(tree, " ");
    expect(builder.chosen.value).toEqual([0]);
    expect(tree.getAttribute("aria-activedescendant")).toBe(find("[data-object='1']").id);
  });

  it("shows what was chosen in the picture, unfolded", async () => {
    await settled(() => builder.selection.choose([2]));
    expect(find("[data-object='2']").getAttribute("aria-selected")).toBe("true");
  });

  it("finds, hides and locks", async () => {
    await settled(() => {
      const search = labelled<HTMLInputElement>("Search objects");
      search.value = "crate";
      search.dispatchEvent(new Event("input", { bubbles: true }));
    });
    expect(all("[role=treeitem]").map((row) => row.textContent)).toEqual(["house", "crate"]);
    await settled(() => find("[data-object='1'] [aria-label^=Hide]").click());
    expect([...bench.hiddenObjects]).toEqual([1, 2]);
    await settled(async () => find("[data-object='1'] [aria-label=Lock]").click());
    expect(operations()).toEqual([{ lock: { object: 1, locked: true } }]);
  });
});

describe("physics", () => {
  it("is paused and goes on as an edit, and a badge says so", async () => {
    await openMore();
    await settled(() => labelled("Pause physics").click());
    await answered();
    expect(operations()).toEqual([{ settings: { physics_paused: true } }]);
    expect(find(".builder-paused").textContent).toBe("Physics is paused");
    await press(find(".world-canvas"), "m");
    expect(operations().at(-1)).toEqual({ settings: { physics_paused: false } });
    expect(all(".builder-paused")).toEqual([]);
  });

  it("is reset without an operation, and says that it is done", async () => {
    await settled(() => find<HTMLElement>(".world-canvas").focus());
    await press(find(".world-canvas"), "r");
    expect(sent.map(({ url }) => url)).toEqual(["/api/worlds/plaza/physics/reset"]);
    expect(operations()).toEqual([]);
    expect(find(".builder-notice").textContent).toContain("back where it belongs");
  });
});

describe("the inspector", () => {
  it("moves what is below along, as one stroke of typing", async () => {
    await settled(() => builder.selection.choose([1]));
    const x = labelled<HTMLInputElement>("Position (m) x");
    await settled(() => x.focus());
    await type(x, "5");
    await type(labelled<HTMLInputElement>("Position (m) x"), "6,5");
    expect(operations()).toMatchObject([
      { place: { object: 1, position_m: [5, 0, 0] } },
      { place: { object: 2, position_m: [6, 0.5, 0] } },
      { place: { object: 1, position_m: [6.5, 0, 0] } },
      { place: { object: 2, position_m: [7.5, 0.5, 0] } },
    ]);
    expect(sent[0]?.body.stroke).toBe(sent[1]?.body.stroke);
    expect(sent[0]?.body.stroke).toBeTypeOf("number");
  });

  it("tells at the field what is wrong, and sends nothing", async () => {
    await settled(() => builder.selection.choose([0]));
    const radius = labelled<HTMLInputElement>("Within (m)");
    await type(radius, "far");
    expect(radius.getAttribute("aria-invalid")).toBe("true");
    expect(find("[role=alert]").textContent).toBe("Please type a number.");
    await type(labelled<HTMLInputElement>("Within (m)"), "-1");
    expect(find("[role=alert]").textContent).toBe("At least 0.");
    expect(sent).toEqual([]);
  });

  it("gives an object a script and tells it things", async () => {
    const press = async (text: string): Promise<void> => {
      const button = all<HTMLButtonElement>("button").find((one) => one.textContent === text);
      await settled(() => button?.click());
      await answered();
    };
    const script = () => builder.scenery.value.properties(1).script;
    await settled(() => builder.selection.choose([1]));
    await press("Script");
    expect(script()).toEqual({ module: "scripts/new.wasm" });
    const part = find("[data-part=script]");
    const module = part.querySelector<HTMLInputElement>(".builder-field input[type=text]");
    if (module === null) throw new Error("there is no field for the module");
    await type(module, "scripts/door.wasm");
    await settled(() => part.querySelector<HTMLInputElement>("input[type=checkbox]")?.click());
    const add = async (name: string, kind: string): Promise<void> => {
      const field = labelled<HTMLInputElement>("Name of a setting");
      const choice = labelled<HTMLSelectElement>("Kind of the setting");
      await settled(() => {
        field.value = name;
        field.dispatchEvent(new Event("input", { bubbles: true }));
        choice.value = kind;
        choice.dispatchEvent(new Event("change", { bubbles: true }));
      });
      await press("Add a setting");
    };
    await add("keys", "number");
    await type(labelled<HTMLInputElement>("Number"), "2,5");
    await add("Two words", "text");
    expect(find("[role=alert]").textContent).toContain("lower-case letters");
    await add("keys", "text");
    expect(find("[role=alert]").textContent).toBe("There is a setting of this name.");
    await add("open", "flag");
    const settings = { keys: 2.5, open: true };
    expect(script()).toEqual({ module: "scripts/door.wasm", enabled: false, settings });
    await settled(() => labelled("Remove the setting “keys”").click());
    await answered();
    expect(script()?.settings).toEqual({ open: true });
  });

  it("shows the server's refusal at its field, and what the server has", async () => {
    await settled(() => builder.selection.choose([1]));
    refuseWith({
      status: 422,
      body: { error: "refused", text: "objects[1].position_m[0]: that is too far", operation: 0 },
    });
    await type(labelled<HTMLInputElement>("Position (m) x"), "9");
    expect(find("[role=alert]").textContent).toBe("that is too far");
    expect(labelled<HTMLInputElement>("Position (m) x").value).toBe("3");
    expect(bench.previews.size).toBe(0);
    expect(find(".builder-notice").textContent).toContain("That is not possible");
  });

  it("puts names in the place of the server's paths", async () => {
    await settled(() => builder.selection.choose([1]));
    const text = "operations[0]: objects[1].name: objects[2] has this name already";
    refuseWith({ status: 422, body: { error: "refused", text, operation: 0 } });
    await type(find<HTMLInputElement>(".builder-inspector .builder-text"), "crate");
    expect(find("[role=alert]").textContent).toBe("“crate” has this name already");
  });

  it("overrides the blueprint for one object alone", async () => {
    await settled(() => builder.selection.choose([2]));
    expect(find("[data-part=body]").textContent).toContain("From the blueprint “crate”");
    await type(labelled<HTMLInputElement>("Weight factor"), "0.5");
    expect(operations()).toEqual([
      {
        set: { object: 2, property: { body: { kind: "dynamic", gravity_scale: 0.5 } } },
      },
    ]);
    await settled(() => find("[data-part=body] .button").click());
    expect(operations()[1]).toEqual({ set: { object: 2, property: { body: null } } });
  });

  it("changes a material for all, and says so", async () => {
    await settled(() => builder.selection.choose([2]));
    await type(labelled<HTMLInputElement>("Roughness (0–1)"), "0.9");
    expect(operations()).toEqual([
      { material: { name: "brass", value: { colour: "#c9a227", roughness: 0.9 } } },
    ]);
  });

  it("hides, locks and brings one object to the top level", async () => {
    await settled(() => builder.selection.choose([2]));
    const deed = (text: string): HTMLButtonElement => {
      const buttons = all<HTMLButtonElement>(".builder-inspector .builder-actions button");
      const found = buttons.find(({ textContent }) => textContent === text);
      if (found === undefined) throw new Error(`there is no button "${text}"`);
      return found;
    };
    await settled(() => deed("Hide (only for you)").click());
    expect([...bench.hiddenObjects]).toEqual([2]);
    await settled(() => deed("Show").click());
    expect([...bench.hiddenObjects]).toEqual([]);
    await settled(() => deed("To the top level").click());
    await answered();
    expect(deed("To the top level").getAttribute("aria-disabled")).toBe("true");
    await settled(() => deed("Lock").click());
    await answered();
    await settled(() => deed("Unlock").click());
    await answered();
    expect(operations()).toEqual([
      { reparent: { object: 2, parent: null } },
      { lock: { object: 2, locked: true } },
      { lock: { object: 2, locked: false } },
    ]);
  });

  it("moves, turns and scales several about their middle, by numbers", async () => {
    builder.snaps.value = false;
    await settled(() => builder.selection.choose([0, 1]));
    const places = () => builder.chosen.value.map((id) => builder.scenery.value.pose(id));
    const positions = () => places().map(({ position }) => position.map((at) => at + 0));
    const apart = (): number[] => {
      const [a, c] = positions();
      return [0, 1, 2].map(
        (axis) => Math.round(((c?.[axis] ?? 0) - (a?.[axis] ?? 0)) * 1e3) / 1e3 + 0,
      );
    };
    const middle = labelled<HTMLInputElement>("Middle (m) x");
    await settled(() => middle.focus());
    await type(middle, String(Number(middle.value) + 2));
    expect(positions()).toEqual([
      [2, 0, 0],
      [5, 0, 0],
    ]);
    const turn = labelled<HTMLInputElement>("Turn by (°) y");
    await settled(() => turn.focus());
    await type(turn, "45");
    await press(turn, "ArrowUp", { shiftKey: true });
    await press(turn, "ArrowUp", { shiftKey: true });
    await type(turn, "90");
    expect(apart()).toEqual([0, 0, -3]);
    const growth = labelled<HTMLInputElement>("Scale by");
    await settled(() => growth.focus());
    await type(growth, "2");
    expect(apart()).toEqual([0, 0, -6]);
    expect(places().map(({ scale }) => scale)).toEqual([
      [2, 2, 2],
      [2, 2, 2],
    ]);
    // All of it is one step to take back, until the fields are left.
    expect(new Set(sent.map(({ body }) => body.stroke)).size).toBe(1);
    await settled(() => growth.blur());
    expect(growth.value).toBe("1");
    expect(labelled<HTMLInputElement>("Turn by (°) y").value).toBe("0");
    refuseWith({ status: 422, body: { error: "refused", text: "too large", operation: 0 } });
    await settled(() => growth.focus());
    await type(growth, "3");
    expect(growth.value).toBe("1");
    expect(bench.previews.size).toBe(0);
  });

  it("leaves what is locked alone", async () => {
    await settled(() => builder.lock([1], true));
    await answered();
    await settled(() => builder.selection.choose([1]));
    const fields = labelled("Position (m) x").closest("fieldset");
    expect(fields?.disabled).toBe(true);
    expect(find(".builder-inspector").textContent).toContain("Locked");
  });
});

describe("a sign", () => {
  it("looks at whoever puts it there, in steps of the angle", async () => {
    bench.yaw = (97 * Math.PI) / 180;
    builder.place(
      { kind: "simple", name: "sign", loose: false },
      { object: null, point: [0, 0, 0], normal: [0, 1, 0] },
    );
    await answered();
    const [x, y, z, w] = [0, Math.sin((45 * Math.PI) / 180), 0, Math.cos((45 * Math.PI) / 180)];
    const created = operations().find((operation) => Object.hasOwn(operation as object, "create"));
    const { rotation, position_m } = (created as { create: { value: SceneObject } }).create.value;
    rotation?.forEach((value, axis) => {
      expect(value).toBeCloseTo([x, y, z, w][axis] ?? Number.NaN, 5);
    });
    expect(position_m?.[1]).toBeGreaterThan(0);
  });
});

describe("keys and the clipboard", () => {
  it("undo, delete and nudge when the picture has the focus", async () => {
    bench.canvas.focus();
    await settled(() => builder.selection.choose([1]));
    await press(bench.canvas, "ArrowRight");
    expect(operations()).toMatchObject([
      { place: { object: 1, position_m: [3.25, 0, 0] } },
      { place: { object: 2, position_m: [4.25, 0.5, 0] } },
    ]);
    await press(bench.canvas, "ArrowRight");
    expect(operations()[2]).toMatchObject({ place: { object: 1, position_m: [3.5, 0, 0] } });
    expect(sent[0]?.body.stroke).toBe(sent[1]?.body.stroke);
    await press(bench.canvas, "z", { ctrlKey: true });
    await answered();
    expect(sent.at(-1)?.url).toBe("/api/worlds/plaza/undo");
    expect(find(".builder-notice").textContent).toBe(
      "There is nothing more to take back or to repeat.",
    );
    await press(bench.canvas, "Delete");
    await answered();
    expect(sent.at(-1)?.body.operations).toEqual([
      { delete: { object: 2 } },
      { delete: { object: 1 } },
    ]);
    expect(builder.chosen.value).toEqual([]);
  });

  it("put down what hangs in the air, and nothing that stands", async () => {
    bench.canvas.focus();
    await settled(() => builder.selection.choose([2, 0]));
    await press(bench.canvas, "ArrowUp");
    await press(bench.canvas, "PageUp");
    await press(bench.canvas, "v");
    expect(sent.at(-1)?.body.operations).toEqual([
      {
        place: {
          object: 2,
          position_m: [4, 0.5, -0.25],
          rotation: [0, 0, 0, 1],
          scale: [1, 1, 1],
        },
      },
      {
        place: {
          object: 0,
          position_m: [0, 0, -0.25],
          rotation: [0, 0, 0, 1],
          scale: [1, 1, 1],
        },
      },
    ]);
    const before = sent.length;
    await press(bench.canvas, "v");
    expect(sent).toHaveLength(before);
  });

  it("leave fields and walking alone", async () => {
    await settled(() => builder.selection.choose([1]));
    const search = labelled<HTMLInputElement>("Search the library");
    search.focus();
    await press(search, "Delete");
    await press(search, "ArrowRight");
    bench.canvas.focus();
    const walked: string[] = [];
    const hear = (event: KeyboardEvent): number => walked.push(event.key);
    window.addEventListener("keydown", hear);
    await press(bench.canvas, "w");
    window.removeEventListener("keydown", hear);
    expect(walked).toEqual(["w"]);
    expect(sent).toEqual([]);
  });

  it("copy and paste as text", async () => {
    await settled(() => builder.selection.choose([1]));
    const text = builder.board.copied();
    bench.hit = null;
    await settled(async () => builder.board.put(text ?? ""));
    await answered();
    expect(operations()).toMatchObject([
      { create: { value: { name: "house 2", position_m: [3.25, 0, 0.25] } } },
      { create: { value: { name: "crate 2", parent: 2147483648 } } },
    ]);
    await settled(async () => builder.board.put("hello"));
    expect(find(".builder-notice").textContent).toBe("There are no objects in the clipboard.");
  });
});

describe("the help", () => {
  it("tells the keys of the outline, of placing, and what tablets do", async () => {
    await settled(() => builder.toggle("help"));
    const text = find(".builder-help").textContent;
    expect(text).toContain("HIn the outline: hide or show the row");
    expect(text).toContain("EnterPut down what was chosen in the library");
    expect(text).toContain("With “Select several” on");
  });
});

describe("what others do", () => {
  it("wins over a change on top of an older world", async () => {
    await settled(() => builder.selection.choose([1]));
    refuseWith({
      status: 409,
      body: { error: "stale", text: "", copy: { number: 5, objects: { "1": null } } },
    });
    await type(labelled<HTMLInputElement>("Position (m) y"), "1");
    expect(find(".builder-notice").textContent).toBe("Somebody has just deleted it.");
    expect(bench.previews.size).toBe(0);
  });

  it("is told what is chosen here", async () => {
    await settled(() => builder.selection.choose([1, 2]));
    // The first word goes out at once, the rest at most five times a second.
    expect(bench.told[0]).toEqual([]);
    opened.close();
    expect(bench.told.at(-1)).toEqual([]);
  });
});

describe("measuring", () => {
  it("is begun by key, told in words, and chooses nothing", async () => {
    bench.canvas.focus();
    await press(bench.canvas, "5", { code: "Digit5" });
    expect(find(".builder-measure").textContent).toContain("Click the first point");
    const click = async (point: [number, number, number]): Promise<void> => {
      bench.hit = { object: null, point, normal: [0, 1, 0] };
      const at = { pointerId: 1, clientX: 5, clientY: 5, button: 0, bubbles: true };
      await settled(() => {
        bench.canvas.dispatchEvent(new PointerEvent("pointerdown", at));
        bench.canvas.dispatchEvent(new PointerEvent("pointerup", at));
      });
    };
    await click([0, 0, 0]);
    expect(find(".builder-measure").textContent).toContain("second point");
    await click([3, 0, 4]);
    expect(find(".builder-measure [role=status]").textContent).toBe(
      "5 m in all. X 3 m, Y 0 m, Z 4 m.",
    );
    expect(builder.chosen.value).toEqual([]);
    await press(bench.canvas, "Escape");
    expect(find(".builder-measure").textContent).toContain("first point");
  });

  it("measures what is chosen without a pointer", async () => {
    await settled(() => {
      builder.run("measure");
      builder.selection.choose([2]);
    });
    await settled(() => find(".builder-measure button").click());
    expect(find(".builder-measure [role=status]").textContent).toContain("X 1 m, Y 1 m, Z 1 m");
  });
});

describe("people", () => {
  const names = (): string[] =>
    all(".builder-people li b").map(({ textContent }) => textContent ?? "");
  const choose = async (label: string, value: string): Promise<void> => {
    const choice = labelled<HTMLSelectElement>(label);
    await settled(() => {
      choice.value = value;
      choice.dispatchEvent(new Event("change", { bubbles: true }));
    });
    await answered();
  };

  beforeEach(async () => {
    await settled(() => builder.toggle("people"));
    await settled(async () => {
      await vi.waitFor(() => expect(builder.people.list.peek()).not.toBeNull(), { interval: 1 });
    });
  });

  it("are listed, owners first, with what they may do", () => {
    expect(names()).toEqual(["Somebody (c1c1c1)", "Ada (you)", "Bo", "Di"]);
    const [nameless, ada, bo, di] = all(".builder-people li");
    expect(nameless?.querySelector("select")?.value).toBe("owner");
    // What holds in all worlds does not become less here.
    expect(ada?.querySelector("select, button")).toBeNull();
    expect(bo?.querySelector("button")?.getAttribute("aria-label")).toBe("Remove Bo");
    expect(di?.querySelector("button")).toBeNull();
    expect(di?.textContent).toContain("in all worlds");
  });

  it("who took the name of another are told apart", async () => {
    const thief = { name: "ＢＯ", role: "builder", everywhere: false, you: false } as const;
    bench.people.push({ ...thief, account: "e2e2".repeat(8) });
    await settled(() => builder.people.refresh());
    expect(names()).toEqual(
      expect.arrayContaining(["Ada (you)", "Bo (b000b0)", "ＢＯ (e2e2e2)", "Somebody (c1c1c1)"]),
    );
    expect(labelled("Remove Bo (b000b0)")).not.toBe(labelled("Remove ＢＯ (e2e2e2)"));
  });

  it("are only listed in a draft, which says where that is changed", async () => {
    bench.draft = { of: "garden", title: "New lamps" };
    await settled(() => builder.drafts.refresh());
    expect(names()).toEqual(["Somebody (c1c1c1)", "Ada (you)", "Bo", "Di"]);
    expect(all(".builder-people :is(select, input)")).toEqual([]);
    const [back, ...others] = all(".builder-people .builder-scroll button");
    expect(others).toEqual([]);
    expect(back?.textContent).toBe("Back to Hill Garden");
    await settled(() => back?.click());
    expect(bench.entered).toEqual(["garden"]);
  });

  it("are removed at once when they build, and owners after a question", async () => {
    await settled(() => labelled("Remove Bo").click());
    await answered();
    const bo = { account: "b000".repeat(8), name: "Bo", from: "builder", to: "visitor" };
    expect(operations()).toEqual([{ permission: bo }]);
    await vi.waitFor(() => expect(names()).not.toContain("Bo"));
    expect(find(".builder-notice").textContent).toBe("Bo is a visitor now.");

    await settled(() => {
      labelled("Remove Somebody (c1c1c1)").focus();
      labelled("Remove Somebody (c1c1c1)").click();
    });
    const question = find("[role=alertdialog]");
    expect(question.contains(document.activeElement)).toBe(true);
    expect(document.activeElement?.textContent).toBe("Cancel");
    await press(question, "Escape");
    expect([all("[role=alertdialog]").length, operations().length]).toEqual([0, 1]);
    expect(document.activeElement).toBe(labelled("Remove Somebody (c1c1c1)"));
    await settled(() => labelled("Remove Somebody (c1c1c1)").click());
    await settled(() => find("[role=alertdialog] .primary").click());
    await answered();
    const nameless = { account: "c1c1".repeat(8), name: "", from: "owner", to: "visitor" };
    expect(operations()[1]).toEqual({ permission: nameless });
  });

  it("become owners after a question, and what is refused is said", async () => {
    await choose("What Bo may do", "owner");
    expect(operations()).toEqual([]);
    expect(labelled<HTMLSelectElement>("What Bo may do").value).toBe("builder");
    refuseWith({ status: 409, body: { error: "last_owner", text: "operations[0]", operation: 0 } });
    await settled(() => find("[role=alertdialog] .primary").click());
    await answered();
    expect(operations()).toHaveLength(1);
    expect(find(".builder-notice").textContent).toContain("needs an owner");
    expect(labelled<HTMLSelectElement>("What Bo may do").value).toBe("builder");
  });

  it("are not shown to whoever is no owner any more", async () => {
    await settled(() => {
      role.value = "builder";
    });
    expect(all(".builder-people")).toEqual([]);
    expect(all('[aria-label="People"]')).toEqual([]);
  });
});

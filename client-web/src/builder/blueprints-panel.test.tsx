// @vitest-environment happy-dom
import { act as settled } from "preact/test-utils";
import { describe, expect, it } from "vitest";
import { speak } from "../i18n/translate";
import {
  all,
  answered,
  builder,
  find,
  labelled,
  openForEach,
  operations,
  press,
  refuseWith,
  type,
} from "./preview/table";

openForEach();

async function click(text: string, within = ""): Promise<void> {
  const found = all<HTMLButtonElement>(`${within} button`).find((one) => one.textContent === text);
  if (found === undefined) throw new Error(`there is no button ${text}`);
  await settled(() => found.click());
  await answered();
}

const choose = (id: number) => settled(() => builder.selection.choose([id]));
const tick = () => settled(() => find("[data-part=blueprint] input").click());

describe("blueprints in the inspector", () => {
  it("are made of an object, under a name that is free", async () => {
    await choose(2);
    await click("Make a blueprint of this");
    const field = labelled<HTMLInputElement>("Name of the blueprint");
    expect(field.value).toBe("crate");
    expect(find("[role=alert]").textContent).toBe("There is a blueprint of this name.");
    await settled(() => {
      field.value = "Old crate";
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    await click("Make it");
    expect(Object.keys(builder.scenery.value.document.blueprints ?? {})).toContain("old_crate");
    expect(builder.scenery.value.objects.get(2)?.blueprint).toBe("old_crate");
    expect(find(".builder-notice").textContent).toContain("“old crate” is in the library");
    expect(all("[aria-label='Name of the blueprint']")).toEqual([]);
  });

  it("are not made after Escape, nor of nothing", async () => {
    await choose(2);
    await click("Make a blueprint of this");
    await press(labelled("Name of the blueprint"), "Escape");
    expect(all("[aria-label='Name of the blueprint']")).toEqual([]);
    expect(operations()).toEqual([]);
    await choose(1);
    expect(all("[data-part=blueprint]")).toEqual([]);
  });

  it("take a part of an instance", async () => {
    await choose(2);
    await type(labelled<HTMLInputElement>("Weight factor"), "0.5");
    await click("Put into the blueprint", "[data-part=body]");
    const body = { kind: "dynamic", gravity_scale: 0.5 };
    expect(operations().slice(1)).toEqual([
      { set_blueprint: { name: "crate", property: { body } } },
      { set: { object: 2, property: { body: null } } },
    ]);
    expect(find("[data-part=body]").textContent).toContain("From the blueprint “crate”");
  });

  it("are changed in the place of an instance until something else is chosen", async () => {
    await choose(2);
    await tick();
    expect(find("[data-part=blueprint]").textContent).toContain("1 object follows");
    await type(labelled<HTMLInputElement>("Weight factor"), "2");
    const body = { kind: "dynamic", gravity_scale: 2 };
    expect(operations()).toEqual([{ set_blueprint: { name: "crate", property: { body } } }]);
    refuseWith({
      status: 422,
      body: { error: "refused", text: "operations[0]: blueprints.crate.body.gravity_scale: no" },
    });
    await type(labelled<HTMLInputElement>("Weight factor"), "3");
    expect(find("[data-part=body] [role=alert]").textContent).toBe("no");
    await choose(0);
    await choose(2);
    expect(find<HTMLInputElement>("[data-part=blueprint] input").checked).toBe(false);
  });
});

describe("while a blueprint is changed", () => {
  const crate = () => builder.scenery.value.document.blueprints?.crate;

  it("its body, its look and what it can do besides are its own", async () => {
    await choose(2);
    await tick();
    const kind = find<HTMLSelectElement>("[data-part=body] select");
    await settled(() => {
      kind.value = "kinematic";
      kind.dispatchEvent(new Event("change", { bubbles: true }));
    });
    await answered();
    expect(crate()?.body).toEqual({ kind: "kinematic" });
    expect(crate()?.mover?.waypoints_m).toHaveLength(2);
    await click("Make a material of its own");
    expect(crate()?.visuals?.[0]?.material).toBe("brass_2");
    await click("Light");
    expect(crate()?.light?.range_m).toBe(10);
    await click("Remove", "[data-part=light]");
    expect(crate()?.light).toBeUndefined();
    expect(builder.scenery.value.objects.get(2)?.properties).toBeUndefined();
  });

  it("another one of the object ends that", async () => {
    await choose(2);
    await tick();
    const blueprint = find<HTMLSelectElement>(".builder-inspector select");
    await settled(() => {
      blueprint.value = "";
      blueprint.dispatchEvent(new Event("change", { bubbles: true }));
    });
    await answered();
    expect(operations()).toEqual([{ rebase: { object: 2, blueprint: null } }]);
    expect(builder.mould.through.value).toBeNull();
  });
});

describe("blueprints in the library", () => {
  it("are deleted when nothing uses them, and what is refused is said", async () => {
    expect(all('[aria-label="Delete the blueprint “crate”"]')).toEqual([]);
    await settled(() => void builder.commit([{ delete: { object: 2 } }]));
    await answered();
    const text = 'operations[0]: the blueprint "crate" is in use: by 1 objects';
    refuseWith({ status: 422, body: { error: "refused", text, operation: 0 } });
    await settled(() => labelled("Delete the blueprint “crate”").click());
    await answered();
    expect(operations().at(-1)).toEqual({ blueprint: { name: "crate", value: null } });
    expect(find(".builder-notice").textContent).toContain("Objects use this blueprint");
    await settled(() => speak("fr"));
    expect(all('[aria-label="Supprimer le plan « crate »"]')).toHaveLength(1);
  });
});

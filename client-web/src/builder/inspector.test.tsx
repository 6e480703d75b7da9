// @vitest-environment happy-dom
import { act as settled } from "preact/test-utils";
import { beforeEach, describe, expect, it } from "vitest";
import {
  all,
  answered,
  bench,
  builder,
  find,
  labelled,
  openForEach,
  operations,
  refuseWith,
  sent,
  type,
} from "./preview/table";

openForEach();

async function click(text: string): Promise<void> {
  const found = all<HTMLButtonElement>("button").find((one) => one.textContent === text);
  if (found === undefined) throw new Error(`there is no button ${text}`);
  await settled(() => found.click());
  await answered();
}

/** The field in a part of the inspector that a label stands at. */
function field<T extends HTMLElement>(part: string, label: string): T {
  const found = all(`[data-part=${part}] .builder-field`).find((one) =>
    one.querySelector(".builder-label")?.textContent?.startsWith(label),
  );
  const input = found?.querySelector<T>("input, select");
  if (input == null) throw new Error(`there is no field ${label}`);
  return input;
}

async function select(part: string, label: string, value: string): Promise<void> {
  const choice = field<HTMLSelectElement>(part, label);
  await settled(() => {
    choice.value = value;
    choice.dispatchEvent(new Event("change", { bubbles: true }));
  });
  await answered();
}

const now = (id: number) => builder.scenery.value.properties(id);

describe("an object that has no body", () => {
  beforeEach(async () => {
    await settled(() => builder.selection.choose([1]));
    await click("Collision");
  });

  it("gets something to bump into, of another shape if that is wanted", async () => {
    expect(now(1)).toEqual({ colliders: [{ shape: { box: { size_m: [1, 1, 1] } } }] });
    await select("colliders", "Shape", "ball");
    expect(now(1).colliders).toEqual([{ shape: { ball: { radius_m: 0.5 } } }]);
    await click("Add a shape");
    expect(now(1).colliders).toHaveLength(2);
    await click("Remove");
    expect(now(1)).toEqual({});
  });

  it("becomes loose, and turns about a hinge", async () => {
    await select("body", "It is", "dynamic");
    expect(now(1).body).toEqual({ kind: "dynamic" });
    expect(all("[data-part=colliders] .builder-part-header button")).toEqual([]);
    await click("Hinge");
    await type(labelled<HTMLInputElement>("The axis passes (m) x"), "-0,5");
    await settled(() => field("hinge", "Turns only").click());
    await answered();
    await type(field<HTMLInputElement>("hinge", "To (°)"), "200");
    expect(find("[data-part=hinge] [role=alert]").textContent).toBe("At most 180.");
    await type(field<HTMLInputElement>("hinge", "To (°)"), "45");
    expect(now(1).hinge).toEqual({
      axis: [0, 1, 0],
      anchor_m: [-0.5, 0, 0],
      limits_deg: [-90, 45],
    });
    await select("body", "It is", "static");
    expect(now(1).hinge).toBeUndefined();
  });

  it("moves along a path, in one change", async () => {
    const before = sent.length;
    await select("body", "It is", "kinematic");
    expect(sent).toHaveLength(before + 1);
    expect(Object.keys(builder.scenery.value.document.blueprints ?? {})).toEqual(["crate"]);
    expect(builder.scenery.value.objects.get(1)?.blueprint).toBeUndefined();
    await click("Add a waypoint");
    await type(labelled<HTMLInputElement>("Waypoint 3 (m) x"), "4");
    await click("Remove waypoint 1");
    await type(field<HTMLInputElement>("mover", "From one"), "1.5");
    await type(field<HTMLInputElement>("mover", "Rests"), "0");
    expect(now(1).mover).toEqual({
      waypoints_m: [
        [0, 2, 0],
        [4, 3, 0],
      ],
      leg_ticks: 45,
      rest_ticks: 0,
    });
    await select("body", "It is", "static");
    expect(now(1).mover).toBeUndefined();
    expect(now(1).body).toEqual({ kind: "static" });
  });
});

describe("how a world runs", () => {
  beforeEach(async () => {
    await settled(() => builder.selection.clear());
  });

  it("is changed one by one", async () => {
    await type(labelled<HTMLInputElement>("Gravity (m/s²) y"), "-1,6");
    await type(field<HTMLInputElement>("settings", "Steps"), "60");
    await type(field<HTMLInputElement>("settings", "Speech"), "12");
    const settings = { gravity_mps2: [0, -1.6, 0], ticks_per_s: 60, earshot_m: 12 };
    expect(operations()).toHaveLength(3);
    expect(operations().at(-1)).toEqual({ settings });
  });

  it("has limits, told at the field", async () => {
    await type(field<HTMLInputElement>("settings", "Steps"), "5");
    await type(field<HTMLInputElement>("settings", "Seen"), "0");
    const told = all("[data-part=settings] [role=alert]").map(({ textContent }) => textContent);
    expect(told).toEqual(["At least 10.", "At least 1."]);
    expect(operations()).toEqual([]);
  });
});

describe("a companion", () => {
  // The library has one as well.
  const offer = () =>
    all<HTMLButtonElement>(".builder-actions button").find(
      (one) => one.textContent === "Companion",
    );

  beforeEach(async () => {
    await settled(() => builder.selection.choose([1]));
    await settled(() => offer()?.click());
    await answered();
  });

  it("comes to live at an object, with a name, a mind, colours and a range", async () => {
    expect(now(1).companion).toMatchObject({ name: "Nia", mind: "guide" });
    await type(field<HTMLInputElement>("companion", "It is called"), "  Oskar  the  Old ");
    await type(field<HTMLInputElement>("companion", "Mind"), " Gardener-2 ");
    await type(field<HTMLInputElement>("companion", "Goes as far"), "35");
    expect(now(1).companion).toMatchObject({
      name: "Oskar the Old",
      mind: "gardener-2",
      range_m: 35,
    });
    await type(field<HTMLInputElement>("companion", "Goes as far"), "501");
    expect(find("[data-part=companion] [role=alert]").textContent).toContain("At most 500.");
    expect(now(1).companion?.range_m).toBe(35);
  });

  it("shows at its field what the server refuses", async () => {
    refuseWith({
      status: 409,
      body: {
        error: "refused",
        text: "operations[0]: objects[1].properties.companion.mind: there is no such mind",
      },
    });
    await type(field<HTMLInputElement>("companion", "Mind"), "nobody");
    expect(find("[data-part=companion]").textContent).toContain("there is no such mind");
  });

  it("is marked where it lives, and cannot be added to what has a body", async () => {
    expect(bench.marked).not.toContain(1);
    await settled(() => builder.selection.clear());
    expect(bench.marked).toContain(1);
    await settled(() => builder.selection.choose([2]));
    expect(offer()).toBeUndefined();
  });
});

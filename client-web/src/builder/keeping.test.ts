import { describe, expect, it } from "vitest";
import type { Copied } from "./clipboard";
import { KEPT_CHARS_MAX, KEPT_MAX, Keepsakes } from "./keeping";

const copied = (name = "box"): Copied => ({
  kind: "vivarium objects",
  version: 1,
  objects: [{ name, position_m: [0, 0, 0] }],
  materials: {},
  blueprints: {},
});

function storage(limit = Number.POSITIVE_INFINITY) {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, text: string) => {
      if (text.length <= limit) kept.set(key, text);
    },
    removeItem: (key: string) => void kept.delete(key),
  };
}

const names = (keepsakes: Keepsakes): string[] => keepsakes.all.value.map(({ name }) => name);

describe("templates of a person", () => {
  it("are there again when the page is loaded anew, the newest first", () => {
    const store = storage();
    const keepsakes = new Keepsakes(store);
    expect(keepsakes.keep("First", copied("a"))).toBe("kept");
    expect(keepsakes.keep("Second", copied("b"))).toBe("kept");
    const again = new Keepsakes(store);
    expect(names(again)).toEqual(["Second", "First"]);
    expect(again.all.value[1]?.copied.objects[0]?.name).toBe("a");
    again.forget(again.all.value[0]?.id ?? "");
    keepsakes.refresh();
    expect(names(keepsakes)).toEqual(["First"]);
    expect([...store.kept.keys()]).toHaveLength(2);
  });

  it("keep what another tab has kept meanwhile", () => {
    const store = storage();
    const [one, other] = [new Keepsakes(store), new Keepsakes(store)];
    one.keep("One", copied());
    other.keep("Other", copied());
    expect(names(other)).toEqual(["Other", "One"]);
  });

  it("are bounded in number and size, and tell when nothing can be kept", () => {
    const keepsakes = new Keepsakes(storage());
    expect(keepsakes.keep("Long", copied("x".repeat(KEPT_CHARS_MAX)))).toBe("tooLarge");
    for (let count = 0; count < KEPT_MAX; count += 1) keepsakes.keep(`${count}`, copied());
    expect(keepsakes.keep("One more", copied())).toBe("full");
    expect(keepsakes.all.value).toHaveLength(KEPT_MAX);
    expect(new Keepsakes(storage(10)).keep("Box", copied())).toBe("failed");
  });

  it("leave out what is no template", () => {
    const store = storage();
    store.kept.set(
      "vivarium.templates",
      JSON.stringify([{ id: "1", name: "Odd" }, 7, { id: 2, name: "x" }]),
    );
    store.kept.set("vivarium.template.1", '{"kind":"something"}');
    expect(new Keepsakes(store).all.value).toEqual([]);
    store.kept.set("vivarium.templates", "{");
    expect(new Keepsakes(store).all.value).toEqual([]);
  });
});

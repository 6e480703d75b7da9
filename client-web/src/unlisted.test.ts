// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { speak } from "./i18n/translate";
import { Stays, type Unlisted } from "./unlisted";

const DRAFT = "plaza-draft-1";

function scene() {
  const log: string[] = [];
  const [role, isOpen] = [signal<"visitor" | "builder">("builder"), signal(true)];
  const door = {
    role,
    isOpen,
    follow: (world: string | null) => void log.push(`follow ${world}`),
    entered: async (world: string) => void log.push(`entered ${world}`),
    shown: async (world: string) => void log.push(`shown ${world}`),
    left: () => void log.push("left"),
    say: (text: string) => {
      if (isOpen.value) log.push(`notice ${text}`);
      return isOpen.value;
    },
  };
  const gone = new Set<string>();
  const asked = {
    draft: vi.fn(
      async (world: string): Promise<Unlisted | null> =>
        world === DRAFT ? { world, of: "plaza", title: "New lamps" } : null,
    ),
    hasEnded: async ({ world }: Unlisted) => gone.has(world),
  };
  const told: string[] = [];
  const store = {
    tell: (text: string) => void told.push(text),
    draft: signal<string | null>(null),
  };
  const stays = new Stays(door, store, (text) => log.push(`remark ${text}`), asked);
  return { stays, log, role, isOpen, gone, asked, told, store };
}

describe("a draft that ends", () => {
  beforeEach(() => speak("en"));

  it("leaves whoever built in it building in its world, and tells them", async () => {
    const { stays, log, gone, told } = scene();
    await stays.entered(DRAFT);
    await stays.shown(DRAFT, "Plaza");
    gone.add(DRAFT);
    await stays.entered("plaza");
    await stays.shown("plaza", "Plaza");
    const text =
      "The draft “New lamps” has ended: it was published or discarded. You are in Plaza now.";
    expect(log).toEqual([
      `entered ${DRAFT}`,
      `shown ${DRAFT}`,
      "follow plaza",
      "entered plaza",
      "shown plaza",
      `notice ${text}`,
    ]);
    expect(told).toEqual([text]);
  });

  it("is told in other words to whoever ends it, and once", async () => {
    const { stays, gone, told } = scene();
    await stays.entered(DRAFT);
    stays.expect("The draft is published.");
    gone.add(DRAFT);
    await stays.entered("plaza");
    await stays.shown("plaza", "Plaza");
    await stays.entered("plaza");
    await stays.shown("plaza", "Plaza");
    expect(told).toEqual(["The draft is published."]);
  });

  it("opens no builder for whoever had none", async () => {
    const { stays, log, isOpen, gone, told, store } = scene();
    await stays.entered(DRAFT);
    expect(store.draft.value).toBe("New lamps");
    isOpen.value = false;
    gone.add(DRAFT);
    await stays.entered("plaza");
    await stays.shown("plaza", "Plaza");
    expect(log).not.toContain("follow plaza");
    expect(log.at(-1)).toBe(`remark ${told[0]}`);
    expect(store.draft.value).toBeNull();
  });

  it("is not told to whoever goes out of it themselves, nor to visitors", async () => {
    const { stays, log, role, gone, asked, told } = scene();
    // By a portal, while it goes on.
    await stays.entered(DRAFT);
    await stays.entered("plaza");
    await stays.shown("plaza", "Plaza");
    // By the entrance.
    await stays.entered(DRAFT);
    stays.left();
    gone.add(DRAFT);
    await stays.entered("plaza");
    await stays.shown("plaza", "Plaza");
    expect(log).toContain("left");
    expect(asked.draft).toHaveBeenCalledTimes(4);
    role.value = "visitor";
    await stays.entered(DRAFT);
    await stays.entered("plaza");
    await stays.shown("plaza", "Plaza");
    expect(asked.draft).toHaveBeenCalledTimes(4);
    expect(told).toEqual([]);
  });
});

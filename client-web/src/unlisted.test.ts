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
  };
  const gone = new Set<string>();
  const asked = {
    draft: vi.fn(
      async (world: string): Promise<Unlisted | null> =>
        world === DRAFT ? { world, of: "plaza", title: "New lamps" } : null,
    ),
    isGone: async (world: string) => gone.has(world),
  };
  const told: string[] = [];
  const tell = { tell: (text: string) => void told.push(text) };
  const stays = new Stays(door, tell, (text) => log.push(`remark ${text}`), asked);
  return { stays, log, role, isOpen, gone, asked, told };
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
      `remark ${text}`,
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
    const { stays, log, isOpen, gone, told } = scene();
    await stays.entered(DRAFT);
    isOpen.value = false;
    gone.add(DRAFT);
    await stays.entered("plaza");
    await stays.shown("plaza", "Plaza");
    expect(log).not.toContain("follow plaza");
    expect(told).toHaveLength(1);
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

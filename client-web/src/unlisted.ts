/**
 * Worlds that are in no list: drafts, at the entrance for whoever has their address, and those that
 * end while people are in them.
 */
import type { BuilderDoor } from "./builder/door";
import { t } from "./i18n/translate";
import { keyHex } from "./identity";
import type { Store, WorldSummary } from "./ui/store";

/** A world that is a draft of another. */
export interface Unlisted {
  world: string;
  /** The world that it is a draft of. */
  of: string;
  title: string;
}

/** The worlds to choose from: those that are listed, and the draft that somebody came for. */
export async function withDraft(
  listed: readonly WorldSummary[],
  wanted: string,
): Promise<readonly WorldSummary[]> {
  if (wanted === "" || listed.some(({ name }) => name === wanted)) return listed;
  const draft = await fetchDraft(wanted);
  if (draft === null) return listed;
  const title = t("draftOf", { title: draft.title });
  return [{ name: wanted, title, description: "", people: 0 }, ...listed];
}

/** A draft, which is in no list; null: it is none, or this device may not see it. */
async function fetchDraft(world: string): Promise<Unlisted | null> {
  try {
    const response = await askDrafts(world);
    if (!response.ok) return null;
    const { of, title } = (await response.json()) as { of?: unknown; title?: unknown };
    if (typeof of !== "string") return null;
    return { world, of, title: typeof title === "string" ? title : world };
  } catch {
    return null;
  }
}

/** Whether a draft has ended; false when that cannot be told. */
async function fetchEnded({ world, of }: Unlisted): Promise<boolean> {
  try {
    const response = await askDrafts(of);
    if (!response.ok) return false;
    const { drafts } = (await response.json()) as { drafts?: unknown };
    const isThere = (draft: { world?: unknown } | null): boolean => draft?.world === world;
    return Array.isArray(drafts) && !drafts.some(isThere);
  } catch {
    return false;
  }
}

function askDrafts(world: string): Promise<Response> {
  const url = `/api/worlds/${encodeURIComponent(world)}/drafts`;
  return fetch(url, { headers: { authorization: `Bearer ${keyHex()}` } });
}

type Door = Pick<BuilderDoor, "role" | "isOpen" | "follow" | "entered" | "shown" | "left" | "say">;

/** What is asked of the server. */
export interface DraftsAsked {
  draft(world: string): Promise<Unlisted | null>;
  hasEnded(draft: Unlisted): Promise<boolean>;
}

/**
 * The worlds that this person is in, one after the other, as the builder's door hears of them.
 *
 * Whoever is in a draft when it ends is taken to the world that it was a draft of, as if through a
 * portal: they are told why, and whoever was building builds on.
 */
export class Stays {
  readonly #door: Door;
  readonly #store: Pick<Store, "tell" | "draft">;
  readonly #remark: (text: string) => void;
  readonly #asked: DraftsAsked;
  #world: string | null = null;
  /** The world that was entered; null: it is no draft, or that is not known. */
  #draft: Unlisted | null = null;
  /** The draft that this person was in before, if this is its world. */
  #before: Unlisted | null = null;
  #words: string | null = null;

  constructor(
    door: Door,
    store: Pick<Store, "tell" | "draft">,
    remark: (text: string) => void,
    asked: DraftsAsked = { draft: fetchDraft, hasEnded: fetchEnded },
  ) {
    this.#door = door;
    this.#store = store;
    this.#remark = remark;
    this.#asked = asked;
  }

  /** A world is entered, perhaps the same one again. */
  async entered(world: string): Promise<void> {
    if (world !== this.#world) {
      const before = this.#draft;
      this.#world = world;
      this.#learned(null);
      this.#before = before?.of === world ? before : null;
      if (this.#before !== null && this.#door.isOpen.peek()) this.#door.follow(world);
    }
    await this.#door.entered(world);
    // Only those who may build are told of drafts.
    if (this.#draft !== null || this.#door.role.peek() === "visitor") return;
    const draft = await this.#asked.draft(world);
    if (this.#world === world) this.#learned(draft);
  }

  /** What is told when the draft ends, since this person ends it; null: that it has ended. */
  expect(words: string | null): void {
    this.#words = words;
  }

  /** The world that was entered can be seen; `title` is what it calls itself. */
  async shown(world: string, title: string): Promise<void> {
    const [before, words] = [this.#before, this.#words];
    this.#before = null;
    this.#words = null;
    await this.#door.shown(world);
    // There may be a portal to its world in it as well.
    if (before === null || !(await this.#asked.hasEnded(before))) return;
    if (this.#world !== world) return;
    const text = words ?? t("draftEnded", { title: before.title, world: title });
    this.#store.tell(text);
    if (!this.#door.say(text)) this.#remark(text);
  }

  left(): void {
    this.#door.left();
    this.#world = null;
    this.#learned(null);
    this.#before = null;
    this.#words = null;
  }

  #learned(draft: Unlisted | null): void {
    this.#draft = draft;
    this.#store.draft.value = draft?.title ?? null;
  }
}

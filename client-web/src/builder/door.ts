/**
 * Who may build in the world that is shown, and the way into the builder.
 *
 * Owns the role of this device and whether the builder is open. The builder itself is loaded when it
 * is opened for the first time. It is closed when another world is entered.
 */
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Opened } from "./mount";
import { fetchRole, invitationIn, type Role, redeem } from "./rights";
import type { Workbench } from "./workbench";

export interface DoorParts {
  fetch(url: string, init: RequestInit): Promise<Response>;
  after(ms: number, then: () => void): void;
  /** The key of this device, 64 hexadecimal digits. */
  key(): string;
  /** What this person is called; empty: they have not said it yet. */
  name(): string;
  /** What the builder needs of the page; null: no world is shown. */
  workbench(close: () => void): Promise<Workbench | null>;
  /** Where the builder's panels go. */
  host: HTMLElement;
  /** Loads the builder. */
  load(): Promise<typeof import("./mount")>;
  /** Told when it cannot be loaded. */
  failed(): void;
  /** Told when this person may no longer build here. */
  forbidden(): void;
}

/** What came of an invitation in the address. */
export type Invited =
  | { kind: "accepted"; world: string | null; role: Role }
  | { kind: "refused" }
  | { kind: "none" };

export class BuilderDoor {
  readonly #parts: DoorParts;
  readonly #role = signal<Role>("visitor");
  readonly #isOpen = signal(false);
  #world: string | null = null;
  #opened: Opened | null = null;
  /** Counts openings and closings, so that one that was overtaken is known as such. */
  #turn = 0;
  /** Counts questions for the role. */
  #asked = 0;
  #redeeming: Promise<unknown> = Promise.resolve();
  /** Done when the role in the world that was entered is known. */
  #entering: Promise<unknown> = Promise.resolve();
  /** Where the builder opens by itself once that world is shown. */
  #followed: string | null = null;

  constructor(parts: DoorParts) {
    this.#parts = parts;
  }

  get role(): ReadonlySignal<Role> {
    return this.#role;
  }

  get isOpen(): ReadonlySignal<boolean> {
    return this.#isOpen;
  }

  /** Takes the invitation of the address, if there is one; `forget` takes it out of the address. */
  async redeem(hash: string, forget: () => void): Promise<Invited> {
    const invitation = invitationIn(hash);
    if (invitation === null) return { kind: "none" };
    forget();
    const taking = redeem(this.#parts.fetch, invitation, this.#parts.key(), this.#parts.name());
    this.#redeeming = taking;
    const taken = await taking;
    return taken === null ? { kind: "refused" } : { kind: "accepted", ...taken };
  }

  /** The builder opens by itself once this world is shown; null: it does not. */
  follow(world: string | null): void {
    this.#followed = world;
  }

  /** A world is entered, perhaps the same one again. */
  entered(world: string): Promise<void> {
    const entering = this.#enter(world);
    this.#entering = entering;
    return entering;
  }

  /** The world that was entered can be seen. */
  async shown(world: string): Promise<void> {
    if (this.#followed === null) return;
    const isWanted = this.#followed === world;
    this.#followed = null;
    await this.#entering;
    if (isWanted && this.#world === world && !this.#isOpen.peek()) await this.toggle();
  }

  async #enter(world: string): Promise<void> {
    if (world !== this.#world) {
      this.close();
      this.#role.value = "visitor";
    }
    this.#world = world;
    await this.#redeeming;
    await this.refresh();
  }

  /** Somebody's role in this world has changed, perhaps this person's. */
  async refresh(): Promise<void> {
    const world = this.#world;
    if (world === null) return;
    this.#asked += 1;
    const asked = this.#asked;
    const role = await fetchRole(this.#parts.fetch, world, this.#parts.key());
    // A newer answer says more, and what cannot be had changes nothing.
    if (role === null || asked !== this.#asked || this.#world !== world) return;
    if (role === "visitor" && this.#isOpen.peek()) this.#shut();
    else this.#role.value = role;
  }

  left(): void {
    this.close();
    this.#followed = null;
    this.#world = null;
    this.#role.value = "visitor";
  }

  async toggle(): Promise<void> {
    if (this.#isOpen.peek()) {
      this.close();
      return;
    }
    if (this.#role.peek() === "visitor") return;
    this.#turn += 1;
    const turn = this.#turn;
    this.#isOpen.value = true;
    try {
      const [{ openBuilder }, bench] = await Promise.all([
        this.#parts.load(),
        this.#parts.workbench(() => this.close()),
      ]);
      if (turn !== this.#turn) return;
      if (bench === null) {
        this.close();
        return;
      }
      const { fetch, after, host } = this.#parts;
      const forbidden = (): void => this.#shut();
      this.#opened = openBuilder({ bench, role: this.#role, fetch, after, forbidden }, host);
    } catch {
      if (turn !== this.#turn) return;
      this.close();
      this.#parts.failed();
    }
  }

  /** Tells something where the builder tells things; false: it is not there. */
  say(text: string): boolean {
    this.#opened?.builder.say(text);
    return this.#opened !== null;
  }

  /** The role was taken away while building. */
  #shut(): void {
    this.close();
    this.#role.value = "visitor";
    this.#parts.forbidden();
  }

  close(): void {
    this.#turn += 1;
    this.#isOpen.value = false;
    const opened = this.#opened;
    this.#opened = null;
    opened?.close();
  }
}

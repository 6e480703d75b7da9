/**
 * The panel in which companions are made: what it shows, and what its buttons do. It knows the world
 * only as a `Home`.
 */
import { type Signal, signal } from "@preact/signals";
import { language } from "../i18n/translate";
import { type Look, lookAt, Making } from "./making";
import {
  type Answered,
  type Listed,
  Minds,
  type MindsParts,
  type Template,
  type Trouble,
  type Version,
} from "./minds";
import type { Persona } from "./persona";
import { Rehearsal } from "./rehearsal";
import { c, troubleText } from "./texts/words";

/** A companion as an object of a world has it. */
export interface Placed {
  mind: string;
  name: string;
  look: Look;
}

/** The world for which companions are made. */
export interface Home extends MindsParts {
  /** Its name in addresses. */
  readonly world: string;
  /** Whose mind somebody wants to change; taken in and put back to null. */
  readonly wanted: Signal<string | null>;
  /** How somebody looks in it; null: they do not live here. */
  lookOf(mind: string): Look | null;
  /** At how many places somebody lives in it. */
  placesOf(mind: string): number;
  /** Gives somebody name and looks at all of their places. */
  dress(placed: Placed): void;
  /** Places somebody where the camera looks, or wherever is pointed at next; whether there is one. */
  place(placed: Placed, where: "here" | "pointed"): Promise<boolean>;
  /** Tells people something. */
  say(text: string, tone: "info" | "trouble"): void;
}

/** What is asked before it is done. */
export type Asked =
  | { kind: "replace"; act: () => void }
  | { kind: "delete"; mind: string; name: string };

export class Creation {
  readonly home: Home;
  readonly minds: Minds;
  readonly making: Making;
  readonly rehearsal: Rehearsal;
  /** Null: not known yet. */
  readonly templates = signal<readonly Template[] | null>(null);
  readonly list = signal<readonly Listed[] | null>(null);
  readonly versions = signal<readonly Version[] | null>(null);
  readonly trouble = signal<Trouble | null>(null);
  readonly asked = signal<Asked | null>(null);
  /** Whether templates and the list are shown while somebody is made. */
  readonly isChoosing = signal(true);

  constructor(home: Home) {
    this.home = home;
    this.minds = new Minds(home);
    this.making = new Making(this.minds, home.world);
    this.rehearsal = new Rehearsal(this.minds, home.world);
  }

  /** Asks for what there is to choose from. */
  async refresh(): Promise<void> {
    const [templates, list] = await Promise.all([
      this.templates.peek() === null ? this.minds.templates() : null,
      this.minds.list(),
    ]);
    if (templates?.kind === "done") this.templates.value = templates.value;
    if (list.kind === "done") this.list.value = list.value;
    this.trouble.value =
      templates?.kind === "trouble" ? templates : list.kind === "trouble" ? list : null;
  }

  /** Does something that leaves what is written, once people have agreed. */
  leaving(act: () => void): void {
    if (this.making.isDirty.peek()) this.asked.value = { kind: "replace", act };
    else act();
  }

  /** Somebody new, after a template or after nobody. */
  begin(persona: Persona, index: number): void {
    this.leaving(() => {
      this.rehearsal.clear();
      this.isChoosing.value = false;
      this.making.begin(persona, lookAt(index), language.peek());
    });
  }

  open(mind: string): void {
    this.leaving(() => void this.#open(mind));
  }

  async #open(mind: string): Promise<void> {
    this.rehearsal.clear();
    this.versions.value = null;
    const look = this.home.lookOf(mind) ?? lookAt(sumOf(mind));
    // Folded before the form is there, so that its beginning is in sight.
    this.isChoosing.value = false;
    if (await this.making.open(mind, look, language.peek())) return;
    if (this.making.trouble.peek() === null) return;
    this.making.isBegun.value = false;
    this.isChoosing.value = true;
  }

  async save(over = false): Promise<void> {
    const { making } = this;
    if (!over && making.mind.peek() !== null && !making.isDirty.peek()) {
      this.home.say(c("savedNothing"), "info");
      return;
    }
    const mind = await (over ? making.saveOver() : making.save());
    if (mind === null) return;
    const placed = this.placed(mind);
    this.home.dress(placed);
    this.home.say(c("saved", { name: placed.name }), "info");
    if (this.versions.peek() !== null) void this.askVersions();
    await this.refresh();
  }

  /** Shows the version that came meanwhile in the place of what is written. */
  showTheirs(): void {
    const mind = this.making.mind.peek();
    if (mind !== null) void this.#open(mind);
  }

  placed(mind: string): Placed {
    const { persona, look } = this.making;
    return { mind, name: persona.peek().name.trim(), look: look.peek() };
  }

  async place(where: "here" | "pointed"): Promise<void> {
    const mind = this.making.mind.peek();
    if (mind === null) return;
    const placed = this.placed(mind);
    if ((await this.home.place(placed, where)) && where === "here")
      this.home.say(c("placed", { name: placed.name }), "info");
  }

  /** Deletes somebody for good. */
  async remove(mind: string, name: string): Promise<void> {
    this.asked.value = null;
    if (!this.heard(await this.minds.remove(mind))) return;
    this.home.say(c("deleted", { name }), "info");
    this.making.leave();
    this.isChoosing.value = true;
    await this.refresh();
  }

  async askVersions(): Promise<void> {
    const mind = this.making.mind.peek();
    if (mind === null) return;
    const answer = await this.minds.versions(mind);
    if (mind !== this.making.mind.peek()) return;
    if (answer.kind === "done") this.versions.value = answer.value;
    else this.heard(answer);
  }

  returnTo(version: number): void {
    this.leaving(() => void this.#return(version));
  }

  async #return(version: number): Promise<void> {
    const mind = this.making.mind.peek();
    if (mind === null || !this.heard(await this.minds.returnTo(mind, version))) return;
    await this.#open(mind);
    this.home.dress(this.placed(mind));
    this.home.say(c("versionReturned", { number: version }), "info");
    await Promise.all([this.askVersions(), this.refresh()]);
  }

  /** Tells why something was not done; whether it was. */
  heard<Value>(answer: Answered<Value>): answer is { kind: "done"; value: Value } {
    if (answer.kind === "done") return true;
    this.home.say(troubleText(answer), "trouble");
    return false;
  }
}

/** A number of a name, the same each time. */
function sumOf(name: string): number {
  return [...name].reduce((sum, letter) => sum + (letter.codePointAt(0) ?? 0), 0);
}

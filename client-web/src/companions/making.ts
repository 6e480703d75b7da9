/**
 * Somebody who is being made or changed: what is written, whether it can be saved, and what came of
 * that.
 *
 * Invariants: what was written is lost only when people say so (`isDirty` tells whoever asks them);
 * an answer that comes after something else was begun changes nothing.
 */
import { batch, computed, signal } from "@preact/signals";
import type { Language } from "../i18n/translate";
import type { Minds, Trouble } from "./minds";
import {
  faultsOf,
  inLanguages,
  isBilingual,
  nobody,
  type Persona,
  type PersonaFault,
  tidied,
} from "./persona";

/** sRGB as `#rrggbb`. */
export interface Look {
  body: string;
  accent: string;
}

/** Colours for those who have none yet, by turns. */
export const LOOKS: readonly Look[] = [
  { body: "#4aa3a2", accent: "#ffd166" },
  { body: "#86a95b", accent: "#f2e2b6" },
  { body: "#8f7bd1", accent: "#f7c9a9" },
  { body: "#c98a4b", accent: "#7fc4b8" },
  { body: "#d9678f", accent: "#ffe08a" },
  { body: "#5b86d0", accent: "#f4d58d" },
  { body: "#5d6a8a", accent: "#ffc46b" },
  { body: "#d9825b", accent: "#bfe3d0" },
];

export function lookAt(index: number): Look {
  return LOOKS[index % LOOKS.length] ?? { body: "#4aa3a2", accent: "#ffd166" };
}

export type Saving = "idle" | "saving" | "changed";

export class Making {
  readonly persona = signal<Persona>(nobody("en"));
  readonly look = signal<Look>(lookAt(0));
  /** Whether somebody is made or changed at all. */
  readonly isBegun = signal(false);
  /** Counts what was begun. */
  readonly begun = signal(0);
  /** Whose mind is changed; null: somebody new. */
  readonly mind = signal<string | null>(null);
  readonly version = signal<number | null>(null);
  /** The language in which texts are written that are told in each. */
  readonly writing = signal<Language>("en");
  readonly saving = signal<Saving>("idle");
  readonly trouble = signal<Trouble | null>(null);
  /** Faults are shown once it was tried to save. */
  readonly showsFaults = signal(false);
  readonly faults = computed<readonly PersonaFault[]>(() => faultsOf(this.persona.value));
  readonly isBilingual = computed(() => isBilingual(this.persona.value));
  readonly isDirty = computed(
    () =>
      this.isBegun.value && this.#written.value !== written(this.persona.value, this.look.value),
  );
  readonly #minds: Minds;
  readonly #world: string;
  /** What was there before anything was written, or is saved. */
  readonly #written = signal("");
  /** Counts what was begun, so that late answers are known as such. */
  #turn = 0;

  constructor(minds: Minds, world: string) {
    this.#minds = minds;
    this.#world = world;
  }

  /** Begins somebody new. */
  begin(persona: Persona, look: Look, language: Language): void {
    this.#start(persona, look, language, null, null);
  }

  /** Begins to change somebody; whether that is possible. */
  async open(mind: string, look: Look, language: Language): Promise<boolean> {
    this.#turn += 1;
    const turn = this.#turn;
    const answer = await this.#minds.get(mind);
    if (turn !== this.#turn) return false;
    if (answer.kind === "trouble") {
      this.trouble.value = answer;
      return false;
    }
    const { persona, isMine, version } = answer.value;
    if (persona === null) {
      this.trouble.value = { kind: "trouble", code: "not_yours", text: "", freeInS: null };
      return false;
    }
    // Who comes along with the server can be somebody to begin with.
    this.#start(persona, look, language, isMine ? mind : null, isMine ? version : null);
    return true;
  }

  /** Back to nobody. */
  leave(): void {
    this.#turn += 1;
    this.isBegun.value = false;
    this.mind.value = null;
    this.trouble.value = null;
    this.saving.value = "idle";
  }

  change(fields: Partial<Persona>): void {
    this.persona.value = { ...this.persona.peek(), ...fields };
  }

  /** Tells texts in each language, or one text for everybody: that of `writing`. */
  tellEach(each: boolean): void {
    this.persona.value = inLanguages(this.persona.peek(), each, this.writing.peek());
  }

  /** Saves what is written; gives the mind, and null if it could not be. */
  async save(): Promise<string | null> {
    if (this.saving.peek() === "saving") return null;
    this.showsFaults.value = true;
    if (this.faults.peek().length > 0) return null;
    return this.#send(this.version.peek());
  }

  /** Saves it over a version that came meanwhile. */
  async saveOver(): Promise<string | null> {
    const mind = this.mind.peek();
    if (mind === null) return null;
    const turn = this.#turn;
    this.saving.value = "saving";
    const newest = await this.#minds.get(mind);
    if (turn !== this.#turn) return null;
    if (newest.kind === "trouble") return this.#failed(newest);
    return this.#send(newest.value.version);
  }

  /** Nothing is saved over the version that came meanwhile. */
  keepBoth(): void {
    this.saving.value = "idle";
  }

  async #send(version: number | null): Promise<string | null> {
    const [persona, look] = [tidied(this.persona.peek()), this.look.peek()];
    const mind = this.mind.peek();
    const turn = this.#turn;
    this.saving.value = "saving";
    this.trouble.value = null;
    const answer = await (mind === null
      ? this.#minds.create(this.#world, persona)
      : this.#minds.change(mind, persona, version));
    if (turn !== this.#turn) return null;
    if (answer.kind === "trouble") return this.#failed(answer);
    const { value } = answer;
    batch(() => {
      this.saving.value = "idle";
      this.showsFaults.value = false;
      this.mind.value = typeof value === "number" ? mind : value.mind;
      this.version.value = typeof value === "number" ? value : value.version;
      this.#written.value = written(persona, look);
    });
    return this.mind.peek();
  }

  #failed(trouble: Trouble): null {
    const isChanged = trouble.code === "changed";
    this.saving.value = isChanged ? "changed" : "idle";
    this.trouble.value = isChanged ? null : trouble;
    return null;
  }

  #start(
    persona: Persona,
    look: Look,
    language: Language,
    mind: string | null,
    version: number | null,
  ): void {
    this.#turn += 1;
    batch(() => {
      this.begun.value += 1;
      this.persona.value = persona;
      this.look.value = look;
      this.mind.value = mind;
      this.version.value = version;
      this.writing.value = language;
      this.isBegun.value = true;
      this.showsFaults.value = false;
      this.trouble.value = null;
      this.saving.value = "idle";
      this.#written.value = written(persona, look);
    });
  }
}

/** All that is saved, to tell whether it is another. */
function written(persona: Persona, look: Look): string {
  return JSON.stringify([tidied(persona), look]);
}

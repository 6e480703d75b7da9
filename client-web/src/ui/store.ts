/**
 * What the panels show. The application writes it, the panels draw it, and what people want goes
 * back through `Actions`. Nothing here knows the network or the scene.
 */
import { computed, signal } from "@preact/signals";
import { type Answer, Company, hasFailed, type Spoken } from "../companions/company";
import type { TextKey } from "../i18n/translate";
import type { TransportName } from "../net/transport";
import type { Trouble } from "../net/trouble";
import type { Emote, PersonCard } from "../protocol/generated";
import type { Profile } from "./profile";

/** An entry of `/api/worlds`. */
export interface WorldSummary {
  name: string;
  title: string;
  description: string;
  people: number;
}

export type WorldList =
  | { kind: "loading" }
  | { kind: "failed" }
  | { kind: "listed"; worlds: readonly WorldSummary[] };

/** Why the page cannot go on: the session's trouble, or something of this device. */
export type Problem =
  | { kind: "session"; trouble: Trouble }
  | { kind: "graphics" }
  | { kind: "load"; detail: string };

export type Screen =
  | { kind: "entry"; problem: Problem | null }
  | { kind: "loading"; label: TextKey; done01: number }
  | { kind: "world" };

/** The connection of a visit, when it is not well. */
export type Interruption =
  | { kind: "connecting" }
  | { kind: "waiting"; retryAtMs: number; trouble: Trouble }
  | { kind: "ended"; trouble: Trouble };

/** How the connection does; null: not known yet. */
export interface LinkStats {
  transport: TransportName | null;
  roundTripMs: number | null;
  /** Share of packets that never came, 0 to 1. */
  loss01: number;
  /** Time since the last packet: even where nothing happens, two come each second. */
  silentMs: number;
  snapshotsPerS: number;
  bufferMs: number;
  mispredictions: number;
  lateInputs: number;
  framesPerS: number;
}

export type ChatLine =
  | {
      kind: "said";
      id: number;
      person: number;
      name: string;
      colour: string;
      own: boolean;
      text: string;
    }
  | { kind: "answered"; id: number; answer: Answer }
  | { kind: "told"; id: number; text: string };

export type Panel = "people" | "emotes" | "help" | "settings" | "connection";

/** Older lines are forgotten. */
const CHAT_LINES_MAX = 200;

export const NO_LINK: LinkStats = {
  transport: null,
  roundTripMs: null,
  loss01: 0,
  silentMs: 0,
  snapshotsPerS: 0,
  bufferMs: 0,
  mispredictions: 0,
  lateInputs: 0,
  framesPerS: 0,
};

/** Everything that panels show, as signals. */
export class Store {
  readonly screen = signal<Screen>({ kind: "entry", problem: null });
  readonly worlds = signal<WorldList>({ kind: "loading" });
  readonly wantedWorld = signal<string>("");
  readonly profile = signal<Profile>({ name: "", body: [0, 0, 0], accent: [0, 0, 0] });
  readonly volume01 = signal(0.7);
  readonly camera = signal<"third" | "first">("third");

  readonly worldTitle = signal("");
  readonly self = signal<number | null>(null);
  readonly people = signal<ReadonlyMap<number, PersonCard>>(new Map());
  readonly lines = signal<readonly ChatLine[]>([]);
  readonly unread = signal(0);
  readonly chatOpen = signal(false);
  readonly panel = signal<Panel | null>(null);
  readonly link = signal<LinkStats>(NO_LINK);
  readonly interruption = signal<Interruption | null>(null);
  /** The next world is on its way; the picture is covered. */
  readonly travelling = signal(false);
  /** A short remark, gone after a while. */
  readonly remark = signal<string | null>(null);
  /** The title of the draft that is shown; null: it is none, as far as is known. */
  readonly draft = signal<string | null>(null);
  readonly touch = signal(false);
  /** Whether this person may change the world, and does. */
  readonly mayBuild = signal(false);
  readonly building = signal(false);
  /** Whether a headset is there, and whether it is worn. */
  readonly headset = signal(false);
  readonly worn = signal(false);
  /** Those who live in the world. */
  readonly company = new Company((answer) => this.#tellAnswer(answer));
  /** Told at the entrance, above everything else. */
  readonly welcome = signal<string | null>(null);

  /** Everyone, oneself first, then by name. */
  readonly roster = computed<readonly PersonCard[]>(() => {
    const own = this.self.value;
    return [...this.people.value.values()].sort((a, b) => {
      if (a.person === own) return -1;
      if (b.person === own) return 1;
      return a.name.localeCompare(b.name);
    });
  });

  #lineId = 0;

  /** Replaces the card of a person, or adds it. */
  meet(card: PersonCard): void {
    this.people.value = new Map(this.people.value).set(card.person, card);
  }

  /** Forgets a person; gives the card that was known. */
  part(person: number): PersonCard | null {
    const card = this.people.value.get(person) ?? null;
    const people = new Map(this.people.value);
    people.delete(person);
    this.people.value = people;
    return card;
  }

  /** Adds what somebody said. */
  hear(person: number, text: string): void {
    const card = this.people.value.get(person);
    if (card === undefined) return;
    const own = person === this.self.value;
    this.#append({
      kind: "said",
      id: this.#nextId(),
      person,
      name: card.name,
      colour: cssColour(card.look.body),
      own,
      text,
    });
    if (!own && !this.chatOpen.value) this.unread.value += 1;
  }

  /** Opens the conversation with a companion in the place of other panels; null: closes it. */
  talkTo(companion: number | null): void {
    this.company.talkingTo.value = companion;
    if (companion === null) return;
    this.panel.value = null;
    this.chatOpen.value = false;
  }

  /** Takes in what a companion says. */
  listen(message: Spoken, timeS: number): void {
    this.company.hear(message, this.self.peek(), timeS);
  }

  /** Adds a line of the program itself. */
  tell(text: string): void {
    this.#append({ kind: "told", id: this.#nextId(), text });
  }

  /** An answer is one line, which grows. */
  #tellAnswer(answer: Answer): void {
    const isOf = (line: ChatLine) => line.kind === "answered" && line.answer.id === answer.id;
    if (this.lines.value.some(isOf)) {
      this.lines.value = this.lines.value.map((line) =>
        isOf(line) ? { kind: "answered", id: line.id, answer } : line,
      );
      return;
    }
    // Dots are enough as long as nothing is said, and so is an end of nothing.
    if (answer.text === "" && !(answer.own && hasFailed(answer.state))) return;
    this.#append({ kind: "answered", id: this.#nextId(), answer });
    const isSeen = this.chatOpen.value || this.company.talkingTo.peek() === answer.companion;
    if (!isSeen) this.unread.value += 1;
  }

  #append(line: ChatLine): void {
    this.lines.value = [...this.lines.value, line].slice(-CHAT_LINES_MAX);
  }

  #nextId(): number {
    this.#lineId += 1;
    return this.#lineId;
  }
}

/** sRGB 0-255 as CSS. */
export function cssColour(colour: readonly number[]): string {
  return `rgb(${colour.join(" ")})`;
}

/** What people can want; the application does it. */
export interface Actions {
  loadWorlds(): void;
  enter(world: string, profile: Profile): void;
  leave(): void;
  retryNow(): void;
  reload(): void;
  toEntry(problem: Problem | null): void;
  say(text: string): void;
  emote(emote: Emote): void;
  /** Says something to a companion. */
  address(companion: number, text: string): void;
  /** Asks a companion to stop talking to oneself. */
  hush(companion: number): void;
  /** Opens the panel to talk to a companion; null: closes it. */
  talkTo(companion: number | null): void;
  setProfile(profile: Profile): void;
  setVolume(volume01: number): void;
  setCamera(mode: "third" | "first"): void;
  /** Holds or lets go of the jump button on the screen. */
  jump(held: boolean): void;
  /** Opens the builder, or closes it. */
  build(): void;
  /** Goes into a headset, or out of it. */
  wear(): void;
  /** Puts the keyboard back into the world. */
  focusWorld(): void;
}

/**
 * The companions of a world as this page knows them: who they are, what they say, and with whom the
 * person of this page talks.
 *
 * Invariants: an answer is told by its companion and the number of its line; what comes for an older
 * line, or for one that has ended, is passed over. Everything is bounded. It knows neither the
 * session nor the scene, and time is an argument.
 */
import { signal } from "@preact/signals";
import { type Changes, objectOf, propertiesOf } from "../document/apply";
import { idAt, type Object as ObjectEntry, type WorldDocument } from "../protocol/document";
import type { Denial, ServerMessage, SpeechEnd } from "../protocol/generated";
import type { Emotion } from "../replica/feeling";

/** Who a companion is, as the document says. */
export interface CompanionCard {
  /** The object whose it is. */
  companion: number;
  /** Whose mind it has, as the server names it. */
  mind: string;
  name: string;
  /** sRGB, 0-255. */
  look: { body: number[]; accent: number[] };
}

/** How an answer ends: as the server says, or, for this page alone, with the connection. */
export type AnswerEnd = SpeechEnd | { kind: "lost" };

/** How far an answer is. */
export type AnswerState = { kind: "thinking" } | { kind: "speaking" } | AnswerEnd;

/** Why nothing follows what was said: it was denied, the answer was lost, or is not wanted. */
export type Unanswered = Denial | "lost" | "hushed";

/** What a companion says to somebody. */
export interface Answer {
  /** Of this page alone: lines begin anew with a visit. */
  readonly id: number;
  readonly companion: number;
  readonly line: number;
  readonly name: string;
  /** As CSS writes it. */
  readonly colour: string;
  /** Whether it is for the person of this page. */
  readonly own: boolean;
  /** What the person of this page had said; null: somebody else had, or nobody knows. */
  readonly asked: string | null;
  readonly text: string;
  readonly state: AnswerState;
}

/** One turn of the conversation between a companion and the person of this page. */
export type Turn =
  | { kind: "asked"; id: number; text: string; denial: Unanswered | null }
  | { kind: "answered"; id: number; answer: Answer };

/** What is seen above a companion's head. */
export interface Bubble {
  text: string | null;
  thinking: boolean;
  reduced: boolean;
  /** How much of it is left while it fades. */
  left01: number;
}

/** The messages that speak. */
export type Spoken = Extract<ServerMessage, { kind: "thinks" | "says" | "said" }>;

/** Older turns of a conversation are forgotten. */
const TURNS_MAX = 60;
/** What is longer is cut: the server's answers are shorter. */
const ANSWER_CHARS_MAX = 8_000;
/** Answers of which nothing was heard for so long went on out of earshot: seconds. */
const SILENT_S = 60;
/** How long the last words stay, and how long they take to fade: seconds. */
const STAYS_S_MIN = 4;
const STAYS_S_MAX = 10;
const STAYS_S_PER_CHARACTER = 1 / 20;
const FADES_S = 1;
/** A bubble is not painted more often than this: seconds. */
const PAINT_S = 0.12;

const NOTHING: Bubble = { text: null, thinking: false, reduced: false, left01: 0 };

/** Numbers of companions among those of people: avatars of both are in one picture. */
export function entityOf(companion: number): number {
  return -1 - companion;
}

/** Whether nothing follows in an answer. */
export function isOver(state: AnswerState): state is AnswerEnd {
  return state.kind !== "thinking" && state.kind !== "speaking";
}

/** Whether saying the same again may help. */
export function mayAskAgain(denial: Unanswered): boolean {
  return ["lost", "tooFast", "notNear"].includes(denial);
}

/** Whether an answer has ended otherwise than it should. */
export function hasFailed(state: AnswerState): boolean {
  return ["timedOut", "busy", "overLimit", "broken", "gone", "lost"].includes(state.kind);
}

interface Voice {
  answer: Answer;
  /** When something was heard of the answer last. */
  heardS: number;
  /** What is written in the bubble, and since when. */
  painted: string;
  paintedS: number;
}

export class Company {
  /** Everyone, by object. */
  readonly cards = signal<ReadonlyMap<number, CompanionCard>>(new Map());
  /** Conversations of the person of this page, by companion. */
  readonly talks = signal<ReadonlyMap<number, readonly Turn[]>>(new Map());
  /** Who may be spoken to from here; null: nobody is near. */
  readonly near = signal<number | null>(null);
  /** With whom the panel is open. */
  readonly talkingTo = signal<number | null>(null);
  /** Of that one: what it feels, and whether it is near enough to hear; null: it is not in sight. */
  readonly mood = signal<Emotion | null>(null);
  readonly inReach = signal(true);
  /** The answer that has ended last, for those who listen to the page. */
  readonly finished = signal<Answer | null>(null);
  readonly #voices = new Map<number, Voice>();
  /** Newest line of each companion. */
  readonly #lines = new Map<number, number>();
  /** What was said, and neither heard nor denied yet: the turns, in their order. */
  #unsure: readonly { companion: number; id: number; text: string }[] = [];
  /** What was said to each companion last. */
  readonly #asked = new Map<number, string>();
  /** What the person of this page has said to everyone, and nobody has taken up. */
  #said: string | null = null;
  #ids = 0;
  /** Answers up to this one were given in other worlds, in which companions have other numbers. */
  #elsewhere = 0;
  readonly #told: (answer: Answer) => void;

  /** `told` is called whenever something of an answer is another. */
  constructor(told: (answer: Answer) => void = () => undefined) {
    this.#told = told;
  }

  /** Another world, or the same anew: what was being said is not heard any more. */
  enter(document: WorldDocument | null, same: boolean): void {
    for (const { answer, heardS } of this.#voices.values()) {
      const end = this.#cutShort(answer, heardS, same ? "lost" : "interrupted");
      if (same && end?.own) this.finished.value = end;
    }
    for (const companion of this.talks.peek().keys()) this.#close(companion, "lost");
    this.#voices.clear();
    this.#lines.clear();
    this.#unsure = [];
    this.near.value = null;
    if (!same) {
      this.#elsewhere = this.#ids;
      this.talks.value = new Map();
      this.talkingTo.value = null;
      this.#asked.clear();
      this.#said = null;
      this.finished.value = null;
    }
    this.cards.value = document === null ? new Map() : companionsOf(document);
    this.#closeIfGone();
  }

  /** The document was changed. */
  edit(document: WorldDocument, { created, deleted, reshaped }: Changes): void {
    const before = this.cards.peek();
    const after = new Map(before);
    let changed = false;
    for (const id of [...created, ...deleted, ...reshaped]) {
      const object = objectOf(document, id);
      const card = object === null ? null : cardOf(document, object, id);
      if (card === null && !before.has(id)) continue;
      changed = true;
      if (card === null) {
        after.delete(id);
        this.#forget(id);
      } else after.set(id, card);
    }
    if (!changed) return;
    this.cards.value = after;
    this.#closeIfGone();
  }

  /** The person of this page says something to a companion. */
  ask(companion: number, text: string): void {
    const id = this.#nextId();
    this.#unsure = [...this.#unsure, { companion, id, text }].slice(-TURNS_MAX);
    this.#asked.set(companion, text);
    this.#said = null;
    this.#add(companion, { kind: "asked", id, text, denial: null });
  }

  /** The person of this page wants no answer any more. */
  hush(companion: number): void {
    this.#close(companion, "hushed");
  }

  /** The person of this page was heard, by everyone; so is what they say to a companion. */
  heardSelf(text: string): void {
    const isAsked = [...this.#asked.values()].some((asked) => plain(asked) === plain(text));
    if (!isAsked) this.#said = text;
    // What was heard is not denied any more.
    const heard = this.#unsure.find((one) => plain(one.text) === plain(text));
    this.#unsure = this.#unsure.filter((one) => one !== heard);
  }

  /**
   * Something was denied: of what was said and not heard the newest, or the first, if it was looked at
   * who is near, which is done in its order.
   */
  deny(denial: Denial): void {
    const last = this.#unsure.at(denial === "notNear" ? 0 : -1);
    // Words are denied for no other reason.
    if (last === undefined || denial === "notAllowed" || denial === "outOfReach") return;
    this.#unsure = this.#unsure.filter((one) => one !== last);
    const turns = this.talks.peek().get(last.companion) ?? [];
    this.#put(
      last.companion,
      turns.map((turn) =>
        turn.kind === "asked" && turn.id === last.id ? { ...turn, denial } : turn,
      ),
    );
  }

  /** Takes in what a companion says. Gives the answer as it is now; null: it was passed over. */
  hear(message: Spoken, self: number | null, timeS: number): Answer | null {
    const { companion, line } = message;
    if (!this.cards.peek().has(companion)) return null;
    const voice = this.#voices.get(companion);
    const known = this.#lines.get(companion);
    // Lines are counted with 32 bits.
    const ahead = known === undefined ? 1 : (line - known) | 0;
    if (ahead < 0) return null;
    const current = ahead === 0 && voice !== undefined ? voice.answer : null;
    if (ahead === 0 && (current === null || isOver(current.state))) return null;
    this.#lines.set(companion, line);
    if (message.kind === "thinks") {
      return ahead === 0 ? null : this.#begin(message, message.to === self, timeS);
    }
    if (message.kind === "said" && current === null) return null;
    // Whoever comes into earshot hears the rest.
    const answer = current ?? this.#begin(message, false, timeS);
    const next: Answer =
      message.kind === "said"
        ? { ...answer, state: message.end }
        : {
            ...answer,
            text: (answer.text + message.text).slice(0, ANSWER_CHARS_MAX),
            state: { kind: "speaking" },
          };
    this.#replace(next, timeS);
    if (message.kind === "said") this.finished.value = next;
    return next;
  }

  /** What is seen above a companion's head. */
  bubbleOf(companion: number, timeS: number): Bubble {
    const voice = this.#voices.get(companion);
    if (voice === undefined) return NOTHING;
    const { answer, heardS } = voice;
    const sinceS = timeS - heardS;
    if (!isOver(answer.state)) {
      if (sinceS > SILENT_S) return NOTHING;
      if (answer.text === "") return { ...NOTHING, thinking: true, left01: 1 };
      if (timeS - voice.paintedS >= PAINT_S) this.#paint(voice, timeS);
      return { text: voice.painted, thinking: false, reduced: false, left01: 1 };
    }
    if (answer.text === "") return NOTHING;
    if (voice.painted !== answer.text) this.#paint(voice, timeS);
    const stays = STAYS_S_MIN + answer.text.length * STAYS_S_PER_CHARACTER;
    const leftS = Math.min(STAYS_S_MAX, stays) + FADES_S - sinceS;
    if (leftS <= 0) return NOTHING;
    const reduced = answer.state.kind === "reduced";
    return { text: voice.painted, thinking: false, reduced, left01: Math.min(1, leftS / FADES_S) };
  }

  /** What may be said again, so that an answer comes after all; null: that would not help. */
  againOf({ id, companion, asked, state }: Answer): string | null {
    const isHere = this.cards.value.has(companion) && id > this.#elsewhere;
    return isHere && hasFailed(state) && state.kind !== "gone" ? asked : null;
  }

  /** Whether a companion speaks, or is about to, to the person of this page. */
  isAnswering(companion: number): boolean {
    const last = this.talks.value.get(companion)?.at(-1);
    return last?.kind === "answered" ? !isOver(last.answer.state) : last?.denial === null;
  }

  /** Nothing follows what was said and was not taken up yet. */
  #close(companion: number, denial: Unanswered): void {
    const turns = this.talks.peek().get(companion) ?? [];
    const taken = turns.findLastIndex(({ kind }) => kind === "answered");
    const isOpen = (turn: Turn, at: number) =>
      at > taken && turn.kind === "asked" && turn.denial === null;
    if (!turns.some(isOpen)) return;
    this.#put(
      companion,
      turns.map((turn, at) => (isOpen(turn, at) ? { ...turn, denial } : turn) as Turn),
    );
  }

  /** It is gone. Should it come back, the server counts its lines from the first one again. */
  #forget(companion: number): void {
    const voice = this.#voices.get(companion);
    if (voice !== undefined) this.#cutShort(voice.answer, voice.heardS);
    this.#voices.delete(companion);
    this.#lines.delete(companion);
    this.#asked.delete(companion);
    this.#close(companion, "lost");
    this.#unsure = this.#unsure.filter((one) => one.companion !== companion);
  }

  #paint(voice: Voice, timeS: number): void {
    voice.painted = voice.answer.text;
    voice.paintedS = timeS;
  }

  /** Begins an answer. */
  #begin({ companion, line }: Spoken, own: boolean, timeS: number): Answer {
    const before = this.#voices.get(companion)?.answer;
    if (before !== undefined) this.#cutShort(before, timeS);
    const card = this.cards.peek().get(companion);
    const said = own ? this.#said : null;
    const asked = said ?? (own ? (this.#asked.get(companion) ?? null) : null);
    const answer: Answer = {
      id: this.#nextId(),
      companion,
      line,
      name: card?.name ?? "",
      colour: card === undefined ? "" : `rgb(${card.look.body.join(" ")})`,
      own,
      asked,
      text: "",
      state: { kind: "thinking" },
    };
    if (own) {
      this.#unsure = this.#unsure.filter((one) => one.companion !== companion);
      // What was said to everyone, and taken up by this one.
      if (said !== null) {
        this.#said = null;
        this.#asked.set(companion, said);
        this.#add(companion, { kind: "asked", id: this.#nextId(), text: said, denial: null });
      }
      this.#add(companion, { kind: "answered", id: this.#nextId(), answer });
    }
    this.#voices.set(companion, {
      answer,
      heardS: timeS,
      painted: "",
      paintedS: Number.NEGATIVE_INFINITY,
    });
    return answer;
  }

  /** The end of an answer is not heard, if it is not over yet. Gives the answer as it ended here. */
  #cutShort(
    answer: Answer,
    timeS: number,
    kind: "interrupted" | "lost" = "interrupted",
  ): Answer | null {
    if (isOver(answer.state)) return null;
    const end: Answer = { ...answer, state: { kind } };
    this.#replace(end, timeS);
    return end;
  }

  /** What is known of an answer is another. */
  #replace(answer: Answer, timeS: number): void {
    const voice = this.#voices.get(answer.companion);
    if (voice === undefined) return;
    const before = voice.answer;
    voice.answer = answer;
    voice.heardS = timeS;
    this.#told(answer);
    if (!answer.own) return;
    const turns = this.talks.peek().get(answer.companion) ?? [];
    this.#put(
      answer.companion,
      turns.map((turn) =>
        turn.kind === "answered" && turn.answer === before ? { ...turn, answer } : turn,
      ),
    );
  }

  #add(companion: number, turn: Turn): void {
    this.#put(companion, [...(this.talks.peek().get(companion) ?? []), turn]);
  }

  #put(companion: number, turns: readonly Turn[]): void {
    this.talks.value = new Map(this.talks.peek()).set(companion, turns.slice(-TURNS_MAX));
  }

  #nextId(): number {
    this.#ids += 1;
    return this.#ids;
  }

  #closeIfGone(): void {
    const { talkingTo, near } = this;
    const gone = (id: number | null): boolean => id !== null && !this.cards.peek().has(id);
    if (gone(talkingTo.peek())) talkingTo.value = null;
    if (gone(near.peek())) near.value = null;
  }
}

/** All companions of a document. */
export function companionsOf(document: WorldDocument): Map<number, CompanionCard> {
  const cards = new Map<number, CompanionCard>();
  document.objects.forEach((object, index) => {
    const id = idAt(document, index);
    const card = cardOf(document, object, id);
    if (card !== null) cards.set(id, card);
  });
  return cards;
}

function cardOf(document: WorldDocument, object: ObjectEntry, id: number): CompanionCard | null {
  const { companion } = propertiesOf(document, object);
  if (companion == null) return null;
  const { mind, name, body, accent } = companion;
  return { companion: id, mind, name, look: { body: coloursOf(body), accent: coloursOf(accent) } };
}

/** As the server writes it, nearly: to know again what was said. */
function plain(text: string): string {
  return text.normalize("NFC").replace(/\s+/g, " ").trim();
}

/** `#rrggbb` as numbers. */
function coloursOf(hex: string): number[] {
  const value = Number.parseInt(hex.slice(1), 16) || 0;
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

/**
 * Talking to a companion before it is saved: what is said here nobody keeps, this page included.
 *
 * Invariant: one answer at a time; what comes of an answer that was stopped is passed over.
 */
import { signal } from "@preact/signals";
import type { Minds, Trouble } from "./minds";
import { type Persona, tidied } from "./persona";
import { follow } from "./stream";

export type RehearsedState =
  | { kind: "thinking" | "speaking" | "done" | "reduced" | "stopped" }
  | { kind: "failed"; trouble: Trouble };

/** One thing that was said, and what was answered. */
export interface Exchange {
  readonly id: number;
  readonly asked: string;
  readonly text: string;
  readonly state: RehearsedState;
}

/** So many exchanges are told to the server, so that it knows what was spoken of. */
const RECENT_MAX = 6;
/** Older ones are forgotten. */
const SHOWN_MAX = 30;

export class Rehearsal {
  readonly exchanges = signal<readonly Exchange[]>([]);
  readonly #minds: Pick<Minds, "preview">;
  readonly #world: string;
  #ids = 0;
  #stop: AbortController | null = null;

  constructor(minds: Pick<Minds, "preview">, world: string) {
    this.#minds = minds;
    this.#world = world;
  }

  /** Whether an answer is on its way. */
  get isAnswering(): boolean {
    const kind = this.exchanges.value.at(-1)?.state.kind;
    return kind === "thinking" || kind === "speaking";
  }

  /** Says something to it as it is written down now. */
  async ask(persona: Persona, asked: string): Promise<void> {
    this.stop();
    const stop = new AbortController();
    this.#stop = stop;
    const recent = this.exchanges
      .peek()
      .filter(({ text }) => text !== "")
      .slice(-RECENT_MAX)
      .flatMap((one) => [
        { by: "person", text: one.asked },
        { by: "companion", text: one.text },
      ]);
    this.#ids += 1;
    const id = this.#ids;
    const first: Exchange = { id, asked, text: "", state: { kind: "thinking" } };
    this.exchanges.value = [...this.exchanges.peek(), first].slice(-SHOWN_MAX);
    const wish = { world: this.#world, persona: tidied(persona), text: asked, recent };
    const answer = await this.#minds.preview(wish, stop.signal);
    if (stop.signal.aborted) return;
    if (answer instanceof Response) await this.#hear(id, answer, stop.signal);
    else this.#end(id, { kind: "failed", trouble: answer });
  }

  /** Lets it say no more. */
  stop(): void {
    this.#stop?.abort();
    this.#stop = null;
    const last = this.exchanges.peek().at(-1);
    if (last !== undefined) this.#end(last.id, { kind: "stopped" });
  }

  /** Begins anew. */
  clear(): void {
    this.stop();
    this.exchanges.value = [];
  }

  async #hear(id: number, { body }: Response, signal: AbortSignal): Promise<void> {
    try {
      if (body !== null) {
        await follow(body, (event) => {
          if (signal.aborted) return false;
          if (event.kind === "says") this.#add(id, event.text);
          else if (event.kind === "failed") this.#end(id, event);
          else this.#end(id, { kind: event.isReduced ? "reduced" : "done" });
          return event.kind === "says";
        });
      }
    } catch {
      // The line broke: told below.
    }
    if (signal.aborted) return;
    // It ended without a word about how.
    const trouble: Trouble = { kind: "trouble", code: null, text: "", freeInS: null };
    this.#end(id, { kind: "failed", trouble });
  }

  #add(id: number, text: string): void {
    this.#change(id, (one) => ({ ...one, text: one.text + text, state: { kind: "speaking" } }));
  }

  /** What has ended stays as it is. */
  #end(id: number, state: RehearsedState): void {
    this.#change(id, (one) =>
      one.state.kind === "thinking" || one.state.kind === "speaking" ? { ...one, state } : one,
    );
  }

  #change(id: number, by: (one: Exchange) => Exchange): void {
    const before = this.exchanges.peek();
    const after = before.map((one) => (one.id === id ? by(one) : one));
    if (after.some((one, index) => one !== before[index])) this.exchanges.value = after;
  }
}

/**
 * Copying, cutting and pasting what is chosen.
 *
 * Goes by the browser's clipboard. Where the browser keeps it closed (a page without TLS, or a
 * person who does not allow it), what was copied last on this page is pasted.
 */
import { signal } from "@preact/signals";
import type { Builder } from "./builder";
import { copyText, footOf, pasteAll, readCopied } from "./clipboard";
import { b } from "./texts/words";
import { add, subtract } from "./vectors";

/** Outlives the builder: things are copied in one world and pasted in another. */
const last = signal<string | null>(null);

const clipboard = (): Clipboard | undefined => navigator.clipboard;

export class Board {
  readonly #builder: Builder;

  constructor(builder: Builder) {
    this.#builder = builder;
  }

  /** Whether there may be something to paste. */
  get mayPaste(): boolean {
    return last.value !== null || typeof clipboard()?.readText === "function";
  }

  /** What is chosen as text; null: nothing is. */
  copied(): string | null {
    const builder = this.#builder;
    const ids = builder.chosen.value;
    if (ids.length === 0) return null;
    builder.say(b("copied", { count: builder.scenery.value.families(ids).length }));
    last.value = copyText(builder.scenery.value, ids);
    return last.value;
  }

  /** Copies what is chosen; false: nothing is. */
  async copy(): Promise<boolean> {
    const text = this.copied();
    if (text === null) return false;
    try {
      await clipboard()?.writeText(text);
    } catch {
      // It can be pasted on this page.
    }
    return true;
  }

  async paste(): Promise<void> {
    let text = last.peek();
    try {
      text = (await clipboard()?.readText()) ?? text;
    } catch {
      // What was copied here is left.
    }
    if (text === null) this.#builder.say(b("clipboardClosed"), "trouble");
    else this.put(text);
  }

  /** Makes what was copied, where the pointer is or beside where it was. */
  put(text: string): void {
    const builder = this.#builder;
    const copied = readCopied(text);
    if (copied === null) {
      builder.say(b("nothingToPaste"));
      return;
    }
    const foot = footOf(copied);
    const step = builder.gridStepM ?? 0.5;
    const to = builder.underPointer()?.point ?? add(foot, [step, 0, step]);
    void builder.create(pasteAll(builder.scenery.value, copied, subtract(to, foot)));
  }
}

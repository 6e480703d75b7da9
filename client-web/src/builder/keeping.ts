/**
 * Templates that a person has made, kept in this browser for all worlds.
 *
 * Owns their list: at most 50 of 64 KiB. Storage may be forbidden or full: then nothing is kept, and
 * that is told.
 */
import { signal } from "@preact/signals";
import type { Keep } from "../remembered";
import { type Copied, readCopied } from "./clipboard";
import { isRecord } from "./edits";

export const KEPT_MAX = 50;
export const KEPT_CHARS_MAX = 64 * 1024;
export const KEPT_NAME_CHARS_MAX = 60;

const LIST = "vivarium.templates";
const ONE = "vivarium.template.";

export interface KeptTemplate {
  id: string;
  name: string;
  copied: Copied;
}

export type Keeping = "kept" | "full" | "tooLarge" | "failed";

export class Keepsakes {
  readonly #storage: Keep;
  readonly all = signal<readonly KeptTemplate[]>([]);

  constructor(storage: Keep) {
    this.#storage = storage;
    this.refresh();
  }

  /** Reads again what is kept: another tab may have changed it. */
  refresh(): void {
    this.all.value = this.#list().flatMap(({ id, name }) => {
      const copied = readCopied(this.#storage.getItem(ONE + id) ?? "");
      return copied === null ? [] : [{ id, name, copied }];
    });
  }

  /** Keeps a group under a name, before those that are there. */
  keep(name: string, copied: Copied): Keeping {
    const text = JSON.stringify(copied);
    if (text.length > KEPT_CHARS_MAX) return "tooLarge";
    const list = this.#list();
    if (list.length >= KEPT_MAX) return "full";
    const taken = new Set(list.map(({ id }) => id));
    let number = list.length;
    while (taken.has(String(number))) number += 1;
    const id = String(number);
    this.#storage.setItem(ONE + id, text);
    if (this.#storage.getItem(ONE + id) !== text) return "failed";
    const told = JSON.stringify([{ id, name: name.slice(0, KEPT_NAME_CHARS_MAX) }, ...list]);
    this.#storage.setItem(LIST, told);
    const isKept = this.#storage.getItem(LIST) === told;
    if (!isKept) this.#storage.removeItem(ONE + id);
    this.refresh();
    return isKept ? "kept" : "failed";
  }

  forget(id: string): void {
    const list = this.#list().filter((one) => one.id !== id);
    this.#storage.setItem(LIST, JSON.stringify(list));
    this.#storage.removeItem(ONE + id);
    this.refresh();
  }

  #list(): { id: string; name: string }[] {
    let told: unknown;
    try {
      told = JSON.parse(this.#storage.getItem(LIST) ?? "[]");
    } catch {
      return [];
    }
    if (!Array.isArray(told)) return [];
    const entries = told.flatMap((entry) => {
      if (!isRecord(entry)) return [];
      const { id, name } = entry;
      return typeof id === "string" && typeof name === "string" ? [{ id, name }] : [];
    });
    return entries.slice(0, KEPT_MAX);
  }
}

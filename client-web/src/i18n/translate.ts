/**
 * Texts for people, in their language.
 *
 * Owns which language is shown. A component that calls `t` is drawn again when it changes.
 */
import { signal } from "@preact/signals";
import { type Catalogue, en, type MessageKey } from "./en";
import { fr } from "./fr";
import type { Plural } from "./plural";

/** Languages that have a catalogue. */
export type Language = "en" | "fr";

export const LANGUAGES: readonly Language[] = ["en", "fr"];

const catalogues: Record<Language, Catalogue> = { en, fr };
const plurals: Record<Language, Intl.PluralRules> = {
  en: new Intl.PluralRules("en"),
  fr: new Intl.PluralRules("fr"),
};

/** The language that is shown. */
export const language = signal<Language>("en");

type PluralKey = {
  [Key in MessageKey]: (typeof en)[Key] extends string ? never : Key;
}[MessageKey];

/** Keys whose text is one string. */
export type TextKey = Exclude<MessageKey, PluralKey>;

export type Values = Readonly<Record<string, string | number>>;

function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? value.toLocaleString(language.value) : value;
  });
}

/** A text, its `{placeholders}` filled. Texts with plural forms need a `count`. */
export function t(key: PluralKey, values: Values & { count: number }): string;
export function t(key: TextKey, values?: Values): string;
export function t(key: MessageKey, values: Values = {}): string {
  return phrase(catalogues[language.value][key], values);
}

/** A text of any catalogue in the language that is shown, its `{placeholders}` filled. */
export function phrase(message: string | Plural, values: Values = {}): string {
  if (typeof message === "string") return fill(message, values);
  const form = plurals[language.value].select(Number(values.count ?? 0));
  return fill(message[form] ?? message.other, values);
}

/** What a language calls itself. */
export function nameOf(of: Language): string {
  return catalogues[of].languageName;
}

/** The first language of `wanted` (as in `navigator.languages`) that has a catalogue. */
export function negotiate(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const primary = tag.toLowerCase().split("-")[0];
    const found = LANGUAGES.find((known) => known === primary);
    if (found !== undefined) return found;
  }
  return "en";
}

/** Shows another language, and tells the page, for screen readers. */
export function speak(next: Language): void {
  language.value = next;
  document.documentElement.lang = next;
}

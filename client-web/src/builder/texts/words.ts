/** Texts of the builder, in the page's language. They are loaded with the builder, not before. */
import type { Plural } from "../../i18n/plural";
import { language } from "../../i18n/translate";
import { type BuilderKey, en, type Texts } from "./en";
import { fr } from "./fr";

const texts: Readonly<Record<typeof language.value, Texts>> = { en, fr };
type PluralKey = {
  [Key in BuilderKey]: (typeof en)[Key] extends string ? never : Key;
}[BuilderKey];
export type BuilderText = Exclude<BuilderKey, PluralKey>;

type Values = Readonly<Record<string, string | number>>;

function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? value.toLocaleString(language.value) : value;
  });
}

/** A text with its `{placeholders}` filled. Texts with plural forms need a `count`. */
export function b(key: PluralKey, values: Values & { count: number }): string;
export function b(key: BuilderText, values?: Values): string;
export function b(key: BuilderKey, values: Values = {}): string {
  const message: string | Plural = texts[language.value][key];
  if (typeof message === "string") return fill(message, values);
  const form = new Intl.PluralRules(language.value).select(Number(values.count ?? 0));
  return fill(message[form] ?? message.other, values);
}

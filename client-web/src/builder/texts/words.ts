/** Texts of the builder, in the page's language. They are loaded with the builder, not before. */
import { language, phrase, type Values } from "../../i18n/translate";
import { type BuilderKey, en, type Texts } from "./en";
import { fr } from "./fr";

const texts: Readonly<Record<typeof language.value, Texts>> = { en, fr };
type PluralKey = {
  [Key in BuilderKey]: (typeof en)[Key] extends string ? never : Key;
}[BuilderKey];
export type BuilderText = Exclude<BuilderKey, PluralKey>;

/** A text with its `{placeholders}` filled. Texts with plural forms need a `count`. */
export function b(key: PluralKey, values: Values & { count: number }): string;
export function b(key: BuilderText, values?: Values): string;
export function b(key: BuilderKey, values: Values = {}): string {
  return phrase(texts[language.value][key], values);
}

/** Forms of a text by number, chosen with `Intl.PluralRules`; `other` is for all that are not named. */
export type Plural = { readonly other: string } & {
  readonly [Form in Exclude<Intl.LDMLPluralRule, "other">]?: string;
};

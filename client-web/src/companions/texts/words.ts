/** Texts about companions, in the page's language. They are loaded with the panels that show them. */
import { language, phrase, type Values } from "../../i18n/translate";
import type { Emotion } from "../../replica/feeling";
import type { BondAxis, Memory, Stage, Trouble } from "../minds";
import { type PersonaFault, TRAITS, type Trait, type Traits } from "../persona";
import { type CompanionKey, en, type Texts } from "./en";
import { fr } from "./fr";

const texts: Readonly<Record<typeof language.value, Texts>> = { en, fr };
type PluralKey = {
  [Key in CompanionKey]: (typeof en)[Key] extends string ? never : Key;
}[CompanionKey];
export type CompanionText = Exclude<CompanionKey, PluralKey>;

/** A text with its `{placeholders}` filled. Texts with plural forms need a `count`. */
export function c(key: PluralKey, values: Values & { count: number }): string;
export function c(key: CompanionText, values?: Values): string;
export function c(key: CompanionKey, values: Values = {}): string {
  return phrase(texts[language.value][key], values);
}

type Capital<Name extends string> = Capitalize<Name>;

function capital<Name extends string>(name: Name): Capital<Name> {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}` as Capital<Name>;
}

/** What a trait is about. */
export function traitName(trait: Trait): string {
  return c(`trait${capital(trait)}`);
}

/** What somebody is who has little of a trait, and who has much of it. */
export function traitEnds(trait: Trait): { low: string; high: string } {
  return { low: c(`low${capital(trait)}`), high: c(`high${capital(trait)}`) };
}

/** How somebody is with that much (percent) of a trait: "rather curious". */
export function traitText(trait: Trait, percent: number): string {
  const { low, high } = traitEnds(trait);
  if (percent >= 40 && percent <= 60) return c("traitBetween", { low, high });
  const word = percent < 40 ? low : high;
  return c(percent < 20 || percent > 80 ? "traitVery" : "traitRather", { word });
}

/** The same where both ends are told beside it. */
export function traitWord(trait: Trait, percent: number): string {
  return percent >= 40 && percent <= 60 ? c("traitMiddle") : traitText(trait, percent);
}

/** What is most striking in somebody, in a few words. */
export function characterText(traits: Traits): string {
  return TRAITS.toSorted((a, b) => Math.abs(traits[b] - 50) - Math.abs(traits[a] - 50))
    .slice(0, 3)
    .map((trait) => traitText(trait, traits[trait]))
    .join(", ");
}

export function moodText(emotion: Emotion): string {
  return c(`mood${capital(emotion)}`);
}

export function axisText(axis: BondAxis): string {
  return c(`axis${capital(axis)}`);
}

const STAGE_TEXTS: Readonly<Record<Stage, readonly [CompanionText, CompanionText]>> = {
  hostile: ["stageHostile", "stageHostileHint"],
  wary: ["stageWary", "stageWaryHint"],
  stranger: ["stageStranger", "stageStrangerHint"],
  acquaintance: ["stageAcquaintance", "stageAcquaintanceHint"],
  friend: ["stageFriend", "stageFriendHint"],
  close_friend: ["stageCloseFriend", "stageCloseFriendHint"],
};

/** How close two are: in a word, and what that means. */
export function stageText(stage: Stage): { name: string; hint: string } {
  const [name, hint] = STAGE_TEXTS[stage];
  return { name: c(name), hint: c(hint) };
}

const FACT_TEXTS: Readonly<Record<string, CompanionText>> = {
  name: "factName",
  likes: "factLikes",
  dislikes: "factDislikes",
  lives_in: "factLivesIn",
  from: "factFrom",
  job: "factJob",
  plans: "factPlans",
  favorite: "factFavorite",
  pet: "factOf",
  kin: "factOf",
};

/** Kinds of things are kept in English: `server/dialogue/src/patterns/words.rs`. */
const FRENCH_KINDS: Readonly<Record<string, string>> = {
  color: "couleur",
  food: "nourriture",
  dish: "plat",
  movie: "film",
  book: "livre",
  song: "chanson",
  music: "musique",
  season: "saison",
  game: "jeu",
  flower: "fleur",
  place: "endroit",
  city: "ville",
  drink: "boisson",
  number: "nombre",
  word: "mot",
  dog: "chien",
  cat: "chat",
  rabbit: "lapin",
  horse: "cheval",
  fish: "poisson",
  bird: "oiseau",
  parrot: "perroquet",
  turtle: "tortue",
  snake: "serpent",
  sister: "sœur",
  brother: "frère",
  mother: "mère",
  mom: "maman",
  father: "père",
  dad: "papa",
  son: "fils",
  daughter: "fille",
  wife: "femme",
  husband: "mari",
  friend: "ami",
  girlfriend: "copine",
  boyfriend: "copain",
};

/** What stands before the value of a fact: "You live in"; null: it is told as it is. */
export function leadText({ relation }: Memory): string | null {
  if (relation === null) return null;
  const [kind = "", of = ""] = relation.split(":");
  const known = language.value === "fr" && Object.hasOwn(FRENCH_KINDS, of);
  const what = (known ? FRENCH_KINDS[of] : of.replaceAll("_", " ")) ?? of;
  return Object.hasOwn(FACT_TEXTS, kind)
    ? c(FACT_TEXTS[kind] ?? "factOther", { of: what })
    : c("factOther", { of: relation.replaceAll(/[_:]/g, " ") });
}

/** A memory as it is read. */
export function memoryText(memory: Memory): string {
  const lead = leadText(memory);
  return lead === null ? memory.text : `${lead} ${memory.text}`;
}

export function faultText({ kind, field, language: of, most }: PersonaFault): string {
  switch (kind) {
    case "empty":
      if (field === "languages") return c("faultLanguages");
      return of === null
        ? c("faultEmpty")
        : c("faultEmptyIn", { language: c(of === "en" ? "english" : "french") });
    case "tooLong":
      return c("faultTooLong", { most });
    case "tooMany":
      return c("faultTooMany", { most });
    case "tooLarge":
      return c("faultTooLarge");
  }
}

const TROUBLE_TEXTS: Readonly<Record<string, CompanionText>> = {
  no_key: "troubleNoKey",
  forbidden: "troubleForbidden",
  not_yours: "troubleNotYours",
  no_consent: "troubleNoConsent",
  unknown: "troubleUnknown",
  no_mind: "troubleUnknown",
  no_companion: "troubleUnknown",
  no_memory: "troubleUnknown",
  no_version: "troubleUnknown",
  no_person: "troubleUnknown",
  ended: "troubleEnded",
  one_parent: "troubleOneParent",
  timed_out: "troubleTimedOut",
  broken: "troubleTimedOut",
  too_large: "faultTooLarge",
  disk_full: "troubleNotKept",
  too_many_companions: "troubleTooMany",
  full: "troubleTooMany",
  too_many: "troubleTooFast",
  too_fast: "troubleTooFast",
  busy: "troubleBusy",
  unavailable: "troubleBusy",
  not_kept: "troubleNotKept",
};

const MINUTE_S = 60;

/** Why something was not done, in words for people. */
export function troubleText({ code, text, freeInS }: Trouble): string {
  if (code === null) return c("troubleUnreachable");
  if (code === "over_limit") {
    if (freeInS === null) return c("troubleOverLimitSoon");
    const isSoon = freeInS < MINUTE_S;
    const count = isSoon ? freeInS : Math.ceil(freeInS / MINUTE_S);
    return c("troubleOverLimit", {
      time: isSoon ? c("seconds", { count }) : c("minutes", { count }),
    });
  }
  const known = TROUBLE_TEXTS[code];
  if (known !== undefined) return c(known);
  return text === "" ? c("troubleUnreachable") : c("troubleRefused", { reason: text });
}

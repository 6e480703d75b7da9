/**
 * Who a companion is, as the server reads and writes it: `server/dialogue/src/persona`. Pure.
 *
 * Invariant: what comes from a server is read with care; what is sent has the server's shape, bounds
 * and field names, so that its refusals are told at a field before it is asked.
 */
import type { Language } from "../i18n/translate";
import { cleanName, countCharacters } from "../ui/profile";

/** The server's bounds: characters of a name and of any other text, entries of a list, bytes. */
export const PERSONA_NAME_CHARS_MAX = 24;
export const PERSONA_TEXT_CHARS_MAX = 1_200;
export const PERSONA_LIST_MAX = 24;
export const PERSONA_BYTES_MAX = 64 * 1024;

/** In the order in which genes are told. */
export const TRAITS = [
  "openness",
  "conscientiousness",
  "extraversion",
  "agreeableness",
  "neuroticism",
  "playfulness",
  "courage",
] as const;

export type Trait = (typeof TRAITS)[number];
/** Percent of each. */
export type Traits = Record<Trait, number>;
/** The two alleles of a trait, percent. */
export type Pair = [number, number];
export type Genome = Record<Trait, Pair>;
/** A text for everybody, or one in each language. */
export type Told = string | Record<Language, string>;

export interface Riddle {
  question: Told;
  answer: Told;
}

export interface Persona {
  name: string;
  voice: string;
  role: Told;
  background: Told;
  manner: Told;
  likes: Told[];
  dislikes: Told[];
  languages: Language[];
  adults_only: boolean;
  genome: Genome;
  greetings: Told[];
  sayings: Told[];
  stories: Told[];
  jokes: Told[];
  riddles: Riddle[];
}

/** Lists of texts, and those of them that no field changes. */
export type ListField = "likes" | "dislikes";
export const OWN_WORDS = ["greetings", "sayings", "stories", "jokes", "riddles"] as const;
/** Texts that may be told in each language. */
export type ToldField = "role" | "background" | "manner";

export const TRAIT_MAX = 100;
const AVERAGE = 50;

/** Anything with fields. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Somebody of whom nothing is said yet. */
export function nobody(language: Language): Persona {
  return {
    name: "",
    voice: "",
    role: "",
    background: "",
    manner: "",
    likes: [],
    dislikes: [],
    languages: [language],
    adults_only: false,
    genome: genomeOf(() => [AVERAGE, AVERAGE]),
    greetings: [],
    sayings: [],
    stories: [],
    jokes: [],
    riddles: [],
  };
}

/** A genome, trait by trait. */
function genomeOf(pairOf: (trait: Trait) => Pair): Genome {
  return Object.fromEntries(TRAITS.map((trait) => [trait, pairOf(trait)])) as Genome;
}

/** The trait that two alleles make: their mean, rounded half up. */
export function expressed([a, b]: Pair): number {
  return Math.floor((a + b + 1) / 2);
}

/** All traits that a genome makes. */
export function traitsOf(genome: Genome): Traits {
  return Object.fromEntries(TRAITS.map((trait) => [trait, expressed(genome[trait])])) as Traits;
}

/** A genome in which a trait is exactly so: both alleles alike. What is so already stays as it is. */
export function withTrait(genome: Genome, trait: Trait, percent: number): Genome {
  const value = Math.min(TRAIT_MAX, Math.max(0, Math.round(percent)));
  if (expressed(genome[trait]) === value) return genome;
  return { ...genome, [trait]: [value, value] };
}

/** A text for somebody who reads that language. */
export function textOf(told: Told, language: Language): string {
  return typeof told === "string" ? told : told[language];
}

/** A text that is another in one language: in that one alone if it has one in each. */
export function withText(told: Told, language: Language, text: string): Told {
  return typeof told === "string" ? text : { ...told, [language]: text };
}

/** The same text in each language, to be translated. */
function inEach(told: Told): Told {
  return typeof told === "string" ? { en: told, fr: told } : told;
}

/** Whether some field is told in each language. */
export function isBilingual({ role, background, manner, likes, dislikes }: Persona): boolean {
  const all = [role, background, manner, ...likes, ...dislikes];
  return all.some((told) => typeof told !== "string");
}

/** The fields that people write, told in each language, or in one for everybody. */
export function inLanguages(persona: Persona, each: boolean, kept: Language): Persona {
  const turn = (told: Told): Told => (each ? inEach(told) : textOf(told, kept));
  return {
    ...persona,
    role: turn(persona.role),
    background: turn(persona.background),
    manner: turn(persona.manner),
    likes: persona.likes.map(turn),
    dislikes: persona.dislikes.map(turn),
  };
}

/** How many greetings, sayings, stories, jokes and riddles of its own it has. */
export function ownWords(persona: Persona): number {
  return OWN_WORDS.reduce((sum, field) => sum + persona[field].length, 0);
}

/** The same without them. */
export function withoutOwnWords(persona: Persona): Persona {
  return { ...persona, greetings: [], sayings: [], stories: [], jokes: [], riddles: [] };
}

/** As it is sent: without white space around what was written. */
export function tidied(persona: Persona): Persona {
  const trim = (told: Told): Told =>
    typeof told === "string" ? told.trim() : { en: told.en.trim(), fr: told.fr.trim() };
  return {
    ...persona,
    name: cleanName(persona.name),
    voice: persona.voice.trim(),
    role: trim(persona.role),
    background: trim(persona.background),
    manner: trim(persona.manner),
    likes: persona.likes.map(trim),
    dislikes: persona.dislikes.map(trim),
  };
}

export type PersonaField = "name" | "voice" | ToldField | ListField | "languages" | "whole";

/** What is wrong with a field; `language`: only its text in that one is. */
export interface PersonaFault {
  field: PersonaField;
  kind: "empty" | "tooLong" | "tooMany" | "tooLarge";
  language: Language | null;
  most: number;
}

/** Everything that the server would refuse, in the order of the fields. */
export function faultsOf(persona: Persona): PersonaFault[] {
  const clean = tidied(persona);
  const faults: PersonaFault[] = [];
  const look = (field: PersonaField, text: string, most: number, language: Language | null) => {
    if (text === "") faults.push({ field, kind: "empty", language, most });
    else if (countCharacters(text) > most) faults.push({ field, kind: "tooLong", language, most });
  };
  const lookAt = (field: PersonaField, told: Told): void => {
    if (typeof told === "string") look(field, told, PERSONA_TEXT_CHARS_MAX, null);
    else
      for (const language of ["en", "fr"] as const)
        look(field, told[language], PERSONA_TEXT_CHARS_MAX, language);
  };
  look("name", clean.name, PERSONA_NAME_CHARS_MAX, null);
  for (const field of ["role", "background", "manner"] as const) lookAt(field, clean[field]);
  look("voice", clean.voice, PERSONA_TEXT_CHARS_MAX, null);
  for (const field of ["likes", "dislikes"] as const) {
    if (clean[field].length > PERSONA_LIST_MAX)
      faults.push({ field, kind: "tooMany", language: null, most: PERSONA_LIST_MAX });
    for (const told of clean[field]) lookAt(field, told);
  }
  if (clean.languages.length === 0)
    faults.push({ field: "languages", kind: "empty", language: null, most: 2 });
  if (new TextEncoder().encode(JSON.stringify(clean)).length > PERSONA_BYTES_MAX)
    faults.push({ field: "whole", kind: "tooLarge", language: null, most: PERSONA_BYTES_MAX });
  return faults;
}

// --- reading ----------------------------------------------------------------------------------

function readTold(value: unknown): Told | null {
  if (typeof value === "string") return value;
  if (!isRecord(value)) return null;
  const { en, fr } = value;
  return typeof en === "string" && typeof fr === "string" ? { en, fr } : null;
}

function readList(value: unknown): Told[] {
  const list = Array.isArray(value) ? value.slice(0, PERSONA_LIST_MAX) : [];
  return list.flatMap((one: unknown) => readTold(one) ?? []);
}

function readRiddles(value: unknown): Riddle[] {
  const list = Array.isArray(value) ? value.slice(0, PERSONA_LIST_MAX) : [];
  return list.flatMap((one: unknown) => {
    if (!isRecord(one)) return [];
    const [question, answer] = [readTold(one.question), readTold(one.answer)];
    return question === null || answer === null ? [] : [{ question, answer }];
  });
}

/** A percentage. */
export function readPercent(value: unknown, absent: number): number {
  return typeof value === "number" && Number.isFinite(value)
    ? Math.min(TRAIT_MAX, Math.max(0, Math.round(value)))
    : absent;
}

/** Two alleles. */
export function readPair(value: unknown): Pair {
  const [a, b]: unknown[] = Array.isArray(value) ? value : [];
  return [readPercent(a, AVERAGE), readPercent(b, AVERAGE)];
}

/** Percentages by trait; null: there are none. */
export function readTraits(value: unknown): Traits | null {
  if (!isRecord(value)) return null;
  const entries = TRAITS.map((trait) => [trait, readPercent(value[trait], AVERAGE)]);
  return Object.fromEntries(entries) as Traits;
}

/** A persona; null: it is none. */
export function readPersona(value: unknown): Persona | null {
  if (!isRecord(value) || typeof value.name !== "string") return null;
  const { name, voice, role, background, manner, languages } = value;
  const genome = isRecord(value.genome) ? value.genome : {};
  const spoken = (["en", "fr"] as const).filter(
    (one) => Array.isArray(languages) && languages.includes(one),
  );
  return {
    name,
    voice: typeof voice === "string" ? voice : "",
    role: readTold(role) ?? "",
    background: readTold(background) ?? "",
    manner: readTold(manner) ?? "",
    likes: readList(value.likes),
    dislikes: readList(value.dislikes),
    // The first is that in which it speaks to whoever it cannot tell.
    languages: Array.isArray(languages) && languages[0] === "fr" ? spoken.toReversed() : spoken,
    adults_only: value.adults_only === true,
    genome: genomeOf((trait) => readPair(genome[trait])),
    greetings: readList(value.greetings),
    sayings: readList(value.sayings),
    stories: readList(value.stories),
    jokes: readList(value.jokes),
    riddles: readRiddles(value.riddles),
  };
}

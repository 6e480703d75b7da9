/**
 * What this device remembers: the profile and settings for good, the visit as long as the tab.
 *
 * Storage may be forbidden or full: then nothing is remembered, and all else works.
 */
import { effect } from "@preact/signals";
import { LANGUAGES, type Language, language, negotiate } from "./i18n/translate";
import { type Profile, parseProfile, randomLook } from "./ui/profile";
import type { Store } from "./ui/store";

/** Texts by name. */
export type Keep = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const PROFILE = "vivarium.profile";
const VOLUME = "vivarium.volume";
const LANGUAGE = "vivarium.language";
const VISIT = "vivarium.visit";
const VOLUME_01 = 0.7;

/** `storage()` as far as it may be used. */
export function cautious(storage: () => Storage): Keep {
  const attempt = <T>(act: (keep: Storage) => T, otherwise: T): T => {
    try {
      return act(storage());
    } catch {
      return otherwise;
    }
  };
  return {
    getItem: (key) => attempt((keep) => keep.getItem(key), null),
    setItem: (key, value) => attempt((keep) => keep.setItem(key, value), undefined),
    removeItem: (key) => attempt((keep) => keep.removeItem(key), undefined),
  };
}

export class Remembered {
  /** Lives as long as the tab. */
  readonly tab: Keep = cautious(() => sessionStorage);
  readonly #device: Keep = cautious(() => localStorage);

  load(): { profile: Profile; volume01: number; language: Language } {
    const volume = Number(this.#device.getItem(VOLUME) ?? Number.NaN);
    const kept = this.#device.getItem(LANGUAGE);
    return {
      profile: parseProfile(this.#device.getItem(PROFILE)) ?? {
        name: "",
        ...randomLook(Math.random),
      },
      volume01: volume >= 0 && volume <= 1 ? volume : VOLUME_01,
      language: LANGUAGES.find((tag) => tag === kept) ?? negotiate(navigator.languages),
    };
  }

  /** Writes what changes from now on. */
  watch(store: Store): void {
    const spoken = language.peek();
    effect(() => {
      if (store.profile.value.name === "") return;
      this.#device.setItem(PROFILE, JSON.stringify(store.profile.value));
    });
    effect(() => this.#device.setItem(VOLUME, String(store.volume01.value)));
    effect(() => {
      // Only a choice is kept; until then the browser's language decides.
      if (language.value !== spoken) this.#device.setItem(LANGUAGE, language.value);
    });
  }

  /** The world that this tab was in when it was reloaded. */
  visit(): string | null {
    return this.tab.getItem(VISIT);
  }

  enter(world: string): void {
    this.tab.setItem(VISIT, world);
  }

  leave(): void {
    this.tab.removeItem(VISIT);
  }
}

/**
 * The token with which a person comes back to the same avatar.
 *
 * It lives as long as the tab: a reload within the server's window returns to the avatar, another
 * tab is another visit.
 */

/** Who is visiting, kept so that a reload need not ask again. */
export interface TokenStore {
  /** The token, unless the avatar is surely gone by now. */
  load(): number[] | null;
  save(token: number[], windowS: number): void;
  /** The avatar was there just now. */
  touch(): void;
  forget(): void;
}

const KEY = "vivarium.resume";

interface Stored {
  token: number[];
  windowS: number;
  touchedMs: number;
}

function parse(text: string | null): Stored | null {
  if (text === null) return null;
  try {
    const { token, windowS, touchedMs } = JSON.parse(text) as Partial<Stored>;
    const whole =
      Array.isArray(token) && token.length === 16 && token.every((byte) => Number.isInteger(byte));
    return whole && typeof windowS === "number" && typeof touchedMs === "number"
      ? { token, windowS, touchedMs }
      : null;
  } catch {
    return null;
  }
}

/** Keeps the token in `storage`; `wallClockMs` must go on while the page is not loaded. */
export function storedToken(
  storage: Pick<Storage, "getItem" | "setItem" | "removeItem">,
  wallClockMs: () => number,
): TokenStore {
  const write = (stored: Stored): void => {
    try {
      storage.setItem(KEY, JSON.stringify(stored));
    } catch {
      // Storage is full or forbidden: a reload then starts a new visit.
    }
  };
  return {
    load() {
      const stored = parse(storage.getItem(KEY));
      if (stored === null) return null;
      const awayS = (wallClockMs() - stored.touchedMs) / 1_000;
      // The server's window begins when it notices the loss, later than here; an old token is
      // harmless there.
      return awayS <= 2 * stored.windowS ? stored.token : null;
    },
    save(token, windowS) {
      write({ token, windowS, touchedMs: wallClockMs() });
    },
    touch() {
      const stored = parse(storage.getItem(KEY));
      if (stored !== null) write({ ...stored, touchedMs: wallClockMs() });
    },
    forget() {
      try {
        storage.removeItem(KEY);
      } catch {
        // Nothing was kept, then.
      }
    },
  };
}

/**
 * The secret by which this device is known, so that it can be more than a visitor: 32 random bytes,
 * made once.
 *
 * Invariant: it goes nowhere but to this page's own origin, in `Hello` and as `Authorization`.
 * Storage may be forbidden or full: then the device is known as long as the page lives.
 */
const KEY = "vivarium.device";
const KEY_BYTES = 32;

type Keep = Pick<Storage, "getItem" | "setItem">;

export class Identity {
  readonly #storage: () => Keep;
  readonly #draw: (bytes: Uint8Array<ArrayBuffer>) => void;
  #hex: string | null = null;

  /** `storage` may throw; `draw` fills with random bytes. */
  constructor(
    storage: () => Keep = () => localStorage,
    draw: (bytes: Uint8Array<ArrayBuffer>) => void = (bytes) => {
      crypto.getRandomValues(bytes);
    },
  ) {
    this.#storage = storage;
    this.#draw = draw;
  }

  /** As 64 hexadecimal digits, for `Authorization: Bearer`. */
  keyHex(): string {
    this.#hex ??= this.#load() ?? this.#make();
    return this.#hex;
  }

  /** As 32 bytes, for `Hello`. */
  keyBytes(): number[] {
    const hex = this.keyHex();
    return Array.from({ length: KEY_BYTES }, (_, index) =>
      Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16),
    );
  }

  /** Whether the device is the same one at its next visit. */
  isKept(): boolean {
    const key = this.keyHex();
    return this.#load() === key;
  }

  #load(): string | null {
    try {
      const kept = this.#storage().getItem(KEY);
      return kept !== null && /^[0-9a-f]{64}$/.test(kept) ? kept : null;
    } catch {
      return null;
    }
  }

  #make(): string {
    const bytes = new Uint8Array(KEY_BYTES);
    this.#draw(bytes);
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    try {
      this.#storage().setItem(KEY, hex);
    } catch {
      // It is known as long as the page lives.
    }
    return hex;
  }
}

const identity = new Identity();

/** This device's key as 64 hexadecimal digits, for `Authorization: Bearer`. */
export function keyHex(): string {
  return identity.keyHex();
}

/** This device's key as 32 bytes, for `Hello`. */
export function keyBytes(): number[] {
  return identity.keyBytes();
}

/** Whether this device is known again at its next visit. */
export function keyIsKept(): boolean {
  return identity.isKept();
}

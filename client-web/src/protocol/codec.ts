/**
 * Reading and writing of the wire format: bincode 2 in its standard configuration (variable-length
 * integers, little-endian). `generated.ts` says in which order; this file knows only the atoms.
 *
 * Invariant: whatever the bytes are, reading either gives a value of the declared type or throws a
 * `DecodeError`; it never reads past the end and never allocates more than the bytes can fill.
 */

/** Why bytes of the other end were refused; the same kinds as in `shared/protocol/src/wire.rs`. */
export type DecodeErrorKind =
  | "tooLarge"
  | "malformed"
  | "trailingBytes"
  | "notVivarium"
  | "version";

/** Bytes of the other end that are not a message. */
export class DecodeError extends Error {
  readonly kind: DecodeErrorKind;

  constructor(kind: DecodeErrorKind, message: string) {
    super(message);
    this.name = "DecodeError";
    this.kind = kind;
  }
}

const SINGLE_BYTE_MAX = 250;
const U16_MARK = 251;
const U32_MARK = 252;
const U64_MARK = 253;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

function malformed(what: string): DecodeError {
  return new DecodeError("malformed", `not a valid message: ${what}`);
}

/** Takes values from the front of some bytes. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes that were not read yet. */
  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  #advance(count: number): number {
    const at = this.#at;
    if (count > this.#bytes.length - at) {
      throw malformed(`it ends at byte ${this.#bytes.length}, where more is expected`);
    }
    this.#at = at + count;
    return at;
  }

  /** One byte, 0 to 255. */
  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  /** One byte, -128 to 127. */
  i8(): number {
    return this.#view.getInt8(this.#advance(1));
  }

  /** Variable length, 0 to 65535. */
  u16(): number {
    const first = this.u8();
    if (first <= SINGLE_BYTE_MAX) return first;
    if (first === U16_MARK) return this.#view.getUint16(this.#advance(2), true);
    throw malformed(`a 16-bit number may not begin with ${first}`);
  }

  /** Variable length, 0 to 4294967295. */
  u32(): number {
    const first = this.u8();
    if (first <= SINGLE_BYTE_MAX) return first;
    if (first === U16_MARK) return this.#view.getUint16(this.#advance(2), true);
    if (first === U32_MARK) return this.#view.getUint32(this.#advance(4), true);
    throw malformed(`a 32-bit number may not begin with ${first}`);
  }

  /** Zigzag, then as `u16`. */
  i16(): number {
    const folded = this.u16();
    return (folded >>> 1) ^ -(folded & 1);
  }

  /** Zigzag, then as `u32`. */
  i32(): number {
    const folded = this.u32();
    return (folded >>> 1) ^ -(folded & 1);
  }

  /** Four bytes. */
  f32(): number {
    return this.#view.getFloat32(this.#advance(4), true);
  }

  /** One byte, 0 or 1. */
  bool(): boolean {
    const byte = this.u8();
    if (byte > 1) throw malformed(`${byte} is neither true nor false`);
    return byte === 1;
  }

  /**
   * The number of items of a sequence or string, each of which takes at least `itemBytesMin` bytes.
   * A number that the remaining bytes cannot hold is refused before anything is allocated.
   */
  length(itemBytesMin: number): number {
    const first = this.u8();
    let length = first;
    if (first === U16_MARK) {
      length = this.#view.getUint16(this.#advance(2), true);
    } else if (first === U32_MARK) {
      length = this.#view.getUint32(this.#advance(4), true);
    } else if (first === U64_MARK) {
      const at = this.#advance(8);
      // Beyond 2^53 this rounds, which is all the same: it is refused in the next lines.
      length = this.#view.getUint32(at + 4, true) * 0x1_0000_0000 + this.#view.getUint32(at, true);
    } else if (first > SINGLE_BYTE_MAX) {
      throw malformed(`a length may not begin with ${first}`);
    }
    if (length * itemBytesMin > this.remaining) {
      throw malformed(`${length} items are announced, ${this.remaining} bytes are left`);
    }
    return length;
  }

  /** UTF-8 with its length before it. */
  string(): string {
    const length = this.length(1);
    const at = this.#advance(length);
    try {
      return decoder.decode(this.#bytes.subarray(at, at + length));
    } catch {
      throw malformed("a text is not UTF-8");
    }
  }

  /** Nothing, or a value after one byte. */
  option<T>(item: (reader: Reader) => T): T | null {
    const tag = this.u8();
    if (tag > 1) throw malformed(`${tag} tells neither presence nor absence`);
    return tag === 1 ? item(this) : null;
  }

  /** Items with their number before them. */
  sequence<T>(item: (reader: Reader) => T, itemBytesMin: number): T[] {
    return this.array(item, this.length(itemBytesMin));
  }

  /** As many items as both ends know. */
  array<T>(item: (reader: Reader) => T, length: number): T[] {
    const items: T[] = [];
    for (let index = 0; index < length; index += 1) items.push(item(this));
    return items;
  }

  /** Which of the cases of `type`; the caller refuses what it does not know. */
  unknownVariant(type: string, index: number): DecodeError {
    return malformed(`${type} has no variant ${index}`);
  }

  /** Refuses bytes that follow the message. */
  end(): void {
    if (this.remaining > 0) {
      throw new DecodeError("trailingBytes", `${this.remaining} bytes follow the message`);
    }
  }
}

/** Puts values one after another. Values out of range are a fault of ours: `RangeError`. */
export class Writer {
  #bytes = new Uint8Array(64);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  // Replaces the view when it grows: take the place first, the view afterwards.
  #reserve(count: number): number {
    const at = this.#at;
    const needed = at + count;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#at = needed;
    return at;
  }

  /** What was written; the writer is done with. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#at);
  }

  /** Bytes as they are. */
  raw(bytes: ArrayLike<number>): void {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
  }

  u8(value: number): void {
    within(value, 0, 0xff);
    const at = this.#reserve(1);
    this.#view.setUint8(at, value);
  }

  i8(value: number): void {
    within(value, -0x80, 0x7f);
    const at = this.#reserve(1);
    this.#view.setInt8(at, value);
  }

  u16(value: number): void {
    within(value, 0, 0xffff);
    this.#varint(value);
  }

  u32(value: number): void {
    within(value, 0, 0xffff_ffff);
    this.#varint(value);
  }

  i16(value: number): void {
    within(value, -0x8000, 0x7fff);
    this.#varint(((value << 1) ^ (value >> 31)) & 0xffff);
  }

  i32(value: number): void {
    within(value, -0x8000_0000, 0x7fff_ffff);
    this.#varint(((value << 1) ^ (value >> 31)) >>> 0);
  }

  f32(value: number): void {
    const at = this.#reserve(4);
    this.#view.setFloat32(at, value, true);
  }

  bool(value: boolean): void {
    this.u8(value ? 1 : 0);
  }

  length(count: number): void {
    this.u32(count);
  }

  string(value: string): void {
    const bytes = encoder.encode(value);
    this.length(bytes.length);
    this.raw(bytes);
  }

  option<T>(value: T | null, item: (writer: Writer, value: T) => void): void {
    this.bool(value !== null);
    if (value !== null) item(this, value);
  }

  sequence<T>(values: readonly T[], item: (writer: Writer, value: T) => void): void {
    this.length(values.length);
    for (const value of values) item(this, value);
  }

  /** As many items as both ends know. */
  array<T>(values: readonly T[], length: number, item: (writer: Writer, value: T) => void): void {
    if (values.length !== length) {
      throw new RangeError(`${values.length} items where ${length} are needed`);
    }
    for (const value of values) item(this, value);
  }

  #varint(value: number): void {
    if (value <= SINGLE_BYTE_MAX) {
      const at = this.#reserve(1);
      this.#view.setUint8(at, value);
    } else if (value <= 0xffff) {
      const at = this.#reserve(3);
      this.#view.setUint8(at, U16_MARK);
      this.#view.setUint16(at + 1, value, true);
    } else {
      const at = this.#reserve(5);
      this.#view.setUint8(at, U32_MARK);
      this.#view.setUint32(at + 1, value, true);
    }
  }
}

function within(value: number, least: number, greatest: number): void {
  if (!Number.isInteger(value) || value < least || value > greatest) {
    throw new RangeError(`${value} is not a whole number from ${least} to ${greatest}`);
  }
}

/** Reads one whole message of at most `bytesMax` bytes. */
export function decodeWhole<T>(
  bytes: Uint8Array,
  bytesMax: number,
  read: (reader: Reader) => T,
): T {
  if (bytes.length > bytesMax) {
    throw new DecodeError("tooLarge", `message of ${bytes.length} bytes exceeds ${bytesMax}`);
  }
  const reader = new Reader(bytes);
  const value = read(reader);
  reader.end();
  return value;
}

/** Reads a value from the front of at most `bytesMax` bytes, and tells how many it takes. */
export function decodePrefix<T>(
  bytes: Uint8Array,
  bytesMax: number,
  read: (reader: Reader) => T,
): { value: T; used: number } {
  if (bytes.length > bytesMax) {
    throw new DecodeError("tooLarge", `message of ${bytes.length} bytes exceeds ${bytesMax}`);
  }
  const reader = new Reader(bytes);
  const value = read(reader);
  return { value, used: bytes.length - reader.remaining };
}

/** Writes one whole message. */
export function encodeWhole<T>(
  value: T,
  write: (writer: Writer, value: T) => void,
): Uint8Array<ArrayBuffer> {
  const writer = new Writer();
  write(writer, value);
  return writer.finish();
}

/** For a switch that has named every case. */
export function unreachable(value: never): never {
  throw new RangeError(`a case that cannot be: ${JSON.stringify(value)}`);
}

/** Refuses a message whose parts are each right but break a limit. */
export function refuse(what: string): never {
  throw malformed(what);
}

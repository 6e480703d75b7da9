/**
 * Packets: what this client is sent in one go, and which ones it has.
 * `shared/protocol/src/snapshot/packet.rs`.
 */
import { DecodeError } from "../codec";
import { ACK_BEFORE, type Ack, decodePacketHead, limits, type PacketHead } from "../generated";

/** Which packets were applied, to be told to the server. */
export class Acks {
  #newest = 0;
  /** Bit `i` of the two together stands for the packet `newest - 1 - i`. */
  #low = 0;
  #high = 0;

  /** As it goes over the wire. */
  get ack(): Ack {
    return { newest: this.#newest, before: [this.#low >>> 0, this.#high >>> 0] };
  }

  /** Whether a packet is named. */
  names(number: number): boolean {
    if (this.#newest === 0 || number > this.#newest) return false;
    const back = this.#newest - number;
    if (back === 0) return true;
    if (back > ACK_BEFORE) return false;
    const word = back > 32 ? this.#high : this.#low;
    return ((word >>> ((back - 1) & 31)) & 1) === 1;
  }

  /** Names one more packet; those too long ago are passed over. */
  add(number: number): void {
    if (number > this.#newest) {
      this.#shift(number - this.#newest);
      this.#newest = number;
      return;
    }
    const back = this.#newest - number;
    if (back === 0 || back > ACK_BEFORE) return;
    const bit = 1 << ((back - 1) & 31);
    if (back > 32) this.#high |= bit;
    else this.#low |= bit;
  }

  /** Names none: everything must be told anew. */
  clear(): void {
    this.#newest = 0;
    this.#low = 0;
    this.#high = 0;
  }

  #shift(step: number): void {
    const [low, high] = [this.#low, this.#high];
    if (step < 32) {
      this.#high = (high << step) | (low >>> (32 - step));
      this.#low = low << step;
    } else {
      this.#high = step < ACK_BEFORE ? low << (step - 32) : 0;
      this.#low = 0;
    }
    if (this.#newest === 0 || step > ACK_BEFORE) return;
    const bit = 1 << ((step - 1) & 31);
    if (step > 32) this.#high |= bit;
    else this.#low |= bit;
  }
}

/** How a leaf that is closed ended. */
export type Closing = "gone" | "moved";

function malformed(what: string): never {
  throw new DecodeError("malformed", `not a valid message: ${what}`);
}

/** Goes through the entries of a packet, without memory for each. */
export class PacketReader {
  /** This client's number of the entry's leaf. */
  leaf = 0;
  /** How the leaf ended; null: the entry is a part of a block, from `start` to `end`. */
  closing: Closing | null = null;
  start = 0;
  end = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #left = 0;

  /** Reads the head; the entries follow. Throws `DecodeError`. */
  begin(bytes: Uint8Array): PacketHead {
    const { value, used } = decodePacketHead(bytes);
    this.#bytes = bytes;
    this.#at = used;
    this.#left = limits.blocksPerPacketMax;
    return value;
  }

  /** Goes to the next entry; false at the end. Throws `DecodeError`. */
  next(): boolean {
    if (this.#at === this.#bytes.length) return false;
    if (this.#left === 0) malformed("too many blocks in a packet");
    this.#left -= 1;
    const leaf = this.#varint();
    this.leaf = leaf >>> 1;
    if ((leaf & 1) === 1) {
      if (this.#at === this.#bytes.length) malformed("a leaf closed without a reason");
      const closing = this.#bytes[this.#at] as number;
      this.#at += 1;
      if (closing > 1) malformed("a leaf closed for an unknown reason");
      this.closing = closing === 0 ? "gone" : "moved";
      return true;
    }
    const length = this.#varint();
    if (length > limits.blockBytesMax + 8 || length > this.#bytes.length - this.#at) {
      malformed("a block longer than its packet");
    }
    this.closing = null;
    this.start = this.#at;
    this.#at += length;
    this.end = this.#at;
    return true;
  }

  #varint(): number {
    const bytes = this.#bytes;
    const at = this.#at;
    const left = bytes.length - at;
    const first = left === 0 ? 255 : (bytes[at] as number);
    const size = first <= 250 ? 1 : first === 251 ? 3 : first === 252 ? 5 : Number.NaN;
    if (!(size <= left)) malformed("no number of a leaf, or no length of a block");
    this.#at = at + size;
    if (size === 1) return first;
    const byte = (index: number): number => bytes[at + index] as number;
    if (size === 3) return byte(1) | (byte(2) << 8);
    return (byte(1) | (byte(2) << 8) | (byte(3) << 16) | (byte(4) << 24)) >>> 0;
  }
}

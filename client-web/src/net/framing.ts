/** Messages in a stream of bytes: a length in 4 bytes, little-endian, and that many bytes. */

const HEAD_BYTES = 4;

/** The bytes of one message with its length before it. */
export function frame(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const framed = new Uint8Array(HEAD_BYTES + message.length);
  new DataView(framed.buffer).setUint32(0, message.length, true);
  framed.set(message, HEAD_BYTES);
  return framed;
}

/** Finds messages in bytes that come in pieces of any size. */
export class Deframer {
  readonly #bytesMax: number;
  #pieces: Uint8Array[] = [];
  #held = 0;

  /** Messages longer than `bytesMax` are refused. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Takes a piece; gives the messages that are whole now. Throws on one that is too long. */
  push(piece: Uint8Array): Uint8Array[] {
    this.#pieces.push(piece);
    this.#held += piece.length;
    const messages: Uint8Array[] = [];
    while (this.#held >= HEAD_BYTES) {
      const bytes = this.#joined();
      const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
      if (length > this.#bytesMax) throw new Error(`a message of ${length} bytes`);
      const end = HEAD_BYTES + length;
      if (bytes.length < end) break;
      messages.push(bytes.slice(HEAD_BYTES, end));
      this.#pieces = [bytes.subarray(end)];
      this.#held = bytes.length - end;
    }
    return messages;
  }

  /** All that is held, in one piece. */
  #joined(): Uint8Array {
    const [only] = this.#pieces;
    if (this.#pieces.length === 1 && only !== undefined) return only;
    const whole = new Uint8Array(this.#held);
    let at = 0;
    for (const piece of this.#pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    this.#pieces = [whole];
    return whole;
  }
}

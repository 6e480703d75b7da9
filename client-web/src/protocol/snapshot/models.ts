/**
 * What is learned within a block: `shared/protocol/src/snapshot/models.rs`, operation by operation.
 */
import { learned, places } from "./beliefs";
import { Bits, type RangeDecoder } from "./range";

/** Models of a signed number of any size up to 32 bits. */
export class Numbers {
  readonly #size = Bits.even(34);
  readonly #sign = Bits.even(1);

  reset(): void {
    this.#size.reset();
    this.#sign.reset();
  }

  /** One number: how many bits its magnitude has, then those bits, then the sign. */
  read(coder: RangeDecoder): number {
    let size = 0;
    while (size < 32 && coder.bit(this.#size, size) === 1) size += 1;
    if (size === 0) return 0;
    const magnitude = lowBits(coder, 1, size - 1);
    return coder.bit(this.#sign, 0) === 1 ? -magnitude | 0 : magnitude;
  }
}

/** Models of one kind of residuals. */
export interface Residuals {
  first: number;
  classes: number;
}

export class Models {
  readonly #bits = new Bits(learned);
  /** Whether the member before changed. */
  changedBefore = false;

  reset(): void {
    this.#bits.reset();
    this.changedBefore = false;
  }

  /** One decision by the model at a place. */
  decide(coder: RangeDecoder, place: number): 0 | 1 {
    return coder.bit(this.#bits, place);
  }

  /** A residual: how many bits its magnitude has, the second of them, the others, the sign. */
  residual(coder: RangeDecoder, kind: Residuals, ofClass: number, signClass: number): number {
    const bits = this.#bits;
    const row = kind.first + Math.min(ofClass, kind.classes - 1) * places.row;
    const shared = kind.first + kind.classes * places.row;
    let size = 0;
    while (size < 32 && coder.bit(bits, row + Math.min(size, places.row - 1)) === 1) size += 1;
    if (size === 0) return 0;
    let decided = 1;
    let left = size - 1;
    if (left > 0) {
      left -= 1;
      decided = 2 | coder.bit(bits, shared + Math.min(size, 15));
    }
    const magnitude = lowBits(coder, decided, left);
    const place = shared + 16 + Math.min(signClass, places.signClasses - 1);
    return coder.bit(bits, place) === 1 ? -magnitude | 0 : magnitude;
  }
}

/** The `left` low bits of a magnitude whose others are `decided`; as a signed number. */
function lowBits(coder: RangeDecoder, decided: number, left: number): number {
  let magnitude = decided;
  if (left > 16) magnitude = (magnitude << (left - 16)) | coder.even(left - 16);
  const low = Math.min(left, 16);
  if (low > 0) magnitude = (magnitude << low) | coder.even(low);
  return magnitude;
}

/** Bits that a magnitude has; it is taken as unsigned. */
export function bitLength(magnitude: number): number {
  return 32 - Math.clz32(magnitude);
}

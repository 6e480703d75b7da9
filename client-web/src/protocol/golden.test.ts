// The committed golden messages, read by the TypeScript end. The Rust end reads the same files in
// `tools/protocol-gen/tests/golden.rs`.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { DecodeError } from "./codec";
import {
  closeCodes,
  closeReasonNames,
  closeReasonOf,
  decodeClientLatest,
  decodeClientMessage,
  decodeHello,
  decodePacketHead,
  decodeServerMessage,
  encodeClientLatest,
  encodeClientMessage,
  encodeHello,
  encodePacketHead,
  encodeServerMessage,
  type PacketHead,
} from "./generated";

type Codec = {
  decode: (bytes: Uint8Array) => unknown;
  recode: (bytes: Uint8Array) => Uint8Array;
};

function codec<T>(decode: (bytes: Uint8Array) => T, encode: (value: T) => Uint8Array): Codec {
  return { decode, recode: (bytes) => encode(decode(bytes)) };
}

/** A head that nothing follows. */
function wholeHead(bytes: Uint8Array): PacketHead {
  const { value, used } = decodePacketHead(bytes);
  expect(used).toBe(bytes.length);
  return value;
}

const codecs = new Map<string, Codec>([
  ["Hello", codec(decodeHello, encodeHello)],
  ["ClientMessage", codec(decodeClientMessage, encodeClientMessage)],
  ["ClientLatest", codec(decodeClientLatest, encodeClientLatest)],
  ["ServerMessage", codec(decodeServerMessage, encodeServerMessage)],
  ["PacketHead", codec(wholeHead, encodePacketHead)],
]);

type Document = { root: string; value?: unknown; error?: string };
type Case = { name: string; document: Document; codec: Codec; bytes: Uint8Array };

function cases(folder: string): Case[] {
  const path = fileURLToPath(new URL(`../../../tests/golden/${folder}/`, import.meta.url));
  return readdirSync(path)
    .filter((file) => file.endsWith(".json"))
    .map((file) => {
      const document = JSON.parse(readFileSync(path + file, "utf8")) as Document;
      const bytes = new Uint8Array(readFileSync(path + file.replace(/json$/, "bin")));
      const codec = codecs.get(document.root);
      if (codec === undefined) throw new Error(`${file}: ${document.root} is not a message`);
      return { name: file.replace(/\.json$/, ""), document, codec, bytes };
    });
}

describe("golden messages mean the same in both directions", () => {
  it.each(cases("frames"))("$name", ({ document, codec, bytes }) => {
    expect(codec.decode(bytes)).toStrictEqual(document.value);
    expect(Array.from(codec.recode(bytes))).toStrictEqual(Array.from(bytes));
  });
});

describe("bad messages are refused with the right error", () => {
  it.each(cases("bad"))("$name", ({ document, codec, bytes }) => {
    const refusal = () => codec.decode(bytes);
    expect(refusal).toThrow(DecodeError);
    expect(refusal).toThrow(expect.objectContaining({ kind: document.error }));
  });

  it("whatever a good message is cut to", () => {
    for (const { name, codec, bytes } of cases("frames").filter((it) => it.bytes.length < 300)) {
      for (let length = 0; length < bytes.length; length += 1) {
        const cut = bytes.slice(0, length);
        expect(() => codec.decode(cut), `${name} cut to ${length}`).toThrow(DecodeError);
      }
    }
  });
});

describe("a message of our own that the wire cannot carry is not sent wrongly", () => {
  it.each([-1, 0.5, 2 ** 32, Number.NaN])("nonce %d", (nonce) => {
    expect(() => encodeClientMessage({ kind: "ping", nonce })).toThrow(RangeError);
  });
});

describe("close codes", () => {
  it("lead back to their reason", () => {
    for (const reason of closeReasonNames) expect(closeReasonOf(closeCodes[reason])).toBe(reason);
    expect(closeReasonOf(1006)).toBeNull();
  });
});

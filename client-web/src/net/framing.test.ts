import { describe, expect, it } from "vitest";
import { Deframer, frame } from "./framing";

describe("messages in a stream", () => {
  const messages = [[], [1], [2, 3, 4], Array.from({ length: 300 }, (_, n) => n % 251)];
  const stream = messages.flatMap((message) => [...frame(Uint8Array.from(message))]);

  it("are found whatever the pieces", () => {
    for (const size of [1, 2, 3, 5, 7, 64, 1_000]) {
      const deframer = new Deframer(300);
      const found: number[][] = [];
      for (let at = 0; at < stream.length; at += size) {
        const piece = Uint8Array.from(stream.slice(at, at + size));
        for (const message of deframer.push(piece)) found.push([...message]);
      }
      expect(found).toEqual(messages);
    }
  });

  it("are refused by their length alone when they are too long", () => {
    const deframer = new Deframer(299);
    expect(() => deframer.push(Uint8Array.from([44, 1, 0, 0]))).toThrow("300 bytes");
  });
});

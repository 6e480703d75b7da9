import { describe, expect, it } from "vitest";
import { Identity } from "./identity";

function storage(): Pick<Storage, "getItem" | "setItem"> & { kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
  };
}

const counting = (first: number) => (bytes: Uint8Array) => {
  bytes.forEach((_, index) => {
    bytes[index] = first + index;
  });
};

describe("the key of a device", () => {
  it("is made once and found again after a reload", () => {
    const device = storage();
    const first = new Identity(() => device, counting(1));
    expect(first.keyBytes()).toEqual(Array.from({ length: 32 }, (_, index) => index + 1));
    expect(first.keyHex()).toBe("0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20");
    const reloaded = new Identity(() => device, counting(100));
    expect(reloaded.keyHex()).toBe(first.keyHex());
    expect(reloaded.isKept()).toBe(true);
  });

  it("lives as long as the page where storage is refused", () => {
    const refused = (): Storage => {
      throw new DOMException("denied", "SecurityError");
    };
    const identity = new Identity(refused, counting(7));
    expect(identity.keyBytes()[0]).toBe(7);
    expect(identity.keyHex()).toBe(identity.keyHex());
    expect(identity.isKept()).toBe(false);
  });

  it("is made anew when what is kept is no key", () => {
    const device = storage();
    device.kept.set("vivarium.device", "hello");
    expect(new Identity(() => device, counting(3)).keyHex().startsWith("030405")).toBe(true);
  });

  it("is drawn from the browser's random source", () => {
    const [a, b] = [storage(), storage()];
    expect(new Identity(() => a).keyHex()).not.toBe(new Identity(() => b).keyHex());
  });
});

import { describe, expect, it } from "vitest";
import { PacketStats } from "./stats";

describe("how packets come", () => {
  it("does not take silence for loss", () => {
    const stats = new PacketStats();
    for (let number = 1; number <= 10; number += 1) stats.add(number, number * 500);
    expect(stats.loss01()).toBe(0);
    expect(stats.rate(5_000)).toBeCloseTo(2, 0);
    expect(stats.silentMs(5_000)).toBe(0);
    expect(stats.silentMs(8_000)).toBe(3_000);
  });

  it("tells the share of packets that never came, whatever their order", () => {
    const stats = new PacketStats();
    for (const number of [1, 2, 4, 3, 5, 8, 9, 10]) stats.add(number, 1_000 + number);
    expect(stats.loss01()).toBeCloseTo(0.2, 6);
  });
});

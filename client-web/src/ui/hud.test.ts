import { describe, expect, it } from "vitest";
import { healthOf } from "./hud";
import { NO_LINK } from "./store";

describe("how the connection feels", () => {
  const well = { ...NO_LINK, roundTripMs: 40 };

  it("is well in an idle world, where packets are rare", () => {
    expect(healthOf({ ...well, silentMs: 600, snapshotsPerS: 2 }, false)).toBe("good");
  });

  it("gets worse in silence, however well pings are answered", () => {
    expect(healthOf({ ...well, silentMs: 1_500 }, false)).toBe("fair");
    expect(healthOf({ ...well, silentMs: 3_000 }, false)).toBe("poor");
    expect(healthOf({ ...well, silentMs: 3_000 }, true)).toBe("lost");
  });

  it("gets worse with delay and loss", () => {
    expect(healthOf({ ...well, roundTripMs: 200 }, false)).toBe("fair");
    expect(healthOf({ ...well, loss01: 0.2 }, false)).toBe("poor");
  });
});

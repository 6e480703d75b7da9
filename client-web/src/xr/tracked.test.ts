import { describe, expect, it } from "vitest";
import type { PoseView } from "../scene/view";
import { trackedPose } from "./tracked";

const STILL: PoseView = { position: [3, 1.7, -5], rotation: [0, 0, 0, 1] };

describe("what others are told of a pose", () => {
  it("is relative to the feet and to where the avatar looks", () => {
    expect(trackedPose(STILL, [3, 0.1, -5], 0)).toEqual({
      positionMm: [0, 1_600, 0],
      rotation: [0, 0, 0, 32_767],
    });
    // Half a metre to the north of somebody who looks west: on their right.
    const west = trackedPose({ ...STILL, position: [3, 1.1, -5.5] }, [3, 0.1, -5], Math.PI / 2);
    expect(west?.positionMm).toEqual([500, 1_000, 0]);
    // What points north points to their right as well.
    const [x, y, z, w] = west?.rotation ?? [];
    expect([x, z]).toEqual([0, 0]);
    expect((y ?? 0) / (w ?? 1)).toBeCloseTo(Math.tan(-Math.PI / 4), 3);
  });

  it("is nothing when it is out of reach", () => {
    expect(trackedPose({ ...STILL, position: [4.5, 1.4, -5] }, [3, 0.1, -5], 0)).toBeNull();
    expect(trackedPose({ ...STILL, position: [4.3, 1.4, -5] }, [3, 0.1, -5], 0)).not.toBeNull();
  });
});

import { expect, test } from "vitest";
import { chooseTier, FrameGovernor } from "./quality";

test("the page's parameter decides, then the renderer", () => {
  expect(chooseTier("high", "Google SwiftShader", 2)).toBe("high");
  expect(chooseTier(null, "ANGLE (Google, Vulkan 1.3 (SwiftShader Device))", 16)).toBe("low");
  expect(chooseTier(null, "llvmpipe (LLVM 17)", 8)).toBe("low");
  expect(chooseTier(null, "NVIDIA GeForce RTX 3060", 8)).toBe("high");
  expect(chooseTier("nonsense", "NVIDIA GeForce RTX 3060", 8)).toBe("high");
});

function run(governor: FrameGovernor, frameMs: number, frames: number): string[] {
  const answers: string[] = [];
  for (let frame = 0; frame < frames; frame++) {
    const answer = governor.frame(frameMs);
    if (answer) answers.push(answer);
  }
  return answers;
}

test("slow frames ask for less, one window at a time", () => {
  expect(run(new FrameGovernor(), 50, 100)).toEqual(["less", "less"]);
});

test("fast frames ask for more only a few times", () => {
  const answers = run(new FrameGovernor(), 8, 5_000);
  expect(answers).toEqual(["more", "more"]);
});

test("single hitches and hidden pages are not slowness", () => {
  const governor = new FrameGovernor();
  for (let frame = 0; frame < 200; frame++) {
    expect(governor.frame(frame % 10 === 0 ? 90 : 16)).toBeNull();
    expect(governor.frame(60_000)).toBeNull();
  }
});

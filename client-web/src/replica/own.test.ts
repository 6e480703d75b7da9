import { describe, expect, it } from "vitest";
import type { Predictor } from "../predict/predictor";
import type { Input, OwnState } from "../protocol/generated";
import type { Vec3 } from "../scene/view";
import { OwnAvatar } from "./own";

const INPUT: Input = { moveX: 127, moveZ: 0, yaw: 0, pitch: 0, buttons: 0 };

function own(x: number, change: Partial<OwnState> = {}): OwnState {
  return {
    positionM: [x, 1, 0],
    velocityMps: [0, 0, 0],
    flags: 1,
    airborneTicks: 0,
    teleports: 1,
    ...change,
  };
}

/** Rules in which everyone moves 0.1 m along x each tick. */
function rules(): Predictor {
  const positions = new Map<number, number>();
  let newest = 0;
  const state: { position: Vec3; grounded: boolean } = { position: [0, 1, 0], grounded: true };
  const predictor = {
    state,
    predict(tick: number) {
      newest = tick;
      state.position = [state.position[0] + 0.1, 1, 0];
      positions.set(tick, state.position[0]);
    },
    reconcile(tick: number, word: OwnState) {
      const guess = positions.get(tick);
      const x = word.positionM[0] ?? 0;
      if (guess !== undefined && Math.abs(guess - x) < 1e-6) return false;
      newest = Math.max(newest, tick);
      state.position = [x + 0.1 * (newest - tick), 1, 0];
      positions.set(tick, x);
      return guess !== undefined;
    },
  };
  return predictor as unknown as Predictor;
}

describe("the own avatar", () => {
  it("is shown between two ticks", () => {
    const avatar = new OwnAvatar(rules());
    avatar.reconcile(10, own(0), true);
    avatar.step(11, INPUT);
    avatar.step(12, INPUT);
    expect(avatar.show(0, 0)[0]).toBeCloseTo(0.1, 6);
    expect(avatar.show(0.5, 0)[0]).toBeCloseTo(0.15, 6);
    expect(avatar.show(1, 0)[0]).toBeCloseTo(0.2, 6);
  });

  it("does not move in the moment of a correction, and is led there soon", () => {
    const avatar = new OwnAvatar(rules());
    avatar.reconcile(10, own(0), true);
    avatar.step(11, INPUT);
    avatar.step(12, INPUT);
    const shown = avatar.show(0.3, 1)[0];
    avatar.reconcile(11, own(0.4), true);
    expect(avatar.mispredictions).toBe(1);
    expect(avatar.show(0.3, 1)[0]).toBeCloseTo(shown, 6);
    const soon = avatar.show(0.3, 1.1)[0];
    expect(soon).toBeGreaterThan(shown + 0.1);
    expect(avatar.show(0.3, 2.5)[0]).toBeCloseTo(shown + 0.3, 6);
  });

  it("leaps when it is teleported, or too far off to pretend", () => {
    const avatar = new OwnAvatar(rules());
    avatar.reconcile(10, own(0), true);
    avatar.step(11, INPUT);
    avatar.reconcile(11, own(1, { teleports: 2 }), true);
    expect(avatar.show(0, 0)[0]).toBeCloseTo(1, 6);
    avatar.step(12, INPUT);
    avatar.reconcile(12, own(50, { teleports: 2 }), true);
    expect(avatar.show(1, 0)[0]).toBeCloseTo(50, 6);
  });

  it("does not blame the prediction for inputs that came too late or frames that never came", () => {
    const avatar = new OwnAvatar(rules());
    avatar.reconcile(10, own(0), true);
    for (let tick = 11; tick <= 16; tick += 1) avatar.step(tick, INPUT);
    avatar.reconcile(11, own(0), false);
    expect([avatar.mispredictions, avatar.lateInputs]).toEqual([0, 1]);
    avatar.reconcile(14, own(0.05), true);
    expect([avatar.mispredictions, avatar.lateInputs]).toEqual([0, 1]);
    avatar.reconcile(15, own(9), true);
    expect(avatar.mispredictions).toBe(1);
  });

  it("goes on from the server's tick after the page has slept", () => {
    const avatar = new OwnAvatar(rules());
    avatar.reconcile(10, own(0), true);
    avatar.step(11, INPUT);
    avatar.reconcile(500, own(3), true);
    expect(avatar.tick).toBe(500);
  });
});

import { expect, test } from "vitest";
import type { Emote } from "../../protocol/generated";
import type { AvatarView, Vec3 } from "../view";
import { Actor, wrapAngle } from "./actor";
import { EMOTE_S } from "./emotes";
import { restPose } from "./pose";

function avatar(change: Partial<AvatarView> = {}): AvatarView {
  return {
    entity: 1,
    name: "Ada",
    look: { body: [200, 100, 50], accent: [50, 100, 200] },
    self: false,
    position: [0, 0.85, 0],
    yaw: 0,
    pitch: 0,
    grounded: true,
    running: false,
    present: true,
    emote: null,
    bubble: null,
    tracked: null,
    ...change,
  };
}

/** Shows the actor `seconds` of a path. */
function play(
  actor: Actor,
  seconds: number,
  at: (timeS: number) => Partial<AvatarView>,
  fromS = 0,
): void {
  const dtS = 1 / 60;
  for (let timeS = fromS; timeS < fromS + seconds; timeS += dtS) {
    actor.update(avatar(at(timeS)), timeS, dtS);
  }
}

const ahead =
  (speed: number) =>
  (timeS: number): Partial<AvatarView> => ({ position: [0, 0.85, -speed * timeS] as Vec3 });

test("whoever stands still keeps the feet together", () => {
  const actor = new Actor(1, false);
  play(actor, 1, () => ({}));
  const rest = restPose();
  expect(actor.pose.leftFootZ).toBeCloseTo(rest.leftFootZ, 6);
  expect(actor.pose.leftFootY).toBeCloseTo(rest.leftFootY, 6);
});

test("whoever walks swings the legs against each other", () => {
  const actor = new Actor(1, false);
  play(actor, 1, ahead(3));
  let apart = 0;
  for (let frame = 0; frame < 40; frame++) {
    play(actor, 1 / 60, ahead(3), 1 + frame / 60);
    apart = Math.max(apart, Math.abs(actor.pose.leftFootZ - actor.pose.rightFootZ));
  }
  expect(apart).toBeGreaterThan(0.4);
});

test("a new place far away is not a sprint", () => {
  const actor = new Actor(1, false);
  play(actor, 0.5, () => ({}));
  play(actor, 0.1, () => ({ position: [500, 0.85, 0] }), 0.5);
  expect(Math.abs(actor.pose.leftFootZ)).toBeLessThan(0.01);
});

test("landing squashes and settles", () => {
  const actor = new Actor(1, false);
  const fall = (timeS: number) => ({
    position: [0, Math.max(0.85, 6 - 8 * timeS), 0] as Vec3,
    grounded: 6 - 8 * timeS <= 0.85,
  });
  let flattest = 0;
  for (let frame = 0; frame < 70; frame++) {
    play(actor, 1 / 60, fall, frame / 60);
    flattest = Math.min(flattest, actor.squash.value);
  }
  expect(flattest).toBeLessThan(-0.04);
  play(actor, 2, fall, 70 / 60);
  expect(actor.squash.value).toBeCloseTo(0, 2);
});

test.each<Emote>(["wave", "clap", "dance", "point", "nod", "shrug", "cheer", "sit"])(
  "%s shows, and ends at rest",
  (emote) => {
    const still = new Actor(1, false);
    const actor = new Actor(1, false);
    const view = () => ({ emote: { emote, startedS: 0 } });
    let most = 0;
    for (let frame = 0; frame < 60; frame++) {
      play(actor, 1 / 60, view, frame / 60);
      play(still, 1 / 60, () => ({}), frame / 60);
      const difference = Object.entries(actor.pose).map(([channel, value]) =>
        Math.abs(value - still.pose[channel as keyof typeof still.pose]),
      );
      most = Math.max(most, ...difference);
    }
    expect(most).toBeGreaterThan(0.2);
    const end = Math.min(EMOTE_S[emote], 10);
    const over = emote === "sit" ? () => ({ emote: null }) : view;
    play(actor, end + 2, over, 1);
    play(still, end + 2, () => ({}), 1);
    expect(actor.pose.rightY).toBeCloseTo(still.pose.rightY, 2);
    expect(actor.pose.bodyY).toBeCloseTo(still.pose.bodyY, 2);
  },
);

test("walking off ends sitting, not waving", () => {
  const sitter = new Actor(1, false);
  play(sitter, 1, () => ({ emote: { emote: "sit" as Emote, startedS: 0 } }));
  expect(sitter.pose.bodyY).toBeLessThan(-0.2);
  play(sitter, 1, (t) => ({ ...ahead(3)(t - 1), emote: { emote: "sit", startedS: 0 } }), 1);
  expect(sitter.pose.bodyY).toBeGreaterThan(-0.05);
  const waver = new Actor(1, false);
  play(waver, 1.2, (t) => ({ ...ahead(3)(t), emote: { emote: "wave", startedS: 0 } }));
  expect(waver.pose.rightY).toBeGreaterThan(1);
});

test("angles wrap the short way", () => {
  expect(wrapAngle(3.5)).toBeCloseTo(3.5 - 2 * Math.PI, 9);
  expect(wrapAngle(-3.5)).toBeCloseTo(2 * Math.PI - 3.5, 9);
  expect(wrapAngle(1)).toBeCloseTo(1, 9);
});

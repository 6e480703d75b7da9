import { expect, it } from "vitest";
import { editable } from "../document/apply";
import type { AvatarView, Vec3 } from "../scene/view";
import { Company, entityOf } from "./company";
import { companionAt, companionBefore, lookAround } from "./near";

const OWN: Vec3 = [0, 0.85, 0];

function being(companion: number, x: number, z: number): AvatarView {
  return {
    entity: entityOf(companion),
    name: `C${companion}`,
    look: { body: [0, 0, 0], accent: [0, 0, 0] },
    self: false,
    position: [x, 0.85, z],
    yaw: 0,
    pitch: 0,
    grounded: true,
    running: false,
    present: true,
    emote: null,
    bubble: null,
    tracked: null,
    companion: {
      emotion: "joy",
      carrying: false,
      sitting: false,
      thinking: false,
      reduced: false,
      bubble01: 0,
    },
  };
}

const person: AvatarView = { ...being(0, 0.5, -1), entity: 3, companion: null };

it("means who is before one rather than who is a little nearer behind", () => {
  const [ahead, behind] = [being(1, 0, -3), being(2, 0, 2.5)];
  expect(companionBefore([person, behind, ahead], OWN, 0, null)).toBe(1);
  expect(companionBefore([behind, ahead], OWN, Math.PI, null)).toBe(2);
  expect(companionBefore([being(1, 0, -6.1), person], OWN, 0, null)).toBeNull();
});

it("keeps to whom it meant while two are about as near", () => {
  const [one, other] = [being(1, 0, -3), being(2, 0, -2.9)];
  expect(companionBefore([one, other], OWN, 0, null)).toBe(2);
  expect(companionBefore([one, other], OWN, 0, 1)).toBe(1);
});

it("tells how the one is with whom one talks", () => {
  const company = new Company();
  const companion = { mind: "m", name: "M", body: "#000000", accent: "#000000" };
  const world = { version: 1, name: "w", title: "W", objects: [{ properties: { companion } }] };
  company.enter(editable(world), false);
  company.talkingTo.value = 0;
  lookAround(company, [being(0, 0, -5)], OWN, 0);
  expect([company.near.value, company.mood.value, company.inReach.value]).toEqual([0, "joy", true]);
  lookAround(company, [being(0, 0, -13)], OWN, 0);
  expect([company.near.value, company.inReach.value]).toEqual([null, false]);
  lookAround(company, [], OWN, 0);
  expect([company.mood.value, company.inReach.value]).toEqual([null, false]);
});

it("finds the nearest body at a point of the window", () => {
  // 100 CSS pixels a metre, farther ones at the same place.
  const screenOf = ([x, y]: Vec3) => ({ x: 300 + 100 * x, y: 300 - 100 * y });
  const all = [being(1, 0, -4), being(2, 0.1, -2), being(3, 0, -20), person];
  expect(companionAt(all, OWN, { x: 300, y: 160 }, screenOf)).toBe(2);
  expect(companionAt(all, OWN, { x: 265, y: 215 }, screenOf)).toBe(1);
  expect(companionAt(all, OWN, { x: 300, y: 60 }, screenOf)).toBeNull();
  expect(companionAt(all, OWN, { x: 300, y: 215 }, () => null)).toBeNull();
});

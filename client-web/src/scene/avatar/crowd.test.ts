import { InstancedMesh, Vector3 } from "three";
import { expect, test } from "vitest";
import { EMOTIONS } from "../../replica/feeling";
import { QUALITY } from "../quality";
import type { AvatarView, CompanionView } from "../view";
import { Crowd } from "./crowd";

function avatar(entity: number, change: Partial<AvatarView> = {}): AvatarView {
  return {
    entity,
    name: `Visitor ${entity}`,
    look: { body: [200, 100, 50], accent: [50, 100, 200] },
    self: false,
    position: [(entity % 10) * 2 - 10, 0.85, -Math.floor(entity / 10) * 2 - 3],
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

const EYE = new Vector3(0, 2, 4);
const AHEAD = new Vector3(0, 0, -1);

function drawn(crowd: Crowd): InstancedMesh[] {
  const meshes: InstancedMesh[] = [];
  crowd.root.traverse((node) => {
    if (node instanceof InstancedMesh && node.visible && node.count > 0) meshes.push(node);
  });
  return meshes;
}

/** How many people all the parts that are drawn make. */
function people(crowd: Crowd): number {
  const parts = drawn(crowd).reduce((sum, mesh) => sum + mesh.count, 0);
  // Torso, head, eyes, bobble, and two each of hands, feet, arms and legs.
  return parts / 12;
}

test("a hundred people take few draw calls", () => {
  const crowd = new Crowd(QUALITY.low, false);
  const views = Array.from({ length: 100 }, (_, index) => avatar(index + 1));
  crowd.update(views, 1, 1 / 60, EYE, AHEAD, false);
  expect(people(crowd)).toBe(100);
  expect(drawn(crowd).length).toBeLessThanOrEqual(14);
});

test("whoever leaves is not drawn any more", () => {
  const crowd = new Crowd(QUALITY.low, false);
  crowd.update([avatar(1), avatar(2)], 1, 1 / 60, EYE, AHEAD, false);
  crowd.update([avatar(2)], 1.1, 1 / 60, EYE, AHEAD, false);
  expect(people(crowd)).toBe(1);
});

test("in first person one does not see oneself", () => {
  const crowd = new Crowd(QUALITY.low, false);
  const views = [avatar(1, { self: true }), avatar(2)];
  crowd.update(views, 1, 1 / 60, EYE, AHEAD, true);
  expect(people(crowd)).toBe(1);
});

test("whoever is away is a ghost", () => {
  const crowd = new Crowd(QUALITY.low, false);
  crowd.update([avatar(1, { present: false })], 1, 1 / 60, EYE, AHEAD, false);
  for (const mesh of drawn(crowd)) {
    expect([mesh.material].flat().every((material) => material.transparent)).toBe(true);
  }
  expect(people(crowd)).toBe(1);
});

function being(entity: number, change: Partial<CompanionView> = {}): AvatarView {
  const companion: CompanionView = {
    emotion: "calm",
    carrying: false,
    sitting: false,
    thinking: false,
    reduced: false,
    bubble01: 0,
    ...change,
  };
  return avatar(entity, { companion });
}

test("a thousand companions take hardly more draw calls than people, and as many parts and one", () => {
  const crowd = new Crowd(QUALITY.low, false);
  const emotions = EMOTIONS.length;
  const views = Array.from({ length: 1_000 }, (_, index) => {
    const emotion = EMOTIONS[index % emotions] ?? "calm";
    return {
      ...being(-1 - index, { emotion }),
      position: [(index % 40) - 20, 0.85, -Math.floor(index / 40)] as [number, number, number],
    };
  });
  crowd.update(views, 1, 1 / 60, EYE, AHEAD, false);
  const parts = drawn(crowd).reduce((sum, mesh) => sum + mesh.count, 0);
  expect(parts).toBe(1_000 * 13);
  expect(drawn(crowd).length).toBeLessThanOrEqual(24);
});

test("a companion's face follows what it feels", () => {
  const crowd = new Crowd(QUALITY.low, false);
  const faces = (emotion: CompanionView["emotion"]): number[] => {
    crowd.update([being(-1, { emotion })], 1, 1 / 60, EYE, AHEAD, false);
    return drawn(crowd).map((mesh) => mesh.geometry.getAttribute("position").count);
  };
  expect(faces("joy")).not.toEqual(faces("sadness"));
  expect(faces("joy")).toHaveLength(faces("calm").length);
});

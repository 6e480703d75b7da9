/** Nia, a companion of the small world, and her red ball: how somebody meets her and talks to her. */
import type { Page } from "@playwright/test";
import type { Object as SceneObject } from "../../src/protocol/document";
import { expect, type Visitor } from "./world";

const HOME: SceneObject = {
  name: "home of Nia",
  position_m: [2, 0.02, 20],
  rotation: [0, 1, 0, 0],
  properties: {
    companion: { mind: "guide", name: "Nia", body: "#4aa3a2", accent: "#ffd166", range_m: 40 },
  },
};
const RADIUS_M = 0.25;
const BALL: SceneObject = {
  name: "red ball",
  position_m: [-6, RADIUS_M, 14],
  properties: {
    visuals: [{ shape: { ball: { radius_m: RADIUS_M } }, material: "brick" }],
    colliders: [{ shape: { ball: { radius_m: RADIUS_M } }, density_kgpm3: 60 }],
    body: { kind: "dynamic", linear_damping: 0.4, angular_damping: 0.4 },
  },
};

/** What stands in the small world besides. */
export const BESIDES = { objects: [HOME, BALL] };

/** Where the companion is from the person, metres as seen from above. */
export const apart = (one: Visitor): Promise<number> =>
  one.look(({ companions, own }) => {
    const at = companions[0]?.position;
    if (at == null || own === null) return Number.POSITIVE_INFINITY;
    return Math.hypot(at[0] - own.position[0], at[2] - own.position[2]);
  });

/** Goes to where the companion is, which may stroll about meanwhile. */
export async function walkToNia(one: Visitor): Promise<void> {
  for (let leg = 0; leg < 5; leg += 1) {
    const at = await one.look(({ companions }) => companions[0]?.position ?? null);
    if (at === null) throw new Error("Nia is out of sight");
    if ((await apart(one)) < 4) return;
    await one.walkTo(at[0], at[2], 2.5);
  }
}

export async function openPanel({ page }: Visitor): Promise<void> {
  await expect(page.getByRole("button", { name: "Talk to Nia" })).toBeVisible();
  await page.locator(".world-canvas").focus();
  await page.keyboard.press("f");
  await expect(page.getByRole("dialog", { name: "Nia" })).toBeVisible();
  await expect(page.getByRole("textbox", { name: "Talk to Nia" })).toBeFocused();
}

/** Says something in the panel, and waits until it is answered to the end. */
export async function ask(page: Page, text: string): Promise<string> {
  const answers = page.locator(".panel-talk .turn[data-state]");
  const before = await answers.count();
  await page.getByRole("textbox", { name: "Talk to Nia" }).fill(text);
  await page.keyboard.press("Enter");
  const answer = answers.nth(before);
  await expect(answer).toHaveAttribute("data-state", /done|reduced/);
  return (await answer.locator(".turn-text").textContent()) ?? "";
}

/** How far the ball is from the person, metres as seen from above. */
export const ballApart = (one: Visitor): Promise<number> =>
  one.look(({ objects, own }) => {
    const at = objects.find(({ name }) => name === "red ball")?.position;
    if (at == null || own === null) return Number.POSITIVE_INFINITY;
    return Math.hypot(at[0] - own.position[0], at[2] - own.position[2]);
  });

/** Waits until she holds something and has brought the ball. */
export async function expectBrought(one: Visitor): Promise<void> {
  await expect
    .poll(() => one.look(({ companions }) => companions[0]?.carrying ?? false), {
      timeout: 90_000,
      intervals: [200],
    })
    .toBe(true);
  await one.shoot("carrying");
  await expect.poll(() => ballApart(one), { timeout: 90_000 }).toBeLessThan(3);
}

/** Somebody meets a companion, talks to it, and has it come along and bring something. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import type { Object as SceneObject } from "../../src/protocol/document";
import { expect, test, type Visitor } from "./world";

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

test.use({ isSmall: true, besides: { objects: [HOME, BALL] } });

/** Where the companion is from the person, metres as seen from above. */
const apart = (one: Visitor): Promise<number> =>
  one.look(({ companions, own }) => {
    const at = companions[0]?.position;
    if (at == null || own === null) return Number.POSITIVE_INFINITY;
    return Math.hypot(at[0] - own.position[0], at[2] - own.position[2]);
  });

/** Goes to where the companion is, which may stroll about meanwhile. */
async function walkToNia(one: Visitor): Promise<void> {
  for (let leg = 0; leg < 5; leg += 1) {
    const at = await one.look(({ companions }) => companions[0]?.position ?? null);
    if (at === null) throw new Error("Nia is out of sight");
    if ((await apart(one)) < 4) return;
    await one.walkTo(at[0], at[2], 2.5);
  }
}

async function openPanel({ page }: Visitor): Promise<void> {
  await expect(page.getByRole("button", { name: "Talk to Nia" })).toBeVisible();
  await page.locator(".world-canvas").focus();
  await page.keyboard.press("f");
  await expect(page.getByRole("dialog", { name: "Nia" })).toBeVisible();
  await expect(page.getByRole("textbox", { name: "Talk to Nia" })).toBeFocused();
}

/** Says something in the panel, and waits until it is answered to the end. */
async function ask(page: Page, text: string): Promise<string> {
  const answers = page.locator(".panel-talk .turn[data-state]");
  const before = await answers.count();
  await page.getByRole("textbox", { name: "Talk to Nia" }).fill(text);
  await page.keyboard.press("Enter");
  const answer = answers.nth(before);
  await expect(answer).toHaveAttribute("data-state", /done|reduced/);
  return (await answer.locator(".turn-text").textContent()) ?? "";
}

test("somebody meets a companion, talks to it, and it comes along", async ({
  address,
  visitor,
}) => {
  const ada = await visitor({ viewport: { width: 1280, height: 720 } });
  const { page } = ada;
  await ada.enter(address, "Ada");
  await expect.poll(() => ada.look(({ companions }) => companions[0]?.name)).toBe("Nia");
  await expect.poll(() => apart(ada)).toBeLessThan(40);
  await walkToNia(ada);
  await ada.shoot("prompt");
  await openPanel(ada);

  // Letters are words here, and walk nowhere.
  const before = await ada.standStill();
  await page.keyboard.type("wwww");
  await page.getByRole("textbox", { name: "Talk to Nia" }).fill("");
  expect(await ada.standStill()).toEqual(before);

  // Every length that the answer has while it grows.
  await page.evaluate(() => {
    const lengths = new Set<number>();
    Object.assign(window, { answerLengths: lengths });
    const log = document.querySelector(".talk-log");
    if (log === null) throw new Error("there is no conversation");
    const look = (): void => {
      const text = log.querySelector(".turn[data-state] .turn-text")?.textContent ?? "";
      if (text !== "") lengths.add(text.length);
    };
    new MutationObserver(look).observe(log, {
      childList: true,
      subtree: true,
      characterData: true,
    });
  });
  const hello = await ask(page, "Hello, who are you?");
  expect(hello).not.toBe("");
  const lengths = await page.evaluate(() => [
    ...((window as unknown as { answerLengths: Set<number> }).answerLengths ?? []),
  ]);
  expect(lengths.length, "the words come in pieces").toBeGreaterThan(1);
  await expect(page.locator(".panel-talk .from-memory")).toBeVisible();
  const bubble = () => ada.look(({ companions }) => companions[0]?.bubble ?? null);
  expect(await bubble()).toBe(hello);
  await ada.shoot("talk");
  const found = await new AxeBuilder({ page }).include(".panel-talk").analyze();
  expect(found.violations).toEqual([]);
  await page.setViewportSize({ width: 360, height: 740 });
  await ada.shoot("talk-360");
  await page.setViewportSize({ width: 1280, height: 720 });

  // What was said is in the chat, too, with the companion's name; the bubble fades.
  await expect(page.getByRole("log", { name: "Chat messages" })).toContainText(`Nia ${hello}`);
  await expect.poll(bubble).toBeNull();

  await page.getByRole("button", { name: "Follow me" }).click();
  await expect(page.locator(".panel-talk .turn[data-state]").nth(1)).toHaveAttribute(
    "data-state",
    /done|reduced/,
  );
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog", { name: "Nia" })).toBeHidden();
  await ada.walkTo(8, 8);
  await expect.poll(() => apart(ada)).toBeLessThan(5);
  const at = await ada.look(({ companions }) => companions[0]?.position ?? [0, 0, 0]);
  expect(Math.hypot(at[0] - 2, at[2] - 20), "she has come along").toBeGreaterThan(6);
});

test("a companion brings what it is asked for", async ({ address, visitor }) => {
  const ada = await visitor();
  const { page } = ada;
  await ada.enter(address, "Ada");
  await expect.poll(() => apart(ada)).toBeLessThan(40);
  await walkToNia(ada);
  await openPanel(ada);
  const ball = () =>
    ada.look(({ objects, own }) => {
      const at = objects.find(({ name }) => name === "red ball")?.position;
      if (at == null || own === null) return Number.POSITIVE_INFINITY;
      return Math.hypot(at[0] - own.position[0], at[2] - own.position[2]);
    });
  await expect.poll(ball).toBeGreaterThan(4);
  await ask(page, "Bring me the red ball");
  await ada.shoot("talk-low");
  await page.keyboard.press("Escape");
  await expect
    .poll(() => ada.look(({ companions }) => companions[0]?.carrying ?? false), {
      timeout: 90_000,
      intervals: [200],
    })
    .toBe(true);
  await ada.shoot("carrying");
  await expect.poll(ball, { timeout: 90_000 }).toBeLessThan(3);
});

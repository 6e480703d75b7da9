/** Somebody meets a companion, talks to it, and has it come along and bring something. */
import { AxeBuilder } from "@axe-core/playwright";
import { apart, ask, BESIDES, ballApart, expectBrought, openPanel, walkToNia } from "./nia";
import { expect, test } from "./world";

test.use({ isSmall: true, besides: BESIDES });

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
  await expect.poll(bubble).toBe(hello);
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
  await expect.poll(() => ballApart(ada)).toBeGreaterThan(4);
  await ask(page, "Bring me the red ball");
  await ada.shoot("talk-low");
  await page.keyboard.press("Escape");
  await expectBrought(ada);
});

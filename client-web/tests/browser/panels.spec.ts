/** Everything that lies over the world: by keyboard, for screen readers, in both schemes. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "./world";

const PICTURES = join(import.meta.dirname, "screenshots");
const PANELS = ["connection", "people", "emotes", "help", "settings"] as const;

async function axeFaults(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`));
}

test.beforeAll(async () => {
  await mkdir(PICTURES, { recursive: true });
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing, ${colorScheme}`, async ({ address, visitor }) => {
    // Without transitions: what is measured are the colours, not the way between them.
    const ada = await visitor({ colorScheme, reducedMotion: "reduce" });
    await ada.page.goto(address);
    await expect(ada.page.getByRole("radio", { name: /Plaza/ })).toBeChecked();
    expect(await axeFaults(ada.page)).toEqual([]);
    // Also with a fault shown.
    await ada.page.getByLabel("Your name").fill("");
    await ada.page.getByRole("button", { name: /^Enter / }).click();
    await expect(ada.page.getByRole("alert")).toHaveText("Please type a name.");
    expect(await axeFaults(ada.page)).toEqual([]);

    await ada.enter(address, "Ada");
    expect(await axeFaults(ada.page)).toEqual([]);
    for (const panel of PANELS) {
      await ada.page.locator(`[data-opens="${panel}"]`).click();
      await expect(ada.page.locator(`.panel-${panel}`)).toBeVisible();
      expect(await axeFaults(ada.page), panel).toEqual([]);
      await ada.page.keyboard.press("Escape");
      await expect(ada.page.locator(`.panel-${panel}`)).toBeHidden();
    }
    await ada.say("Hello");
    await ada.page.locator('[data-opens="chat"]').click();
    expect(await axeFaults(ada.page), "chat").toEqual([]);
  });
}

test("everything can be done with the keyboard alone", async ({ address, visitor }) => {
  const ada = await visitor();
  const { page } = ada;
  const { keyboard } = page;
  await page.goto(`${address}/?quality=low`);
  await expect(page.getByRole("radio", { name: /Plaza/ })).toBeChecked();
  const focused = (): Promise<string> =>
    page.evaluate(() => {
      const active = document.activeElement;
      return active?.getAttribute("aria-label") ?? active?.textContent ?? "";
    });

  // From the top: the world, the name, the colours, the button.
  await keyboard.press("Tab");
  await keyboard.press("Tab");
  await keyboard.type("Ada");
  await expect(page.getByLabel("Your name")).toHaveValue("Ada");
  for (let tabs = 0; tabs < 10 && !/^Enter /.test(await focused()); tabs += 1) {
    await keyboard.press("Tab");
  }
  await keyboard.press("Enter");
  await ada.arrive("plaza");

  for (const [key, panel] of [
    ["p", "people"],
    ["e", "emotes"],
    ["h", "help"],
    ["o", "settings"],
  ] as const) {
    await ada.focusWorld();
    await keyboard.press(key);
    const frame = page.locator(`.panel-${panel}`);
    await expect(frame).toBeFocused();
    await keyboard.press("Tab");
    expect(await focused()).toBe("Close");
    // Tab leads out again at the end: nobody is trapped.
    let inside = true;
    for (let tabs = 0; tabs < 40 && inside; tabs += 1) {
      await keyboard.press("Tab");
      inside = await frame.evaluate((node) => node.contains(document.activeElement));
    }
    expect(inside, panel).toBe(false);
    await frame.focus();
    await keyboard.press("Escape");
    await expect(frame).toBeHidden();
    await expect(page.locator(`[data-opens="${panel}"]`)).toBeFocused();
  }

  await ada.focusWorld();
  await keyboard.press("Enter");
  await keyboard.type("wasd and 1 are letters here");
  await keyboard.press("Enter");
  await expect(page.getByRole("log")).toContainText("wasd and 1 are letters here");
  await keyboard.press("Escape");
  await expect(page.locator(".world-canvas")).toBeFocused();
});

test("the language follows the browser and can be changed", async ({ address, visitor }) => {
  const ada = await visitor({ locale: "fr-FR" });
  await ada.page.goto(address);
  await expect(ada.page.getByLabel("Votre nom")).toBeVisible();
  await expect(ada.page.locator("html")).toHaveAttribute("lang", "fr");
  await ada.page.getByLabel("Langue").selectOption("English");
  await expect(ada.page.getByLabel("Your name")).toBeVisible();
  await ada.page.reload();
  await expect(ada.page.getByLabel("Your name")).toBeVisible();
});

for (const { width, height, hasTouch } of [
  { width: 1280, height: 720, hasTouch: false },
  { width: 360, height: 740, hasTouch: true },
]) {
  test(`pictures at ${width} pixels`, async ({ address, visitor }) => {
    const ada = await visitor({
      viewport: { width, height },
      hasTouch,
      reducedMotion: "reduce",
    });
    const { page } = ada;
    const shoot = (name: string): Promise<Buffer> =>
      page.screenshot({ path: join(PICTURES, `${name}-${width}.png`) });
    const fits = (): Promise<boolean> =>
      page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
    await page.goto(address);
    await expect(page.getByRole("radio", { name: /Plaza/ })).toBeChecked();
    expect(await fits()).toBe(true);
    await shoot("entry");
    await ada.enter(address, "Ada");
    await ada.say("What a place!");
    await expect.poll(() => ada.look((state) => state.own?.bubble ?? null)).toBe("What a place!");
    expect(await fits()).toBe(true);
    await shoot("plaza");
    for (const panel of PANELS) {
      await page.locator(`[data-opens="${panel}"]`).click();
      const box = await page.locator(`.panel-${panel}`).boundingBox();
      expect(box, panel).not.toBeNull();
      expect((box?.x ?? -1) >= 0 && (box?.x ?? 0) + (box?.width ?? 0) <= width, panel).toBe(true);
      await shoot(panel);
      await page.keyboard.press("Escape");
    }
  });
}

/** Somebody makes a companion, talks to it, and sees, corrects and deletes what it remembers. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test, type Visitor } from "./world";

test.use({ isSmall: true });

const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 360, height: 740 };

/** Looks at a panel at both sizes, and asks axe about it. */
async function inspect(one: Visitor, panel: string, name: string): Promise<void> {
  const { page } = one;
  await one.shoot(name);
  const found = await new AxeBuilder({ page }).include(panel).analyze();
  expect(found.violations).toEqual([]);
  await page.setViewportSize(NARROW);
  await one.shoot(`${name}-360`);
  await page.setViewportSize(WIDE);
}

/** Says something in the conversation, and waits until it is answered to the end. */
async function ask(page: Page, text: string): Promise<void> {
  const answers = page.locator(".panel-talk .turn[data-state]");
  const before = await answers.count();
  await page.getByRole("textbox", { name: "Talk to Fenn" }).fill(text);
  await page.keyboard.press("Enter");
  await expect(answers.nth(before)).toHaveAttribute("data-state", /done|reduced/);
}

const apart = (one: Visitor): Promise<number> =>
  one.look(({ companions, own }) => {
    const at = companions[0]?.position;
    if (at == null || own === null) return Number.POSITIVE_INFINITY;
    return Math.hypot(at[0] - own.position[0], at[2] - own.position[2]);
  });

/** Goes to where the companion is, which may stroll about meanwhile. */
async function walkToFenn(one: Visitor): Promise<void> {
  await expect.poll(() => apart(one)).toBeLessThan(60);
  for (let leg = 0; leg < 5; leg += 1) {
    const at = await one.look(({ companions }) => companions[0]?.position ?? null);
    if (at === null) throw new Error("Fenn is out of sight");
    if ((await apart(one)) < 4) return;
    await one.walkTo(at[0], at[2], 2.5);
  }
}

test("a companion is made, lives in the world, and what it remembers is corrected and deleted", async ({
  server,
  visitor,
}) => {
  const ada = await visitor({ viewport: WIDE });
  const { page } = ada;
  await ada.enterInvited(server.address, "Ada", await server.invitation);
  await ada.openBuilder();
  await page.getByRole("button", { name: "More", exact: true }).click();
  await page.getByRole("button", { name: "Companions", exact: true }).click();
  const panel = page.getByRole("region", { name: "Companions" });
  const cards = panel.locator(".mind-card");
  await expect(cards).toHaveCount(8);
  await inspect(ada, ".builder-companions", "templates");

  // From a template, with a name, a like and a trait of its own.
  await cards.filter({ hasText: "gardener" }).click();
  await panel.getByRole("textbox", { name: "Name", exact: true }).fill("Fenn");
  await panel.getByRole("textbox", { name: "Something it likes" }).fill("quiet ponds");
  await page.keyboard.press("Enter");
  await expect(panel.getByRole("button", { name: "Remove quiet ponds" })).toBeVisible();
  const courage = panel.getByRole("slider", { name: "Courage" });
  await courage.fill("12");
  await expect(courage).toHaveAttribute("aria-valuetext", "12, very timid");

  // It answers before anybody has saved it.
  await panel.getByRole("textbox", { name: "Say something to try it" }).fill("Who are you?");
  await page.keyboard.press("Enter");
  const said = panel.locator(".mind-log .turn[data-state]");
  await expect(said).toHaveAttribute("data-state", /done|reduced/);
  await expect(said.locator(".turn-text")).not.toBeEmpty();
  await inspect(ada, ".builder-companions", "trial");

  await panel.getByRole("button", { name: "Make it" }).click();
  await expect(panel.getByText("Everything is saved.")).toBeVisible();
  await panel.getByRole("button", { name: "Place it here" }).click();
  await expect(panel.getByText("Lives at 1 place in this world.")).toBeVisible();
  await expect.poll(() => ada.look(({ companions }) => companions[0]?.name)).toBe("Fenn");
  await inspect(ada, ".builder-companions", "saved");
  await page.getByRole("button", { name: "Build", exact: true }).click();

  await walkToFenn(ada);
  await expect(page.getByRole("button", { name: "Talk to Fenn" })).toBeVisible();
  await ada.focusWorld();
  await page.keyboard.press("f");
  await ask(page, "I live in Grenoble.");
  await page.getByRole("button", { name: "About Fenn" }).click();
  const about = page.getByRole("region", { name: "About Fenn" });
  const lives = about.locator(".mind-memory").filter({ hasText: "Grenoble" });
  await expect(lives.filter({ hasText: "You live in" })).toBeVisible();
  await inspect(ada, ".panel-talk", "about");

  // What was true before stays to be seen, struck through.
  await about.getByRole("button", { name: "Correct: You live in Grenoble" }).click();
  await about.getByRole("textbox", { name: /^What is true/ }).fill("Annecy");
  await about.getByRole("button", { name: "Save", exact: true }).click();
  await expect(about.getByText("You live in Annecy", { exact: true })).toBeVisible();
  await expect(about.locator("s").filter({ hasText: "Grenoble" })).toBeVisible();

  await about.getByRole("button", { name: "Forget: You live in Annecy" }).click();
  const question = about.getByRole("alertdialog");
  await question.getByRole("button", { name: "Forget" }).click();
  await expect(about.getByText("You live in Annecy", { exact: true })).toHaveCount(0);
  await about.getByRole("button", { name: "Forget everything about me" }).click();
  await question.getByRole("button", { name: "Forget" }).click();
  await expect(about.getByText("Fenn has forgotten you.")).toBeVisible();
  await expect(about.locator(".mind-memory")).toHaveCount(0);
  await expect(about.locator(".mind-stage")).toHaveText("Stranger");
});

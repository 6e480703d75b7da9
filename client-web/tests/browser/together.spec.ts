/** Two people in one world. */
import { expect, test } from "./world";

/** One quantisation step of positions, metres. */
const STEP_M = 1 / 512;

test("two people see each other move, and talk", async ({ address, visitor }) => {
  const ada = await visitor();
  const grace = await visitor();
  await ada.enter(address, "Ada");
  await grace.enter(address, "Grace");

  await expect
    .poll(() => ada.look((state) => state.others.map((other) => other.name)))
    .toEqual(["Grace"]);
  await expect
    .poll(() => grace.look((state) => state.others.map((other) => other.name)))
    .toEqual(["Ada"]);

  // To within earshot of each other, wherever they appeared.
  await ada.walkToEntrance();
  await grace.walkToEntrance();
  const before = await grace.standStill();
  await grace.walkTo(before[0] - 2, before[2] - 4);
  const after = await grace.standStill();
  expect(Math.hypot(after[0] - before[0], after[2] - before[2])).toBeGreaterThan(3);
  // Ada sees her where she stands, to the step of the wire.
  await expect
    .poll(async () => {
      const own = await grace.position();
      const seen = await ada.look((state) => state.others[0]?.position ?? null);
      return seen === null ? 1 : Math.hypot(own[0] - seen[0], own[1] - seen[1], own[2] - seen[2]);
    })
    .toBeLessThan(STEP_M * 2);

  await ada.say("Good morning, Grace!");
  const log = grace.page.getByRole("log");
  await expect(log).toContainText("Good morning, Grace!");
  await expect(log).toHaveAttribute("aria-live", "polite");
  await expect
    .poll(() => grace.look((state) => state.others[0]?.bubble ?? null))
    .toBe("Good morning, Grace!");
  // What is said is text, never markup.
  await grace.say("<img src=x onerror=alert(1)> & good morning");
  await expect(ada.page.getByRole("log")).toContainText("<img src=x onerror=alert(1)>");
});

test("one pushes the ball, and both see it come to rest at the same place", async ({
  address,
  visitor,
}) => {
  const ada = await visitor();
  const grace = await visitor();
  await ada.enter(address, "Ada");
  await grace.enter(address, "Grace");

  const ballOf = (one: typeof ada): Promise<[number, number, number] | null> =>
    one.look((state) => state.objects.find((object) => object.name === "ball")?.position ?? null);
  const start = await ballOf(ada);
  if (start === null) throw new Error("plaza has no object named ball in sight of the spawn");

  await ada.walkToEntrance();
  await grace.walkToEntrance();
  // From the side of the entrance, straight through.
  await ada.walkTo(start[0], start[2] + 3, 0.5);
  await ada.walkTo(start[0], start[2] - 1.5, 0.5);
  await expect
    .poll(async () => {
      const now = await ballOf(grace);
      return now === null ? 0 : Math.hypot(now[0] - start[0], now[2] - start[2]);
    })
    .toBeGreaterThan(0.5);

  // At rest: the same for a while on both pages, and the same on both.
  let last = "";
  await expect
    .poll(
      async () => {
        const [a, b] = await Promise.all([ballOf(ada), ballOf(grace)]);
        if (a === null || b === null) return false;
        const same = Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]) <= STEP_M;
        const here = JSON.stringify(a);
        const rests = here === last;
        last = here;
        return same && rests;
      },
      { timeout: 60_000, intervals: [1_000] },
    )
    .toBe(true);
});

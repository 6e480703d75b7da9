/** The picture of the README, made on demand: `VIVARIUM_PICTURE=1 npm run browser -- picture`. */
import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { expect, test } from "./world";

const PICTURE = resolve(import.meta.dirname, "../../../assets/screenshots/plaza.png");

test("the picture of the README", async ({ address, visitor }) => {
  test.skip(process.env.VIVARIUM_PICTURE === undefined, "only on demand");
  test.setTimeout(300_000);
  const grace = await visitor();
  const alan = await visitor();
  await grace.enter(address, "Grace");
  await alan.enter(address, "Alan");
  await grace.walkToEntrance();
  await grace.walkTo(-2.4, 6.8);
  await alan.walkToEntrance();
  await alan.walkTo(2.2, 6.2);

  const ada = await visitor({ viewport: { width: 1280, height: 720 }, reducedMotion: "reduce" });
  await ada.enter(address, "Ada");
  await ada.walkToEntrance();
  // Past the pennants: from here the fountain is in the middle.
  await ada.walkTo(0, 11);
  await ada.turnTo(0);
  await ada.standStill();
  await grace.turnTo(Math.PI);
  await grace.say("Shall we roll the big ball to the fountain?");
  await alan.focusWorld();
  await alan.page.keyboard.press("Digit1");
  await expect
    .poll(() => ada.look((state) => state.others.filter((other) => other.bubble !== null).length))
    .toBe(1);
  await mkdir(dirname(PICTURE), { recursive: true });
  await ada.page.screenshot({ path: PICTURE });
});

/** Two builders: each sees where the other points, and physics is paused and put back for both. */
import { expect, test } from "./world";

test("builders see where the other points, pause physics and put everything back", async ({
  server,
  visitor,
}) => {
  const wide = { viewport: { width: 1280, height: 720 } };
  const ada = await visitor(wide);
  const bo = await visitor(wide);
  await ada.enterInvited(server.address, "Ada", await server.invitation);
  const key = await ada.page.evaluate(() => localStorage.getItem("vivarium.device") ?? "");
  const invited = await ada.page.request.post(`${server.address}/api/worlds/plaza/invitations`, {
    headers: { authorization: `Bearer ${key}` },
    data: { role: "builder", expires_in_s: 60 },
  });
  const { invitation } = (await invited.json()) as { invitation: string };
  await bo.enterInvited(server.address, "Bo", invitation);
  await ada.openBuilder();
  await bo.openBuilder();

  // The ground before Ada; Bo sees it at the place that Ada's own page has under the pointer.
  await ada.page.mouse.move(600, 560);
  await ada.page.mouse.move(640, 600);
  await expect.poll(() => bo.look(({ pointers }) => pointers.length)).toBe(1);
  const [own] = await bo.look(({ pointers }) => pointers.map(({ person }) => person));
  expect(own).toBe(await ada.look(({ person }) => person));
  await ada.page.mouse.move(800, 600);
  const far = () =>
    bo.look(({ pointers, others }) => {
      const [x = 0, , z = 0] = pointers[0]?.position ?? [];
      const [ax = 0, , az = 0] = others[0]?.position ?? [];
      return Math.hypot(x - ax, z - az);
    });
  await expect.poll(far).toBeGreaterThan(0.1);
  expect(await far()).toBeLessThan(30);

  // Bo looks there: the pin with Ada's name, on a wide screen and on a narrow one.
  const heading = await bo.look(({ pointers, own }) => {
    const [x = 0, , z = 0] = pointers[0]?.position ?? [];
    const [ownX = 0, , ownZ = 0] = own?.position ?? [];
    return Math.atan2(ownX - x, ownZ - z);
  });
  await bo.turnTo(heading);
  await bo.page.screenshot({ path: test.info().outputPath("pointer.png") });
  await bo.page.setViewportSize({ width: 360, height: 740 });
  await bo.page.screenshot({ path: test.info().outputPath("pointer-360.png") });
  await bo.page.setViewportSize(wide.viewport);

  // Ada pauses: both pages say so. She lets it go on by the keyboard.
  await ada.page.getByRole("button", { name: "More", exact: true }).click();
  await ada.page.getByRole("button", { name: "Pause physics" }).click();
  for (const { page } of [ada, bo]) await expect(page.getByText("Physics is paused")).toBeVisible();
  await ada.page.getByRole("button", { name: "More", exact: true }).click();
  await ada.page.getByRole("button", { name: "Put everything loose back" }).click();
  await expect(ada.page.getByText("Everything loose is back where it belongs.")).toBeVisible();
  await bo.focusWorld();
  await bo.page.keyboard.press("m");
  for (const { page } of [ada, bo]) await expect(page.getByText("Physics is paused")).toBeHidden();

  // Whoever stops building points nowhere any more.
  await ada.page.mouse.move(640, 600);
  await expect.poll(() => bo.look(({ pointers }) => pointers.length)).toBe(1);
  await ada.page.getByRole("button", { name: "More", exact: true }).click();
  await ada.page.getByRole("button", { name: "Stop building" }).click();
  await expect.poll(() => bo.look(({ pointers }) => pointers.length)).toBe(0);
});

/** A world is taken out as a file by the page's button, and brought in again by another one. */
import { readFile } from "node:fs/promises";
import type { Operation } from "../../src/protocol/operation";
import { documentOf, expect, test, type Visitor } from "./world";

/** Asks for changes with the key of a visitor's device, as the builder does. */
function change(visitor: Visitor, operations: readonly Operation[]): Promise<number> {
  return visitor.page.evaluate(
    async (body) => {
      const headers = { authorization: `Bearer ${localStorage.getItem("vivarium.device") ?? ""}` };
      const url = "/api/worlds/plaza/operations";
      return (await fetch(url, { method: "POST", headers, body })).status;
    },
    JSON.stringify({ operations, name: "Ada" }),
  );
}

/** Presses the button that takes the world out as a glb, and gives where the file is. */
async function takeOut({ page }: Visitor): Promise<string> {
  const button = page.getByRole("button", { name: "Download (glb)" });
  const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
  expect(download.suggestedFilename()).toBe("plaza.glb");
  return download.path();
}

test("a world that was taken out as a glb and is brought in again is the same", async ({
  server,
  visitor,
}) => {
  const ada = await visitor();
  await ada.enterInvited(server.address, "Ada", await server.invitation);
  const { page } = ada;
  await ada.openBuilder();
  await page.getByRole("button", { name: "History", exact: true }).click();
  // Once something was changed, the document is told in full.
  expect(await change(ada, [{ rename: { object: 2, name: "old gate" } }])).toBe(200);
  const before = await documentOf(server.address);
  const whole = await takeOut(ada);
  expect((await readFile(whole)).subarray(0, 4).toString()).toBe("glTF");

  // Then the world becomes another one.
  const numbers = await (await fetch(`${server.address}/worlds/plaza.json`)).json();
  const last = numbers.objects.length - 1;
  const status = await change(ada, [
    { title: { title: "Court", description: "" } },
    { rename: { object: 2, name: "sea gate" } },
    { place: { object: 2, position_m: [1, 2, 3], rotation: [0, 0, 0, 1], scale: [1, 1, 1] } },
    { delete: { object: numbers.objects[last].id ?? last } },
  ]);
  expect(status).toBe(200);
  expect(await documentOf(server.address)).not.toEqual(before);

  // The file comes in its place, once Ada has said so.
  await page.getByLabel("In the place of this world").check();
  page.once("dialog", (dialog) => void dialog.accept());
  await page.getByLabel("Bring in a file").setInputFiles({
    name: "plaza.glb",
    mimeType: "model/gltf-binary",
    buffer: await readFile(whole),
  });
  await expect(page.getByText("It is here. You can undo it.")).toBeVisible();
  expect(await documentOf(server.address)).toEqual(before);
  const objects = before.objects.length;
  await expect.poll(() => ada.look(({ objectCount }) => objectCount)).toBe(objects);
  await ada.shoot("exchange-brought-in");
});

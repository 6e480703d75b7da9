/** Somebody brings a model along, places it, and others see it; the world goes out and comes back. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { BrowserContext } from "@playwright/test";
import { documentOf, expect, test, type Visitor } from "./world";

const OAK = new URL("../../../assets/models/oak.glb", import.meta.url).pathname;

/** Takes the world out as a ZIP, deletes an object, and puts the ZIP in its place. */
function outAndIn(visitor: Visitor, object: number): Promise<number[]> {
  return visitor.page.evaluate(async (id) => {
    const headers = { authorization: `Bearer ${localStorage.getItem("vivarium.device") ?? ""}` };
    const world = "/api/worlds/plaza";
    const zip = await fetch(`${world}/export.zip`, { headers });
    const body = JSON.stringify({ operations: [{ delete: { object: id } }] });
    const gone = await fetch(`${world}/operations`, { method: "POST", headers, body });
    const bytes = await zip.blob();
    const back = await fetch(`${world}/import?replace=true`, {
      method: "POST",
      headers,
      body: bytes,
    });
    return [zip.status, gone.status, back.status];
  }, object);
}

test("a model is uploaded and placed, and the world comes back as it went out", async ({
  server,
  visitor,
}) => {
  const ada = await visitor({ viewport: { width: 1280, height: 720 } });
  const vi = await visitor();
  await ada.enterInvited(server.address, "Ada", await server.invitation);
  await vi.enter(server.address, "Vi");
  const before = await vi.look(({ objectCount }) => objectCount);
  const { page } = ada;
  await page.getByRole("button", { name: "Build", exact: true }).click();
  await expect(page.getByRole("toolbar", { name: "Building tools" })).toBeVisible();

  // What is not sound is refused in the server's words, which can be put away.
  const files = page.locator("input[type=file]");
  const broken = { name: "broken.glb", mimeType: "", buffer: Buffer.from("glTF, or so") };
  await files.setInputFiles(broken);
  await expect(page.getByText("the glb ends too early")).toBeVisible();
  await page.screenshot({ path: "test-results/uploads-refused.png" });
  await page.getByRole("button", { name: "Put the message about “broken.glb” away" }).click();
  // Chromium tells every refusal in the console.
  expect(ada.errors.splice(0)).toEqual([expect.stringContaining("422")]);

  // A model goes into the library and from there into the world.
  await files.setInputFiles({ name: "my oak.glb", mimeType: "", buffer: await readFile(OAK) });
  const piece = page.getByRole("button", { name: "my oak", exact: true });
  await expect(piece.locator("img")).toBeVisible();
  const asked = vi.page.waitForResponse((response) => response.url().includes("/assets/uploads/"));
  await piece.click();
  await page.mouse.click(640, 560);
  await expect.poll(() => vi.look(({ objectCount }) => objectCount)).toBe(before + 1);
  expect((await asked).status()).toBe(200);
  const placed = await documentOf(server.address);
  expect(JSON.stringify(placed.objects.at(-1))).toMatch(/uploads\/[0-9a-f]{64}\.glb/);
  await expect
    .poll(() => page.getByRole("button", { name: "Delete “my oak.glb”" }).count())
    .toBe(1);
  await page.screenshot({ path: "test-results/uploads-placed.png" });
  await vi.page.screenshot({ path: "test-results/uploads-visitor.png" });

  // What was done is told, and the world is kept under a name.
  await page.getByRole("button", { name: "History", exact: true }).click();
  await expect(page.locator(".builder-changes b").filter({ hasText: "Ada" })).toBeVisible();
  await page.getByLabel("Name of a version").fill("With an oak");
  await page.locator(".builder-past").getByRole("button", { name: "Keep", exact: true }).click();
  await expect(page.getByRole("button", { name: "Bring back: With an oak" })).toBeVisible();
  await page.getByRole("button", { name: /^Bring back: before Ada/ }).click();
  await expect(page.getByRole("heading", { name: "Goes:" })).toBeVisible();
  await expect(
    page.getByRole("alertdialog").getByRole("button", { name: /^Model \d/ }),
  ).toBeVisible();
  await page.screenshot({ path: "test-results/history.png" });
  await page
    .getByRole("alertdialog")
    .getByRole("button", { name: "Bring back", exact: true })
    .click();
  await expect.poll(() => vi.look(({ objectCount }) => objectCount)).toBe(before);
  await page.getByRole("button", { name: "Bring back: With an oak" }).click();
  await page
    .getByRole("alertdialog")
    .getByRole("button", { name: "Bring back", exact: true })
    .click();
  await expect.poll(() => vi.look(({ objectCount }) => objectCount)).toBe(before + 1);
  await page.setViewportSize({ width: 360, height: 640 });
  await page.screenshot({ path: "test-results/uploads-narrow.png" });

  const numbers = await (await fetch(`${server.address}/worlds/plaza.json`)).json();
  const last = numbers.objects.length - 1;
  expect(await outAndIn(ada, numbers.objects[last].id ?? last)).toEqual([200, 200, 200]);
  await expect.poll(() => vi.look(({ objectCount }) => objectCount)).toBe(before + 1);
  expect(await documentOf(server.address)).toEqual(placed);
});

/**
 * Makes a slow way for uploaded files: of each half comes, and the rest once `release` is called.
 * Ends with `close`.
 */
async function slowUploads(
  context: BrowserContext,
  address: string,
): Promise<{ release(): void; close(): void }> {
  let release = (): void => undefined;
  const released = new Promise<void>((done) => {
    release = done;
  });
  const server = createServer(async (request, response) => {
    const whole = await fetch(`${address}${request.url}`);
    const bytes = Buffer.from(await whole.arrayBuffer());
    const type = whole.headers.get("content-type") ?? "application/octet-stream";
    response.writeHead(whole.status, { "content-type": type, "content-length": bytes.length });
    const half = Math.ceil(bytes.length / 2);
    response.write(bytes.subarray(0, half));
    await released;
    response.end(bytes.subarray(half));
  });
  await new Promise<void>((listens) => server.listen(0, "127.0.0.1", listens));
  const { port } = server.address() as AddressInfo;
  await context.route("**/assets/uploads/**", (route) => {
    const { pathname } = new URL(route.request().url());
    return route.continue({ url: `http://127.0.0.1:${port}${pathname}` });
  });
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { release, close };
}

test("whoever waits for a model sees a box with how far it is, and then the model", async ({
  server,
  visitor,
}) => {
  const ada = await visitor();
  const vi = await visitor();
  await ada.enterInvited(server.address, "Ada", await server.invitation);
  await vi.enter(server.address, "Vi");
  const [x, y, z] = await vi.standStill();
  const slow = await slowUploads(vi.page.context(), server.address);

  // Ada uploads a tree, and plants it before Vi.
  await ada.openBuilder();
  await ada.page.getByRole("button", { name: "Library", exact: true }).click();
  const files = ada.page.locator("input[type=file]");
  await files.setInputFiles({ name: "my oak.glb", mimeType: "", buffer: await readFile(OAK) });
  await expect(ada.page.getByRole("button", { name: "my oak", exact: true })).toBeVisible();
  const oak = await ada.page.evaluate(
    async (place) => {
      const headers = { authorization: `Bearer ${localStorage.getItem("vivarium.device") ?? ""}` };
      const world = "/api/worlds/plaza";
      const { assets } = await (await fetch(`${world}/assets`, { headers })).json();
      const value = {
        name: "my oak",
        position_m: place,
        properties: { visuals: [{ shape: { model: { path: assets[0].path } } }] },
      };
      const body = JSON.stringify({ operations: [{ create: { object: 2 ** 31, value } }] });
      const planted = await fetch(`${world}/operations`, { method: "POST", headers, body });
      return Object.values((await planted.json()).objects)[0] as number;
    },
    [x + 1.5, y - 0.85, z - 4] as const,
  );

  const told = () => vi.page.evaluate((id) => window.vivarium.arriving(id), oak);
  await expect.poll(told).toBe("50 %");
  await vi.turnTo(0);
  await vi.shoot("uploads-arriving");
  expect(await told()).toBe("50 %");
  slow.release();
  await expect.poll(told).toBeNull();
  const seen = await vi.page.evaluate((id) => window.vivarium.shownAt(id), oak);
  expect((seen?.max[1] ?? 0) - (seen?.min[1] ?? 0)).toBeGreaterThan(2);
  await vi.shoot("uploads-arrived");
  slow.close();
});

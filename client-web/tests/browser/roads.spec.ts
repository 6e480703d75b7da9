/** The roads to the server: each of them alone, and what happens when one is blocked. */
import { Relay } from "./relay";
import { expect, test } from "./world";

for (const transport of ["webtransport", "websocket"]) {
  test(`a walk over ${transport}`, async ({ address, visitor }) => {
    const ada = await visitor();
    const grace = await visitor();
    await ada.enter(address, "Ada", "plaza", transport);
    await grace.enter(address, "Grace", "plaza", "websocket");
    expect(await ada.look((state) => state.transport)).toBe(transport);
    await ada.walkToEntrance();
    const place = await ada.standStill();
    // The other one sees her where she is, and hears her.
    await expect
      .poll(async () => {
        const [other] = await grace.look((state) => state.others);
        const seen = other?.position;
        if (!seen) return Number.POSITIVE_INFINITY;
        return Math.hypot(seen[0] - place[0], seen[2] - place[2]);
      })
      .toBeLessThan(0.1);
    await ada.say("over here");
    await expect.poll(() => grace.look((state) => state.others[0]?.bubble)).toBe("over here");
    expect(await ada.look((state) => state.transport)).toBe(transport);
  });
}

test("the best road is taken where it is open", async ({ address, visitor }) => {
  const ada = await visitor();
  await ada.enter(address, "Ada");
  expect(await ada.look((state) => state.transport)).toBe("webtransport");
});

test("where UDP is blocked another road is found, and remembered", async ({ address, visitor }) => {
  // The page comes through a relay of TCP, and nothing answers at its port over UDP.
  const relay = await Relay.start(address);
  const ada = await visitor();
  try {
    await ada.page.route("**/api/roads", async (route) => {
      const response = await route.fetch();
      const roads = (await response.json()) as { webtransport: { url: string } };
      roads.webtransport.url = relay.address.replace("http:", "https:").concat("/connect");
      await route.fulfill({ json: roads });
    });
    await ada.enter(relay.address, "Ada");
    expect(await ada.look((state) => state.transport)).toBe("websocket");
    const remembered = await ada.page.evaluate(() => localStorage.getItem("vivarium.road"));
    expect(remembered).toMatch(/^websocket /);
    // The browser itself reports what could not be reached.
    ada.errors.splice(0);
  } finally {
    await relay.stop();
  }
});

test.describe("where UDP has a port of its own", () => {
  test.use({ flags: ["--udp-listen", "127.0.0.1:0"] });

  test("the page may connect there", async ({ address, visitor }) => {
    const response = await fetch(`${address}/api/roads`);
    const { webtransport } = (await response.json()) as { webtransport: { url: string } };
    expect(new URL(webtransport.url).port).not.toBe(new URL(address).port);
    const ada = await visitor();
    await ada.enter(address, "Ada", "plaza", "webtransport");
    expect(await ada.look((state) => state.transport)).toBe("webtransport");
  });
});

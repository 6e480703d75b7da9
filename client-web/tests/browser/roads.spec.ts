/** The roads to the server: each of them alone, and what happens when one is blocked. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { Relay } from "./relay";
import { expect, test } from "./world";

for (const transport of ["webtransport", "webrtc", "websocket"]) {
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
      const roads = (await response.json()) as { webtransport: { url: string }; webrtc: unknown };
      roads.webrtc = null;
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

test("where UDP vanishes without a word another road carries the first frame soon", async ({
  address,
  visitor,
}, info) => {
  const hole = createSocket("udp4");
  let swallowed = 0;
  hole.on("message", () => {
    swallowed += 1;
  });
  hole.bind(0, "127.0.0.1");
  await once(hole, "listening");
  const { port } = hole.address();
  try {
    const ada = await visitor();
    await ada.page.route("**/api/roads", async (route) => {
      const response = await route.fetch();
      const roads = (await response.json()) as { webtransport: { url: string } };
      roads.webtransport.url = `https://127.0.0.1:${port}/connect`;
      await route.fulfill({ json: roads });
    });
    await ada.page.route("**/api/rtc", async (route) => {
      const response = await route.fetch();
      const answer = await response.text();
      const body = answer.replace(/(a=candidate:\S+ 1 udp \d+ \S+) \d+/g, `$1 ${port}`);
      await route.fulfill({ response, body });
    });
    const began = performance.now();
    await ada.enter(address, "Ada");
    info.annotations.push({
      type: "seconds from opening the page to standing in the world",
      description: ((performance.now() - began) / 1_000).toFixed(1),
    });
    expect(await ada.look((state) => state.transport)).toBe("websocket");
    expect(swallowed).toBeGreaterThan(0);
    ada.errors.splice(0);
  } finally {
    hole.close();
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

// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { describe, expect, it, vi } from "vitest";
import type { BuilderParts } from "./builder";
import { BuilderDoor, type DoorParts } from "./door";
import type { Opened } from "./mount";
import { FakeBench } from "./preview/fake";

type Asked = { url: string; init: RequestInit; answer(status: number, body: unknown): void };

function scene(name = "") {
  const asked: Asked[] = [];
  const closed = vi.fn();
  const failed = vi.fn();
  const forbidden = vi.fn();
  const openBuilder = vi.fn(
    (_: BuilderParts): Opened => ({ builder: {} as Opened["builder"], close: closed }),
  );
  const bench = new FakeBench(
    document.createElement("canvas"),
    signal({ version: 1, name: "plaza", title: "Plaza", objects: [] }),
  );
  let closeFromInside: () => void = () => undefined;
  const parts: DoorParts = {
    fetch: (url, init) =>
      new Promise((resolve) => {
        asked.push({
          url,
          init,
          answer: (status, body) => resolve(Response.json(body, { status })),
        });
      }),
    after: () => undefined,
    key: () => "cd".repeat(32),
    name: () => name,
    workbench: (close) => {
      closeFromInside = close;
      return Promise.resolve(bench);
    },
    host: document.createElement("div"),
    load: () => Promise.resolve({ openBuilder }),
    failed,
    forbidden,
  };
  const door = new BuilderDoor(parts);
  const request = (index: number): Promise<Asked> =>
    vi.waitFor(
      () => {
        const found = asked[index];
        if (found === undefined) throw new Error(`request ${index} was never made`);
        return found;
      },
      { interval: 1 },
    );
  return {
    door,
    parts,
    asked,
    request,
    openBuilder,
    closed,
    failed,
    forbidden,
    inside: () => closeFromInside(),
  };
}

/** A door whose person may build in the plaza. */
async function opened() {
  const all = scene();
  const entered = all.door.entered("plaza");
  (await all.request(0)).answer(200, { role: "builder" });
  await entered;
  await all.door.toggle();
  return all;
}

describe("the builder's door", () => {
  it("asks for the role with the key of the device", async () => {
    const { door, request } = scene();
    const entered = door.entered("plaza");
    const asked = await request(0);
    expect(asked.url).toBe("/api/worlds/plaza/role");
    expect(asked.init.headers).toEqual({ authorization: `Bearer ${"cd".repeat(32)}` });
    asked.answer(200, { role: "owner" });
    await entered;
    expect(door.role.value).toBe("owner");
  });

  it("stays shut for visitors, and when the server says nothing of use", async () => {
    const { door, request, openBuilder } = scene();
    for (const [index, body] of [{ role: "visitor" }, { role: "king" }, null].entries()) {
      const entered = door.entered(`world-${index}`);
      (await request(index)).answer(200, body);
      await entered;
      await door.toggle();
    }
    expect(door.role.value).toBe("visitor");
    expect(openBuilder).not.toHaveBeenCalled();
  });

  it("ignores a role that comes when another world is entered", async () => {
    const { door, request } = scene();
    const first = door.entered("plaza");
    const second = door.entered("garden");
    (await request(1)).answer(200, { role: "visitor" });
    (await request(0)).answer(200, { role: "owner" });
    await Promise.all([first, second]);
    expect(door.role.value).toBe("visitor");
  });

  it("opens, and shuts from inside", async () => {
    const { door, openBuilder, closed, inside } = await opened();
    expect(openBuilder).toHaveBeenCalledOnce();
    expect(door.isOpen.value).toBe(true);
    inside();
    expect(closed).toHaveBeenCalledOnce();
    expect(door.isOpen.value).toBe(false);
  });

  it("stays open over a lost connection, and shuts in another world", async () => {
    const { door, request, closed } = await opened();
    const back = door.entered("plaza");
    (await request(1)).answer(200, { role: "builder" });
    await back;
    expect(closed).not.toHaveBeenCalled();
    void door.entered("garden");
    expect(closed).toHaveBeenCalledOnce();
    expect(door.role.value).toBe("visitor");
  });

  it("opens by itself in a world that it follows to, once that is shown", async () => {
    const { door, request, openBuilder } = await opened();
    door.follow("draft");
    const there = door.entered("draft");
    expect(door.isOpen.value).toBe(false);
    const shown = door.shown("draft");
    (await request(1)).answer(200, { role: "builder" });
    await Promise.all([there, shown]);
    expect(openBuilder).toHaveBeenCalledTimes(2);
    // Only once, and nowhere else.
    door.follow("plaza");
    const elsewhere = door.entered("garden");
    (await request(2)).answer(200, { role: "builder" });
    await Promise.all([elsewhere, door.shown("garden"), door.shown("plaza")]);
    expect(door.isOpen.value).toBe(false);
    expect(openBuilder).toHaveBeenCalledTimes(2);
  });

  it("asks for the role again when somebody's has changed", async () => {
    const { door, request, openBuilder, closed, forbidden } = await opened();
    const more = door.refresh();
    (await request(1)).answer(200, { role: "owner" });
    await more;
    expect(openBuilder.mock.calls[0]?.[0].role.value).toBe("owner");
    // What cannot be had now changes nothing, and an older answer counts no more.
    const [older, newer] = [door.refresh(), door.refresh()];
    (await request(3)).answer(503, null);
    (await request(2)).answer(200, { role: "visitor" });
    await Promise.all([older, newer]);
    expect([door.role.value, door.isOpen.value]).toEqual(["owner", true]);
    const taken = door.refresh();
    (await request(4)).answer(200, { role: "visitor" });
    await taken;
    expect([door.role.value, door.isOpen.value]).toEqual(["visitor", false]);
    expect(closed).toHaveBeenCalledOnce();
    expect(forbidden).toHaveBeenCalledOnce();
    // And given back.
    const given = door.refresh();
    (await request(5)).answer(200, { role: "builder" });
    await given;
    expect(door.role.value).toBe("builder");
  });

  it("shuts when the right to build is taken away", async () => {
    const { door, openBuilder, closed, forbidden } = await opened();
    openBuilder.mock.calls[0]?.[0].forbidden();
    expect(closed).toHaveBeenCalledOnce();
    expect(forbidden).toHaveBeenCalledOnce();
    expect(door.role.value).toBe("visitor");
  });

  it("tells when it cannot be loaded, and can be tried again", async () => {
    const all = scene();
    const entered = all.door.entered("plaza");
    (await all.request(0)).answer(200, { role: "builder" });
    await entered;
    const load = vi.spyOn(all.parts, "load").mockRejectedValueOnce(new TypeError("no network"));
    await all.door.toggle();
    expect(all.failed).toHaveBeenCalledOnce();
    expect(all.door.isOpen.value).toBe(false);
    load.mockRestore();
    await all.door.toggle();
    expect(all.openBuilder).toHaveBeenCalledOnce();
  });
});

describe("an invitation", () => {
  const HEX = "0b".repeat(32);

  it("is taken out of the address, redeemed, and counts for the first world", async () => {
    const { door, request, asked } = scene();
    const forget = vi.fn();
    const invited = door.redeem(`#invitation=${HEX}`, forget);
    expect(forget).toHaveBeenCalledOnce();
    const entered = door.entered("plaza");
    const taking = await request(0);
    expect(taking.url).toBe("/api/invitations");
    expect(JSON.parse(String(taking.init.body))).toEqual({ invitation: HEX });
    expect(asked).toHaveLength(1);
    taking.answer(200, { world: "plaza", role: "builder" });
    expect(await invited).toEqual({ kind: "accepted", world: "plaza", role: "builder" });
    (await request(1)).answer(200, { role: "builder" });
    await entered;
    expect(door.role.value).toBe("builder");
  });

  it("is taken by name by whoever has one", async () => {
    const { door, request } = scene("Bo");
    void door.redeem(`#invitation=${HEX}`, () => undefined);
    const { init } = await request(0);
    expect(JSON.parse(String(init.body))).toEqual({ invitation: HEX, name: "Bo" });
  });

  it("that is no longer good is said to be", async () => {
    const { door, request } = scene();
    const invited = door.redeem(`#invitation=${HEX}`, () => undefined);
    (await request(0)).answer(403, { error: "forbidden", text: "used up" });
    expect(await invited).toEqual({ kind: "refused" });
  });

  it("that is none asks nothing", async () => {
    const { door, asked } = scene();
    const forget = vi.fn();
    expect(await door.redeem("#top", forget)).toEqual({ kind: "none" });
    expect(forget).not.toHaveBeenCalled();
    expect(asked).toEqual([]);
  });
});

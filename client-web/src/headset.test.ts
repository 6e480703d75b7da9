// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HeadsetDoor } from "./headset";
import type { Stage, Worn } from "./stage";
import { Store } from "./ui/store";

let isThere: boolean;
let session: { end: ReturnType<typeof vi.fn> };
let ask: ReturnType<typeof vi.fn>;
let changed: () => void;

const worn = signal<Worn | null>(null);
const wear = vi.fn((_session: XRSession, _build: () => void): Promise<void> => Promise.resolve());
const stage = { worn, wear } as unknown as Stage;
const failed = vi.fn();

function open(shown: () => Stage | null = () => stage) {
  const store = new Store();
  const door = new HeadsetDoor({ store, stage: shown, build: () => undefined, failed });
  return { store, door };
}

beforeEach(() => {
  isThere = true;
  worn.value = null;
  session = { end: vi.fn(() => Promise.resolve()) };
  ask = vi.fn(() => Promise.resolve(session));
  vi.clearAllMocks();
  Object.defineProperty(navigator, "xr", {
    configurable: true,
    value: {
      isSessionSupported: (mode: string) => Promise.resolve(isThere && mode === "immersive-vr"),
      requestSession: ask,
      addEventListener: (_type: string, then: () => void) => {
        changed = then;
      },
    },
  });
});

afterEach(() => {
  Object.defineProperty(navigator, "xr", { configurable: true, value: undefined });
});

describe("a headset", () => {
  it("is told of when there is one, also later", async () => {
    isThere = false;
    const { store } = open();
    await Promise.resolve();
    expect(store.headset.value).toBe(false);
    isThere = true;
    changed();
    await vi.waitFor(() => expect(store.headset.value).toBe(true));
  });

  it("is worn in the world that is shown, and taken off again", async () => {
    const { door } = open();
    await door.toggle();
    expect(ask).toHaveBeenCalledWith("immersive-vr", { requiredFeatures: ["local-floor"] });
    expect(wear.mock.lastCall?.[0]).toBe(session);
    const end = vi.fn();
    worn.value = { end } as unknown as Worn;
    await door.toggle();
    expect(end).toHaveBeenCalledOnce();
    expect(ask).toHaveBeenCalledOnce();
  });

  it("is asked for once at a time, and not without a world", async () => {
    const { door } = open();
    await Promise.all([door.toggle(), door.toggle()]);
    expect(ask).toHaveBeenCalledOnce();
    await open(() => null).door.toggle();
    expect(ask).toHaveBeenCalledOnce();
  });

  it("that cannot be used is told of, and may be tried again", async () => {
    const { door } = open();
    ask.mockRejectedValueOnce(new DOMException("no"));
    await door.toggle();
    expect(failed).toHaveBeenCalledOnce();
    await door.toggle();
    expect(wear).toHaveBeenCalledOnce();
  });

  it("in which nothing can be drawn is not left on anybody's head", async () => {
    const { door } = open();
    wear.mockRejectedValueOnce(new TypeError("its code cannot be fetched"));
    session.end.mockRejectedValueOnce(new DOMException("it is over"));
    await door.toggle();
    expect(session.end).toHaveBeenCalledOnce();
    expect(failed).toHaveBeenCalledOnce();
    await door.toggle();
    expect(wear).toHaveBeenCalledTimes(2);
  });

  it("is not worn when its person has left the world meanwhile", async () => {
    let shown: Stage | null = stage;
    const { door } = open(() => shown);
    const asked = door.toggle();
    shown = null;
    await asked;
    expect(wear).not.toHaveBeenCalled();
    expect(session.end).toHaveBeenCalledOnce();
  });
});

/** Finds out which roads the server of this page has, and which of them this browser can take. */
import { type OpenTransport, openWebSocket, sessionUrl, type TransportName } from "./transport";
import { hasWebRtc, openWebRtc } from "./webrtc";
import { hasWebTransport, openWebTransport } from "./webtransport";

const KEY = "vivarium.road";
/** A road that worked is tried first for a day, ms. */
const REMEMBER_MS = 24 * 3_600_000;
/** The list is waited for so long (ms); without it, the road that every server has is tried. */
const LIST_TIMEOUT_MS = 1_500;
const NAMES: readonly string[] = ["webtransport", "webrtc", "websocket"];

function isName(value: unknown): value is TransportName {
  return typeof value === "string" && NAMES.includes(value);
}

interface Listed {
  webrtc?: { url?: unknown; ice_servers?: unknown } | null;
  webtransport?: { url?: unknown; certificate_hashes?: unknown } | null;
}

/** Openers of all roads, as `GET /api/roads` and the browser have them. */
export async function listRoads(): Promise<Partial<Record<TransportName, OpenTransport>>> {
  const openers: Partial<Record<TransportName, OpenTransport>> = {
    websocket: openWebSocket(sessionUrl(location)),
  };
  try {
    const response = await fetch("/api/roads", {
      headers: { accept: "application/json" },
      signal: AbortSignal.timeout(LIST_TIMEOUT_MS),
    });
    if (!response.ok) return openers;
    const { webrtc, webtransport } = (await response.json()) as Listed;
    const url = webtransport?.url;
    const hashes = webtransport?.certificate_hashes;
    if (hasWebTransport() && typeof url === "string" && Array.isArray(hashes)) {
      const digests = hashes.filter((hash): hash is string => typeof hash === "string");
      openers.webtransport = openWebTransport(url, digests);
    }
    if (hasWebRtc() && typeof webrtc?.url === "string" && Array.isArray(webrtc.ice_servers)) {
      openers.webrtc = openWebRtc(webrtc.url, webrtc.ice_servers as RTCIceServer[]);
    }
  } catch {
    // The road that every server has is tried all the same.
  }
  return openers;
}

/** The only transport that the page's address asks for: `?transport=websocket`. */
export function forcedRoad(search: string): TransportName | null {
  const wanted = new URLSearchParams(search).get("transport");
  return isName(wanted) ? wanted : null;
}

/** Keeps what worked in `storage`. */
export function roadMemory(
  storage: () => Pick<Storage, "getItem" | "setItem">,
  wallClockMs: () => number,
): { remembered(): TransportName | null; remember(name: TransportName): void } {
  return {
    remembered() {
      try {
        const [name, atMs] = (storage().getItem(KEY) ?? "").split(" ");
        return isName(name) && wallClockMs() - Number(atMs) < REMEMBER_MS ? name : null;
      } catch {
        return null;
      }
    },
    remember(name) {
      // The time is not renewed: once a day the usual order has its chance.
      if (this.remembered() === name) return;
      try {
        storage().setItem(KEY, `${name} ${wallClockMs()}`);
      } catch {
        // Storage is full or forbidden: the next visit tries them in their usual order.
      }
    },
  };
}

/**
 * The seam between a session and the road that carries it.
 *
 * A transport offers two lanes: `reliable` (ordered, nothing lost) and `latest` (newer replaces
 * older). It knows nothing of messages, and it is never opened again: each connection is a new one.
 */

/** Which promises a message travels under. */
export type Lane = "reliable" | "latest";

/** Roads; the server may offer some or all. */
export type TransportName = "websocket" | "webtransport" | "webrtc";

/** What a transport tells. After `closed` nothing follows. */
export interface TransportEvents {
  opened(): void;
  message(lane: Lane, bytes: Uint8Array): void;
  /** `code` as WebSocket close codes (RFC 6455); the server's own reasons begin at 4000. */
  closed(code: number, detail: string): void;
}

export interface Transport {
  readonly name: TransportName;
  /** Sends now, or drops: a closed transport drops all, a full one drops what is `latest`. */
  send(lane: Lane, bytes: Uint8Array<ArrayBuffer>): void;
  /** Ends it; `closed` is not told any more. */
  close(): void;
  /** It fell silent: another road should be tried first. */
  distrust?(): void;
}

/** Begins a connection. */
export type OpenTransport = (events: TransportEvents) => Transport;

/** First byte of a WebSocket message. */
const LANES: readonly Lane[] = ["reliable", "latest"];

/** Beyond this many bytes waiting in the browser, a latest-lane message is dropped. */
const LATEST_QUEUE_BYTES_MAX = 8 * 1024;

/** WebSocket: one ordered stream for both lanes, the first byte of a message names its lane. */
export function openWebSocket(url: string): OpenTransport {
  return (events) => {
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    let told = false;
    const closed = (code: number, detail: string): void => {
      if (told) return;
      told = true;
      events.closed(code, detail);
    };
    socket.addEventListener("open", () => {
      if (!told) events.opened();
    });
    socket.addEventListener("message", (event: MessageEvent<unknown>) => {
      if (told) return;
      if (!(event.data instanceof ArrayBuffer) || event.data.byteLength === 0) {
        socket.close();
        closed(1003, "not a binary message");
        return;
      }
      const bytes = new Uint8Array(event.data);
      const lane = LANES[bytes[0] ?? 0];
      if (lane === undefined) {
        socket.close();
        closed(1002, "unknown lane");
        return;
      }
      events.message(lane, bytes.subarray(1));
    });
    socket.addEventListener("close", (event) => closed(event.code, event.reason));
    return {
      name: "websocket",
      send(lane, bytes) {
        if (socket.readyState !== WebSocket.OPEN) return;
        if (lane === "latest" && socket.bufferedAmount > LATEST_QUEUE_BYTES_MAX) return;
        const framed = new Uint8Array(bytes.length + 1);
        framed[0] = LANES.indexOf(lane);
        framed.set(bytes, 1);
        socket.send(framed);
      },
      close() {
        told = true;
        socket.close();
      },
    };
  };
}

/** Where the server of this page listens for sessions. */
export function sessionUrl(page: { protocol: string; host: string }): string {
  return `${page.protocol === "https:" ? "wss:" : "ws:"}//${page.host}/connect`;
}

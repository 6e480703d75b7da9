/**
 * WebRTC: two data channels, which the server opens. One offer and one answer over HTTP connect.
 */
import { limits } from "../protocol/generated";
import { Deframer, frame } from "./framing";
import type { OpenTransport, Transport, TransportEvents } from "./transport";

const LOST = 1006;
/** What is on its way when the page closes a connection has so long to leave, ms. */
const LAST_WORDS_MS = 300;
/** Names that the server gives its channels. */
const RELIABLE = "reliable";
const LATEST = "latest";
/** Bytes of the largest piece that travels in one message of a channel. */
const PIECE_BYTES_MAX = 16 * 1024;
/** Beyond this many bytes waiting in the browser, a latest-lane message is dropped. */
const LATEST_QUEUE_BYTES_MAX = 8 * 1024;
/** An offer needs a section for data; a channel of this number opens nothing at the server. */
const PLACEHOLDER_ID = 1_000;

export function hasWebRtc(): boolean {
  return typeof RTCPeerConnection === "function";
}

/** Connects by an offer that is posted to `url`. */
export function openWebRtc(url: string, iceServers: RTCIceServer[]): OpenTransport {
  return (events) => new Connection(url, iceServers, events);
}

class Connection implements Transport {
  readonly name = "webrtc";
  readonly #events: TransportEvents;
  readonly #peer: RTCPeerConnection;
  readonly #abort = new AbortController();
  readonly #deframer = new Deframer(limits.serverReliableBytesMax);
  #reliable: RTCDataChannel | null = null;
  #latest: RTCDataChannel | null = null;
  #opened = false;
  #over = false;

  constructor(url: string, iceServers: RTCIceServer[], events: TransportEvents) {
    this.#events = events;
    this.#peer = new RTCPeerConnection({ iceServers });
    this.#peer.createDataChannel("", { negotiated: true, id: PLACEHOLDER_ID });
    this.#peer.addEventListener("datachannel", ({ channel }) => this.#meet(channel));
    this.#peer.addEventListener("connectionstatechange", () => {
      if (["failed", "closed"].includes(this.#peer.connectionState)) this.#end();
    });
    this.#connect(url).catch(() => this.#end());
  }

  send(lane: "reliable" | "latest", bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#over) return;
    try {
      if (lane === "reliable") {
        const framed = frame(bytes);
        for (let at = 0; at < framed.length; at += PIECE_BYTES_MAX) {
          this.#reliable?.send(framed.subarray(at, at + PIECE_BYTES_MAX));
        }
      } else if ((this.#latest?.bufferedAmount ?? 0) <= LATEST_QUEUE_BYTES_MAX) {
        this.#latest?.send(bytes);
      }
    } catch {
      // The channel closed a moment ago, or its queue is full beyond all measure.
      this.#end();
    }
  }

  close(): void {
    this.#over = true;
    this.#abort.abort();
    // What was sent a moment ago still goes out: closing at once would throw it away.
    if (this.#opened) setTimeout(() => this.#peer.close(), LAST_WORDS_MS);
    else this.#peer.close();
  }

  async #connect(url: string): Promise<void> {
    await this.#peer.setLocalDescription();
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/sdp" },
      body: this.#peer.localDescription?.sdp ?? "",
      signal: this.#abort.signal,
    });
    if (!response.ok) throw new Error(`${url}: ${response.status}`);
    const sdp = await response.text();
    if (!this.#over) await this.#peer.setRemoteDescription({ type: "answer", sdp });
  }

  #meet(channel: RTCDataChannel): void {
    channel.binaryType = "arraybuffer";
    if (channel.label === RELIABLE) this.#reliable = channel;
    else if (channel.label === LATEST) this.#latest = channel;
    else return;
    channel.addEventListener("message", ({ data }) => this.#hear(channel, data));
    channel.addEventListener("close", () => this.#end());
    if (channel.readyState === "open") this.#check();
    else channel.addEventListener("open", () => this.#check());
  }

  #check(): void {
    const open = (channel: RTCDataChannel | null): boolean => channel?.readyState === "open";
    if (this.#over || this.#opened || !open(this.#reliable) || !open(this.#latest)) return;
    this.#opened = true;
    this.#events.opened();
  }

  #hear(channel: RTCDataChannel, data: unknown): void {
    if (this.#over || !(data instanceof ArrayBuffer)) return;
    const bytes = new Uint8Array(data);
    if (channel.label === LATEST) {
      this.#events.message("latest", bytes);
      return;
    }
    try {
      for (const message of this.#deframer.push(bytes)) {
        if (!this.#over) this.#events.message("reliable", message);
      }
    } catch {
      this.#end();
    }
  }

  /** The reason, where there is one, was the last message. */
  #end(): void {
    if (this.#over) return;
    this.close();
    this.#events.closed(LOST, "");
  }
}

/**
 * WebTransport: the reliable lane is one stream that this end opens, datagrams are the latest lane.
 */
import { closeReasonOf, limits } from "../protocol/generated";
import { Deframer, frame } from "./framing";
import type { OpenTransport, Transport, TransportEvents } from "./transport";

/** What a browser without a reason of the server tells, as WebSocket does. */
/** What is on its way when the page closes a connection has so long to leave, ms. */
const LAST_WORDS_MS = 300;
const LOST = 1006;

/** Bytes of a digest in hexadecimal digits. */
function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  const pairs = hex.match(/../g) ?? [];
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
}

export function hasWebTransport(): boolean {
  return typeof WebTransport === "function";
}

/** Connects to `url`, whose certificate is trusted by its digests (SHA-256), where there are any. */
export function openWebTransport(url: string, digests: readonly string[]): OpenTransport {
  return (events) => new Connection(url, digests, events);
}

class Connection implements Transport {
  readonly name = "webtransport";
  readonly #events: TransportEvents;
  readonly #transport: WebTransport;
  #stream: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>> | null = null;
  #datagrams: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>> | null = null;
  #over = false;

  constructor(url: string, digests: readonly string[], events: TransportEvents) {
    this.#events = events;
    const serverCertificateHashes = digests.map((hex) => ({
      algorithm: "sha-256",
      value: bytesOf(hex),
    }));
    this.#transport = new WebTransport(url, {
      congestionControl: "low-latency",
      requireUnreliable: true,
      ...(digests.length > 0 ? { serverCertificateHashes } : {}),
    });
    // Each of them fails on its own, and one that nobody awaits counts as an error of the page.
    this.#transport.closed.then(
      ({ closeCode }) => this.#end(closeCode ?? LOST),
      () => this.#end(LOST),
    );
    this.#begin().catch(() => this.#end(LOST));
  }

  send(lane: "reliable" | "latest", bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#over) return;
    if (lane === "reliable") {
      this.#stream?.write(frame(bytes)).catch(() => this.#end(LOST));
    } else if ((this.#datagrams?.desiredSize ?? 0) > 0) {
      // Without this question datagrams would queue without end, and be old when they leave.
      this.#datagrams?.write(bytes).catch(() => {});
    }
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    const end = (): void => {
      try {
        this.#transport.close();
      } catch {
        // It never opened.
      }
    };
    if (this.#stream === null) {
      end();
      return;
    }
    // What was sent a moment ago still goes out: closing at once would take it back.
    const patience = setTimeout(end, LAST_WORDS_MS);
    this.#stream
      .close()
      .catch(() => {})
      .finally(() => {
        clearTimeout(patience);
        end();
      });
  }

  async #begin(): Promise<void> {
    await this.#transport.ready;
    const stream = await this.#transport.createBidirectionalStream();
    this.#stream = stream.writable.getWriter() as WritableStreamDefaultWriter<
      Uint8Array<ArrayBuffer>
    >;
    this.#datagrams = this.#transport.datagrams.writable.getWriter() as WritableStreamDefaultWriter<
      Uint8Array<ArrayBuffer>
    >;
    if (this.#over) return;
    this.#events.opened();
    this.#readDatagrams().catch(() => this.#end(LOST));
    await this.#readStream(stream.readable);
  }

  async #readStream(readable: ReadableStream<Uint8Array>): Promise<void> {
    const reader = readable.getReader();
    const deframer = new Deframer(limits.serverReliableBytesMax);
    for (;;) {
      const { value, done } = await reader.read();
      if (done || this.#over) return;
      for (const message of deframer.push(value)) {
        if (!this.#over) this.#events.message("reliable", message);
      }
    }
  }

  async #readDatagrams(): Promise<void> {
    const reader = this.#transport.datagrams.readable.getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done || this.#over) return;
      this.#events.message("latest", value);
    }
  }

  #end(code: number): void {
    if (this.#over) return;
    this.#over = true;
    try {
      this.#transport.close();
    } catch {
      // It is closed already.
    }
    this.#events.closed(closeReasonOf(code) === null ? LOST : code, "");
  }
}

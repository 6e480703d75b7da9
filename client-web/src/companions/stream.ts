/** Words that come from the server one after another, as server-sent events. Everything is bounded. */
import { createParser } from "eventsource-parser";
import { type Trouble, troubleOf } from "./minds";
import { isRecord } from "./persona";

/** What a preview tells. */
export type PreviewEvent =
  | { kind: "says"; text: string }
  | { kind: "done"; isReduced: boolean }
  | { kind: "failed"; trouble: Trouble };

/** A stream that says more is left. */
const STREAM_BYTES_MAX = 256 * 1024;

/** One event's data; null: nothing that is known here. */
export function readEvent(data: string): PreviewEvent | null {
  let body: unknown;
  try {
    body = JSON.parse(data);
  } catch {
    return null;
  }
  if (!isRecord(body)) return null;
  const { says, done, failed } = body;
  if (typeof says === "string") return { kind: "says", text: says };
  if (isRecord(done)) return { kind: "done", isReduced: done.is_reduced === true };
  if (!isRecord(failed)) return null;
  return { kind: "failed", trouble: troubleOf({ ...failed, error: failed.reason }) };
}

/** Tells the events of a body as they come, until it ends, is too long, or `told` says false. */
export async function follow(
  body: ReadableStream<Uint8Array>,
  told: (event: PreviewEvent) => boolean,
): Promise<void> {
  let goesOn = true;
  const parser = createParser({
    onEvent: ({ data }) => {
      const event = goesOn ? readEvent(data) : null;
      if (event !== null) goesOn = told(event);
    },
  });
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let bytes = 0;
  try {
    while (goesOn && bytes < STREAM_BYTES_MAX) {
      const { done, value } = await reader.read();
      if (done) return;
      bytes += value.byteLength;
      parser.feed(decoder.decode(value, { stream: true }));
    }
  } finally {
    // Nobody listens any more; whoever sends may stop.
    await reader.cancel().catch(() => undefined);
  }
}

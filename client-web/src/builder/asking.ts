/**
 * Asks the server about one world, below `/api/worlds/{world}/`, with the key of this device. What
 * does not come is null or trouble with words for people; nothing here is thrown.
 */
import { isRecord } from "./edits";

export interface AskingParts {
  world: string;
  key(): string | Promise<string>;
  name(): string;
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** Words for people: why the server refused, by its code and its words; null: no answer came. */
  refusal(code: string | null, text: string): string;
}

export interface SentFile {
  readonly name: string;
  readonly size: number;
}

export interface SendingParts extends AskingParts {
  /** Sends a file and tells how far it is; rejects when the line breaks. */
  send(
    url: string,
    key: string,
    file: SentFile,
    told: (done01: number) => void,
    signal: AbortSignal,
  ): Promise<{ status: number; body: unknown }>;
}

/** What came of asking the server for something. */
export type Told =
  | { kind: "done"; body: unknown }
  | { kind: "trouble"; code: string | null; text: string; body: unknown };

export class Asking {
  readonly parts: AskingParts;

  constructor(parts: AskingParts) {
    this.parts = parts;
  }

  url(end: string): string {
    return `/api/worlds/${encodeURIComponent(this.parts.world)}${end}`;
  }

  async headers(): Promise<Record<string, string>> {
    return { authorization: `Bearer ${await this.parts.key()}` };
  }

  /** An answer as JSON; null: there is none. */
  async get(end: string): Promise<unknown> {
    const response = await this.response(end, {});
    return response?.ok ? response.json().catch(() => null) : null;
  }

  async tell(end: string, init: RequestInit): Promise<Told> {
    const response = await this.response(end, init);
    const body: unknown = (await response?.json().catch(() => null)) ?? null;
    return response?.ok ? { kind: "done", body } : this.trouble(body);
  }

  /** Why an answer is none, in words. */
  trouble(body: unknown): Extract<Told, { kind: "trouble" }> {
    const { error, text } = isRecord(body) ? body : {};
    const code = typeof error === "string" ? error : null;
    const words = this.parts.refusal(code, typeof text === "string" ? text : "");
    return { kind: "trouble", code, text: words, body };
  }

  /** Null: no answer came. */
  async response(end: string, init: RequestInit): Promise<Response | null> {
    try {
      const headers = await this.headers();
      return await this.parts.fetch(this.url(end), { ...init, headers });
    } catch {
      return null;
    }
  }
}

/** Sends a file with the browser's own request, since `fetch` does not tell how far it is. */
export const sendFile: SendingParts["send"] = (url, key, file, told, signal) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = (): void => request.abort();
    signal.addEventListener("abort", stop, { once: true });
    request.open("POST", url);
    request.setRequestHeader("authorization", `Bearer ${key}`);
    request.upload.onprogress = ({ loaded, total }) => told(total > 0 ? loaded / total : 0);
    request.onerror = () => reject(new Error("the line broke"));
    request.onabort = () => reject(new Error("it was stopped"));
    request.onload = () => {
      signal.removeEventListener("abort", stop);
      let body: unknown = null;
      try {
        body = JSON.parse(request.responseText);
      } catch {
        // Not from our server: the status says enough.
      }
      resolve({ status: request.status, body });
    };
    request.send(file as File);
  });

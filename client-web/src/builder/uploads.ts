/**
 * What people of this world have uploaded, and what is on its way.
 *
 * Owns the list of the server and the files that are being sent; one after another, so that a slow
 * line brings something soon.
 */
import { signal } from "@preact/signals";
import { Asking, type SendingParts, type SentFile } from "./asking";
import { isRecord } from "./edits";
import type { Vec3 } from "./vectors";
import type { Bounds } from "./workbench";

export type UploadKind = "model" | "image" | "sound" | "sky";

/** Something that lies on the server. */
export interface Upload {
  path: string;
  name: string;
  kind: UploadKind;
  bytes: number;
  author: string;
  atMs: number;
  /** Whether the world names it now. */
  used: boolean;
  /** Of a model, metres. */
  bounds: Bounds | null;
  triangles: number | null;
  /** Of an image, pixels. */
  size: readonly [number, number] | null;
  seconds: number | null;
  /** What the server changed, in its words. */
  notes: readonly string[];
}

/** How much there is, and may be: the fuller of the world's and one's own. */
export interface Room {
  bytes: number;
  bytesMax: number;
}

/** A file on its way. */
export interface Sending {
  id: number;
  name: string;
  /** Null: it waits. From 0 to 1; at 1 the server looks at it. */
  done01: number | null;
  /** Why it was not taken; it stays until it is put away. */
  trouble: string | null;
  /** It was taken, and this was changed, in the server's words; it stays as well. */
  notes: readonly string[];
}

export class Uploads {
  readonly #parts: SendingParts;
  readonly #asking: Asking;
  readonly all = signal<readonly Upload[]>([]);
  readonly room = signal<Room | null>(null);
  readonly sending = signal<readonly Sending[]>([]);
  #waiting: { id: number; file: SentFile; abort: AbortController }[] = [];
  #busy = false;
  #last = 0;

  constructor(parts: SendingParts) {
    this.#parts = parts;
    this.#asking = new Asking(parts);
  }

  /** Asks the server again; what cannot be asked stays as it was. */
  async refresh(): Promise<void> {
    const body = await this.#asking.get("/assets");
    if (!isRecord(body) || !Array.isArray(body.assets)) return;
    this.all.value = body.assets.flatMap((entry) => readUpload(entry) ?? []);
    this.room.value = readRoom(body.quota);
  }

  /** Sends files, after those that wait. */
  add(files: Iterable<SentFile>): void {
    for (const file of files) {
      this.#last += 1;
      const id = this.#last;
      this.#waiting.push({ id, file, abort: new AbortController() });
      this.#note(id, { id, name: file.name, done01: null, trouble: null, notes: [] });
    }
    void this.#work();
  }

  /** Stops sending a file, or puts one away that was not taken. */
  cancel(id: number): void {
    for (const one of this.#waiting) if (one.id === id) one.abort.abort();
    this.#waiting = this.#waiting.filter((one) => one.id !== id);
    this.sending.value = this.sending.value.filter((one) => one.id !== id);
  }

  /** Takes something out of the library; gives words for people when it does not. */
  async forget(path: string): Promise<string | null> {
    const file = path.split("/").at(-1) ?? path;
    const told = await this.#asking.tell(`/assets/${file}`, { method: "DELETE" });
    await this.refresh();
    return told.kind === "done" ? null : told.text;
  }

  close(): void {
    for (const { abort } of this.#waiting) abort.abort();
    this.#waiting = [];
    this.sending.value = [];
  }

  #note(id: number, change: Partial<Sending> & { id: number }): void {
    const known = this.sending.value.find((one) => one.id === id);
    const next = { name: "", done01: null, trouble: null, notes: [], ...known, ...change };
    this.sending.value = known
      ? this.sending.value.map((one) => (one.id === id ? next : one))
      : [...this.sending.value, next];
  }

  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const { id, file, abort } = next;
      const { trouble, notes } = await this.#sendOne(id, file, abort.signal);
      this.#waiting = this.#waiting.filter((one) => one.id !== id);
      if (abort.signal.aborted) continue;
      if (trouble !== null || notes.length > 0)
        this.#note(id, { id, done01: null, trouble, notes });
      else this.sending.value = this.sending.value.filter((one) => one.id !== id);
    }
    this.#busy = false;
  }

  async #sendOne(id: number, file: SentFile, abort: AbortSignal): Promise<Sent> {
    const failed = (trouble: string): Sent => ({ trouble, notes: [] });
    const query = new URLSearchParams({ name: file.name, by: this.#parts.name() });
    try {
      const key = await this.#parts.key();
      const told = (done01: number): void => {
        if (!abort.aborted) this.#note(id, { id, done01 });
      };
      // It may have been cancelled while the key was made: `send` would not hear of it.
      if (abort.aborted) return NOTHING_SENT;
      told(0);
      const url = this.#asking.url(`/assets?${query.toString()}`);
      const { status, body } = await this.#parts.send(url, key, file, told, abort);
      const taken = status === 200 ? readUpload(body) : null;
      if (taken === null) return failed(this.#asking.trouble(body).text);
      this.all.value = [taken, ...this.all.value.filter(({ path }) => path !== taken.path)];
      void this.refresh();
      return { trouble: null, notes: taken.notes };
    } catch {
      return failed(this.#asking.trouble(null).text);
    }
  }
}

/** What came of sending a file. */
type Sent = Pick<Sending, "trouble" | "notes">;

const NOTHING_SENT: Sent = { trouble: null, notes: [] };

const KINDS: ReadonlySet<string> = new Set<UploadKind>(["model", "image", "sound", "sky"]);

/** An entry as the server tells it; null: it is something else. */
export function readUpload(value: unknown): Upload | null {
  if (!isRecord(value)) return null;
  const { path, name, kind, bytes, author, at_ms: atMs, used, notes } = value;
  if (typeof path !== "string" || typeof name !== "string" || typeof kind !== "string") return null;
  if (!KINDS.has(kind)) return null;
  const details = isRecord(value.details) ? value.details : {};
  const { width, height } = details;
  return {
    path,
    name,
    kind: kind as UploadKind,
    bytes: numberOr(bytes, 0),
    author: typeof author === "string" ? author : "",
    atMs: numberOr(atMs, 0),
    used: used === true,
    bounds: readBounds(details.bounds_m),
    triangles: numberOr(details.triangles, null),
    size: typeof width === "number" && typeof height === "number" ? [width, height] : null,
    seconds: numberOr(details.seconds, null),
    notes: Array.isArray(notes) ? notes.filter((note) => typeof note === "string") : [],
  };
}

function numberOr<T>(value: unknown, absent: T): number | T {
  return typeof value === "number" && Number.isFinite(value) ? value : absent;
}

function readBounds(value: unknown): Bounds | null {
  if (!Array.isArray(value)) return null;
  const [min, max] = value.map(readPoint);
  return min && max ? { min, max } : null;
}

function readPoint(value: unknown): Vec3 | null {
  if (!Array.isArray(value) || value.length !== 3) return null;
  const [x, y, z] = value.map((part) => numberOr(part, null));
  return x != null && y != null && z != null ? [x, y, z] : null;
}

function readRoom(value: unknown): Room | null {
  if (!isRecord(value)) return null;
  const rooms = (["world", "account"] as const).map((whose) => ({
    bytes: numberOr(value[`${whose}_bytes`], 0),
    bytesMax: numberOr(value[`${whose}_bytes_max`], 0),
  }));
  const fuller = rooms.filter(({ bytesMax }) => bytesMax > 0);
  fuller.sort((a, b) => b.bytes / b.bytesMax - a.bytes / a.bytesMax);
  return fuller[0] ?? null;
}

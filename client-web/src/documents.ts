/** What is fetched over HTTP: the list of worlds and their documents. */
import type { Fetched } from "./document/follower";
import type { WorldDocument } from "./protocol/document";
import { DOCUMENT_VERSION } from "./protocol/document";
import type { WorldSummary } from "./ui/store";

/** Documents that were fetched lately: the server is asked each time, and most often says "the same". */
const KNOWN_MAX = 4;
const known = new Map<string, Fetched & { etag: string }>();

/** After which edit a document is: see `GET /worlds/<name>.json`. */
const EDITS_HEADER = "vivarium-edits";

async function json(url: string): Promise<unknown> {
  const response = await fetch(url, { headers: { accept: "application/json" } });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`.trim());
  return response.json();
}

function isSummary(value: unknown): value is WorldSummary {
  if (typeof value !== "object" || value === null) return false;
  const { name, title, description, people } = value as Partial<
    Record<keyof WorldSummary, unknown>
  >;
  return (
    typeof name === "string" &&
    typeof title === "string" &&
    typeof description === "string" &&
    typeof people === "number"
  );
}

/** The worlds that are open, the server's first one first. */
export async function fetchWorlds(): Promise<WorldSummary[]> {
  const list = await json("/api/worlds");
  if (!Array.isArray(list)) throw new Error("/api/worlds: not a list");
  return list.filter(isSummary);
}

/**
 * A world document as it is now, and after which edit that is; `url` relative to the page's origin,
 * and of this origin. What is given back must not be changed: it may be given to others.
 */
export async function fetchDocument(url: string): Promise<Fetched> {
  const { origin, href } = new URL(url, location.origin);
  if (origin !== location.origin) throw new Error(`${url} is not of this server`);
  const before = known.get(href);
  // A tag of ours makes fetch pass the browser's own cache by, whose headers may be older.
  const headers = { accept: "application/json", ...(before && { "if-none-match": before.etag }) };
  const response = await fetch(href, { headers, cache: before ? "no-store" : "no-cache" });
  const told = response.headers.get(EDITS_HEADER);
  const edits = told === null ? 0 : Number(told);
  if (response.status === 304 && before !== undefined) {
    if (told !== null || before.edits === 0) return remember(href, { ...before, edits });
    // It does not say after which edit the document is like that: only a whole answer does.
    known.delete(href);
    return fetchDocument(url);
  }
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`.trim());
  // The server checked the document when it loaded it; here only the version can differ.
  const document = (await response.json()) as WorldDocument;
  if (document.version !== DOCUMENT_VERSION) {
    throw new Error(`${url}: format ${String(document.version)} is not known here`);
  }
  const etag = response.headers.get("etag");
  return etag === null ? { document, edits } : remember(href, { document, edits, etag });
}

function remember(href: string, fetched: Fetched & { etag: string }): Fetched {
  known.delete(href);
  known.set(href, fetched);
  const oldest = known.keys().next();
  if (known.size > KNOWN_MAX && !oldest.done) known.delete(oldest.value);
  return fetched;
}

/** Something that admits one newcomer, once; null when the server gives none. */
export async function fetchTicket(): Promise<number[] | null> {
  const response = await fetch("/api/tickets", { method: "POST" });
  if (!response.ok) return null;
  const { ticket } = (await response.json()) as { ticket?: unknown };
  if (typeof ticket !== "string" || !/^[0-9a-f]{32}$/.test(ticket)) return null;
  return Array.from({ length: 16 }, (_, index) =>
    Number.parseInt(ticket.slice(2 * index, 2 * index + 2), 16),
  );
}

/** What is fetched over HTTP: the list of worlds and their documents. */
import type { WorldDocument } from "./protocol/document";
import { DOCUMENT_VERSION } from "./protocol/document";
import type { WorldSummary } from "./ui/store";

/** Worlds that were fetched lately, so that a portal back need not fetch again. */
const DOCUMENTS_MAX = 4;
const documents = new Map<string, Promise<WorldDocument>>();

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

async function fetchOne(url: string): Promise<WorldDocument> {
  // The server checked the document when it loaded it; here only the version can differ.
  const document = (await json(url)) as WorldDocument;
  if (document.version !== DOCUMENT_VERSION) {
    throw new Error(`${url}: format ${String(document.version)} is not known here`);
  }
  return document;
}

/** A world document; `url` relative to the page's origin, and of this origin. */
export function fetchDocument(url: string): Promise<WorldDocument> {
  const absolute = new URL(url, location.origin);
  if (absolute.origin !== location.origin) {
    return Promise.reject(new Error(`${url} is not of this server`));
  }
  const known = documents.get(absolute.href);
  if (known !== undefined) return known;
  const wanted = fetchOne(absolute.href);
  documents.set(absolute.href, wanted);
  wanted.catch(() => documents.delete(absolute.href));
  const oldest = documents.keys().next();
  if (documents.size > DOCUMENTS_MAX && !oldest.done) documents.delete(oldest.value);
  return wanted;
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

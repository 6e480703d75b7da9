/** Worlds that are in no list: drafts, at the entrance for whoever has their address. */
import { t } from "./i18n/translate";
import { keyHex } from "./identity";
import type { WorldSummary } from "./ui/store";

/** The worlds to choose from: those that are listed, and the draft that somebody came for. */
export async function withDraft(
  listed: readonly WorldSummary[],
  wanted: string,
): Promise<readonly WorldSummary[]> {
  if (wanted === "" || listed.some(({ name }) => name === wanted)) return listed;
  const draft = await fetchDraftTitle(wanted, keyHex());
  if (draft === null) return listed;
  const title = t("draftOf", { title: draft });
  return [{ name: wanted, title, description: "", people: 0 }, ...listed];
}

/** The title of a draft, which is in no list; null: it is none, or this device may not see it. */
async function fetchDraftTitle(world: string, key: string): Promise<string | null> {
  const url = `/api/worlds/${encodeURIComponent(world)}/drafts`;
  try {
    const response = await fetch(url, { headers: { authorization: `Bearer ${key}` } });
    if (!response.ok) return null;
    const { of, title } = (await response.json()) as { of?: unknown; title?: unknown };
    return typeof of === "string" ? (typeof title === "string" ? title : world) : null;
  } catch {
    return null;
  }
}

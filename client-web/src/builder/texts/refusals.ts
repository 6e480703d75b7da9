/** Why the server did not do what was asked of it about uploads, versions, drafts and files. */
import { language } from "../../i18n/translate";
import { type BuilderText, b } from "./words";

const TEXTS: Readonly<Record<string, BuilderText>> = {
  malformed: "refusedMalformed",
  unsupported: "refusedUnsupported",
  too_large: "refusedTooLarge",
  quota: "refusedQuota",
  in_use: "uploadInUse",
  no_key: "faultNoKey",
  forbidden: "refusedForbidden",
  no_world: "faultNoWorld",
  no_version: "refusedNoVersion",
  no_revision: "refusedGone",
  gone: "refusedGone",
  no_object: "refusedNoObject",
  stale: "faultStale",
  held: "faultHeld",
  nothing: "refusedNothing",
  full: "refusedFull",
  conflicts: "refusedConflicts",
  draft: "refusedDraft",
  no_draft: "refusedNoDraft",
  base: "refusedBase",
  ending: "refusedEnding",
  unknown: "refusedUnknown",
  refused: "faultRefused",
  too_many: "faultTooMany",
  not_kept: "faultNotKept",
  disk_full: "faultDiskFull",
};

/**
 * In words for people. The server's own are English and say more than ours, so that they are told
 * where English is spoken, and after ours where they say what is wrong with a file.
 */
export function refusalText(code: string | null, text: string): string {
  if (code === null) return text === "" ? b("uploadUnreachable") : text;
  if (language.value === "en" && text !== "") return text;
  const known = TEXTS[code];
  return known === undefined ? text || b("uploadUnreachable") : b(known, { reason: text });
}

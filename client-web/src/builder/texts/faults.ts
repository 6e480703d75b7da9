/** A refusal in words for people. */
import type { Fault, FaultCode } from "../edits";
import { fieldFault } from "../faults";
import { type BuilderText, b } from "./words";

const TEXTS: Readonly<Record<FaultCode, BuilderText>> = {
  malformed: "faultMalformed",
  no_key: "faultNoKey",
  forbidden: "faultForbidden",
  no_world: "faultNoWorld",
  stale: "faultStale",
  held: "faultHeld",
  nothing: "faultNothing",
  skipped: "faultSkipped",
  too_large: "faultTooLarge",
  refused: "faultRefused",
  too_many: "faultTooMany",
  not_kept: "faultNotKept",
  disk_full: "faultDiskFull",
  other_role: "faultOtherRole",
  everywhere: "faultEverywhere",
  last_owner: "faultLastOwner",
  too_many_roles: "faultTooManyRoles",
  draft: "refusedDraft",
  ending: "refusedEnding",
  waiting: "faultWaiting",
  unreachable: "faultUnreachable",
};

export function faultText(fault: Fault): string {
  if (fault.code === "stale" && fault.copy !== null) {
    const gone = [...fault.copy.objects.values()].some((object) => object === null);
    if (gone) return b("faultStaleGone");
  }
  if (fault.code === "forbidden" && fault.operation !== null) return b("faultOwnersOnly");
  const name = /^operations\[\d+\]: (.+) (?:has changed that meanwhile|is just moving that)$/.exec(
    fault.text,
  )?.[1];
  if (fault.code === "stale" && name !== undefined) return b("faultStaleBy", { name });
  if (fault.code === "held" && name !== undefined) return b("faultHeldBy", { name });
  if (/the blueprint ".+" is in use: /.test(fault.text)) return b("faultBlueprintUsed");
  const reason = fieldFault(fault)?.reason ?? fault.text.replace(/^operations\[\d+\]: /, "");
  return b(TEXTS[fault.code], { reason });
}

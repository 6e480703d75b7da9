/** A refusal in words for people. */
import type { Fault, FaultCode } from "../edits";
import { type BuilderText, b } from "./words";

const TEXTS: Readonly<Record<FaultCode, BuilderText>> = {
  malformed: "faultMalformed",
  no_key: "faultNoKey",
  forbidden: "faultForbidden",
  no_world: "faultNoWorld",
  stale: "faultStale",
  held: "faultHeld",
  nothing: "faultNothing",
  too_large: "faultTooLarge",
  refused: "faultRefused",
  too_many: "faultTooMany",
  not_kept: "faultNotKept",
  disk_full: "faultDiskFull",
  waiting: "faultWaiting",
  unreachable: "faultUnreachable",
};

export function faultText(fault: Fault): string {
  if (fault.code === "stale" && fault.copy !== null) {
    const gone = [...fault.copy.objects.values()].some((object) => object === null);
    if (gone) return b("faultStaleGone");
  }
  return b(TEXTS[fault.code], { reason: fault.text });
}

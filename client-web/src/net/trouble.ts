/**
 * Why a session is not there, and what can be done about it.
 *
 * Owns the policy: which reasons heal by themselves, and which need the person.
 */
import { unreachable } from "../protocol/codec";
import { type CloseReason, closeReasonOf } from "../protocol/generated";

/** A reason of the server, or one that only this end can see. */
export type Trouble = CloseReason | "unreachable" | "silent" | "unreadable";

/** What helps: waiting and trying again, another copy of the page, or a decision of the person. */
export type Remedy = "wait" | "reload" | "choose" | "comeBack" | "none";

/** What helps against `trouble`. */
export function remedyFor(trouble: Trouble): Remedy {
  switch (trouble) {
    case "tooManyMessages":
    case "tooSlow":
    case "idle":
    case "handshakeTimeout":
    case "shuttingDown":
    case "worldRestarting":
    case "badTicket":
    case "unreachable":
    case "silent":
      return "wait";
    case "versionMismatch":
    case "notVivarium":
    case "malformed":
    case "oversized":
    case "wrongLane":
    case "unreadable":
      return "reload";
    case "unknownWorld":
    case "worldFull":
      return "choose";
    case "resumedElsewhere":
      return "comeBack";
    case "bye":
      return "none";
    default:
      return unreachable(trouble);
  }
}

/** What a close code without a message before it means. */
export function troubleOf(code: number): Trouble {
  return closeReasonOf(code) ?? "unreachable";
}

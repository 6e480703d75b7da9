/** Which text belongs to what the protocol names. */
import { type TextKey, t } from "../i18n/translate";
import type { TransportName } from "../net/transport";
import type { Trouble } from "../net/trouble";
import type { Denial, Emote } from "../protocol/generated";
import type { Emotion } from "../replica/feeling";
import type { Problem } from "./store";

export const EMOTE_TEXTS: Readonly<Record<Emote, TextKey>> = {
  wave: "emoteWave",
  clap: "emoteClap",
  dance: "emoteDance",
  point: "emotePoint",
  nod: "emoteNod",
  shrug: "emoteShrug",
  cheer: "emoteCheer",
  sit: "emoteSit",
};

export const TROUBLE_TEXTS: Readonly<Record<Trouble, TextKey>> = {
  bye: "closeBye",
  versionMismatch: "closeVersionMismatch",
  notVivarium: "closeNotVivarium",
  malformed: "closeMalformed",
  oversized: "closeOversized",
  wrongLane: "closeWrongLane",
  unknownWorld: "closeUnknownWorld",
  worldFull: "closeWorldFull",
  tooManyMessages: "closeTooManyMessages",
  tooSlow: "closeTooSlow",
  idle: "closeIdle",
  handshakeTimeout: "closeHandshakeTimeout",
  resumedElsewhere: "closeResumedElsewhere",
  shuttingDown: "closeShuttingDown",
  worldRestarting: "closeWorldRestarting",
  badTicket: "closeBadTicket",
  unreachable: "closeUnreachable",
  silent: "closeSilent",
  unreadable: "closeUnreadable",
};

export const DENIAL_TEXTS: Readonly<Record<Denial, TextKey>> = {
  emptyText: "deniedEmptyText",
  textTooLong: "deniedTextTooLong",
  tooFast: "deniedTooFast",
  outOfReach: "deniedOutOfReach",
  notAllowed: "deniedNotAllowed",
  notNear: "deniedNotNear",
};

export const FEELING_TEXTS: Readonly<Record<Emotion, TextKey>> = {
  calm: "feelsCalm",
  joy: "feelsJoy",
  excitement: "feelsExcitement",
  sadness: "feelsSadness",
  anger: "feelsAnger",
  fear: "feelsFear",
  surprise: "feelsSurprise",
  affection: "feelsAffection",
};

export const TRANSPORT_TEXTS: Readonly<Record<TransportName, TextKey>> = {
  websocket: "transportWebsocket",
  webtransport: "transportWebtransport",
  webrtc: "transportWebrtc",
};

/** A problem in words. */
export function problemText(problem: Problem): string {
  switch (problem.kind) {
    case "session":
      return t(TROUBLE_TEXTS[problem.trouble]);
    case "graphics":
      return t("graphicsFailed");
    case "load":
      return t("loadFailed", { detail: problem.detail });
  }
}

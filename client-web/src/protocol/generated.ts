// Written by tools/protocol-gen from the Rust types in shared/protocol. Do not edit: change the
// Rust types, then run `cargo run -p vivarium-protocol-gen`.

import {
  DecodeError,
  decodePrefix,
  decodeWhole,
  encodeWhole,
  type Reader,
  refuse,
  unreachable,
  Writer,
} from "./codec";

/** Version of the wire. Both ends must name the same one. */
export const PROTOCOL_VERSION = 6;

/** The four bytes that open every session, before the version. */
export const MAGIC: readonly number[] = [86, 73, 86, 65];

/** Slots of a leaf. */
export const SLOTS = 64;
/** Levels of detail: 0 is everything, each further one is coarser. */
export const LEVELS = 4;
/** Most fields that a facet has. */
export const FIELDS_MAX = 22;
/** Packets that an acknowledgement names beside the newest. */
export const ACK_BEFORE = 64;

export const limits = {
  /** A reliable message of a client: longer ones close the session with `Oversized`. */
  clientReliableBytesMax: 4096,
  /** A latest-lane message of a client: longer ones close the session with `Oversized`. */
  clientLatestBytesMax: 1150,
  /** A reliable message of the server (a full roster of `PEOPLE_PER_WORLD_MAX` fits). */
  serverReliableBytesMax: 262144,
  /** A packet on a reliable transport. Leaves that do not fit wait for a later one, by urgency. */
  frameBytesMax: 49152,
  /** One part of a block: with a packet's head it fits into a datagram. */
  blockBytesMax: 1080,
  /** A packet for a transport of datagrams. */
  datagramBytesMax: 1150,
  /** Blocks in one packet; a client refuses more. */
  blocksPerPacketMax: 2048,
  /** Leaves that a client knows at once; a client refuses more. */
  leavesMax: 8192,
  /** Ticks of quantised state that the server keeps as baselines. */
  baselineTicksMax: 64,
  /** Ticks that a packet may be overtaken by others and still find the states that it builds on. */
  overtakenTicksMax: 16,
  /** Inputs that one latest-lane message may repeat. */
  inputsPerMessageMax: 8,
  /** How far in the future (ticks) an input may lie; later ones are dropped. */
  inputLeadTicksMax: 30,
  /** Characters (Unicode scalar values) of a name after cleaning. */
  nameCharsMax: 24,
  /** Characters (Unicode scalar values) of one chat message after cleaning. */
  chatCharsMax: 280,
  /** Characters of a world's name. */
  worldNameCharsMax: 32,
  /** People in one world; later ones are refused with `WorldFull`. */
  peoplePerWorldMax: 1024,
  /** Seconds that a person's avatar waits for the return of a lost connection. */
  resumeWindowS: 30,
  /** Bytes of a resume token, drawn from the operating system's random source. */
  resumeTokenBytes: 16,
  /** Bytes of a ticket, drawn from the operating system's random source. */
  ticketBytes: 16,
  /** Bytes of the secret by which a device is known, drawn from a random source of its own. */
  deviceKeyBytes: 32,
  /** Bytes of an edit's operations (JSON) in a message; larger edits are told by the document. */
  editBytesMax: 65536,
  /** Objects that one person may show as chosen; more are cut off. */
  selectedObjectsMax: 64,
  /** Seconds within which a ticket must be used. */
  ticketLifeS: 30,
  /** Numbered messages that one end takes in before it says so at the latest. */
  untakenMessagesMax: 32,
  /** Numbered messages of a client that wait to be taken in; a client makes no more before. */
  clientUntakenMessagesMax: 64,
  /** How far (millimetres) a tracked head or hand may be from the top of the avatar's spine. */
  trackedReachMmMax: 1400,
} as const;

export const avatarFields = {
  /** Centre of the capsule: x, y, z. */
  position: 0,
  /** Heading about +y. */
  yaw: 3,
  /** Elevation of the head. */
  pitch: 4,
  /** How it stands: `GROUNDED` and `RUNNING`. */
  stance: 5,
  /** Bit of the stance: stands on something. */
  grounded: 1,
  /** Bit of the stance: is running. */
  running: 2,
} as const;

export const objectFields = {
  /** Origin of the body: x, y, z. */
  position: 0,
  /** Index of the largest component (0 to 3), then the three others. */
  rotation: 3,
  /** `ASLEEP` or 0. */
  rest: 7,
  /** Bit of the rest: the body sleeps and will not move until something wakes it. */
  asleep: 1,
} as const;

export const trackedFields = {
  /**
   * Fields of one pose: position x, y, z, then a rotation as for objects. Head, left and right hand
   * follow one another; a pose that is not tracked is all zeros.
   */
  stride: 7,
  /** Which poses are tracked: `HEAD`, `LEFT`, `RIGHT`. */
  poses: 21,
  /** Bit of the poses: the head. */
  head: 1,
  /** Bit of the poses: the left hand or controller. */
  left: 2,
  /** Bit of the poses: the right hand or controller. */
  right: 4,
} as const;

export const buttons = {
  /** Jump while held (a new jump needs a new press). */
  jump: 1,
  /** Run instead of walk. */
  run: 2,
} as const;

export const own = {
  /** Stands on something. */
  grounded: 1,
  /** The jump button was held in this tick. */
  jumpHeld: 2,
} as const;

export const quantise = {
  /** Steps per metre of positions. */
  positionStepsPerM: 512,
  /** Farthest coordinate that can be told, metres; what lies beyond is clamped. */
  positionMMax: 65536,
  /** Largest magnitude of a small component of a quaternion (smallest-three encoding). */
  rotationSteps: 511,
} as const;

/** The kinds of quantities that the codec knows how to predict. */
export type Coding = "position" | "rotation" | "heading" | "number" | "flags";

/**
 * A replicated component: how it is quantised. All of them go on the latest lane; what must arrive
 * is a notice instead.
 */
export type Component = {
  /** For people. */
  name: string;
  /** What kind of quantity. */
  coding: Coding;
  /** Unit of one step, for people. */
  unit: string;
  /** Smallest value (steps) of a field. */
  min: number;
  /** Largest value (steps) of a field. */
  max: number;
  /** Bits that hold every value of a field from `min` to `max`. */
  bits: number;
  /** Low bits that are rounded away at each level. */
  coarseBits: readonly number[];
};

/** The components of a facet, whose fields follow one another. */
export type Schema = {
  name: string;
  /** Fields of all components. */
  fieldCount: number;
  /** Number of the facet whose habits it shares. */
  habits: number;
  /** In the order of their fields. */
  components: readonly Component[];
};

/** The number of each facet. */
export const facets = {
  /** Where a person's avatar is, and how it stands. */
  avatar: 0,
  /** Where a dynamic object is. */
  object: 1,
  /** Head and hands of a person in a headset, relative to the avatar. */
  tracked: 2,
  /** Where a companion is, how it stands, and what it feels. */
  companion: 3,
} as const;

/** The schema of each facet, by its number. */
export const schemas: readonly Schema[] = [
  {
    name: "avatar",
    fieldCount: 6,
    habits: 0,
    components: [
      {
        name: "position",
        coding: "position",
        unit: "1/512 m",
        min: -33554432,
        max: 33554432,
        bits: 27,
        coarseBits: [0, 0, 2, 4],
      },
      {
        name: "yaw",
        coding: "heading",
        unit: "1/65536 turn",
        min: 0,
        max: 65535,
        bits: 16,
        coarseBits: [0, 0, 6, 8],
      },
      {
        name: "pitch",
        coding: "number",
        unit: "1/127 quarter turn",
        min: -128,
        max: 127,
        bits: 8,
        coarseBits: [0, 0, 2, 4],
      },
      {
        name: "stance",
        coding: "flags",
        unit: "bits: 0 on the ground, 1 running",
        min: 0,
        max: 3,
        bits: 2,
        coarseBits: [0, 0, 0, 0],
      },
    ],
  },
  {
    name: "object",
    fieldCount: 8,
    habits: 1,
    components: [
      {
        name: "position",
        coding: "position",
        unit: "1/512 m",
        min: -33554432,
        max: 33554432,
        bits: 27,
        coarseBits: [0, 0, 2, 4],
      },
      {
        name: "rotation",
        coding: "rotation",
        unit: "1/(511 sqrt 2)",
        min: -511,
        max: 511,
        bits: 10,
        coarseBits: [0, 0, 2, 3],
      },
      {
        name: "rest",
        coding: "flags",
        unit: "bits: 0 asleep",
        min: 0,
        max: 1,
        bits: 1,
        coarseBits: [0, 0, 0, 0],
      },
    ],
  },
  {
    name: "tracked",
    fieldCount: 22,
    habits: 2,
    components: [
      {
        name: "tracked position",
        coding: "position",
        unit: "mm from the feet",
        min: -32768,
        max: 32767,
        bits: 16,
        coarseBits: [0, 0, 3, 5],
      },
      {
        name: "tracked rotation",
        coding: "rotation",
        unit: "1/(511 sqrt 2)",
        min: -511,
        max: 511,
        bits: 10,
        coarseBits: [0, 0, 3, 4],
      },
      {
        name: "tracked position",
        coding: "position",
        unit: "mm from the feet",
        min: -32768,
        max: 32767,
        bits: 16,
        coarseBits: [0, 0, 3, 5],
      },
      {
        name: "tracked rotation",
        coding: "rotation",
        unit: "1/(511 sqrt 2)",
        min: -511,
        max: 511,
        bits: 10,
        coarseBits: [0, 0, 3, 4],
      },
      {
        name: "tracked position",
        coding: "position",
        unit: "mm from the feet",
        min: -32768,
        max: 32767,
        bits: 16,
        coarseBits: [0, 0, 3, 5],
      },
      {
        name: "tracked rotation",
        coding: "rotation",
        unit: "1/(511 sqrt 2)",
        min: -511,
        max: 511,
        bits: 10,
        coarseBits: [0, 0, 3, 4],
      },
      {
        name: "tracked poses",
        coding: "flags",
        unit: "bits: 0 head, 1 left hand, 2 right hand",
        min: 0,
        max: 7,
        bits: 3,
        coarseBits: [0, 0, 0, 0],
      },
    ],
  },
  {
    name: "companion",
    fieldCount: 7,
    habits: 0,
    components: [
      {
        name: "position",
        coding: "position",
        unit: "1/512 m",
        min: -33554432,
        max: 33554432,
        bits: 27,
        coarseBits: [0, 0, 2, 4],
      },
      {
        name: "yaw",
        coding: "heading",
        unit: "1/65536 turn",
        min: 0,
        max: 65535,
        bits: 16,
        coarseBits: [0, 0, 6, 8],
      },
      {
        name: "pitch",
        coding: "number",
        unit: "1/127 quarter turn",
        min: -128,
        max: 127,
        bits: 8,
        coarseBits: [0, 0, 2, 4],
      },
      {
        name: "feeling",
        coding: "number",
        unit: "number of an emotion, and 16 while it carries something",
        min: 0,
        max: 31,
        bits: 5,
        coarseBits: [0, 0, 0, 0],
      },
      {
        name: "stance",
        coding: "flags",
        unit: "bits: 0 on the ground, 1 running, 2 sitting",
        min: 0,
        max: 7,
        bits: 3,
        coarseBits: [0, 0, 0, 0],
      },
    ],
  },
];

/** Which packets a client has applied. */
export type Ack = {
  /** Number of the newest one; 0: none, or all is forgotten and must be told anew. */
  newest: number;
  /** Bit `i` of the two words together stands for the packet `newest - 1 - i`. */
  before: number[];
};

function readAck(r: Reader): Ack {
  return { newest: r.u32(), before: r.array((r) => r.u32(), 2) };
}

function writeAck(w: Writer, value: Ack): void {
  w.u32(value.newest);
  w.array(value.before, 2, (w, item) => w.u32(item));
}

/** A message of a client on the latest lane: newer ones replace older ones. */
export type ClientLatest = {
  /** The packets that were applied. One that could not be must not be named. */
  ack: Ack;
  /** Server tick for which the first of `inputs` is meant; the others follow one by one. */
  firstTick: number;
  /** At most `INPUTS_PER_MESSAGE_MAX`, oldest first; earlier ones are repeats in case of loss. */
  inputs: Input[];
  /** Tracked head and hands, when in a headset. */
  tracked: TrackedPoses | null;
};

function readClientLatest(r: Reader): ClientLatest {
  return {
    ack: readAck(r),
    firstTick: r.u32(),
    inputs: r.sequence(readInput, 5),
    tracked: r.option(readTrackedPoses),
  };
}

function writeClientLatest(w: Writer, value: ClientLatest): void {
  writeAck(w, value.ack);
  w.u32(value.firstTick);
  w.sequence(value.inputs, writeInput);
  w.option(value.tracked, writeTrackedPoses);
}

/**
 * A message of a client on the reliable lane, after the handshake. Those for which `ClientMessage::is_numbered` holds are counted by both ends, so that a session that resumes neither loses nor repeats one.
 * - `say`: Say something to everyone in earshot.
 * - `emote`: Make a gesture.
 * - `setLook`: Change name and colours.
 * - `ping`: Answered at once with `Pong`, for measuring the round trip.
 * - `bye`: Leave for good: the avatar goes at once, the token is void.
 * - `taken`: How many numbered messages of the server were taken in since the session began: it need not keep them any longer.
 * - `select`: Show others what is chosen to be changed.
 * - `point`: Show others who build where one points. Not numbered: the next one says it anew.
 * - `address`: Say something to a companion; everyone in earshot hears it. What the companion is saying ends there.
 * - `hush`: Ask a companion not to go on with what it is saying to oneself.
 */
export type ClientMessage =
  | { kind: "say"; text: string }
  | { kind: "emote"; emote: Emote }
  | { kind: "setLook"; name: string; look: Look }
  | { kind: "ping"; nonce: number }
  | { kind: "bye" }
  | { kind: "taken"; count: number }
  | { kind: "select"; objects: ObjectId[] }
  | { kind: "point"; at: number[] | null }
  | { kind: "address"; companion: ObjectId; text: string }
  | { kind: "hush"; companion: ObjectId };

function readClientMessage(r: Reader): ClientMessage {
  const index = r.u32();
  switch (index) {
    case 0:
      return { kind: "say", text: r.string() };
    case 1:
      return { kind: "emote", emote: readEmote(r) };
    case 2:
      return { kind: "setLook", name: r.string(), look: readLook(r) };
    case 3:
      return { kind: "ping", nonce: r.u32() };
    case 4:
      return { kind: "bye" };
    case 5:
      return { kind: "taken", count: r.u32() };
    case 6:
      return { kind: "select", objects: r.sequence((r) => r.u32(), 1) };
    case 7:
      return { kind: "point", at: r.option((r) => r.array((r) => r.i32(), 3)) };
    case 8:
      return { kind: "address", companion: r.u32(), text: r.string() };
    case 9:
      return { kind: "hush", companion: r.u32() };
    default:
      throw r.unknownVariant("ClientMessage", index);
  }
}

function writeClientMessage(w: Writer, value: ClientMessage): void {
  switch (value.kind) {
    case "say":
      w.u32(0);
      w.string(value.text);
      break;
    case "emote":
      w.u32(1);
      writeEmote(w, value.emote);
      break;
    case "setLook":
      w.u32(2);
      w.string(value.name);
      writeLook(w, value.look);
      break;
    case "ping":
      w.u32(3);
      w.u32(value.nonce);
      break;
    case "bye":
      w.u32(4);
      break;
    case "taken":
      w.u32(5);
      w.u32(value.count);
      break;
    case "select":
      w.u32(6);
      w.sequence(value.objects, (w, item) => w.u32(item));
      break;
    case "point":
      w.u32(7);
      w.option(value.at, (w, item) => w.array(item, 3, (w, item) => w.i32(item)));
      break;
    case "address":
      w.u32(8);
      w.u32(value.companion);
      w.string(value.text);
      break;
    case "hush":
      w.u32(9);
      w.u32(value.companion);
      break;
    default:
      unreachable(value);
  }
}

/**
 * Why the server refuses or closes a session. The order is part of the protocol: only append.
 * - `bye`: The client said goodbye.
 * - `versionMismatch`: The client speaks another protocol version.
 * - `notVivarium`: The first bytes were not a Vivarium handshake.
 * - `malformed`: A message could not be decoded, or broke a rule of the protocol.
 * - `oversized`: A message exceeded its byte limit.
 * - `wrongLane`: A message came on a lane on which it is not allowed.
 * - `unknownWorld`: No world of that name is open here.
 * - `worldFull`: The world, or the server, has no room for another person.
 * - `tooManyMessages`: More messages came than the rate limit and its burst allow.
 * - `tooSlow`: The client did not read what was sent, and its queue ran full.
 * - `idle`: Nothing was heard from the client for too long.
 * - `handshakeTimeout`: The handshake was not completed in time.
 * - `resumedElsewhere`: The same session was resumed elsewhere.
 * - `shuttingDown`: The server is shutting down.
 * - `worldRestarting`: The world ended because of a fault of the server and is being restarted.
 * - `badTicket`: The ticket is unknown, used or too old, or there must be one and was none.
 */
export type CloseReason =
  | "bye"
  | "versionMismatch"
  | "notVivarium"
  | "malformed"
  | "oversized"
  | "wrongLane"
  | "unknownWorld"
  | "worldFull"
  | "tooManyMessages"
  | "tooSlow"
  | "idle"
  | "handshakeTimeout"
  | "resumedElsewhere"
  | "shuttingDown"
  | "worldRestarting"
  | "badTicket";

/** Every `CloseReason`, in the order of the wire. */
export const closeReasonNames: readonly CloseReason[] = [
  "bye",
  "versionMismatch",
  "notVivarium",
  "malformed",
  "oversized",
  "wrongLane",
  "unknownWorld",
  "worldFull",
  "tooManyMessages",
  "tooSlow",
  "idle",
  "handshakeTimeout",
  "resumedElsewhere",
  "shuttingDown",
  "worldRestarting",
  "badTicket",
];

function readCloseReason(r: Reader): CloseReason {
  const index = r.u32();
  const name = closeReasonNames[index];
  if (name === undefined) throw r.unknownVariant("CloseReason", index);
  return name;
}

function writeCloseReason(w: Writer, value: CloseReason): void {
  w.u32(closeReasonNames.indexOf(value));
}

/**
 * Why a wish was not granted, while the session goes on.
 * - `emptyText`: The text was empty after cleaning.
 * - `textTooLong`: The text was longer than allowed.
 * - `tooFast`: Too many of these in a short time; wait a moment.
 * - `outOfReach`: A tracked pose was out of reach or not a rotation, or a place was outside of the world; it was ignored.
 * - `notAllowed`: Only those who may build in this world may do that.
 * - `notNear`: Who was spoken to is not there, or too far away to hear it.
 */
export type Denial =
  | "emptyText"
  | "textTooLong"
  | "tooFast"
  | "outOfReach"
  | "notAllowed"
  | "notNear";

/** Every `Denial`, in the order of the wire. */
export const denialNames: readonly Denial[] = [
  "emptyText",
  "textTooLong",
  "tooFast",
  "outOfReach",
  "notAllowed",
  "notNear",
];

function readDenial(r: Reader): Denial {
  const index = r.u32();
  const name = denialNames[index];
  if (name === undefined) throw r.unknownVariant("Denial", index);
  return name;
}

function writeDenial(w: Writer, value: Denial): void {
  w.u32(denialNames.indexOf(value));
}

/**
 * A gesture that everyone nearby sees. The order is part of the protocol: only append.
 */
export type Emote = "wave" | "clap" | "dance" | "point" | "nod" | "shrug" | "cheer" | "sit";

/** Every `Emote`, in the order of the wire. */
export const emoteNames: readonly Emote[] = [
  "wave",
  "clap",
  "dance",
  "point",
  "nod",
  "shrug",
  "cheer",
  "sit",
];

function readEmote(r: Reader): Emote {
  const index = r.u32();
  const name = emoteNames[index];
  if (name === undefined) throw r.unknownVariant("Emote", index);
  return name;
}

function writeEmote(w: Writer, value: Emote): void {
  w.u32(emoteNames.indexOf(value));
}

/** First message of a session, after `MAGIC` and the version (`u16`, little-endian). */
export type Hello = {
  /** World to enter. Empty: the server's first world. */
  world: string;
  /** Wanted display name; cleaned by the server. */
  name: string;
  /** Wanted colours. */
  look: Look;
  /** From `POST /api/tickets`: says who comes, once. A return needs none. */
  ticket: number[] | null;
  /** An earlier session that is to go on, on whichever transport. */
  resume: Resume | null;
  /** The secret by which this device is known, if it is to be more than a visitor. */
  key: number[] | null;
};

function readHello(r: Reader): Hello {
  return {
    world: r.string(),
    name: r.string(),
    look: readLook(r),
    ticket: r.option((r) => r.array((r) => r.u8(), 16)),
    resume: r.option(readResume),
    key: r.option((r) => r.array((r) => r.u8(), 32)),
  };
}

function writeHello(w: Writer, value: Hello): void {
  w.string(value.world);
  w.string(value.name);
  writeLook(w, value.look);
  w.option(value.ticket, (w, item) => w.array(item, 16, (w, item) => w.u8(item)));
  w.option(value.resume, writeResume);
  w.option(value.key, (w, item) => w.array(item, 32, (w, item) => w.u8(item)));
}

/**
 * What a person holds down during one tick. Directions are in world space, so that no end needs
 * trigonometry (whose results differ between Rust and JavaScript).
 */
export type Input = {
  /** Wanted direction along world x, in 1/127 of full deflection. -128 counts as -127. */
  moveX: number;
  /** Wanted direction along world z, in 1/127 of full deflection. */
  moveZ: number;
  /** Where the avatar faces: heading about +y in 1/65536 of a turn, 0 = -z, growing to the left. */
  yaw: number;
  /** Where the head looks: elevation in 1/127 of a quarter turn, up positive. */
  pitch: number;
  /** Bit set of `buttons`. */
  buttons: number;
};

function readInput(r: Reader): Input {
  return { moveX: r.i8(), moveZ: r.i8(), yaw: r.u16(), pitch: r.i8(), buttons: r.u8() };
}

function writeInput(w: Writer, value: Input): void {
  w.i8(value.moveX);
  w.i8(value.moveZ);
  w.u16(value.yaw);
  w.i8(value.pitch);
  w.u8(value.buttons);
}

/** Colours of an avatar, sRGB, 0-255. */
export type Look = {
  /** Colour of the body. */
  body: number[];
  /** Colour of the details. */
  accent: number[];
};

function readLook(r: Reader): Look {
  return { body: r.array((r) => r.u8(), 3), accent: r.array((r) => r.u8(), 3) };
}

function writeLook(w: Writer, value: Look): void {
  w.array(value.body, 3, (w, item) => w.u8(item));
  w.array(value.accent, 3, (w, item) => w.u8(item));
}

/** An object of a world document; given once, and never to another object of that world. */
export type ObjectId = number;

/**
 * What a packet says of the client's own avatar.
 * - `same`: As in the newest packet that told it: the client has acknowledged that one.
 * - `state`: Its state at the end of the packet's tick.
 * - `untold`: Nothing: another packet tells it.
 */
export type OwnNote = { kind: "same" } | { kind: "state"; value: OwnState } | { kind: "untold" };

function readOwnNote(r: Reader): OwnNote {
  const index = r.u32();
  switch (index) {
    case 0:
      return { kind: "same" };
    case 1:
      return { kind: "state", value: readOwnState(r) };
    case 2:
      return { kind: "untold" };
    default:
      throw r.unknownVariant("OwnNote", index);
  }
}

function writeOwnNote(w: Writer, value: OwnNote): void {
  switch (value.kind) {
    case "same":
      w.u32(0);
      break;
    case "state":
      w.u32(1);
      writeOwnState(w, value.value);
      break;
    case "untold":
      w.u32(2);
      break;
    default:
      unreachable(value);
  }
}

/** The authoritative state of the client's own avatar, in full precision, for prediction. */
export type OwnState = {
  /** Centre of the capsule, metres. */
  positionM: number[];
  /** Metres per second, without what a platform adds. */
  velocityMps: number[];
  /** Bit set of `own`. */
  flags: number;
  /** Ticks since the avatar last stood, saturating. */
  airborneTicks: number;
  /** Counts teleports (spawns, portals): when it changes, the client must not smooth. */
  teleports: number;
};

function readOwnState(r: Reader): OwnState {
  return {
    positionM: r.array((r) => r.f32(), 3),
    velocityMps: r.array((r) => r.f32(), 3),
    flags: r.u8(),
    airborneTicks: r.u8(),
    teleports: r.u8(),
  };
}

function writeOwnState(w: Writer, value: OwnState): void {
  w.array(value.positionM, 3, (w, item) => w.f32(item));
  w.array(value.velocityMps, 3, (w, item) => w.f32(item));
  w.u8(value.flags);
  w.u8(value.airborneTicks);
  w.u8(value.teleports);
}

/** The first part of a packet: for this client alone. */
export type PacketHead = {
  /** Counts the packets to this client; what it acknowledges. */
  number: number;
  /** Changes when the server forgets what the client knows: then the client forgets it as well. */
  era: number;
  /** The tick whose end the packet tells of. */
  tick: number;
  /** Whether the input of this very tick had arrived; if not, the one before was repeated. */
  onTime: boolean;
  /** Ticks between this tick and the newest input that the server holds; negative when late. */
  leadTicks: number;
  /** The client's own avatar. */
  own: OwnNote;
};

function readPacketHead(r: Reader): PacketHead {
  return {
    number: r.u32(),
    era: r.u8(),
    tick: r.u32(),
    onTime: r.bool(),
    leadTicks: r.i8(),
    own: readOwnNote(r),
  };
}

function writePacketHead(w: Writer, value: PacketHead): void {
  w.u32(value.number);
  w.u8(value.era);
  w.u32(value.tick);
  w.bool(value.onTime);
  w.i8(value.leadTicks);
  writeOwnNote(w, value.own);
}

/** Who somebody is, as everyone in the world may know it. */
export type PersonCard = {
  /** The person. */
  person: PersonId;
  /** Display name, unique in the world. */
  name: string;
  /** Colours. */
  look: Look;
  /** False while the connection is lost and the avatar waits. */
  present: boolean;
};

function readPersonCard(r: Reader): PersonCard {
  return { person: r.u32(), name: r.string(), look: readLook(r), present: r.bool() };
}

function writePersonCard(w: Writer, value: PersonCard): void {
  w.u32(value.person);
  w.string(value.name);
  writeLook(w, value.look);
  w.bool(value.present);
}

/** A visitor of this server, the same in every world while the session lasts. */
export type PersonId = number;

/** What a client says to go on with a session. */
export type Resume = {
  /** The newest token that the client was given. */
  token: number[];
  /**
   * Numbered messages of the server that the client has taken in: those after them come again.
   * None: the client knows nothing any more and wants to be told anew.
   */
  taken: number | null;
};

function readResume(r: Reader): Resume {
  return { token: r.array((r) => r.u8(), 16), taken: r.option((r) => r.u32()) };
}

function writeResume(w: Writer, value: Resume): void {
  w.array(value.token, 16, (w, item) => w.u8(item));
  w.option(value.taken, (w, item) => w.u32(item));
}

/**
 * A message of the server on the reliable lane. The order is part of the protocol: only append, and never change `Closed`, which every version must be able to read. Those for which `ServerMessage::is_numbered` holds are counted by both ends.
 * - `closed`: The session is refused or closed; nothing follows.
 * - `accepted`: The handshake succeeded.
 * - `entered`: The person is in a world now. Sent on entry, on return, and after each portal.
 * - `joined`: Somebody came.
 * - `changed`: Somebody changed name, colours or presence.
 * - `left`: Somebody left.
 * - `heard`: Somebody said something.
 * - `emoted`: Somebody made a gesture.
 * - `pong`: The answer to `Ping`.
 * - `denied`: A wish was not granted; the session goes on.
 * - `sensed`: A sensor of the world found itself entered or left; drives its sound and light.
 * - `taken`: How many numbered messages of the client were taken in since the session began: it need not keep them any longer.
 * - `edited`: The world was changed. Edits are numbered one by one since the world was started.
 * - `selected`: Somebody who builds has chosen objects, to change them or no longer.
 * - `pointed`: Somebody who builds points somewhere else, or nowhere any more.
 * - `thinks`: A companion begins to answer somebody.
 * - `says`: A companion says the next piece of an answer.
 * - `said`: Nothing follows in an answer.
 * - `gestured`: A companion made a gesture.
 */
export type ServerMessage =
  | { kind: "closed"; reason: CloseReason; detail: string }
  | {
      kind: "accepted";
      person: PersonId;
      resume: number[];
      resumeWindowS: number;
      resumed: boolean;
      taken: number;
      told: number;
    }
  | {
      kind: "entered";
      world: string;
      documentUrl: string;
      ticksPerS: number;
      substeps: number;
      tick: number;
      people: PersonCard[];
      edits: number;
    }
  | { kind: "joined"; card: PersonCard }
  | { kind: "changed"; card: PersonCard }
  | { kind: "left"; person: PersonId }
  | { kind: "heard"; person: PersonId; text: string }
  | { kind: "emoted"; person: PersonId; emote: Emote }
  | { kind: "pong"; nonce: number }
  | { kind: "denied"; denial: Denial }
  | { kind: "sensed"; object: ObjectId; inside: number }
  | { kind: "taken"; count: number }
  | { kind: "edited"; number: number; author: string; operations: string | null }
  | { kind: "selected"; person: PersonId; objects: ObjectId[] }
  | { kind: "pointed"; person: PersonId; at: number[] | null }
  | { kind: "thinks"; companion: ObjectId; line: number; to: PersonId }
  | { kind: "says"; companion: ObjectId; line: number; text: string }
  | { kind: "said"; companion: ObjectId; line: number; end: SpeechEnd }
  | { kind: "gestured"; companion: ObjectId; emote: Emote };

function readServerMessage(r: Reader): ServerMessage {
  const index = r.u32();
  switch (index) {
    case 0:
      return { kind: "closed", reason: readCloseReason(r), detail: r.string() };
    case 1:
      return {
        kind: "accepted",
        person: r.u32(),
        resume: r.array((r) => r.u8(), 16),
        resumeWindowS: r.u16(),
        resumed: r.bool(),
        taken: r.u32(),
        told: r.u32(),
      };
    case 2:
      return {
        kind: "entered",
        world: r.string(),
        documentUrl: r.string(),
        ticksPerS: r.u16(),
        substeps: r.u8(),
        tick: r.u32(),
        people: r.sequence(readPersonCard, 9),
        edits: r.u32(),
      };
    case 3:
      return { kind: "joined", card: readPersonCard(r) };
    case 4:
      return { kind: "changed", card: readPersonCard(r) };
    case 5:
      return { kind: "left", person: r.u32() };
    case 6:
      return { kind: "heard", person: r.u32(), text: r.string() };
    case 7:
      return { kind: "emoted", person: r.u32(), emote: readEmote(r) };
    case 8:
      return { kind: "pong", nonce: r.u32() };
    case 9:
      return { kind: "denied", denial: readDenial(r) };
    case 10:
      return { kind: "sensed", object: r.u32(), inside: r.u16() };
    case 11:
      return { kind: "taken", count: r.u32() };
    case 12:
      return {
        kind: "edited",
        number: r.u32(),
        author: r.string(),
        operations: r.option((r) => r.string()),
      };
    case 13:
      return { kind: "selected", person: r.u32(), objects: r.sequence((r) => r.u32(), 1) };
    case 14:
      return { kind: "pointed", person: r.u32(), at: r.option((r) => r.array((r) => r.i32(), 3)) };
    case 15:
      return { kind: "thinks", companion: r.u32(), line: r.u32(), to: r.u32() };
    case 16:
      return { kind: "says", companion: r.u32(), line: r.u32(), text: r.string() };
    case 17:
      return { kind: "said", companion: r.u32(), line: r.u32(), end: readSpeechEnd(r) };
    case 18:
      return { kind: "gestured", companion: r.u32(), emote: readEmote(r) };
    default:
      throw r.unknownVariant("ServerMessage", index);
  }
}

function writeServerMessage(w: Writer, value: ServerMessage): void {
  switch (value.kind) {
    case "closed":
      w.u32(0);
      writeCloseReason(w, value.reason);
      w.string(value.detail);
      break;
    case "accepted":
      w.u32(1);
      w.u32(value.person);
      w.array(value.resume, 16, (w, item) => w.u8(item));
      w.u16(value.resumeWindowS);
      w.bool(value.resumed);
      w.u32(value.taken);
      w.u32(value.told);
      break;
    case "entered":
      w.u32(2);
      w.string(value.world);
      w.string(value.documentUrl);
      w.u16(value.ticksPerS);
      w.u8(value.substeps);
      w.u32(value.tick);
      w.sequence(value.people, writePersonCard);
      w.u32(value.edits);
      break;
    case "joined":
      w.u32(3);
      writePersonCard(w, value.card);
      break;
    case "changed":
      w.u32(4);
      writePersonCard(w, value.card);
      break;
    case "left":
      w.u32(5);
      w.u32(value.person);
      break;
    case "heard":
      w.u32(6);
      w.u32(value.person);
      w.string(value.text);
      break;
    case "emoted":
      w.u32(7);
      w.u32(value.person);
      writeEmote(w, value.emote);
      break;
    case "pong":
      w.u32(8);
      w.u32(value.nonce);
      break;
    case "denied":
      w.u32(9);
      writeDenial(w, value.denial);
      break;
    case "sensed":
      w.u32(10);
      w.u32(value.object);
      w.u16(value.inside);
      break;
    case "taken":
      w.u32(11);
      w.u32(value.count);
      break;
    case "edited":
      w.u32(12);
      w.u32(value.number);
      w.string(value.author);
      w.option(value.operations, (w, item) => w.string(item));
      break;
    case "selected":
      w.u32(13);
      w.u32(value.person);
      w.sequence(value.objects, (w, item) => w.u32(item));
      break;
    case "pointed":
      w.u32(14);
      w.u32(value.person);
      w.option(value.at, (w, item) => w.array(item, 3, (w, item) => w.i32(item)));
      break;
    case "thinks":
      w.u32(15);
      w.u32(value.companion);
      w.u32(value.line);
      w.u32(value.to);
      break;
    case "says":
      w.u32(16);
      w.u32(value.companion);
      w.u32(value.line);
      w.string(value.text);
      break;
    case "said":
      w.u32(17);
      w.u32(value.companion);
      w.u32(value.line);
      writeSpeechEnd(w, value.end);
      break;
    case "gestured":
      w.u32(18);
      w.u32(value.companion);
      writeEmote(w, value.emote);
      break;
    default:
      unreachable(value);
  }
}

/**
 * How what a companion had to say has ended. The order is part of the protocol: only append.
 * - `done`: It has said it.
 * - `reduced`: It has said what it knows by itself: no language model could be asked.
 * - `interrupted`: It was interrupted.
 * - `timedOut`: No answer came in time.
 * - `busy`: Too many ask at once.
 * - `overLimit`: Whoever spoke has said as much as they may for now.
 * - `broken`: Something broke.
 * - `gone`: Nobody is there any more to answer: its mind was deleted.
 */
export type SpeechEnd =
  | { kind: "done" }
  | { kind: "reduced" }
  | { kind: "interrupted" }
  | { kind: "timedOut" }
  | { kind: "busy" }
  | { kind: "overLimit"; freeInS: number }
  | { kind: "broken" }
  | { kind: "gone" };

function readSpeechEnd(r: Reader): SpeechEnd {
  const index = r.u32();
  switch (index) {
    case 0:
      return { kind: "done" };
    case 1:
      return { kind: "reduced" };
    case 2:
      return { kind: "interrupted" };
    case 3:
      return { kind: "timedOut" };
    case 4:
      return { kind: "busy" };
    case 5:
      return { kind: "overLimit", freeInS: r.u32() };
    case 6:
      return { kind: "broken" };
    case 7:
      return { kind: "gone" };
    default:
      throw r.unknownVariant("SpeechEnd", index);
  }
}

function writeSpeechEnd(w: Writer, value: SpeechEnd): void {
  switch (value.kind) {
    case "done":
      w.u32(0);
      break;
    case "reduced":
      w.u32(1);
      break;
    case "interrupted":
      w.u32(2);
      break;
    case "timedOut":
      w.u32(3);
      break;
    case "busy":
      w.u32(4);
      break;
    case "overLimit":
      w.u32(5);
      w.u32(value.freeInS);
      break;
    case "broken":
      w.u32(6);
      break;
    case "gone":
      w.u32(7);
      break;
    default:
      unreachable(value);
  }
}

/** One pose of a headset or controller, relative to the avatar's feet and heading. */
export type TrackedPose = {
  /** Millimetres from the avatar's feet, in the avatar's frame (x right, y up, z back). */
  positionMm: number[];
  /** Unit quaternion x, y, z, w times 32767; the server normalises it. */
  rotation: number[];
};

function readTrackedPose(r: Reader): TrackedPose {
  return { positionMm: r.array((r) => r.i16(), 3), rotation: r.array((r) => r.i16(), 4) };
}

function writeTrackedPose(w: Writer, value: TrackedPose): void {
  w.array(value.positionMm, 3, (w, item) => w.i16(item));
  w.array(value.rotation, 4, (w, item) => w.i16(item));
}

/** Head and hands of a person in a headset. Absent ones are not tracked now. */
export type TrackedPoses = {
  /** The headset. */
  head: TrackedPose | null;
  /** Left hand or controller. */
  left: TrackedPose | null;
  /** Right hand or controller. */
  right: TrackedPose | null;
};

function readTrackedPoses(r: Reader): TrackedPoses {
  return {
    head: r.option(readTrackedPose),
    left: r.option(readTrackedPose),
    right: r.option(readTrackedPose),
  };
}

function writeTrackedPoses(w: Writer, value: TrackedPoses): void {
  w.option(value.head, writeTrackedPose);
  w.option(value.left, writeTrackedPose);
  w.option(value.right, writeTrackedPose);
}

/** WebSocket close code of each reason. */
export const closeCodes: Readonly<Record<CloseReason, number>> = {
  bye: 4000,
  versionMismatch: 4001,
  notVivarium: 4002,
  malformed: 4003,
  oversized: 4004,
  wrongLane: 4005,
  unknownWorld: 4006,
  worldFull: 4007,
  tooManyMessages: 4008,
  tooSlow: 4009,
  idle: 4010,
  handshakeTimeout: 4011,
  resumedElsewhere: 4012,
  shuttingDown: 4013,
  worldRestarting: 4014,
  badTicket: 4015,
};

/** Whether the same person may come back with the resume token. */
export const mayResume: Readonly<Record<CloseReason, boolean>> = {
  bye: false,
  versionMismatch: false,
  notVivarium: false,
  malformed: false,
  oversized: false,
  wrongLane: false,
  unknownWorld: false,
  worldFull: false,
  tooManyMessages: false,
  tooSlow: true,
  idle: true,
  handshakeTimeout: false,
  resumedElsewhere: false,
  shuttingDown: false,
  worldRestarting: true,
  badTicket: false,
};

/** The reason behind a WebSocket close code; null for foreign codes. */
export function closeReasonOf(code: number): CloseReason | null {
  return closeReasonNames.find((reason) => closeCodes[reason] === code) ?? null;
}

/** A `Hello` as bytes. */
export function encodeHello(value: Hello): Uint8Array<ArrayBuffer> {
  const w = new Writer();
  w.raw(MAGIC);
  w.raw([PROTOCOL_VERSION & 0xff, PROTOCOL_VERSION >> 8]);
  writeHello(w, value);
  return w.finish();
}

/** A `Hello` from bytes of the other end; throws `DecodeError`. */
export function decodeHello(bytes: Uint8Array): Hello {
  if (bytes.length < MAGIC.length + 2 || MAGIC.some((byte, index) => bytes[index] !== byte)) {
    throw new DecodeError("notVivarium", "the first bytes are not a Vivarium handshake");
  }
  const version = (bytes[MAGIC.length] ?? 0) + (bytes[MAGIC.length + 1] ?? 0) * 256;
  if (version !== PROTOCOL_VERSION) {
    throw new DecodeError("version", `protocol version ${version} is not spoken here`);
  }
  return decodeWhole(bytes.subarray(MAGIC.length + 2), limits.clientReliableBytesMax, readHello);
}

/** A `ClientMessage` as bytes. */
export function encodeClientMessage(value: ClientMessage): Uint8Array<ArrayBuffer> {
  return encodeWhole(value, writeClientMessage);
}

/** A `ClientMessage` from bytes of the other end; throws `DecodeError`. */
export function decodeClientMessage(bytes: Uint8Array): ClientMessage {
  return decodeWhole(bytes, limits.clientReliableBytesMax, readClientMessage);
}

/** A `ClientLatest` as bytes. */
export function encodeClientLatest(value: ClientLatest): Uint8Array<ArrayBuffer> {
  return encodeWhole(value, writeClientLatest);
}

/** A `ClientLatest` from bytes of the other end; throws `DecodeError`. */
export function decodeClientLatest(bytes: Uint8Array): ClientLatest {
  const value = decodeWhole(bytes, limits.clientLatestBytesMax, readClientLatest);
  if (value.inputs.length > limits.inputsPerMessageMax) {
    refuse("too many inputs in one message");
  }
  return value;
}

/** A `ServerMessage` as bytes. */
export function encodeServerMessage(value: ServerMessage): Uint8Array<ArrayBuffer> {
  return encodeWhole(value, writeServerMessage);
}

/** A `ServerMessage` from bytes of the other end; throws `DecodeError`. */
export function decodeServerMessage(bytes: Uint8Array): ServerMessage {
  return decodeWhole(bytes, limits.serverReliableBytesMax, readServerMessage);
}

/** A `PacketHead` as bytes. */
export function encodePacketHead(value: PacketHead): Uint8Array<ArrayBuffer> {
  return encodeWhole(value, writePacketHead);
}

/**
 * A `PacketHead` from the front of bytes of the other end, and how many bytes it takes; throws
 * `DecodeError`.
 */
export function decodePacketHead(bytes: Uint8Array): { value: PacketHead; used: number } {
  return decodePrefix(bytes, limits.frameBytesMax, readPacketHead);
}

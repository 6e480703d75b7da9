/**
 * How long the decoder takes for a crowd: `npm run bench:decode [-- PEOPLE]`.
 *
 * The packets are made by the block encoder of the server (`tools/protocol-gen`, example
 * `crowd_stream`): everyone walks, 20 ticks a second, nothing left out. Two figures: the view alone,
 * and the replica with its tracks, which is what the page runs.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Replica } from "../src/replica/replica";
import { View } from "../src/replica/view";

const TICKS_PER_S = 20;
const SECONDS = 15;
const ROUNDS = 7;
const SHARE_MAX = 0.15;

const root = resolve(process.cwd(), "..");
const people = Number(process.argv[2] ?? 1_000);
const file = resolve(root, `target/decode-bench/crowd-${people}.bin`);

function record(): void {
  mkdirSync(resolve(root, "target/decode-bench"), { recursive: true });
  const example = ["run", "-q", "-p", "vivarium-protocol-gen", "--example"];
  const wanted = ["crowd_stream", "--", file, String(people), String(TICKS_PER_S * SECONDS)];
  execFileSync("cargo", [...example, ...wanted], { cwd: root, stdio: "inherit" });
}

function packetsOf(bytes: Uint8Array): Uint8Array[] {
  const packets: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = (bytes[at] ?? 0) + (bytes[at + 1] ?? 0) * 256;
    packets.push(bytes.slice(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return packets;
}

/** Milliseconds for the whole stream. */
function time(packets: readonly Uint8Array[], apply: (bytes: Uint8Array) => unknown): number {
  const began = performance.now();
  for (const packet of packets) apply(packet);
  return performance.now() - began;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

record();
const packets = packetsOf(new Uint8Array(readFileSync(file)));
const bytes = packets.reduce((sum, packet) => sum + packet.length, 0);
say(
  `${people} people, ${TICKS_PER_S} ticks/s, ${SECONDS} s: ${packets.length} packets, ` +
    `${(bytes / SECONDS / 1_000).toFixed(1)} kB/s, ` +
    `${(bytes / SECONDS / TICKS_PER_S / people).toFixed(2)} B per person and tick`,
);
let worst = 0;
for (const [name, make] of [
  ["view", () => new View()],
  ["replica", () => new Replica(TICKS_PER_S)],
] as const) {
  const all = Array.from({ length: ROUNDS }, () => {
    const end = make();
    return time(packets, (packet) => {
      if (end.apply(packet).applied !== "whole") throw new Error("a packet was not understood");
    });
  });
  const msPerS = median(all) / SECONDS;
  worst = Math.max(worst, msPerS / 1_000);
  const share = (msPerS / 10).toFixed(2);
  say(`${name}: ${msPerS.toFixed(2)} ms per second of stream, ${share} % of a core`);
}
if (worst > SHARE_MAX) {
  say(`more than ${SHARE_MAX * 100} % of a core`);
  process.exitCode = 1;
}

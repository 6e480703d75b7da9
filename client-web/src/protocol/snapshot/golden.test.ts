// The committed golden packets, read by the TypeScript end: what became of each, what is acknowledged
// and everything that is seen must be as the Rust end says.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { eachMember, View } from "../../replica/view";
import { DecodeError } from "../codec";
import type { Ack, OwnState } from "../generated";
import { fieldCount } from "./snapshot";

type Member = [facet: number, subject: number, tick: number, fields: number[]];
type Step = { applied: string; ack: Ack; own: OwnState | null; members: Member[] | number };

const FOLDER = fileURLToPath(new URL("../../../../tests/golden/packets/", import.meta.url));

/** The packets of a file, each after its length. */
function packetsOf(name: string): Uint8Array[] {
  const bytes = new Uint8Array(readFileSync(`${FOLDER}${name}.bin`));
  const packets: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = (bytes[at] ?? 0) + (bytes[at + 1] ?? 0) * 256;
    packets.push(bytes.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return packets;
}

/** Everything that is seen: of each facet the newest state, in the order of facets and subjects. */
function members(view: View): Member[] {
  const all = new Map<string, Member>();
  view.each((snapshot) => {
    eachMember(snapshot, (facet, subject, at) => {
      const known = all.get(`${facet} ${subject}`);
      if (known !== undefined && known[2] >= snapshot.tick) return;
      const fields = Array.from(snapshot.fields.subarray(at, at + fieldCount(facet)));
      all.set(`${facet} ${subject}`, [facet, subject, snapshot.tick, fields]);
    });
  });
  return [...all.values()].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}

/** The same as one number (FNV-1a), as `packets.rs` sums it up. */
function digest(all: readonly Member[]): number {
  let sum = 0x811c_9dc5;
  for (const [facet, subject, tick, fields] of all) {
    for (const value of [facet, subject, tick, ...fields])
      sum = Math.imul(sum ^ value, 0x0100_0193);
  }
  return sum >>> 0;
}

function outcome(view: View, packet: Uint8Array): string {
  try {
    return view.apply(packet).applied;
  } catch (error) {
    if (error instanceof DecodeError) return error.kind;
    throw error;
  }
}

const NAMES = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".json"))
  .map((file) => file.replace(/\.json$/, ""));

describe("golden packets", () => {
  it.each(NAMES)("%s", (name) => {
    const steps = JSON.parse(readFileSync(`${FOLDER}${name}.json`, "utf8")) as Step[];
    const packets = packetsOf(name);
    expect(packets.length).toBe(steps.length);
    const view = new View();
    steps.forEach((step, index) => {
      const told = `packet ${index} of ${name}`;
      const packet = packets[index] ?? new Uint8Array();
      expect(outcome(view, packet), told).toBe(step.applied);
      expect(view.ack, told).toStrictEqual(step.ack);
      expect(view.own, told).toStrictEqual(step.own);
      const seen = members(view);
      if (typeof step.members === "number") expect(digest(seen), told).toBe(step.members);
      else expect(seen, told).toStrictEqual(step.members);
    });
  });

  it("never do more than fail when they are cut or changed", () => {
    let seed = 1;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed % below;
    };
    for (const name of NAMES) {
      const packets = packetsOf(name).filter(({ length }) => length < 2_000);
      for (let round = 0; round < 40; round += 1) {
        const view = new View();
        for (const packet of packets) {
          const strange = packet.slice(0, random(4) === 0 ? random(packet.length + 1) : undefined);
          if (strange.length > 0 && random(3) === 0) strange[random(strange.length)] = random(256);
          outcome(view, strange);
        }
        expect(view.tick).toBeGreaterThanOrEqual(0);
      }
    }
  });
});

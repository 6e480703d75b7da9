/** Snapshots made by hand, for tests. */
import { facets } from "../protocol/generated";
import { NOBODY, Snapshot } from "../protocol/snapshot/snapshot";

/** A member in a slot: its facet, whose it is, and its first fields; the others are 0. */
export interface Sample {
  slot?: number;
  facet?: number;
  subject?: number;
  fields?: readonly number[];
}

/** A leaf at a tick. Without more, a member is the avatar of person 1 in slot 0. */
export function snapshotOf(tick: number, samples: readonly Sample[]): Snapshot {
  const snapshot = new Snapshot();
  snapshot.clear(tick);
  snapshot.toldLow = -1;
  snapshot.toldHigh = -1;
  for (const { slot = 0, facet = facets.avatar, subject = 1, fields = [] } of samples) {
    if (snapshot.facet[slot] !== NOBODY) throw new Error(`slot ${slot} is taken`);
    snapshot.reserve();
    snapshot.fields.fill(0, snapshot.used, snapshot.used + 22);
    snapshot.fields.set(fields, snapshot.used);
    snapshot.put(slot, facet, subject);
  }
  return snapshot;
}

/** Lets people build with the hands of a headset while one is worn, and loads what that takes. */
import { effect, untracked } from "@preact/signals";
import type { BuilderHands } from "../xr/building";
import type { Builder } from "./builder";
import { b } from "./texts/words";

export function followHands(builder: Builder): () => void {
  let building: BuilderHands | null = null;
  /** Counts changes, so that what is loaded too late is known as such. */
  let turn = 0;
  const drop = (): void => {
    turn += 1;
    untracked(() => building?.dispose());
    building = null;
  };
  const stop = effect(() => {
    const hands = builder.bench.hands.value;
    drop();
    if (hands === null) return;
    const began = turn;
    import("../xr/building").then(
      ({ BuilderHands: Hands }) => {
        if (began === turn) building = new Hands(builder, hands);
      },
      () => builder.say(b("noHands"), "trouble"),
    );
  });
  return () => {
    stop();
    drop();
  };
}

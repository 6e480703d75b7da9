/**
 * One drag of what is chosen, from taking hold of it to letting go, whatever holds it.
 *
 * Owns the stroke, which makes the drag one step to take back. What is carried is shown at once and
 * sent ten times a second; when the server does not want it, all of it goes back. Locked objects
 * stay.
 */
import type { Builder } from "./builder";
import { placesOf } from "./operations";
import { Paced } from "./pace";
import type { Pose } from "./workbench";

/** Ten places a second while dragging. */
const SEND_EVERY_MS = 100;

export class Carrying {
  /** Where everything was that is carried. */
  readonly began: ReadonlyMap<number, Pose>;
  readonly #builder: Builder;
  readonly #refused: () => void;
  readonly #stroke: number;
  readonly #sends: Paced<() => void>;
  #latest: ReadonlyMap<number, Pose> = new Map();
  #isOver = false;

  /** Takes hold of what is chosen; `refused` is called before it goes back. */
  constructor(builder: Builder, refused: () => void) {
    this.#builder = builder;
    this.#refused = refused;
    const scenery = builder.scenery.value;
    const moved = scenery.families(builder.chosen.value).filter((id) => !scenery.isLocked(id));
    this.began = new Map(moved.map((id) => [id, builder.poseOf(id)]));
    this.#stroke = builder.edits.newStroke();
    this.#sends = new Paced(SEND_EVERY_MS, (send) => send(), builder.after);
  }

  /** Shows everything where it is carried to. */
  show(poses: ReadonlyMap<number, Pose>): void {
    if (this.#isOver) return;
    this.#builder.dragging.value = true;
    this.#latest = poses;
    this.#builder.previews.show(poses);
    this.#sends.push(() => this.#send(false));
  }

  /** Lets go of it where it is. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#sends.drop();
    this.#send(true);
    this.#builder.dragging.value = false;
  }

  /** Lets go of it and shows it where the server has it. */
  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#sends.drop();
    this.#builder.previews.drop(this.#latest.keys());
    this.#builder.dragging.value = false;
  }

  #send(isLast: boolean): void {
    const latest = this.#latest;
    if (latest.size === 0) return;
    const builder = this.#builder;
    void builder.commit(placesOf(latest), this.#stroke).then((outcome) => {
      if (outcome.kind === "failed") {
        if (!this.#isOver) this.#refused();
        this.cancel();
        builder.previews.drop(latest.keys());
      } else if (outcome.kind === "done" && isLast) {
        builder.previews.settle(latest.keys(), outcome.number);
      }
    });
  }
}

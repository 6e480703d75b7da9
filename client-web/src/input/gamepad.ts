/**
 * Reads the first connected gamepad in the standard layout. Owns which buttons were down, to tell
 * a press from holding.
 */
import type { ControlAction } from "./keys";
import { withoutDeadZone } from "./vectors";

export interface PadState {
  right: number;
  ahead: number;
  /** Wanted turn of the camera, -1..1, right and up positive. */
  lookRight: number;
  lookUp: number;
  jump: boolean;
  run: boolean;
  /** Asked for since the last reading. */
  pressed: ControlAction[];
}

const DEAD_ZONE = 0.16;
const TRIGGER = 0.35;

/** Buttons of the standard layout that ask for something once. */
const ACTIONS: readonly (readonly [number, ControlAction])[] = [
  [2, "talk"],
  [3, "camera"],
  [12, "emotes"],
  [8, "roster"],
  [9, "settings"],
];

/** The part of the browser's `Gamepad` that is read. */
export interface PadSource {
  axes: readonly number[];
  buttons: readonly { pressed: boolean; value: number }[];
}

export class PadReader {
  #down = new Set<number>();

  read(pad: PadSource | null): PadState | null {
    if (!pad) {
      this.#down.clear();
      return null;
    }
    const move = withoutDeadZone(pad.axes[0] ?? 0, pad.axes[1] ?? 0, DEAD_ZONE);
    const look = withoutDeadZone(pad.axes[2] ?? 0, pad.axes[3] ?? 0, DEAD_ZONE);
    const pressed: ControlAction[] = [];
    for (const [index, action] of ACTIONS) {
      const down = pad.buttons[index]?.pressed ?? false;
      if (down && !this.#down.has(index)) pressed.push(action);
      if (down) this.#down.add(index);
      else this.#down.delete(index);
    }
    const trigger = (index: number) => (pad.buttons[index]?.value ?? 0) > TRIGGER;
    return {
      right: move.x,
      ahead: -move.y,
      // Squared: fine near the middle, fast at the edge.
      lookRight: look.x * Math.abs(look.x),
      lookUp: -look.y * Math.abs(look.y),
      jump: pad.buttons[0]?.pressed ?? false,
      run: trigger(7) || trigger(6) || (pad.buttons[10]?.pressed ?? false),
      pressed,
    };
  }
}

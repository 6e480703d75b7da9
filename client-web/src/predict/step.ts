/** One step of one avatar: `shared/motion/src/step.rs`, operation by operation. */
import { buttons, type Input, type OwnState, own as ownFlags } from "../protocol/generated";
import { constants as c } from "./constants";
import { add, isZero, length, subtract, type Vec3, vec3 } from "./geometry";
import { MOVER, PROXY, type QueryWorld, STATIC } from "./queryWorld";

const f = Math.fround;
const ALL = STATIC | MOVER | PROXY;

/** Everything of an avatar that the next step depends on. */
export type AvatarState = {
  /** Centre of the capsule, metres. */
  position: Vec3;
  /** Metres per second, without what a platform adds. */
  velocity: Vec3;
  /** Stands on something walkable. */
  grounded: boolean;
  /** The jump button was held in the last tick. */
  jumpHeld: boolean;
  /** Ticks since the avatar last stood, saturating at 255. */
  airborneTicks: number;
};

/** An avatar that has just appeared. */
export function stateAt(position: readonly number[]): AvatarState {
  return {
    position: vec3(position),
    velocity: [0, 0, 0],
    grounded: false,
    jumpHeld: false,
    airborneTicks: 0,
  };
}

export function stateOf(own: OwnState): AvatarState {
  return {
    position: vec3(own.positionM),
    velocity: vec3(own.velocityMps),
    grounded: (own.flags & ownFlags.grounded) !== 0,
    jumpHeld: (own.flags & ownFlags.jumpHeld) !== 0,
    airborneTicks: own.airborneTicks,
  };
}

/** The state as exact bits: two ends agree when these are equal. */
export function bitsOf(state: AvatarState): Uint32Array {
  const numbers = Float32Array.of(...state.position, ...state.velocity);
  const bits = new Uint32Array(8);
  bits.set(new Uint32Array(numbers.buffer));
  bits[6] = (state.grounded ? ownFlags.grounded : 0) | (state.jumpHeld ? ownFlags.jumpHeld : 0);
  bits[7] = state.airborneTicks;
  return bits;
}

/** Moves one avatar through the tick of the last `world.beginTick`. */
export function step(world: QueryWorld, state: AvatarState, input: Input): AvatarState {
  const dt = world.dtS;
  const before = sane(state);
  let position = before.position;
  let velocity: Vec3 = [...before.velocity];

  const ridden = before.grounded ? world.ridden(position, true) : null;
  if (ridden !== null) position = carried(world, position, world.moverDelta(ridden));

  const acceleration = before.grounded ? c.GROUND_ACCELERATION_MPS2 : c.AIR_ACCELERATION_MPS2;
  approach(velocity, wishMps(input), f(acceleration * dt));

  const jumpHeld = (input.buttons & buttons.jump) !== 0;
  const mayJump = before.grounded || before.airborneTicks <= c.COYOTE_TICKS;
  const jumps = jumpHeld && !before.jumpHeld && mayJump;
  const standing = before.grounded && !jumps;
  if (jumps) velocity[1] = c.JUMP_MPS;
  else if (standing) velocity[1] = 0;
  else velocity[1] = clamp(f(velocity[1] + f(world.gravityMps2 * dt)));

  const start = position;
  const wanted: Vec3 = [f(velocity[0] * dt), f(velocity[1] * dt), f(velocity[2] * dt)];
  const movement = world.slide(position, wanted, standing, ALL);
  position = add(position, movement.translation);
  const moved = subtract(position, start);

  const share = along(moved, wanted);
  if (world.movingNear(position) || share < f(0.1)) {
    position = add(position, world.slide(position, [0, 0, 0], false, ALL).translation);
  }
  if (!position.every(Number.isFinite)) {
    position = before.position;
    velocity = [0, 0, 0];
  }

  const rising = !standing && velocity[1] > 0;
  const grounded = !rising && movement.grounded && supports(world, position);
  if (grounded) velocity[1] = 0;
  else clip(velocity, moved, share, dt);
  changeFrame(world, velocity, ridden, before.grounded, grounded, position);

  let airborneTicks = 0;
  if (!grounded) {
    airborneTicks = jumps ? c.COYOTE_TICKS + 1 : Math.min(255, before.airborneTicks + 1);
  }
  return { position, velocity, grounded, jumpHeld, airborneTicks };
}

/** Where a mover's motion brings a rider; only statics stop it. */
function carried(world: QueryWorld, position: Vec3, delta: Vec3): Vec3 {
  if (isZero(delta)) return position;
  return add(position, world.slide(position, delta, false, STATIC).translation);
}

/** Whether what lies under the feet is flat enough to stand on, or leaves no way down. */
function supports(world: QueryWorld, position: Vec3): boolean {
  const reach = f(f(f(c.CAPSULE_HEIGHT_M * 0.5) + c.STEP_HEIGHT_M) + f(0.05));
  const below = world.normalBelow(position, reach);
  if (below !== null && below >= c.SLOPE_NORMAL_Y_MIN) return true;
  const restsOn = world.castDown(position, c.RIDE_M, ALL);
  if (restsOn !== null && restsOn.normalY >= c.SLOPE_NORMAL_Y_MIN) return true;
  const slip = world.slide(position, [0, -c.WEDGE_TRIAL_M, 0], false, ALL).translation;
  return length(slip) < c.WEDGE_SLIP_M;
}

/** Who leaves a mover takes its velocity along; who lands on one has only the difference. */
function changeFrame(
  world: QueryWorld,
  velocity: Vec3,
  ridden: number | null,
  stood: boolean,
  stands: boolean,
  position: Vec3,
): void {
  const dt = world.dtS;
  if (stood && !stands) {
    if (ridden !== null) {
      const delta = world.moverDelta(ridden);
      velocity[0] = f(velocity[0] + f(delta[0] / dt));
      velocity[2] = f(velocity[2] + f(delta[2] / dt));
      const rise = f(delta[1] / dt);
      if (rise > 0) velocity[1] = f(velocity[1] + rise);
    }
  } else if (!stood && stands) {
    const mover = world.ridden(position, false);
    if (mover !== null) {
      const delta = world.moverDelta(mover);
      velocity[0] = f(velocity[0] - f(delta[0] / dt));
      velocity[2] = f(velocity[2] - f(delta[2] / dt));
    }
  }
  for (const axis of [0, 1, 2] as const) velocity[axis] = clamp(velocity[axis]);
}

/** The state with every number finite and within bounds. */
function sane(state: AvatarState): AvatarState {
  const position = (part: number) =>
    within(Number.isFinite(part) ? f(part) : 0, c.COORDINATE_M_MAX);
  const velocity = (part: number) => clamp(Number.isFinite(part) ? f(part) : 0);
  const [px, py, pz] = state.position;
  const [vx, vy, vz] = state.velocity;
  return {
    ...state,
    position: [position(px), position(py), position(pz)],
    velocity: [velocity(vx), velocity(vy), velocity(vz)],
  };
}

function within(value: number, most: number): number {
  return Math.min(Math.max(value, -most), most);
}

function clamp(velocity: number): number {
  return within(velocity, c.TERMINAL_MPS);
}

/** The velocity along x and z that an input asks for, never more than full speed. */
function wishMps(input: Input): [number, number] {
  // `| 0` also turns a negative zero, which the wire does not know, into zero.
  let x = f(Math.max(-127, input.moveX | 0) / 127);
  let z = f(Math.max(-127, input.moveZ | 0) / 127);
  const square = f(f(x * x) + f(z * z));
  if (square > 1) {
    const norm = f(Math.sqrt(square));
    x = f(x / norm);
    z = f(z / norm);
  }
  const speed = (input.buttons & buttons.run) !== 0 ? c.RUN_MPS : c.WALK_MPS;
  return [f(x * speed), f(z * speed)];
}

/** Changes the horizontal velocity towards the wish by at most `changeMps`. */
function approach(velocity: Vec3, wish: [number, number], changeMps: number): void {
  const x = f(wish[0] - velocity[0]);
  const z = f(wish[1] - velocity[2]);
  const norm = f(Math.sqrt(f(f(x * x) + f(z * z))));
  if (norm <= changeMps) {
    velocity[0] = wish[0];
    velocity[2] = wish[1];
    return;
  }
  const share = f(changeMps / norm);
  velocity[0] = f(velocity[0] + f(x * share));
  velocity[2] = f(velocity[2] + f(z * share));
}

/** Which share of the wanted horizontal motion happened; 1 when none was wanted. */
function along(moved: Vec3, wanted: Vec3): number {
  const square = f(f(wanted[0] * wanted[0]) + f(wanted[2] * wanted[2]));
  if (square < f(1.0e-6)) return 1;
  return f(f(f(moved[0] * wanted[0]) + f(moved[2] * wanted[2])) / square);
}

/** In the air what stops a motion stops the velocity too. */
function clip(velocity: Vec3, moved: Vec3, share: number, dt: number): void {
  if (share < f(0.35)) {
    velocity[0] = clamp(f(moved[0] / dt));
    velocity[2] = clamp(f(moved[2] / dt));
  }
  const actual = f(moved[1] / dt);
  if (velocity[1] > 0) {
    if (actual < f(velocity[1] * 0.5)) velocity[1] = Math.max(actual, 0);
  } else {
    velocity[1] = Math.max(velocity[1], f(actual - c.FALL_EXCESS_MPS));
  }
}

/**
 * A headset that is worn: where eyes and hands are, and what is drawn of the hands. Loaded when
 * somebody puts one on.
 *
 * Owns the session of the picture. The room in which the person stands is one group, moved through
 * the world by whoever wears it; eyes and hands are in it. Invariant: when the session ends, the
 * camera is as it was before. Reading and placing take no memory.
 */
import {
  Color,
  CylinderGeometry,
  Group,
  Mesh,
  MeshBasicMaterial,
  MeshStandardMaterial,
  type PerspectiveCamera,
  Quaternion,
  SphereGeometry,
  Sprite,
  SpriteMaterial,
  type Scene as ThreeScene,
  Vector3,
  type WebGLRenderer,
} from "three";
import { drawBubble } from "./lettering";
import type { PoseView, Vec3 } from "./view";

export type Side = "left" | "right";

/** Where a hand is in the world, metres, and where it points to. */
export interface Pointing extends PoseView {
  /** Of length one: its own -z. */
  direction: Vec3;
}

/** A hand or controller. All of it is changed in place. */
export interface Hand extends Pointing {
  readonly side: Side;
  /** Whether it is in sight. */
  isThere: boolean;
  trigger: boolean;
  squeeze: boolean;
  /** The button A or X. */
  lower: boolean;
  /** The button B or Y. */
  upper: boolean;
  /** The stick is pressed down. */
  stick: boolean;
  /** How far the stick is held, -1 to 1. */
  stickRight: number;
  stickUp: number;
}

/** Of the layout `xr-standard`. */
const BUTTONS = { stick: 3, lower: 4, upper: 5 } as const;
const AXES = { touchpad: 0, stick: 2 } as const;
/** The dot of a ray keeps its size in the picture: its share of the distance. */
const DOT_SHARE = 0.007;
const DOT_M_MIN = 0.004;
/** Where words are shown: before the eyes and a little below, metres. */
const WORDS_AHEAD_M = 1.3;
const WORDS_BELOW_M = 0.42;
const WORDS_CAPITAL_M = 0.03;
const PULSE = { strength: 0.4, ms: 30 } as const;
const RAY_COLOUR = new Color("#ffffff");
const MET_COLOUR = new Color("#ffb13d");

interface Shapes {
  ray: CylinderGeometry;
  dot: SphereGeometry;
  grip: CylinderGeometry;
  skin: MeshStandardMaterial;
}

/** One hand: where its input comes from, and what is drawn of it. */
class Controller {
  readonly hand: Hand;
  /** Its place in the room. */
  readonly space = new Group();
  source: XRInputSource | null = null;
  readonly #ray: Mesh<CylinderGeometry, MeshBasicMaterial>;
  readonly #dot: Mesh<SphereGeometry, MeshBasicMaterial>;

  constructor(side: Side, shapes: Shapes) {
    this.hand = {
      side,
      isThere: false,
      position: [0, 0, 0],
      rotation: [0, 0, 0, 1],
      direction: [0, 0, -1],
      trigger: false,
      squeeze: false,
      lower: false,
      upper: false,
      stick: false,
      stickRight: 0,
      stickUp: 0,
    };
    this.#ray = new Mesh(shapes.ray, rayMaterial());
    this.#dot = new Mesh(shapes.dot, rayMaterial());
    for (const part of [this.#ray, this.#dot]) {
      part.renderOrder = 11;
      part.visible = false;
      part.frustumCulled = false;
    }
    this.space.matrixAutoUpdate = false;
    this.space.visible = false;
    this.space.add(new Mesh(shapes.grip, shapes.skin), this.#ray, this.#dot);
  }

  /** Gives the hand a source of input; null: it has none any more. */
  connect(source: XRInputSource | null): void {
    this.source = source;
    this.hand.trigger = false;
    this.hand.squeeze = false;
  }

  sense(frame: XRFrame, room: XRReferenceSpace): void {
    const { hand, source, space } = this;
    const pose = source === null ? undefined : frame.getPose(source.targetRaySpace, room);
    hand.isThere = pose !== undefined && pose !== null;
    space.visible = hand.isThere;
    if (pose) space.matrix.fromArray(pose.transform.matrix);
    const pad = source?.gamepad;
    hand.stick = pad?.buttons[BUTTONS.stick]?.pressed ?? false;
    hand.lower = pad?.buttons[BUTTONS.lower]?.pressed ?? false;
    hand.upper = pad?.buttons[BUTTONS.upper]?.pressed ?? false;
    const axis = (pad?.axes.length ?? 0) > AXES.stick ? AXES.stick : AXES.touchpad;
    hand.stickRight = pad?.axes[axis] ?? 0;
    hand.stickUp = -(pad?.axes[axis + 1] ?? 0);
  }

  /** Where the hand is in the world, now that its room was moved. */
  place(): void {
    if (!this.hand.isThere) return;
    this.space.matrixWorld.decompose(place, turn, size);
    place.toArray(this.hand.position);
    turn.toArray(this.hand.rotation);
    place.set(0, 0, -1).applyQuaternion(turn).toArray(this.hand.direction);
  }

  point(lengthM: number | null, meets: boolean): void {
    this.#ray.visible = lengthM !== null;
    this.#dot.visible = lengthM !== null && meets;
    if (lengthM === null) return;
    this.#ray.scale.z = lengthM;
    this.#ray.material.color.copy(meets ? MET_COLOUR : RAY_COLOUR);
    this.#dot.position.z = -lengthM;
    this.#dot.scale.setScalar(Math.max(DOT_M_MIN, lengthM * DOT_SHARE));
  }

  pulse(): void {
    const actuator = this.source?.gamepad?.hapticActuators?.[0];
    // A controller that was laid down meanwhile is no fault.
    actuator?.pulse(PULSE.strength, PULSE.ms).catch(() => undefined);
  }

  dispose(): void {
    this.#ray.material.dispose();
    this.#dot.material.dispose();
  }
}

export class Headset {
  /** Where the eyes are in the room: metres from the middle of its floor. */
  readonly head: PoseView = { position: [0, 0, 0], rotation: [0, 0, 0, 1] };
  readonly left: Hand;
  readonly right: Hand;
  readonly #renderer: WebGLRenderer;
  readonly #camera: PerspectiveCamera;
  readonly #room = new Group();
  readonly #shapes = makeShapes();
  readonly #controllers: Readonly<Record<Side, Controller>>;
  #words: { text: string; sprite: Sprite } | null = null;

  constructor(renderer: WebGLRenderer, three: ThreeScene, camera: PerspectiveCamera) {
    this.#renderer = renderer;
    this.#camera = camera;
    const left = new Controller("left", this.#shapes);
    const right = new Controller("right", this.#shapes);
    this.#controllers = { left, right };
    this.left = left.hand;
    this.right = right.hand;
    this.#room.add(left.space, right.space);
    three.add(this.#room);
  }

  /** Goes into the session; `picture` is called for each picture, `ended` once when it is over. */
  async begin(session: XRSession, picture: () => void, ended: () => void): Promise<void> {
    const { xr } = this.#renderer;
    this.#listen(session);
    xr.enabled = true;
    xr.cameraAutoUpdate = false;
    xr.setReferenceSpaceType("local-floor");
    xr.setFoveation(1);
    xr.setAnimationLoop((_timeMs, frame) => {
      if (frame !== undefined && this.#sense(frame)) picture();
    });
    const end = (): void => {
      xr.removeEventListener("sessionend", end);
      this.#dispose();
      ended();
    };
    xr.addEventListener("sessionend", end);
    try {
      await xr.setSession(session);
    } catch (error) {
      xr.removeEventListener("sessionend", end);
      this.#dispose();
      throw error;
    }
    this.#room.add(this.#camera);
  }

  /** Puts the middle of the room's floor to a point of the world, turned by `yaw` about y. */
  place(origin: Vec3, yaw: number): void {
    this.#room.position.fromArray(origin);
    this.#room.rotation.y = yaw;
    this.#room.updateMatrixWorld(true);
    this.#controllers.left.place();
    this.#controllers.right.place();
  }

  /** Writes where the eyes are in the world, and the direction in which they look. */
  look(eye: Vector3, ahead: Vector3): void {
    this.#renderer.xr.updateCamera(this.#camera);
    eye.setFromMatrixPosition(this.#camera.matrixWorld);
    this.#camera.getWorldDirection(ahead);
  }

  /** Draws the ray of a hand so far, with a dot where it meets something; null: no ray. */
  point(side: Side, lengthM: number | null, meets: boolean): void {
    this.#controllers[side].point(lengthM, meets);
  }

  /** Lets a controller be felt. */
  pulse(side: Side): void {
    this.#controllers[side].pulse();
  }

  /** Shows words before the eyes; null: none any more. */
  tell(text: string | null): void {
    if (this.#words?.text === text) return;
    if (this.#words !== null) {
      const { sprite } = this.#words;
      sprite.removeFromParent();
      sprite.material.map?.dispose();
      sprite.material.dispose();
      this.#words = null;
    }
    if (text === null) return;
    const { texture, aspect, capitals } = drawBubble(text);
    const seen = { depthTest: false, depthWrite: false, transparent: true };
    const material = new SpriteMaterial({ map: texture, fog: false, toneMapped: false, ...seen });
    const sprite = new Sprite(material);
    const height = WORDS_CAPITAL_M * capitals;
    sprite.scale.set(height * aspect, height, 1);
    sprite.position.set(0, -WORDS_BELOW_M, -WORDS_AHEAD_M);
    sprite.renderOrder = 12;
    this.#camera.add(sprite);
    this.#words = { text, sprite };
  }

  #listen(session: XRSession): void {
    const all = Object.values(this.#controllers);
    const of = (source: XRInputSource) => all.find((controller) => controller.source === source);
    session.addEventListener("inputsourceschange", ({ added, removed }) => {
      for (const source of removed) of(source)?.connect(null);
      for (const source of added) this.#connect(source);
    });
    const held = (source: XRInputSource, button: "trigger" | "squeeze", isDown: boolean): void => {
      const hand = of(source)?.hand;
      if (hand !== undefined) hand[button] = isDown;
    };
    session.addEventListener("selectstart", (event) => held(event.inputSource, "trigger", true));
    session.addEventListener("selectend", (event) => held(event.inputSource, "trigger", false));
    session.addEventListener("squeezestart", (event) => held(event.inputSource, "squeeze", true));
    session.addEventListener("squeezeend", (event) => held(event.inputSource, "squeeze", false));
    for (const source of session.inputSources) this.#connect(source);
  }

  #connect(source: XRInputSource): void {
    // Gazes, and fingers on a screen, are no hands.
    if (source.targetRayMode !== "tracked-pointer" || source.handedness === "none") return;
    this.#controllers[source.handedness].connect(source);
  }

  /** Reads where everything is; false: the headset does not know where it is. */
  #sense(frame: XRFrame): boolean {
    const { xr } = this.#renderer;
    const room = xr.getReferenceSpace();
    const [one, other] = xr.getCamera().cameras;
    if (room === null || one === undefined) return false;
    // Between the eyes.
    place.copy(one.position).lerp(other?.position ?? one.position, 0.5);
    turn.copy(one.quaternion).slerp(other?.quaternion ?? one.quaternion, 0.5);
    place.toArray(this.head.position);
    turn.toArray(this.head.rotation);
    this.#controllers.left.sense(frame, room);
    this.#controllers.right.sense(frame, room);
    return true;
  }

  #dispose(): void {
    const { xr } = this.#renderer;
    xr.setAnimationLoop(null);
    xr.enabled = false;
    this.tell(null);
    this.#camera.removeFromParent();
    this.#room.removeFromParent();
    for (const controller of Object.values(this.#controllers)) controller.dispose();
    for (const shape of Object.values(this.#shapes)) shape.dispose();
  }
}

const place = new Vector3();
const turn = new Quaternion();
const size = new Vector3();

/** All point to -z, from where the hand is. */
function makeShapes(): Shapes {
  const ahead = -Math.PI / 2;
  const ray = new CylinderGeometry(0.0012, 0.0024, 1, 6, 1, true).translate(0, 0.5, 0);
  const grip = new CylinderGeometry(0.011, 0.018, 0.11, 12).translate(0, -0.03, 0);
  return {
    ray: ray.rotateX(ahead),
    dot: new SphereGeometry(1, 12, 8),
    grip: grip.rotateX(ahead),
    skin: new MeshStandardMaterial({ color: "#9aa5b8", roughness: 0.6 }),
  };
}

/** Seen through everything, and as bright at night. */
function rayMaterial(): MeshBasicMaterial {
  const through = { depthTest: false, transparent: true, opacity: 0.85 };
  return new MeshBasicMaterial({ color: RAY_COLOUR, fog: false, toneMapped: false, ...through });
}

/**
 * Ready groups of objects, made of simple shapes: placed as one change, and pasted like what was
 * copied. Each stands about its foot at the origin and looks to +z. Pure data.
 */
import type {
  Collider,
  Material,
  Properties,
  Object as SceneObject,
  Visual,
} from "../protocol/document";
import type { Copied } from "./clipboard";
import { fromDegrees, type Quat, type Vec3 } from "./vectors";

export const TEMPLATE_NAMES = [
  "doorway",
  "bench",
  "stairs",
  "bridge",
  "fence",
  "house",
  "seesaw",
  "court",
  "stage",
  "pool",
] as const;

export type TemplateName = (typeof TEMPLATE_NAMES)[number];

/** What a template says to people where it stands. */
export interface TemplateWords {
  /** The name of the group in the outline. */
  name: string;
  /** The world that a portal leads to, and what it is called. */
  world: string;
  title: string;
}

const surface = (colour: string, roughness: number, more: Partial<Material> = {}): Material => ({
  // With what is absent elsewhere, as the server tells it: so that it is known again.
  colour,
  roughness,
  metalness: 0,
  opacity: 1,
  ...more,
});

const MATERIALS = {
  builder_wood: surface("#a8743f", 0.75, { pattern: "planks" }),
  builder_beam: surface("#7a5230", 0.8),
  builder_stone: surface("#b9b3a6", 0.9, { pattern: "noise" }),
  builder_wall: surface("#f1e6cf", 0.9),
  builder_roof: surface("#b5583b", 0.8),
  builder_metal: surface("#3c4650", 0.4),
  builder_lamp: surface("#fff1c9", 1, { emissive: "#ffd98a" }),
  builder_accent: surface("#1f8a86", 0.6),
  builder_floor: surface("#d9d2c3", 0.85, { pattern: "tiles" }),
  builder_pool: surface("#3a8fa8", 1, { opacity: 0.8 }),
  builder_ball: surface("#e2694c", 0.5),
} as const;

type Paint = keyof typeof MATERIALS;

interface Block {
  visual: Visual;
  collider: Collider | null;
}

/** A box that is seen and bumped into. */
function box(
  size_m: Vec3,
  offset_m: Vec3,
  material: Paint,
  turnDeg: Vec3 = [0, 0, 0],
  isSolid = true,
): Block {
  const rotation = fromDegrees(turnDeg);
  const turn: { rotation?: Quat } = turnDeg.some((angle) => angle !== 0) ? { rotation } : {};
  const shape = { box: { size_m } };
  return {
    visual: { shape, material, offset_m, ...turn },
    collider: isSolid ? { shape, offset_m, ...turn } : null,
  };
}

/** An upright post. */
function post(radius_m: number, height_m: number, offset_m: Vec3, material: Paint): Block {
  const shape = { cylinder: { radius_m, height_m } };
  return { visual: { shape, material, offset_m }, collider: { shape, offset_m } };
}

function ball(radius_m: number, offset_m: Vec3, material: Paint): Block {
  return { visual: { shape: { ball: { radius_m } }, material, offset_m }, collider: null };
}

function built(blocks: readonly Block[], more: Properties = {}): Properties {
  const colliders = blocks.flatMap(({ collider }) => collider ?? []);
  return {
    visuals: blocks.map(({ visual }) => visual),
    ...(colliders.length > 0 ? { colliders } : {}),
    ...more,
  };
}

const at = (position_m: Vec3, properties: Properties): SceneObject => ({ position_m, properties });

/** A group: the first object has the name, and the others lie below it. */
function group(name: string, first: Properties, others: readonly SceneObject[] = []): Copied {
  const objects: SceneObject[] = [
    { name, position_m: [0, 0, 0], properties: first },
    ...others.map((object) => ({ ...object, parent: 0 })),
  ];
  const painted = objects.flatMap(({ properties }) => properties?.visuals ?? []);
  const used = new Set(painted.map(({ material }) => material));
  const materials = Object.entries(MATERIALS).filter(([paint]) => used.has(paint));
  return {
    kind: "vivarium objects",
    version: 1,
    objects,
    materials: structuredClone(Object.fromEntries(materials)),
    blueprints: {},
  };
}

const LAMP = { colour: "#ffd98a", intensity_cd: 24, range_m: 11 };

function doorway({ name, world, title }: TemplateWords): Copied {
  const frame = built([
    box([0.4, 3.2, 0.6], [-1.5, 1.6, 0], "builder_stone"),
    box([0.4, 3.2, 0.6], [1.5, 1.6, 0], "builder_stone"),
    box([3.8, 0.5, 0.8], [0, 3.45, 0], "builder_stone"),
    box([3, 0.12, 1.4], [0, 0.06, 0], "builder_floor"),
  ]);
  const sign = { shape: { text: { text: title, height_m: 0.26 } }, material: "builder_metal" };
  return group(name, frame, [
    at([0, 1.62, 0], { portal: { world, size_m: [2.6, 3, 0.6] } }),
    at([0, 3.45, 0.42], { visuals: [sign] }),
  ]);
}

function bench({ name }: TemplateWords): Copied {
  const seat = built([
    box([1.8, 0.07, 0.48], [0, 0.45, 0], "builder_wood"),
    box([1.8, 0.34, 0.06], [0, 0.78, -0.24], "builder_wood", [-10, 0, 0]),
    box([0.08, 0.42, 0.42], [-0.7, 0.21, 0], "builder_metal"),
    box([0.08, 0.42, 0.42], [0.7, 0.21, 0], "builder_metal"),
  ]);
  const lamp = built(
    [
      post(0.18, 0.14, [0, 0.07, 0], "builder_metal"),
      post(0.06, 2.7, [0, 1.35, 0], "builder_metal"),
      ball(0.2, [0, 2.85, 0], "builder_lamp"),
    ],
    { light: { ...LAMP, offset_m: [0, 2.85, 0] } },
  );
  return group(name, seat, [at([1.4, 0, -0.1], lamp)]);
}

const STEPS = 8;
const STEP_M = { high: 0.18, deep: 0.32, wide: 2.2 };

function stairs({ name }: TemplateWords): Copied {
  const { high, deep, wide } = STEP_M;
  const back = -(STEPS * deep) / 2;
  const steps = Array.from({ length: STEPS }, (_, index) => {
    // Each goes down to the ground and back to the highest.
    const height = (index + 1) * high;
    const depth = (STEPS - index) * deep;
    return box([wide, height, depth], [0, height / 2, back + depth / 2], "builder_stone");
  });
  return group(name, built(steps));
}

function bridge({ name }: TemplateWords): Copied {
  const slope = 14;
  const rails = [-1, 1].flatMap((side) => {
    const z = side * 1.02;
    return [
      ...[-2.4, 0, 2.4].map((x) => box([0.12, 1, 0.12], [x, 1.35, z], "builder_beam")),
      box([5, 0.1, 0.1], [0, 1.82, z], "builder_beam"),
      box([5, 0.08, 0.08], [0, 1.4, z], "builder_beam"),
    ];
  });
  const deck = built([
    box([5.2, 0.18, 2.2], [0, 0.84, 0], "builder_wood"),
    box([3.9, 0.18, 2.2], [-4.45, 0.38, 0], "builder_wood", [0, 0, slope]),
    box([3.9, 0.18, 2.2], [4.45, 0.38, 0], "builder_wood", [0, 0, -slope]),
    box([0.3, 0.76, 2], [-2.3, 0.38, 0], "builder_stone"),
    box([0.3, 0.76, 2], [2.3, 0.38, 0], "builder_stone"),
    ...rails,
  ]);
  return group(name, deck);
}

function fence({ name }: TemplateWords): Copied {
  const posts = [-3, -1.5, 0, 1.5, 3].map((x) =>
    box([0.12, 1.1, 0.12], [x, 0.55, 0], "builder_beam"),
  );
  const rails = [0.4, 0.85].map((y) => box([6.1, 0.12, 0.05], [0, y, 0.07], "builder_wood"));
  return group(name, built([...posts, ...rails]));
}

function house({ name }: TemplateWords): Copied {
  const wall = (blocks: readonly Block[]): SceneObject => at([0, 0, 0], built(blocks));
  /** A wall along z at `x`, with a window in its middle. */
  const side = (x: number): SceneObject =>
    wall([
      box([0.2, 0.9, 5], [x, 0.65, 0], "builder_wall"),
      box([0.2, 0.6, 5], [x, 2.5, 0], "builder_wall"),
      box([0.2, 1, 1.75], [x, 1.65, 1.625], "builder_wall"),
      box([0.2, 1, 1.75], [x, 1.65, -1.625], "builder_wall"),
    ]);
  const front = wall([
    box([2.2, 2.6, 0.2], [-1.9, 1.5, 2.4], "builder_wall"),
    box([2.2, 2.6, 0.2], [1.9, 1.5, 2.4], "builder_wall"),
    box([1.6, 0.4, 0.2], [0, 2.6, 2.4], "builder_wall"),
    box([1.8, 0.12, 0.26], [0, 2.36, 2.4], "builder_beam", [0, 0, 0], false),
  ]);
  const back = wall([box([6, 2.6, 0.2], [0, 1.5, -2.4], "builder_wall")]);
  const gable = (z: number): SceneObject => {
    const points_m: Vec3[] = [-0.1, 0.1].flatMap((depth): Vec3[] => [
      [-3, 0, depth],
      [3, 0, depth],
      [0, 1.6, depth],
    ]);
    const properties: Properties = {
      visuals: [{ shape: { collider: {} }, material: "builder_wall" }],
      colliders: [{ shape: { hull: { points_m } } }],
    };
    return at([0, 2.8, z], properties);
  };
  const roof = (sign: 1 | -1): SceneObject =>
    wall([box([3.9, 0.18, 5.8], [sign * 1.68, 3.72, 0], "builder_roof", [0, 0, -sign * 28])]);
  const floor = built([box([6.4, 0.2, 5.4], [0, 0.1, 0], "builder_floor")]);
  const others = [side(-2.9), side(2.9), front, back, gable(2.4), gable(-2.4), roof(1), roof(-1)];
  return group(name, floor, others);
}

function seesaw({ name }: TemplateWords): Copied {
  const points_m: Vec3[] = [-0.4, 0.4].flatMap((z): Vec3[] => [
    [-0.45, 0, z],
    [0.45, 0, z],
    [0, 0.5, z],
  ]);
  const foot: Properties = {
    visuals: [{ shape: { collider: {} }, material: "builder_metal" }],
    colliders: [{ shape: { hull: { points_m } } }],
  };
  const plank = built(
    [
      box([4.6, 0.12, 0.9], [0, 0, 0], "builder_wood"),
      box([0.08, 0.5, 0.9], [-1.5, 0.3, 0], "builder_accent"),
      box([0.08, 0.5, 0.9], [1.5, 0.3, 0], "builder_accent"),
    ],
    {
      body: { kind: "dynamic", linear_damping: 0.1, angular_damping: 1.2 },
      hinge: { axis: [0, 0, 1], limits_deg: [-11, 11] },
    },
  );
  return group(name, foot, [at([0, 0.62, 0], plank)]);
}

function court({ name }: TemplateWords): Copied {
  const floor = built([
    box([14, 0.1, 9], [0, 0.05, 0], "builder_accent"),
    box([0.12, 0.02, 8.6], [0, 0.105, 0], "builder_wall", [0, 0, 0], false),
    box([13.6, 0.02, 0.12], [0, 0.105, 4.2], "builder_wall", [0, 0, 0], false),
    box([13.6, 0.02, 0.12], [0, 0.105, -4.2], "builder_wall", [0, 0, 0], false),
  ]);
  const walls = built([
    box([14, 0.5, 0.15], [0, 0.35, -4.42], "builder_wood"),
    box([14, 0.5, 0.15], [0, 0.35, 4.42], "builder_wood"),
    ...[-6.92, 6.92].flatMap((x) => [
      box([0.15, 0.5, 2.8], [x, 0.35, -2.95], "builder_wood"),
      box([0.15, 0.5, 2.8], [x, 0.35, 2.95], "builder_wood"),
    ]),
  ]);
  const goal = (x: number): SceneObject =>
    at(
      [x, 0.1, 0],
      built([
        post(0.07, 1.9, [0, 0.95, -1.5], "builder_wall"),
        post(0.07, 1.9, [0, 0.95, 1.5], "builder_wall"),
        box([0.14, 0.14, 3.14], [0, 1.9, 0], "builder_wall"),
        // What went in stays in.
        box([0.1, 1.9, 3.1], [Math.sign(x) * 0.9, 0.95, 0], "builder_metal"),
      ]),
    );
  const sphere = { ball: { radius_m: 0.28 } };
  const loose: Properties = {
    visuals: [{ shape: sphere, material: "builder_ball" }],
    colliders: [{ shape: sphere, restitution: 0.7, friction: 0.6, density_kgpm3: 40 }],
    body: { kind: "dynamic", linear_damping: 0.25, angular_damping: 0.4 },
  };
  const others = [at([0, 0, 0], walls), goal(-6.92), goal(6.92), at([0, 0.4, 0], loose)];
  return group(name, floor, others);
}

function stage({ name }: TemplateWords): Copied {
  const platform = built([
    box([7, 0.6, 4.5], [0, 0.3, 0], "builder_wood"),
    box([1.6, 0.2, 0.4], [2.4, 0.1, 2.85], "builder_beam"),
    box([1.6, 0.4, 0.4], [2.4, 0.2, 2.45], "builder_beam"),
  ]);
  const backdrop = built([
    box([7, 3.2, 0.15], [0, 2.2, -2.1], "builder_accent"),
    box([0.2, 3.6, 0.2], [-3.4, 2.4, -2.1], "builder_metal"),
    box([0.2, 3.6, 0.2], [3.4, 2.4, -2.1], "builder_metal"),
  ]);
  const spot = (x: number): SceneObject =>
    at(
      [x, 0, 1.6],
      built(
        [
          post(0.07, 3.4, [0, 2.3, 0], "builder_metal"),
          box([0.4, 0.3, 0.4], [0, 4.1, 0], "builder_metal", [35, 0, 0], false),
          ball(0.16, [0, 4, -0.2], "builder_lamp"),
        ],
        {
          light: {
            colour: "#ffe3b0",
            intensity_cd: 60,
            range_m: 14,
            offset_m: [-Math.sign(x) * 0.4, 3.9, -0.6],
          },
        },
      ),
    );
  return group(name, platform, [at([0, 0, 0], backdrop), spot(-3.3), spot(3.3)]);
}

function pool({ name }: TemplateWords): Copied {
  const rim = built([
    box([6.4, 0.5, 0.4], [0, 0.25, -2], "builder_stone"),
    box([6.4, 0.5, 0.4], [0, 0.25, 2], "builder_stone"),
    box([0.4, 0.5, 3.6], [-3, 0.25, 0], "builder_stone"),
    box([0.4, 0.5, 3.6], [3, 0.25, 0], "builder_stone"),
    box([5.6, 0.06, 3.6], [0, 0.03, 0], "builder_floor"),
  ]);
  const water = { shape: { water: { size_m: [5.6, 3.6] as [number, number] } } };
  return group(name, rim, [
    at([0, 0.38, 0], { visuals: [{ ...water, material: "builder_pool" }] }),
  ]);
}

const MAKERS: Readonly<Record<TemplateName, (words: TemplateWords) => Copied>> = {
  doorway,
  bench,
  stairs,
  bridge,
  fence,
  house,
  seesaw,
  court,
  stage,
  pool,
};

export function templateOf(name: TemplateName, words: TemplateWords): Copied {
  return MAKERS[name](words);
}

// Garden: rolling hills around a pond with an island. Arrivals stand in the south and look north,
// over the bridge to the gazebo.

import {
  World, ball, between, box, capsule, cone, cylinder, hull, look, model, ownColliders, palette,
  part, parts, random, solid, text, turnX, turnY, turnZ, water,
} from "./lib.mjs";
import { rockCorners } from "./models.mjs";
import { bench, portalArch, sign } from "./pieces.mjs";

const POINTS = 97;
const SIZE_M = 120;
const POND = { x: 4, z: -8, rx: 23, rz: 18 };
const ARCH = { x: -27, z: 20, heading: 60 };

/** Flat places: x, z, height, radius that is quite flat. */
const FLATS = [
  [4, -8, 0.8, 4.6], // the island
  [4, 30, 2.4, 3.4], // arrivals
  [4, 12.6, 0.75, 2.6], // the bridge's southern end
  [ARCH.x + 1.2, ARCH.z + 0.7, 1.9, 4.2],
  [28, 21, 1.7, 6.2], // pumpkins
  [-21.5, -8, 0.5, 2.4], // the ferry's landing
  [28.5, -8, 0.6, 2], // stepping stones
];

/** Paths, as corners with heights; the ground is level across them. */
const PATHS = [
  [[4, 30, 2.4], [5, 21, 1.55], [4, 12.6, 0.75]],
  [[4, 30, 2.4], [-8, 27, 1.7], [-18, 25, 1.8], [ARCH.x + 1.2, ARCH.z + 0.7, 1.9]],
  [[4, 30, 2.4], [16, 27.5, 1.6], [28, 21, 1.7]],
  [[28, 21, 1.7], [32, 6, 1.4], [28.5, -8, 0.6]],
  [[ARCH.x + 1.2, ARCH.z + 0.7, 1.9], [-27, 6, 1.2], [-21.5, -8, 0.5]],
];

const smooth = (t) => {
  const clamped = Math.max(0, Math.min(1, t));
  return clamped * clamped * (3 - 2 * clamped);
};

/** Nearest point of a path: distance and height there. */
function onPath(path, x, z) {
  let best = { far: Infinity, height: 0 };
  for (let i = 0; i + 1 < path.length; i += 1) {
    const [[ax, az, ah], [bx, bz, bh]] = [path[i], path[i + 1]];
    const [dx, dz] = [bx - ax, bz - az];
    const t = Math.max(0, Math.min(1, ((x - ax) * dx + (z - az) * dz) / (dx * dx + dz * dz)));
    const far = Math.hypot(x - ax - t * dx, z - az - t * dz);
    if (far < best.far) best = { far, height: ah + (bh - ah) * t };
  }
  return best;
}

const pathDistance = (x, z) => Math.min(...PATHS.map((path) => onPath(path, x, z).far));
const flatDistance = (x, z) => Math.min(...FLATS.map(([fx, fz, , r]) => Math.hypot(x - fx, z - fz) - r));

/** The lie of the land before it is cut into a grid. */
function land(x, z) {
  let height = 2.1 + 1.1 * Math.sin(x * 0.085 + 1.2) * Math.cos(z * 0.075 - 0.4)
    + 0.55 * Math.sin(x * 0.17 + z * 0.12) + 0.25 * Math.sin(x * 0.31 - z * 0.27 + 2);
  const edge = Math.max(Math.abs(x), Math.abs(z));
  height += 6.5 * Math.max(0, (edge - 44) / 16) ** 1.6;
  const angle = Math.atan2(z - POND.z, x - POND.x);
  const wobble = 1 + 0.05 * Math.sin(3 * angle + 1) + 0.03 * Math.sin(5 * angle);
  const far = Math.hypot((x - POND.x) / POND.rx, (z - POND.z) / POND.rz) / wobble;
  const basin = -1.25;
  if (far < 1.35) {
    const shore = smooth((far - 0.72) / 0.63);
    height = basin + (Math.max(height, 0.9) - basin) * shore;
  }
  // The slope from the arrivals to the water is open and even.
  const even = 0.75 + ((z - 12.6) / 17.4) * 1.65;
  const lane = smooth((16 - Math.abs(x - 4)) / 7) * smooth((z - 8) / 5) * smooth((38 - z) / 5);
  height += (even + 0.2 * (height - even) - height) * lane;
  for (const path of PATHS) {
    const near = onPath(path, x, z);
    const share = 1 - smooth((near.far - 1.4) / 3.4);
    height += (near.height - height) * share;
  }
  for (const [fx, fz, level, radius] of FLATS) {
    const share = 1 - smooth((Math.hypot(x - fx, z - fz) - radius) / 2.8);
    height += (level - height) * share;
  }
  return height;
}

/** Heights in column-major order, to the centimetre. */
function grid() {
  const heights = [];
  for (let column = 0; column < POINTS; column += 1) {
    for (let row = 0; row < POINTS; row += 1) {
      const at = (i) => (i / (POINTS - 1) - 0.5) * SIZE_M;
      heights.push(Math.round(land(at(column), at(row)) * 100) / 100);
    }
  }
  return heights;
}

/** The ground as it is walked on, between the points of the grid. */
function groundOf(heights) {
  return (x, z) => {
    const place = (v) => Math.max(0, Math.min(POINTS - 1.001, (v / SIZE_M + 0.5) * (POINTS - 1)));
    const [u, v] = [place(x), place(z)];
    const [column, row] = [Math.floor(u), Math.floor(v)];
    const at = (c, r) => heights[c * POINTS + r];
    const [fu, fv] = [u - column, v - row];
    return (at(column, row) * (1 - fu) + at(column + 1, row) * fu) * (1 - fv)
      + (at(column, row + 1) * (1 - fu) + at(column + 1, row + 1) * fu) * fv;
  };
}

function materials(world) {
  const m = (name, colour, more) => world.material(name, colour, more);
  m("meadow", "#a8bb68", { pattern: "noise" });
  m("path", palette.sandstone);
  m("path_dark", palette.sandstoneDark);
  m("sandstone", palette.sandstone);
  m("wall", palette.sandstoneDark, { pattern: "noise" });
  m("cream", palette.cream);
  m("terracotta", palette.terracotta);
  m("brick", "#94402f");
  m("slate", palette.slate);
  m("slate_dark", palette.slateDark);
  m("planks", palette.wood, { pattern: "planks" });
  m("wood", palette.wood);
  m("wood_dark", palette.woodDark);
  m("teal", palette.teal, { roughness: 0.7 });
  m("honey", palette.honey, { roughness: 0.7 });
  m("coral", palette.coral, { roughness: 0.6 });
  m("white", palette.white, { roughness: 0.6 });
  m("straw", "#d9b45f", { pattern: "noise" });
  m("ink", "#2d3436");
  m("pond", "#3d8f95", { opacity: 0.72, roughness: 0.1 });
  m("lamp", "#fff0c9", { emissive: "#ffd890", roughness: 0.5 });
}

function blueprints(world) {
  const tree = (name, radius, height) => world.blueprint(name, {
    visuals: [look(model(`models/${name}.glb`))],
    colliders: [solid(capsule(radius, height), [0, height / 2 - 0.3, 0])],
  });
  tree("oak", 0.28, 3.2);
  tree("blossom", 0.28, 3.2);
  tree("birch", 0.18, 3.6);
  tree("pine", 0.26, 4.2);
  world.blueprint("rock", {
    visuals: [look(model("models/rock.glb"))],
    colliders: [solid(hull(rockCorners))],
  });
  for (const plant of ["bush", "bush_teal", "flowers_honey", "flowers_rose", "flowers_white", "flowers_plum", "grass", "reeds", "lily"]) {
    world.blueprint(plant, { visuals: [look(model(`models/${plant}.glb`))] });
  }
  world.blueprint("slab", { visuals: [look(cylinder(0.52, 0.16), "path")] });
  world.blueprint("slab_dark", { visuals: [look(cylinder(0.42, 0.16), "path_dark")] });
  world.blueprint("stepping_stone", parts([part(cylinder(0.75, 1.8), "slate", [0, -0.9, 0])]));
  world.blueprint("stepping_stone_small", parts([part(cylinder(0.6, 1.8), "slate_dark", [0, -0.9, 0])]));
  world.blueprint("wall", parts([
    part(box(6.3, 4, 0.7), "wall", [0, 0.4, 0]), part(box(6.4, 0.2, 0.9), "terracotta", [0, 2.5, 0]),
  ]));
  world.blueprint("bench", bench());
  world.blueprint("lantern", {
    visuals: [
      look(cylinder(0.06, 1.5), "wood_dark", [0, 0.65, 0]), look(box(0.28, 0.32, 0.28), "lamp", [0, 1.55, 0]),
      look(cone(0.28, 0.2), "slate_dark", [0, 1.8, 0]),
    ],
    colliders: [solid(capsule(0.12, 2.2), [0, 0.8, 0])],
  });
  world.blueprint("pumpkin", {
    visuals: [look(model("models/pumpkin.glb"))],
    colliders: [solid(cylinder(0.37, 0.5), undefined, undefined, { friction: 0.8, density_kgpm3: 90 })],
    body: { kind: "dynamic", linear_damping: 0.2, angular_damping: 0.6 },
  });
  world.blueprint("bale", {
    visuals: [look(cylinder(0.65, 1.1), "straw")],
    colliders: [solid(cylinder(0.65, 1.1), undefined, undefined, { friction: 0.9, density_kgpm3: 45 })],
    body: { kind: "dynamic", linear_damping: 0.2, angular_damping: 0.8 },
  });
}

function terrain(world, heights) {
  world.place({
    visuals: [look(ownColliders, "meadow")],
    colliders: [solid({ heightfield: { rows: POINTS, columns: POINTS, size_m: [SIZE_M, SIZE_M], heights_m: heights } },
      undefined, undefined, { friction: 0.8 })],
  }, [0, 0, 0], { name: "terrain" });
  world.place({ visuals: [look(water(60, 48), "pond")] }, [POND.x, 0, POND.z], { name: "pond" });
  world.place({ sound: { path: "sounds/stream.wav", volume: 0.35, radius_m: 9, plays: "always" } }, [POND.x, 0.5, POND.z + 10]);
  world.place({ sound: { path: "sounds/wind.wav", volume: 0.35, radius_m: 30, plays: "always" } }, [0, 6, 0]);
  world.place({ sound: { path: "sounds/birds.wav", volume: 0.5, radius_m: 14, plays: "always" } }, [-22, 5, 30]);
  world.place({ sound: { path: "sounds/birds.wav", volume: 0.4, radius_m: 14, plays: "always" } }, [34, 5, -18]);
}

function boundary(world, ground, rng) {
  for (let i = -9; i <= 9; i += 1) {
    const along = i * 6.2;
    for (const side of [-57.5, 57.5]) {
      world.place("wall", [along, ground(along, side), side]);
      world.place("wall", [side, ground(side, along), along], { rotation: turnY(90) });
    }
  }
  for (let i = 0; i < 18; i += 1) {
    const angle = (2 * Math.PI * i) / 18 + between(rng, -0.1, 0.1);
    const far = between(rng, 120, 155);
    const [wide, tall] = [between(rng, 34, 60), between(rng, 16, 38)];
    world.place({ visuals: [look(model("models/hill_warm.glb"))] },
      [far * Math.cos(angle), -2, far * Math.sin(angle)],
      { scale: [wide, tall, wide], rotation: turnY(between(rng, 0, 360)) });
  }
}

function bridge(world) {
  // Nine boards of deck on a shallow arch from z = 12.2 to z = -3.4.
  const [from, to, boards] = [12.4, -3.6, 10];
  const rise = (t) => 0.78 + 0.95 * Math.sin(Math.PI * t);
  const list = [];
  for (let i = 0; i < boards; i += 1) {
    const [a, b] = [i / boards, (i + 1) / boards];
    const [za, zb] = [from + (to - from) * a, from + (to - from) * b];
    const [dz, dy] = [zb - za, rise(b) - rise(a)];
    const tilt = turnX((Math.atan2(dy, -dz) * 180) / Math.PI);
    const middle = (za + zb) / 2;
    const y = (rise(a) + rise(b)) / 2;
    const length = Math.hypot(dz, dy) + 0.04;
    list.push(part(box(2.6, 0.18, length), "planks", [0, y - 0.09, middle], tilt));
    for (const x of [-1.25, 1.25]) {
      list.push(part(box(0.1, 0.1, length), "wood_dark", [x, y + 0.9, middle], tilt));
      if (i % 2 === 0) list.push(part(box(0.12, 1, 0.12), "wood_dark", [x, rise(a) + 0.42, za]));
    }
  }
  world.place(parts(list), [4, 0, 0], { name: "bridge" });
}

function gazebo(world) {
  const list = [part(cylinder(3.3, 0.3), "sandstone", [0, 0, 0]), part(cylinder(2.9, 0.3), "planks", [0, 0.1, 0])];
  for (let i = 0; i < 8; i += 1) {
    const angle = 22.5 + 45 * i;
    const [s, c] = [Math.sin((angle * Math.PI) / 180), Math.cos((angle * Math.PI) / 180)];
    list.push(part(box(0.22, 2.8, 0.22), "cream", [2.75 * s, 1.5, 2.75 * c], turnY(angle)));
    // Railings, with openings to the south, the west and the east.
    const middle = 45 * i;
    if (middle !== 0 && middle !== 90 && middle !== 270) {
      const [ms, mc] = [Math.sin((middle * Math.PI) / 180), Math.cos((middle * Math.PI) / 180)];
      list.push(part(box(1.95, 0.12, 0.12), "cream", [2.54 * ms, 1.1, 2.54 * mc], turnY(middle)));
      list.push(part(box(1.95, 0.12, 0.4), "planks", [2.3 * ms, 0.65, 2.3 * mc], turnY(middle)));
    }
    const [bs, bc] = [Math.sin((middle * Math.PI) / 180), Math.cos((middle * Math.PI) / 180)];
    list.push(part(box(2.2, 0.25, 0.2), "cream", [2.54 * bs, 2.95, 2.54 * bc], turnY(middle)));
  }
  const made = parts(list);
  const roof = Array.from({ length: 12 }, (_, i) => {
    const angle = (2 * Math.PI * i) / 12;
    return [3.7 * Math.sin(angle), 3, 3.7 * Math.cos(angle)];
  });
  made.visuals.push(
    look(cone(3.75, 1.7), "terracotta", [0, 3.9, 0]), look(ball(0.16), "honey", [0, 4.85, 0]),
    look(ball(0.14), "lamp", [0, 2.75, 0]),
  );
  made.colliders.push(solid(hull([...roof, [0, 4.7, 0]])));
  made.light = { colour: "#ffd890", intensity_cd: 10, range_m: 9, offset_m: [0, 2.6, 0] };
  made.sensor = { size_m: [4.4, 2.4, 4.4], offset_m: [0, 1.4, 0] };
  made.sound = { path: "sounds/chime.wav", volume: 0.8, radius_m: 6, plays: "on_enter" };
  world.place(made, [POND.x, 0.85, POND.z], { name: "gazebo" });
}

function crossings(world, rng) {
  // Stepping stones from the east, and the ferry with its two landings in the west.
  for (let i = 0; i < 10; i += 1) {
    const x = 10.6 + i * 1.75;
    world.place(i % 3 === 1 ? "stepping_stone_small" : "stepping_stone", [x, 0.22 + between(rng, -0.04, 0.06), POND.z + (i % 2 === 0 ? 0.3 : -0.3)]);
  }
  const landing = (length) => parts([
    part(box(length, 0.2, 2.6), "planks", [0, -0.1, 0]),
    ...[-length / 2 + 0.2, length / 2 - 0.2].flatMap((x) => [-1.2, 1.2].map((z) => part(box(0.2, 2.4, 0.2), "wood_dark", [x, -0.9, z]))),
  ]);
  world.place(landing(7), [-17.6, 0.42, POND.z], { name: "western landing" });
  world.place(landing(3.6), [-1.9, 0.42, POND.z], { name: "island landing" });
  const raft = parts([
    part(box(3, 0.24, 2.6), "wood", [0, -0.12, 0]),
    part(box(0.1, 0.1, 2.6), "wood_dark", [0, 0.75, 1.24], turnY(90)), part(box(0.1, 0.1, 2.6), "wood_dark", [0, 0.75, -1.24], turnY(90)),
    ...[-1.2, 1.2].flatMap((x) => [-1.24, 1.24].map((z) => part(box(0.1, 0.75, 0.1), "wood_dark", [x, 0.375, z]))),
  ], { friction: 0.9 });
  world.place({
    ...raft,
    body: { kind: "kinematic" },
    mover: { waypoints_m: [[0, 0, 0], [6.82, 0, 0]], leg_ticks: 240, rest_ticks: 120 },
  }, [-12.56, 0.42, POND.z], { name: "ferry" });
}

function paths(world, ground, rng) {
  for (const path of PATHS) {
    for (let i = 0; i + 1 < path.length; i += 1) {
      const [[ax, az], [bx, bz]] = [path[i], path[i + 1]];
      const length = Math.hypot(bx - ax, bz - az);
      const count = Math.floor(length / 1.15);
      for (let k = 0; k < count; k += 1) {
        const t = (k + 0.5) / count;
        const side = k % 2 === 0 ? 0.42 : -0.42;
        const [nx, nz] = [-(bz - az) / length, (bx - ax) / length];
        const [x, z] = [ax + (bx - ax) * t + nx * side + between(rng, -0.1, 0.1), az + (bz - az) * t + nz * side + between(rng, -0.1, 0.1)];
        world.place(rng() < 0.3 ? "slab_dark" : "slab", [x, ground(x, z) - 0.045, z]);
      }
    }
  }
}

/** Scatters things where `fits(x, z, height)` holds; a fixed number of tries keeps it finite. */
function scatter(world, ground, rng, count, reach, fits, make) {
  let placed = 0;
  for (let tries = 0; tries < count * 60 && placed < count; tries += 1) {
    const [x, z] = [between(rng, -reach, reach), between(rng, -reach, reach)];
    const height = ground(x, z);
    if (!fits(x, z, height)) continue;
    make(x, z, height);
    placed += 1;
  }
}

function plants(world, ground, rng) {
  const taken = [];
  const free = (x, z, room) => taken.every(([tx, tz, r]) => Math.hypot(x - tx, z - tz) > room + r);
  const spin = () => turnY(between(rng, 0, 360));
  const open = (x, z) => pathDistance(x, z) > 2.2 && flatDistance(x, z) > 1;
  // The view from the arrivals to the gazebo stays clear of tall things.
  const inView = (x, z) => z > POND.z && z < 40 && Math.abs(x - 4) < 3 + (30 - Math.min(30, z)) * 0.42;
  const trees = (what, count, reach, room, fits, sizes) =>
    scatter(world, ground, rng, count, reach,
      (x, z, h) => h > 0.55 && open(x, z) && !inView(x, z) && free(x, z, room) && fits(x, z),
      (x, z, h) => {
        taken.push([x, z, room]);
        world.place(what, [x, h, z], { rotation: spin(), scale: between(rng, ...sizes) });
      });
  const rim = (x, z) => Math.max(Math.abs(x), Math.abs(z)) > 40;
  trees("pine", 90, 56, 1.3, rim, [0.95, 1.6]);
  trees("pine", 16, 42, 1.6, (x, z) => z < -18 || x < -28, [0.85, 1.3]);
  trees("birch", 34, 46, 1.3, (x, z) => x > 4 && z < 34, [0.9, 1.25]);
  trees("oak", 22, 46, 2.2, (x) => x < 14, [0.9, 1.35]);
  trees("blossom", 12, 36, 2.2, (x, z) => z > 4, [0.75, 1]);
  scatter(world, ground, rng, 46, 52, (x, z, h) => h > -0.7 && open(x, z) && free(x, z, 1) && !(inView(x, z) && z > 14), (x, z, h) => {
    const size = between(rng, 0.45, 1.3);
    taken.push([x, z, size]);
    world.place("rock", [x, h - 0.12, z], { rotation: spin(), scale: [size * between(rng, 0.85, 1.25), size, size] });
  });
  scatter(world, ground, rng, 60, 50, (x, z, h) => h > 0.5 && open(x, z) && free(x, z, 0.5) && !(inView(x, z) && z > 14), (x, z, h) => {
    taken.push([x, z, 0.5]);
    world.place(rng() < 0.6 ? "bush" : "bush_teal", [x, h - 0.05, z], { rotation: spin(), scale: between(rng, 0.7, 1.3) });
  });
  // Flowers stand in drifts of one kind.
  const kinds = ["flowers_honey", "flowers_rose", "flowers_white", "flowers_plum"];
  let kind = 0;
  scatter(world, ground, rng, 44, 44, (x, z, h) => h > 0.45 && pathDistance(x, z) > 1.8 && flatDistance(x, z) > 0.4 && free(x, z, 0.6), (x, z) => {
    const count = 3 + Math.floor(rng() * 4);
    kind = (kind + 1) % kinds.length;
    for (let i = 0; i < count; i += 1) {
      const [fx, fz] = [x + between(rng, -1.3, 1.3), z + between(rng, -1.3, 1.3)];
      if (pathDistance(fx, fz) < 1.3 || ground(fx, fz) < 0.3) continue;
      world.place(kinds[kind], [fx, ground(fx, fz), fz], { rotation: spin(), scale: between(rng, 0.85, 1.4) });
    }
  });
  scatter(world, ground, rng, 320, 50, (x, z, h) => h > 0.25 && pathDistance(x, z) > 1.3 && flatDistance(x, z) > 0.2, (x, z, h) => {
    world.place("grass", [x, h, z], { rotation: spin(), scale: between(rng, 0.9, 1.7) });
  });
  const shore = (x, z) => pathDistance(x, z) > 2.4 && Math.abs(x - 4) > 3.4 && Math.abs(z - POND.z) > 2.4;
  scatter(world, ground, rng, 90, 30, (x, z, h) => h > -0.55 && h < 0.12 && shore(x, z), (x, z, h) => {
    world.place("reeds", [x, h, z], { rotation: spin(), scale: between(rng, 0.8, 1.15) });
  });
  scatter(world, ground, rng, 34, 26, (x, z, h) => h < -0.6 && shore(x, z), (x, z) => {
    world.place("lily", [x, 0.005, z], { rotation: spin(), scale: between(rng, 0.9, 1.7) });
  });
}

function looseThings(world, ground) {
  const patch = [28, 21];
  for (const [dx, dz, size] of [[-2.4, 0.6, 1], [-1.2, 2.1, 0.8], [0.4, -1.8, 1.2], [1.6, 1.2, 1], [2.7, -0.6, 0.9], [-0.2, 0.4, 1.35], [0.9, 3.1, 0.75], [-3.1, -1.2, 0.9]]) {
    const [x, z] = [patch[0] + dx, patch[1] + dz];
    world.place("pumpkin", [x, ground(x, z) + 0.25 * size + 0.01, z], { scale: size });
  }
  for (const [dx, dz] of [[3.3, 2.6], [4.4, 0.6]]) {
    const [x, z] = [patch[0] + dx, patch[1] + dz];
    world.place("bale", [x, ground(x, z) + 0.56, z]);
  }
  world.place({
    visuals: [
      look(ball(0.5), "white"), look(cylinder(0.505, 0.1), "coral"), look(cylinder(0.505, 0.1), "teal", undefined, turnX(90)),
      look(cylinder(0.505, 0.1), "honey", undefined, turnZ(90)),
    ],
    colliders: [solid(ball(0.5), undefined, undefined, { friction: 0.6, restitution: 0.6, density_kgpm3: 15 })],
    body: { kind: "dynamic", linear_damping: 0.3, angular_damping: 0.8 },
  }, [6.4, ground(6.4, 27.2) + 0.5, 27.2], { name: "beach ball" });
}

function furniture(world, ground) {
  const on = (x, z, lift = 0) => [x, ground(x, z) + lift, z];
  const words = [
    [[7.6, 25.4], -18, ["Garden", "Cross the bridge to the gazebo"]],
    [[-3.4, 26.4], 25, ["To the plaza", "Follow the path to the arch"]],
    [[-19.6, -4.8], 110, ["Ferry", "It comes every 24 seconds"]],
    [[25, 24.6], 20, ["Pumpkins", "Roll one to the pond"]],
  ];
  for (const [[x, z], heading, lines] of words) sign(world, on(x, z), heading, lines);
  for (const [x, z, heading] of [[9.5, 14.4, 180], [-12, 21.6, 160], [27, -12, 250], [-2, 16, 170]]) {
    world.place("bench", on(x, z, 0.02), { rotation: turnY(heading) });
  }
  for (const [x, z] of [[1.4, 13.6], [6.8, 13.6], [0.4, 20.5], [8.8, 20], [-23, 18.4], [22.6, 22.4], [-19, -5.6 + 0.4], [28, -5.4]]) {
    world.place("lantern", on(x, z));
  }
  const heading = ARCH.heading;
  const height = ground(ARCH.x, ARCH.z);
  portalArch(world, [ARCH.x, height, ARCH.z], heading, { world: "plaza", spawn: "gate" });
  const [s, c] = [Math.sin((heading * Math.PI) / 180), Math.cos((heading * Math.PI) / 180)];
  const [x, z] = [ARCH.x + 7 * s, ARCH.z + 7 * c];
  world.spawn("gate", on(x, z, 0.1), heading + 180, 1, true);
}

/** Writes the world and returns a line about it. */
export function makeGarden() {
  const rng = random(2003);
  const heights = grid();
  const ground = groundOf(heights);
  const world = new World({
    name: "garden",
    title: "Garden",
    description: "Hills around a pond in the late afternoon. A bridge, a ferry and stepping stones lead to the island.",
    settings: { ticks_per_s: 30, substeps: 2, gravity_mps2: [0, -9.81, 0], floor_m: -20, earshot_m: 40, sight_m: 90, seed: 2 },
    environment: {
      zenith: "#5b8fc4", horizon: "#f8ddb0", ground: "#a08a5c", fog: "#f3d9b2", fog_near_m: 55, fog_far_m: 230,
      sun: "#ffd49a", sun_intensity: 1.25, sun_direction: [-0.75, 0.5, 0.35], sky_intensity: 0.85,
    },
  });
  materials(world);
  blueprints(world);
  world.spawn("meadow", [4, ground(4, 31) + 0.1, 31], 0, 2);
  terrain(world, heights);
  furniture(world, ground);
  bridge(world);
  gazebo(world);
  crossings(world, rng);
  paths(world, ground, rng);
  looseThings(world, ground);
  boundary(world, ground, rng);
  plants(world, ground, rng);
  return world.write();
}

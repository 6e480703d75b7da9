// Plaza: a tiled square with a fountain, a terrace with the portal, games to the east, and a canal
// to the west. South is +z: arrivals stand in the south and look north, over the fountain.

import {
  World, ball, between, box, capsule, cone, cylinder, hull, look, model, ownColliders,
  palette, part, parts, random, solid, text, turnX, turnY, turnZ, water, wedge,
} from "./lib.mjs";
import { bench, portalArch, sign } from "./pieces.mjs";

const dynamic = { kind: "dynamic", linear_damping: 0.1, angular_damping: 0.25 };
const rolling = { kind: "dynamic", linear_damping: 0.15, angular_damping: 0.35 };
const crateMatter = { friction: 0.7, density_kgpm3: 60 };

function materials(world) {
  const m = (name, colour, more) => world.material(name, colour, more);
  m("tiles", palette.sandstone, { pattern: "tiles" });
  m("paving", palette.cream, { pattern: "checks" });
  m("meadow", palette.meadow, { pattern: "noise" });
  m("stone", palette.sandstoneDark, { pattern: "noise" });
  m("cream", palette.cream);
  m("red", palette.red);
  m("sandstone", palette.sandstone);
  m("terracotta", palette.terracotta);
  m("brick", palette.brick);
  m("hedge", "#5d8a58", { pattern: "noise" });
  m("soil", palette.woodDark);
  m("slate", palette.slate);
  m("slate_dark", palette.slateDark, { roughness: 0.6 });
  m("planks", palette.wood, { pattern: "planks" });
  m("lane", palette.honey, { pattern: "planks", roughness: 0.45 });
  m("wood", "#bd8a5c");
  m("wood_dark", palette.woodDark);
  m("teal", palette.teal, { roughness: 0.7 });
  m("teal_light", palette.tealLight, { roughness: 0.7 });
  m("honey", palette.honey, { roughness: 0.7 });
  m("rose", palette.rose, { roughness: 0.7 });
  m("coral", palette.coral, { roughness: 0.6 });
  m("plum", palette.plum, { roughness: 0.6 });
  m("sky", palette.sky, { roughness: 0.7 });
  m("white", palette.white, { roughness: 0.5 });
  m("brass", "#c99a3f", { roughness: 0.35, metalness: 0.6 });
  m("ink", "#2d3436");
  m("basin", palette.teal, { opacity: 0.75, roughness: 0.15 });
  m("canal", "#3f9a9b", { opacity: 0.7, roughness: 0.12 });
  m("lamp", "#fff0c9", { emissive: "#ffe2a0", roughness: 0.5 });
}

function blueprints(world) {
  const loose = (name, shape, material, matter, body = dynamic) =>
    world.blueprint(name, {
      visuals: [look(shape, material)],
      colliders: [solid(shape, undefined, undefined, matter)],
      body,
    });
  loose("crate", box(0.7, 0.7, 0.7), "wood", crateMatter);
  loose("crate_teal", box(0.7, 0.7, 0.7), "teal", crateMatter);
  loose("crate_coral", box(0.7, 0.7, 0.7), "coral", crateMatter);
  loose("crate_honey", box(0.7, 0.7, 0.7), "honey", crateMatter);
  loose("brick", box(0.8, 0.4, 0.4), "terracotta", { friction: 0.7, density_kgpm3: 90 });
  loose("brick_light", box(0.8, 0.4, 0.4), "rose", { friction: 0.7, density_kgpm3: 90 });
  loose("domino", box(0.16, 1.1, 0.55), "white", { friction: 0.5, density_kgpm3: 60 });
  loose("domino_teal", box(0.16, 1.1, 0.55), "teal_light", { friction: 0.5, density_kgpm3: 60 });
  loose("barrel", cylinder(0.4, 1), "wood_dark", { friction: 0.7, density_kgpm3: 60 });
  world.document.blueprints.barrel.visuals.push(
    look(cylinder(0.415, 0.07), "slate", [0, 0.28, 0]), look(cylinder(0.415, 0.07), "slate", [0, -0.28, 0]),
  );
  const heavy = { kind: "dynamic", linear_damping: 0.6, angular_damping: 2.5 };
  loose("log", capsule(0.28, 1.5), "wood", { friction: 0.8, density_kgpm3: 60 }, heavy);
  const bouncy = { friction: 0.7, restitution: 0.55, density_kgpm3: 25 };
  for (const colour of ["coral", "teal_light", "honey", "rose", "sky"]) {
    loose(`ball_${colour}`, ball(0.35), colour, bouncy, rolling);
  }
  loose("bowl", ball(0.3), "plum", { friction: 0.4, density_kgpm3: 320 }, { ...rolling, angular_damping: 0.15, continuous: true });
  world.blueprint("pin", {
    visuals: [look(model("models/pin.glb"))],
    colliders: [solid(cylinder(0.12, 0.8), undefined, undefined, { friction: 0.5, density_kgpm3: 110 })],
    body: dynamic,
  });
  world.blueprint("bench", bench());
  for (const tree of ["olive", "blossom"]) {
    const made = parts([
      part(box(1.9, 0.55, 0.22), "terracotta", [0, 0.275, 0.84]),
      part(box(1.9, 0.55, 0.22), "terracotta", [0, 0.275, -0.84]),
      part(box(0.22, 0.55, 1.46), "terracotta", [0.84, 0.275, 0]),
      part(box(0.22, 0.55, 1.46), "terracotta", [-0.84, 0.275, 0]),
      part(box(1.46, 0.44, 1.46), "soil", [0, 0.22, 0]),
    ]);
    made.visuals.push(look(model(`models/${tree}.glb`), undefined, [0, 0.44, 0]));
    made.colliders.push(solid(cylinder(0.22, 2.8), [0, 1.4, 0]));
    world.blueprint(`planter_${tree}`, made);
  }
  world.blueprint("cypress", {
    visuals: [look(model("models/cypress.glb"))],
    colliders: [solid(capsule(0.4, 4.2), [0, 2.4, 0])],
  });
  world.blueprint("bush", { visuals: [look(model("models/bush.glb"))] });
  world.blueprint("flowers_rose", { visuals: [look(model("models/flowers_rose.glb"))] });
  world.blueprint("flowers_honey", { visuals: [look(model("models/flowers_honey.glb"))] });
  const lamp = {
    visuals: [
      look(cylinder(0.2, 0.3), "slate_dark", [0, 0.15, 0]),
      look(cylinder(0.07, 3), "slate_dark", [0, 1.6, 0]),
      look(ball(0.26), "lamp", [0, 3.3, 0]),
      look(cone(0.32, 0.2), "slate_dark", [0, 3.6, 0]),
    ],
    colliders: [solid(cylinder(0.2, 0.3), [0, 0.15, 0]), solid(cylinder(0.07, 3), [0, 1.8, 0])],
  };
  world.blueprint("lamp", lamp);
  world.blueprint("lamp_lit", {
    ...lamp,
    light: { colour: "#ffdf9e", intensity_cd: 6, range_m: 9, offset_m: [0, 3.3, 0] },
  });
}

function ground(world) {
  // The canal is the gap between the boxes: x from -32 to -22, z from -22 to 34.
  const slab = (x0, x1, z0, z1, top = 0, material = "meadow") => {
    world.place(parts([part(box(x1 - x0, 2, z1 - z0), material)]), [(x0 + x1) / 2, top - 1, (z0 + z1) / 2]);
  };
  slab(-22, 40, -40, 40);
  slab(-44, -32, -40, 40);
  slab(-32, -22, 34, 40);
  slab(-32, -22, -40, -22);
  slab(-32, -22, -22, 34, -1.6, "stone");
  slab(-104, 100, 40, 100);
  slab(-104, 100, -100, -40);
  slab(40, 100, -40, 40);
  slab(-104, -44, -40, 40);
  const lining = (x, z, w, d) => world.place({ visuals: [look(box(w, 1.6, d), "stone")] }, [x, -0.801, z]);
  for (const x of [-22, -32]) lining(x, 6, 0.06, 56);
  for (const z of [-22, 34]) lining(-27, z, 10, 0.06);
  world.place({ visuals: [look(water(10, 56), "canal")] }, [-27, -0.75, 6]);
  world.place({ sound: { path: "sounds/stream.wav", volume: 0.35, radius_m: 7, plays: "always" } }, [-27, -0.5, 14]);
  // Paving is drawn, not felt: it lies a finger above the ground.
  const paving = (x, z, w, d, material, lift = 0.012) =>
    world.place({ visuals: [look(box(w, 0.02, d), material)] }, [x, lift - 0.008, z]);
  paving(0, 1, 36, 42, "tiles");
  paving(0, 0, 13, 13, "paving", 0.02);
  paving(0, 29, 6, 14, "tiles", 0.016);
  paving(-20, 4, 4, 5, "tiles", 0.016);
  paving(-37, 4, 10, 5, "tiles");
  paving(24, 8, 12, 5, "tiles", 0.016);
  // Steps out of the canal, at its southern end.
  const steps = Array.from({ length: 8 }, (_, i) => part(box(3, 0.2 * (i + 1), 0.35), "sandstone", [0, 0.1 * (i + 1), 0.35 * i]));
  world.place(parts(steps), [-23.6, -1.6, 31.4]);
  world.place(parts(steps), [-30.4, -1.6, -19.4], { rotation: turnY(180) });
  // Kerbs along the canal, with gaps at the bridge (z = 22) and at the ferry (z = 4).
  for (const x of [-21.8, -32.2]) {
    for (const [from, to] of [[-22, 1.8], [6.2, 20.4], [23.6, 30.8]]) {
      world.place(parts([part(box(0.4, 0.5, to - from), "sandstone")]), [x, 0.25, (from + to) / 2]);
    }
  }
}

function surroundings(world, rng) {
  // Hedges all around, with a low wall before them.
  const hedge = (x, z, w, d) => {
    world.place(parts([part(box(w, 2.8, d), "hedge")]), [x, 1.4, z]);
  };
  hedge(-2, 39.4, 84, 1.2);
  hedge(-2, -39.4, 84, 1.2);
  hedge(39.4, 0, 1.2, 77.6);
  hedge(-43.4, 0, 1.2, 77.6);
  const wall = (x, z, w, d) => world.place(parts([
    part(box(w, 0.6, d), "sandstone", [0, 0.3, 0]),
    part(box(w + 0.1, 0.1, d + 0.1), "terracotta", [0, 0.65, 0]),
  ]), [x, 0, z]);
  wall(-11, 22.3, 14, 0.5);
  wall(11, 22.3, 14, 0.5);
  wall(-18.2, 14.2, 0.5, 15.7);
  wall(-18.2, -8, 0.5, 18);
  wall(18.2, 16.2, 0.5, 11.7);
  wall(18.2, -6, 0.5, 22);
  for (let x = -40; x <= 38; x += 6) {
    world.place("cypress", [x, 0, 42 + between(rng, 0, 2)], { scale: between(rng, 0.9, 1.25) });
    world.place("cypress", [x + 3, 0, -42 - between(rng, 0, 2)], { scale: between(rng, 0.9, 1.25) });
  }
  for (let z = -36; z <= 36; z += 8) {
    world.place("cypress", [42 + between(rng, 0, 2), 0, z], { scale: between(rng, 0.9, 1.2) });
    world.place("cypress", [-46 - between(rng, 0, 2), 0, z + 3], { scale: between(rng, 0.9, 1.2) });
  }
  for (let i = 0; i < 16; i += 1) {
    const angle = (2 * Math.PI * i) / 16 + between(rng, -0.12, 0.12);
    const far = between(rng, 120, 150);
    const [wide, tall] = [between(rng, 32, 55), between(rng, 12, 30)];
    world.place(
      { visuals: [look(model("models/hill.glb"))] },
      [far * Math.cos(angle), -1, far * Math.sin(angle)],
      { scale: [wide, tall, wide], rotation: turnY(between(rng, 0, 360)) },
    );
  }
}

function fountain(world) {
  const rim = Array.from({ length: 12 }, (_, i) => {
    const angle = 30 * i;
    const [s, c] = [Math.sin((angle * Math.PI) / 180), Math.cos((angle * Math.PI) / 180)];
    return [
      part(box(1.98, 0.6, 0.5), "sandstone", [3.35 * s, 0.3, 3.35 * c], turnY(angle)),
      part(box(2.06, 0.1, 0.62), "terracotta", [3.35 * s, 0.65, 3.35 * c], turnY(angle)),
    ];
  }).flat();
  const made = parts(rim);
  made.colliders = made.colliders.filter((_, i) => i % 2 === 0).map((collider) => ({
    ...collider, shape: box(1.98, 0.7, 0.56), offset_m: [collider.offset_m[0], 0.35, collider.offset_m[2]],
  }));
  made.visuals.push(
    look(cylinder(3.2, 0.06), "basin", [0, 0.45, 0]),
    look(cylinder(3.2, 0.04), "teal", [0, 0.03, 0]),
    look(model("models/fountain.glb")),
  );
  made.colliders.push(
    solid(cylinder(0.75, 0.4), [0, 0.2, 0]), solid(cylinder(0.34, 1.3), [0, 1.05, 0]),
    solid(cylinder(1.5, 0.3), [0, 1.8, 0]), solid(cylinder(0.22, 1.6), [0, 2.6, 0]),
    solid(cylinder(0.85, 0.2), [0, 2.78, 0]),
  );
  made.sound = { path: "sounds/stream.wav", volume: 0.6, radius_m: 6, plays: "always" };
  world.place(made, [0, 0, 0], { name: "fountain" });
  for (const [x, z, heading] of [[5.4, 7, 218], [-5.4, 7, 142], [7.4, 0, 270], [-7.4, 0, 90]]) {
    world.place("bench", [x, 0, z], { rotation: turnY(heading) });
  }
  const corners = [[-9, 9], [9, 9], [-9, -9], [9, -9]];
  corners.forEach(([x, z], i) => {
    world.place(i % 2 === 0 ? "planter_olive" : "planter_blossom", [x, 0, z]);
    world.place("lamp_lit", [x * 0.72, 0, z * 0.72]);
  });
  for (const [x, z] of [[-14, 20], [14, 20], [-14, -14], [14, -14]]) {
    world.place("planter_blossom", [x, 0, z], { rotation: turnY(90) });
  }
  for (const [x, z] of [[-4, 23.2], [4, 23.2], [-16.5, 1.6], [-16.5, 6.6], [16.5, 5], [16.5, 11]]) {
    world.place("lamp", [x, 0, z]);
  }
}

function terrace(world) {
  // 2 m above the square: x from -16 to 16, z from -40 to -26; stairs of ten steps before it.
  world.place(parts([
    part(box(32, 2, 12.8), "stone", [0, 1, 0]),
  ]), [0, 0, -32.4]);
  world.place({ visuals: [look(box(32, 0.02, 12.8), "tiles")] }, [0, 2.004, -32.4]);
  const stairs = (wide) => parts(Array.from({ length: 10 }, (_, i) =>
    part(box(wide, 0.2 * (10 - i), 0.36), i % 2 === 0 ? "sandstone" : "cream", [0, 0.1 * (10 - i), 0.18 + 0.36 * i])));
  world.place(stairs(8), [0, 0, -26], { name: "stairs" });
  const balustrade = (x, z, w, d) => world.place(parts([
    part(box(w, 0.7, d), "sandstone", [0, 0.35, 0]),
    part(box(w + 0.12, 0.12, d + 0.12), "terracotta", [0, 0.76, 0]),
  ]), [x, 2, z]);
  balustrade(-10, -26.2, 12, 0.4);
  balustrade(10, -26.2, 12, 0.4);
  balustrade(-15.8, -32.4, 0.4, 12);
  balustrade(15.8, -34.4, 0.4, 8);
  for (const x of [-4.4, 4.4]) {
    world.place(parts([
      part(box(0.8, 2.9, 0.8), "sandstone", [0, 1.45, 0]),
      part(box(0.95, 0.15, 0.95), "terracotta", [0, 2.97, 0]),
    ]), [x, 0, -25.8]);
    world.place("bush", [x, 3.04, -25.8], { scale: 0.55 });
  }
  // A gentle ramp for wheels, on the terrace's eastern side.
  world.place(
    { visuals: [look(ownColliders, "sandstone")], colliders: [solid(hull(wedge(3, 2, 8)))] },
    [20, 0, -28.5],
    { rotation: turnY(90) },
  );
  for (const x of [-12.5, 12.5]) world.place("planter_olive", [x, 2, -36.5]);
  for (const x of [-4, 4]) world.place("lamp_lit", [x, 2, -36.6]);
  world.place("bench", [-9, 2, -37.5]);
  world.place("bench", [9, 2, -37.5]);
  portalArch(world, [0, 2, -36], 0, { world: "garden", spawn: "gate" });
  sign(world, [4.4, 2, -33.4], -20, ["To the garden", "Step through the arch"]);
}

function bowling(world) {
  // The lane runs north: balls at z = 22, pins at z = -2.
  const x = 30;
  world.place(parts([
    part(box(2.6, 0.1, 30), "lane", [0, 0.05, 0]),
    part(box(0.3, 0.5, 30), "teal", [-1.45, 0.25, 0]), part(box(0.3, 0.5, 30), "teal", [1.45, 0.25, 0]),
    part(box(3.2, 1.6, 0.4), "slate", [0, 0.8, -15.2]),
    part(box(0.3, 1.2, 4), "teal", [-1.45, 0.6, -13]), part(box(0.3, 1.2, 4), "teal", [1.45, 0.6, -13]),
  ]), [x, 0, 4], { name: "lane" });
  for (let row = 0; row < 4; row += 1) {
    for (let i = 0; i <= row; i += 1) {
      world.place("pin", [x + (i - row / 2) * 0.56, 0.5, -5.4 - row * 0.5], { name: `pin ${(row * (row + 1)) / 2 + i + 1}` });
    }
  }
  // A tray keeps the balls together: four low edges around five places.
  world.place(parts([
    part(box(4.2, 0.12, 0.16), "wood_dark", [0, 0.06, 0.42]), part(box(4.2, 0.12, 0.16), "wood_dark", [0, 0.06, -0.42]),
    part(box(0.16, 0.12, 0.68), "wood_dark", [-2.02, 0.06, 0]), part(box(0.16, 0.12, 0.68), "wood_dark", [2.02, 0.06, 0]),
  ]), [x, 0, 22.5]);
  for (let i = 0; i < 5; i += 1) world.place("bowl", [x - 1.5 + i * 0.75, 0.3, 22.5], { name: `ball ${i + 1}` });
  world.place("bowl", [x, 0.4, 16], { name: "ball 6" });
  world.place({
    sensor: { size_m: [2.6, 1.4, 1.2] },
    sound: { path: "sounds/strike.wav", volume: 0.8, radius_m: 8, plays: "on_enter" },
  }, [x, 0.8, -9.4], { name: "lane end" });
  sign(world, [27.6, 0, 19.8], -25, ["Bowling", "Run into a ball"]);
}

function crates(world) {
  const colours = ["crate", "crate_teal", "crate", "crate_coral", "crate_honey"];
  const pyramid = (x, z, base, size = 0.7) => {
    for (let row = 0; row < base; row += 1) {
      for (let i = 0; i < base - row; i += 1) {
        world.place(colours[(row + i) % 5], [x + (i - (base - row - 1) / 2) * (size + 0.02), size / 2 + row * size, z]);
      }
    }
  };
  pyramid(12, -10.8, 6);
  pyramid(-11.5, 14.2, 6);
  // A square pyramid of 30.
  for (let layer = 0; layer < 4; layer += 1) {
    const side = 4 - layer;
    for (let i = 0; i < side * side; i += 1) {
      const [a, b] = [i % side, Math.floor(i / side)];
      world.place(colours[(layer + a + b) % 5], [
        24 + (a - (side - 1) / 2) * 0.72, 0.35 + layer * 0.7, -18 + (b - (side - 1) / 2) * 0.72,
      ]);
    }
  }
  // A wall of bricks, five courses in stretcher bond.
  for (let course = 0; course < 5; course += 1) {
    for (let i = 0; i < 8; i += 1) {
      const shift = course % 2 === 0 ? 0 : 0.4;
      world.place((course + i) % 3 === 0 ? "brick_light" : "brick", [8.6 + i * 0.802 + shift, 0.2 + course * 0.4, 15]);
    }
  }
  // Three towers, eight high.
  for (const [x, z] of [[23, -9], [24.6, -11], [22.4, -12.4]]) {
    for (let level = 0; level < 8; level += 1) {
      world.place(colours[(level * 2 + Math.round(x)) % 5], [x, 0.35 + level * 0.7, z]);
    }
  }
  // Twenty dominoes on a gentle curve.
  for (let i = 0; i < 20; i += 1) {
    const angle = 4.5 * i;
    const radians = (angle * Math.PI) / 180;
    world.place(i % 2 === 0 ? "domino" : "domino_teal", [
      -14.6 + 7 * Math.sin(radians), 0.55, -19.6 + 7 * (1 - Math.cos(radians)),
    ], { rotation: turnY(-angle) });
  }
  sign(world, [20.6, 0, -15], -35, ["Crates", "Push, topple, climb"]);
  sign(world, [-16.2, 0, -17.6], 25, ["Dominoes"]);
}

function barrelsAndBalls(world) {
  for (const [x, z] of [[34, -22], [34.9, -22], [34, -22.9], [34.9, -22.9], [36.4, -20], [32, -25], [-36, 31], [-36.9, 31]]) {
    world.place("barrel", [x, 0.5, z]);
  }
  for (const [x, z] of [[34.45, -22.45], [-36.45, 31]]) world.place("barrel", [x, 1.5, z]);
  // Logs lie side by side between posts, a hand apart: a pile of round things would never rest.
  const posts = [-2.55, 2.55].flatMap((x) => [-0.4, 0.4].map((z) => part(box(0.2, 1, 0.2), "wood_dark", [x, 0.5, z])));
  world.place(parts(posts), [30, 0, -28]);
  for (let i = 0; i < 7; i += 1) world.place("log", [28.02 + i * 0.66, 0.28, -28], { rotation: turnX(90) });
  world.place({
    visuals: [look(ball(0.8), "coral")],
    colliders: [solid(ball(0.8), undefined, undefined, { friction: 0.7, restitution: 0.35, density_kgpm3: 16 })],
    body: { ...rolling, linear_damping: 0.25 },
  }, [3.2, 0.8, 15.5], { name: "ball" });
  world.place({
    visuals: [look(ball(1.1), "sky")],
    colliders: [solid(ball(1.1), undefined, undefined, { friction: 0.7, restitution: 0.35, density_kgpm3: 10 })],
    body: { ...rolling, linear_damping: 0.25 },
  }, [-5.5, 1.1, 13], { name: "great ball" });
  sign(world, [-5.6, 0, 18.4], 22, ["Plaza", "Everything loose can be pushed", "The garden lies behind the arch"]);
}

function ramps(world) {
  // A block 2 m high with three ramps of 15, 30 and 40 degrees up its southern face.
  world.place(parts([part(box(11, 2, 4), "stone")]), [-13, 1, 27.4], { name: "ramp block" });
  [[15, -16.6, "teal_light"], [30, -13, "honey"], [40, -9.4, "coral"]].forEach(([degrees, x, material]) => {
    const length = 2 / Math.tan((degrees * Math.PI) / 180);
    world.place(
      { visuals: [look(ownColliders, material)], colliders: [solid(hull(wedge(3, 2, length)))] },
      [x, 0, 29.4 + length / 2],
      { name: `ramp ${degrees}` },
    );
    world.place({ visuals: [look(text(`${degrees}°`, 0.4), "ink", [0, 0, 0])] }, [x, 2.03, 28.6], { rotation: turnX(-90) });
  });
}

function canal(world) {
  // A bridge of planks at z = 22.
  world.place(parts([
    part(box(11.4, 0.2, 3), "planks", [0, 0.1, 0]),
    part(box(11.4, 0.1, 0.12), "wood_dark", [0, 1.05, 1.4]), part(box(11.4, 0.1, 0.12), "wood_dark", [0, 1.05, -1.4]),
    ...[-5.5, -2.75, 0, 2.75, 5.5].flatMap((x) => [1.4, -1.4].map((z) => part(box(0.14, 1, 0.14), "wood_dark", [x, 0.6, z]))),
  ]), [-27, 0, 22], { name: "bridge" });
  // The ferry: across and back, flush with the banks.
  world.place({
    ...parts([part(box(2.9, 0.3, 3.4), "teal", [0, -0.15, 0])], { friction: 0.9 }),
    body: { kind: "kinematic" },
    mover: { waypoints_m: [[0, 0, 0], [-7, 0, 0]], leg_ticks: 150, rest_ticks: 75 },
  }, [-23.5, 0, 4], { name: "ferry" });
  world.document.objects.at(-1).properties.visuals.push(
    look(box(2.9, 0.02, 0.25), "honey", [0, 0.005, 1.5]), look(box(2.9, 0.02, 0.25), "honey", [0, 0.005, -1.5]),
  );
  sign(world, [-20.4, 0, 7.6], 70, ["Ferry", "Wait for the platform"]);
}

function westBank(world) {
  // A lookout 5 m up, with a lift beside it and a slide down: x from -43 to -37, z from -14 to -8.
  const deck = [
    part(box(5, 0.3, 5), "planks", [0, 4.85, 0]),
    ...[[-2.3, -2.3], [2.3, -2.3], [-2.3, 2.3], [2.3, 2.3]].map(([x, z]) => part(box(0.35, 4.7, 0.35), "wood_dark", [x, 2.35, z])),
    part(box(0.12, 0.9, 5), "wood_dark", [-2.44, 5.45, 0]), part(box(5, 0.9, 0.12), "wood_dark", [0, 5.45, -2.44]),
    part(box(0.12, 0.9, 1.1), "wood_dark", [2.44, 5.45, -1.95]), part(box(0.12, 0.9, 1.1), "wood_dark", [2.44, 5.45, 1.95]),
  ];
  world.place(parts(deck), [-39.8, 0, -12], { name: "lookout" });
  // The lift rests at the foot and at the deck, on the southern side.
  world.place({
    ...parts([part(box(2.6, 0.2, 2.6), "honey", [0, -0.1, 0])], { friction: 0.9 }),
    body: { kind: "kinematic" },
    mover: { waypoints_m: [[0, 0, 0], [0, 4.85, 0]], leg_ticks: 150, rest_ticks: 90 },
  }, [-39.8, 0.15, -8.15], { name: "lift" });
  slide(world);
  // The seesaw: its plank turns about z and stops before it meets the ground.
  world.place({
    visuals: [look(ownColliders, "slate")],
    colliders: [solid(hull([[-0.35, 0, -0.5], [0.35, 0, -0.5], [-0.35, 0, 0.5], [0.35, 0, 0.5], [0, 0.5, -0.5], [0, 0.5, 0.5]]))],
  }, [-38, 0, 14]);
  world.place({
    visuals: [look(box(5.2, 0.14, 1.3), "rose"), look(box(0.5, 0.16, 1.32), "teal", [2.3, 0, 0]), look(box(0.5, 0.16, 1.32), "teal", [-2.3, 0, 0])],
    colliders: [solid(box(5.2, 0.14, 1.3), undefined, undefined, { friction: 0.8, density_kgpm3: 70 })],
    body: { kind: "dynamic", linear_damping: 0.1, angular_damping: 1.2 },
    hinge: { axis: [0, 0, 1], limits_deg: [-11, 11] },
  }, [-38, 0.62, 14], { name: "seesaw" });
  // The bell plate.
  world.place({
    ...parts([part(cylinder(1, 0.08), "brass", [0, 0.04, 0])]),
    sensor: { size_m: [1.6, 1.6, 1.6], offset_m: [0, 0.9, 0] },
    sound: { path: "sounds/bell.wav", volume: 0.9, radius_m: 10, plays: "on_enter" },
  }, [-38, 0, 8.6], { name: "bell plate" });
  world.place("planter_olive", [-41, 0, -20]);
  world.place("planter_blossom", [-41, 0, 22]);
  world.place("bench", [-41.8, 0, 4], { rotation: turnY(90) });
  sign(world, [-35.6, 0, 10.4], 60, ["Seesaw", "Step on one end"]);
  sign(world, [-36.2, 0, -5.6], 40, ["Lift and slide"]);
}

/** A chute as a triangle mesh: from the lookout's eastern gap down to the north-east. */
function slide(world) {
  const steps = 14;
  const [wide, lip] = [0.8, 0.45];
  const vertices = [];
  const triangles = [];
  for (let i = 0; i <= steps; i += 1) {
    const t = i / steps;
    // A quarter turn around (0, *, -5): starts heading east, ends heading north.
    const angle = (Math.PI / 2) * t;
    const [cx, cz] = [Math.sin(angle) * 4.2, -(1 - Math.cos(angle)) * 4.2 - Math.max(0, t - 0.5) * 6];
    const y = 5 - 4.75 * (t * t * (3 - 2 * t)) ;
    const [nx, nz] = [Math.sin(angle), Math.cos(angle)];
    const row = [[wide + 0.08, lip], [wide, 0], [-wide, 0], [-wide - 0.08, lip]];
    for (const [side, up] of row) vertices.push([cx + nx * side, y + up, cz + nz * side]);
  }
  for (let i = 0; i < steps; i += 1) {
    for (let k = 0; k < 3; k += 1) {
      const [a, b, c, d] = [i * 4 + k, i * 4 + k + 1, i * 4 + k + 5, i * 4 + k + 4];
      triangles.push([a, d, c], [a, c, b]);
    }
  }
  world.place({
    visuals: [look(ownColliders, "sky")],
    colliders: [solid({ mesh: { vertices_m: vertices, triangles } }, undefined, undefined, { friction: 0.1 })],
  }, [-37.3, 0, -12], { name: "slide" });
}

function details(world, rng) {
  // Beds of flowers and bushes on the meadow; nothing to bump into.
  const beds = [[-8, 24.2], [8, 24.2], [-13, 24.3], [13, 24.3], [19.8, 12], [19.8, -2], [-19.6, 16], [-19.6, -8], [19.8, 20]];
  for (const [x, z] of beds) {
    for (let i = 0; i < 4; i += 1) {
      const what = i === 0 ? "bush" : i % 2 === 0 ? "flowers_rose" : "flowers_honey";
      world.place(what, [x + between(rng, -0.9, 0.9), 0, z + between(rng, -0.7, 0.7)], {
        rotation: turnY(between(rng, 0, 360)), scale: between(rng, 0.8, 1.3),
      });
    }
  }
  world.place({ sound: { path: "sounds/birds.wav", volume: 0.35, radius_m: 12, plays: "always" } }, [12, 4, 20]);
  // Pennants between the lamps of the southern entrance.
  const flags = ["coral", "honey", "teal", "rose", "teal_light", "coral", "honey"];
  const rope = (t) => [-4 + 8 * t, 3.25 - 2.2 * t * (1 - t)];
  const visuals = flags.flatMap((colour, i) => {
    const [[ax, ay], [bx, by]] = [rope(i / flags.length), rope((i + 1) / flags.length)];
    const [x, y] = [(ax + bx) / 2, (ay + by) / 2];
    const slope = (Math.atan2(by - ay, bx - ax) * 180) / Math.PI;
    return [
      look(box(Math.hypot(bx - ax, by - ay) + 0.02, 0.03, 0.03), "slate_dark", [x, y, 0], turnZ(slope)),
      look(box(0.62, 0.42, 0.03), colour, [x, y - 0.24, 0], turnZ(slope)),
    ];
  });
  world.place({ visuals }, [0, 0, 23.2]);
}

/** Who lives here, and the ball that they fetch. */
function residents(world) {
  const live = (mind, name, [body, accent], position, degrees) =>
    world.place({ companion: { mind, name, body, accent, range_m: 45 } }, position, { name: `home of ${name}`, rotation: turnY(degrees) });
  live("guide", "Nia", [palette.teal, palette.honey], [2.2, 0.03, 21], 150);
  live("gardener", "Tomas", [palette.moss, palette.terracotta], [-11, 0.03, 16.6], 120);
  live("jester", "Pip", [palette.plum, palette.honey], [26.4, 0.03, 12], 90);
  world.place({
    visuals: [look(ball(0.25), "red")],
    colliders: [solid(ball(0.25), undefined, undefined, { friction: 0.7, restitution: 0.5, density_kgpm3: 40 })],
    body: { kind: "dynamic", linear_damping: 0.3, angular_damping: 0.5 },
  }, [-2.4, 0.27, 18.5], { name: "red ball" });
}

/** Writes the world and returns a line about it. */
export function makePlaza() {
  const rng = random(1002);
  const world = new World({
    name: "plaza",
    title: "Plaza",
    description: "A sunny square full of things to push, ride and climb. The arch on the terrace leads to the garden.",
    settings: { ticks_per_s: 30, substeps: 2, gravity_mps2: [0, -9.81, 0], floor_m: -20, earshot_m: 40, sight_m: 90, seed: 1 },
    environment: {
      zenith: "#3f87cf", horizon: "#dfeef5", ground: "#b3a27e", fog: "#dbeaf2", fog_near_m: 70, fog_far_m: 240,
      sun: "#fff1d6", sun_intensity: 1.1, sun_direction: [0.55, 0.85, 0.5], sky_intensity: 0.95,
    },
  });
  materials(world);
  blueprints(world);
  world.spawn("south", [0, 0.05, 26], 0, 2);
  world.spawn("south east", [6, 0.05, 19.5], 8, 2);
  world.spawn("gate", [0, 2.05, -28.6], 180, 1, true);
  ground(world);
  surroundings(world, rng);
  fountain(world);
  terrace(world);
  bowling(world);
  crates(world);
  barrelsAndBalls(world);
  ramps(world);
  canal(world);
  westBank(world);
  details(world, rng);
  // The rest of the 200 loose bodies are small balls scattered over the square's eastern lawn.
  const colours = ["coral", "teal_light", "honey", "rose", "sky"];
  for (let i = 0; world.dynamic < 199; i += 1) {
    const [column, row] = [i % 5, Math.floor(i / 5)];
    world.place(`ball_${colours[i % 5]}`, [22 + column * 1.1, 0.35, 14 + row * 1.2]);
  }
  residents(world);
  return world.write();
}

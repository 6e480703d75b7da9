// The models: trees, rocks, flowers, a bowling pin, a fountain, hills. Origins are on the ground.

import { Mesh, mixed, shaded } from "./glb.mjs";
import { between, palette, random } from "./lib.mjs";

function trunk(mesh, radius, height, colour, lean = 0) {
  mesh.lathe(
    [[radius * 1.5, -0.4], [radius * 1.15, 0.15], [radius, height * 0.5], [radius * 0.7, height]],
    7,
    (ring, side) => shaded(colour, 0.92 + 0.06 * ((ring + side) % 3)),
    { jitter: (ring) => (ring > 1 ? lean : 0) },
  );
}

function oak(seed, leaf) {
  const [mesh, rng] = [new Mesh(), random(seed)];
  trunk(mesh, 0.22, 2.4, palette.woodDark);
  mesh.part("leaf");
  const crown = [
    [0, 3.5, 0, 1.5], [0.95, 3.0, 0.3, 0.95], [-0.9, 3.1, -0.3, 1.0],
    [0.1, 3.0, -0.95, 0.9], [-0.2, 2.9, 0.95, 0.85], [0.3, 4.4, 0.1, 0.9],
  ];
  for (const [x, y, z, r] of crown) {
    mesh.blob([x, y, z], [r, r * 0.85, r], shaded(leaf, between(rng, 0.94, 1.08)), rng);
  }
  return mesh;
}

function pine(seed) {
  const [mesh, rng] = [new Mesh(), random(seed)];
  trunk(mesh, 0.18, 1.6, palette.woodDark);
  mesh.part("leaf");
  const layers = [[1.55, 0.9, 1.7], [1.25, 2.0, 1.5], [0.95, 3.0, 1.35], [0.6, 4.0, 1.2]];
  layers.forEach(([radius, y, height], layer) => {
    const tint = shaded(palette.forest, 0.92 + 0.09 * layer);
    const wobble = Array.from({ length: 9 }, () => between(rng, -0.14, 0.14));
    mesh.lathe(
      [[0, y + 0.12], [radius, y], [radius * 0.45, y + height * 0.5], [0, y + height]],
      9,
      (ring, side) => shaded(tint, ring === 0 ? 0.7 : 0.94 + 0.05 * (side % 3)),
      { jitter: (ring, side) => (ring === 1 ? wobble[side] : 0) },
    );
  });
  return mesh;
}

function birch(seed) {
  const [mesh, rng] = [new Mesh(), random(seed)];
  mesh.lathe(
    [[0.17, -0.4], [0.13, 0.3], [0.13, 0.5], [0.12, 1.2], [0.115, 1.35], [0.1, 2.3], [0.1, 2.4], [0.06, 3.6]],
    7,
    (ring) => (ring % 2 === 1 ? palette.slateDark : palette.cream),
  );
  mesh.part("leaf");
  const crown = [[0, 4.2, 0, 0.85, 1.25], [0.5, 3.4, 0.2, 0.6, 0.7], [-0.45, 3.3, -0.25, 0.6, 0.75]];
  for (const [x, y, z, r, h] of crown) {
    mesh.blob([x, y, z], [r, h, r], mixed(palette.honey, palette.meadow, between(rng, 0.2, 0.55)), rng);
  }
  return mesh;
}

function cypress(seed) {
  const [mesh, rng] = [new Mesh(), random(seed)];
  trunk(mesh, 0.13, 0.7, palette.woodDark);
  mesh.part("leaf");
  const wobble = () => between(rng, -0.07, 0.07);
  mesh.lathe(
    [[0, 0.4], [0.42, 0.55], [0.58, 1.4], [0.52, 2.6], [0.34, 3.7], [0, 4.8]],
    9,
    (ring, side) => shaded(palette.forest, 0.8 + 0.07 * ring + 0.05 * (side % 2)),
    { jitter: wobble },
  );
  return mesh;
}

function bush(seed, colour) {
  const [mesh, rng] = [new Mesh("leaf"), random(seed)];
  for (const [x, z, r] of [[0, 0, 0.55], [0.45, 0.15, 0.38], [-0.4, 0.2, 0.4], [0.05, -0.4, 0.36]]) {
    mesh.blob([x, r * 0.6, z], [r, r * 0.8, r], colour, rng);
  }
  return mesh;
}

function rock(seed) {
  const [mesh, rng] = [new Mesh(), random(seed)];
  const colour = mixed(palette.slate, palette.sandstoneDark, 0.35);
  const corners = mesh.blob([0, 0.35, 0], [1, 0.72, 0.8], colour, rng, { rough: 0.13, shade: 0.14 });
  return { mesh, corners };
}

const boulder = rock(61);
/** Corners of the boulder, for its hull collider. */
export const rockCorners = boulder.corners;

function flowers(seed, petal, heart) {
  const [mesh, rng] = [new Mesh("grass"), random(seed)];
  for (let i = 0; i < 7; i += 1) {
    const [angle, far] = [between(rng, 0, 2 * Math.PI), 0.5 * Math.sqrt(rng())];
    const [x, z, h] = [far * Math.cos(angle), far * Math.sin(angle), between(rng, 0.22, 0.42)];
    mesh.lathe([[0.018, -0.1], [0.012, h]], 3, palette.moss, { centre: [x, 0, z] });
    const tint = shaded(petal, between(rng, 0.92, 1.08));
    mesh.lathe(
      [[0, h - 0.03], [0.1, h + 0.03], [0.045, h + 0.05]], 5, tint, { centre: [x, 0, z] },
    );
    mesh.lathe([[0.045, h + 0.05], [0, h + 0.08]], 5, heart, { centre: [x, 0, z] });
  }
  return mesh;
}

function blade(mesh, x, z, height, width, bend, colour) {
  const tip = [x + bend[0], height, z + bend[1]];
  const [a, b] = [[x - width, -0.1, z + width * 0.5], [x + width, -0.1, z - width * 0.5]];
  mesh.triangle(a, b, tip, colour);
  mesh.triangle(b, a, tip, shaded(colour, 0.9));
}

function grass(seed) {
  const [mesh, rng] = [new Mesh("grass"), random(seed)];
  for (let i = 0; i < 14; i += 1) {
    const [x, z] = [between(rng, -0.4, 0.4), between(rng, -0.4, 0.4)];
    const bend = [between(rng, -0.12, 0.12), between(rng, -0.12, 0.12)];
    const colour = mixed(palette.meadow, palette.honey, between(rng, 0, 0.45));
    blade(mesh, x, z, between(rng, 0.2, 0.45), 0.035, bend, colour);
  }
  return mesh;
}

function reeds(seed) {
  const [mesh, rng] = [new Mesh("grass"), random(seed)];
  for (let i = 0; i < 12; i += 1) {
    const [x, z] = [between(rng, -0.5, 0.5), between(rng, -0.5, 0.5)];
    const bend = [between(rng, -0.2, 0.2), between(rng, -0.2, 0.2)];
    const height = between(rng, 1.0, 1.7);
    blade(mesh, x, z, height, 0.04, bend, mixed(palette.moss, palette.sage, rng()));
    if (i % 3 === 0) {
      mesh.lathe([[0.012, -0.1], [0.012, height]], 3, palette.moss, { centre: [x, 0, z] });
      const head = [[0, height - 0.1], [0.045, height - 0.06], [0.045, height + 0.16], [0, height + 0.22]];
      mesh.lathe(head, 6, palette.woodDark, { centre: [x, 0, z] });
    }
  }
  return mesh;
}

function lily(seed) {
  const [mesh, rng] = [new Mesh(), random(seed)];
  for (const [x, z, r] of [[0, 0, 0.42], [0.7, 0.25, 0.3], [-0.3, 0.65, 0.34]]) {
    const start = between(rng, 0, 6);
    const edge = Array.from({ length: 10 }, (_, i) => {
      const angle = start + (i * (2 * Math.PI - 0.5)) / 9;
      return [x + r * Math.cos(angle), 0.03, z - r * Math.sin(angle)];
    });
    const tint = mixed(palette.moss, palette.teal, between(rng, 0.1, 0.35));
    for (let i = 0; i < 9; i += 1) mesh.triangle([x, 0.02, z], edge[i], edge[i + 1], shaded(tint, 0.95 + 0.05 * (i % 3)));
  }
  mesh.lathe([[0.05, 0.02], [0.16, 0.14], [0.06, 0.1]], 7, palette.rose);
  mesh.lathe([[0.06, 0.1], [0, 0.17]], 7, palette.honey);
  return mesh;
}

function pin() {
  const mesh = new Mesh();
  const profile = [
    [0, -0.4], [0.1, -0.4], [0.13, -0.32], [0.13, -0.12], [0.1, 0.04], [0.06, 0.14],
    [0.06, 0.17], [0.06, 0.21], [0.09, 0.29], [0.075, 0.37], [0, 0.4],
  ];
  mesh.lathe(profile, 12, (ring) => (ring === 5 || ring === 6 ? palette.terracotta : palette.white));
  return mesh;
}

function pumpkin(seed) {
  const [mesh, rng] = [new Mesh(), random(seed)];
  const lobes = Array.from({ length: 16 }, (_, i) => (i % 2 === 0 ? 0.03 : -0.025));
  mesh.lathe(
    [[0, -0.24], [0.2, -0.25], [0.36, -0.1], [0.37, 0.08], [0.22, 0.24], [0, 0.2]],
    16,
    (_, side) => shaded(mixed(palette.terracotta, palette.honey, 0.45), side % 2 === 0 ? 1.04 : 0.95),
    { jitter: (ring, side) => lobes[side] * (ring === 0 || ring === 5 ? 0 : 1) },
  );
  const stalk = [[0.05, 0.18], [0.035, 0.3 + 0.02 * rng()], [0, 0.32]];
  mesh.lathe(stalk, 6, palette.moss);
  return mesh;
}

function fountain() {
  const mesh = new Mesh();
  const stone = (ring) => shaded(palette.cream, 0.86 + 0.035 * (ring % 5));
  mesh.lathe(
    [[0.75, 0], [0.75, 0.3], [0.35, 0.5], [0.28, 1.2], [0.4, 1.45], [1.5, 1.75], [1.6, 1.95], [1.45, 1.95], [0.9, 1.75], [0.2, 1.7]],
    16, stone,
  );
  mesh.lathe(
    [[0.2, 1.7], [0.16, 2.4], [0.28, 2.55], [0.8, 2.75], [0.86, 2.88], [0.75, 2.88], [0.12, 2.72]],
    14, stone,
  );
  mesh.lathe([[0.12, 2.72], [0.1, 3.1], [0.2, 3.25], [0.22, 3.4], [0, 3.62]], 10, palette.honey);
  const drop = shaded(palette.tealLight, 1.15);
  for (let i = 0; i < 12; i += 1) {
    const angle = (2 * Math.PI * (i + 0.5)) / 12;
    const at = (r, y, side) => {
      const a = angle + side;
      return [r * Math.cos(a), y, r * Math.sin(a)];
    };
    const arc = (from, to, top, bottom, wide) => {
      for (let s = 0; s < 6; s += 1) {
        const [u, v] = [s / 6, (s + 1) / 6];
        const y = (t) => top + (bottom - top) * t * t;
        const r = (t) => from + (to - from) * t;
        const corners = [at(r(u), y(u), wide), at(r(u), y(u), -wide), at(r(v), y(v), -wide), at(r(v), y(v), wide)];
        mesh.quad(...corners, drop);
        mesh.quad(...corners.reverse(), shaded(drop, 0.95));
      }
    };
    if (i % 2 === 0) arc(0.84, 1.25, 2.88, 1.8, 0.09);
    arc(1.58, 2.5, 1.95, 0.4, 0.045);
  }
  return mesh;
}

function hill(seed, colour) {
  const [mesh, rng] = [new Mesh(), random(seed)];
  const wobble = Array.from({ length: 14 }, () => between(rng, -0.12, 0.12));
  mesh.lathe(
    [[1, -0.2], [0.86, 0.16], [0.6, 0.52], [0.3, 0.84], [0, 1]],
    14,
    (ring, side) => shaded(colour, 0.92 + 0.04 * ring + 0.03 * (side % 3)),
    { jitter: (ring, side) => wobble[side] * (1 - ring / 4) },
  );
  return mesh;
}

/** Writes every model; returns a line about each. */
export function makeModels() {
  const made = {
    oak: oak(11, palette.moss),
    olive: oak(12, palette.sage),
    blossom: oak(13, palette.rose),
    pine: pine(21),
    birch: birch(31),
    cypress: cypress(41),
    bush: bush(51, palette.moss),
    bush_teal: bush(52, mixed(palette.sage, palette.teal, 0.35)),
    rock: boulder.mesh,
    flowers_honey: flowers(71, palette.honey, palette.brick),
    flowers_rose: flowers(72, palette.rose, palette.honey),
    flowers_white: flowers(73, palette.white, palette.honey),
    flowers_plum: flowers(74, palette.plum, palette.honey),
    grass: grass(81),
    reeds: reeds(82),
    lily: lily(83),
    pin: pin(),
    pumpkin: pumpkin(91),
    fountain: fountain(),
    hill: hill(95, mixed(palette.sage, palette.sky, 0.45)),
    hill_warm: hill(96, mixed(palette.moss, palette.rose, 0.4)),
  };
  return Object.entries(made).map(([name, mesh]) => mesh.write(`models/${name}.glb`));
}

// Pieces that both worlds have: signs, benches and the arch around a portal.

import { box, look, part, parts, text, turnX, turnY, turnZ } from "./lib.mjs";

/** A board on two posts with up to three lines, its front towards +z before the turn. */
export function sign(world, position, heading, lines) {
  const wide = Math.max(1.4, ...lines.map((line, i) => line.length * (i === 0 ? 0.17 : 0.105) + 0.3));
  const tall = 0.35 + 0.26 * lines.length;
  const middle = 1.55;
  const made = parts([
    part(box(wide, tall, 0.08), "cream", [0, middle, 0]),
    part(box(0.09, middle + tall / 2, 0.09), "wood_dark", [-wide / 2 + 0.2, (middle + tall / 2) / 2, -0.085]),
    part(box(0.09, middle + tall / 2, 0.09), "wood_dark", [wide / 2 - 0.2, (middle + tall / 2) / 2, -0.085]),
  ]);
  lines.forEach((line, i) => {
    const y = middle + tall / 2 - 0.3 - i * 0.26;
    made.visuals.push(look(text(line, i === 0 ? 0.2 : 0.12), i === 0 ? "brick" : "ink", [0, y, 0.05]));
  });
  world.place(made, position, { rotation: turnY(heading) });
}

/** Properties of a bench that faces +z. Needs the materials `planks` and `slate`. */
export const bench = () => parts([
  part(box(2, 0.12, 0.55), "planks", [0, 0.46, 0]),
  part(box(0.14, 0.4, 0.5), "slate", [-0.8, 0.2, 0]),
  part(box(0.14, 0.4, 0.5), "slate", [0.8, 0.2, 0]),
  part(box(2, 0.4, 0.1), "planks", [0, 0.8, -0.27], turnX(-10)),
]);

/**
 * Two pillars and nine stones around a portal that faces +z before the turn. Needs the materials
 * `sandstone`, `cream` and `terracotta`; the renderer
 * fills the portal itself and writes the other world's title over it.
 */
export function portalArch(world, position, heading, { world: target, spawn }) {
  const stones = [-1.85, 1.85].flatMap((x) => [
    part(box(0.9, 2.9, 0.9), "sandstone", [x, 0.95, 0]),
    part(box(1.15, 0.7, 1.1), "terracotta", [x, -0.15, 0]),
    part(box(1.1, 0.16, 1.05), "terracotta", [x, 2.45, 0]),
  ]);
  for (let i = 0; i < 9; i += 1) {
    const angle = 10 + 20 * i;
    const [c, s] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
    const colour = i === 4 ? "terracotta" : i % 2 === 0 ? "sandstone" : "cream";
    stones.push(part(box(0.9, 0.72, 0.85), colour, [1.85 * c, 2.5 + 1.85 * s, 0], turnZ(angle)));
  }
  const arch = parts(stones);
  arch.sound = { path: "sounds/portal.wav", volume: 0.5, radius_m: 5, plays: "always" };
  const rotation = heading === 0 ? undefined : turnY(heading);
  world.place(arch, position, { name: "arch", rotation });
  world.place(
    {
      portal: { world: target, spawn, size_m: [2.6, 2.8, 0.7] },
      light: { colour: "#7fe6da", intensity_cd: 8, range_m: 10, offset_m: [0, 0.6, 1.2] },
    },
    [position[0], position[1] + 1.4, position[2]],
    { name: `portal to ${target}`, rotation },
  );
}

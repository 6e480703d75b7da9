// The JavaScript of the build, compressed. What the page needs before someone stands in a world is
// everything except the physics chunk (which carries wasm), the builder's chunks, which are loaded
// when somebody who may build begins to, those of a headset, which are loaded when it is worn, the
// panel of a companion, which is loaded when it is talked to, the panels in which companions are made
// and looked into, which are loaded when they are opened, and the decoder of KTX2, which is
// loaded when a world has such pictures.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const KB_MAX = {
  page: 250,
  builder: 80,
  headset: 12,
  talk: 8,
  creation: 20,
  about: 14,
  decoder: 40,
};
// Chunks in which others begin: only `src/builder/door.ts`, `src/headset.ts` and what they load ask
// for them, and for what only they ask for.
const BEGINS = {
  builder: /^(mount|gizmo|bench|portraits)-/,
  headset: /^(worn|headset|building)-/,
  talk: /^talk-/,
  creation: /^creation-/,
  about: /^about-/,
  decoder: /^(KTX2Loader|basis_transcoder)-/,
};
const IMPORTS = /(?:from|import)\s*\(?\s*["'`]\.\/([\w.-]+\.js)["'`]/g;
const folder = new URL("../dist/app/", import.meta.url).pathname;
const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };

const texts = new Map();
for (const name of (await readdir(folder)).filter((name) => name.endsWith(".js"))) {
  texts.set(name, await readFile(join(folder, name), "utf8"));
}

/** Chunks that some ask for, and those that these ask for, without those that begin with `stop`. */
function reached(from, ...stops) {
  const found = new Set(from);
  for (const name of found) {
    for (const [, next] of (texts.get(name) ?? "").matchAll(IMPORTS)) {
      if (texts.has(next) && !stops.some((stop) => stop.test(next))) found.add(next);
    }
  }
  return found;
}

const beginning = (pattern) => [...texts.keys()].filter((name) => pattern.test(name));
const page = reached(beginning(/^index-/), ...Object.values(BEGINS));
const builder = reached(beginning(BEGINS.builder), BEGINS.headset, BEGINS.creation, BEGINS.decoder);
const headset = reached(beginning(BEGINS.headset), BEGINS.decoder);
const talk = reached(beginning(BEGINS.talk), BEGINS.about);
const about = reached(beginning(BEGINS.about));
const creation = reached(beginning(BEGINS.creation));
const kinds = { page, builder, headset, talk, about, creation };
const kindOf = (name) => Object.keys(kinds).find((kind) => kinds[kind].has(name)) ?? "decoder";

const sizes = { page: 0, builder: 0, headset: 0, talk: 0, about: 0, creation: 0, decoder: 0 };
for (const [name, text] of texts) {
  const size = brotliCompressSync(text, { params }).length;
  const physics = text.includes("rapier_wasm3d_bg") || /rapier/i.test(name);
  const kind = kindOf(name);
  if (!physics) sizes[kind] += size;
  const told = physics ? "  (physics)" : kind === "page" ? "" : `  (${kind})`;
  console.log(`${(size / 1000).toFixed(1).padStart(8)} kB  ${name}${told}`);
}
let isTooLarge = false;
for (const [kind, size] of Object.entries(sizes)) {
  const most = KB_MAX[kind];
  console.log(`${(size / 1000).toFixed(1).padStart(8)} kB  the ${kind}, at most ${most} kB`);
  isTooLarge ||= size > most * 1000;
  if (size > 0) continue;
  console.error(`No chunk of the ${kind} was found: have they other names now?`);
  process.exit(1);
}
if (isTooLarge) {
  console.error("The JavaScript is too large.");
  process.exit(1);
}

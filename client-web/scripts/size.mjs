// The JavaScript of the build, compressed. What the page needs before someone stands in a world is
// everything except the physics chunk (which carries wasm), the decoder of KTX2, which is loaded when
// a world has such pictures, and the builder's chunks, which are loaded when somebody who may build
// begins to.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const KB_MAX = 250;
const BUILDER_KB_MAX = 80;
// Chunks that only `src/builder/door.ts` and what it loads ask for.
const BUILDER = /^(mount|gizmo|bench|portraits)-/;
const DECODER = /^(KTX2Loader|basis_transcoder)-/;
const folder = new URL("../dist/app/", import.meta.url).pathname;
const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };

let total = 0;
let builder = 0;
for (const name of (await readdir(folder)).filter((name) => name.endsWith(".js"))) {
  const text = await readFile(join(folder, name));
  const size = brotliCompressSync(text, { params }).length;
  const physics = text.includes("rapier_wasm3d_bg") || /rapier/i.test(name);
  const isBuilder = BUILDER.test(name);
  if (isBuilder) builder += size;
  else if (!physics && !DECODER.test(name)) total += size;
  const kind = isBuilder
    ? "  (builder)"
    : physics
      ? "  (physics)"
      : DECODER.test(name)
        ? "  (KTX2)"
        : "";
  console.log(`${(size / 1000).toFixed(1).padStart(8)} kB  ${name}${kind}`);
}
console.log(`${(total / 1000).toFixed(1).padStart(8)} kB  in all, at most ${KB_MAX} kB`);
console.log(
  `${(builder / 1000).toFixed(1).padStart(8)} kB  the builder, at most ${BUILDER_KB_MAX} kB`,
);
if (builder === 0) {
  console.error("No chunk of the builder was found: have they other names now?");
  process.exit(1);
}
if (total > KB_MAX * 1000 || builder > BUILDER_KB_MAX * 1000) {
  console.error("The JavaScript is too large.");
  process.exit(1);
}

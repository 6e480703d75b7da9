// The JavaScript that the page needs before someone stands in a world, compressed: everything of
// the build except the physics chunk (which carries wasm and is loaded lazily).
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const KB_MAX = 250;
const folder = new URL("../dist/app/", import.meta.url).pathname;
const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };

let total = 0;
for (const name of (await readdir(folder)).filter((name) => name.endsWith(".js"))) {
  const text = await readFile(join(folder, name));
  const size = brotliCompressSync(text, { params }).length;
  const physics = text.includes("rapier_wasm3d_bg") || /rapier/i.test(name);
  if (!physics) total += size;
  console.log(`${(size / 1000).toFixed(1).padStart(8)} kB  ${name}${physics ? "  (physics)" : ""}`);
}
console.log(`${(total / 1000).toFixed(1).padStart(8)} kB  in all, at most ${KB_MAX} kB`);
if (total > KB_MAX * 1000) {
  console.error("The entry JavaScript is too large.");
  process.exit(1);
}

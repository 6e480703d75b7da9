import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";
import { defineConfig, type Plugin } from "vitest/config";

const compressBytes = promisify(brotliCompress);

/** Files below this size fit into one packet anyway. */
const COMPRESS_BYTES_MIN = 1_024;

/** Writes `x.br` next to every text and wasm file of the build, for the server to send as it is. */
function precompressed(): Plugin {
  return {
    name: "vivarium-precompressed",
    apply: "build",
    async writeBundle(options) {
      const folder = options.dir ?? "dist";
      const names = await readdir(folder, { recursive: true });
      const wanted = names.filter((name) =>
        /\.(js|css|html|svg|json|wasm|webmanifest)$/.test(name),
      );
      for (const name of wanted) {
        const bytes = await readFile(join(folder, name));
        if (bytes.length < COMPRESS_BYTES_MIN) continue;
        const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
        await writeFile(join(folder, `${name}.br`), await compressBytes(bytes, { params }));
      }
    },
  };
}

const server = "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [precompressed()],
  build: {
    target: "es2023",
    // `/assets/` on the server is the folder of worlds and models.
    assetsDir: "app",
    chunkSizeWarningLimit: 1_200,
    reportCompressedSize: false,
  },
  // Its wasm is imported as a module, which the dependency optimiser cannot follow.
  optimizeDeps: { exclude: ["@dimforge/rapier3d-deterministic"] },
  server: {
    proxy: {
      "/connect": { target: server, ws: true },
      "/worlds": server,
      "/api": server,
      "/assets": server,
    },
  },
  test: {
    include: ["src/**/*.test.{ts,tsx}", "tests/**/*.test.ts"],
    // The physics package imports its wasm as a module, which vite can do and Node 20 cannot.
    server: { deps: { inline: [/rapier3d-deterministic/] } },
  },
});

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

/**
 * What makes functions of text in the decoder of KTX2, which the page's Content-Security-Policy
 * forbids, and the same without that.
 */
const EVALUATED: readonly (readonly [string, string])[] = [
  [
    "var invokerFn=newFunc(Function,args)(...closureArgs);",
    `var invokerFn=function(...given){
      if(given.length!==argCount-2)throwBindingError("function "+humanName+" called with "+
        given.length+" arguments, expected "+(argCount-2));
      var destructors=needsDestructorStack?[]:null;
      var first=isClassMethodFunc?1:2;
      var wired=given.map((one,at)=>argTypes[at+2].toWireType(destructors,one));
      if(isClassMethodFunc)wired.unshift(argTypes[1].toWireType(destructors,this));
      var rv=cppInvokerFunc(cppTargetFunc,...wired);
      if(needsDestructorStack)runDestructors(destructors);
      else for(var at=first;at<argTypes.length;++at)argTypes[at].destructorFunction?.(wired[at-first]);
      if(returns)return argTypes[0].fromWireType(rv)};`,
  ],
  [
    "var invokerFunction=newFunc(Function,params)(...args);",
    `var invokerFunction=(obj,func,destructorsRef,packed)=>{
      var list=types.map((type)=>{
        var value=type.readValueFromPointer(packed);
        packed+=type.argPackAdvance;
        return value});
      if(kind===0)list.unshift(obj);
      var rv=kind===1?new func(...list):func.call(...list);
      if(!retType.isVoid)return emval_returnValue(retType,destructorsRef,rv)};`,
  ],
];

/** Takes `new Function` out of the decoder of KTX2, so that it runs under the page's policy. */
function withoutEval(): Plugin {
  return {
    name: "vivarium-without-eval",
    apply: "build",
    generateBundle(_options, bundle) {
      const asset = Object.values(bundle).find(({ fileName }) =>
        /basis_transcoder[^/]*\.js$/.test(fileName),
      );
      if (asset?.type !== "asset") throw new Error("the decoder of KTX2 is not in the build");
      let text = Buffer.from(asset.source).toString();
      for (const [evaluated, plain] of EVALUATED) {
        if (text.split(evaluated).length !== 2) {
          throw new Error(`the decoder of KTX2 is another one: it has no ${evaluated}`);
        }
        text = text.replace(evaluated, () => plain);
      }
      if (text.includes("newFunc(Function")) throw new Error("the decoder of KTX2 evaluates text");
      asset.source = text;
    },
  };
}

const server = "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [withoutEval(), precompressed()],
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

/**
 * Where the files of a world are, and the decoder of those that browsers cannot read themselves.
 *
 * Owns that decoder: KTX2 (Basis Universal) is unpacked by workers into what the graphics card takes.
 * It takes half a megabyte and is fetched with the first file that needs it.
 */
import { type Texture, TextureLoader, type WebGLRenderer } from "three";
import type { KTX2Loader } from "three/addons/loaders/KTX2Loader.js";

/** Pictures are rare, and each worker has the decoder in it once more. */
const WORKERS_MAX = 2;
/** A decoder that has died answers nothing; nobody waits longer for it. */
const DECODING_MS_MAX = 30_000;

export class Assets {
  readonly #root: string;
  /** Tells what the graphics card can take; null where nothing is drawn. */
  readonly #renderer: WebGLRenderer | null;
  #ktx2: Promise<KTX2Loader> | null = null;

  constructor(root: string, renderer: WebGLRenderer | null) {
    this.#root = root.endsWith("/") ? root : `${root}/`;
    this.#renderer = renderer;
  }

  /** The address of a file that a document names. */
  url(path: string): string {
    return this.#root + path;
  }

  /** A picture as a texture, whose first row may be above (see `isTopDown`); null: there is none. */
  async picture(path: string): Promise<Texture | null> {
    try {
      if (!isTopDown(path)) return await new TextureLoader().loadAsync(this.url(path));
      const [loader, bytes] = await Promise.all([this.ktx2(), this.#bytes(path)]);
      return await answered(
        new Promise<Texture>((done, failed) => {
          loader.parse(bytes, done, failed);
        }),
      );
    } catch {
      return null;
    }
  }

  /** Reads KTX2; rejects when the decoder cannot be had. */
  ktx2(): Promise<KTX2Loader> {
    this.#ktx2 ??= this.#begin().catch((error: unknown) => {
      // Another try may have more luck.
      this.#ktx2 = null;
      throw error;
    });
    return this.#ktx2;
  }

  dispose(): void {
    void this.#ktx2?.then(
      (loader) => loader.dispose(),
      () => undefined,
    );
    this.#ktx2 = null;
  }

  async #bytes(path: string): Promise<ArrayBuffer> {
    const response = await fetch(this.url(path));
    if (!response.ok) throw new Error(`${path}: status ${response.status}`);
    return response.arrayBuffer();
  }

  async #begin(): Promise<KTX2Loader> {
    if (this.#renderer === null) throw new Error("nothing is drawn");
    const { KTX2Loader: Loader } = await import("three/addons/loaders/KTX2Loader.js");
    return new Loader().setWorkerLimit(WORKERS_MAX).detectSupport(this.#renderer);
  }
}

/** What a decoder gives; rejects when it gives nothing. */
export function answered<T>(decoding: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, failed) => {
    timer = setTimeout(() => failed(new Error("the decoder is silent")), DECODING_MS_MAX);
  });
  return Promise.race([decoding, silence]).finally(() => clearTimeout(timer));
}

/** Whether rows of a picture run from above, as packed ones do, which cannot be turned over. */
export function isTopDown(path: string): boolean {
  return path.endsWith(".ktx2");
}

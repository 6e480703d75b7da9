/**
 * Chooses how much the machine can draw, and adapts to the measured frame time.
 *
 * The tier (materials, geometry, antialiasing) is fixed when the scene is made, since changing it
 * would recompile every shader; resolution and shadows follow the measurement.
 */

export type Tier = "low" | "high";

export interface Quality {
  tier: Tier;
  antialias: boolean;
  pixelRatioMax: number;
  /** 0: no shadow map, only blobs. */
  shadowMapPx: number;
  /** Half the width of the shadowed square, metres. */
  shadowReachM: number;
  /** Frames from one drawing of the shadow map to the next. */
  shadowEveryFrames: number;
  pointLights: number;
  /** Factor on the segments of round things. */
  detail: number;
  /** Factor on the segments of avatars, near and far. */
  avatarDetail: readonly [number, number];
  /** Farther avatars are simplified, metres; nearer when there are many. */
  avatarFarM: number;
  bevels: boolean;
  /** Edge of procedural textures. */
  texturePx: number;
}

export const QUALITY: Record<Tier, Quality> = {
  low: {
    tier: "low",
    antialias: false,
    pixelRatioMax: 1,
    shadowMapPx: 768,
    shadowReachM: 16,
    shadowEveryFrames: 3,
    pointLights: 0,
    detail: 0.4,
    avatarDetail: [0.5, 0.28],
    avatarFarM: 9,
    bevels: false,
    texturePx: 128,
  },
  high: {
    tier: "high",
    antialias: true,
    pixelRatioMax: 2,
    shadowMapPx: 2048,
    shadowReachM: 32,
    shadowEveryFrames: 1,
    pointLights: 4,
    detail: 1,
    avatarDetail: [1, 0.4],
    avatarFarM: 24,
    bevels: true,
    texturePx: 256,
  },
};

/** `forced` is the page's `quality` parameter, `renderer` the name that WebGL tells. */
export function chooseTier(forced: string | null, renderer: string, cores: number): Tier {
  if (forced === "low" || forced === "high") return forced;
  if (/swiftshader|llvmpipe|softpipe|software|basic render/i.test(renderer)) return "low";
  return cores > 0 && cores <= 2 ? "low" : "high";
}

/** What the governor wants changed. */
export type Adjustment = "less" | "more" | null;

const SLOW_MS = 26;
const FAST_MS = 14;
const WINDOW_FRAMES = 45;

/**
 * Watches frame times. Steps down when the median of a window is slow; steps back up only after
 * several fast windows and never more than twice, so that it cannot swing for ever.
 */
export class FrameGovernor {
  #times: number[] = [];
  #fastWindows = 0;
  #rises = 0;
  #frameMs = 1000 / 60;

  /** Smoothed frames per second. */
  get fps(): number {
    return 1000 / this.#frameMs;
  }

  /** Counts a frame without judging it: others decide how large it is. */
  count(frameMs: number): boolean {
    // A hidden page or a breakpoint is not a slow machine.
    if (!(frameMs > 0) || frameMs > 500) return false;
    this.#frameMs += (frameMs - this.#frameMs) * 0.08;
    return true;
  }

  frame(frameMs: number): Adjustment {
    if (!this.count(frameMs)) return null;
    this.#times.push(frameMs);
    if (this.#times.length < WINDOW_FRAMES) return null;
    this.#times.sort((a, b) => a - b);
    const median = this.#times[WINDOW_FRAMES >> 1] ?? 0;
    this.#times.length = 0;
    if (median > SLOW_MS) {
      this.#fastWindows = 0;
      return "less";
    }
    this.#fastWindows = median < FAST_MS ? this.#fastWindows + 1 : 0;
    if (this.#fastWindows >= 8 && this.#rises < 2) {
      this.#fastWindows = 0;
      this.#rises += 1;
      return "more";
    }
    return null;
  }
}

/**
 * The sky dome, the sun and the light of both.
 *
 * The dome writes display colours without tone mapping, as three.js does with fog: the horizon is
 * exactly the fog's colour, and far things melt into it without a seam.
 */
import {
  BackSide,
  Color,
  DataTexture,
  DirectionalLight,
  HemisphereLight,
  LinearFilter,
  LinearMipmapLinearFilter,
  Matrix4,
  Mesh,
  NoColorSpace,
  RedFormat,
  RepeatWrapping,
  ShaderMaterial,
  SphereGeometry,
  type Texture,
  Vector3,
} from "three";
import { documentDefaults, type Environment } from "../protocol/document";
import { type Assets, isTopDown } from "./assets";
import { cloudNoise } from "./patterns";
import type { Quality } from "./quality";

/** Display values: the shader that uses them neither tone maps nor converts. */
export function displayColour(hex: string): Color {
  return new Color(hex).convertLinearToSRGB();
}

const COLOUR = /* glsl */ `
uniform vec3 zenith, horizon, haze, sunColour, sunRay;
uniform sampler2D clouds;
uniform float time;
vec3 skyColour(vec3 ray) {
  float up = max(ray.y, 0.0);
  vec3 sky = mix(horizon, zenith, 1.0 - exp(-3.0 * up));
  float facing = max(dot(ray, sunRay), 0.0);
  float glow = pow(facing, 6.0) * 0.2 + pow(facing, 48.0) * 0.4;
  sky = mix(sky, sunColour, clamp(glow, 0.0, 1.0));
  vec2 plane = ray.xz / (ray.y + 0.2);
  vec2 drift = vec2(time * 0.0012, time * 0.0004);
  float near = texture2D(clouds, plane * 0.15 + drift).r;
  float fine = texture2D(clouds, plane * 0.52 + drift * 1.6).r;
  float cover = near * 0.78 + fine * 0.22;
  float body = smoothstep(0.48, 0.66, cover) * smoothstep(0.02, 0.2, ray.y);
  float towards = texture2D(clouds, (plane + sunRay.xz * 0.3) * 0.15 + drift).r;
  float shade = clamp(0.6 + (near - towards) * 2.4 + (0.62 - cover) * 1.2, 0.0, 1.0);
  vec3 lit = mix(vec3(1.0), sunColour, 0.35);
  vec3 white = mix(mix(horizon, zenith, 0.28) * 0.97, lit, shade);
  sky = mix(sky, white, body * 0.86);
  return mix(sky, haze, exp(-13.0 * up));
}`;

/** The colour for every pixel: with a sun disc. */
const FINE = {
  vertex: /* glsl */ `
varying vec3 vRay;
void main() {
  vRay = position;
  vec4 clip = projectionMatrix * mat4(mat3(modelViewMatrix)) * vec4(position, 1.0);
  gl_Position = clip.xyww;
}`,
  fragment: /* glsl */ `
${COLOUR}
varying vec3 vRay;
void main() {
  vec3 ray = normalize(vRay);
  vec3 sky = skyColour(ray);
  float disc = smoothstep(0.9991, 0.9996, dot(ray, sunRay));
  sky = mix(sky, mix(vec3(1.0), sunColour, 0.2), disc);
  // A trace of noise hides the bands of a smooth gradient.
  float grain = fract(sin(dot(gl_FragCoord.xy, vec2(12.9898, 78.233))) * 43758.5453) - 0.5;
  gl_FragColor = vec4(sky + grain / 255.0, 1.0);
}`,
};

/**
 * A picture of all directions (equirectangular). What is in light (HDR) is brought to display values
 * by the curve of Reinhard, since skies are much brighter than what they light; others are in display
 * values already.
 */
const PICTURE = /* glsl */ `
uniform sampler2D picture;
varying vec3 vRay;
void main() {
  vec3 ray = normalize(vRay);
  vec2 at = vec2(atan(ray.z, ray.x) * 0.15915494 + 0.5, asin(clamp(ray.y, -1.0, 1.0)) * 0.31830989 + 0.5);
  // Without smaller copies, which would show a seam where the angle begins anew.
#ifdef TOP_DOWN
  at.y = 1.0 - at.y;
#endif
  vec3 light = textureLod(picture, at, 0.0).rgb;
#ifdef LIGHT
  light = pow(light / (1.0 + light), vec3(1.0 / 2.2));
#endif
  gl_FragColor = vec4(light, 1.0);
}`;

/** The colour for every vertex: for machines where pixels are dear. */
const COARSE = {
  vertex: /* glsl */ `
${COLOUR}
varying vec3 vSky;
void main() {
  vSky = skyColour(normalize(position));
  vec4 clip = projectionMatrix * mat4(mat3(modelViewMatrix)) * vec4(position, 1.0);
  gl_Position = clip.xyww;
}`,
  fragment: /* glsl */ `
varying vec3 vSky;
void main() {
  gl_FragColor = vec4(vSky, 1.0);
}`,
};

export class Sky {
  readonly dome: Mesh;
  readonly sun: DirectionalLight;
  readonly ambient: HemisphereLight;
  /** Unit vector towards the sun. */
  readonly sunRay: Vector3;
  #material: ShaderMaterial;
  #clouds: Texture;
  #quality: Quality;
  #toLight = new Matrix4();
  #fromLight = new Matrix4();
  #snapped = new Vector3();

  readonly #assets: Assets;
  /** The picture that is shown, or on its way. */
  #picture: string | null = null;
  #shown: Texture | null = null;

  constructor(given: Environment, quality: Quality, assets: Assets) {
    this.#assets = assets;
    const environment = { ...documentDefaults.environment, ...given };
    this.#quality = quality;
    this.sunRay = new Vector3().fromArray(environment.sun_direction).normalize();
    this.#clouds = cloudTexture(quality.tier === "high" ? 512 : 256);
    const fine = quality.tier === "high";
    const shaders = fine ? FINE : COARSE;
    this.#material = new ShaderMaterial({
      vertexShader: shaders.vertex,
      fragmentShader: shaders.fragment,
      side: BackSide,
      depthWrite: false,
      uniforms: {
        zenith: { value: displayColour(environment.zenith) },
        horizon: { value: displayColour(environment.horizon) },
        haze: { value: displayColour(environment.fog) },
        sunColour: { value: displayColour(environment.sun) },
        sunRay: { value: this.sunRay },
        clouds: { value: this.#clouds },
        time: { value: 0 },
      },
    });
    this.dome = new Mesh(new SphereGeometry(1, fine ? 32 : 72, fine ? 20 : 44), this.#material);
    this.dome.frustumCulled = false;
    // Drawn after the solid things: most of its pixels are then already covered.
    this.dome.renderOrder = 1;

    this.sun = new DirectionalLight();
    this.ambient = new HemisphereLight();
    this.set(given);
  }

  /** Another sky, sun and light. */
  set(given: Environment): void {
    const environment = { ...documentDefaults.environment, ...given };
    this.sunRay.fromArray(environment.sun_direction).normalize();
    const colours = {
      zenith: environment.zenith,
      horizon: environment.horizon,
      haze: environment.fog,
      sunColour: environment.sun,
    };
    for (const [name, hex] of Object.entries(colours)) {
      const uniform = this.#material.uniforms[name];
      if (uniform) uniform.value = displayColour(hex);
    }
    this.sun.color.set(environment.sun);
    this.sun.intensity = 3.1 * environment.sun_intensity;
    this.ambient.color.set(environment.zenith).lerp(new Color(environment.horizon), 0.55);
    this.ambient.groundColor.set(environment.ground).lerp(new Color(environment.horizon), 0.3);
    this.ambient.intensity = 1.75 * environment.sky_intensity;
    this.#setUpShadow();
    void this.#show(given.sky ?? null);
  }

  /** A picture instead of the drawn sky, which is shown until it is here. */
  async #show(path: string | null): Promise<void> {
    if (path === this.#picture) return;
    this.#picture = path;
    this.#takeDown();
    if (path === null) return;
    const isLight = path.endsWith(".hdr");
    const texture = await (isLight ? this.#light(path) : this.#assets.picture(path));
    if (texture === null) return;
    if (this.#picture !== path) {
      texture.dispose();
      return;
    }
    if (!isLight) {
      texture.colorSpace = NoColorSpace;
      texture.generateMipmaps = false;
      texture.minFilter = LinearFilter;
    }
    this.dome.material = new ShaderMaterial({
      vertexShader: FINE.vertex,
      fragmentShader: PICTURE,
      side: BackSide,
      depthWrite: false,
      uniforms: { picture: { value: texture } },
      defines: { ...(isLight && { LIGHT: 1 }), ...(isTopDown(path) && { TOP_DOWN: 1 }) },
    });
    this.#shown = texture;
  }

  async #light(path: string): Promise<Texture | null> {
    try {
      const { HDRLoader } = await import("three/addons/loaders/HDRLoader.js");
      return await new HDRLoader().loadAsync(this.#assets.url(path));
    } catch {
      return null;
    }
  }

  #takeDown(): void {
    if (this.#shown === null) return;
    this.#shown.dispose();
    this.#shown = null;
    (this.dome.material as ShaderMaterial).dispose();
    this.dome.material = this.#material;
  }

  /** Moves the shadowed square along with the camera's target and lets the clouds drift. */
  update(target: Vector3, timeS: number, still: boolean): void {
    const time = this.#material.uniforms.time;
    if (time) time.value = still ? 0 : timeS;
    // Whole texels in the light's frame, so that shadow edges do not swim.
    const texel = (2 * this.#quality.shadowReachM) / Math.max(1, this.#quality.shadowMapPx);
    this.#snapped.copy(target).applyMatrix4(this.#toLight);
    this.#snapped.set(
      Math.round(this.#snapped.x / texel) * texel,
      Math.round(this.#snapped.y / texel) * texel,
      Math.round(this.#snapped.z / texel) * texel,
    );
    this.#snapped.applyMatrix4(this.#fromLight);
    this.sun.target.position.copy(this.#snapped);
    this.sun.position.copy(this.#snapped).addScaledVector(this.sunRay, 70);
    this.sun.target.updateMatrixWorld();
    this.sun.updateMatrixWorld();
  }

  dispose(): void {
    this.#picture = null;
    this.#takeDown();
    this.dome.geometry.dispose();
    this.#material.dispose();
    this.#clouds.dispose();
    this.sun.dispose();
  }

  #setUpShadow(): void {
    const { shadowMapPx, shadowReachM, tier } = this.#quality;
    this.sun.castShadow = shadowMapPx > 0;
    this.sun.shadow.mapSize.set(shadowMapPx, shadowMapPx);
    const camera = this.sun.shadow.camera;
    camera.left = -shadowReachM;
    camera.right = shadowReachM;
    camera.top = shadowReachM;
    camera.bottom = -shadowReachM;
    camera.near = 1;
    camera.far = 160;
    this.sun.shadow.bias = tier === "high" ? -0.0004 : -0.001;
    this.sun.shadow.normalBias = tier === "high" ? 0.03 : 0.06;
    this.sun.shadow.radius = 1;
    const up = Math.abs(this.sunRay.y) > 0.99 ? new Vector3(0, 0, 1) : new Vector3(0, 1, 0);
    this.#fromLight.lookAt(this.sunRay, new Vector3(), up);
    this.#toLight.copy(this.#fromLight).invert();
  }
}

function cloudTexture(size: number): Texture {
  const levels = new Uint8Array(size * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      levels[y * size + x] = Math.round(255 * cloudNoise(x / size, y / size, 4, 6));
    }
  }
  const texture = new DataTexture(levels, size, size, RedFormat);
  texture.wrapS = RepeatWrapping;
  texture.wrapT = RepeatWrapping;
  texture.magFilter = LinearFilter;
  texture.minFilter = LinearMipmapLinearFilter;
  texture.generateMipmaps = true;
  texture.needsUpdate = true;
  return texture;
}

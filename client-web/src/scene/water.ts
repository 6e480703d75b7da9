/**
 * Still water: drifting ripples, more sky the flatter one looks, a glint of the sun.
 */
import {
  type Color,
  Mesh,
  PlaneGeometry,
  ShaderMaterial,
  type Texture,
  UniformsLib,
  UniformsUtils,
  type Vector3,
} from "three";

const VERTEX = /* glsl */ `
varying vec3 vWorld;
#include <fog_pars_vertex>
void main() {
  vec4 world = modelMatrix * vec4(position, 1.0);
  vWorld = world.xyz;
  vec4 mvPosition = viewMatrix * world;
  gl_Position = projectionMatrix * mvPosition;
  #include <fog_vertex>
}`;

// Colours are display values, as in the sky and the fog.
const FRAGMENT = /* glsl */ `
uniform vec3 deep, horizon, zenith, sunColour, sunRay;
uniform sampler2D noise;
uniform float time, clarity;
varying vec3 vWorld;
#include <fog_pars_fragment>
float swell(vec2 p) {
  return texture2D(noise, p * 0.09 + vec2(time * 0.011, time * 0.005)).r
    + 0.6 * texture2D(noise, p.yx * 0.23 - vec2(time * 0.009, time * 0.016)).r;
}
void main() {
  vec3 view = cameraPosition - vWorld;
  float away = length(view);
  view /= away;
  vec2 p = vWorld.xz;
  float here = swell(p);
  float calm = 1.0 / (1.0 + away * 0.03);
  vec2 slope = vec2(here - swell(p + vec2(0.15, 0.0)), here - swell(p + vec2(0.0, 0.15)));
  vec3 normal = normalize(vec3(slope.x * calm * 1.5, 1.0, slope.y * calm * 1.5));
  float facing = max(dot(view, normal), 0.0);
  float fresnel = 0.025 + 0.975 * pow(1.0 - facing, 4.5);
  vec3 mirrored = reflect(-view, normal);
  vec3 sky = mix(horizon, zenith, 1.0 - exp(-3.0 * max(mirrored.y, 0.0)));
  float sunward = max(dot(mirrored, sunRay), 0.0);
  sky = mix(sky, sunColour, pow(sunward, 12.0) * 0.35);
  float glint = pow(sunward, 420.0) * 1.4;
  // Looking straight down one sees into the depth, at a slant its lighter body.
  vec3 body = mix(deep * 0.62, deep * 1.08, pow(1.0 - facing, 1.5)) * (0.94 + 0.12 * (here - 0.8));
  vec3 colour = mix(body, sky, clamp(fresnel, 0.0, 1.0)) + sunColour * glint;
  gl_FragColor = vec4(colour, mix(clarity, 0.97, clamp(fresnel * 1.6, 0.0, 1.0)));
  #include <fog_fragment>
}`;

export interface WaterLook {
  deep: Color;
  horizon: Color;
  zenith: Color;
  sunColour: Color;
  sunRay: Vector3;
  noise: Texture;
}

export class Waters {
  #materials = new Set<ShaderMaterial>();

  /** A surface of `size` metres, facing up. */
  make(size: readonly [number, number], look: WaterLook, opacity: number): Mesh {
    const material = new ShaderMaterial({
      vertexShader: VERTEX,
      fragmentShader: FRAGMENT,
      transparent: true,
      depthWrite: false,
      fog: true,
      uniforms: UniformsUtils.merge([
        UniformsLib.fog,
        {
          deep: { value: look.deep },
          horizon: { value: look.horizon },
          zenith: { value: look.zenith },
          sunColour: { value: look.sunColour },
          sunRay: { value: look.sunRay },
          noise: { value: null },
          time: { value: 0 },
          clarity: { value: opacity },
        },
      ]),
    });
    // `merge` would clone the texture.
    if (material.uniforms.noise) material.uniforms.noise.value = look.noise;
    this.#materials.add(material);
    const geometry = new PlaneGeometry(size[0], size[1]);
    geometry.rotateX(-Math.PI / 2);
    const mesh = new Mesh(geometry, material);
    mesh.renderOrder = 2;
    return mesh;
  }

  /** A surface that is gone need not move. */
  forget(material: unknown): void {
    if (material instanceof ShaderMaterial) this.#materials.delete(material);
  }

  update(timeS: number): void {
    for (const material of this.#materials) {
      if (material.uniforms.time) material.uniforms.time.value = timeS;
    }
  }
}

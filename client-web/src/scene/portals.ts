/**
 * Doors to other worlds: a rounded frame, a shimmering surface and the destination's name.
 */
import {
  AdditiveBlending,
  Color,
  DoubleSide,
  Group,
  Mesh,
  MeshBasicMaterial,
  MeshLambertMaterial,
  PlaneGeometry,
  ShaderMaterial,
  Sprite,
  SpriteMaterial,
  type Texture,
  TorusGeometry,
  type Vector3,
} from "three";
import type { Light } from "../protocol/document";
import { drawSign } from "./lettering";

const VERTEX = /* glsl */ `
varying vec2 vAt;
void main() {
  vAt = uv * 2.0 - 1.0;
  gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
}`;

const FRAGMENT = /* glsl */ `
uniform float time;
uniform vec3 inner, outer;
varying vec2 vAt;
void main() {
  float radius = length(vAt);
  if (radius > 1.0) discard;
  float angle = atan(vAt.y, vAt.x);
  float swirl = sin(angle * 3.0 + radius * 9.0 - time * 1.7) * 0.5
    + sin(angle * 5.0 - radius * 13.0 + time * 1.1) * 0.3
    + sin(radius * 22.0 - time * 3.1) * 0.2;
  float rim = smoothstep(0.62, 1.0, radius);
  vec3 colour = mix(inner, outer, clamp(0.45 + 0.42 * swirl + rim * 0.35, 0.0, 1.0));
  colour += vec3(1.0) * pow(max(swirl, 0.0), 5.0) * 0.5 + outer * rim * 0.4;
  gl_FragColor = vec4(colour, 0.72 + 0.24 * rim);
}`;

export class Portals {
  #surfaces = new Set<ShaderMaterial>();

  /**
   * A door of `size` metres around the group's origin. The surface spans the wider of the two
   * horizontal extents.
   */
  make(size: readonly number[], title: string, tint: Color): Group {
    const [width = 2, height = 2.5, depth = 1] = size;
    const wide = Math.max(width, depth);
    const group = new Group();
    if (depth > width) group.rotation.y = Math.PI / 2;

    const surface = new ShaderMaterial({
      vertexShader: VERTEX,
      fragmentShader: FRAGMENT,
      transparent: true,
      depthWrite: false,
      side: DoubleSide,
      uniforms: {
        time: { value: 0 },
        inner: { value: new Color(0.09, 0.13, 0.36) },
        outer: { value: tint.clone().convertLinearToSRGB() },
      },
    });
    this.#surfaces.add(surface);
    const pane = new Mesh(new PlaneGeometry(wide, height), surface);
    pane.renderOrder = 3;
    group.add(pane);

    const frame = new Mesh(
      new TorusGeometry(1, 0.055, 10, 48),
      new MeshLambertMaterial({ color: "#e9e2d2", emissive: tint, emissiveIntensity: 0.18 }),
    );
    frame.scale.set(wide / 2, height / 2, 1.9);
    frame.castShadow = true;
    group.add(frame);

    const halo = new Mesh(
      new TorusGeometry(1, 0.1, 6, 48),
      new MeshBasicMaterial({
        color: tint,
        transparent: true,
        opacity: 0.16,
        blending: AdditiveBlending,
        depthWrite: false,
        fog: false,
      }),
    );
    halo.scale.set(wide / 2, height / 2, 2.4);
    halo.renderOrder = 3;
    group.add(halo);

    for (const side of [1, -1]) {
      const sign = signMesh(title, 0.26, "#fdf8ea");
      sign.position.set(0, height / 2 + 0.5, side * 0.02);
      if (side < 0) sign.rotation.y = Math.PI;
      group.add(sign);
    }
    return group;
  }

  /** A door that is gone need not shimmer. */
  forget(material: unknown): void {
    if (material instanceof ShaderMaterial) this.#surfaces.delete(material);
  }

  update(timeS: number): void {
    for (const surface of this.#surfaces) {
      if (surface.uniforms.time) surface.uniforms.time.value = timeS;
    }
  }
}

/** A line of letters facing +z, `heightM` the height of a capital. */
export function signMesh(text: string, heightM: number, colour: string): Mesh {
  const lettering = drawSign(text, colour);
  const height = heightM * lettering.capitals;
  const mesh = new Mesh(
    new PlaneGeometry(height * lettering.aspect, height),
    new MeshBasicMaterial({
      map: lettering.texture,
      transparent: true,
      depthWrite: false,
      polygonOffset: true,
      polygonOffsetFactor: -2,
      toneMapped: false,
    }),
  );
  mesh.renderOrder = 2;
  return mesh;
}

/** The glow around a lamp. */
export function glowSprite(spot: Texture, light: Light): Sprite {
  const glow = new Sprite(
    new SpriteMaterial({
      map: spot,
      color: light.colour,
      transparent: true,
      opacity: 0.5,
      blending: AdditiveBlending,
      depthWrite: false,
      fog: false,
    }),
  );
  glow.scale.setScalar(Math.min(2.2, 0.5 + light.range_m * 0.1));
  glow.renderOrder = 4;
  return glow;
}

/** Nearest first. */
export function byDistance(from: Vector3): (a: Vector3, b: Vector3) => number {
  return (a, b) => a.distanceToSquared(from) - b.distanceToSquared(from);
}

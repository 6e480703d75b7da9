/**
 * Wind in the leaves: the higher above its origin a vertex of an instance is, the more it sways.
 */
import type { Material } from "three";

/** Shared by every swaying material; seconds. */
export const windTime = { value: 0 };

export function sway(material: Material): void {
  material.onBeforeCompile = (shader) => {
    shader.uniforms.windTime = windTime;
    shader.vertexShader = `uniform float windTime;\n${shader.vertexShader}`.replace(
      "#include <begin_vertex>",
      `#include <begin_vertex>
      #ifdef USE_INSTANCING
        vec2 swayAt = instanceMatrix[3].xz;
      #else
        vec2 swayAt = modelMatrix[3].xz;
      #endif
      float swayHigh = max(0.0, position.y);
      float swayPhase = windTime * 1.3 + dot(swayAt, vec2(0.23, 0.31));
      float gust = sin(swayPhase) + 0.5 * sin(swayPhase * 2.3 + position.x * 1.7);
      transformed.x += gust * swayHigh * 0.011;
      transformed.z += cos(swayPhase * 0.8 + position.z * 1.3) * swayHigh * 0.008;`,
    );
  };
  material.customProgramCacheKey = () => "sway";
}

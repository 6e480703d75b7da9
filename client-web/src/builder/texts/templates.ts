/** What templates are called. */
import type { TemplateName } from "../templates";
import { type BuilderText, b } from "./words";

const TEXTS: Readonly<Record<TemplateName, BuilderText>> = {
  doorway: "templateDoorway",
  bench: "templateBench",
  stairs: "templateStairs",
  bridge: "templateBridge",
  fence: "templateFence",
  house: "templateHouse",
  seesaw: "templateSeesaw",
  court: "templateCourt",
  stage: "templateStage",
  pool: "templatePool",
};

export const templateText = (name: TemplateName): string => b(TEXTS[name]);

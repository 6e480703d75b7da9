/** Tells what came of asking the server. */
import type { Told } from "../asking";
import type { Builder } from "../builder";
import { type BuilderText, b } from "../texts/words";

export function tellOutcome(builder: Builder, told: Told, done: BuilderText): void {
  if (told.kind === "trouble") builder.say(told.text, "trouble");
  else builder.say(b(done));
}

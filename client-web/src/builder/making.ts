/** The world in which companions are made, as their panel knows it: through the builder. */
import { batch, signal } from "@preact/signals";
import type { Home, Placed } from "../companions/creation";
import type { Companion } from "../protocol/document";
import type { Operation } from "../protocol/operation";
import type { Builder } from "./builder";
import { setProperty } from "./operations";
import { NEW_COMPANION } from "./pieces";
import { b } from "./texts/words";

/** One for each builder: what is written in it stays while its panel is closed. */
const homes = new WeakMap<Builder, Home>();

export function homeOf(builder: Builder): Home {
  const known = homes.get(builder);
  if (known !== undefined) return known;
  const { bench } = builder;
  const made: Home = {
    world: bench.world,
    key: () => bench.keyHex(),
    fetch: builder.fetch,
    wanted: signal(null),
    lookOf: (mind) => {
      const [first] = livesOf(builder, mind);
      return first === undefined
        ? null
        : { body: first.companion.body, accent: first.companion.accent };
    },
    placesOf: (mind) => livesOf(builder, mind).length,
    dress: (placed) => dress(builder, placed),
    place: (placed, where) => place(builder, placed, where),
    say: (text, tone) => builder.say(text, tone),
  };
  homes.set(builder, made);
  return made;
}

/** Opens the panel to change who somebody is. */
export function changeMind(builder: Builder, mind: string): void {
  homeOf(builder).wanted.value = mind;
  if (!builder.shows("companions")) builder.toggle("companions");
}

/** Every object at which somebody lives. */
function livesOf(builder: Builder, mind: string): { id: number; companion: Companion }[] {
  const scenery = builder.scenery.value;
  return [...scenery.objects.keys()].flatMap((id) => {
    const { companion } = scenery.properties(id);
    return companion?.mind === mind ? [{ id, companion }] : [];
  });
}

/** Name and looks at all places of somebody, as one step to take back. What is locked stays. */
function dress(builder: Builder, { mind, name, look }: Placed): void {
  const scenery = builder.scenery.peek();
  const operations = livesOf(builder, mind).flatMap(({ id, companion }): Operation[] => {
    const isSo =
      companion.name === name && companion.body === look.body && companion.accent === look.accent;
    if (isSo || scenery.isLocked(id)) return [];
    return [setProperty(id, "companion", { ...companion, name, ...look })];
  });
  if (operations.length > 0) void builder.commit(operations);
}

async function place(
  builder: Builder,
  { mind, name, look }: Placed,
  where: "here" | "pointed",
): Promise<boolean> {
  const companion: Companion = { ...NEW_COMPANION, mind, name, ...look };
  const piece = { kind: "companion", companion } as const;
  if (where === "pointed") {
    const opener = document.activeElement;
    builder.take(piece, () => opener instanceof HTMLElement && opener.focus());
    return true;
  }
  const at = batch(() => {
    builder.aim.begin(builder.hidden.peek(), () => undefined);
    const hit = builder.aim.at.peek();
    builder.aim.end();
    return hit;
  });
  if (at !== null) return builder.place(piece, at);
  builder.say(b("aimNothing"), "trouble");
  return false;
}

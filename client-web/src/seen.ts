/** What `window.vivarium` tells of those who are in the picture: plain copies, for tests. */
import { type Company, entityOf } from "./companions/company";
import { idAt, type WorldDocument } from "./protocol/document";
import type { PersonCard } from "./protocol/generated";
import type { Shown } from "./visit";
import type { SeenCompanion, SeenObject, SeenPerson } from "./window";

/** Everyone but `own`. */
export function seenPeople(
  cards: Iterable<PersonCard>,
  shown: Shown | null,
  own: number | null,
): SeenPerson[] {
  return [...cards]
    .filter(({ person }) => person !== own)
    .map(({ person, name, present }) => {
      const view = shown?.avatars.find(({ entity }) => entity === person);
      return {
        person,
        name,
        present,
        position: view?.position ?? null,
        yaw: view?.yaw ?? null,
        bubble: view?.bubble ?? null,
        tracked: view?.tracked ?? null,
      };
    });
}

export function seenCompanions(company: Company, shown: Shown | null): SeenCompanion[] {
  return [...company.cards.peek().values()].map(({ companion, name }) => {
    const view = shown?.avatars.find(({ entity }) => entity === entityOf(companion));
    return {
      companion,
      name,
      position: view?.position ?? null,
      yaw: view?.yaw ?? null,
      bubble: view?.bubble ?? null,
      thinking: view?.companion?.thinking ?? false,
      emotion: view?.companion?.emotion ?? null,
      carrying: view?.companion?.carrying ?? false,
      sitting: view?.companion?.sitting ?? false,
    };
  });
}

/** Loose things and platforms. */
export function seenObjects(document: WorldDocument | null, shown: Shown | null): SeenObject[] {
  const names = new Map(
    document?.objects.map((object, index) => [idAt(document, index), object.name] as const),
  );
  return (shown?.objects ?? []).map(({ object, position, rotation }) => ({
    object,
    name: names.get(object) ?? null,
    position,
    rotation,
  }));
}

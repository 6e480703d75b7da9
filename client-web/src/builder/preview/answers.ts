/** What a server would tell of a world's past and its drafts, for the preview and for tests. */

const MINUTE_MS = 60_000;

/** The draft that the preview shows; null: the world itself. */
export interface FakeDraft {
  of: string;
  title: string;
}

const thing = (object: number, name: string | null, what: readonly string[] = []) => ({
  object,
  name,
  ...(what.length > 0 ? { what } : {}),
});

const DIFFERENCE = {
  added: [thing(3, "Lamp by the gate"), thing(4, "Bench"), thing(5, null)],
  removed: [thing(70_001, "Old fence"), thing(70_002, "Old fence 2")],
  changed: [
    thing(1, "House", ["place", "visuals"]),
    ...Array.from({ length: 12 }, (_, index) => thing(10 + index, `Stone ${index + 1}`, ["place"])),
  ],
  materials: { added: ["brass"], removed: [], changed: [] },
  blueprints: { added: [], removed: [], changed: [] },
  settings: false,
  environment: false,
  title: false,
};

export const PUBLICATION = {
  ...DIFFERENCE,
  conflicts: [
    { object: 1, name: "House", aspect: "place" },
    { object: 3, name: "Lamp by the gate", aspect: "light" },
    { aspect: "environment" },
  ],
  conflicts_more: 0,
};

function history(nowMs: number): unknown {
  const by = (revision: number, name: string, minutes: number, operations: number) => ({
    revision,
    at_ms: nowMs - minutes * MINUTE_MS,
    name,
    operations: Array.from({ length: operations }, () => ({})),
  });
  return [by(9, "Ada", 2, 4), by(8, "Bo", 34, 12), by(7, "Ada", 50, 1), by(6, "Chloé", 1_700, 3)];
}

function versions(nowMs: number): unknown {
  const by = (id: number, name: string, author: string, minutes: number) => ({
    id,
    name,
    revision: id,
    at_ms: nowMs - minutes * MINUTE_MS,
    author,
    mine: author === "Ada",
  });
  return {
    versions: [by(2, "Before the market", "Ada", 130), by(1, "Opening night", "Bo", 4_000)],
    revision: 9,
  };
}

function drafts(nowMs: number, draft: FakeDraft | null): unknown {
  const listed = [
    {
      world: "plaza-draft-k3v9x2",
      title: "New lamps",
      name: "Ada",
      at_ms: nowMs - 40 * MINUTE_MS,
      people: 2,
    },
    {
      world: "plaza-draft-a1b2c3",
      title: "A market along the water",
      name: "Chloé",
      at_ms: nowMs - 2_900 * MINUTE_MS,
      people: 0,
    },
  ];
  return {
    of: draft?.of ?? null,
    title: draft?.title ?? null,
    base: draft === null ? null : 2,
    drafts: draft === null ? listed : [],
  };
}

/** Null: it is about something else. */
export function answerPast(
  url: string,
  method: string,
  draft: FakeDraft | null,
  nowMs: number,
): Response | null {
  const end = url.replace(/^\/api\/worlds\/[^/]+/, "").replace(/\?.*$/, "");
  switch (`${method} ${end}`) {
    case "GET /history":
      return Response.json(history(nowMs));
    case "GET /versions":
      return Response.json(versions(nowMs));
    case "GET /drafts":
      return Response.json(drafts(nowMs, draft));
    case "POST /drafts":
      return Response.json({ world: "plaza-draft-k3v9x2" });
    case "GET /diff":
      return Response.json(DIFFERENCE);
    case "GET /publish":
      return Response.json(PUBLICATION);
    case "POST /publish":
      return Response.json({ world: "plaza", revision: 12, operations: 34 });
    case "DELETE ":
      return new Response(null, { status: 204 });
    default:
      return null;
  }
}

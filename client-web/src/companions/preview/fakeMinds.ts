/** A server that keeps companions in memory, by the contract of the real one: for previews and tests. */
import { type Pair, type Persona, readPersona, TRAITS, traitsOf } from "../persona";

const MINUTE_MS = 60_000;

export interface FakeMind {
  persona: Persona;
  isMine: boolean;
  isShipped: boolean;
  versions: { at_ms: number; persona: Persona }[];
  memories: FakeMemory[];
  people: { person: string; memories: number }[];
}

interface FakeMemory {
  id: number;
  kind: "episode" | "fact";
  relation: string | null;
  text: string;
  at_ms: number;
  importance: number;
  until_ms: number | null;
}

/** One of the templates, with all that a persona has. */
export function somebody(name: string, change: Partial<Persona> = {}): Persona {
  const genome = Object.fromEntries(
    TRAITS.map((trait, index): [string, Pair] => [
      trait,
      [18 + index * 11, 62 + ((index * 23) % 37)],
    ]),
  );
  const written = {
    name,
    voice: "clear and low",
    role: { en: "the gardener here", fr: "le jardinier d’ici" },
    background: {
      en: "My grandmother could tell the hour by which flower was open. I learned to kneel and to wait, and that is most of gardening.",
      fr: "Ma grand-mère lisait l’heure aux fleurs ouvertes. J’ai appris à m’agenouiller et à attendre.",
    },
    manner: "Slow and concrete. Speaks of soil, weather and seasons.",
    likes: [
      { en: "rain after noon", fr: "la pluie de l’après-midi" },
      { en: "old apple trees", fr: "les vieux pommiers" },
    ],
    dislikes: [{ en: "late frost", fr: "les gelées tardives" }],
    languages: ["en", "fr"],
    genome,
    greetings: [{ en: "Ah, {person}.", fr: "Ah, {person}." }],
    sayings: [{ en: "Roots first.", fr: "Les racines d’abord." }],
  };
  const persona = readPersona(written);
  if (persona === null) throw new Error("a written persona is one");
  return { ...persona, ...change };
}

const TEMPLATES: readonly (readonly [string, string, string, string])[] = [
  ["guide", "Nia", "the guide of this place", "la guide de ce lieu"],
  ["gardener", "Tomas", "the gardener here", "le jardinier d’ici"],
  ["storyteller", "Ysolde", "a teller of stories", "une conteuse d’histoires"],
  ["carver", "Bram", "a carver of wood and small boats", "sculpteur de bois et de petits bateaux"],
  ["jester", "Pip", "the one who makes people laugh", "celui qui fait rire les gens"],
  ["teacher", "Oria", "a teacher of whatever you ask", "professeure de ce que vous voulez"],
  ["lamplighter", "Edda", "the lamplighter", "l’allumeuse de réverbères"],
];

export class FakeMinds {
  readonly minds = new Map<string, FakeMind>();
  readonly sent: { method: string; path: string; body: unknown }[] = [];
  /** What is answered next in the place of the truth. */
  readonly refusals: { status: number; body: object }[] = [];
  /** What a preview says, piece by piece, and how it ends. */
  pieces: readonly string[] = ["I am ", "glad you ", "came by."];
  end: object = { done: { is_reduced: true } };
  /** Between two pieces. */
  paceMs = 0;
  nowMs: number;
  #ids = 100;
  readonly #consents = new Set<string>();

  constructor(nowMs: number) {
    this.nowMs = nowMs;
    this.add("guide", somebody("Nia"), { isShipped: true });
    const mira = this.add("mira", somebody("Mira", { role: "the keeper of the well" }), {
      isMine: true,
    });
    mira.people = [
      { person: "9f3ac2d1e0b44a77", memories: 12 },
      { person: "07bb51c3aa90e2f4", memories: 1 },
    ];
    this.remember("mira", "lives_in", "Lyon", 3 * 24 * 60, 40);
    this.remember("mira", "lives_in", "Grenoble", 40);
    this.remember("mira", "pet:dog", "Plume", 24 * 60);
    this.remember("mira", null, "You told me about the storm on the lake.", 25 * 60);
    this.remember("mira", null, "We looked for the red ball, and you laughed.", 12);
  }

  add(mind: string, persona: Persona, change: Partial<FakeMind> = {}): FakeMind {
    const made: FakeMind = {
      persona,
      isMine: false,
      isShipped: false,
      versions: [{ at_ms: this.nowMs - 90 * MINUTE_MS, persona }],
      memories: [],
      people: [],
      ...change,
    };
    this.minds.set(mind, made);
    return made;
  }

  remember(
    mind: string,
    relation: string | null,
    text: string,
    minutesAgo: number,
    endedMinutesAgo: number | null = null,
  ): void {
    this.#ids += 1;
    this.minds.get(mind)?.memories.push({
      id: this.#ids,
      kind: relation === null ? "episode" : "fact",
      relation,
      text,
      at_ms: this.nowMs - minutesAgo * MINUTE_MS,
      importance: 50,
      until_ms: endedMinutesAgo === null ? null : this.nowMs - endedMinutesAgo * MINUTE_MS,
    });
  }

  readonly answer = (url: string, init: RequestInit): Promise<Response> => {
    const method = init.method ?? "GET";
    const [mind = "", ...rest] = url.replace(/^\/api\/companions\/?/, "").split("/");
    const body = JSON.parse(String(init.body ?? "null")) as Record<string, unknown> | null;
    this.sent.push({ method, path: [mind, ...rest].join("/"), body });
    const refusal = this.refusals.shift();
    if (refusal !== undefined)
      return Promise.resolve(Response.json(refusal.body, { status: refusal.status }));
    if (mind === "preview") return Promise.resolve(this.#preview(init.signal ?? null));
    const answer = this.#answer(method, mind, rest, body ?? {});
    const [status, value] = Array.isArray(answer) ? answer : [404, { error: "unknown", text: "" }];
    return Promise.resolve(
      status === 204 ? new Response(null, { status }) : Response.json(value, { status }),
    );
  };

  #answer(
    method: string,
    mind: string,
    [what, id]: string[],
    body: Record<string, unknown>,
  ): [number, unknown] | null {
    if (mind === "templates") return [200, this.#templates()];
    if (mind === "") return method === "POST" ? this.#create(body) : [200, this.#list()];
    const known = this.minds.get(mind);
    if (known === undefined) return null;
    switch (`${method} ${what ?? ""}`) {
      case "GET ":
        return [200, this.#told(mind, known)];
      case "PUT ":
        return this.#change(known, body);
      case "DELETE ":
        this.minds.delete(mind);
        return [204, null];
      case "GET versions":
        return [200, versionsOf(known)];
      case "POST return":
        return this.#return(known, Number(body.version));
      case "POST consents":
        this.#consents.add("c0de-7f31");
        return [201, { consent: "c0de-7f31", ends_at_ms: this.nowMs + 24 * 60 * MINUTE_MS }];
      case "POST children":
        return this.#child(known, body);
      case "GET people":
        return [200, known.people];
      case "DELETE people":
        known.people = known.people.filter(({ person }) => person !== id);
        return [204, null];
      default:
        return this.#knows(method, known, id ?? null, body);
    }
  }

  #templates(): unknown {
    return TEMPLATES.map(([id, name, en, fr]) => ({
      id,
      persona: somebody(name, { role: { en, fr } }),
    }));
  }

  #list(): unknown {
    return [...this.minds].map(([mind, { persona, isMine, isShipped }]) => ({
      mind,
      name: persona.name,
      is_mine: isMine,
      is_shipped: isShipped,
    }));
  }

  #told(mind: string, { persona, isMine, isShipped, versions }: FakeMind): unknown {
    const born = traitsOf(persona.genome);
    return {
      mind,
      is_mine: isMine,
      version: isShipped ? null : versions.length,
      persona: isMine || isShipped ? persona : null,
      name: persona.name,
      traits: {
        ...born,
        playfulness: Math.min(100, born.playfulness + 9),
        courage: born.courage - 6,
      },
      born,
      genes: TRAITS.map((trait) => persona.genome[trait]),
    };
  }

  #create({ persona }: Record<string, unknown>): [number, unknown] {
    const read = readPersona(persona);
    if (read === null) return [422, { error: "refused", text: "the persona is not readable" }];
    const slug = read.name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
    const mind = this.minds.has(slug) ? `${slug}-2` : slug;
    this.add(mind, read, { isMine: true });
    return [201, { mind, version: 1 }];
  }

  #change(known: FakeMind, { persona, version }: Record<string, unknown>): [number, unknown] {
    const read = readPersona(persona);
    if (!known.isMine) return [403, { error: "not_yours", text: "" }];
    if (version !== known.versions.length) return [409, { error: "changed", text: "" }];
    if (read === null) return [422, { error: "refused", text: "" }];
    known.persona = read;
    known.versions.push({ at_ms: this.nowMs, persona: read });
    return [200, { version: known.versions.length }];
  }

  #return(known: FakeMind, version: number): [number, unknown] | null {
    const older = known.versions[version - 1];
    if (older === undefined) return null;
    known.persona = older.persona;
    known.versions.push({ at_ms: this.nowMs, persona: older.persona });
    return [200, { version: known.versions.length }];
  }

  #child(known: FakeMind, body: Record<string, unknown>): [number, unknown] | null {
    const other = this.minds.get(String(body.with));
    if (other === undefined) return null;
    if (!other.isMine && !other.isShipped && !this.#consents.delete(String(body.consent)))
      return [403, { error: "no_consent", text: "" }];
    const seed = Number(body.seed ?? 7);
    const genome = Object.fromEntries(
      TRAITS.map((trait, index) => [
        trait,
        [known.persona.genome[trait][seed & 1], other.persona.genome[trait][(seed + index) & 1]],
      ]),
    ) as Persona["genome"];
    const [, made] = this.#create({ persona: { ...known.persona, name: body.name, genome } });
    return [201, { ...(made as object), seed }];
  }

  #knows(
    method: string,
    known: FakeMind,
    id: string | null,
    { text }: Record<string, unknown>,
  ): [number, unknown] | null {
    if (method === "DELETE") {
      known.memories = id === null ? [] : known.memories.filter((one) => String(one.id) !== id);
      return [204, null];
    }
    if (method === "PUT") return this.#correct(known, id, String(text));
    const isKnown = known.memories.length > 0;
    const bond = { trust: 34, respect: 21, warmth: 58, familiarity: 46, playfulness: -12 };
    const nothing = { trust: 0, respect: 0, warmth: 0, familiarity: 0, playfulness: 0 };
    return [
      200,
      {
        bond: isKnown ? bond : nothing,
        stage: isKnown ? "friend" : "stranger",
        memories: known.memories.toSorted((a, b) => b.at_ms - a.at_ms),
      },
    ];
  }

  #correct(known: FakeMind, id: string | null, text: string): [number, unknown] | null {
    const old = known.memories.find((one) => String(one.id) === id);
    if (old === undefined) return null;
    if (old.kind === "episode") {
      old.text = text;
      return [200, { id: old.id }];
    }
    old.until_ms = this.nowMs;
    this.#ids += 1;
    known.memories.push({ ...old, id: this.#ids, text, at_ms: this.nowMs, until_ms: null });
    return [200, { id: this.#ids }];
  }

  #preview(signal: AbortSignal | null): Response {
    const encoder = new TextEncoder();
    const events = [...this.pieces.map((says) => ({ says })), this.end];
    const { paceMs } = this;
    let next = 0;
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        if (paceMs > 0) await new Promise((then) => setTimeout(then, paceMs));
        const event = events[next];
        next += 1;
        if (event === undefined || signal?.aborted) controller.close();
        else controller.enqueue(encoder.encode(`data: ${JSON.stringify(event)}\n\n`));
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  }
}

function versionsOf({ versions }: FakeMind): unknown {
  return versions
    .map(({ at_ms }, index) => ({ number: index + 1, at_ms, by_me: true }))
    .toReversed();
}

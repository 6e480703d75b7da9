// Talks to companions of a server as programs of others do: with OpenAI's own package. Run by
// `tests/door.rs`, which knows what has to come of it; prints what came as one line of JSON.
//
//   node openai.mjs STORY ADDRESS KEY

import process from "node:process";
import OpenAI from "openai";

const [story, baseURL, apiKey] = process.argv.slice(2);
const client = new OpenAI({ apiKey, baseURL, maxRetries: 0 });

const said = (text) => [{ role: "user", content: text }];

/** What an error is to a program: its class, and what it says. */
async function failure(act) {
  try {
    return { came: await act() };
  } catch (error) {
    const { name } = error.constructor;
    const { status, code, param, type } = error;
    const wait = error.headers?.get("retry-after") ?? null;
    return { name, status, code, param, type, wait, request: error.requestID ?? null };
  }
}

async function streamed(text, more = {}) {
  const stream = await client.chat.completions.create({
    model: "guide",
    messages: said(text),
    stream: true,
    stream_options: { include_usage: true },
    ...more,
  });
  const came = { roles: [], pieces: [], finishes: [], usage: null, objects: [] };
  for await (const chunk of stream) {
    came.objects.push(chunk.object);
    came.usage = chunk.usage ?? came.usage;
    for (const { delta, finish_reason } of chunk.choices) {
      if (delta.role) came.roles.push(delta.role);
      if (delta.content) came.pieces.push(delta.content);
      if (finish_reason) came.finishes.push(finish_reason);
    }
  }
  return came;
}

async function whole(text, more = {}) {
  const completion = await client.chat.completions.create({
    model: "guide",
    messages: said(text),
    ...more,
  });
  return { ...completion, request: completion._request_id };
}

/** Hears the beginning of an answer and hangs up. */
async function abandoned(text) {
  const stream = await client.chat.completions.create({
    model: "guide",
    messages: said(text),
    stream: true,
  });
  for await (const chunk of stream) {
    if (chunk.choices[0]?.delta.content) break;
  }
  stream.controller.abort();
  return stream.controller.signal.aborted;
}

const stories = {
  async reduced() {
    const models = [];
    for await (const model of client.models.list()) models.push(model.id);
    const one = await client.models.retrieve("guide");
    const stranger = new OpenAI({ apiKey: "viv_nobody", baseURL, maxRetries: 0 });
    return {
      models,
      one: one.id,
      whole: await whole("My dog is called Bruno.", { user: "ana" }),
      again: await whole("What do you remember about me?", { user: "ana" }),
      other: await whole("What do you remember about me?", { user: "bo" }),
      streamed: await streamed("Hello, who are you?"),
      stranger: await failure(() => stranger.models.list()),
      missing: await failure(() => whole("Hello", { model: "nobody" })),
      unknown: await failure(() => client.models.retrieve("nobody")),
      tools: await failure(() =>
        whole("Hello", { tools: [{ type: "function", function: { name: "wave" } }] }),
      ),
      several: await failure(() => whole("Hello", { n: 2 })),
      elsewhere: await failure(() => client.embeddings.create({ model: "guide", input: "x" })),
    };
  },
  async modelled() {
    return {
      whole: await whole("Where is the old lighthouse of the harbour?"),
      streamed: await streamed("Where is the old lighthouse of the harbour?"),
    };
  },
  async abandoned() {
    const aborted = [];
    for (let number = 0; number < 6; number += 1) {
      aborted.push(await abandoned("Tell me the long story of the tide, please."));
    }
    return { aborted, whole: await whole("Where is the old lighthouse of the harbour?") };
  },
  async limited() {
    const ask = () => whole("Where is the old lighthouse of the harbour?");
    return { first: await failure(ask), second: await failure(ask) };
  },
  async often() {
    for (let number = 0; number < 1000; number += 1) {
      const told = await failure(() => client.models.list());
      if (told.name) return told;
    }
    return null;
  },
  async revoked() {
    return failure(() => client.models.list());
  },
};

process.stdout.write(`${JSON.stringify(await stories[story]())}\n`);

/**
 * Somebody talks to a companion whose words come from a language model: a scripted upstream, which
 * others wrote after what providers send.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LLMock } from "@copilotkit/aimock";
import { apart, ask, BESIDES, ballApart, expectBrought, openPanel, walkToNia } from "./nia";
import { test as base, expect } from "./world";

const STORY =
  "Once the harbour was so still that the gulls walked home, and nobody would believe them but me.";
const COMES = "Right behind you, Ada.";
const FETCHES = "The red one? I am on my way.";

/** Slow enough that its words are seen to come. */
const STREAM = { chunkSize: 6, streamingProfile: { ttft: 300, tps: 25 } };

function script(upstream: LLMock): void {
  // What was said before may stand in a prompt as well, so that what is said last comes first here.
  for (const [match, name, args, answer] of [
    ["bring me the red ball", "give", { object: "red ball", person: "speaker" }, FETCHES],
    ["come along", "follow", { person: "speaker" }, COMES],
  ] as const) {
    const call = { name, arguments: JSON.stringify(args) };
    upstream.on({ userMessage: match, hasToolResult: false }, { toolCalls: [call] });
    upstream.on({ userMessage: match, hasToolResult: true }, { content: answer }, STREAM);
  }
  upstream.onMessage("harbour", { content: STORY }, STREAM);
}

const test = base.extend<{ upstream: LLMock }>({
  // biome-ignore lint/correctness/noEmptyPattern: playwright reads what a fixture asks for
  upstream: async ({}, use) => {
    const upstream = new LLMock({ port: 0, strict: true });
    script(upstream);
    await upstream.start();
    await use(upstream);
    await upstream.stop();
  },
  flags: async ({ upstream }, use) => {
    const folder = await mkdtemp(join(tmpdir(), "vivarium-upstream-"));
    const settings = join(folder, "dialogue.toml");
    await writeFile(
      settings,
      `[providers.scripted]
kind = "openai"
base_url = "${upstream.url}/v1"
[[models]]
name = "scripted-model"
provider = "scripted"
tier = "large"
context_tokens = 16000
input_microdollars_per_million = 150000
output_microdollars_per_million = 600000
`,
    );
    await use(["--dialogue", settings]);
    await rm(folder, { recursive: true, force: true });
  },
});

test.use({ isSmall: true, besides: BESIDES });

test("a model's words stream in, and what it calls is done", async ({ address, visitor }) => {
  const ada = await visitor({ viewport: { width: 1280, height: 720 } });
  const { page } = ada;
  await ada.enter(address, "Ada");
  await expect.poll(() => apart(ada)).toBeLessThan(40);
  await walkToNia(ada);
  await openPanel(ada);

  await page.getByRole("textbox", { name: "Talk to Nia" }).fill("Tell me of the harbour.");
  await page.keyboard.press("Enter");
  const answer = page.locator(".panel-talk .turn[data-state]").first();
  const text = answer.locator(".turn-text");
  await expect(text).toHaveText(/^Once the harbour/);
  expect(STORY.startsWith(((await text.textContent()) ?? "").trim())).toBe(true);
  await ada.shoot("streaming");
  await expect(answer).toHaveAttribute("data-state", "done");
  await expect(text).toHaveText(STORY);
  // It is no reduced mode.
  await expect(page.locator(".panel-talk .from-memory")).toBeHidden();

  expect(await ask(page, "Please come along with me!")).toBe(COMES);
  await page.keyboard.press("Escape");
  await ada.walkTo(8, 8);
  await expect.poll(() => apart(ada)).toBeLessThan(5);

  await openPanel(ada);
  await expect.poll(() => ballApart(ada)).toBeGreaterThan(4);
  expect(await ask(page, "Would you bring me the red ball?")).toBe(FETCHES);
  await ada.shoot("asked");
  await page.keyboard.press("Escape");
  await expectBrought(ada);
});

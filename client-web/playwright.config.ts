import { defineConfig } from "@playwright/test";

/** Debian's Chromium; WebGL runs in software, so pictures are few and tests wait for conditions. */
const FLAGS = [
  "--headless=new",
  "--no-sandbox",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

export default defineConfig({
  testDir: "tests/browser",
  testMatch: "*.spec.ts",
  outputDir: "test-results",
  workers: 1,
  timeout: 240_000,
  expect: { timeout: 45_000 },
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    viewport: { width: 640, height: 360 },
    locale: "en-GB",
    launchOptions: {
      executablePath: process.env.VIVARIUM_CHROMIUM ?? "/usr/bin/chromium",
      args: FLAGS,
      ignoreDefaultArgs: ["--headless"],
    },
    trace: "retain-on-failure",
  },
});

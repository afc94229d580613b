import { existsSync } from "node:fs";
import { defineConfig } from "@playwright/test";

// Debian's Chromium, or another that CHROMIUM names. Playwright's own cannot be had everywhere.
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const ROOT = process.getuid?.() === 0;
const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  ...(ROOT ? ["--no-sandbox"] : []),
];

if (!existsSync(CHROMIUM)) throw new Error(`${CHROMIUM}: not there; install Chromium, or set CHROMIUM to where it is`);

export default defineConfig({
  testDir: "e2e",
  outputDir: "build/e2e",
  fullyParallel: false,
  workers: 2, // each has nodes of its own, and takes the next file
  retries: process.env.CI ? 1 : 0, // what passes only then is listed as flaky, and is wrong
  // Long enough for a machine that does much else meanwhile: what a test waits for ends it, not the time.
  timeout: 900_000,
  maxFailures: 10, // something that all need is broken
  expect: { timeout: 120_000 },
  reporter: process.env.E2E_JSON ? [["list"], ["json", { outputFile: process.env.E2E_JSON }]] : "list",
  use: {
    locale: "en-US",
    actionTimeout: 120_000,
    navigationTimeout: 120_000,
    colorScheme: "light",
    viewport: { width: 1280, height: 800 },
    reducedMotion: "reduce",
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    launchOptions: { executablePath: CHROMIUM, args: FLAGS },
  },
  projects: [
    { name: "e2e", testMatch: /.*\.spec\.ts/ },
    { name: "screenshots", testMatch: /screenshots\.ts/ },
  ],
});

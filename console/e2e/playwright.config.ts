import { defineConfig } from "@playwright/test";

/** Drives a running service at `AGENTDB_URL` with the machine's own Chromium. */
const baseURL = process.env["AGENTDB_URL"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  testDir: ".",
  // Deadlines, not delays: far beyond what a busy machine needs.
  // One journey builds on the other's data, and the machine may be small.
  workers: 1,
  fullyParallel: false,
  forbidOnly: Boolean(process.env["CI"]),
  retries: 0,
  timeout: 600_000,
  expect: { timeout: 30_000 },
  // Each by itself is within the time that one test of the whole service may take; they may run beside each other.
  projects: [
    { name: "data", testIgnore: ["account/**", "organization/**"], outputDir: "./.output/data" },
    { name: "account", testMatch: "account/**/*.spec.ts", outputDir: "./.output/account" },
    { name: "organization", testMatch: "organization/**/*.spec.ts", outputDir: "./.output/organization" },
  ],
  reporter: [["list"]],
  use: {
    baseURL,
    actionTimeout: 30_000,
    navigationTimeout: 30_000,
    launchOptions: {
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});

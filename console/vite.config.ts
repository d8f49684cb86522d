import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** During development the API is a running `agentdb up`; in production both share one origin. */
const api = process.env["AGENTDB_URL"] ?? "http://127.0.0.1:8080";

const page = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export default defineConfig({
  plugins: [react(), tailwindcss()],
  server: {
    host: "127.0.0.1",
    proxy: { "/v1": api, "/openapi.json": api },
  },
  build: {
    target: "es2023",
    // Data URIs would need exceptions in the Content-Security-Policy.
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: { index: page("index.html"), docs: page("docs.html") },
    },
  },
  test: { environment: "node", include: ["src/**/*.test.ts"], testTimeout: 60_000 },
});

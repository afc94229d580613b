import { defineConfig, mergeConfig } from "vitest/config";
import vite from "./vite.config.ts";

export default mergeConfig(
  vite({ command: "serve", mode: "test" }),
  defineConfig({
    test: { environment: "jsdom", include: ["tests/**/*.test.ts"], server: { deps: { inline: ["element-plus"] } } },
  }),
);

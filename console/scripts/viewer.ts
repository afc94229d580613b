/** Puts the viewer of the API's description (Swagger UI) beside the pages: api.html, in public/, loads it. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Plugin } from "vite";

const FILES = ["swagger-ui-bundle.js", "swagger-ui.css"];

export function viewer(): Plugin {
  const { resolve } = createRequire(import.meta.url);
  return {
    name: "viewer",
    apply: "build",
    generateBundle() {
      for (const name of FILES) {
        const source = readFileSync(resolve(`swagger-ui-dist/${name}`), "utf8");
        this.emitFile({ type: "asset", fileName: name, source });
      }
    },
  };
}

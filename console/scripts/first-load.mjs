/**
 * Sums what a browser loads for the login page and the list of configurations, compressed by gzip (br is smaller), and
 * fails over the limits. Reads the last build: npm run build, then npm run size [folder of the build].
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const LIMIT = 400 * 1024;
/** With some ten questions to the node, fewer than 25 requests. */
const FILES = 14;
const PAGES = ["index.html", "src/pages/login/LoginPage.vue", "src/pages/config/ConfigurationManagement.vue"];
const LANGUAGES = ["zh-CN", "en-US"];

const out = process.argv[2] ?? process.env.NACOS_TW_CONSOLE_OUT ?? "../nacos_tw/console/static";
const manifest = JSON.parse(readFileSync(join(out, ".vite/manifest.json"), "utf8"));

function size(file) {
  const path = join(out, file);
  return statSync(existsSync(`${path}.gz`) ? `${path}.gz` : path).size;
}

/** The build's entry for a source, or for a chunk of several by its name (see vite.config.ts). */
function entry(name) {
  const found = manifest[name] ?? Object.values(manifest).find((one) => one.name === name);
  if (!found) throw new Error(`${name}: not in the build`);
  return found;
}

function take(name, files) {
  const chunk = entry(name);
  if (files.has(chunk.file)) return files;
  for (const file of [chunk.file, ...(chunk.css ?? []), ...(chunk.assets ?? [])]) files.add(file);
  for (const next of chunk.imports ?? []) take(next, files);
  return files;
}

let bad = false;
for (const language of LANGUAGES) {
  const files = new Set(["index.html", "favicon.svg"]);
  for (const name of [...PAGES, "style.css", language]) take(name, files);
  const total = [...files].reduce((sum, file) => sum + size(file), 0);
  console.log(`${language}: ${files.size} files, ${total} bytes`);
  if (total > LIMIT) console.error(`${language}: more than ${LIMIT} bytes`);
  if (files.size > FILES) console.error(`${language}: more than ${FILES} files: ${[...files].join(", ")}`);
  bad ||= total > LIMIT || files.size > FILES;
}
if (bad) process.exit(1);

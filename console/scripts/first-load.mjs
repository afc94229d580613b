/**
 * Sums what a browser loads for the login page and the list of configurations, compressed by gzip (br is smaller), and
 * fails over the limit. Reads the last build: npm run build, then npm run size [folder of the build].
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const LIMIT = 400 * 1024;
const PAGES = ["index.html", "src/pages/login/LoginPage.vue", "src/pages/config/ConfigurationManagement.vue"];
const LANGUAGES = ["src/locales/zh-CN/index.ts", "src/locales/en-US/index.ts"];

const out = process.argv[2] ?? process.env.NACOS_TW_CONSOLE_OUT ?? "../nacos_tw/console/static";
const manifest = JSON.parse(readFileSync(join(out, ".vite/manifest.json"), "utf8"));

function size(file) {
  const path = join(out, file);
  return statSync(existsSync(`${path}.gz`) ? `${path}.gz` : path).size;
}

function take(name, files) {
  const chunk = manifest[name];
  if (!chunk) throw new Error(`${name}: not in the build`);
  if (files.has(chunk.file)) return files;
  for (const file of [chunk.file, ...(chunk.css ?? []), ...(chunk.assets ?? [])]) files.add(file);
  for (const next of chunk.imports ?? []) take(next, files);
  return files;
}

let worst = 0;
for (const language of LANGUAGES) {
  const files = new Set(["index.html", "favicon.svg"]);
  for (const name of [...PAGES, language]) take(name, files);
  const locale = Object.keys(manifest).find((name) => name.endsWith(language.includes("zh") ? "lang/zh-cn.mjs" : "lang/en.mjs"));
  if (locale) take(locale, files);
  const total = [...files].reduce((sum, file) => sum + size(file), 0);
  worst = Math.max(worst, total);
  console.log(`${language}: ${files.size} files, ${total} bytes`);
}
if (worst > LIMIT) {
  console.error(`the first load is ${worst} bytes; the limit is ${LIMIT}`);
  process.exit(1);
}

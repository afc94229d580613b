/** Metadata as Nacos's pages take it: a JSON object of texts, or `key=value` pairs. */

export type Metadata = Record<string, string>;

/** The pairs of a JSON object. @throws Error with a message key for anything else. */
export function readJson(text: string): Metadata {
  if (text.trim() === "") return {};
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    throw new Error("common.metadata.notJson");
  }
  if (typeof found !== "object" || found === null || Array.isArray(found)) throw new Error("common.metadata.notObject");
  const entries = Object.entries(found).map(([key, value]): [string, string] => {
    if (typeof value === "object" && value !== null) throw new Error("common.metadata.notText");
    return [key, value === null ? "" : String(value)];
  });
  return Object.fromEntries(entries);
}

export function writeJson(metadata: Metadata): string {
  return JSON.stringify(metadata, null, 2);
}

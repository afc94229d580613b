/** Objects of JSON that are typed by hand. */

/** The object that a text is; undefined for an empty text. @throws Error with a message's key */
export function objectOf(text: string): Record<string, unknown> | undefined {
  if (text.trim() === "") return undefined;
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    throw new Error("common.metadata.notJson");
  }
  if (typeof found !== "object" || found === null || Array.isArray(found)) throw new Error("common.metadata.notObject");
  return found as Record<string, unknown>;
}

/** A text as people read it; "" for nothing. */
export const pretty = (value: unknown) => (value === undefined || value === null ? "" : JSON.stringify(value, null, 2));

/** Without the members that say nothing. */
export function compact<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== null && one !== undefined)) as Partial<T>;
}

/** A message's key for what is wrong; "" for nothing. */
export function problemOf(read: () => unknown): string {
  try {
    read();
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

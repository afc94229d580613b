/** A tab that was opened before the node was renewed asks for files that are no longer there. */

const KEY = "nacos.reloaded";
const PATIENCE = 10_000;

/** Whether an error says that a part of the console could not be loaded; each browser has its own words. */
export function isStale(error: unknown): boolean {
  return /dynamically imported module|Importing a module script failed|Unable to preload/i.test(String(error));
}

/** Whether to load the page anew: not again and again, if that does not help. */
export function mayReload(now = Date.now()): boolean {
  if (now - Number(sessionStorage.getItem(KEY) ?? 0) < PATIENCE) return false;
  sessionStorage.setItem(KEY, String(now));
  return true;
}

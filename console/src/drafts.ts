/** What was typed when a login ended: kept in the tab until the same user logs in again, so that the work goes on. */
const KEY = "nacos.draft";

interface Draft {
  username: string;
  /** The page's address in the router. */
  page: string;
  values: unknown;
}

function kept(): Draft | undefined {
  const text = sessionStorage.getItem(KEY);
  return text === null ? undefined : (JSON.parse(text) as Draft);
}

/** Keep the values of a page. A browser that has no room for them keeps nothing. */
export function keepDraft(username: string, page: string, values: unknown): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ username, page, values } satisfies Draft));
  } catch {
    dropDraft();
  }
}

/** What was kept for this page, once. */
export function takeDraft<T>(page: string): T | undefined {
  const draft = kept();
  dropDraft();
  return draft?.page === page ? (draft.values as T) : undefined;
}

/** Forget what was kept; with a name: unless it is theirs. */
export function dropDraft(unlessOf?: string): void {
  if (unlessOf === undefined || kept()?.username !== unlessOf) sessionStorage.removeItem(KEY);
}

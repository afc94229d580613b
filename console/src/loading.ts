/** Asking for what a page shows: what could not be had is told for as long as it is so, and can be asked for again. */
import { ref, type Ref } from "vue";
import { ApiError } from "@/api/client";
import { reasonOf } from "@/live";

export interface Loading {
  /** Why it could not be had; "" when it could. */
  trouble: Ref<string>;
  /** When it was had last, in epoch milliseconds; 0 for never. */
  since: Ref<number>;
  /** Ask, and take note of how that ended; of several at a time the last one counts. Fails as `task` does. */
  attempt: <T>(task: () => Promise<T>) => Promise<T>;
  /** The same, for those who have nothing to add: an ApiError has been told. */
  load: (task: () => Promise<unknown>) => Promise<void>;
}

export function useLoading(): Loading {
  const trouble = ref("");
  const since = ref(0);
  let latest = 0;

  async function attempt<T>(task: () => Promise<T>): Promise<T> {
    const asked = ++latest;
    try {
      const found = await task();
      if (asked === latest) [trouble.value, since.value] = ["", Date.now()];
      return found;
    } catch (error) {
      if (asked === latest && error instanceof ApiError) trouble.value = reasonOf(error);
      throw error;
    }
  }

  async function load(task: () => Promise<unknown>): Promise<void> {
    try {
      await attempt(task);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }

  return { trouble, since, attempt, load };
}

/** What pages about one thing of an AI registry do alike: they load it, and delete it. */
import { onMounted, ref, shallowRef } from "vue";
import { useRouter } from "vue-router";
import { ApiError } from "@/api/client";
import { t } from "@/i18n";
import { useLive } from "@/live";
import { useLoading } from "@/loading";
import { loadNamespaces, namespaceId } from "@/namespaces";
import { deleted } from "@/notify";
import { mayRead } from "./rights";
import type { Shown } from "./shown";

/** How often a version is asked for, in milliseconds: endpoints come and go. */
const EVERY = 3000;

const isReadable = ({ name }: Shown) => name.value !== "" && mayRead(namespaceId.value, name.value);

/** A version whose endpoints come and go: it is asked for again and again, until it is gone. @param read asks quietly. */
export function useLiveDetail<Detail>(shown: Shown, read: () => Promise<Detail>) {
  const router = useRouter();
  const found = shallowRef<Detail>();
  const gone = ref(false);
  const { trouble, since, now } = useLive(async () => {
    if (!isReadable(shown) || gone.value) return;
    try {
      const fresh = await read();
      if (JSON.stringify(fresh) !== JSON.stringify(found.value)) found.value = fresh;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      gone.value = true;
      found.value = undefined;
    }
  }, EVERY);
  shown.onChange(() => {
    gone.value = false;
    void now();
  });

  /** Delete a version after a question; the latest of the others is shown then, or the list where it was the `last`. */
  async function removeVersion(version: string, last: boolean, task: () => Promise<unknown>): Promise<void> {
    if (!(await deleted(t(last ? "ai.deleteLast" : "ai.deleteVersion", { name: shown.name.value, version }), task))) return;
    if (last) await router.push(shown.list.value);
    else if (shown.version.value) shown.version.value = "";
    else await now();
  }

  return { found, gone, trouble, since, reload: now, removeVersion };
}

/** A thing that changes only when somebody changes it: it is asked for once. @param read is called where it may be read. */
export function useLoadedDetail(shown: Shown, read: () => Promise<void>) {
  const router = useRouter();
  const { trouble, since, load } = useLoading();
  const reload = () =>
    load(async () => {
      void loadNamespaces();
      if (isReadable(shown)) await read();
    });
  onMounted(reload);
  shown.onChange(reload);

  /** Delete it with all its versions after a question; the list is shown then. */
  async function removeAll(task: () => Promise<unknown>): Promise<void> {
    if (await deleted(t("ai.deleteWhole", { name: shown.name.value }), task)) await router.push(shown.list.value);
  }

  return { trouble, since, reload, removeAll };
}

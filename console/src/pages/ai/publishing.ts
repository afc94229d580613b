/** What pages that publish to an AI registry do alike: a new thing, or another version of the one in their address. */
import { computed, onMounted, reactive, ref } from "vue";
import { useRouter } from "vue-router";
import { t } from "@/i18n";
import { useLoading } from "@/loading";
import { loadNamespaces, namespaceId } from "@/namespaces";
import { showSuccess, showWarning } from "@/notify";
import { useLeaving } from "@/pages/config/leaving";
import { mayCreate, mayWrite } from "./rights";
import { useShown } from "./shown";

interface Registry {
  /** The path of the page that lists such things. */
  list: string;
  /** The path of the page about one. */
  detail: string;
  /** What is typed; reactive. */
  draft: object;
  /** Fill the draft with a version. @param version "" for the latest. */
  read: (name: string, version: string) => Promise<void>;
  /** Whether the draft can be published as it is. */
  isSound: () => boolean;
  /** Publish the draft; the version that it is now. @param isNew whether nothing of the name is to be there yet. */
  write: (isNew: boolean) => Promise<{ name?: string | null; version?: string | null }>;
}

export function usePublishing({ list, detail, draft, read, isSound, write }: Registry) {
  const router = useRouter();
  const shown = useShown(list);
  /** Whose other version is published; "" for something new. */
  const edited = shown.name.value;
  /** The draft as it was at first; "" until it is there. */
  const first = ref("");
  const tried = ref(false);
  const busy = ref(false);
  const done = ref(false);
  const { trouble, since, load } = useLoading();
  const allowed = computed(() => (edited ? mayWrite(namespaceId.value, edited) : mayCreate(namespaceId.value)));
  useLeaving(computed(() => !done.value && first.value !== "" && JSON.stringify(draft) !== first.value), () => draft);

  const start = () =>
    load(async () => {
      void loadNamespaces();
      if (edited && allowed.value) await read(edited, shown.version.value);
      first.value = JSON.stringify(draft);
    });
  onMounted(start);

  async function publish(): Promise<void> {
    tried.value = true;
    if (!isSound()) return showWarning(t("ai.incomplete"));
    busy.value = true;
    try {
      const { name, version } = await write(!edited);
      done.value = true;
      showSuccess(t("ai.done"));
      await router.replace({ path: detail, query: { name, version, namespace: namespaceId.value } });
    } finally {
      busy.value = false;
    }
  }

  return reactive({ edited, list: shown.list, tried, busy, isReady: computed(() => first.value !== ""), trouble, since, allowed, start, publish });
}

export type Publishing = ReturnType<typeof usePublishing>;

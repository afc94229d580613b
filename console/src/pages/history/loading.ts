/** A version of the address's query, and the config as it is now. */
import { onMounted, ref } from "vue";
import { useRoute } from "vue-router";
import { config as fetchConfig, type Config } from "@/api/config";
import { version as fetchVersion, type Version } from "@/api/history";
import { useLoading } from "@/loading";
import { loadNamespaces, namespaceId } from "@/namespaces";
import { keyOf, queryText } from "@/pages/config/logic";
import { mayRead } from "@/pages/config/rights";

export function useVersion() {
  const route = useRoute();
  const key = keyOf(route.query, namespaceId.value);
  const nid = queryText(route.query.nid);
  const found = ref<Version | null>();
  const current = ref<Config | null>();

  const { trouble, load: attempt } = useLoading();

  async function ask(): Promise<void> {
    if (!mayRead(key)) return;
    if (!key.dataId || !key.group || !nid) {
      found.value = null;
      return;
    }
    [found.value, current.value] = await Promise.all([fetchVersion(key, nid), fetchConfig(key)]);
  }

  const load = () => attempt(ask);
  onMounted(() => {
    void loadNamespaces();
    return load();
  });
  return { key, nid, found, current, trouble, load };
}

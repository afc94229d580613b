/** The namespaces, and the one that this tab looks at. The address's `namespace=` wins over what was chosen before. */
import { computed, ref } from "vue";
import { namespaces as fetchNamespaces, type Namespace } from "@/api/namespace";
import { session } from "@/session";

const KEY = "nacos.namespace";

export const namespaceList = ref<Namespace[]>([]);
/** Id of the present namespace; "" is public. */
export const namespaceId = ref(sessionStorage.getItem(KEY) ?? "");

export const namespaceName = computed(
  () => namespaceList.value.find((one) => one.namespace === namespaceId.value)?.namespaceShowName ?? "public",
);

export function normalNamespace(id: unknown): string {
  return typeof id !== "string" || id === "public" ? "" : id;
}

export function choose(id: string): void {
  namespaceId.value = normalNamespace(id);
  sessionStorage.setItem(KEY, namespaceId.value);
}

/** Fetch the list; once, unless `again`. */
export async function loadNamespaces(again = false): Promise<void> {
  if (!session.known || (namespaceList.value.length > 0 && !again)) return;
  namespaceList.value = await fetchNamespaces();
}

/** Which thing, and version of it, a page shows: `name` and `version` of its address. */
import { computed, type WritableComputedRef } from "vue";
import { useRoute, useRouter } from "vue-router";
import { namespaceId } from "@/namespaces";

export function useShown(): { name: WritableComputedRef<string>; version: WritableComputedRef<string>; link: (path: string, more?: Record<string, string>) => { path: string; query: Record<string, string> } } {
  const route = useRoute();
  const router = useRouter();
  const param = (field: string) =>
    computed({
      get: () => (typeof route.query[field] === "string" ? route.query[field] : ""),
      set: (value) => void router.replace({ path: route.path, query: { ...route.query, [field]: value || undefined } }),
    });
  const name = param("name");
  /** Another page about it. */
  const link = (path: string, more: Record<string, string> = {}) => ({ path, query: { name: name.value, namespace: namespaceId.value, ...more } });
  return { name, version: param("version"), link };
}

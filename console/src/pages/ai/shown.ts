/** Which thing, and version of it, a page shows: `name` and `version` of its address. */
import { computed, watch, type ComputedRef, type WritableComputedRef } from "vue";
import { useRoute, useRouter } from "vue-router";
import { namespaceId } from "@/namespaces";

export interface Address {
  path: string;
  query: Record<string, string>;
}

export interface Shown {
  name: WritableComputedRef<string>;
  version: WritableComputedRef<string>;
  /** The list that it is in. */
  list: ComputedRef<Address>;
  /** Another page about it. */
  link: (path: string, more?: Record<string, string>) => Address;
  /** Does the task when this page is to show something else; not when it is left. */
  onChange: (task: () => unknown) => void;
}

/** @param list the path of the page that lists such things. */
export function useShown(list: string): Shown {
  const route = useRoute();
  const { path: own } = route;
  const router = useRouter();
  const param = (field: string) =>
    computed({
      get: () => (typeof route.query[field] === "string" ? route.query[field] : ""),
      set: (value) => void router.replace({ path: route.path, query: { ...route.query, [field]: value || undefined } }),
    });
  const name = param("name");
  const link = (path: string, more: Record<string, string> = {}) => ({ path, query: { name: name.value, namespace: namespaceId.value, ...more } });
  // The namespace of all pages changes as soon as one is left; that of the address with the page.
  const onChange = (task: () => unknown) =>
    void watch([() => route.query.name, () => route.query.version, () => route.query.namespace], () => route.path === own && task());
  return { name, version: param("version"), list: computed(() => ({ path: list, query: { namespace: namespaceId.value } })), link, onChange };
}

/** "Back" of a page that others lead to. */
import { useRouter, type RouteLocationRaw } from "vue-router";

/** Leads to the page that one came from, as one left it; to `list`, which the page belongs to, if there is none. */
export function useBack(): (list: RouteLocationRaw) => void {
  const router = useRouter();
  return (list) => {
    const from: unknown = window.history.state?.back;
    if (typeof from === "string" && !from.startsWith("/login")) router.back();
    else void router.push(list);
  };
}

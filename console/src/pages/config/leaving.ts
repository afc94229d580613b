/** Asks before changes that are not published are left behind. */
import { onBeforeUnmount, onMounted, type Ref } from "vue";
import { onBeforeRouteLeave } from "vue-router";
import { t } from "@/i18n";
import { confirmed } from "@/notify";
import { session } from "@/session";

export function useLeaving(dirty: Ref<boolean>): void {
  function unloading(event: BeforeUnloadEvent): void {
    if (dirty.value) event.preventDefault();
  }
  onMounted(() => window.addEventListener("beforeunload", unloading));
  onBeforeUnmount(() => window.removeEventListener("beforeunload", unloading));
  onBeforeRouteLeave((to) => {
    // Who has to log in again cannot stay anyway.
    if (!dirty.value || (to.path === "/login" && !session.known)) return true;
    return confirmed(t("config.leave"), t("config.unpublished"), false);
  });
}

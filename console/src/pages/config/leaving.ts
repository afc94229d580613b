/** Asks before changes that are not published are left behind. */
import { onBeforeUnmount, onMounted, type Ref } from "vue";
import { onBeforeRouteLeave } from "vue-router";
import { keepDraft } from "@/drafts";
import { t } from "@/i18n";
import { confirmed } from "@/notify";
import { expired, session } from "@/session";

/**
 * @param dirty whether there is something to lose.
 * @param values what a draft of it is made of: see `takeDraft`.
 */
export function useLeaving(dirty: Ref<boolean>, values: () => unknown): void {
  function unloading(event: BeforeUnloadEvent): void {
    if (dirty.value) event.preventDefault();
  }
  onMounted(() => window.addEventListener("beforeunload", unloading));
  onBeforeUnmount(() => window.removeEventListener("beforeunload", unloading));
  onBeforeRouteLeave((to, from) => {
    if (!dirty.value) return true;
    if (to.path !== "/login" || session.known) return confirmed(t("config.leave"), t("config.unpublished"), false);
    // Who has to log in again cannot stay, but finds it all when they come back.
    if (expired.value) keepDraft(expired.value, from.fullPath, values());
    return true;
  });
}

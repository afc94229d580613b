import { createApp } from "vue";
import App from "./App.vue";
import { ApiError, onLoginNeeded } from "./api/client";
import { serverState } from "./api/server";
import { loadLanguage, i18n, preferredLanguage, t } from "./i18n";
import { showError, showWarning } from "./notify";
import { router } from "./router";
import { expire, start } from "./session";
import { isStale, mayReload } from "./stale";
import { applyTheme } from "./theme";
import "element-plus/theme-chalk/base.css";
import "element-plus/theme-chalk/dark/css-vars.css";
import "./styles/console.css";

/** A page's files are not to be had: load the console anew, at that page, from a node that answers. */
async function renew(page: string): Promise<void> {
  try {
    await serverState();
  } catch {
    showError({ status: 0, message: "" });
    return;
  }
  if (!mayReload()) {
    showWarning(t("common.stale"));
    return;
  }
  window.location.hash = page;
  window.location.reload();
}

async function main(): Promise<void> {
  applyTheme();
  await Promise.all([loadLanguage(preferredLanguage()), start()]);
  onLoginNeeded(() => {
    expire();
    const wanted = router.currentRoute.value;
    if (wanted.path !== "/login") void router.push({ path: "/login", query: { redirect: wanted.fullPath } });
  });
  const app = createApp(App).use(i18n).use(router);
  router.onError((error, to) => {
    if (isStale(error)) void renew(to.fullPath);
    else if (!(error instanceof ApiError)) console.error(error);
  });
  // A failed request has told the user already (api/client.ts); anything else is a fault of ours.
  app.config.errorHandler = (error) => {
    if (isStale(error)) showWarning(t("common.stale"));
    else if (!(error instanceof ApiError)) console.error(error);
  };
  window.addEventListener("unhandledrejection", (event) => {
    if (event.reason instanceof ApiError || isStale(event.reason)) event.preventDefault();
  });
  app.mount("#app");
}

void main();

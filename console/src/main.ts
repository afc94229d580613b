import { createApp } from "vue";
import App from "./App.vue";
import { ApiError, onLoginNeeded } from "./api/client";
import { loadLanguage, i18n, preferredLanguage, t } from "./i18n";
import { showWarning } from "./notify";
import { router } from "./router";
import { forget, start } from "./session";
import { isStale, mayReload } from "./stale";
import { applyTheme } from "./theme";
import "element-plus/theme-chalk/base.css";
import "element-plus/theme-chalk/dark/css-vars.css";
import "./styles/console.css";

async function main(): Promise<void> {
  applyTheme();
  await Promise.all([loadLanguage(preferredLanguage()), start()]);
  onLoginNeeded(() => {
    forget();
    const wanted = router.currentRoute.value;
    if (wanted.path !== "/login") void router.push({ path: "/login", query: { redirect: wanted.fullPath } });
  });
  const app = createApp(App).use(i18n).use(router);
  router.onError((error, to) => {
    if (isStale(error) && mayReload()) {
      window.location.hash = to.fullPath;
      window.location.reload();
    }
  });
  // A failed request has told the user already (api/client.ts); anything else is a fault of ours.
  app.config.errorHandler = (error) => {
    if (isStale(error)) showWarning(t("common.stale"));
    else if (!(error instanceof ApiError)) console.error(error);
  };
  window.addEventListener("unhandledrejection", (event) => {
    if (event.reason instanceof ApiError) event.preventDefault();
  });
  app.mount("#app");
}

void main();

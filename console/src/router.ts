/** The routes of Nacos 1.4's console, so that its bookmarks work here. */
import { ref } from "vue";
import { createRouter, createWebHashHistory, isNavigationFailure, NavigationFailureType, type RouteRecordRaw } from "vue-router";
import { choose, namespaceId, normalNamespace } from "@/namespaces";
import { sees, someNamespace } from "@/rights";
import { authEnabled, functionMode, session } from "@/session";

type Loader = () => Promise<unknown>;

function page(path: string, component: Loader, title: string, menu?: string, admin = false): RouteRecordRaw {
  return { path, component, meta: { title, menu: menu ?? path, admin } };
}

const LIST = "/configurationManagement";
const HISTORY = "/historyRollback";

export const routes: RouteRecordRaw[] = [
  { path: "/login", component: () => import("@/pages/login/LoginPage.vue"), meta: { bare: true, title: "login.title" } },
  { path: "/register", redirect: "/login" },
  { path: "/", redirect: () => (functionMode.value === "naming" ? "/serviceManagement" : LIST) },
  { path: "/welcome", redirect: "/" },

  page(LIST, () => import("@/pages/config/ConfigurationManagement.vue"), "common.menu.configurations"),
  page("/newconfig", () => import("@/pages/config/NewConfig.vue"), "config.new", LIST),
  page("/configeditor", () => import("@/pages/config/ConfigEditor.vue"), "config.edit", LIST),
  page("/configdetail", () => import("@/pages/config/ConfigDetail.vue"), "config.detail", LIST),
  page("/configsync", () => import("@/pages/config/ConfigSync.vue"), "config.sync", LIST),
  page(HISTORY, () => import("@/pages/history/HistoryRollback.vue"), "common.menu.history"),
  page("/historyDetail", () => import("@/pages/history/HistoryDetail.vue"), "history.detail", HISTORY),
  page("/configRollback", () => import("@/pages/history/ConfigRollback.vue"), "history.rollback", HISTORY),
  page("/listeningToQuery", () => import("@/pages/config/ListeningToQuery.vue"), "common.menu.listening"),

  page("/serviceManagement", () => import("@/pages/service/ServiceManagement.vue"), "common.menu.services"),
  page("/serviceDetail", () => import("@/pages/service/ServiceDetail.vue"), "service.detail", "/serviceManagement"),
  page("/subscriberList", () => import("@/pages/service/SubscriberList.vue"), "common.menu.subscribers"),

  page("/mcpServerManagement", () => import("@/pages/ai/McpServers.vue"), "common.menu.mcpServers"),
  page("/mcpServerDetail", () => import("@/pages/ai/McpServer.vue"), "ai.mcp.detail", "/mcpServerManagement"),
  page("/newMcpServer", () => import("@/pages/ai/McpEditor.vue"), "ai.mcp.publish", "/mcpServerManagement"),
  page("/agentManagement", () => import("@/pages/ai/AgentList.vue"), "common.menu.agents"),
  page("/agentDetail", () => import("@/pages/ai/AgentDetail.vue"), "ai.agent.detail", "/agentManagement"),
  page("/newAgent", () => import("@/pages/ai/AgentEditor.vue"), "ai.agent.publish", "/agentManagement"),
  page("/promptManagement", () => import("@/pages/ai/PromptList.vue"), "common.menu.prompts"),
  page("/promptDetail", () => import("@/pages/ai/PromptDetail.vue"), "ai.prompt.detail", "/promptManagement"),
  page("/newPrompt", () => import("@/pages/ai/PromptEditor.vue"), "ai.prompt.publish", "/promptManagement"),
  page("/skillManagement", () => import("@/pages/ai/SkillList.vue"), "common.menu.skills"),
  page("/skillDetail", () => import("@/pages/ai/SkillDetail.vue"), "ai.skill.detail", "/skillManagement"),

  page("/clusterManagement", () => import("@/pages/cluster/ClusterManagement.vue"), "common.menu.nodes"),
  page("/connections", () => import("@/pages/cluster/ConnectionList.vue"), "common.menu.connections"),
  page("/namespace", () => import("@/pages/namespace/NamespacePage.vue"), "common.menu.namespace"),

  page("/userManagement", () => import("@/pages/auth/UserManagement.vue"), "common.menu.users", undefined, true),
  page("/rolesManagement", () => import("@/pages/auth/RolesManagement.vue"), "common.menu.roles", undefined, true),
  page(
    "/permissionsManagement",
    () => import("@/pages/auth/PermissionsManagement.vue"),
    "common.menu.permissions",
    undefined,
    true,
  ),
  page("/settingCenter", () => import("@/pages/settings/SettingCenter.vue"), "common.menu.settings"),
  { path: "/:rest(.*)*", redirect: "/" },
];

/** Grows when the browser (a link, Back, an edited address) changes the query of the page that is shown. */
export const browsed = ref(0);
let byBrowser = false;
// Before the router's own listener.
window.addEventListener("popstate", () => (byBrowser = true));

/**
 * Whether another page is on its way: its code may have to be loaded first. The one that is left is not shown meanwhile:
 * what is typed into it would be lost.
 */
export const leaving = ref(false);

export const router = createRouter({ history: createWebHashHistory(), routes });

router.onError(() => (leaving.value = false));
router.afterEach((to, from, failure) => {
  if (!isNavigationFailure(failure, NavigationFailureType.cancelled)) leaving.value = false;
  if (byBrowser && to.path === from.path && to.fullPath !== from.fullPath) browsed.value++;
  byBrowser = false;
});

router.beforeEach((to, from) => {
  // The page that is left was asked already, it may hold something that is not published.
  leaving.value = to.path !== from.path;
  if (typeof to.query.namespace === "string" && normalNamespace(to.query.namespace) !== namespaceId.value) {
    choose(to.query.namespace);
  }
  if (session.trouble) return true;
  if (session.known && to.query.namespace === undefined && !sees(namespaceId.value)) choose(someNamespace() ?? "");
  if (authEnabled.value && !session.known && to.path !== "/login") {
    return { path: "/login", query: { redirect: to.fullPath } };
  }
  if (to.path === "/login" && (!authEnabled.value || session.known)) return wantedAfterLogin(to.query.redirect);
  if (to.meta.admin && !session.globalAdmin) return "/";
  return true;
});

/** Where a login leads: the page that was wanted, which must be one of ours. */
export function wantedAfterLogin(redirect: unknown): string {
  return typeof redirect === "string" && /^\/(?![/\\])/.test(redirect) && !redirect.startsWith("/login") ? redirect : "/";
}

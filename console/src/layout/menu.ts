/** The side menu: Nacos 1.4's, without what this node does not do or the user may not see. */
import type { Component } from "vue";
import { Connection, Cpu, Document, Files, Lock, Monitor, Setting } from "@element-plus/icons-vue";

export interface Entry {
  /** Message key. */
  title: string;
  /** Route; a group has entries instead. */
  path?: string;
  icon?: Component;
  entries?: Entry[];
}

const CONFIG: Entry = {
  title: "common.menu.configManagement",
  icon: Document,
  entries: [
    { title: "common.menu.configurations", path: "/configurationManagement" },
    { title: "common.menu.history", path: "/historyRollback" },
    { title: "common.menu.listening", path: "/listeningToQuery" },
  ],
};

const NAMING: Entry = {
  title: "common.menu.serviceManagement",
  icon: Connection,
  entries: [
    { title: "common.menu.services", path: "/serviceManagement" },
    { title: "common.menu.subscribers", path: "/subscriberList" },
  ],
};

const AI: Entry = {
  title: "common.menu.ai",
  icon: Cpu,
  entries: [
    { title: "common.menu.mcpServers", path: "/mcpServerManagement" },
    { title: "common.menu.agents", path: "/agentManagement" },
    { title: "common.menu.prompts", path: "/promptManagement" },
    { title: "common.menu.skills", path: "/skillManagement" },
  ],
};

const AUTHORITY: Entry = {
  title: "common.menu.authority",
  icon: Lock,
  entries: [
    { title: "common.menu.users", path: "/userManagement" },
    { title: "common.menu.roles", path: "/rolesManagement" },
    { title: "common.menu.permissions", path: "/permissionsManagement" },
  ],
};

/**
 * The entries to show.
 * @param mode the node's function mode: "", "config" or "naming".
 * @param admin whether the user is an administrator.
 */
export function menuEntries(mode: string, admin: boolean): Entry[] {
  return [
    ...(mode === "naming" ? [] : [CONFIG]),
    ...(mode === "config" ? [] : [NAMING]),
    ...(mode === "" ? [AI] : []), // they are kept as configs and services
    {
      title: "common.menu.clusterManagement",
      icon: Monitor,
      entries: [
        { title: "common.menu.nodes", path: "/clusterManagement" },
        { title: "common.menu.connections", path: "/connections" },
      ],
    },
    { title: "common.menu.namespace", icon: Files, path: "/namespace" },
    ...(admin ? [AUTHORITY] : []),
    { title: "common.menu.settings", icon: Setting, path: "/settingCenter" },
  ];
}

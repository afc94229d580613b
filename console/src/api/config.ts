/** Configurations. */
import { download, request, rest, type Page, type Rest } from "./client";

const PATH = "v1/cs/configs";

export interface ConfigKey {
  dataId: string;
  group: string;
  /** Namespace id; "" is public. */
  tenant: string;
}

/** A row of the list. */
export interface ConfigItem extends ConfigKey {
  id: string;
  content: string;
  md5: string | null;
  appName: string | null;
  type: string | null;
  /** In the list: names of its copies for some clients: "beta", "tag_" and the tag, or that of one by labels. */
  grayNames?: string[];
}

export interface Config extends ConfigItem {
  createTime: number;
  modifyTime: number;
  createUser: string | null;
  createIp: string | null;
  desc: string | null;
  use: string | null;
  effect: string | null;
  schema: string | null;
  configTags: string | null;
}

export interface Beta extends ConfigKey {
  content: string;
  md5: string | null;
  betaIps: string;
}

export interface Search {
  dataId: string;
  group: string;
  appName: string;
  config_tags: string;
  tenant: string;
  search: "blur" | "accurate";
}

export interface Publish extends ConfigKey {
  content: string;
  type?: string;
  desc?: string | null;
  appName?: string | null;
  config_tags?: string | null;
  use?: string | null;
  effect?: string | null;
  schema?: string | null;
}

export const searchConfigs = (wanted: Search, pageNo: number, pageSize: number) =>
  request<Page<ConfigItem>>("GET", PATH, { query: { ...wanted, pageNo, pageSize, grayNames: true } });

/** The whole row; null if there is no such config. */
export const config = ({ dataId, group, tenant }: ConfigKey) =>
  request<Config | null>("GET", PATH, { query: { show: "all", dataId, group, tenant } });

/** The gray copy; null if there is none. */
export const beta = ({ dataId, group, tenant }: ConfigKey) =>
  rest<Beta | null>("GET", PATH, { query: { beta: true, dataId, group, tenant } });

/** As `casMd5`: only if there is no such config yet. (No md5 is equal to it, and a missing config is never compared.) */
export const NOTHING = "none";

/**
 * Publish.
 * @param headers `casMd5`: only if the stored md5 is this one (a refusal is an error "Cas publish fail…");
 *   `betaIps`: as a gray copy for these addresses.
 */
export const publish = (values: Publish, headers: { casMd5?: string; betaIps?: string } = {}, quiet = false) => {
  const sent: Record<string, string> = {};
  if (headers.casMd5) sent.casMd5 = headers.casMd5;
  if (headers.betaIps) sent.betaIps = headers.betaIps;
  return request<boolean>("POST", PATH, { form: { ...values }, headers: sent, quiet });
};

export const stopBeta = ({ dataId, group, tenant }: ConfigKey) =>
  rest<boolean>("DELETE", PATH, { query: { beta: true, dataId, group, tenant } });

export const deleteConfig = ({ dataId, group, tenant }: ConfigKey) =>
  request<boolean>("DELETE", PATH, { query: { dataId, group, tenant } });

export const deleteConfigs = (ids: string[], tenant: string) =>
  rest<boolean>("DELETE", PATH, { query: { delType: "ids", ids: ids.join(","), tenant } });

/** Save a zip: the configs of these ids, or with none what the search finds. The old layout keeps less (no type). */
export function exportConfigs(wanted: Omit<Search, "search" | "config_tags">, ids: string[], old: boolean): Promise<void> {
  const { dataId, group, appName, tenant } = wanted;
  const query = { [old ? "export" : "exportV2"]: true, dataId, group, appName, tenant, ids: ids.join(",") };
  return download(PATH, query, "nacos_config_export.zip");
}

export type Policy = "ABORT" | "SKIP" | "OVERWRITE";

export interface Transferred {
  succCount: number;
  skipCount?: number;
  failData?: { dataId: string; group: string }[];
  skipData?: { dataId: string; group: string }[];
  unrecognizedCount?: number;
  unrecognizedData?: { itemName: string }[];
  /** Entries that are no text. */
  unreadableCount?: number;
  unreadableData?: { itemName: string }[];
}

/** What an import or a clone did. Codes other than 200 say in `message` why nothing was done. */
export type Report = Rest<Transferred | null>;

/** @param skipUnreadable imports the rest where an entry is no text; else nothing is imported then. */
export function importConfigs(file: File, policy: Policy, namespace: string, skipUnreadable: boolean): Promise<Report> {
  const body = new FormData();
  body.set("policy", policy);
  body.set("file", file);
  return request<Report>("POST", PATH, { query: { import: true, namespace, unreadable: skipUnreadable ? "skip" : undefined }, body });
}

export interface CloneItem {
  cfgId: string;
  dataId: string;
  group: string;
}

export const cloneConfigs = (items: CloneItem[], target: string, policy: Policy, source: string) =>
  request<Report>("POST", PATH, {
    query: { clone: true, tenant: target || "public", policy, namespaceId: source },
    json: items,
  });

export interface Listeners {
  collectStatus: number;
  /** By config: address -> md5. By address: dataId+group[+tenant] -> md5. */
  lisentersGroupkeyStatus: Record<string, string>;
}

export const listenersOf = ({ dataId, group, tenant }: ConfigKey) =>
  request<Listeners>("GET", `${PATH}/listener`, { query: { dataId, group, tenant } });

export const listenedBy = (ip: string, tenant: string) =>
  request<Listeners>("GET", "v1/cs/listener", { query: { ip, tenant, all: tenant === "" ? undefined : true } });

/** Earlier versions of configurations. */
import { request, type Page } from "./client";
import type { ConfigKey } from "./config";

const PATH = "v1/cs/history";

/** I: was created; U: the content that an update replaced; D: was deleted. May be followed by blanks. */
export type Operation = "I" | "U" | "D";

export interface Version extends ConfigKey {
  id: string;
  appName: string | null;
  md5: string | null;
  content: string | null;
  srcIp: string | null;
  srcUser: string | null;
  opType: string;
  createdTime: string;
  lastModifiedTime: string;
  /** "gray" for what only some clients got; 1.4 has no such rows. */
  publishType?: string | null;
}

export const versions = (key: ConfigKey, pageNo: number, pageSize: number) =>
  request<Page<Version>>("GET", PATH, { query: { search: "accurate", ...key, pageNo, pageSize } });

export const version = (key: ConfigKey, nid: string) =>
  request<Version | null>("GET", PATH, { query: { ...key, nid } });

/** The newest version of the config with an id. */
export const previousVersion = (key: ConfigKey, id: string) =>
  request<Version | null>("GET", `${PATH}/previous`, { query: { ...key, id } });

/** Every config of a namespace, for suggestions. */
export const knownConfigs = (tenant: string) =>
  request<{ dataId: string; group: string }[]>("GET", `${PATH}/configs`, { query: { tenant }, quiet: true });

export const isGray = (found: Version): boolean => found.publishType === "gray";

export const operation = (found: Version): Operation => found.opType.trim() as Operation;

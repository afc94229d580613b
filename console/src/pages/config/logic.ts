/** What the configuration pages decide, without a page. */
import type { ConfigKey, Config, Publish, Report, Search } from "@/api/config";
import { translated } from "@/reasons";

export const TYPES = ["text", "json", "xml", "yaml", "html", "properties", "toml"] as const;
export type ConfigType = (typeof TYPES)[number];
export const DEFAULT_GROUP = "DEFAULT_GROUP";
export const MOST_TAGS = 5;

const ENDINGS: Record<string, ConfigType> = {
  json: "json",
  xml: "xml",
  yml: "yaml",
  yaml: "yaml",
  htm: "html",
  html: "html",
  properties: "properties",
  toml: "toml",
  txt: "text",
};

/** The type that a dataId's ending tells; undefined if it tells none. */
export function typeOf(dataId: string): ConfigType | undefined {
  return ENDINGS[/\.(\w+)$/.exec(dataId)?.[1]?.toLowerCase() ?? ""];
}

/** A stored type as one of ours. */
export function knownType(type: string | null | undefined): ConfigType {
  return TYPES.find((one) => one === type) ?? "text";
}

/** Message key of what is wrong with a dataId or group; "" if nothing. */
export function nameProblem(name: string, longest: number): string {
  if (name.trim() === "") return "common.required";
  if (!/^[\p{L}\p{N}_\-.:]+$/u.test(name)) return "config.badName";
  return name.length > longest ? "config.longName" : "";
}

/** Message key of what is wrong with a list of tags; "" if nothing. */
export function tagsProblem(tags: string[]): string {
  if (tags.length > MOST_TAGS) return "config.manyTags";
  if (tags.some((tag) => /[,=]/.test(tag))) return "config.badTag";
  return tags.some((tag) => tag.length > 64) ? "config.longTag" : "";
}

export function tagList(text: string | null | undefined): string[] {
  return (text ?? "").split(",").map((tag) => tag.trim()).filter(Boolean);
}

export interface SearchForm {
  dataId: string;
  group: string;
  appName: string;
  tags: string[];
  /** Find texts inside names; else names have to be equal. */
  fuzzy: boolean;
}

function loose(text: string): string {
  return text === "" || text.includes("*") ? text : `*${text}*`;
}

/** What to ask the node. Wild cards work in exact mode too, as in Nacos's page: a `*` makes the search a blurred one. */
export function searchOf(form: SearchForm, tenant: string): Search {
  const { dataId, group } = form;
  const starred = dataId.includes("*") || group.includes("*");
  return {
    dataId: form.fuzzy ? loose(dataId.trim()) : dataId.trim(),
    group: form.fuzzy ? loose(group.trim()) : group.trim(),
    appName: form.appName.trim(),
    config_tags: form.tags.join(","),
    tenant,
    search: form.fuzzy || starred ? "blur" : "accurate",
  };
}

/** A text of an address's query; missing and repeated ones are "". */
export function queryText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

type Query = Record<string, unknown>;

/** The first of some names of an address's query that has a text: pages of Nacos call the same thing differently. */
export function firstText(query: Query, ...names: string[]): string {
  return names.map((name) => queryText(query[name])).find(Boolean) ?? "";
}

/** The list of configs as a link to one of them tells that it was; for one who came by a bookmark. */
export function listOf(query: Query, namespace: string) {
  const { searchDataId, searchGroup, pageNo, pageSize } = query;
  const wanted = { dataId: searchDataId, group: searchGroup, pageNo, pageSize };
  const told = Object.entries(wanted).flatMap(([name, value]) => (queryText(value) ? [[name, queryText(value)]] : []));
  return { path: "/configurationManagement", query: { ...(Object.fromEntries(told) as Record<string, string>), namespace } };
}

/** A config of an address's query, as all pages write it. */
export function keyOf(query: Query, namespace: string): ConfigKey {
  return { dataId: queryText(query.dataId), group: queryText(query.group), tenant: namespace };
}

/** Every field that a publish would otherwise reset. */
export function publishOf(config: Config, content: string): Publish {
  return {
    dataId: config.dataId,
    group: config.group,
    tenant: config.tenant,
    content,
    type: config.type ?? "text",
    desc: config.desc ?? undefined,
    appName: config.appName ?? "",
    config_tags: config.configTags ?? "",
    use: config.use ?? undefined,
    effect: config.effect ?? undefined,
    schema: config.schema ?? undefined,
  };
}

/**
 * Why an import or a clone did nothing, in the reader's language where its code is a known one; with what the node says
 * after its own words for the code.
 */
export function reportProblem(report: Report, say: (key: string) => string): string {
  const told = report.message ?? "";
  const known = say(`config.report.${report.code}`);
  if (!known) return told;
  const detail = /^[^:]*: (.+)$/s.exec(told)?.[1];
  return detail ? `${known} (${translated(detail)})` : known;
}

/** The marks of a row of the list: which clients get another version of it. */
export function copiesOf(names: string[] = []): { beta: boolean; tags: string[]; labels: string[] } {
  const tags = names.filter((name) => name.startsWith("tag_"));
  return {
    beta: names.includes("beta"),
    tags: tags.map((name) => name.slice(4)),
    labels: names.filter((name) => name !== "beta" && !tags.includes(name)),
  };
}

/** Whether a publish was refused because somebody else had published. */
export function isConflict(error: { message: string }): boolean {
  return /Cas publish (gray config )?fail/i.test(error.message);
}

/** Addresses of a text field: separated by commas, blanks or line ends; each once. */
export function addresses(text: string): string[] {
  return [...new Set(text.split(/[\s,;，；]+/).filter(Boolean))];
}

const PART = "(25[0-5]|2[0-4]\\d|1?\\d?\\d)";
const IPV4 = new RegExp(`^${PART}(\\.${PART}){3}$`);

export function isAddress(text: string): boolean {
  return IPV4.test(text) || (/^[0-9a-fA-F:.]+$/.test(text) && text.includes(":"));
}

export interface ListenedKey {
  dataId: string;
  group: string;
  tenant: string;
}

/** A key of "what does this address listen to": dataId+group[+tenant], with + and % coded. */
export function listenedKey(key: string): ListenedKey {
  const [dataId = "", group = "", tenant = ""] = key
    .split("+")
    .map((part) => part.replace(/%2B/gi, "+").replace(/%25/g, "%"));
  return { dataId, group, tenant };
}

/** Versions of a config for clients by their labels. */
import { rest } from "./client";
import type { ConfigKey } from "./config";

const PATH = "v3/console/cs/config/gray";
/** The type of rules by labels. */
const BY_LABELS = "tagv2";

export interface LabelCopy {
  name: string;
  /** Who gets it: "region=hz,sh && zone=a". */
  rule: string;
  /** Of several for a client that of the highest is taken. */
  priority: number;
  content: string;
  md5: string;
  modifyTime: number;
  createUser: string | null;
  createIp: string | null;
}

/** As the node tells it; the rule is JSON. */
interface Told extends Omit<LabelCopy, "name" | "rule" | "priority"> {
  grayName: string;
  grayRule: string;
}

const named = ({ dataId, group, tenant }: ConfigKey) => ({ dataId, groupName: group, namespaceId: tenant });

function copyOf({ grayName, grayRule, content, md5, modifyTime, createUser, createIp }: Told): LabelCopy[] {
  const rule = JSON.parse(grayRule) as { type: string; expr: string; priority: number };
  if (rule.type !== BY_LABELS) return [];
  return [{ name: grayName, rule: rule.expr, priority: rule.priority, content, md5, modifyTime, createUser, createIp }];
}

/** All of a config, the one that is taken first before the others. */
export async function labelCopies(key: ConfigKey): Promise<LabelCopy[]> {
  const found = (await rest<Told[]>("GET", PATH, { query: named(key) })).flatMap(copyOf);
  return found.sort((one, other) => other.priority - one.priority || (one.name < other.name ? -1 : 1));
}

/** @param casMd5 only if the stored one has this md5; `NOTHING`: only if there is none. */
export const publishLabelCopy = (key: ConfigKey, copy: Pick<LabelCopy, "name" | "rule" | "priority" | "content">, casMd5: string) =>
  rest<boolean>("POST", PATH, {
    form: { ...named(key), grayName: copy.name, grayMatchRuleExp: copy.rule, grayPriority: copy.priority, content: copy.content },
    headers: { casMd5 },
    quiet: true,
  });

export const endLabelCopy = (key: ConfigKey, name: string) =>
  rest<boolean>("DELETE", PATH, { query: { ...named(key), grayName: name } });

/** What the nodes say of themselves, put together: who leads, and who disagrees. */
import type { Member } from "@/api/cluster";

/** The name under which the Raft group stands in extendInfo, as in Nacos. */
const GROUP = "naming_persistent_service";
/** A node that was not heard of for longer (in milliseconds) has no say: it tells its state every two seconds. */
export const HEARD = 8000;

/** A node as the table shows it. */
export interface Node {
  address: string;
  raftAddress: string;
  state: string;
  /** "" while it has told none. */
  role: string;
  /** Address of the leader that it follows or is; "" for none. */
  leader: string;
  term?: number;
  commit?: number;
  applied?: number;
  /** Entries that it has yet to get, as the leader sees it; the leader's own are those it has yet to apply. */
  lag?: number;
  /** Milliseconds, from the answering node. */
  rtt?: number;
  version: string;
  fault: string;
  heard?: number;
  voters: string[];
  members: string[];
  /** Where it keeps configurations, in one word; none if it has not told. */
  storage: string[];
  self: boolean;
  leads: boolean;
  raw: Member;
}

/** What is wrong: nodes that say the same, with what they say. */
export interface Difference {
  kind: "leader" | "voters" | "members" | "storage" | "notVoting";
  groups: { nodes: string[]; leader?: string; term?: number; list?: string[] }[];
}

export interface Verdict {
  standalone: boolean;
  nodes: Node[];
  /** Address; "" when there is none. */
  leader: string;
  term: number;
  up: number;
  voters: number;
  majority: number;
  differences: Difference[];
}

function groupOf(member: Member) {
  return member.extendInfo.raftMetaData?.metaDataMap?.[GROUP];
}

function nodeOf(member: Member, self: string, names: Map<string, string>): Node {
  const info = member.extendInfo;
  const group = groupOf(member);
  const name = (address: string): string => names.get(address) ?? address;
  return {
    address: member.address,
    raftAddress: `${member.ip}:${info.raftPort ?? member.port - 1000}`,
    state: member.state,
    role: info.raftRole ?? "",
    leader: group?.leader ? name(group.leader) : "",
    term: group?.term,
    commit: info.raftCommit,
    applied: info.raftApplied,
    version: info.version ?? "",
    fault: info.raftMetaData?.errMsg ?? "",
    heard: info.lastRefreshTime,
    voters: (group?.raftGroupMember ?? []).map(name).sort(),
    members: [...(info.members ?? [])].sort(),
    storage: info.storage ? [info.storage, info.database ?? ""] : [],
    self: member.address === self,
    leads: false,
    raw: member,
  };
}

/** Put nodes that say the same together. */
function grouped<T>(nodes: Node[], said: (node: Node) => T): Map<string, { said: T; nodes: string[] }> {
  const found = new Map<string, { said: T; nodes: string[] }>();
  for (const node of nodes) {
    const value = said(node);
    const key = JSON.stringify(value);
    const same = found.get(key);
    if (same) same.nodes.push(node.address);
    else found.set(key, { said: value, nodes: [node.address] });
  }
  return found;
}

/** Kind of storage and mark of the database of each node; a mark that is not known yet is no difference. */
function storageDifference(nodes: Node[]): Difference[] {
  const kinds = new Set(nodes.map((node) => node.storage[0]).filter(Boolean));
  const told = kinds.size > 1 ? nodes : nodes.filter((node) => node.storage[1]);
  return listDifference("storage", told);
}

function listDifference(kind: "voters" | "members" | "storage", nodes: Node[]): Difference[] {
  const told = nodes.filter((node) => node[kind].length > 0);
  const groups = [...grouped(told, (node) => node[kind]).values()];
  return groups.length < 2 ? [] : [{ kind, groups: groups.map((one) => ({ nodes: one.nodes, list: one.said })) }];
}

/**
 * Which of the nodes that have a say disagree, and about what.
 * @param all with those that have none.
 */
export function differences(nodes: Node[], all: Node[]): Difference[] {
  const told = nodes.filter((node) => node.term !== undefined);
  const found: Difference[] = [];
  const leaders = [...grouped(told, (node) => ({ leader: node.leader, term: node.term })).values()];
  if (leaders.length > 1) {
    found.push({ kind: "leader", groups: leaders.map((one) => ({ nodes: one.nodes, ...one.said })) });
  }
  found.push(...listDifference("voters", told), ...listDifference("members", told), ...storageDifference(nodes));
  const voters = new Set(told.flatMap((node) => node.voters));
  const silent = all.map((node) => node.address).filter((address) => !voters.has(address));
  if (voters.size > 0 && silent.length > 0) found.push({ kind: "notVoting", groups: [{ nodes: silent }] });
  return found;
}

/**
 * What there is to say of the cluster.
 * @param members as a node answers them.
 * @param self the address of the node that answered.
 */
export function judge(members: Member[], self: string): Verdict {
  const names = new Map(members.map((one) => [`${one.ip}:${one.extendInfo.raftPort ?? ""}`, one.address]));
  const nodes = members.map((member) => nodeOf(member, self, names));
  const own = nodes.find((node) => node.self);
  const clock = own?.heard ?? Math.max(0, ...nodes.map((node) => node.heard ?? 0));
  const heard = nodes.filter((node) => node.state !== "DOWN" && (node.heard ?? 0) > clock - HEARD);
  const leading = heard.filter((node) => node.role === "LEADER").sort((a, b) => (b.term ?? 0) - (a.term ?? 0))[0];
  for (const node of nodes) {
    node.leads = node === leading;
    const link = leading?.raw.extendInfo.raftPeers?.[node.address];
    if (link?.connected) node.lag = link.lag;
    if (node.leads) node.lag = Math.max(0, (node.commit ?? 0) - (node.applied ?? 0));
    const rtt = own?.raw.extendInfo.raftPeers?.[node.address];
    if (rtt?.connected && rtt.rttMillis > 0) node.rtt = rtt.rttMillis;
  }
  const voters = own?.voters.length ? own.voters : nodes.map((node) => node.address);
  return {
    standalone: members.length === 1 && groupOf(members[0]!) === undefined,
    nodes,
    leader: leading?.address ?? "",
    term: Math.max(0, ...heard.map((node) => node.term ?? 0)),
    up: heard.filter((node) => voters.includes(node.address)).length,
    voters: voters.length,
    majority: Math.floor(voters.length / 2) + 1,
    differences: differences(heard, nodes),
  };
}

/** Those differences that were there at the look before as well: nodes do not hear of a change at the same moment. */
export function lasting(before: Difference[], now: Difference[]): Difference[] {
  return now.filter((one) => before.some((other) => other.kind === one.kind));
}

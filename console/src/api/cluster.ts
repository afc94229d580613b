/** The nodes of the cluster, and their last ten minutes. Reads are quiet: the page repeats them. */
import { ApiError, rest, text } from "./client";

export interface RaftGroup {
  /** ip:raftPort; absent while the node knows none. */
  leader?: string;
  raftGroupMember: string[];
  term: number;
  errMsg?: string;
}

export interface PeerLink {
  connected: boolean;
  /** Entries that the peer has yet to get; only the leader knows. */
  lag: number;
  /** Milliseconds; 0 for not measured. */
  rttMillis: number;
}

export interface ExtendInfo {
  /** Where clients of 2.x and 3.x find it; absent in a node that stands alone. */
  grpcPort?: string;
  lastRefreshTime?: number;
  /** The addresses in the node's cluster.conf. */
  members?: string[];
  raftApplied?: number;
  raftCommit?: number;
  raftLastIndex?: number;
  raftMetaData?: { errMsg?: string; metaDataMap: Record<string, RaftGroup> };
  raftPeers?: Record<string, PeerLink>;
  raftPort?: string;
  /** "embedded" or "external": where it keeps configurations. */
  storage?: string;
  /** The mark of the external database, once it is known: nodes with one mark share one. */
  database?: string;
  raftRole?: "LEADER" | "FOLLOWER" | "CANDIDATE";
  version?: string;
}

export interface Member {
  ip: string;
  port: number;
  address: string;
  /** UP, SUSPICIOUS or DOWN, as the answering node sees it. */
  state: string;
  extendInfo: ExtendInfo;
  failAccessCnt: number;
}

export interface Sample {
  /** Epoch milliseconds. */
  time: number;
  /** Per second. */
  requests: number;
  instances: number;
  listeners: number;
}

export interface RoleEvent {
  time: number;
  role: string;
  term: number;
  leader: string;
}

export interface NodeHistory {
  address: string;
  samples: Sample[];
  events: RoleEvent[];
}

export interface ClusterHistory {
  now: number;
  resolutionMillis: number;
  spanMillis: number;
  nodes: NodeHistory[];
}

const quiet = true;

export const nodes = () => rest<Member[]>("GET", "v1/core/cluster/nodes", { query: { withInstances: false }, quiet });
/** The node that answers. */
export const self = () => rest<Member>("GET", "v1/core/cluster/self", { quiet });
/** How its database is: "UP", or what is wrong. "UP" too where the node has no configurations. */
export async function databaseHealth(): Promise<string> {
  try {
    return (await text("GET", "v1/cs/health", { quiet })).trim();
  } catch (error) {
    if (error instanceof ApiError && [404, 501].includes(error.status)) return "UP";
    throw error;
  }
}

/** Why the node cannot do its work; "" when it can. */
export async function unreadiness(): Promise<string> {
  try {
    await text("GET", "v1/console/health/readiness", { quiet });
    return "";
  } catch (error) {
    if (error instanceof ApiError && error.status >= 500 && error.message) return error.message;
    throw error;
  }
}

export const clusterHistory = (seconds: number) =>
  rest<ClusterHistory>("GET", "v1/console/cluster/history", { query: { seconds }, quiet });
/** Hand the lead to the node with this Raft address. */
export const transferLeader = (raftAddress: string) =>
  rest<unknown>("POST", "v1/core/ops/raft", { json: { command: "transferLeader", value: raftAddress } });

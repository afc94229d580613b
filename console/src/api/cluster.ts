/** The nodes of the cluster, and their last ten minutes. Reads are quiet: the page repeats them. */
import { rest } from "./client";

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
  lastRefreshTime?: number;
  /** The addresses in the node's cluster.conf. */
  members?: string[];
  raftApplied?: number;
  raftCommit?: number;
  raftLastIndex?: number;
  raftMetaData?: { errMsg?: string; metaDataMap: Record<string, RaftGroup> };
  raftPeers?: Record<string, PeerLink>;
  raftPort?: string;
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
export const clusterHistory = (seconds: number) =>
  rest<ClusterHistory>("GET", "v1/console/cluster/history", { query: { seconds }, quiet });
export const leave = (address: string) => rest<unknown>("POST", "v1/core/cluster/server/leave", { json: [address] });
/** Hand the lead to the node with this Raft address. */
export const transferLeader = (raftAddress: string) =>
  rest<unknown>("POST", "v1/core/ops/raft", { json: { command: "transferLeader", value: raftAddress } });

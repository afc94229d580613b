/** The connected clients of all nodes. The list is quiet: the page repeats it. */
import { rest, type Page } from "./client";

export interface Connection {
  /** The address of the node that it is connected to. */
  node: string;
  abilityTable: Record<string, boolean>;
  metaInfo: {
    connectionId: string;
    /** As the client declares it. */
    clientIp: string;
    /** Where it comes from. */
    remoteIp: string;
    remotePort: number;
    version: string;
    /** "-" if it gave none. */
    appName: string;
    /** Of config clients; null for others. */
    tenant: string | null;
    module: string;
    labels: Record<string, string>;
    /** Epoch milliseconds. */
    createTime: number;
    lastActiveTime: number;
    publishes: number;
    subscribes: number;
    listens: number;
  };
}

export interface NodeCount {
  address: string;
  /** All of its clients. */
  total: number;
  /** Those that are looked for. */
  matching: number;
}

export interface Connections extends Page<Connection> {
  nodes: NodeCount[];
  /** Nodes that did not answer. */
  silent: string[];
}

export interface Uses extends Connection {
  publishes: { namespaceId: string; groupName: string; serviceName: string; instances: string[] }[];
  subscribes: { namespaceId: string; groupName: string; serviceName: string; clusters: string }[];
  listens: { namespaceId: string; groupName: string; dataId: string }[];
}

export interface Wanted {
  keyword: string;
  module: string;
  node: string;
}

const PATH = "v3/console/core/connection";

export const connections = (wanted: Wanted, pageNo: number, pageSize: number) =>
  rest<Connections>("GET", `${PATH}/list`, { query: { ...wanted, pageNo, pageSize }, quiet: true });

export const uses = (connectionId: string) => rest<Uses>("GET", PATH, { query: { connectionId }, quiet: true });

/** Ask clients of a node to go to another, or to any where it is "". @returns how many were asked. @throws ApiError */
export async function move(node: string, connectionIds: string[], redirectAddress: string): Promise<number> {
  const form = { node, connectionIds: connectionIds.join(","), redirectAddress };
  return (await rest<{ asked: number }>("POST", `${PATH}/move`, { form, quiet: true })).asked;
}

/** What the page of connections shows, and what somebody should know before clients are moved. */
import type { Connection, NodeCount } from "@/api/connections";

export const MODULES = ["naming", "config", "lock", "ai"];

/** "Nacos-Java-Client:v2.5.1" as "Java 2.5.1"; other texts as they are. */
export function clientOf(version: string): string {
  const found = /^Nacos-(\w+)-Client:v?(.+)$/i.exec(version);
  return found ? `${found[1]} ${found[2]}` : version || "–";
}

/** Labels that tell something: not those that have columns of their own. */
export function labelsOf(labels: Record<string, string>): string[] {
  return Object.entries(labels)
    .filter(([name, value]) => value !== "" && name !== "module" && name !== "AppName")
    .map(([name, value]) => `${name}=${value}`)
    .sort();
}

/** Clients by the node that they are connected to. */
export function byNode(chosen: Connection[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const one of chosen) {
    found.set(one.node, [...(found.get(one.node) ?? []), one.metaInfo.connectionId]);
  }
  return found;
}

/** The nodes to which at least one of these clients could go. */
export function targets(chosen: Connection[], nodes: NodeCount[]): string[] {
  return nodes.map((one) => one.address).filter((address) => chosen.some((one) => one.node !== address));
}

export interface Warning {
  /** A message of connections.warn. */
  text: string;
  values: Record<string, string | number>;
}

/** What moving brings with it. */
export function warnings(chosen: Connection[], target: string, nodes: NodeCount[]): Warning[] {
  const moving = chosen.filter((one) => one.node !== target);
  const found: Warning[] = [];
  if (moving.length < chosen.length) found.push({ text: "there", values: { count: chosen.length - moving.length, target } });
  if (moving.some((one) => one.metaInfo.publishes > 0)) found.push({ text: "publishes", values: {} });
  const fuller = nodes.find((one) => one.address === target);
  const most = Math.max(0, ...nodes.filter((one) => one.address !== target).map((one) => one.total));
  if (fuller && fuller.total + moving.length > 2 * Math.max(1, most - moving.length)) {
    found.push({ text: "uneven", values: { target, total: fuller.total + moving.length } });
  }
  return found;
}

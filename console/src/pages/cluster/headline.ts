/** What the cluster page says above all: good only if nothing that is known speaks against it. */
import type { Verdict } from "./verdict";

export interface Headline {
  type: "success" | "warning" | "error" | "info";
  /** Message key, with its values. */
  title: string;
  text: string;
  values: Record<string, string | number>;
  /** Chooses the form of `text`. */
  count?: number;
}

/** What this node says of itself. */
export interface Own {
  /** Why it is not ready; "" when it is. */
  unready: string;
  /** The answer of /v1/cs/health; "UP" too where there are no configurations. */
  database: string;
}

export const UP = "UP";

/** The headlines, the worst first. */
export function headlines(verdict: Verdict, own: Own): Headline[] {
  const found: Headline[] = [];
  if (own.unready) found.push({ type: "error", title: "cluster.notReady", text: "cluster.reason", values: { reason: own.unready } });
  if (own.database.startsWith("WARN")) {
    found.push({ type: "warning", title: "cluster.databaseWarning", text: "cluster.reason", values: { reason: own.database } });
  } else if (own.database !== UP) {
    found.push({ type: "error", title: "cluster.databaseDown", text: "cluster.databaseDownText", values: { reason: own.database } });
  }
  const cluster = ofCluster(verdict);
  return [...found, found.length > 0 && cluster.type === "success" ? { ...cluster, type: "info" } : cluster];
}

function ofCluster(verdict: Verdict): Headline {
  const { leader, term, up, voters, majority } = verdict;
  const values = { leader, term, up, voters, majority };
  if (verdict.standalone) return { type: "info", title: "cluster.standalone", text: "", values };
  if (!leader) {
    return { type: "error", title: "cluster.noLeader", text: up < majority ? "cluster.tooFew" : "cluster.electing", values, count: up };
  }
  const leads = { title: "cluster.leads", values };
  if (up < voters) return { ...leads, type: "warning", text: "cluster.someDown", count: up };
  const troubled = verdict.nodes.filter((node) => node.fault || node.state !== "UP").map((node) => node.address);
  if (troubled.length > 0) {
    return { ...leads, type: "warning", text: "cluster.troubled", values: { ...values, nodes: troubled.join(", ") }, count: troubled.length };
  }
  if (verdict.differences.length > 0) return { ...leads, type: "warning", text: "cluster.disagree" };
  return { ...leads, type: "success", text: "cluster.allUp", count: voters };
}

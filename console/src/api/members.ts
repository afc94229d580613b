/** The members as the log has them, and changes of them: one at a time, carried out by the leader. */
import { ApiError, rest } from "./client";

export interface GroupMember {
  /** What the log calls it: its address when it joined. */
  name: string;
  /** "" while it was never heard of. */
  id: string;
  address: string;
  raftAddress: string;
  role: "voter" | "learner";
  /** Whether the learner becomes a voter by itself. */
  joining: boolean;
  leader: boolean;
  /** Entries that it lacks; only the leader knows. */
  lag: number | null;
  connected: boolean;
  /** UP, SUSPICIOUS or DOWN, as the answering node sees it. */
  state: string;
  version: string;
}

export interface Group {
  members: GroupMember[];
  leader: string;
  /** Whether the newest change is committed. */
  settled: boolean;
  removed: { name: string; id: string }[];
  /** How cluster.conf differs from the log; "" if it does not. */
  difference: string;
}

export type Change = "add" | "promote" | "demote" | "remove";

const PATH = "v3/console/core/cluster/member";
const METHODS: Record<Change, [string, string]> = {
  add: ["POST", PATH],
  promote: ["PUT", `${PATH}/promote`],
  demote: ["PUT", `${PATH}/demote`],
  remove: ["DELETE", PATH],
};
const CONFLICT = 409;

export const group = () => rest<Group>("GET", `${PATH}/list`, { quiet: true });

/** Why a change was refused, in the node's words: v3 has them behind a text of its own. */
export function reasonOf(error: ApiError): string {
  try {
    const found = JSON.parse(error.body) as { data?: unknown };
    if (typeof found.data === "string" && found.data) return found.data;
  } catch {
    // It is no answer of a node.
  }
  return error.message;
}

/** Whether a refusal says that the change can be forced. */
export function forcible(error: ApiError): boolean {
  return error.status === CONFLICT && /or force it$/.test(reasonOf(error));
}

/** Make a change. Refusals are the caller's to tell. @throws ApiError */
export function change(what: Change, member: string, more: { voter?: boolean; force?: boolean } = {}): Promise<Group> {
  const [method, path] = METHODS[what];
  const query = what === "add" ? { address: member } : { member };
  return rest<Group>(method, path, { query: { ...query, ...more }, quiet: true });
}

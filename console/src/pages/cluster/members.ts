/** What somebody should know before the members are changed. */
import type { Change, GroupMember } from "@/api/members";

export interface Warning {
  /** A message of cluster.warn. */
  text: string;
  values: Record<string, string | number>;
}

const majority = (voters: number): number => Math.floor(voters / 2) + 1;

/** The changes that can be asked for. */
export function offered(member: GroupMember, members: GroupMember[]): Change[] {
  if (member.role === "learner") return ["promote", "remove"];
  return members.filter((each) => each.role === "voter").length > 1 ? ["demote", "remove"] : [];
}

/** What a change brings with it, the gravest first. */
export function warnings(what: Change, member: GroupMember | undefined, members: GroupMember[]): Warning[] {
  const voters = members.filter((each) => each.role === "voter");
  const left = what === "promote" ? [...voters, ...(member ? [member] : [])] : voters.filter((each) => each.name !== member?.name); // a table's row is no member itself
  const found: Warning[] = [];
  const counts = what === "promote" || ((what === "demote" || what === "remove") && member?.role === "voter");
  if (counts) {
    const up = left.filter((each) => each.connected).length;
    const needed = majority(left.length);
    if (up < needed) found.push({ text: "noMajority", values: { up, voters: left.length, majority: needed } });
    else if (up === needed && left.length > 1) found.push({ text: "noSpare", values: { voters: left.length, majority: needed } });
    if (left.length % 2 === 0) found.push({ text: "even", values: { voters: left.length, survives: left.length - needed } });
  }
  if (what !== "promote" && member?.leader) found.push({ text: "handsOver", values: {} });
  if (what === "remove") found.push({ text: "removed", values: {} });
  return found;
}

/** A problem of the address of a new member as a message key; "" for one that can be asked for. */
export function addressProblem(address: string, members: GroupMember[]): string {
  const text = address.trim();
  const found = /^(?:\[[0-9a-f:.]+\]|[\w.-]+):(\d{1,5})$/i.exec(text);
  if (!found || Number(found[1]) < 1 || Number(found[1]) > 65535) return "cluster.addressForm";
  return members.some((each) => each.address === text || each.name === text) ? "cluster.addressKnown" : "";
}

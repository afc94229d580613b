/** What the user may do with configs. */
import type { ConfigKey } from "@/api/config";
import { may, mayMake } from "@/rights";

/** Whether the list of the namespace's configs may be read. */
export function mayList(namespace: string): boolean {
  return may(namespace, "r");
}

export function mayRead({ tenant, group, dataId }: ConfigKey): boolean {
  return may(tenant, "r", group, dataId);
}

export function mayWrite({ tenant, group, dataId }: ConfigKey): boolean {
  return may(tenant, "w", group, dataId);
}

/** Whether there is any config of the namespace that the user may write, so that creating one is worth offering. */
export function mayCreate(namespace: string): boolean {
  return mayMake(namespace, "config");
}

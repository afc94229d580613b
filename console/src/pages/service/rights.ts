/** What the user may do with services. */
import type { ServiceKey } from "@/api/service";
import { may, mayMake } from "@/rights";

/** Whether the list of the namespace's services may be read. */
export function mayList(namespaceId: string): boolean {
  return may(namespaceId, "r", undefined, undefined, "naming");
}

export function mayRead(key: ServiceKey): boolean {
  return may(key.namespaceId, "r", key.groupName, key.serviceName, "naming");
}

export function mayWrite(key: ServiceKey): boolean {
  return may(key.namespaceId, "w", key.groupName, key.serviceName, "naming");
}

/** Whether there is any service of the namespace that the user may write, so that creating one is worth offering. */
export function mayCreate(namespaceId: string): boolean {
  return mayMake(namespaceId, "naming");
}

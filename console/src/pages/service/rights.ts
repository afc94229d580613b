/** What the user may do with services. */
import type { ServiceKey } from "@/api/service";
import { matches, may } from "@/rights";
import { session } from "@/session";

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
  if (session.globalAdmin) return true;
  return session.permissions.some((one) => {
    const [namespace = "", , resource = ""] = one.resource.split(":");
    const named = namespace === "public" ? "" : namespace;
    return one.action.includes("w") && matches(named, namespaceId) && !resource.startsWith("config/");
  });
}

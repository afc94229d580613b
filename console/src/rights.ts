/** What the user may do, so that nothing else is offered. The node checks each request all the same. */
import { session } from "@/session";

export type Action = "r" | "w";
export type Kind = "config" | "naming" | "ai";

/** Nacos's rule: `*` is any text, the whole resource has to match; anything else is itself, with `.` any character. */
export function matches(pattern: string, resource: string): boolean {
  const source = pattern
    .split("*")
    .map((part) => part.replace(/[\\^$+?()|[\]{}]/g, "\\$&"))
    .join("[^]*");
  return new RegExp(`^(?:${source})$`).test(resource);
}

/**
 * Whether the user may do something.
 * @param namespace id; "" for public.
 * @param group, name: a dataId or service and its group; without a name the right for all of the namespace is asked for.
 */
export function may(namespace: string, action: Action, group?: string, name?: string, kind: Kind = "config"): boolean {
  if (session.globalAdmin) return true;
  const id = namespace === "public" ? "" : namespace;
  const resource = name ? `${id}:${group || "*"}:${kind}/${name}` : `${id}:*:${kind}/*`;
  return session.permissions.some((one) => one.action.includes(action) && matches(one.resource.replace(/^public:/, ":"), resource));
}

/** Whether there is anything of a kind in a namespace that the user may write, so that making one is worth offering. */
export function mayMake(namespace: string, kind: Kind): boolean {
  if (session.globalAdmin) return true;
  const id = namespace === "public" ? "" : namespace;
  return session.permissions.some((one) => {
    const named = one.resource.split(":").slice(2).join(":");
    const other = named.includes("/") && !named.startsWith(`${kind}/`);
    return one.action.includes("w") && matches(namespaceOf(one.resource), id) && !other;
  });
}

/** Whether there is anything in a namespace that the user may read. */
export function sees(namespace: string): boolean {
  if (session.globalAdmin) return true;
  const id = namespace === "public" ? "" : namespace;
  return session.permissions.some((one) => one.action.includes("r") && matches(namespaceOf(one.resource), id));
}

/** A namespace of which the user may read something; undefined if no permission names one. */
export function someNamespace(): string | undefined {
  const found = session.permissions.filter((one) => one.action.includes("r")).map((one) => namespaceOf(one.resource));
  return found.find((one) => !one.includes("*"));
}

/** The pattern of a resource's namespace; public's may be written as its name. */
function namespaceOf(resource: string): string {
  const found = resource.split(":")[0]!;
  return found === "public" ? "" : found;
}

export function useRights(): { may: typeof may; isAdmin: () => boolean } {
  return { may, isAdmin: () => session.globalAdmin };
}

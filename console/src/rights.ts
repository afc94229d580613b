/** What the user may do, so that nothing else is offered. The node checks each request all the same. */
import { session } from "@/session";

export type Action = "r" | "w";
export type Kind = "config" | "naming";

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
  return session.permissions.some((one) => one.action.includes(action) && matches(one.resource, resource));
}

export function useRights(): { may: typeof may; isAdmin: () => boolean } {
  return { may, isAdmin: () => session.globalAdmin };
}

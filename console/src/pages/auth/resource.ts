/** Resources of permissions: `<namespace id>:<group>:<kind>/<name>`, where `*` is any text and public's id is empty. */
import type { Namespace } from "@/api/namespace";

export type Kind = "*" | "config" | "naming" | "ai";

export interface Resource {
  /** Id; "" is public, "*" all namespaces. */
  namespace: string;
  group: string;
  kind: Kind;
  /** A dataId, a service, or what the AI registries hold; "*" for all. */
  name: string;
}

export const EVERYTHING: Readonly<Resource> = { namespace: "", group: "*", kind: "*", name: "*" };
/** As wide as the node's column. */
const LONGEST = 255;

/** The text of a resource; for all of a namespace it is Nacos's `<namespace id>:*:*`. */
export function writeResource({ namespace, group, kind, name }: Resource): string {
  const rest = kind === "*" ? "*" : `${kind}/${name.trim() || "*"}`;
  return `${namespace}:${group.trim() || "*"}:${rest}`;
}

/** What a text says, or null where it is not of the form that this console writes. */
export function readResource(text: string): Resource | null {
  const parts = text.split(":");
  if (parts.length < 3) return null;
  const [namespace = "", group = ""] = parts;
  const rest = parts.slice(2).join(":");
  if (rest === "*") return { namespace, group, kind: "*", name: "*" };
  const found = /^(config|naming|ai)\/(.+)$/s.exec(rest);
  return found ? { namespace, group, kind: found[1] as Kind, name: found[2]! } : null;
}

/** A message key for what is wrong with a resource; "" for nothing. */
export function resourceProblem(resource: Resource): string {
  if (resource.group.includes(":")) return "auth.permissions.colon";
  return writeResource(resource).length > LONGEST ? "auth.permissions.tooLong" : "";
}

/** Whether a right on the resource is too narrow for lists and searches, which ask for all of a namespace. */
export function isNarrow(resource: Resource): boolean {
  return writeResource(resource) !== `${resource.namespace}:*:*` && !/^[^:]*:\*:(config|naming|ai)\/\*$/.test(writeResource(resource));
}

/** What to call the namespace of a resource, or "" where it is none that is known. */
export function namespaceOf(text: string, namespaces: Pick<Namespace, "namespace" | "namespaceShowName">[]): string {
  const id = text.split(":", 1)[0]!;
  return text.includes(":") ? (namespaces.find((one) => one.namespace === id)?.namespaceShowName ?? "") : "";
}

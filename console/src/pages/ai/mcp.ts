/** MCP servers between the registry's form and that of the pages. */
import type { EndpointSpec, McpBasic, McpDetail, McpEndpoint, McpTool, McpWrite, ToolSpec } from "@/api/mcp";
import { compact, objectOf, pretty, problemOf } from "./json";

export const STDIO = "stdio";
export const PROTOCOLS = [STDIO, "mcp-sse", "mcp-streamable", "http", "https", "dubbo"];
/** The group of services that are made for servers whose addresses are given. */
const OWN_GROUP = "mcp-endpoints";
const NAME = /^[A-Za-z0-9\-_/.]{1,128}$/;
/** Of a detail, what does not describe the server. */
const DERIVED = ["backendEndpoints", "frontendEndpoints", "toolSpec", "resourceSpec", "allVersions", "capabilities", "namespaceId", "version"];

/** A version as the editor has it. */
export interface Draft {
  name: string;
  version: string;
  protocol: string;
  description: string;
  enabled: boolean;
  /** What is run, of a local server: JSON. */
  local: string;
  endpoints: "DIRECT" | "REF";
  address: string;
  port: string;
  tls: boolean;
  group: string;
  service: string;
  path: string;
  /** JSON. */
  tools: string;
  latest: boolean;
}

export function draftOf(before?: McpDetail): Draft {
  const ref = before?.remoteServerConfig?.serviceRef;
  const own = ref?.groupName === OWN_GROUP;
  const [first] = before?.backendEndpoints ?? [];
  return {
    name: before?.name ?? "",
    version: before ? versionOf(before) : "1.0.0",
    protocol: before?.protocol ?? "mcp-streamable",
    description: before?.description ?? "",
    enabled: before?.enabled ?? true,
    local: pretty(before?.localServerConfig),
    endpoints: ref?.serviceName && (!own || !first) ? "REF" : "DIRECT",
    address: own && first ? first.address : "",
    port: own && first ? String(first.port) : "",
    tls: ref?.transportProtocol === "https",
    group: ref?.groupName ?? "DEFAULT_GROUP",
    service: ref?.serviceName ?? "",
    path: before?.remoteServerConfig?.exportPath ?? "",
    tools: pretty(before?.toolSpec && compact(before.toolSpec)),
    latest: true,
  };
}

export const versionOf = (server: McpBasic) => server.versionDetail?.version ?? server.version ?? "";

/** Tools as they are typed: all of the specification, or the list of them alone. @throws Error with a message's key */
export function toolsOf(text: string): ToolSpec | undefined {
  const spec: ToolSpec | undefined = text.trim().startsWith("[") ? { tools: (objectOf(`{"tools":${text}}`) as ToolSpec).tools } : objectOf(text);
  if (!spec) return undefined;
  const named = (tool: McpTool) => typeof tool === "object" && tool !== null && typeof tool.name === "string" && tool.name !== "";
  if (spec.tools !== undefined && spec.tools !== null && !(Array.isArray(spec.tools) && spec.tools.every(named))) {
    throw new Error("ai.mcp.badTools");
  }
  return spec;
}

/** Where the tools of a draft's server can be asked for; undefined where they cannot. */
export function askedAt(draft: Draft): { transport: string; base: string; path: string } | undefined {
  if (!["mcp-sse", "mcp-streamable"].includes(draft.protocol) || draft.endpoints !== "DIRECT") return undefined;
  if (problems(draft).address || problems(draft).port) return undefined;
  const address = addressOf({ protocol: draft.tls ? "https" : "http", address: draft.address.trim(), port: Number(draft.port) });
  const path = draft.path.trim();
  return { transport: draft.protocol, base: address, path: path && !path.startsWith("/") ? `/${path}` : path };
}

/** What is wrong with a draft: message keys by the field. */
export function problems(draft: Draft): Partial<Record<keyof Draft, string>> {
  const found: Partial<Record<keyof Draft, string>> = {
    name: NAME.test(draft.name.trim()) ? "" : "ai.mcp.badName",
    version: draft.version.trim() ? "" : "common.required",
    tools: problemOf(() => toolsOf(draft.tools)),
  };
  if (draft.protocol === STDIO) {
    found.local = problemOf(() => objectOf(draft.local));
  } else if (draft.endpoints === "DIRECT") {
    found.address = draft.address.trim() ? "" : "common.required";
    const port = Number(draft.port);
    found.port = /^\d+$/.test(draft.port.trim()) && port > 0 && port <= 65535 ? "" : "ai.mcp.badPort";
  } else {
    found.group = draft.group.trim() ? "" : "common.required";
    found.service = draft.service.trim() ? "" : "common.required";
  }
  return Object.fromEntries(Object.entries(found).filter(([, key]) => key));
}

/** A detail without what goes with it. */
export function specOf(detail: McpDetail): McpBasic {
  return Object.fromEntries(Object.entries(compact(detail)).filter(([name]) => !DERIVED.includes(name))) as McpBasic;
}

function endpointsOf(draft: Draft): EndpointSpec {
  const transportProtocol = draft.tls ? "https" : "http";
  if (draft.endpoints === "DIRECT") {
    return { type: "DIRECT", data: { address: draft.address.trim(), port: draft.port.trim(), transportProtocol } };
  }
  // Services are looked for in the server's own namespace, but one has to be named.
  return { type: "REF", data: { namespaceId: "public", groupName: draft.group.trim(), serviceName: draft.service.trim(), transportProtocol } };
}

/** Whether another address takes the place of the one that was shown; else the others of the version stay, too. */
function moved(draft: Draft, before?: McpDetail): boolean {
  const known = draftOf(before);
  return known.address !== "" && (known.address !== draft.address.trim() || known.port !== draft.port.trim());
}

/** What is to be written for a draft. @param before the version that it was made of, with members that stay. */
export function writeOf(draft: Draft, before?: McpDetail): McpWrite {
  const version = draft.version.trim();
  const server: McpBasic = {
    ...(before && specOf(before)),
    name: draft.name.trim(),
    protocol: draft.protocol,
    description: draft.description.trim(),
    enabled: draft.enabled,
    versionDetail: { version },
  };
  const write: McpWrite = { server, tools: toolsOf(draft.tools), resources: before?.resourceSpec, latest: draft.latest, only: moved(draft, before) };
  if (draft.protocol === STDIO) {
    server.localServerConfig = objectOf(draft.local) ?? null;
    server.remoteServerConfig = null;
    return write;
  }
  server.frontProtocol = before?.frontProtocol && before.protocol === draft.protocol ? before.frontProtocol : draft.protocol;
  server.localServerConfig = null;
  const remote = compact(before?.remoteServerConfig ?? {}) as NonNullable<McpBasic["remoteServerConfig"]>;
  delete remote.serviceRef; // follows from the endpoints
  server.remoteServerConfig = { ...remote, exportPath: draft.path.trim() };
  return { ...write, endpoints: endpointsOf(draft) };
}

export const isOn = (spec: ToolSpec | null | undefined, tool: string) => spec?.toolsMeta?.[tool]?.enabled !== false;

/** A version with one of its tools switched; all else stays. */
export function switched(detail: McpDetail, tool: string, on: boolean): McpWrite {
  const spec = detail.toolSpec ?? {};
  const tools = { ...spec, toolsMeta: { ...spec.toolsMeta, [tool]: { ...spec.toolsMeta?.[tool], enabled: on } } };
  const server = { ...specOf(detail), versionDetail: { version: versionOf(detail) } };
  const latest = detail.allVersions?.find((one) => one.version === versionOf(detail))?.is_latest === true;
  const write: McpWrite = { server, tools: compact(tools), resources: detail.resourceSpec, latest, only: false };
  const ref = detail.remoteServerConfig?.serviceRef;
  if (detail.protocol === STDIO || !ref) return write;
  const data = {
    namespaceId: ref.namespaceId || "public",
    groupName: ref.groupName ?? "DEFAULT_GROUP",
    serviceName: ref.serviceName ?? "",
    transportProtocol: ref.transportProtocol ?? "http",
  };
  return { ...write, endpoints: { type: "REF", data } };
}

/** Where an endpoint is, as an address that can be called. */
export function addressOf({ protocol, address, port, path }: McpEndpoint): string {
  const host = address.includes(":") ? `[${address}]` : address;
  const tail = path ? (path.startsWith("/") ? path : `/${path}`) : "";
  return `${protocol || "http"}://${host}:${port}${tail}`;
}

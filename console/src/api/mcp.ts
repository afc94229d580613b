/** MCP servers of the AI registry. */
import { rest, type Page } from "./client";

export interface McpVersion {
  version: string;
  release_date?: string | null;
  is_latest?: boolean | null;
}

export interface ServiceRef {
  namespaceId?: string | null;
  groupName?: string | null;
  serviceName?: string | null;
  transportProtocol?: string | null;
}

/** What describes a server. There is more in it than the console knows, which has to stay. */
export interface McpBasic {
  id?: string | null;
  name: string;
  protocol?: string | null;
  frontProtocol?: string | null;
  description?: string | null;
  websiteUrl?: string | null;
  repository?: { url?: string } | null;
  packages?: Record<string, unknown>[] | null;
  versionDetail?: McpVersion | null;
  version?: string | null;
  remoteServerConfig?: { serviceRef?: ServiceRef | null; exportPath?: string | null; [more: string]: unknown } | null;
  localServerConfig?: Record<string, unknown> | null;
  enabled: boolean;
  status?: string | null;
  [more: string]: unknown;
}

export interface McpLine extends McpBasic {
  latestPublishedVersion?: string | null;
  versionDetails?: McpVersion[] | null;
}

export interface McpTool {
  name: string;
  description?: string | null;
  inputSchema?: unknown;
  [more: string]: unknown;
}

export interface ToolSpec {
  tools?: McpTool[] | null;
  toolsMeta?: Record<string, { enabled?: boolean; [more: string]: unknown }> | null;
  [more: string]: unknown;
}

/** An address that answers now. */
export interface McpEndpoint {
  protocol?: string | null;
  address: string;
  port: number;
  path?: string | null;
}

export interface McpDetail extends McpBasic {
  backendEndpoints?: McpEndpoint[] | null;
  frontendEndpoints?: McpEndpoint[] | null;
  toolSpec?: ToolSpec | null;
  resourceSpec?: Record<string, unknown> | null;
  allVersions?: McpVersion[] | null;
}

export interface EndpointSpec {
  type: "REF" | "DIRECT";
  data: Record<string, string>;
}

/** A version to be written. */
export interface McpWrite {
  server: McpBasic;
  tools?: ToolSpec | null;
  resources?: Record<string, unknown> | null;
  endpoints?: EndpointSpec;
  /** Whether the version becomes the latest. */
  latest: boolean;
  /** Whether addresses that were given before go. */
  only: boolean;
}

/** Which server, and version: "" is the latest, of what removes: all. */
export interface McpKey {
  namespaceId: string;
  mcpName: string;
  version?: string;
}

export interface Document {
  importType: "file" | "json" | "url";
  /** A text, or of "url" an address that the node asks. */
  data: string;
  /** Of "url": a part of the names. */
  search?: string;
  overrideExisting: boolean;
  skipInvalid: boolean;
}

export interface Judged {
  serverName: string;
  serverId: string;
  status: "valid" | "invalid" | "duplicate";
  errors?: string[] | null;
  server: McpBasic;
}

export interface Imported {
  serverName: string;
  status: "success" | "failed" | "skipped";
  errorMessage?: string | null;
}

const PATH = "v3/console/ai/mcp";
const space = (namespaceId: string) => namespaceId || "public";
const json = (value: unknown) => (value ? JSON.stringify(value) : undefined);

export const mcpServers = (namespaceId: string, mcpName: string, pageNo: number, pageSize: number) =>
  rest<Page<McpLine>>("GET", `${PATH}/list`, { query: { namespaceId: space(namespaceId), mcpName, search: "blur", pageNo, pageSize } });

export const mcpServer = ({ namespaceId, mcpName, version }: McpKey, quiet = false) =>
  rest<McpDetail>("GET", PATH, { query: { namespaceId: space(namespaceId), mcpName, version }, quiet });

export const deleteMcpServer = ({ namespaceId, mcpName, version }: McpKey) =>
  rest<string>("DELETE", PATH, { query: { namespaceId: space(namespaceId), mcpName, version } });

/** Publish a server, or write a version of one that is there. */
export const writeMcpServer = (namespaceId: string, write: McpWrite, create: boolean) =>
  rest<string>(create ? "POST" : "PUT", PATH, {
    form: {
      namespaceId: space(namespaceId),
      mcpName: write.server.name,
      serverSpecification: JSON.stringify(write.server),
      toolSpecification: json(write.tools),
      resourceSpecification: json(write.resources),
      endpointSpecification: json(write.endpoints),
      latest: write.latest,
      overrideExisting: write.only,
    },
  });

/** The tools that a running server lists; the node asks it. */
export const toolsFrom = (namespaceId: string, transportType: string, baseUrl: string, endpoint: string, authToken: string) =>
  rest<McpTool[]>("GET", `${PATH}/importToolsFromMcp`, {
    query: { namespaceId: space(namespaceId), transportType, baseUrl, endpoint, authToken: authToken || undefined },
  });

/** What is in a document, and whether it could be published. */
export const judge = (namespaceId: string, document: Document) =>
  rest<{ servers: Judged[] }>("POST", `${PATH}/import/validate`, { form: { namespaceId: space(namespaceId), ...document } });

/** Publish the servers of a document that have these ids. */
export const importMcpServers = (namespaceId: string, document: Document, ids: string[]) =>
  rest<{ results: Imported[] }>("POST", `${PATH}/import/execute`, {
    form: { namespaceId: space(namespaceId), ...document, selectedServers: ids.join(",") },
  });

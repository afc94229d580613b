/** Agents (A2A) of the AI registry. */
import { rest, type Page } from "./client";

export type Registration = "URL" | "SERVICE";

export interface AgentVersion {
  version: string;
  createdAt?: string | null;
  updatedAt?: string | null;
  latest?: boolean | null;
}

export interface AgentSkill {
  id?: string;
  name?: string;
  description?: string;
  tags?: string[];
}

/** What an agent says of itself. */
export interface AgentCard {
  name?: string | null;
  version?: string | null;
  description?: string | null;
  url?: string | null;
  protocolVersion?: string | null;
  preferredTransport?: string | null;
  skills?: AgentSkill[] | null;
  capabilities?: Record<string, unknown> | null;
  provider?: { organization?: string; url?: string } | null;
  additionalInterfaces?: { url: string; transport: string }[] | null;
  [more: string]: unknown;
}

export interface AgentDetail extends AgentCard {
  registrationType?: Registration | null;
  latestVersion?: boolean | null;
}

export interface AgentLine extends AgentCard {
  name: string;
  latestPublishedVersion?: string | null;
  versionDetails?: AgentVersion[] | null;
  registrationType?: Registration | null;
}

/** Which agent, and version: "" is the latest, of what removes: all. */
export interface AgentKey {
  namespaceId: string;
  agentName: string;
  version?: string;
}

const PATH = "v3/console/ai/a2a";
const space = (namespaceId: string) => namespaceId || "public";

export const agents = (namespaceId: string, agentName: string, pageNo: number, pageSize: number) =>
  rest<Page<AgentLine>>("GET", `${PATH}/list`, { query: { namespaceId: space(namespaceId), agentName, search: "blur", pageNo, pageSize } });

export const agent = ({ namespaceId, agentName, version }: AgentKey, quiet = false) =>
  rest<AgentDetail>("GET", PATH, { query: { namespaceId: space(namespaceId), agentName, version }, quiet });

export const agentVersions = ({ namespaceId, agentName }: AgentKey, quiet = false) =>
  rest<AgentVersion[]>("GET", `${PATH}/version/list`, { query: { namespaceId: space(namespaceId), agentName }, quiet });

export const deleteAgent = ({ namespaceId, agentName, version }: AgentKey) =>
  rest<string>("DELETE", PATH, { query: { namespaceId: space(namespaceId), agentName, version } });

/** Publish an agent, or write a version of one that is there. */
export const writeAgent = (namespaceId: string, card: AgentCard, registrationType: Registration, setAsLatest: boolean, create: boolean) =>
  rest<string>(create ? "POST" : "PUT", PATH, {
    form: { namespaceId: space(namespaceId), agentCard: JSON.stringify(card), registrationType, setAsLatest },
  });

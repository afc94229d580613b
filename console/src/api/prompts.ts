/** Prompts of the AI registry. */
import { rest, type Page } from "./client";

export interface PromptLine {
  promptKey: string;
  description?: string | null;
  bizTags: string[];
  latestVersion?: string | null;
  gmtModified?: number | null;
}

export interface PromptMeta extends PromptLine {
  versions: string[];
  /** Label -> version. */
  labels: Record<string, string>;
}

export interface PromptVersion {
  version: string;
  commitMsg?: string | null;
  srcUser?: string | null;
  gmtModified?: number | null;
}

export interface Variable {
  name: string;
  defaultValue?: string | null;
  description?: string | null;
}

export interface Prompt extends PromptVersion {
  template: string;
  md5: string;
  variables?: Variable[] | null;
}

export interface PromptWrite {
  promptKey: string;
  version: string;
  template: string;
  variables: Variable[];
  commitMsg: string;
  /** Of the whole prompt; what is undefined stays. */
  description?: string;
  bizTags?: string;
}

const PATH = "v3/console/ai/prompt";
const space = (namespaceId: string) => namespaceId || "public";
/** More versions than this are not shown. */
const MOST = 500;

export const prompts = (namespaceId: string, promptKey: string, pageNo: number, pageSize: number) =>
  rest<Page<PromptLine>>("GET", `${PATH}/list`, { query: { namespaceId: space(namespaceId), promptKey, search: "blur", pageNo, pageSize } });

export const promptMeta = (namespaceId: string, promptKey: string) =>
  rest<PromptMeta>("GET", `${PATH}/metadata`, { query: { namespaceId: space(namespaceId), promptKey } });

export const promptVersions = (namespaceId: string, promptKey: string) =>
  rest<Page<PromptVersion>>("GET", `${PATH}/versions`, { query: { namespaceId: space(namespaceId), promptKey, pageNo: 1, pageSize: MOST } });

/** @param version "" is the latest. */
export const prompt = (namespaceId: string, promptKey: string, version: string) =>
  rest<Prompt>("GET", `${PATH}/detail`, { query: { namespaceId: space(namespaceId), promptKey, version } });

export const publishPrompt = (namespaceId: string, write: PromptWrite) =>
  rest<boolean>("POST", PATH, {
    form: { namespaceId: space(namespaceId), ...write, variables: JSON.stringify(write.variables) },
  });

export const describePrompt = (namespaceId: string, promptKey: string, description: string, bizTags: string) =>
  rest<boolean>("PUT", `${PATH}/metadata`, { form: { namespaceId: space(namespaceId), promptKey, description, bizTags } });

export const labelPrompt = (namespaceId: string, promptKey: string, label: string, version: string) =>
  rest<boolean>("PUT", `${PATH}/label`, { form: { namespaceId: space(namespaceId), promptKey, label, version } });

export const unlabelPrompt = (namespaceId: string, promptKey: string, label: string) =>
  rest<boolean>("DELETE", `${PATH}/label`, { query: { namespaceId: space(namespaceId), promptKey, label } });

export const deletePrompt = (namespaceId: string, promptKey: string) =>
  rest<boolean>("DELETE", PATH, { query: { namespaceId: space(namespaceId), promptKey } });

/** Skills of the AI registry. */
import { download, rest, type Page } from "./client";

export interface SkillLine {
  name: string;
  description?: string | null;
  updateTime?: number | null;
  enable: boolean;
  labels: Record<string, string>;
  /** The version of the draft. */
  editingVersion?: string | null;
  onlineCnt: number;
}

export interface SkillVersion {
  version: string;
  status: string;
  author?: string | null;
  description?: string | null;
  updateTime?: number | null;
}

export interface SkillMeta extends SkillLine {
  versions: SkillVersion[];
}

export interface SkillContent {
  name: string;
  description?: string | null;
  skillMd?: string | null;
  resource?: Record<string, { name: string; type?: string }> | null;
}

const PATH = "v3/console/ai/skills";
const query = (namespaceId: string, skillName: string, version?: string) => ({ namespaceId: namespaceId || "public", skillName, version });

export const skills = (namespaceId: string, skillName: string, pageNo: number, pageSize: number) =>
  rest<Page<SkillLine>>("GET", `${PATH}/list`, { query: { ...query(namespaceId, skillName), search: "blur", pageNo, pageSize } });

export const skillMeta = (namespaceId: string, skillName: string) =>
  rest<SkillMeta>("GET", PATH, { query: query(namespaceId, skillName) });

export const skillContent = (namespaceId: string, skillName: string, version: string) =>
  rest<SkillContent>("GET", `${PATH}/version`, { query: query(namespaceId, skillName, version) });

export const downloadSkill = (namespaceId: string, skillName: string, version: string) =>
  download(`${PATH}/version/download`, query(namespaceId, skillName, version), `${skillName}.zip`);

/** Make an archive a draft; the skill's name. @param overwrite whether the draft that is there goes. */
export function uploadSkill(namespaceId: string, file: File, overwrite: boolean): Promise<string> {
  const body = new FormData();
  body.set("file", file);
  return rest<string>("POST", `${PATH}/upload`, { query: { namespaceId: namespaceId || "public", overwrite }, body });
}

export const publishSkill = (namespaceId: string, skillName: string, version: string) =>
  rest<string>("POST", `${PATH}/publish`, { form: query(namespaceId, skillName, version) });

export const switchSkill = (namespaceId: string, skillName: string, version: string, online: boolean) =>
  rest<string>("POST", `${PATH}/${online ? "online" : "offline"}`, { form: query(namespaceId, skillName, version) });

export const deleteSkill = (namespaceId: string, skillName: string) =>
  rest<string>("DELETE", PATH, { query: query(namespaceId, skillName) });

import { request, rest } from "./client";

export interface Namespace {
  /** Id; "" is public. */
  namespace: string;
  namespaceShowName: string;
  namespaceDesc?: string | null;
  configCount: number;
  /** 0: the public one, which can neither be edited nor deleted. */
  type: number;
}

const PATH = "v1/console/namespaces";

export const namespaces = () => rest<Namespace[]>("GET", PATH);
export const namespace = (namespaceId: string) =>
  request<Namespace>("GET", PATH, { query: { show: "all", namespaceId } });
export const namespaceExists = (customNamespaceId: string) =>
  request<boolean>("GET", PATH, { query: { checkNamespaceIdExist: true, customNamespaceId } });
export const createNamespace = (customNamespaceId: string, namespaceName: string, namespaceDesc: string) =>
  request<boolean>("POST", PATH, { form: { customNamespaceId, namespaceName, namespaceDesc } });
export const editNamespace = (id: string, namespaceShowName: string, namespaceDesc: string) =>
  request<boolean>("PUT", PATH, { form: { namespace: id, namespaceShowName, namespaceDesc } });
export const deleteNamespace = (namespaceId: string) => request<boolean>("DELETE", PATH, { query: { namespaceId } });

/** Services, their clusters, instances and subscribers. Reads are quiet: pages repeat them and tell of failures themselves. */
import { request, text, type Query } from "./client";

export type Metadata = Record<string, string>;

export interface ServiceLine {
  name: string;
  groupName: string;
  clusterCount: number;
  ipCount: number;
  healthyInstanceCount: number;
  /** "true" while protection is reached. */
  triggerFlag: string;
}

export interface Selector {
  type: string;
  expression?: string;
}

export interface ServiceSettings {
  name: string;
  groupName: string;
  protectThreshold: number;
  metadata: Metadata;
  selector: Selector;
}

export type CheckerType = "TCP" | "HTTP" | "MYSQL" | "NONE";

export interface Checker {
  type: CheckerType;
  path?: string;
  headers?: string;
  expectedResponseCode?: number;
  user?: string | null;
  pwd?: string | null;
  cmd?: string | null;
}

export interface Cluster {
  name: string;
  healthChecker: Checker;
  defCkport?: number;
  defaultCheckPort: number;
  useIPPort4Check: boolean;
  metadata: Metadata;
}

export interface Instance {
  instanceId: string;
  ip: string;
  port: number;
  weight: number;
  healthy: boolean;
  enabled: boolean;
  ephemeral: boolean;
  clusterName: string;
  metadata: Metadata;
  lastBeat?: number;
  app?: string;
}

export interface Subscriber {
  addrStr: string;
  agent: string;
  app: string;
  serviceName?: string;
  port?: number;
  cluster?: string;
}

/** Which service: namespace id ("" is public), group and bare name. */
export interface ServiceKey {
  namespaceId: string;
  groupName: string;
  serviceName: string;
}

const SERVICE = "v1/ns/service";
const quiet = true;

function keyQuery(key: ServiceKey): Query {
  return { namespaceId: key.namespaceId, groupName: key.groupName, serviceName: key.serviceName };
}

export interface ServiceSearch {
  namespaceId: string;
  serviceNameParam: string;
  groupNameParam: string;
  /** Only services with instances. */
  hasIpCount: boolean;
}

export const services = (search: ServiceSearch, pageNo: number, pageSize: number) =>
  request<{ serviceList: ServiceLine[]; count: number }>("GET", "v1/ns/catalog/services", {
    query: { withInstances: false, pageNo, pageSize, ...search },
    quiet,
  });

/** How many services a namespace has. */
export const countServices = async (namespaceId: string) =>
  (await services({ namespaceId, serviceNameParam: "", groupNameParam: "", hasIpCount: false }, 1, 1)).count;

export const service = (key: ServiceKey) =>
  request<{ service: ServiceSettings; clusters: Cluster[] }>("GET", "v1/ns/catalog/service", {
    query: keyQuery(key),
    quiet,
  });

/** Whether the service is in the list: asks without a 404 for one that is not there. */
export async function serviceListed(key: ServiceKey): Promise<boolean> {
  const search = { namespaceId: key.namespaceId, serviceNameParam: key.serviceName, groupNameParam: key.groupName, hasIpCount: false };
  const found = await services(search, 1, 1000);
  return found.serviceList.some((one) => one.name === key.serviceName && one.groupName === key.groupName);
}

export const instances = (key: ServiceKey, clusterName: string, pageNo: number, pageSize: number) =>
  request<{ list: Instance[]; count: number }>("GET", "v1/ns/catalog/instances", {
    query: { ...keyQuery(key), clusterName, pageNo, pageSize },
    quiet,
  });

function settingsForm(namespaceId: string, settings: ServiceSettings): Query {
  return {
    namespaceId,
    serviceName: settings.name,
    groupName: settings.groupName,
    protectThreshold: settings.protectThreshold,
    metadata: JSON.stringify(settings.metadata),
    selector: JSON.stringify(settings.selector),
  };
}

export const createService = (namespaceId: string, settings: ServiceSettings) =>
  text("POST", SERVICE, { form: settingsForm(namespaceId, settings) });
export const updateService = (namespaceId: string, settings: ServiceSettings) =>
  text("PUT", SERVICE, { form: settingsForm(namespaceId, settings) });
export const deleteService = (key: ServiceKey) => text("DELETE", SERVICE, { query: keyQuery(key) });

export interface ClusterSettings {
  clusterName: string;
  checkPort: number;
  useInstancePort4Check: boolean;
  healthChecker: Checker;
  metadata: Metadata;
}

export const updateCluster = (key: ServiceKey, settings: ClusterSettings) =>
  text("PUT", "v1/ns/cluster", {
    form: {
      ...keyQuery(key),
      clusterName: settings.clusterName,
      checkPort: settings.checkPort,
      useInstancePort4Check: settings.useInstancePort4Check,
      healthChecker: JSON.stringify(settings.healthChecker),
      metadata: JSON.stringify(settings.metadata),
    },
  });

export interface InstanceChange {
  weight?: number;
  enabled?: boolean;
}

/** Change what is given of an instance, and nothing else: it may have changed since the page showed it. */
export const changeInstance = (key: ServiceKey, instance: Instance, change: InstanceChange) =>
  text("PATCH", "v1/ns/instance", {
    form: {
      ...keyQuery(key),
      clusterName: instance.clusterName,
      ip: instance.ip,
      port: instance.port,
      weight: change.weight,
      enabled: change.enabled,
    },
  });

/** Put keys into the metadata of an instance, or take them out (`DELETE`); the others stay as they are by then. */
export const changeMetadata = (key: ServiceKey, instance: Instance, method: "PUT" | "DELETE", metadata: Metadata) =>
  request<{ updated: string[] }>(method, "v1/ns/instance/metadata/batch", {
    form: {
      ...keyQuery(key),
      instances: JSON.stringify([
        { ip: instance.ip, port: instance.port, ephemeral: instance.ephemeral, clusterName: instance.clusterName },
      ]),
      metadata: JSON.stringify(metadata),
    },
  });

export const subscribers = (key: ServiceKey, pageNo: number, pageSize: number) =>
  request<{ subscribers: Subscriber[]; count: number }>("GET", `${SERVICE}/subscribers`, {
    query: { ...keyQuery(key), pageNo, pageSize },
    quiet,
  });

/** All pages, with what they need to have something to show. */
import type { Login } from "./api";

export interface Shown {
  /** For names of files. */
  name: string;
  route: string;
  heading: string;
  /** A text that is there once the page has all that it shows. */
  ready?: string;
  /** A text in its editor; "" where that is empty. */
  editor?: string;
}

export const SPACE = "dev";
export const DATA_ID = "shop.yaml";
export const SERVICE = "shop-orders";
export const MCP_SERVER = "shop-tools";
export const AGENT = "shop-agent";
export const PROMPT = "shop-greeting";
export const SKILL = "shop-returns";
const GROUP = "DEFAULT_GROUP";
const KEY = `dataId=${DATA_ID}&group=${GROUP}&namespace=`;
const CONTENT = "server:\n  port: 8080\nspring:\n  application:\n    name: shop\n";

/** Put something on a node for all pages to show; the `nid` of a version of DATA_ID. */
export async function seed(admin: Login): Promise<string> {
  await admin.send("POST", "v1/console/namespaces", { customNamespaceId: SPACE, namespaceName: "Development", namespaceDesc: "For trials" });
  const more = { type: "yaml", appName: "shop", desc: "Settings of the shop", config_tags: "shop,web" };
  await admin.publish(DATA_ID, CONTENT, more);
  await admin.publish(DATA_ID, CONTENT.replace("8080", "8081"), more);
  await Promise.all(
    ["xml", "properties", "toml"].map((type) => admin.publish(`sample.${type}`, type === "xml" ? "<a>1</a>" : "a=1", { type })),
  );
  await admin.register(SERVICE, "10.0.0.1", { metadata: JSON.stringify({ version: "1" }) });
  await admin.register(SERVICE, "10.0.0.2", { weight: 2, enabled: false });
  await admin.register("shop-stock", "10.0.0.3");
  await seedAi(admin);
  await admin.user("ann", "x", [[":*:*", "r"], [`${SPACE}:*:*`, "rw"]]);
  await admin.user("bob", "x", [[":shop:config/db-*", "w"]]);
  const versions = await admin.json<{ pageItems: { id: string }[] }>("v1/cs/history", {
    search: "accurate", dataId: DATA_ID, group: GROUP, tenant: "", pageNo: 1, pageSize: 10,
  });
  return versions.pageItems[0]!.id;
}

/** One of each kind that the AI registries hold, in the namespace public. */
async function seedAi(admin: Login): Promise<void> {
  const server = { name: MCP_SERVER, protocol: "mcp-streamable", description: "What the shop's assistant may do", versionDetail: { version: "1.0.0" }, remoteServerConfig: { exportPath: "/mcp" } };
  const tools = { tools: [{ name: "track", description: "Tells where a parcel is", inputSchema: { type: "object" } }, { name: "refund" }], toolsMeta: { refund: { enabled: false } } };
  const endpoint = { type: "DIRECT", data: { address: "10.0.0.4", port: "8080", transportProtocol: "http" } };
  await admin.send("POST", "v3/console/ai/mcp", {
    mcpName: MCP_SERVER, serverSpecification: JSON.stringify(server), toolSpecification: JSON.stringify(tools), endpointSpecification: JSON.stringify(endpoint),
  });
  const skill = { id: "answer", name: "Answering", description: "Answers customers", tags: ["shop", "mail"] };
  const card = { protocolVersion: "0.3.0", name: AGENT, version: "1.0.0", description: "Answers mail", url: "https://10.0.0.5/a2a", preferredTransport: "JSONRPC", skills: [skill] };
  await admin.send("POST", "v3/console/ai/a2a", { agentCard: JSON.stringify(card), registrationType: "URL" });
  const variables = JSON.stringify([{ name: "who", defaultValue: "customer", description: "Who is greeted" }]);
  const prompt = { promptKey: PROMPT, version: "1.0.0", template: "Hello {{who}}", variables, commitMsg: "First words", description: "Greets", bizTags: "shop,mail" };
  await admin.send("POST", "v3/console/ai/prompt", prompt);
  await admin.send("PUT", "v3/console/ai/prompt/label", { promptKey: PROMPT, label: "stable", version: "1.0.0" });
  const content = { name: SKILL, description: "Takes parcels back", skillMd: `---\nname: ${SKILL}\ndescription: Takes parcels back\n---\nAsk for the receipt.` };
  await admin.send("POST", "v3/console/ai/skills/draft", { skillName: SKILL, skillCard: JSON.stringify(content), targetVersion: "1.0.0" });
  await admin.send("POST", "v3/console/ai/skills/publish", { skillName: SKILL, version: "1.0.0" });
}

/** The pages, with the parameters that links in Nacos's documents and bookmarks of its console have. */
export const pages = (nid: string): Shown[] => [
  { name: "configurations", route: "/configurationManagement?dataId=&group=&appName=&namespace=", heading: "Configurations", ready: DATA_ID },
  { name: "new-configuration", route: `/newconfig?serverId=center&namespace=&edasAppName=&edasAppId=&searchDataId=&searchGroup=`, heading: "Create configuration", editor: "" },
  { name: "configuration-editor", route: `/configeditor?serverId=center&${KEY}&edasAppName=&edasAppId=&searchDataId=&searchGroup=`, heading: "Edit configuration", editor: "8081" },
  { name: "configuration", route: `/configdetail?serverId=center&${KEY}&edasAppName=&searchDataId=&searchGroup=&pageSize=10&pageNo=1`, heading: "Configuration", editor: "8081" },
  { name: "configuration-sync", route: `/configsync?serverId=center&${KEY}`, heading: "Copy to other namespaces", ready: "Development" },
  { name: "history", route: `/historyRollback?${KEY}`, heading: "Historical versions", ready: "Update" },
  { name: "historical-version", route: `/historyDetail?serverId=center&${KEY}&nid=${nid}`, heading: "Historical version", editor: "8080" },
  { name: "roll-back", route: `/configRollback?serverId=center&${KEY}&nid=${nid}`, heading: "Roll back", editor: "8080" },
  { name: "listening", route: `/listeningToQuery?${KEY}&serverId=center`, heading: "Listening query" },
  { name: "services", route: "/serviceManagement?dataId=&group=&appName=&namespace=", heading: "Services", ready: SERVICE },
  { name: "service", route: `/serviceDetail?name=${SERVICE}&groupName=${GROUP}`, heading: "Service", ready: "10.0.0.1" },
  { name: "subscribers", route: `/subscriberList?name=${SERVICE}&groupName=${GROUP}&namespace=`, heading: "Subscribers" },
  { name: "mcp-servers", route: "/mcpServerManagement?namespace=", heading: "MCP servers", ready: MCP_SERVER },
  { name: "mcp-server", route: `/mcpServerDetail?name=${MCP_SERVER}&namespace=`, heading: "MCP server", ready: "http://10.0.0.4:8080/mcp" },
  { name: "mcp-server-editor", route: `/newMcpServer?name=${MCP_SERVER}&namespace=`, heading: "Publish MCP server", editor: "parcel" },
  { name: "agents", route: "/agentManagement?namespace=", heading: "Agents", ready: AGENT },
  { name: "agent", route: `/agentDetail?name=${AGENT}&namespace=`, heading: "Agent", ready: "Answers customers", editor: "a2a" },
  { name: "agent-editor", route: `/newAgent?name=${AGENT}&namespace=`, heading: "Publish agent", editor: "a2a" },
  { name: "prompts", route: "/promptManagement?namespace=", heading: "Prompts", ready: PROMPT },
  { name: "prompt", route: `/promptDetail?name=${PROMPT}&namespace=`, heading: "Prompt", ready: "First words", editor: "Hello" },
  { name: "prompt-editor", route: `/newPrompt?name=${PROMPT}&namespace=`, heading: "Publish prompt", ready: "who", editor: "Hello" },
  { name: "skills", route: "/skillManagement?namespace=", heading: "Skills", ready: SKILL },
  { name: "skill", route: `/skillDetail?name=${SKILL}&namespace=`, heading: "Skill", ready: "Online", editor: "receipt" },
  { name: "cluster", route: "/clusterManagement?dataId=&group=&appName=&namespace=", heading: "Cluster nodes", ready: "127.0.0.1:" },
  { name: "connections", route: "/connections?keyword=&namespace=", heading: "Connections", ready: "No client of 2.x or 3.x" },
  { name: "namespaces", route: "/namespace?namespace=", heading: "Namespaces", ready: "Development" },
  { name: "users", route: "/userManagement?namespace=", heading: "Users", ready: "ann" },
  { name: "roles", route: "/rolesManagement?namespace=", heading: "Roles", ready: "role-ann" },
  { name: "permissions", route: "/permissionsManagement?namespace=", heading: "Permissions", ready: "role-bob" },
  { name: "settings", route: "/settingCenter?namespace=", heading: "Settings", ready: "Theme" },
];

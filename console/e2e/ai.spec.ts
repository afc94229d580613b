import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import type { Login } from "./api";
import { agree, expect, row, test, unique } from "./fixtures";
import { PYTHON } from "./nodes";

const MCP = "v3/console/ai/mcp";
const TOOLS = '[{"name":"add","description":"Adds numbers","inputSchema":{"type":"object"}},{"name":"sub"}]';

/** Replace what is in an editor, with the keyboard. */
async function type(page: Page, label: string, text: string): Promise<void> {
  await page.getByRole("textbox", { name: label }).click();
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText(text);
}

/** A namespace of a test's own. */
async function newSpace(admin: Login): Promise<string> {
  const space = unique("ai");
  await admin.send("POST", "v1/console/namespaces", { customNamespaceId: space, namespaceName: space, namespaceDesc: "" });
  return space;
}

const publish = (page: Page) => page.getByRole("button", { name: "Publish", exact: true }).click();
const choice = (page: Page) => page.locator(".version-choice");

test("an MCP server is published with tools, one of which is switched off, gets another version, and loses it", async ({ visit, page, admin }) => {
  const space = await newSpace(admin);
  const name = unique("sums");
  await visit(`/mcpServerManagement?namespace=${space}`);
  await page.getByRole("button", { name: "Publish MCP server" }).click();
  await page.getByLabel("Name").fill(name);
  await publish(page);
  await expect(page.getByText("Please fill this in").first()).toBeVisible();
  await page.getByLabel("Host or IP address").fill("10.0.0.7");
  await page.getByLabel("Port", { exact: true }).fill("8080");
  await page.getByLabel("Path").fill("/mcp");
  await type(page, "Tools", TOOLS);
  await publish(page);
  const main = page.getByRole("main");
  await expect(main).toContainText("http://10.0.0.7:8080/mcp");
  await expect(row(page, "Adds numbers")).toBeVisible();

  const detail = () => admin.json<{ data: { toolSpec: { toolsMeta: object }; backendEndpoints: object[]; allVersions: object[] } }>(MCP, { namespaceId: space, mcpName: name });
  await page.locator(".el-switch").filter({ has: page.getByRole("switch", { name: "Offered: add" }) }).click();
  await expect.poll(async () => (await detail()).data).toMatchObject({ toolSpec: { toolsMeta: { add: { enabled: false } } }, backendEndpoints: [{ address: "10.0.0.7" }] });
  await expect(page.getByRole("switch", { name: "Offered: add" })).not.toBeChecked();

  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await expect(page.getByLabel("Port", { exact: true })).toHaveValue("8080");
  await page.getByRole("textbox", { name: "Version" }).fill("1.1.0");
  await publish(page);
  await expect(choice(page)).toContainText("1.1.0 (latest)");
  expect((await detail()).data.allVersions).toHaveLength(2);
  await expect(page.getByRole("switch", { name: "Offered: add" })).not.toBeChecked();

  await page.getByRole("button", { name: "Delete this version" }).click();
  await agree(page);
  await expect(choice(page)).toContainText("1.0.0 (latest)");
  await page.getByRole("button", { name: "Back" }).click();
  await visit(`/mcpServerManagement?namespace=${space}&name=${name}`);
  await page.getByRole("button", { name: `Delete: ${name}` }).click();
  await agree(page);
  await expect(page.getByText("No MCP servers")).toBeVisible();
});

test("MCP servers of a document are looked at, chosen and imported; a registry is not asked where that is off", async ({ visit, page, admin }) => {
  const space = await newSpace(admin);
  const [one, other] = [unique("io.example/one"), unique("io.example/other")];
  const server = (name: string) => ({ name, version: "2.0.0", remotes: [{ type: "streamable-http", url: "https://10.0.0.8/mcp" }] });
  const document = JSON.stringify({ servers: [{ server: server(one) }, { server: server(other) }, { server: { name: "no version" } }] });
  await visit(`/mcpServerManagement?namespace=${space}`);
  await page.getByRole("button", { name: "Import" }).click();
  const dialog = page.getByRole("dialog", { name: "Import MCP servers" });
  await dialog.getByRole("radio", { name: "A registry" }).check();
  await dialog.getByLabel("Address of its list").fill("http://10.0.0.9/v0/servers");
  await dialog.getByRole("button", { name: "See what is in it" }).click();
  await expect(page.locator(".el-message--error")).toContainText("nacos.ai.resource.import.allow-user-url");
  await dialog.getByRole("radio", { name: "A document" }).check();
  await dialog.getByRole("textbox", { name: "Document" }).fill(document);
  await dialog.getByRole("button", { name: "See what is in it" }).click();
  await expect(row(dialog, "no version")).toContainText("Cannot be used");
  await row(dialog, one).getByRole("checkbox").check();
  await dialog.getByRole("button", { name: "Import" }).click();
  await expect(row(dialog, one)).toContainText("Published");
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await expect(row(page, one)).toContainText("mcp-streamable");
  const found = await admin.json<{ data: { totalCount: number } }>(`${MCP}/list`, { namespaceId: space, mcpName: other });
  expect(found.data.totalCount).toBe(0);
});

test("an agent is published, changed and deleted", async ({ visit, page, admin }) => {
  const space = await newSpace(admin);
  const name = unique("agent");
  const card = (version: string, more = {}) =>
    JSON.stringify({ protocolVersion: "0.3.0", name, version, url: "https://10.0.0.6/a2a", preferredTransport: "JSONRPC", skills: [{ id: "s", name: "Counting", description: "Counts sheep", tags: ["sheep"] }], ...more });
  await visit(`/agentManagement?namespace=${space}`);
  await page.getByRole("button", { name: "Publish agent" }).click();
  await type(page, "Agent card", card("1.0.0", { url: "" }));
  await publish(page);
  await expect(page.getByText("The card lacks: url")).toBeVisible();
  await type(page, "Agent card", card("1.0.0"));
  await publish(page);
  await expect(row(page, "Counts sheep")).toContainText("sheep");
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await type(page, "Agent card", card("2.0.0"));
  await publish(page);
  await expect(choice(page)).toContainText("2.0.0 (latest)");
  const versions = await admin.json<{ data: { version: string }[] }>("v3/console/ai/a2a/version/list", { namespaceId: space, agentName: name });
  expect(versions.data.map((one) => one.version)).toEqual(["1.0.0", "2.0.0"]);
  await visit(`/agentManagement?namespace=${space}&name=${name}`);
  await page.getByRole("button", { name: `Delete: ${name}` }).click();
  await agree(page);
  await expect(page.getByText("No agents")).toBeVisible();
});

test("a prompt is published with its gaps, gets another version and a label", async ({ visit, page, admin }) => {
  const space = await newSpace(admin);
  const name = unique("greet");
  await visit(`/promptManagement?namespace=${space}`);
  await page.getByRole("button", { name: "Publish prompt" }).click();
  await page.getByLabel("Name").fill(name);
  await type(page, "Template", "Hello {{who}}");
  await page.getByRole("group", { name: "who" }).getByLabel("Default").fill("world");
  await publish(page);
  await expect(row(page.getByRole("table", { name: "Variables" }).or(page.locator(".panel").last()), "who")).toContainText("world");

  await page.getByRole("button", { name: "New version" }).click();
  await expect(page.getByRole("textbox", { name: "Version" })).toHaveValue("1.0.1");
  await type(page, "Template", "Good day {{who}}");
  await page.getByLabel("What changes").fill("more polite");
  await publish(page);
  await expect(row(page, "more polite")).toContainText("latest");
  await page.getByRole("button", { name: "Set a label: 1.0.0" }).click();
  const dialog = page.getByRole("dialog", { name: "Set a label" });
  await dialog.getByRole("textbox", { name: "Label" }).fill("stable");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(row(page, "stable")).toContainText("1.0.0");
  const read = async (values: Record<string, string>) => (await admin.json<{ data: { template: string } }>("v3/client/ai/prompt", { namespaceId: space, promptKey: name, ...values })).data.template;
  expect([await read({}), await read({ label: "stable" })]).toEqual(["Good day {{who}}", "Hello {{who}}"]);
});

test("a skill is uploaded, published, downloaded and taken offline", async ({ visit, page, admin }) => {
  const space = await newSpace(admin);
  const name = unique("skill").toLowerCase();
  const program = "import io,sys,zipfile\nb=io.BytesIO()\nz=zipfile.ZipFile(b,'w')\nz.writestr(sys.argv[1]+'/SKILL.md','---\\nname: '+sys.argv[1]+'\\ndescription: Cooks\\n---\\nCook it.')\nz.writestr(sys.argv[1]+'/scripts/a.sh','echo')\nz.close()\nsys.stdout.buffer.write(b.getvalue())";
  const archive = spawnSync(PYTHON, ["-I", "-c", program, name]).stdout;
  await visit(`/skillManagement?namespace=${space}`);
  await page.getByRole("button", { name: "Upload skill" }).click();
  const dialog = page.getByRole("dialog", { name: "Upload skill" });
  await dialog.getByLabel("File").setInputFiles({ name: "skill.zip", mimeType: "application/zip", buffer: archive });
  await dialog.getByRole("button", { name: "Upload skill" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Skill");
  await expect(page.getByRole("main")).toContainText("scripts/a.sh");
  await expect(row(page, "0.0.1")).toContainText("Draft");
  await page.getByRole("button", { name: "Publish: 0.0.1" }).click();
  await expect(row(page, "0.0.1")).toContainText("Online");
  const saved = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download: 0.0.1" }).click();
  expect(readFileSync(await (await saved).path()).subarray(0, 2).toString()).toBe("PK");
  await page.getByRole("button", { name: "Take offline: 0.0.1" }).click();
  await agree(page);
  await expect(row(page, "0.0.1")).toContainText("Offline");

  // Another namespace is not asked for it while the page is left.
  await visit("/clusterManagement?namespace=");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Cluster nodes");
});

test("who may read some names alone is offered nothing else", async ({ visit, page, admin }) => {
  const space = await newSpace(admin);
  const name = unique("team-sums");
  const server = { name, protocol: "stdio", versionDetail: { version: "1.0.0" }, localServerConfig: { command: "sums" } };
  await admin.send("POST", MCP, { namespaceId: space, mcpName: name, serverSpecification: JSON.stringify(server) });
  const user = await admin.user(unique("reader"), "x", [[`${space}:DEFAULT_GROUP:ai/team-*`, "r"]]);
  await visit(`/mcpServerManagement?namespace=${space}`, user);
  await expect(page.getByText("You may not list what this namespace has")).toBeVisible();
  await expect(page.getByRole("button", { name: /Publish|Import/ })).toHaveCount(0);
  await visit(`/mcpServerDetail?name=${name}&namespace=${space}`, user);
  await expect(page.getByRole("main")).toContainText("How clients run it");
  await expect(page.getByRole("button", { name: /Edit|Delete/ })).toHaveCount(0);
});

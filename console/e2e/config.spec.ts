import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { agree, expect, row, succeeded, test, unique } from "./fixtures";
import { PYTHON } from "./nodes";
import { Program } from "./program";
import type { Login } from "./api";

const GROUP = "DEFAULT_GROUP";
const LABELLED = fileURLToPath(new URL("./labelled.py", import.meta.url));
const query = (dataId: string, more = "") => `?dataId=${dataId}&group=${GROUP}&namespace=${more}`;
const editor = (page: Page) => page.getByRole("main").locator(".cm-content").first();

/** Replace what is in the editor, with the keyboard. */
async function type(page: Page, text: string): Promise<void> {
  await editor(page).click();
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText(text);
}

async function newSpace(admin: Login): Promise<string> {
  const space = unique("space");
  await admin.send("POST", "v1/console/namespaces", { customNamespaceId: space, namespaceName: space, namespaceDesc: "" });
  return space;
}

test("create, edit with a diff, publish, and see the history", async ({ visit, page, admin }) => {
  const dataId = unique("app") + ".json";
  await visit("/configurationManagement");
  await page.getByRole("main").getByRole("button", { name: "Create configuration" }).click();
  await page.getByLabel("Data ID").fill(dataId);
  await page.getByRole("radio", { name: "JSON" }).check();
  await type(page, '{"a": }');
  await expect(page.getByText(/Problems of the syntax/).or(page.locator(".problem-list")).first()).toBeVisible();
  await type(page, '{"a": 1}');
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await succeeded(page, "Published");
  await expect.poll(() => admin.content(dataId)).toBe('{"a": 1}');

  await visit(`/configeditor${query(dataId)}`);
  await expect(editor(page)).toContainText('"a": 1');
  await type(page, '{"a": 2}');
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "What will be published" });
  await expect(dialog).toContainText('"a": 1');
  await expect(dialog).toContainText('"a": 2');
  await dialog.getByRole("button", { name: "Publish" }).click();
  await succeeded(page, "Published");
  await expect.poll(() => admin.content(dataId)).toBe('{"a": 2}');

  await visit(`/historyRollback${query(dataId)}`);
  await expect(row(page, "Create")).toHaveCount(1);
  await row(page, "Update").getByRole("button", { name: "Details" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Historical version");
  await expect(editor(page)).toContainText('"a": 1');
});

test("what is wrong with a content is told for each type", async ({ visit, page }) => {
  const texts = {
    JSON: ['{"a": 1,}', '{"a": 1}'],
    XML: ["<a>\n  <b></a>", "<a>\n  <b/></a>"],
    YAML: ["a: [1, 2\nb: 3\n", "a: [1, 2]\nb: 3\n"],
    HTML: ["<div><b>x</div>", "<div><b>x</b></div>"],
    PROPERTIES: ["a=\\u12", "a=\\u4e2d"],
    TOML: ["a = = 1", "a = 1"],
  };
  await visit("/newconfig");
  for (const [name, [broken, right]] of Object.entries(texts)) {
    await page.getByRole("radio", { name, exact: true }).check();
    await type(page, broken!);
    await expect(page.locator(".problem-list li").first(), name).toBeVisible();
    await expect(page.locator(".cm-lint-marker").first(), name).toBeVisible();
    await type(page, right!);
    await expect(page.locator(".problem-list"), name).toHaveCount(0);
  }
  await page.getByRole("radio", { name: "TEXT", exact: true }).check();
  await type(page, "{ <");
  await expect(page.locator(".problem-list")).toHaveCount(0);
});

test("back leads to the list as it was left, and a link to a page of it opens that page", async ({ visit, page, admin }) => {
  const space = await newSpace(admin);
  const names = Array.from({ length: 45 }, (_, number) => `left-${String(number).padStart(2, "0")}`);
  await Promise.all([...names, "other"].map((name) => admin.publish(name, "x", { tenant: space })));
  await visit(`/configurationManagement?dataId=left*&group=&appName=&namespace=${space}&pageSize=20&pageNo=2`);
  await expect(page.getByText("Total 45")).toBeVisible();
  await expect(page.locator(".el-pager .is-active")).toHaveText("2");
  await page.getByRole("button", { name: /next page/i }).click();
  await expect(page.getByRole("row")).toHaveCount(6);
  await expect(page).toHaveURL(/pageNo=3/);
  await page.getByRole("row").nth(1).getByRole("button", { name: "Edit" }).click();
  await expect(editor(page)).toContainText("x");
  await page.getByRole("button", { name: "Back" }).click();
  await expect(page.locator(".el-pager .is-active")).toHaveText("3");
  await expect(page.getByLabel("Data ID")).toHaveValue("left*");
  await expect(page.getByRole("row")).toHaveCount(6);

  // A link of Nacos's own pages says what the list was.
  await visit(`/configdetail?serverId=center&dataId=other&group=${GROUP}&namespace=${space}&searchDataId=left-1*&searchGroup=&pageSize=20&pageNo=1`);
  await expect(editor(page)).toContainText("x");
  await page.evaluate(() => window.history.replaceState({ ...window.history.state, back: null }, "")); // as in a tab of its own
  await page.getByRole("button", { name: "Back" }).click();
  await expect(page.getByText("Total 10")).toBeVisible();
  await expect(page.locator(".page-size")).toContainText("20 per page");
});

test("roll back an update and a creation", async ({ visit, page, admin }) => {
  const dataId = unique("back");
  await admin.publish(dataId, "first");
  await admin.publish(dataId, "second");
  await visit(`/historyRollback${query(dataId)}`);
  await row(page, "Update").getByRole("button", { name: "Roll back" }).click();
  await expect(page.getByRole("main")).toContainText("Rolling back publishes this content");
  await page.getByRole("button", { name: "Roll back" }).click();
  await agree(page);
  await succeeded(page, "Rolled back");
  await expect.poll(() => admin.content(dataId)).toBe("first");

  await visit(`/historyRollback${query(dataId)}`);
  await row(page, "Create").getByRole("button", { name: "Roll back" }).click();
  await page.getByRole("button", { name: "Roll back (delete)" }).click();
  await agree(page);
  await succeeded(page, "Rolled back");
  await expect.poll(() => admin.content(dataId)).toBeNull();
});

test("publish gray for one address, then end it", async ({ visit, page, admin }) => {
  const dataId = unique("gray");
  await admin.publish(dataId, "for all");
  await visit(`/configeditor${query(dataId)}`);
  await expect(editor(page)).toContainText("for all");
  await page.getByText("Gray (beta) publish: only for some addresses at first").click();
  await page.getByRole("textbox", { name: "Addresses that get the gray version" }).fill("127.0.0.1");
  await page.keyboard.press("Enter");
  await type(page, "for one");
  await page.getByRole("button", { name: "Publish gray" }).click();
  await page.getByRole("dialog", { name: "What will be published for some addresses" }).getByRole("button", { name: "Publish" }).click();
  await succeeded(page, "The gray version is published");
  await expect.poll(() => admin.content(dataId, { show: "all" })).toContain('"content":"for all"');
  await expect.poll(() => admin.content(dataId)).toBe("for one"); // this client's address is the one

  await page.getByRole("tab", { name: "Gray" }).click();
  await page.getByRole("button", { name: "End gray" }).click();
  await agree(page);
  await succeeded(page, "The gray version has ended");
  await expect.poll(() => admin.content(dataId)).toBe("for all");
});

test("publish for some labels, not over somebody else's change, then end it", async ({ visit, page, admin, single }) => {
  const dataId = unique("labels");
  await admin.publish(dataId, "for all");
  const client = new Program(PYTHON, [LABELLED, single.address, await admin.token(), dataId, "region", "hz"]);
  const gets = async (content: string) => {
    client.tell("and now?");
    await client.says(`gets ${content}`);
  };
  try {
    await client.says("connected");
    await gets("for all");
    await visit(`/configeditor${query(dataId)}`);
    await page.getByRole("tab", { name: "By labels (0)" }).click();
    await page.getByRole("button", { name: "Add a version" }).click();
    await page.getByLabel("Name", { exact: true }).fill("hz");
    await page.getByLabel("Rule", { exact: true }).fill("region");
    await expect(page.getByText("Not understood; a rule looks like")).toBeVisible();
    await page.getByLabel("Rule", { exact: true }).fill("region=hz,sh && module=config || region=hz");
    await type(page, "for hz");
    await page.getByRole("button", { name: "Publish the version" }).click();
    const dialog = page.getByRole("dialog", { name: "What will be published for some labels" });
    await expect(dialog).toContainText("Only clients with these labels get it: region=hz,sh");
    await dialog.getByRole("button", { name: "Publish" }).click();
    await succeeded(page, "The version is published");
    await expect(row(page, "region=hz,sh")).toBeVisible();
    await gets("for hz");
    expect(await admin.content(dataId)).toBe("for all");

    await page.getByRole("button", { name: "Edit: hz" }).click();
    await admin.send("POST", "v3/admin/cs/config/gray", { dataId, groupName: GROUP, content: "theirs", grayName: "hz", grayMatchRuleExp: "region=hz", grayPriority: 3 });
    await type(page, "again for hz");
    await page.getByRole("button", { name: "Publish the version" }).click();
    await dialog.getByRole("button", { name: "Publish" }).click();
    const conflict = page.getByRole("dialog", { name: "Somebody else has changed it meanwhile" });
    await expect(conflict).toContainText("Its rule now: region=hz, with priority 3");
    await gets("theirs");
    await conflict.getByRole("button", { name: "Publish mine all the same" }).click();
    await succeeded(page, "The version is published");
    await gets("again for hz");

    await page.getByRole("button", { name: "End: hz" }).click();
    await agree(page);
    await succeeded(page, "The version has ended");
    await expect(page.getByText("No version by labels")).toBeVisible();
    await gets("for all");
  } finally {
    client.kill();
  }
});

test("the list marks what some clients get otherwise, in one request", async ({ visit, page, admin }) => {
  const space = await newSpace(admin);
  for (const name of ["both", "plain"]) await admin.publish(name, "for all", { tenant: space });
  await admin.publish("both", "for one", { tenant: space }, { betaIps: "10.1.1.1" });
  await admin.publish("both", "blue", { tenant: space, tag: "blue" });
  const labelled = { namespaceId: space, groupName: GROUP, dataId: "both", content: "x", grayName: "hz", grayMatchRuleExp: "region=hz" };
  await admin.send("POST", "v3/admin/cs/config/gray", labelled);
  let asked = 0;
  page.on("request", (request) => (asked += request.url().includes("/v1/cs/") ? 1 : 0));
  await visit(`/configurationManagement?namespace=${space}`);
  await expect(row(page, "both").getByText("Gray", { exact: true })).toBeVisible();
  await expect(row(page, "both").getByText("Tags: blue")).toBeVisible();
  await expect(row(page, "both").getByText("Labels: hz")).toBeVisible();
  await expect(row(page, "plain").locator(".el-tag")).toHaveCount(0);
  expect(asked).toBe(1);
});

test("what cannot be undone is asked with the focus on the safe answer", async ({ visit, page, admin }) => {
  const space = await newSpace(admin);
  await admin.publish("kept", "x", { tenant: space });
  await visit(`/configurationManagement?namespace=${space}`);
  const question = page.locator(".el-message-box");
  await row(page, "kept").getByRole("button", { name: "Delete", exact: true }).click();
  await expect(question.getByRole("button", { name: "Cancel" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(question).toBeHidden();
  expect(await admin.content("kept", { tenant: space })).toBe("x");
  await visit(`/configeditor?dataId=kept&group=${GROUP}&namespace=${space}`);
  await expect(editor(page)).toContainText("x");
  await type(page, "y");
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await expect(page.getByRole("dialog").getByRole("button", { name: "Go on editing" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toBeHidden();
  expect(await admin.content("kept", { tenant: space })).toBe("x");
});

test("search, page, and delete many", async ({ visit, page, admin }) => {
  const space = await newSpace(admin);
  const names = Array.from({ length: 12 }, (_, number) => `many-${String(number).padStart(2, "0")}`);
  await Promise.all([...names, "other"].map((name) => admin.publish(name, "x", { tenant: space })));
  await visit(`/configurationManagement?namespace=${space}`);
  await expect(page.getByText("Total 13")).toBeVisible();
  await page.getByLabel("Data ID").fill("many");
  await page.getByRole("button", { name: "Search" }).click();
  await expect(page.getByText("Total 12")).toBeVisible();
  await page.getByRole("button", { name: /next page/i }).click();
  await expect(page.getByRole("row")).toHaveCount(3); // with the head
  await page.getByLabel("Data ID").fill("many-0");
  await page.getByRole("button", { name: "Search" }).click();
  await expect(page.getByText("Total 10")).toBeVisible();
  await page.getByRole("columnheader").first().locator(".el-checkbox").click();
  await page.getByRole("button", { name: "Delete selected" }).click();
  await agree(page);
  await succeeded(page, "Deleted");
  const left = await admin.json<{ totalCount: number }>("v1/cs/configs", { search: "blur", dataId: "", group: "", tenant: space, pageNo: 1, pageSize: 10 });
  expect(left.totalCount).toBe(3);
});

test("export, import into another namespace, clone", async ({ visit, page, admin }) => {
  const [from, to] = [await newSpace(admin), await newSpace(admin)];
  await admin.publish("one.yaml", "a: 1", { tenant: from, type: "yaml" });
  await admin.publish("two.yaml", "b: 2", { tenant: from, type: "yaml" });
  await visit(`/configurationManagement?namespace=${from}`);
  await page.getByRole("button", { name: "Export", exact: true }).click();
  const saving = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: "All that the search finds", exact: true }).click();
  const file = await (await saving).path();
  expect(readFileSync(file).subarray(0, 2).toString()).toBe("PK");

  await visit(`/configurationManagement?namespace=${to}`);
  await page.getByRole("button", { name: "Import" }).click();
  const dialog = page.getByRole("dialog", { name: `Import into ${to}` });
  await dialog.getByLabel("Zip file of an export").setInputFiles({ name: "x.zip", mimeType: "application/zip", buffer: readFileSync(file) });
  await dialog.getByRole("button", { name: "Import" }).click();
  await expect(dialog).toContainText("Done: 2 configurations were written");
  await dialog.getByRole("button", { name: "Close", exact: true }).last().click();
  await expect(row(page, "one.yaml")).toBeVisible();
  await expect.poll(() => admin.content("two.yaml", { tenant: to })).toBe("b: 2");

  await row(page, "one.yaml").locator(".el-checkbox").click();
  await page.getByRole("button", { name: "Clone selected" }).click();
  const clone = page.getByRole("dialog", { name: "Clone 1 configuration" });
  await clone.getByRole("combobox", { name: "Target namespace" }).click();
  await page.getByRole("option", { name: from }).click();
  await clone.getByLabel("Data ID").fill("copy.yaml");
  await clone.getByRole("button", { name: "Clone selected" }).click();
  await expect(clone).toContainText("Done: 1 configuration was written");
  await expect.poll(() => admin.content("copy.yaml", { tenant: from })).toBe("a: 1");
});

test("details, sample code, and who listens", async ({ visit, page, admin }) => {
  const dataId = unique("detail") + ".properties";
  await admin.publish(dataId, "a=1", { type: "properties", desc: "described", config_tags: "t1,t2" });
  await visit("/configurationManagement");
  await page.getByLabel("Data ID").fill(dataId);
  await page.getByRole("button", { name: "Search" }).click();
  await row(page, dataId).getByRole("button", { name: "Details" }).click();
  await expect(page.getByRole("main")).toContainText("described");
  await expect(editor(page)).toContainText("a=1");
  await page.getByRole("button", { name: "Sample code" }).click();
  const sample = page.getByRole("dialog", { name: "Sample code" });
  for (const language of ["Java", "Spring", "Python", "Go", "Node", "curl"]) {
    await sample.getByRole("tab", { name: new RegExp(language, "i") }).first().click();
    await expect(sample).toContainText(dataId);
  }
  await page.keyboard.press("Escape");
  await visit(`/listeningToQuery${query(dataId)}`);
  await expect(page.getByText("Nobody listens")).toBeVisible();
});

test("a change by somebody else meanwhile is not overwritten unasked", async ({ visit, page, admin, guard }) => {
  const dataId = unique("conflict");
  await admin.publish(dataId, "old");
  await visit(`/configeditor${query(dataId)}`);
  await expect(editor(page)).toContainText("old");
  await type(page, "mine");
  await admin.publish(dataId, "theirs");
  guard.allow("/v1/cs/configs", 500); // the node's refusal, as Nacos's
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await page.getByRole("dialog", { name: "What will be published" }).getByRole("button", { name: "Publish" }).click();
  const conflict = page.getByRole("dialog", { name: "Somebody else has changed it meanwhile" });
  await expect(conflict).toContainText("theirs");
  await expect.poll(() => admin.content(dataId)).toBe("theirs");
  await conflict.getByRole("button", { name: "Publish mine all the same" }).click();
  await succeeded(page, "Published");
  await expect.poll(() => admin.content(dataId)).toBe("mine");
});

test("a user who may only read is not offered writes", async ({ visit, page, admin }) => {
  const dataId = unique("readonly");
  await admin.publish(dataId, "x");
  await admin.publish(dataId, "y");
  const reader = await admin.user(unique("reader"), "x", [[":*:*", "r"]]);
  const main = page.getByRole("main");
  await visit(`/configurationManagement?namespace=&dataId=${dataId}`, reader);
  await expect(row(page, dataId)).toBeVisible();
  for (const name of ["Create configuration", "Import", "Delete selected", "Edit", "Delete"]) {
    await expect(main.getByRole("button", { name, exact: true }), name).toHaveCount(0);
  }
  await visit(`/configdetail${query(dataId)}`, reader);
  await expect(editor(page)).toContainText("y");
  await expect(main.getByRole("button", { name: "Edit" })).toHaveCount(0);
  await visit(`/configeditor${query(dataId)}`, reader);
  await expect(editor(page)).toContainText("y");
  await expect(main.getByRole("button", { name: /Publish/ })).toHaveCount(0);
  await visit(`/historyRollback${query(dataId)}`, reader);
  await expect(row(page, "Update")).toBeVisible();
  await expect(main.getByRole("button", { name: "Roll back" })).toHaveCount(0);
});

test("who may not read something is told so, and nothing is asked for", async ({ visit, page, admin }) => {
  const [own, other] = [await newSpace(admin), await newSpace(admin)];
  await admin.publish("theirs", "x", { tenant: other });
  const user = await admin.user(unique("apart"), "x", [[`${own}:*:*`, "rw"]]);
  const names = `dataId=theirs&group=${GROUP}&namespace=${other}`;
  const main = page.getByRole("main");
  await visit(`/configurationManagement?namespace=${other}`, user);
  await expect(main).toContainText("You may not read the configurations of this namespace");
  await expect(main.getByRole("button", { name: /Create|Import|Export|Clone|Delete/ })).toHaveCount(0);
  for (const route of ["configdetail", "configeditor", "configsync", "historyRollback", "listeningToQuery"]) {
    await visit(`/${route}?${names}`, user);
    await expect(main, route).toContainText("You may not read this configuration");
    await expect(main.locator(".loading-panel"), route).toHaveCount(0);
  }
  for (const route of ["historyDetail", "configRollback"]) {
    await visit(`/${route}?${names}&nid=1`, user);
    await expect(main, route).toContainText("You may not read this configuration");
  }
  await visit(`/newconfig?namespace=${other}`, user);
  await expect(main).toContainText("You may not write configurations of this namespace");
  await expect(main.getByRole("button", { name: "Publish" })).toHaveCount(0);

  // Only what there is for the user is offered.
  await visit("/configurationManagement", user);
  await expect(page).toHaveURL(/#\/configurationManagement$/);
  await expect(main.getByRole("button", { name: "Create configuration" })).toBeVisible();
  await page.getByRole("combobox", { name: "Namespace" }).click();
  await expect(page.getByRole("option")).toHaveText([new RegExp(own)]);
});

test("who may write some names only is offered to create those", async ({ visit, page, admin }) => {
  const space = await newSpace(admin);
  const user = await admin.user(unique("narrow"), "x", [[`${space}:${GROUP}:config/mine*`, "rw"]]);
  await visit(`/configurationManagement?namespace=${space}`, user);
  await page.getByRole("button", { name: "Create configuration" }).click();
  await page.getByLabel("Data ID").fill("others");
  await type(page, "x");
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await expect(page.getByText("You may not write a configuration of this name")).toBeVisible();
  await page.getByLabel("Data ID").fill("mine");
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await expect.poll(() => admin.content("mine", { tenant: space })).toBe("x");
});

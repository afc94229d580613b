import { fileURLToPath } from "node:url";
import { ADMIN, PASSWORD, agree, expect, row, succeeded, test, unique } from "./fixtures";
import { PYTHON } from "./nodes";
import { Program } from "./program";

const SDK = fileURLToPath(new URL("./sdk.py", import.meta.url));
const detail = (name: string) => `/serviceDetail?name=${name}&groupName=DEFAULT_GROUP`;

test("what a client registers appears and goes without a reload", async ({ visit, page, single }) => {
  const service = unique("sdk");
  await visit(`/serviceManagement?namespace=`);
  await page.getByRole("textbox", { name: "Service name" }).fill(service);
  await page.getByRole("button", { name: "Search" }).click();
  await expect(page.getByText("No services")).toBeVisible();
  await page.evaluate(() => Object.assign(window, { notReloaded: true }));
  const client = new Program(PYTHON, ["-I", SDK, single.address, ADMIN, PASSWORD, service, "10.1.2.3"]);
  try {
    await client.says("registered");
    await expect(row(page, service)).toBeVisible();
    await row(page, service).getByRole("link", { name: service, exact: true }).click();
    await expect(row(page, "10.1.2.3")).toContainText("by=sdk");
    client.tell("remove it");
    await client.says("removed");
    await expect(row(page, "10.1.2.3")).toHaveCount(0);
    expect(await page.evaluate(() => "notReloaded" in window)).toBe(true);
  } finally {
    client.kill();
  }
});

test("create, edit and delete a service", async ({ visit, page, admin }) => {
  const service = unique("made");
  await visit("/serviceManagement?namespace=");
  await page.getByRole("button", { name: "Create service" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Service name").fill(service);
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(dialog).toBeHidden();

  await page.getByRole("textbox", { name: "Service name" }).fill(service);
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByRole("button", { name: `Edit: ${service}` }).click();
  await dialog.getByRole("spinbutton", { name: "Protect threshold" }).fill("0.5");
  await dialog.getByText("Add a pair").click();
  await dialog.getByLabel("Key", { exact: true }).fill("owner");
  await dialog.getByLabel("Value", { exact: true }).fill("shop");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog).toBeHidden();
  const found = await admin.json<{ protectThreshold: number; metadata: object }>("v1/ns/service", { serviceName: service });
  expect(found).toMatchObject({ protectThreshold: 0.5, metadata: { owner: "shop" } });

  await page.getByRole("button", { name: `Delete: ${service}` }).click();
  await agree(page);
  await expect(row(page, service)).toHaveCount(0);
});

test("take an instance offline and online, edit its weight and metadata", async ({ visit, page, admin }) => {
  const service = unique("edited");
  await admin.register(service, "10.0.0.1");
  await admin.register(service, "10.0.0.2");
  const hosts = async () => {
    const found = await admin.json<{ hosts: { ip: string; weight: number; metadata: object }[] }>("v1/ns/instance/list", { serviceName: service });
    return found.hosts;
  };
  await visit(detail(service));
  await page.getByRole("button", { name: "Take offline: 10.0.0.1:8080" }).click();
  await agree(page);
  await succeeded(page, "10.0.0.1:8080 is offline");
  await expect(row(page, "10.0.0.1")).toContainText("Offline");
  expect((await hosts()).map((host) => host.ip)).toEqual(["10.0.0.2"]);
  await page.getByRole("button", { name: "Take online: 10.0.0.1:8080" }).click();
  await succeeded(page, "10.0.0.1:8080 is online");
  expect(await hosts()).toHaveLength(2);

  await page.getByRole("button", { name: "Edit: 10.0.0.2:8080" }).click();
  const dialog = page.getByRole("dialog", { name: "Edit instance" });
  await dialog.getByRole("spinbutton", { name: "Weight" }).fill("7");
  await dialog.getByText("Add a pair").click();
  await dialog.getByLabel("Key", { exact: true }).fill("zone");
  await dialog.getByLabel("Value", { exact: true }).fill("a");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(row(page, "10.0.0.2")).toContainText("zone=a");
  expect((await hosts()).find((host) => host.ip === "10.0.0.2")).toMatchObject({ weight: 7, metadata: { zone: "a" } });

  await page.getByRole("button", { name: "Edit: 10.0.0.2:8080" }).click();
  await dialog.getByText("Add a pair").click();
  await dialog.getByLabel("Key", { exact: true }).last().fill("owner");
  await dialog.getByRole("button", { name: "Delete" }).first().click();
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(row(page, "10.0.0.2")).not.toContainText("zone=a");
  expect((await hosts()).find((host) => host.ip === "10.0.0.2")).toMatchObject({ weight: 7, metadata: { owner: "" } });
});

test("weights may have fractions, and Enter saves a dialog", async ({ visit, page, admin }) => {
  const service = unique("weighed");
  await admin.register(service, "10.0.0.1");
  await visit(detail(service));
  await page.getByRole("button", { name: "Edit: 10.0.0.1:8080" }).click();
  const dialog = page.getByRole("dialog", { name: "Edit instance" });
  await dialog.getByRole("spinbutton", { name: "Weight" }).fill("0.25");
  await dialog.getByRole("checkbox", { name: "Online" }).uncheck();
  await dialog.getByRole("spinbutton", { name: "Weight" }).press("Enter");
  await expect(dialog).toBeHidden();
  await expect(row(page, "10.0.0.1")).toContainText("0.25");
  await expect(row(page, "10.0.0.1")).toContainText("Offline");
});

test("names that the node would not take are told before it is asked", async ({ visit, page }) => {
  await visit("/serviceManagement?namespace=");
  await page.getByRole("button", { name: "Create service" }).click();
  const dialog = page.getByRole("dialog");
  for (const name of ["with blank", "服务", "a@@b", "<b>"]) {
    await dialog.getByLabel("Service name").fill(name);
    await dialog.getByRole("button", { name: "Create" }).click();
    await expect(dialog.getByText("Only letters, digits and - . _ :"), name).toBeVisible();
  }
});

test("a service that is not there is told without a request that fails", async ({ visit, page, admin }) => {
  const service = unique("later");
  await visit(detail(service));
  await expect(page.getByText(`There is no service ${service}`)).toBeVisible();
  await admin.register(service, "10.0.0.1");
  await expect(row(page, "10.0.0.1")).toBeVisible();
});

test("a page of the list is in its address, and Back leads to it", async ({ visit, page, admin }) => {
  const name = unique("paged");
  await Promise.all(Array.from({ length: 12 }, (_, number) => admin.register(`${name}-${number}`, "10.0.0.1")));
  await visit(`/serviceManagement?namespace=&serviceNameParam=${name}`);
  await page.getByRole("button", { name: /next page/i }).click();
  await expect(page.getByRole("row")).toHaveCount(3);
  await page.getByRole("row").nth(1).getByRole("link").first().click();
  await expect(row(page, "10.0.0.1")).toBeVisible();
  await page.getByRole("button", { name: "Back" }).click();
  await expect(page.getByRole("row")).toHaveCount(3);
  await page.getByRole("combobox", { name: "Rows on a page" }).click();
  await page.getByRole("option", { name: "20 per page" }).click();
  await expect(page.getByRole("row")).toHaveCount(13);
});

test("empty services can be hidden", async ({ visit, page, admin }) => {
  const name = unique("hide");
  await admin.send("POST", "v1/ns/service", { serviceName: `${name}-empty` });
  await admin.register(`${name}-full`, "10.0.0.1");
  await visit("/serviceManagement?namespace=");
  await page.getByRole("textbox", { name: "Service name" }).fill(name);
  await page.getByRole("button", { name: "Search" }).click();
  await expect(row(page, `${name}-full`)).toBeVisible();
  await expect(row(page, `${name}-empty`)).toBeVisible();
  await page.getByText("Hide empty services").click();
  await expect(row(page, `${name}-empty`)).toHaveCount(0);
  await expect(row(page, `${name}-full`)).toBeVisible();
});

test("a user who may only read is not offered writes", async ({ visit, page, admin }) => {
  const service = unique("readonly");
  await admin.register(service, "10.0.0.1");
  const reader = await admin.user(unique("reader"), "x", [[":*:*", "r"]]);
  const main = page.getByRole("main");
  await visit("/serviceManagement?namespace=", reader);
  await page.getByRole("textbox", { name: "Service name" }).fill(service);
  await page.getByRole("button", { name: "Search" }).click();
  await expect(row(page, service)).toBeVisible();
  await expect(main.getByRole("button", { name: /Create|Edit|Delete/ })).toHaveCount(0);
  await visit(detail(service), reader);
  await expect(row(page, "10.0.0.1")).toBeVisible();
  await expect(main.getByRole("button", { name: /Edit|Take/ })).toHaveCount(0);
  await visit("/namespace", reader);
  await expect(row(page, "public")).toBeVisible();
  await expect(main.getByRole("button", { name: /Create|Edit|Delete/ })).toHaveCount(0);
  await visit("/clusterManagement", reader);
  await expect(row(page, "127.0.0.1")).toBeVisible();
  await expect(main.getByRole("button", { name: /Leave|Make leader/ })).toHaveCount(0);
});

test("namespaces: create, edit, delete, choose", async ({ visit, page, admin }) => {
  const id = unique("ns");
  await visit("/namespace?namespace=");
  await page.getByRole("button", { name: "Create namespace" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Namespace ID").fill("no blanks");
  await dialog.getByRole("textbox", { name: /^\*? ?Name$/ }).fill(id);
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(dialog.getByText("Only letters, digits, - and _")).toBeVisible();
  await dialog.getByLabel("Namespace ID").fill(id);
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(dialog).toBeHidden();
  await expect(row(page, id)).toBeVisible();

  await page.getByRole("button", { name: `Edit: ${id}` }).click();
  await dialog.getByRole("textbox", { name: "Description" }).fill("described");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(row(page, id)).toContainText("described");

  await admin.publish("of-this-namespace", "x", { tenant: id });
  await page.getByRole("link", { name: "Configurations" }).first().click();
  await page.getByRole("combobox", { name: "Namespace" }).click();
  await page.getByRole("option", { name: id }).click();
  await expect(page).toHaveURL(new RegExp(`namespace=${id}`));
  await expect(row(page, "of-this-namespace")).toBeVisible();
  await admin.send("DELETE", "v1/cs/configs", { dataId: "of-this-namespace", group: "DEFAULT_GROUP", tenant: id });

  await visit("/namespace?namespace=");
  await page.getByRole("button", { name: `Delete: ${id}` }).click();
  await agree(page);
  await expect(row(page, id)).toHaveCount(0);
});

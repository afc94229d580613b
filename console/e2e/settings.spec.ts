import { expect, test, unique } from "./fixtures";

test("the theme is used at once and kept", async ({ visit, page }) => {
  await visit("/settingCenter");
  const html = page.locator("html");
  await page.getByText("Dark", { exact: true }).click();
  await expect(html).toHaveClass(/dark/);
  await page.reload();
  await expect(html).toHaveClass(/dark/);
  await page.getByText("As the system", { exact: true }).click();
  await expect(html).not.toHaveClass(/dark/);
  await page.emulateMedia({ colorScheme: "dark" });
  await expect(html).toHaveClass(/dark/);
});

test("the language is used at once and kept", async ({ visit, page }) => {
  await visit("/settingCenter");
  await page.getByRole("main").getByText("中文").click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("设置中心");
  await expect(page.getByRole("navigation").getByRole("link", { name: "命名空间" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("设置中心");
  await expect(page.locator("html")).toHaveAttribute("lang", "zh-CN");
  await page.getByRole("main").getByText("English").click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Settings");
});

test.describe("in a browser that speaks Chinese", () => {
  test.use({ locale: "zh-CN" });
  test("the pages do", async ({ visit, page }) => {
    await visit("/login", null);
    await expect(page.getByRole("button", { name: "登录" })).toBeVisible();
  });
});

test("namespaces can be shown side by side", async ({ visit, page, admin }) => {
  const space = unique("side");
  await admin.send("POST", "v1/console/namespaces", { customNamespaceId: space, namespaceName: space, namespaceDesc: "" });
  await visit("/settingCenter");
  await page.getByText("side by side").click();
  await page.getByRole("link", { name: "Configurations" }).click();
  await page.getByRole("radiogroup", { name: "Namespace" }).getByText(space).click();
  await expect(page).toHaveURL(new RegExp(`namespace=${space}`));
  await page.reload();
  await expect(page.getByRole("radio", { name: space })).toBeChecked();
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 390, height: 844 } });
  test("namespaces with long names fit side by side", async ({ visit, page, admin }) => {
    const space = unique("wide");
    await admin.send("POST", "v1/console/namespaces", { customNamespaceId: space, namespaceName: `${space}-${"w".repeat(100)}`, namespaceDesc: "" });
    await visit("/settingCenter");
    await page.getByRole("radio", { name: "side by side" }).check();
    await visit("/configurationManagement?namespace=");
    await page.getByRole("radio", { name: new RegExp(space) }).check();
    await expect(page).toHaveURL(new RegExp(`namespace=${space}`));
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  });
});

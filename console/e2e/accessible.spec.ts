/** All pages and dialogs are accessible, by axe. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { adminOf, expect, shows, test } from "./fixtures";
import { DATA_ID, PROMPT, pages } from "./pages";

/** What serious faults axe finds; `colours`: looks at contrast only. */
async function check(page: Page, where: string, colours = false): Promise<void> {
  const axe = new AxeBuilder({ page });
  const found = await (colours ? axe.withRules("color-contrast") : axe.withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"])).analyze();
  const serious = found.violations.filter((one) => one.impact === "serious" || one.impact === "critical");
  const told = serious.map((one) => `${where}: ${one.id}: ${one.nodes.map((node) => node.target.join(" ")).slice(0, 5).join(" | ")}`);
  expect.soft(told).toEqual([]);
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`pages are accessible: ${colorScheme}`, async ({ visit, page, seeded }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await visit("/login", null, seeded.node);
    await expect(page.getByRole("button", { name: "Log in" })).toBeVisible();
    await check(page, "login", colorScheme === "dark");
    for (const shown of pages(seeded.nid)) {
      await visit(shown.route, adminOf(seeded.node), seeded.node);
      await shows(page, shown);
      await check(page, shown.name, colorScheme === "dark");
    }
  });
}

test("dialogs are accessible", async ({ visit, page, seeded }) => {
  const openers: [string, string][] = [
    ["/userManagement", "Create user"],
    ["/rolesManagement", "Bind role"],
    ["/permissionsManagement", "Add permission"],
    ["/namespace", "Create namespace"],
    ["/serviceManagement", "Create service"],
    ["/configurationManagement", "Import"],
    ["/mcpServerManagement?namespace=", "Import"],
    [`/promptDetail?name=${PROMPT}&namespace=`, "Edit"],
    ["/skillManagement?namespace=", "Upload skill"],
    [`/promptDetail?name=${PROMPT}&namespace=`, "Set a label"],
  ];
  for (const [route, name] of openers) {
    await visit(route, adminOf(seeded.node), seeded.node);
    await page.getByRole("button", { name }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
    await check(page, `${route}: ${name}`);
  }
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`what is chosen, pointed at or asked is accessible: ${colorScheme}`, async ({ visit, page, seeded }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await visit("/configurationManagement?namespace=", adminOf(seeded.node), seeded.node);
    const line = page.getByRole("row").filter({ hasText: DATA_ID });
    await line.getByRole("checkbox").check();
    await expect(page.getByRole("checkbox", { name: "Select all rows" })).toBeChecked({ indeterminate: true });
    for (const name of ["Create configuration", "Import", "Delete selected"]) {
      await page.getByRole("button", { name }).hover();
      await check(page, name);
    }
    for (const name of ["Edit", "Delete"]) {
      await line.getByRole("button", { name, exact: true }).hover();
      await check(page, name);
    }
    await page.getByRole("button", { name: "Delete selected" }).click();
    await check(page, "question");
    await page.locator(".el-message-box").getByRole("button", { name: "OK" }).hover();
    await check(page, "question, pointed at");
    await page.keyboard.press("Escape");
    await page.getByRole("checkbox", { name: "Select all rows" }).check();
    await expect(page.getByRole("checkbox", { name: "Select all rows" })).toBeChecked({ indeterminate: false });
  });
}

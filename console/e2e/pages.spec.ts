import { ADMIN, PASSWORD, adminOf, apart, expect, logIn, shows, test } from "./fixtures";
import { AGENT, DATA_ID, MCP_SERVER, PROMPT, SKILL, pages } from "./pages";

const PHONE = { width: 390, height: 844 };
/** The lists of the AI registries, with what is in them. */
const aiLists = [
  ["/mcpServerManagement?namespace=", MCP_SERVER],
  ["/agentManagement?namespace=", AGENT],
  ["/promptManagement?namespace=", PROMPT],
  ["/skillManagement?namespace=", SKILL],
];

test("bookmarks of Nacos's console open their pages", async ({ visit, page, seeded }) => {
  for (const shown of pages(seeded.nid)) {
    await visit(shown.route, adminOf(seeded.node), seeded.node);
    await shows(page, shown);
    const [path] = shown.route.split("?");
    expect(page.url()).toContain(`#${path}?`);
  }
});

test("bookmarks of Nacos's console with other names open them as well", async ({ visit, page, seeded }) => {
  const key = `DataId=${DATA_ID}`;
  const open = (route: string) => visit(route, adminOf(seeded.node), seeded.node);
  await open(`/historyRollback?historyServerId=center&history${key}&historyGroup=DEFAULT_GROUP&namespace=`);
  await expect(page.getByRole("row").filter({ hasText: "Update" })).toBeVisible();
  await open(`/listeningToQuery?listeningServerId=center&listening${key}&listeningGroup=DEFAULT_GROUP&namespace=`);
  await expect(page.getByLabel("Data ID")).toHaveValue(DATA_ID);
  await expect(page.getByText("Nobody listens")).toBeVisible();
});

test("a page that is left takes nothing while the code of the next one is loaded", async ({ visit, page }) => {
  let load = (): void => undefined;
  const asked = new Promise<void>((resolve) => (load = resolve));
  await page.route(/NewConfig.*\.js/, async (route) => {
    await asked;
    await route.continue();
  });
  await visit("/configurationManagement");
  await page.getByRole("main").getByRole("button", { name: "Create configuration" }).click();
  await expect(page.getByLabel("Data ID")).toBeHidden();
  load();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Create configuration");
  await expect(page.getByLabel("Data ID")).toBeVisible();
});

test("pages that are told nothing of what to show ask for nothing that is not there", async ({ visit, page, seeded }) => {
  for (const shown of pages("")) {
    const [path] = shown.route.split("?");
    await visit(path!, adminOf(seeded.node), seeded.node);
    await expect(page.getByRole("heading", { level: 1 }), path).toHaveText(shown.heading);
    await page.waitForLoadState("networkidle");
    await expect(page.locator(".el-loading-mask:visible"), path).toHaveCount(0);
  }
});

test("controls can be pressed where they are, whatever shows them", async ({ visit, page, seeded }) => {
  const open = (route: string) => visit(route, adminOf(seeded.node), seeded.node);
  await open("/configurationManagement?namespace=");
  await page.getByRole("radio", { name: "Exact" }).check();
  await page.getByRole("row").filter({ hasText: DATA_ID }).getByRole("checkbox").check();
  await expect(page.getByRole("button", { name: "Delete selected" })).toBeEnabled();
  await page.getByRole("combobox", { name: "Rows on a page" }).click();
  await page.getByRole("option", { name: "20 per page" }).click();
  await expect(page).toHaveURL(/pageSize=20/);
  await open("/serviceManagement?namespace=");
  await page.getByRole("checkbox", { name: "Hide empty services" }).check();
  await expect(page.getByRole("checkbox", { name: "Hide empty services" })).toBeChecked();
  await open("/settingCenter");
  await page.getByRole("radio", { name: "Dark" }).check();
  await expect(page.locator("html")).toHaveClass(/dark/);
});

test.describe("on a phone", () => {
  test.use({ viewport: PHONE });
  test("no page is wider than the screen, and the menu can be reached", async ({ visit, page, seeded }) => {
    for (const shown of pages(seeded.nid)) {
      await visit(shown.route, adminOf(seeded.node), seeded.node);
      await shows(page, shown);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      expect.soft(wide, shown.name).toBeLessThanOrEqual(PHONE.width);
    }
    await page.getByRole("button", { name: "Open the menu" }).click();
    await page.getByRole("link", { name: "Namespaces" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Namespaces");
    await expect(page.getByRole("navigation")).toBeHidden();
  });
});

test.describe("on a phone", () => {
  test.use({ viewport: PHONE });
  test("tables scroll, say so, and keep the column that tells the rows apart", async ({ visit, page, seeded }) => {
    for (const [route, text] of [["/configurationManagement?namespace=", DATA_ID], ["/namespace", "Development"], ["/clusterManagement", "127.0.0.1:"], ...aiLists]) {
      await visit(route!, adminOf(seeded.node), seeded.node);
      const name = page.getByRole("row").filter({ hasText: text }).locator("td").filter({ hasText: text }).first();
      await expect(name).toBeVisible();
      await expect(page.getByText("Scroll sideways for more columns"), route).toBeVisible();
      const before = (await name.boundingBox())!;
      const scrolled = page.locator(".table-scroll .el-table__body-wrapper .el-scrollbar__wrap").first();
      const moved = await scrolled.evaluate((element) => ((element.scrollLeft = 9999), element.scrollLeft));
      expect(moved, route).toBeGreaterThan(40);
      await expect(page.locator(".table-scroll.before:not(.after)"), route).toHaveCount(1);
      const after = (await name.boundingBox())!;
      expect(Math.abs(after.x - before.x), route).toBeLessThan(2);
      expect(after.x, route).toBeGreaterThanOrEqual(0);
      // Half of the place at least is for the other columns.
      const place = (await scrolled.boundingBox())!;
      expect(place.x + place.width - (after.x + after.width), route).toBeGreaterThan(place.width / 2 - 20);
    }
  });

  test("suggestions cover no buttons", async ({ visit, page, seeded }) => {
    await visit("/rolesManagement", adminOf(seeded.node), seeded.node);
    await page.getByRole("button", { name: "Bind role" }).click();
    const dialog = page.getByRole("dialog");
    for (const field of ["Role", "Username"]) {
      await dialog.getByLabel(field).fill("a");
      await expect(page.getByRole("option").first()).toBeVisible();
      for (const button of ["Bind role", "Cancel"]) await apart(page.locator(".suggestions:visible"), dialog.getByRole("button", { name: button, exact: true }));
      await page.keyboard.press("Tab");
      await expect(page.locator(".suggestions:visible")).toHaveCount(0);
    }
  });
});

test("what can be done with a row stands in one line", async ({ visit, page, seeded }) => {
  for (const [route, text] of [["/configurationManagement?namespace=", DATA_ID], ["/namespace", "Development"], ["/serviceManagement?namespace=", "shop-orders"], ...aiLists]) {
    await visit(route!, adminOf(seeded.node), seeded.node);
    const line = page.getByRole("row").filter({ hasText: text });
    await expect(line.getByRole("button", { name: /^Delete/ })).toBeVisible();
    const boxes = await Promise.all((await line.locator(".actions").locator("a, button").all()).map((one) => one.boundingBox()));
    const middles = boxes.map((box) => box!.y + box!.height / 2);
    expect(middles.length, route).toBeGreaterThan(1);
    expect(Math.max(...middles) - Math.min(...middles), route).toBeLessThan(1);
  }
});

test("a quota that nobody enforces is not shown", async ({ visit, page, seeded }) => {
  await visit("/namespace", adminOf(seeded.node), seeded.node);
  const line = page.getByRole("row").filter({ hasText: "Development" });
  await expect(line).toBeVisible();
  await expect(line).not.toContainText("/");
  await expect(page.getByRole("main")).not.toContainText(/quota|200/i);
});

test("what could not be loaded is told for as long as it is so", async ({ visit, page, guard, seeded }) => {
  const { node } = seeded;
  const pagesAndRoutes: [string, RegExp][] = [
    ["/configurationManagement?namespace=", /v1\/cs\/configs\?/],
    ["/namespace", /v1\/console\/namespaces/],
    ["/serviceManagement?namespace=", /v1\/ns\/catalog\/services/],
    ["/userManagement", /v1\/auth\/users\?/],
    [`/historyRollback?dataId=${DATA_ID}&group=DEFAULT_GROUP&namespace=`, /v1\/cs\/history/],
  ];
  guard.allow("/nacos/v1/", 503);
  for (const [route, asked] of pagesAndRoutes) {
    await page.route(asked, (request) => request.fulfill({ status: 503, body: "the database is not available" }));
    await visit("/settingCenter", adminOf(node), node);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Settings");
    await visit(route, adminOf(node), node);
    const main = page.getByRole("main");
    // Namespaces are known already; the note says that they may be old.
    if (route !== "/namespace") await expect(main.locator(".el-table__empty-text"), route).toHaveText("Could not be loaded: The database is away");
    await expect(page.locator(".el-message")).toHaveCount(0); // has gone by now
    await expect(main.locator(".live-note"), route).toContainText("The database is away");
    await page.unroute(asked);
    await main.locator(".live-note").getByRole("button", { name: "Try again" }).click();
    await expect(main.locator(".el-table__empty-text"), route).toHaveCount(0);
    await expect(main.locator(".live-note .el-alert"), route).toHaveCount(0);
  }
});

test.describe("in Chinese", () => {
  test.use({ locale: "zh-CN" });
  test("pages are", async ({ visit, page, seeded }) => {
    for (const shown of pages(seeded.nid)) {
      await visit(shown.route, adminOf(seeded.node), seeded.node);
      await expect(page.getByRole("heading", { level: 1 })).toHaveText(/[\u4e00-\u9fff]/);
      await expect(page.locator(".el-loading-mask:visible")).toHaveCount(0);
      // A message that is missing shows its key.
      await expect(page.locator("body")).not.toContainText(/\b(common|login|config|history|service|cluster|connections|namespace|auth|settings|ai)\.[a-z]\w+/);
    }
  });
});

test("log in and publish with the keyboard alone", async ({ visit, page, seeded }) => {
  const { keyboard } = page;
  const focused = () => page.evaluate(() => (document.activeElement as HTMLElement | null)?.innerText ?? "");
  const tabTo = async (name: string | RegExp, role: "button" | "link" | "textbox" = "button") => {
    const wanted = page.getByRole(role, { name, exact: role === "button" }).first();
    for (let steps = 0; steps < 60; steps++) {
      await keyboard.press("Tab");
      if (await wanted.evaluate((element) => element.matches(":focus"))) return;
    }
    throw new Error(`${name} is not reached with Tab; at ${await focused()}`);
  };
  await visit("/login?redirect=/newconfig", null, seeded.node);
  await expect(page.getByLabel("Username")).toBeVisible();
  await tabTo("Username", "textbox");
  await keyboard.type(ADMIN);
  await keyboard.press("Tab");
  await keyboard.type(PASSWORD);
  await keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Create configuration");
  await tabTo("Skip to the content", "link");
  await keyboard.press("Enter");
  await tabTo("Data ID", "textbox");
  await keyboard.type("by-keyboard");
  await tabTo("Content", "textbox");
  await keyboard.type("typed");
  await keyboard.press("Escape");
  await keyboard.press("Tab");
  for (let steps = 0; steps < 60; steps++) {
    if (await page.getByRole("button", { name: "Publish", exact: true }).evaluate((element) => element.matches(":focus"))) break;
    await keyboard.press("Shift+Tab");
    if (steps === 0) await keyboard.press("Escape");
  }
  await expect(page.getByRole("button", { name: "Publish", exact: true })).toBeFocused();
  await keyboard.press("Enter");
  await expect.poll(() => adminOf(seeded.node).content("by-keyboard")).toBe("typed");
});

test("login and list arrive in fewer than 25 requests and less than 400 KB", async ({ visit, page, seeded, guard }) => {
  await visit("/login", null, seeded.node);
  await logIn(page, ADMIN, PASSWORD);
  await shows(page, pages(seeded.nid)[0]!);
  await expect(page.getByRole("row").filter({ hasText: DATA_ID })).toBeVisible();
  await page.waitForLoadState("networkidle");
  const sizes = await Promise.all([...guard.received].map(async ([url, size]) => [url, await size] as const));
  const total = sizes.reduce((sum, [, size]) => sum + size, 0);
  const script = sizes.filter(([url]) => url.includes("/assets/"));
  expect(script.length).toBeGreaterThan(5);
  expect(sizes.length, sizes.map(([url]) => url).join("\n")).toBeLessThan(25);
  console.log(`first load: ${(total / 1000).toFixed(0)} kB in ${sizes.length} answers`);
  expect(total).toBeLessThan(400_000);
  expect(sizes.map(([url]) => url).filter((url) => /EditorView|shadow|HistoryChart/.test(url))).toEqual([]);
});

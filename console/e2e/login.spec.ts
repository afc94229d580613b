import { ADMIN, PASSWORD, expect, logIn, test, unique } from "./fixtures";
import { Login } from "./api";
import { Nodes } from "./nodes";

const heading = "Configurations";

test("a wrong password is told, a right one leads to the page that was wanted", async ({ visit, guard, single }) => {
  const page = await visit("/namespace?namespace=", null);
  await expect(page).toHaveURL(/#\/login\?redirect=/);
  guard.allow("/v1/auth/users/login", 403);
  await logIn(page, ADMIN, "wrong");
  await expect(page.getByRole("alert")).toHaveText(/Username or password is wrong/);
  await logIn(page, "nobody", "wrong");
  await expect(page.getByRole("alert")).toHaveText(/Username or password is wrong/);
  await logIn(page, ADMIN, PASSWORD);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Namespaces");
  await expect(page).toHaveURL(/#\/namespace\?namespace=$/);
  expect(page.url()).toContain(single.address);
});

test("empty fields are told without a request", async ({ visit, page }) => {
  await visit("/login", null);
  let asked = 0;
  page.on("request", (request) => (asked += /v1\/auth\/(?!oidc\/config)/.test(request.url()) ? 1 : 0));
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page.getByText("Enter your username")).toBeVisible();
  await expect(page.getByText("Enter a password")).toBeVisible();
  expect(asked).toBe(0);
});

test("a token that holds no longer goes back to the login, and from there to the page", async ({ visit, guard, admin }) => {
  const name = unique("expiring");
  const user = await admin.user(name, "old", [[":*:*", "rw"]]);
  const page = await visit("/configurationManagement?dataId=x&group=g", user);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(heading);
  guard.allow("/nacos/v1/", 403);
  await admin.send("PUT", "v1/auth/users", { username: name, newPassword: "new" }); // ends the token
  await page.getByRole("button", { name: "Search" }).click();
  await expect(page).toHaveURL(/#\/login\?redirect=/);
  await logIn(page, name, "new");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(heading);
  await expect(page).toHaveURL(/#\/configurationManagement\?/);
});

test("what was typed when the login ended is there after the next one, for the same user", async ({ visit, page, guard, admin }) => {
  const [name, dataId] = [unique("typing"), unique("draft")];
  await admin.publish(dataId, "stored");
  const user = await admin.user(name, "old", [[":*:*", "rw"]]);
  const editor = page.locator(".cm-content").first();
  const type = async (text: string) => {
    await editor.click();
    await page.keyboard.press("Control+A");
    await page.keyboard.insertText(text);
  };
  const key = `dataId=${dataId}&group=DEFAULT_GROUP&namespace=`;
  await visit(`/configeditor?${key}`, user);
  await expect(editor).toContainText("stored");
  await type("half done");
  await page.getByLabel("Application").fill("shop");
  guard.allow("/nacos/v1/", 403);
  await admin.send("PUT", "v1/auth/users", { username: name, newPassword: "new" }); // ends the token
  await admin.publish(dataId, "theirs");
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Publish" }).click();
  await expect(page).toHaveURL(/#\/login\?redirect=/);
  await logIn(page, name, "new");
  await expect(editor).toContainText("half done");
  await expect(page.getByLabel("Application")).toHaveValue("shop");
  // It is still published over what it was typed over.
  guard.allow("/v1/cs/configs", 500);
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Publish" }).click();
  await expect(page.getByRole("dialog", { name: "Somebody else has changed it meanwhile" })).toContainText("theirs");
  expect(await admin.content(dataId)).toBe("theirs");
  await page.getByRole("dialog").getByRole("button", { name: "Drop mine, edit theirs" }).click();
  await expect(editor).toContainText("theirs");

  // Nobody else gets it.
  await type("a secret of the first");
  await admin.send("PUT", "v1/auth/users", { username: name, newPassword: "newer" });
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Publish" }).click();
  await expect(page).toHaveURL(/#\/login\?redirect=/);
  await logIn(page, ADMIN, PASSWORD);
  await expect(editor).toContainText("theirs");
  expect(await page.evaluate(() => JSON.stringify({ ...sessionStorage }))).not.toContain("a secret of the first");
});

test("a token that has expired is not asked about twice", async ({ visit, guard, admin }) => {
  const short = await Nodes.start(1, {
    "nacos.core.auth.enabled": true,
    "nacos.core.auth.admin.password": PASSWORD,
    "nacos.core.auth.default.token.expire.seconds": 1,
  });
  try {
    const user = new Login(short.first.api, ADMIN, PASSWORD);
    const token = await user.token();
    await expect
      .poll(async () => (await fetch(`${short.first.url}v1/auth/me`, { headers: { Authorization: `Bearer ${token}` } })).status)
      .toBe(403);
    guard.allow("/v1/auth/me", 403);
    const page = await visit("/settingCenter", user, short.first);
    await expect(page).toHaveURL(/#\/login\?redirect=\/settingCenter$/);
    await expect(page.getByRole("button", { name: "Log in" })).toBeVisible();
  } finally {
    await short.close();
  }
  expect(await admin.token()).not.toBe("");
});

test("logging out throws the token away", async ({ visit, page }) => {
  await visit("/settingCenter");
  await page.getByRole("button", { name: `Account of ${ADMIN}` }).click();
  await page.getByRole("menuitem", { name: "Log out" }).click();
  await expect(page.getByRole("button", { name: "Log in" })).toBeVisible();
  expect(await page.evaluate(() => sessionStorage.getItem("nacos.token"))).toBeNull();
  await page.goBack();
  await expect(page.getByRole("button", { name: "Log in" })).toBeVisible();
});

test("the first administrator is made, warned of the known password, and changes it", async ({ visit, guard, page }) => {
  const fresh = await Nodes.start(1, { "nacos.core.auth.enabled": true });
  try {
    const node = fresh.first;
    await visit("/login", null, node);
    await expect(page.getByText("There is no administrator yet")).toBeVisible();
    await page.getByLabel("Password", { exact: true }).fill("nacos");
    await page.getByLabel("The same once more").fill("other");
    await page.getByRole("button", { name: "Create the administrator" }).click();
    await expect(page.getByText("The two passwords differ")).toBeVisible();
    await page.getByLabel("The same once more").fill("nacos");
    await page.getByRole("button", { name: "Create the administrator" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(heading);

    const warning = page.getByRole("alert").filter({ hasText: "everybody knows" });
    await expect(warning).toBeVisible();
    await page.getByRole("button", { name: `Account of ${ADMIN}` }).click();
    await page.getByRole("menuitem", { name: "Change password" }).click();
    const dialog = page.getByRole("dialog", { name: "Change password" });
    await dialog.getByLabel("New password").fill(PASSWORD);
    await dialog.getByLabel("The same once more").fill(PASSWORD);
    await dialog.getByRole("button", { name: "Save" }).click();
    await expect(dialog).toBeHidden();
    await expect(warning).toBeHidden();

    // The tab goes on with a new token; the old password is of no use.
    await page.reload();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(heading);
    await expect(node.api.token(ADMIN, "nacos")).rejects.toThrow("403");
    expect(await node.api.token(ADMIN, PASSWORD)).not.toBe("");
  } finally {
    await fresh.close();
  }
  expect(guard.report()).toEqual([]);
});

test("without logins there is no login", async ({ visit, page, open }) => {
  await visit("/login", null, open);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(heading);
  await expect(page.getByRole("button", { name: /Account of/ })).toHaveCount(0);
  await visit("/namespace", null, open);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Namespaces");
});

test("a node that is away is told, and asked again", async ({ visit, guard, page }) => {
  const alone = await Nodes.start(1, {});
  try {
    await visit("/settingCenter", null, alone.first);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Settings");
    for (const status of [0, 500, 503]) guard.allow(alone.first.address, status); // a node that starts says so
    await alone.first.kill();
    await page.getByRole("link", { name: "Namespaces" }).click();
    await expect(page.getByText("The node cannot be reached").first()).toBeVisible();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Settings");
    alone.first.start();
    await alone.first.ready();
    await page.getByRole("link", { name: "Namespaces" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Namespaces");
  } finally {
    await alone.close();
  }
});

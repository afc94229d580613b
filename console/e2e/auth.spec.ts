import { ADMIN, agree, apart, expect, logIn, row, succeeded, test, unique } from "./fixtures";

test("users: create, search, reset the password, delete", async ({ visit, page, admin, single }) => {
  const name = unique("ann");
  await visit("/userManagement");
  await expect(row(page, ADMIN)).toContainText("Administrator");
  await expect(row(page, ADMIN).getByRole("button", { name: "Delete" })).toHaveCount(0);

  await page.getByRole("button", { name: "Create user" }).click();
  const dialog = page.getByRole("dialog", { name: "Create user" });
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(dialog.getByText("Please fill this in")).toBeVisible();
  await dialog.getByLabel("Username").fill(name);
  await dialog.getByLabel("Password", { exact: true }).fill("first");
  await dialog.getByLabel("The same once more").fill("first");
  await dialog.getByRole("button", { name: "Create" }).click();
  await succeeded(page, "Created");
  await expect(dialog).toBeHidden();

  await page.getByRole("search").getByLabel("Username").fill(name.slice(1));
  await page.getByRole("button", { name: "Search" }).click();
  await expect(row(page, ADMIN)).toHaveCount(0);
  await row(page, name).getByRole("button", { name: "Change password" }).click();
  const password = page.getByRole("dialog", { name: "Change password" });
  await password.getByLabel("New password").fill("second");
  await password.getByLabel("The same once more").fill("second");
  await password.getByRole("button", { name: "Save" }).click();
  await succeeded(page, "The password was changed");
  expect(await single.api.token(name, "second")).not.toBe("");
  await expect(single.api.token(name, "first")).rejects.toThrow("403");

  await row(page, name).getByRole("button", { name: "Delete" }).click();
  await agree(page);
  await succeeded(page, "Deleted");
  await expect(row(page, name)).toHaveCount(0);
  expect(await admin.json<string[]>("v1/auth/users/search", { username: name })).toEqual([]);
});

test("a user that is there already is told", async ({ visit, page, guard }) => {
  await visit("/userManagement");
  await page.getByRole("button", { name: "Create user" }).click();
  const dialog = page.getByRole("dialog", { name: "Create user" });
  await dialog.getByLabel("Username").fill(ADMIN);
  await dialog.getByLabel("Password", { exact: true }).fill("x");
  await dialog.getByLabel("The same once more").fill("x");
  guard.allow("/v1/auth/users", 400);
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(page.getByText(`There is a user ${ADMIN} already`)).toBeVisible();
  await expect(dialog).toBeVisible();
});

test("roles: bind with a suggested user, unbind", async ({ visit, page, admin }) => {
  const name = unique("bob");
  const role = unique("readers");
  await admin.send("POST", "v1/auth/users", { username: name, password: "x" });
  await visit("/rolesManagement");
  await expect(row(page, "ROLE_ADMIN").getByRole("button", { name: "Unbind" })).toHaveCount(0);
  await page.getByRole("button", { name: "Bind role" }).click();
  const dialog = page.getByRole("dialog", { name: "Bind role" });
  await dialog.getByLabel("Role").fill(role);
  await dialog.getByLabel("Username").fill(name.slice(0, -1));
  const option = page.getByRole("option", { name });
  await expect(option).toBeVisible();
  for (const button of ["Bind role", "Cancel"]) await apart(page.locator(".suggestions:visible"), dialog.getByRole("button", { name: button, exact: true }));
  await option.click();
  await dialog.getByRole("button", { name: "Bind role" }).click();
  await succeeded(page, "The user has the role");
  await expect(row(page, role)).toContainText(name);

  await page.getByRole("search").getByLabel("Role").fill(role);
  await page.getByRole("button", { name: "Search" }).click();
  await expect(row(page, "ROLE_ADMIN")).toHaveCount(0);
  await row(page, role).getByRole("button", { name: "Unbind" }).click();
  await agree(page);
  await succeeded(page, "The user no longer has the role");
  await expect(row(page, role)).toHaveCount(0);
});

test("permissions: add for a suggested role, with and without patterns, delete", async ({ visit, page, admin }) => {
  const name = unique("cy");
  const role = `role-${name}`;
  const space = unique("space");
  await admin.send("POST", "v1/console/namespaces", { customNamespaceId: space, namespaceName: space, namespaceDesc: "" });
  await admin.user(name, "x", [["other:*:*", "r"]]);
  await visit("/permissionsManagement");

  await page.getByRole("button", { name: "Add permission" }).click();
  const dialog = page.getByRole("dialog", { name: "Add permission" });
  await dialog.getByLabel("Role").fill(role.slice(0, -1));
  const option = page.getByRole("option", { name: role });
  await expect(option).toBeVisible();
  for (const button of ["Create", "Cancel"]) await apart(page.locator(".suggestions:visible"), dialog.getByRole("button", { name: button, exact: true }));
  await option.click();
  await dialog.getByRole("combobox", { name: "Namespace" }).click();
  await page.getByRole("option", { name: space }).click();
  await expect(dialog.getByTestId("resource")).toHaveText(`${space}:*:*`);
  await dialog.getByText("read and write", { exact: true }).click();
  await dialog.getByRole("button", { name: "Create" }).click();
  await succeeded(page, "Created");
  await expect(row(page, `${space}:*:*`)).toContainText("read and write");

  await page.getByRole("button", { name: "Add permission" }).click();
  await dialog.getByLabel("Role").fill(role);
  await dialog.getByText("Configurations", { exact: true }).click();
  await dialog.getByLabel("Group (* is any text)").fill("app");
  await dialog.getByLabel("Data ID (* is any text)").fill("db-*");
  await expect(dialog.getByText("Enough for clients that read by name")).toBeVisible();
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(row(page, ":app:config/db-*")).toContainText("public");
  await expect(row(page, ":app:config/db-*")).toContainText("read");

  await row(page, `${space}:*:*`).getByRole("button", { name: "Delete" }).click();
  await agree(page);
  await succeeded(page, "Deleted");
  await expect(row(page, `${space}:*:*`)).toHaveCount(0);
  const kept = await admin.json<{ pageItems: { resource: string }[] }>("v1/auth/permissions", { role, pageNo: 1, pageSize: 10, search: "accurate" });
  expect(kept.pageItems.map((one) => one.resource).sort()).toEqual([":app:config/db-*", "other:*:*"]);
});

test("what is granted here works at once", async ({ visit, page, admin }) => {
  const name = unique("dee");
  await admin.publish(unique("granted"), "x");
  await admin.user(name, "x", [[":*:*", "r"]]);
  await visit("/login", null);
  await logIn(page, name, "x");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Configurations");
});

test("pages of administrators are not offered to others", async ({ visit, page, admin }) => {
  const user = await admin.user(unique("eve"), "x", [[":*:*", "rw"]]);
  await visit("/settingCenter", user);
  await expect(page.getByRole("link", { name: "Namespaces" })).toBeVisible();
  await expect(page.getByText("Authority control")).toHaveCount(0);
  for (const route of ["/userManagement", "/rolesManagement", "/permissionsManagement"]) {
    await visit(route, user);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Configurations");
    await expect(page).not.toHaveURL(new RegExp(route));
  }
});

test("where no logins are asked for, users can be managed all the same", async ({ visit, page, open }) => {
  await visit("/userManagement", null, open);
  await page.getByRole("button", { name: "Create user" }).click();
  const dialog = page.getByRole("dialog", { name: "Create user" });
  const name = unique("fay");
  await dialog.getByLabel("Username").fill(name);
  await dialog.getByLabel("Password", { exact: true }).fill("x");
  await dialog.getByLabel("The same once more").fill("x");
  await dialog.getByLabel("The same once more").press("Enter");
  await expect(row(page, name)).toBeVisible();
});

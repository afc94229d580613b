/** Logins at a real OpenID Connect provider: the whole way of a browser. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ADMIN, PASSWORD, expect, logIn, test } from "./fixtures";
import { Nodes, PYTHON, type Node } from "./nodes";

const ROOT = resolve(fileURLToPath(import.meta.url), "../../..");
const BUTTON = "Log in with Example ID";

let provider: ChildProcess;
let host = "";
let nodes: Nodes;

test.beforeAll(async () => {
  test.setTimeout(600_000);
  provider = spawn(PYTHON, ["-m", "tests.oidc_provider"], { cwd: ROOT, stdio: ["pipe", "pipe", "inherit"] });
  const [said] = (await once(provider.stdout!, "data")) as [Buffer];
  const issuer = said.toString().trim();
  host = new URL(issuer).host;
  nodes = await Nodes.start(1, {
    "nacos.core.auth.enabled": true,
    "nacos.core.auth.admin.password": PASSWORD,
    "nacos.core.auth.oidc.issuer-uri": issuer,
    "nacos.core.auth.oidc.client-id": "nacos",
    "nacos.core.auth.oidc.client-secret": "any", // this provider has no public clients
    "nacos.core.auth.oidc.label": "Example ID",
  });
});

test.afterAll(async () => {
  await nodes?.close();
  provider?.stdin!.end(); // it ends the server itself
});

const node = (): Node => nodes.first;

/** The provider's own page asks for a style sheet of another host, and has no icon: neither is the console's. */
test.beforeEach(async ({ hosts, page }) => {
  hosts.add(host).add("cdn.jsdelivr.net");
  await page.route("https://cdn.jsdelivr.net/**", (asked) => asked.fulfill({ contentType: "text/css", body: "" }));
  await page.route(`http://${host}/favicon.ico`, (asked) => asked.fulfill({ contentType: "image/x-icon", body: "" }));
});

test("the provider's button leads there and back to the page that was wanted; logging out ends both", async ({ visit, page }) => {
  await visit("/namespace?namespace=", null, node());
  await page.getByRole("button", { name: BUTTON }).click();
  await expect(page).toHaveURL(new RegExp(`^http://${host}/oauth2/authorize\\?`));
  await page.getByRole("button", { name: "ann" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Namespaces");
  expect(page.url()).toBe(`${node().url}#/namespace?namespace=`);
  expect(await page.context().cookies()).toEqual([]);
  await page.getByRole("button", { name: "Account of OIDC_ann" }).click();
  await expect(page.getByRole("menuitem", { name: "Change password" })).toHaveCount(0);
  await page.getByRole("menuitem", { name: "Log out" }).click();
  await expect(page).toHaveURL(new RegExp(`^http://${host}/`));
  await page.getByRole("button", { name: "End session" }).click();
  await expect(page.getByRole("button", { name: BUTTON })).toBeVisible();
  expect(await page.evaluate(() => sessionStorage.getItem("nacos.token"))).toBeNull();
});

test("who says no at the provider is told so, and the local administrator logs in beside it", async ({ visit, page }) => {
  await visit("/login", null, node());
  await page.getByRole("button", { name: BUTTON }).click();
  await page.getByRole("button", { name: "Deny" }).click();
  await expect(page.getByRole("alert")).toHaveText(/The provider's login was refused/);
  await logIn(page, ADMIN, PASSWORD);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Configurations");
});

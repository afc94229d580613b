/** What every test has: nodes, a browser that is watched, and a way to be logged in. */
import { expect, test as base, type Locator, type Page } from "@playwright/test";
import { Login } from "./api";
import { Guard } from "./guard";
import { Nodes, type Node } from "./nodes";
import { seed, type Shown } from "./pages";

export { expect };
export const ADMIN = "nacos";
export const PASSWORD = "e2e-Secret-1";

/** The administrator of a node of `single`, `seeded` or `cluster`. */
export const adminOf = (node: { api: Login["api"] }): Login => new Login(node.api, ADMIN, PASSWORD);

const AUTH = { "nacos.core.auth.enabled": true };

interface WorkerFixtures {
  /** One node with logins; its administrator is nacos, PASSWORD. */
  single: Node;
  /** A node with something on it for each page to show: see pages.ts. */
  seeded: { node: Node; nid: string };
  /** Three nodes with embedded storage and logins. */
  cluster: Nodes;
  /** One node that asks for no logins. */
  open: Node;
}

interface Fixtures {
  guard: Guard;
  /** The administrator of `single`. */
  admin: Login;
  /** Open a page ("/namespace?...") of a node as somebody; as the administrator of `single`, if not told otherwise. */
  visit: (route: string, who?: Login | null, node?: Node) => Promise<Page>;
  /** Hosts that pages of this test may ask, besides those of visited nodes. */
  hosts: Set<string>;
}

async function started(size: number, properties: Record<string, string | boolean>, use: (nodes: Nodes) => Promise<void>): Promise<void> {
  const nodes = await Nodes.start(size, properties);
  try {
    await use(nodes);
  } finally {
    await nodes.close();
  }
}

const WITH_ADMIN = { ...AUTH, "nacos.core.auth.admin.password": PASSWORD };

export const test = base.extend<Fixtures, WorkerFixtures>({
  single: [async ({}, use) => started(1, WITH_ADMIN, (nodes) => use(nodes.first)), { scope: "worker", timeout: 600_000 }],
  open: [async ({}, use) => started(1, {}, (nodes) => use(nodes.first)), { scope: "worker", timeout: 600_000 }],
  seeded: [
    async ({}, use) =>
      started(1, WITH_ADMIN, async (nodes) => use({ node: nodes.first, nid: await seed(adminOf(nodes.first)) })),
    { scope: "worker", timeout: 600_000 },
  ],
  cluster: [async ({}, use) => started(3, WITH_ADMIN, use), { scope: "worker", timeout: 600_000 }],

  hosts: async ({}, use) => use(new Set()),

  guard: [
    async ({ context, hosts }, use) => {
      const guard = new Guard(context, () => [...hosts]);
      await use(guard);
      expect(guard.report(), "what the browser did besides").toEqual([]);
    },
    { auto: true },
  ],

  admin: async ({ single }, use) => use(adminOf(single)),

  visit: async ({ page, hosts, single, admin }, use) => {
    let last = "";
    await use(async (route, who = admin, node = single) => {
      hosts.add(node.address);
      const user = who?.username ?? "";
      // Another user or node begins with a new document; otherwise it is what following a link is.
      if (page.url() !== "about:blank" && last !== `${user} ${node.url}`) await page.goto("about:blank");
      last = `${user} ${node.url}`;
      if (who) await keepToken(page, who, node);
      await page.goto(`${node.url}#${route}`);
      return page;
    });
  },
});

/** Put a login into the tab, as the login page does; once, so that a log out stays one. */
async function keepToken(page: Page, who: Login, node: Node): Promise<void> {
  await page.addInitScript(
    ([origin, token, username]) => {
      if (location.origin !== origin || sessionStorage.getItem("e2e.user") === username) return;
      sessionStorage.setItem("e2e.user", username);
      sessionStorage.setItem("nacos.token", token);
      sessionStorage.setItem("nacos.username", username);
    },
    [new URL(node.url).origin, await who.token(), who.username] as const,
  );
}

/** Log in through the form. */
export async function logIn(page: Page, username: string, password: string): Promise<void> {
  await page.getByLabel("Username").fill(username);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Log in", exact: true }).click();
}

/** A name that no other test uses. */
let names = 0;
export const unique = (what: string) => `${what}-${process.pid.toString(36)}${Date.now().toString(36)}${names++}`;

/** A row of a table by a text in it. */
export const row = (page: Page | Locator, text: string) => page.getByRole("row").filter({ hasText: text });

/** Say yes to the question that is on the screen. */
export async function agree(page: Page): Promise<void> {
  await page.locator(".el-message-box").getByRole("button", { name: "OK" }).click();
}

/** Whether one thing covers no part of another. */
export async function apart(one: Locator, other: Locator): Promise<void> {
  const [a, b] = [await one.boundingBox(), await other.boundingBox()];
  if (!a || !b) throw new Error("one of them is not shown");
  const separate = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
  expect(separate, `${JSON.stringify(a)} lies on ${JSON.stringify(b)}`).toBe(true);
}

/** Wait for a message of success. */
export async function succeeded(page: Page, text: string): Promise<void> {
  await expect(page.locator(".el-message--success").filter({ hasText: text }).first()).toBeVisible();
}

/** Wait until a page has what it shows. */
export async function shows(page: Page, shown: Shown): Promise<void> {
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(shown.heading);
  if (shown.ready) await expect(page.getByRole("main")).toContainText(shown.ready);
  if (shown.editor !== undefined) await expect(page.locator(".cm-content").filter({ hasText: shown.editor }).first()).toBeVisible();
  await expect(page.locator(".el-loading-mask:visible")).toHaveCount(0);
}

import { ADMIN, PASSWORD, expect, row, test, unique } from "./fixtures";
import { Login } from "./api";

test("three nodes: who leads, and DOWN for one that was killed", async ({ visit, page, cluster, guard }) => {
  const admin = new Login(cluster.first.api, ADMIN, PASSWORD);
  await visit("/clusterManagement?dataId=&group=&appName=&namespace=", admin, cluster.first);
  const state = (address: string) => row(page, address).first(); // the table of members comes behind
  for (const node of cluster.all) await expect(state(node.address)).toContainText("UP");
  const leaders = page.getByRole("row").locator(".el-tag", { hasText: /^Leader$/ });
  await expect(leaders).toHaveCount(1);
  await expect(page.getByText("All 3 nodes are up and agree.")).toBeVisible();

  const last = cluster.all[2]!;
  guard.allow("/v1/console/health/readiness", 500); // it may lead: then the first is not ready until another does
  await last.kill();
  await expect(state(last.address)).toContainText("DOWN");
  await expect(page.getByText("2 of 3 nodes are up")).toBeVisible();
  await expect(page.getByText("are up and agree")).toHaveCount(0);
  await expect(leaders).toHaveCount(1);

  last.start();
  await last.ready();
  await expect(state(last.address)).toContainText("UP");
  expect(guard.report()).toEqual([]);
});

test("the other nodes' consoles can be reached, and nothing is offered that does not work", async ({ visit, page, context, cluster, hosts }) => {
  const [first, second] = cluster.all as [typeof cluster.first, typeof cluster.first];
  await visit("/clusterManagement", new Login(first.api, ADMIN, PASSWORD), first);
  await expect(row(page, first.address).getByRole("link")).toHaveCount(0); // one is there
  await expect(page.getByRole("button", { name: /Leave/ })).toHaveCount(0);
  hosts.add(second.address);
  const opened = context.waitForEvent("page");
  await row(page, second.address).getByRole("link", { name: second.address }).click();
  const other = await opened;
  await expect(other.getByRole("heading", { level: 1, name: "nacos_tw" })).toBeVisible(); // its own login
  expect(new URL(other.url()).host).toBe(second.address);
  await other.close();
});

test("nothing is said to be well while the node cannot be reached", async ({ visit, page, guard, cluster }) => {
  const last = cluster.all[2]!;
  await visit("/clusterManagement", new Login(last.api, ADMIN, PASSWORD), last);
  await expect(page.getByText("All 3 nodes are up and agree.")).toBeVisible();
  for (const status of [0, 500, 503]) guard.allow(last.address, status); // a node that starts says so
  await last.kill();
  await expect(page.getByText("What the cluster is like now is not known")).toBeVisible();
  await expect(page.getByText("are up and agree")).toHaveCount(0);
  await expect(page.locator(".el-alert--success")).toHaveCount(0);
  await expect(page.locator(".nodes .el-tag--success")).toHaveCount(0);
  last.start();
  await last.ready();
  await expect(page.getByText("All 3 nodes are up and agree.")).toBeVisible();
});

test("what is written on one node is seen and changed on another", async ({ visit, page, cluster }) => {
  const [first, second] = cluster.all as [typeof cluster.first, typeof cluster.first];
  const dataId = unique("everywhere");
  await new Login(first.api, ADMIN, PASSWORD).publish(dataId, "written on the first");
  await visit(`/configdetail?dataId=${dataId}&group=DEFAULT_GROUP&namespace=`, new Login(second.api, ADMIN, PASSWORD), second);
  await expect(page.locator(".cm-content").first()).toContainText("written on the first");
});

test("a login of one node is one on all", async ({ visit, page, cluster }) => {
  const [first, second] = cluster.all as [typeof cluster.first, typeof cluster.first];
  const name = unique("roaming");
  const user = await new Login(first.api, ADMIN, PASSWORD).user(name, "x", [[":*:*", "r"]]);
  await visit("/configurationManagement", user, second);
  await expect(page.getByRole("button", { name: `Account of ${name}` })).toBeVisible();
});

test("a follower becomes a learner and a voter again, a mistyped address is taken out, and both are warned of", async ({ visit, page, cluster, guard }) => {
  const first = cluster.first;
  await visit("/clusterManagement", new Login(first.api, ADMIN, PASSWORD), first);
  const members = page.getByRole("table", { name: "Members" }).or(page.locator(".members"));
  const line = (address: string) => members.getByRole("row").filter({ hasText: address });
  const leader = (await page.getByRole("row").filter({ has: page.locator(".el-tag", { hasText: /^Leader$/ }) }).first().textContent()) ?? "";
  const follower = cluster.all.find((node) => !leader.includes(node.address))!;
  for (const node of cluster.all) await expect(line(node.address)).toContainText("Voter");

  guard.allow(first.address, 409); // another change may be under way
  /** Press a button and say yes, again where another change was under way, until what it is for has happened. */
  const change = (button: string, warning: string, happened: (timeout: number) => Promise<void>) =>
    expect(async () => {
      if (await happened(100).then(() => true, () => false)) return;
      await page.getByRole("button", { name: button }).click({ timeout: 10_000 });
      const question = page.locator(".el-message-box");
      await expect(question).toContainText(warning);
      await question.getByRole("button", { name: "OK" }).click();
      await happened(10_000);
    }).toPass();
  const becomes = (kind: string) => (timeout: number) => expect(line(follower.address)).toContainText(kind, { timeout });
  await change(`Make a learner: ${follower.address}`, "2 voters bear the loss of 0", becomes("Learner"));
  await change(`Make a voter: ${follower.address}`, "", becomes("Voter"));

  await page.getByRole("button", { name: "Add a node" }).click();
  const dialog = page.getByRole("dialog", { name: "Add a node" });
  await dialog.getByLabel("Node address").fill(first.address);
  await dialog.getByRole("button", { name: "Add a node" }).click();
  await expect(dialog).toContainText("That is a member already");
  await dialog.getByLabel("Node address").fill("127.0.0.2:1999");
  await dialog.getByRole("button", { name: "Add a node" }).click();
  await expect(line("127.0.0.2:1999")).toContainText("It never answered");
  const gone = (timeout: number) => expect(line("127.0.0.2:1999")).toHaveCount(0, { timeout });
  await change("Remove: 127.0.0.2:1999", "can only come back with an empty data folder", gone);
});

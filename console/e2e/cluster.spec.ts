import { ADMIN, PASSWORD, expect, row, test, unique } from "./fixtures";
import { Login } from "./api";

test("three nodes: who leads, and DOWN for one that was killed", async ({ visit, page, cluster, guard }) => {
  const admin = new Login(cluster.first.api, ADMIN, PASSWORD);
  await visit("/clusterManagement?dataId=&group=&appName=&namespace=", admin, cluster.first);
  for (const node of cluster.all) await expect(row(page, node.address)).toContainText("UP");
  const leaders = page.getByRole("row").locator(".el-tag", { hasText: /^Leader$/ });
  await expect(leaders).toHaveCount(1);
  await expect(page.getByText("All 3 nodes are up and agree.")).toBeVisible();

  const last = cluster.all[2]!;
  await last.kill();
  await expect(row(page, last.address)).toContainText("DOWN");
  await expect(page.getByText("2 of 3 nodes are up")).toBeVisible();
  await expect(leaders).toHaveCount(1);

  last.start();
  await last.ready();
  await expect(row(page, last.address)).toContainText("UP");
  expect(guard.report()).toEqual([]);
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

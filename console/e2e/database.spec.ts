/** A node whose database is away: a real one, whose settings name a port on which nobody listens. */
import { expect, test } from "./fixtures";
import { Nodes } from "./nodes";

const AWAY = {
  "spring.datasource.platform": "mysql",
  "db.num": 1,
  "db.url.0": "jdbc:mysql://127.0.0.1:1/nacos?connectTimeout=1000",
  "db.user": "nacos",
  "db.password": "nacos",
};
let nodes: Nodes;
test.beforeAll(async () => {
  test.setTimeout(600_000);
  nodes = await Nodes.start(1, AWAY, false);
});
test.afterAll(() => nodes.close());
test.beforeEach(({ guard }) => {
  for (const status of [500, 503]) guard.allow("/nacos/v1/", status);
});

test("the cluster page says that the database is away, and why, and is not green", async ({ visit, page }) => {
  await visit("/clusterManagement", null, nodes.first);
  const main = page.getByRole("main");
  await expect(main.getByText("The database is away", { exact: true })).toBeVisible();
  await expect(main.getByText("This node is not ready: clients are sent to others")).toBeVisible();
  await expect(main.getByText("no connection to the database: connection refused").first()).toBeVisible();
  await expect(main.locator(".el-alert--success")).toHaveCount(0);
  await visit("/configurationManagement", null, nodes.first);
  await expect(main.locator(".el-table__empty-text")).toContainText("Could not be loaded: ");
});

test.describe("in Chinese", () => {
  test.use({ locale: "zh-CN" });
  test("reasons are, too", async ({ visit, page }) => {
    await visit("/clusterManagement", null, nodes.first);
    const main = page.getByRole("main");
    await expect(main.getByText("数据库不可用", { exact: true })).toBeVisible();
    await expect(main.getByText("此节点未就绪，客户端会改用其他节点")).toBeVisible();
    await expect(main.getByText("无法连接数据库：连接被拒绝").first()).toBeVisible();
    await visit("/configurationManagement", null, nodes.first);
    await expect(main.locator(".el-table__empty-text")).toContainText(/^未能加载：.*[\u4e00-\u9fff]/);
  });
});

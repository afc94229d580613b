import { fileURLToPath } from "node:url";
import { Login } from "./api";
import { ADMIN, PASSWORD, expect, row, succeeded, test, unique } from "./fixtures";
import { PYTHON } from "./nodes";
import { Program } from "./program";

const CLIENT = fileURLToPath(new URL("./connected.py", import.meta.url));

test("a client is found from any node, shown with what it uses, and asked to go to another node", async ({ visit, page, cluster }) => {
  const [first, second, third] = cluster.all as [typeof cluster.first, typeof cluster.first, typeof cluster.first];
  const service = unique("connected");
  const app = unique("app");
  const admin = new Login(first.api, ADMIN, PASSWORD);
  const client = new Program(PYTHON, [CLIENT, second.address, await admin.token(), service, app]);
  try {
    await client.says("registered");
    await visit("/connections?namespace=", admin, first);
    await page.getByLabel("Client", { exact: true }).fill(app);
    await page.getByRole("button", { name: "Search" }).click();
    const line = row(page, app);
    await expect(line).toContainText("Java 2.5.1");
    await expect(line).toContainText("zone=hz");
    await expect(line).toContainText(second.address);

    await line.getByRole("button", { name: /^Details/ }).click();
    const detail = page.getByRole("dialog", { name: "One client" });
    await expect(detail.getByRole("row").filter({ hasText: service })).toContainText("10.0.0.7:8080@DEFAULT");
    await expect(detail).toContainText("Publishes (1)");
    await expect(detail).toContainText("Listens (0)");
    await detail.getByRole("button", { name: "Close" }).click();

    await line.getByRole("button", { name: /^Move/ }).click();
    const dialog = page.getByRole("dialog", { name: "Move clients to another node" });
    await expect(dialog).toContainText("whether it does is its own choice");
    await expect(dialog).toContainText("stays in all lists meanwhile");
    await dialog.locator(".el-select").click();
    await page.getByRole("option", { name: third.address }).click();
    await dialog.getByRole("button", { name: "Move" }).click();
    await succeeded(page, "Asked to move: 1");
    client.tell("and now?");
    await client.says(`asked to go to ${third.address.split(":")[1]}`);
  } finally {
    client.kill();
  }
  await expect(row(page, app)).toHaveCount(0);
});

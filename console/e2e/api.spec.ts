import { expect, test } from "./fixtures";

test("the API's description is shown by the node itself", async ({ visit, page }) => {
  await visit("/settingCenter");
  const [viewer] = await Promise.all([
    page.context().waitForEvent("page"),
    page.getByRole("link", { name: "The API of this node" }).click(),
  ]);
  for (const tag of ["v1", "v2", "v3"]) {
    await expect(viewer.getByRole("link", { name: tag, exact: true })).toBeVisible({ timeout: 60_000 });
  }
  await viewer.close();
});

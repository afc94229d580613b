/** One picture of each page in each look; `npm run screenshots`. They go to build/screenshots. */
import { fileURLToPath } from "node:url";
import { ADMIN, PASSWORD, expect, shows, test } from "./fixtures";
import { Login } from "./api";
import { pages } from "./pages";

const FOLDER = fileURLToPath(new URL("../build/screenshots", import.meta.url));
const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

for (const colorScheme of ["light", "dark"] as const) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    test(`pictures: ${colorScheme}, ${size}`, async ({ visit, page, seeded, cluster }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize(viewport);
      const take = (name: string) => page.screenshot({ path: `${FOLDER}/${name}-${size}-${colorScheme}.png`, fullPage: true });
      await visit("/login", null, seeded.node);
      await expect(page.getByRole("button", { name: "Log in" })).toBeVisible();
      await take("login");
      for (const shown of pages(seeded.nid)) {
        const node = shown.name === "cluster" ? cluster.first : seeded.node;
        await visit(shown.route, new Login(node.api, ADMIN, PASSWORD), node);
        await shows(page, shown);
        await take(shown.name);
      }
    });
  }
}

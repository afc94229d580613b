import { describe, expect, it } from "vitest";
import { matches } from "@/rights";
import {
  EVERYTHING,
  isNarrow,
  namespaceOf,
  readResource,
  resourceProblem,
  writeResource,
  type Resource,
} from "@/pages/auth/resource";

const resource = (parts: Partial<Resource>): Resource => ({ ...EVERYTHING, ...parts });

describe("resources of permissions", () => {
  it.each([
    [{}, ":*:*"],
    [{ namespace: "dev" }, "dev:*:*"],
    [{ namespace: "*" }, "*:*:*"],
    [{ group: "g1" }, ":g1:*"],
    [{ namespace: "dev", kind: "config", name: "app-*" }, "dev:*:config/app-*"],
    [{ kind: "naming", group: " ", name: "" }, ":*:naming/*"],
    [{ kind: "ai", name: "team-*" }, ":*:ai/team-*"],
    [{ name: "left over from another kind" }, ":*:*"],
  ] as [Partial<Resource>, string][])("%j is written %s", (parts, text) => {
    expect(writeResource(resource(parts))).toBe(text);
  });

  it.each([":*:*", "dev:*:*", ":g:config/a:b", "dev:g*:naming/x.y", ":DEFAULT_GROUP:ai/a/b", "*:*:config/*"])("%s is read as it is written", (text) => {
    expect(writeResource(readResource(text)!)).toBe(text);
  });

  it.each(["*", "console/users", "a:b", "a:b:other/c", "::config/"])("%s is of another form", (text) => {
    expect(readResource(text)).toBeNull();
  });

  it("covers what it says", () => {
    const text = writeResource(resource({ namespace: "dev", kind: "config", name: "app-*" }));
    expect(matches(text, "dev:g:config/app-1")).toBe(true);
    expect(matches(text, "dev:g:config/other")).toBe(false);
    expect(matches(text, "dev:g:naming/app-1")).toBe(false);
    expect(matches(text, "prod:g:config/app-1")).toBe(false);
  });

  it("tells which rights are too narrow for a list", () => {
    const lists = (text: string) => ["config", "naming", "ai"].some((kind) => matches(text, `dev:*:${kind}/*`));
    for (const parts of [
      { namespace: "dev" },
      { namespace: "dev", kind: "config" },
      { namespace: "dev", kind: "naming" },
      { namespace: "dev", kind: "ai" },
      { namespace: "dev", group: "g" },
      { namespace: "dev", kind: "config", name: "a*" },
    ] as Partial<Resource>[]) {
      expect(isNarrow(resource(parts)), JSON.stringify(parts)).toBe(!lists(writeResource(resource(parts))));
    }
  });

  it("has no colon in a group, and no more than 255 characters", () => {
    expect(resourceProblem(resource({ group: "a:b" }))).toBe("auth.permissions.colon");
    expect(resourceProblem(resource({ kind: "config", name: "n".repeat(255) }))).toBe("auth.permissions.tooLong");
    expect(resourceProblem(resource({ kind: "config", name: "a:b" }))).toBe("");
  });

  it("names the namespace", () => {
    const known = [
      { namespace: "", namespaceShowName: "public" },
      { namespace: "dev", namespaceShowName: "Development" },
    ];
    expect(namespaceOf(":*:*", known)).toBe("public");
    expect(namespaceOf("dev:*:*", known)).toBe("Development");
    expect(namespaceOf("gone:*:*", known)).toBe("");
    expect(namespaceOf("", known)).toBe("");
  });
});

import { beforeEach, describe, expect, it, vi } from "vitest";
import { address, ApiError, messageOf, onLoginNeeded, request, rest } from "@/api/client";
import { readJson } from "@/components/metadata";
import { menuEntries } from "@/layout/menu";
import en from "@/locales/en-US";
import zh from "@/locales/zh-CN";
import { may, mayMake, matches, sees, someNamespace } from "@/rights";
import { wantedAfterLogin, routes } from "@/router";
import { session, token } from "@/session";
import { isStale, mayReload } from "@/stale";

function keys(messages: object, before = ""): string[] {
  return Object.entries(messages).flatMap(([key, value]) =>
    typeof value === "object" && value !== null ? keys(value as object, `${before}${key}.`) : [`${before}${key}`],
  );
}

function holders(text: string): string[] {
  return [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!))].sort();
}

function at(messages: object, key: string): string {
  return key.split(".").reduce<unknown>((found, part) => (found as Record<string, unknown>)[part], messages) as string;
}

describe("messages", () => {
  it("have the same keys and placeholders in both languages", () => {
    expect(keys(zh).sort()).toEqual(keys(en).sort());
    for (const key of keys(en)) expect([key, holders(at(zh, key))]).toEqual([key, holders(at(en, key))]);
  });
});

describe("rights", () => {
  beforeEach(() => Object.assign(session, { globalAdmin: false, permissions: [] }));
  it("follow Nacos's patterns", () => {
    expect(matches(":*:*", ":G:config/a")).toBe(true);
    expect(matches(":*:*", "dev:G:config/a")).toBe(false);
    expect(matches("dev:*:*", "dev:G:naming/a")).toBe(true);
    expect(matches("dev:b:config/*", "dev:b:config/x")).toBe(true);
    expect(matches("dev:b:config/*", "dev:bb:config/x")).toBe(false);
    expect(matches("a(b:*:*", "a(b:G:config/x")).toBe(true);
    expect(matches("(", "x")).toBe(false);
  });
  it("tell read from write", () => {
    session.permissions = [{ resource: "dev:*:*", action: "r" }];
    expect([may("dev", "r"), may("dev", "w"), may("", "r")]).toEqual([true, false, false]);
    session.permissions = [{ resource: ":G:config/*", action: "rw" }];
    expect([may("public", "w", "G", "a"), may("public", "w"), may("", "w", "H", "a")]).toEqual([true, false, false]);
    expect(may("", "r", "G", "a", "naming")).toBe(false);
  });
  it("tell which namespaces there are for the user", () => {
    session.permissions = [
      { resource: "a:*:*", action: "w" },
      { resource: "te*:*:*", action: "r" },
      { resource: "dev:G:config/*", action: "rw" },
    ];
    expect(["a", "test", "dev", ""].map(sees)).toEqual([false, true, true, false]);
    expect(someNamespace()).toBe("dev");
    session.permissions = [{ resource: "public:*:*", action: "r" }];
    expect([sees(""), sees("public"), may("", "r"), someNamespace()]).toEqual([true, true, true, ""]);
    session.permissions = [];
    expect(someNamespace()).toBeUndefined();
  });
  it("offer making something where a name may be written", () => {
    session.permissions = [{ resource: "dev:G:config/mine*", action: "rw" }, { resource: ":*:*", action: "r" }];
    expect([mayMake("dev", "config"), mayMake("dev", "naming"), mayMake("", "config")]).toEqual([true, false, false]);
    session.permissions = [{ resource: "public:*:*", action: "w" }];
    expect([mayMake("", "config"), mayMake("public", "naming"), mayMake("dev", "config")]).toEqual([true, true, false]);
  });
  it("are all an administrator's", () => {
    session.globalAdmin = true;
    expect(may("anything", "w")).toBe(true);
  });
});

describe("menu", () => {
  const paths = (mode: string, admin: boolean) =>
    menuEntries(mode, admin).flatMap((entry) => entry.entries?.map((one) => one.path) ?? [entry.path]);
  it("shows what the node does and the user may see", () => {
    expect(paths("", true)).toContain("/userManagement");
    expect(paths("", false)).not.toContain("/userManagement");
    expect(paths("naming", true)).not.toContain("/configurationManagement");
    expect(paths("config", true)).not.toContain("/serviceManagement");
    expect(["", "config", "naming"].map((mode) => paths(mode, false).includes("/mcpServerManagement"))).toEqual([true, false, false]);
  });
  it("leads to routes that exist", () => {
    const known = routes.map((route) => route.path);
    for (const path of paths("", true)) expect(known).toContain(path);
  });
});

describe("wantedAfterLogin", () => {
  it.each([
    ["/namespace?x=1", "/namespace?x=1"], ["//evil.example", "/"], ["/\\evil.example", "/"], ["https://evil.example", "/"],
    ["/login?redirect=/x", "/"], [undefined, "/"], [["/a"], "/"],
  ])("%j leads to %s", (wanted, path) => expect(wantedAfterLogin(wanted)).toBe(path));
});

describe("requests", () => {
  const answered = (status: number, body: string) => {
    const fake = vi.fn(async (_url: string, _options: RequestInit) => new Response(body, { status }));
    vi.stubGlobal("fetch", fake);
    return fake;
  };

  it("go to the folder of the page, whatever the context path", () => {
    expect(address("v1/cs/configs", { a: "x y&", b: undefined, c: "" })).toMatch(/\/v1\/cs\/configs\?a=x\+y%26&c=$/);
  });

  it("carry the token in a header only", async () => {
    token.value = "secret";
    const fake = answered(200, "true");
    expect(await request("POST", "v1/x", { form: { a: 1 } })).toBe(true);
    const [url, options] = fake.mock.calls[0]!;
    expect(url).not.toContain("secret");
    expect((options.headers as Record<string, string>).Authorization).toBe("Bearer secret");
    expect(String(options.body)).toBe("a=1");
    token.value = "";
  });

  it("take an empty answer for null", async () => {
    answered(200, "");
    expect(await request("GET", "v1/x")).toBeNull();
  });

  it("go to the login for an unknown user, not for a missing right", async () => {
    let asked = 0;
    onLoginNeeded(() => asked++);
    for (const text of ["unknown user!", "token expired!", "token invalid!", "user not found!"]) {
      answered(403, JSON.stringify({ status: 403, message: text }));
      await expect(request("GET", "v1/x", { quiet: true })).rejects.toBeInstanceOf(ApiError);
    }
    expect(asked).toBe(4);
    answered(403, JSON.stringify({ message: "authorization failed!" }));
    await expect(request("GET", "v1/x", { quiet: true })).rejects.toMatchObject({ status: 403 });
    answered(403, "unknown user!");
    await expect(request("POST", "v1/auth/users/login", { quiet: true })).rejects.toMatchObject({ message: "unknown user!" });
    expect(asked).toBe(4);
  });

  it("fail with the code of an envelope", async () => {
    answered(200, '{"code":500,"message":"no","data":null}');
    await expect(rest("GET", "v1/x", { quiet: true })).rejects.toMatchObject({ status: 500, message: "no" });
  });

  it("tell the node's reason without Spring's frame", () => {
    expect(messageOf("caused: a;caused: b;")).toBe("a: b");
    expect(messageOf('{"message":"m"}')).toBe("m");
    expect(messageOf("plain\n")).toBe("plain");
  });
});

describe("metadata", () => {
  it("is an object of texts", () => {
    expect(readJson('{"a": 1, "b": true, "c": null, "d": "x"}')).toEqual({ a: "1", b: "true", c: "", d: "x" });
    expect(readJson(" ")).toEqual({});
    for (const text of ["[1]", "1", "{", '{"a": {}}']) expect(() => readJson(text)).toThrow(/^common\.metadata\./);
  });
});

describe("a tab that is older than the node", () => {
  it("is known by the browsers' words", () => {
    for (const text of [
      "Failed to fetch dynamically imported module: http://h/nacos/assets/x.js",
      "error loading dynamically imported module: x",
      "Importing a module script failed.",
      "Unable to preload CSS for /assets/x.css",
    ]) {
      expect(isStale(new TypeError(text)), text).toBe(true);
    }
    expect(isStale(new TypeError("x is undefined"))).toBe(false);
  });
  it("is loaded anew once, not for ever", () => {
    sessionStorage.clear();
    expect([mayReload(100_000), mayReload(105_000), mayReload(111_000)]).toEqual([true, false, true]);
  });
});

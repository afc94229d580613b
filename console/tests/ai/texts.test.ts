import { beforeEach, describe, expect, it, vi } from "vitest";
import { messageOf, rest } from "@/api/client";
import { cardOf, lacking, SAMPLE, withoutFacts } from "@/pages/ai/agent";
import { compact, objectOf, pretty } from "@/pages/ai/json";
import { gapsOf, nameProblem, nextVersion, variablesOf } from "@/pages/ai/prompt";
import { mayCreate, mayList, mayRead, mayWrite, mayWriteAll } from "@/pages/ai/rights";
import { session } from "@/session";

describe("an agent's card", () => {
  it("has to say what Nacos needs", () => {
    expect(lacking(SAMPLE)).toEqual([]);
    expect(lacking({ name: "a", version: " ", url: "u" })).toEqual(["version", "protocolVersion", "preferredTransport"]);
    for (const text of ["", " ", "x", "[1]"]) expect(() => cardOf(text)).toThrow(/^common\./);
  });

  it("is edited without what the registry adds", () => {
    const interfaces = [{ url: "http://h", transport: "JSONRPC" }];
    const found = { ...SAMPLE, iconUrl: null, additionalInterfaces: interfaces, latestVersion: true };
    expect(withoutFacts({ ...found, registrationType: "URL" })).toEqual({ ...SAMPLE, additionalInterfaces: interfaces });
    expect(withoutFacts({ ...found, registrationType: "SERVICE" })).toEqual(SAMPLE);
  });
});

describe("a prompt's template", () => {
  it("has gaps, each once", () => {
    expect(gapsOf("{{a}} and {{ b-2 }}, {{a}}; {c} {{}} {{ d e }} {{名}}")).toEqual(["a", "b-2", "名"]);
  });

  it("keeps what is known of those that stay", () => {
    const before = [{ name: "a", defaultValue: "1" }, { name: "gone", defaultValue: "2" }];
    expect(variablesOf("{{b}}{{a}}", before)).toEqual([{ name: "b", defaultValue: "", description: "" }, { name: "a", defaultValue: "1" }]);
  });

  it("has a version behind the last one", () => {
    expect(["1.0.9", "v7", "2026", "beta", ""].map(nextVersion)).toEqual(["1.0.10", "v8", "2027", "", ""]);
  });

  it("has a name that can be one of a config", () => {
    expect(["greet", "a b", "", " ", "a/b", "x".repeat(129)].map(nameProblem)).toEqual(["", "", "common.required", "common.required", "ai.prompt.badName", "ai.prompt.badName"]);
  });
});

describe("JSON that is typed", () => {
  it("is an object", () => {
    expect([objectOf(""), objectOf("{}"), pretty(null), pretty({ a: 1 })]).toEqual([undefined, {}, "", '{\n  "a": 1\n}']);
    expect(compact({ a: null, b: undefined, c: 0, d: "" })).toEqual({ c: 0, d: "" });
    for (const text of ["[]", "1", "null"]) expect(() => objectOf(text)).toThrow("common.metadata.notObject");
    expect(() => objectOf("{")).toThrow("common.metadata.notJson");
  });
});

describe("rights on the AI registries", () => {
  beforeEach(() => Object.assign(session, { globalAdmin: false, permissions: [] }));
  const of = (name: string) => [mayList(""), mayRead("", name), mayWrite("", name), mayCreate(""), mayWriteAll("")];
  it("are the node's", () => {
    session.permissions = [{ resource: ":DEFAULT_GROUP:ai/team-*", action: "rw" }];
    expect([of("team-a"), of("other")]).toEqual([[false, true, true, true, false], [false, false, false, true, false]]);
    session.permissions = [{ resource: ":*:ai/*", action: "r" }];
    expect(of("x")).toEqual([true, true, false, false, false]);
    session.permissions = [{ resource: ":*:*", action: "rw" }];
    expect(of("x")).toEqual([true, true, true, true, true]);
    session.permissions = [{ resource: ":*:config/*", action: "rw" }, { resource: "dev:*:*", action: "rw" }];
    expect(of("x")).toEqual([false, false, false, false, false]);
  });
});

describe("v3's answers", () => {
  it("fail with the reason though the status is one of success", async () => {
    vi.stubGlobal("fetch", async () => new Response('{"code":10001,"message":"access denied","data":"importType url is off"}'));
    await expect(rest("POST", "v3/x", { quiet: true })).rejects.toMatchObject({ status: 10001, message: "importType url is off" });
  });
  it("tell the reason, not the kind of failure", () => {
    expect(messageOf('{"code":20005,"message":"resource conflict","data":"mcp server `x` has existed"}')).toBe("mcp server `x` has existed");
    expect(messageOf('{"code":30000,"message":"server error","data":null}')).toBe("server error");
    expect(messageOf('{"code":500,"message":"no","data":""}')).toBe("no");
  });
});

import { describe, expect, it } from "vitest";
import type { Config } from "@/api/config";
import * as logic from "@/pages/config/logic";
import { literal, samples, shellWord } from "@/pages/config/samples";

const form = { dataId: "", group: "", appName: "", tags: [], fuzzy: true };
const config: Config = {
  id: "7", dataId: "a.yaml", group: "G", tenant: "dev", content: "old", md5: "m", appName: "shop", type: "yaml", createTime: 1,
  modifyTime: 1, createUser: null, createIp: null, desc: "d", use: null, effect: null, schema: null, configTags: "x,y",
};

describe("searchOf", () => {
  it("looks inside names by default", () => {
    expect(logic.searchOf({ ...form, dataId: " red ", group: "G*" }, "dev")).toEqual({
      dataId: "*red*", group: "G*", appName: "", config_tags: "", tenant: "dev", search: "blur",
    });
  });
  it("is exact when asked, unless there is a star", () => {
    expect(logic.searchOf({ ...form, fuzzy: false, dataId: "red" }, "").search).toBe("accurate");
    expect(logic.searchOf({ ...form, fuzzy: false, dataId: "red*" }, "")).toMatchObject({ dataId: "red*", search: "blur" });
  });
  it("joins tags", () => {
    expect(logic.searchOf({ ...form, tags: ["a", "b"] }, "").config_tags).toBe("a,b");
  });
});

describe("names and types", () => {
  it.each([
    ["app.yml", "yaml"], ["app.YAML", "yaml"], ["x.properties", "properties"], ["index.htm", "html"], ["a.toml", "toml"],
    ["noext", undefined], ["a.exe", undefined], ["yaml", undefined],
  ])("%s is %s", (name, type) => expect(logic.typeOf(name)).toBe(type));

  it.each([
    ["a-b_c.d:e1", ""], ["配置.yaml", ""], ["", "common.required"], [" ", "common.required"], ["a b", "config.badName"],
    ["a/b", "config.badName"], ["<script>", "config.badName"], ["x".repeat(11), "config.longName"],
  ])("name %j: %j", (name, problem) => expect(logic.nameProblem(name, 10)).toBe(problem));

  it("has rules for tags", () => {
    expect(logic.tagsProblem(["a", "b"])).toBe("");
    expect(logic.tagsProblem(["1", "2", "3", "4", "5", "6"])).toBe("config.manyTags");
    expect(logic.tagsProblem(["a=b"])).toBe("config.badTag");
    expect(logic.tagsProblem(["x".repeat(65)])).toBe("config.longTag");
  });

  it("takes unknown types for text", () => {
    expect(logic.knownType("yaml")).toBe("yaml");
    expect(logic.knownType(null)).toBe("text");
  });
});

describe("publishOf", () => {
  it("keeps what a publish would reset", () => {
    expect(logic.publishOf(config, "new")).toMatchObject({
      dataId: "a.yaml", group: "G", tenant: "dev", content: "new", type: "yaml", desc: "d", appName: "shop", config_tags: "x,y",
    });
  });
});

describe("addresses", () => {
  it("are split and come once", () => {
    expect(logic.addresses("1.1.1.1, 2.2.2.2\n1.1.1.1；3.3.3.3")).toEqual(["1.1.1.1", "2.2.2.2", "3.3.3.3"]);
  });
  it.each([["10.0.0.255", true], ["::1", true], ["10.0.0.256", false], ["host", false], ["1.2.3", false]])(
    "%s: %s",
    (text, sound) => expect(logic.isAddress(text)).toBe(sound),
  );
  it("reads what an address listens to", () => {
    expect(logic.listenedKey("a%2Bb%25+G+dev")).toEqual({ dataId: "a+b%", group: "G", tenant: "dev" });
    expect(logic.listenedKey("a+G")).toEqual({ dataId: "a", group: "G", tenant: "" });
  });
});

describe("isConflict", () => {
  it("knows the node's text", () => {
    expect(logic.isConflict({ message: "Cas publish fail, server md5 may have changed." })).toBe(true);
    expect(logic.isConflict({ message: "Cas publish gray config fail, server md5 may have changed." })).toBe(true);
    expect(logic.isConflict({ message: "content is blank" })).toBe(false);
  });
});

describe("samples", () => {
  const place = { protocol: "http:", host: "h:8848", hostname: "h", port: "8848", pathname: "/nacos/" };
  it("name the node and the config", () => {
    const all = samples({ dataId: "a.yaml", group: "G", tenant: "dev" }, place);
    expect(all.map((one) => one.name)).toEqual(["Java", "Spring", "Spring Cloud", "Python", "Go", "Node.js", "curl"]);
    for (const { name, code } of all) {
      expect(code, name).toContain("a.yaml");
      expect(code, name).toMatch(name === "Go" ? /"h", Port: 8848, ContextPath: "\/nacos"/ : /h:8848/);
      expect(code, name).toContain("dev");
    }
  });
  it("know the port of a scheme", () => {
    const [java] = samples({ dataId: "a", group: "G", tenant: "" }, { ...place, port: "", host: "h", protocol: "https:" });
    expect(java!.code).toContain('"h:443"');
  });
  it("let no name break out of its literal", () => {
    expect(literal('a"b\\')).toBe('"a\\"b\\\\"');
    expect(shellWord("a'; rm -rf /;'")).toBe("'a'\\''; rm -rf /;'\\'''");
  });
});

describe("copiesOf", () => {
  it("tells beta from tags and labels", () => {
    const names = ["beta", "tag_blue", "tag_tag_x", "hz"];
    expect(logic.copiesOf(names)).toEqual({ beta: true, tags: ["blue", "tag_x"], labels: ["hz"] });
    expect(logic.copiesOf([])).toEqual({ beta: false, tags: [], labels: [] });
    expect(logic.copiesOf(undefined)).toEqual({ beta: false, tags: [], labels: [] });
  });
});

describe("reportProblem", () => {
  const say = (key: string) => (key === "config.report.100004" ? "The file cannot be read" : "");
  const report = (code: number, message: string | null) => ({ code, message, data: null });
  it("is in the reader's words, with what the node says behind its own", () => {
    expect(logic.reportProblem(report(100004, "解析数据失败"), say)).toBe("The file cannot be read");
    expect(logic.reportProblem(report(100004, "解析数据失败: line 3: a second document"), say)).toBe("The file cannot be read (line 3: a second document)");
  });
  it("is the node's text where the code is not known", () => {
    expect(logic.reportProblem(report(500, "something: odd"), say)).toBe("something: odd");
    expect(logic.reportProblem(report(500, null), say)).toBe("");
  });
});

import { describe, expect, it } from "vitest";
import { lineSeparatorOf } from "@/editor/lines";
import { LONGEST, place, problems } from "@/editor/syntax";

function found(type: string, text: string): string[] {
  return problems(type, text).map((one) => `${place(text, one.from)} ${one.severity}`);
}

describe("problems", () => {
  it.each([
    ["json", '{"a": [1, true, null, "中文"]}'],
    ["json", '"text"'],
    ["xml", '<?xml version="1.0"?><a b="c"><d/></a>'],
    ["xml", '<!DOCTYPE a [<!ENTITY who "x"> <!ENTITY % p "y">]><a>&who;&amp;</a>'],
    ["xml", '<b:a xmlns:b="urn:x" b:c="d"><!-- & --><![CDATA[<]]>é😀</b:a>\n'],
    ["yaml", "a:\n  - 1\n  - b: ${x:1}\n---\nc: |\n  text\n"],
    ["yaml", "a: &x {b: 1}\nc: *x\n"],
    ["toml", 'a = 1\n[b]\nc = "d"\nwhen = 2026-01-01T00:00:00Z\n'],
    ["html", "<!doctype html><p>one<p>two<br><img src='x>y'><script>if (a < b) '</p>'</script>"],
    ["html", "<ul><li>1<li>2</ul><!-- <b> -->"],
    ["properties", "a.b=1\n# a.b=2\n! a.b=3\nc : d\nlong = one \\\n  a.b=two\nu=\\u4e2d\\\\u\n"],
    ["text", "{ [ < anything"],
    ["json", "  \n"],
    ["unknown", "{"],
  ])("accepts good %s", (type, text) => {
    expect(problems(type, text)).toEqual([]);
  });

  it("tells where JSON breaks", () => {
    expect(found("json", '{\n  "a": 1,\n  b: 2\n}')).toEqual(["3:3 error"]);
    expect(found("json", '{"a": 1')).toHaveLength(1);
  });

  it("tells where YAML breaks, and of keys that come twice", () => {
    expect(found("yaml", "a: 1\nb: [1, 2\nc: 3\n")[0]).toMatch(/^[23]:\d+ error$/);
    expect(found("yaml", "a: 1\na: 2\n")).toEqual(["2:1 error"]);
    expect(found("yaml", "a:\n\t- b\n")).not.toEqual([]);
  });

  it("does not unfold YAML aliases", () => {
    const levels = Array.from({ length: 30 }, (_, i) => `l${i + 1}: &l${i + 1} [*l${i}, *l${i}, *l${i}, *l${i}]`);
    expect(problems("yaml", ["l0: &l0 x", ...levels].join("\n"))).toEqual([]);
  });

  it("tells where TOML breaks", () => {
    expect(found("toml", "a = 1\nb = = 2\n")[0]).toMatch(/^2:\d+ error$/);
  });

  it("tells of XML that is not well formed", () => {
    expect(found("xml", "<a>\n  <b></a>")).toEqual(["2:9 error"]);
    const broken = ["text", "<a>", "<a/><b/>", '<a b="1" b="2"/>', "<a>&unknown;</a>", "<a>&</a>", "<x:a/>", "<a b=c/>", "<a></b>"];
    for (const text of broken) expect(problems("xml", text), text).toHaveLength(1);
  });

  it("warns of HTML elements that are not closed, or closed without being open", () => {
    expect(found("html", "<div>\n<span></div>")).toEqual(["2:7 warning", "1:1 warning", "2:1 warning"]);
    expect(found("html", "</b>")).toEqual(["1:1 warning"]);
  });

  it("knows the rules of properties", () => {
    expect(found("properties", "a=\\u12G4")).toEqual(["1:3 error"]);
    expect(found("properties", "a=1\nb=2\na: 3")).toEqual(["3:1 warning"]);
  });

  it("leaves very long texts alone", () => {
    expect(problems("json", "{".padEnd(LONGEST + 1))).toEqual([]);
  });
});

describe("lineSeparatorOf", () => {
  it.each([
    ["a\r\nb\r\n", "\r\n"],
    ["a\nb", "\n"],
    ["a\r\nb\n", "\n"],
    ["\na\r\n", "\n"],
    ["a\rb\r\nc", "\n"],
    ["", "\n"],
  ])("of %j", (text, separator) => {
    expect(lineSeparatorOf(text)).toBe(separator);
    expect(text.split(separator).join(separator)).toBe(text);
  });
});

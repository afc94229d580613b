import { beforeEach, describe, expect, it, vi } from "vitest";
import { copyNameProblem, ruleProblem, useLabelCopies } from "@/pages/config/labels";

const key = { dataId: "a.yaml", group: "G", tenant: "dev" };

interface Row {
  grayName: string;
  grayRule: string;
  content: string;
  md5: string;
  modifyTime: number;
  createUser: string | null;
  createIp: string | null;
}

/** A node that holds the copies of one config; md5s are "m" and the content. */
let rows: Row[];
let sent: { method: string; url: URL; headers: Record<string, string>; form: URLSearchParams }[];
/** Happens just before the next publish. */
let meanwhile: (() => void) | undefined;

function row(grayName: string, expr: string, priority: number, content: string, type = "tagv2"): Row {
  const grayRule = JSON.stringify({ type, version: "1.1.0", expr, priority });
  return { grayName, grayRule, content, md5: `m${content}`, modifyTime: 1, createUser: "u", createIp: "i" };
}

function publish(form: URLSearchParams, casMd5: string | undefined): Response {
  meanwhile?.();
  meanwhile = undefined;
  const name = form.get("grayName")!;
  const there = rows.find((one) => one.grayName === name);
  if (there && casMd5 !== there.md5) {
    const told = { code: 20005, message: "resource conflict", data: "Cas publish gray config fail, server md5 may have changed." };
    return new Response(JSON.stringify(told), { status: 500 });
  }
  const stored = row(name, form.get("grayMatchRuleExp")!, Number(form.get("grayPriority")), form.get("content")!);
  rows = [...rows.filter((one) => one !== there), stored];
  return new Response(JSON.stringify({ code: 0, message: "success", data: true }));
}

beforeEach(() => {
  rows = [row("beta", "10.0.0.1", 2 ** 31 - 1, "b", "beta"), row("sh", "region=sh", 1, "s"), row("hz", "region=hz", 7, "h")];
  sent = [];
  meanwhile = undefined;
  vi.stubGlobal("fetch", async (url: string, options: RequestInit) => {
    const one = {
      method: options.method!, url: new URL(url), headers: options.headers as Record<string, string>,
      form: new URLSearchParams(String(options.body ?? "")),
    };
    sent.push(one);
    if (one.method === "POST") return publish(one.form, one.headers.casMd5);
    if (one.method === "DELETE") rows = rows.filter((each) => each.grayName !== one.url.searchParams.get("grayName"));
    return new Response(JSON.stringify({ code: 0, message: "success", data: one.method === "GET" ? rows : true }));
  });
});

describe("ruleProblem", () => {
  it.each([
    ["region=hz", ""], [" region = hz , sh && zone=a || env=test", ""], ["a=1||a=2", ""], ["", "common.required"],
    ["region", "config.labels.badRule"], ["region=", "config.labels.badRule"], ["a=1&&", "config.labels.badRule"],
    ["a=1 & b=2", "config.labels.badRule"], ["a=x y", "config.labels.badRule"], ["a=1\u00a0", "config.labels.badRule"],
    ["a=1&&a=2", "config.labels.twice"], [`a=${"x".repeat(4095)}`, "config.longName"],
  ])("%j: %j", (rule, problem) => expect(ruleProblem(rule)).toBe(problem));
});

describe("copyNameProblem", () => {
  it("leaves the names of other kinds and of those that are there", async () => {
    const copies = useLabelCopies(key);
    await copies.load();
    const problem = (name: string) => copyNameProblem(name, copies.copies.value);
    expect(["beta", "tag_x", "hz", "", "a b", "fine"].map(problem)).toEqual([
      "config.labels.otherKind", "config.labels.otherKind", "config.labels.taken", "common.required", "config.badName", "",
    ]);
  });
});

describe("useLabelCopies", () => {
  it("shows those by labels, the one of the highest priority first", async () => {
    const { copies, load } = useLabelCopies(key);
    await load();
    expect(copies.value.map((one) => [one.name, one.rule, one.priority])).toEqual([["hz", "region=hz", 7], ["sh", "region=sh", 1]]);
    expect(Object.fromEntries(sent[0]!.url.searchParams)).toEqual({ dataId: "a.yaml", groupName: "G", namespaceId: "dev" });
  });

  it("publishes a new one only if there is none of that name", async () => {
    const { form, add, publish: go, theirs, dirty, sound, copies, load } = useLabelCopies(key);
    await load();
    add("for all");
    expect([dirty.value, sound.value]).toEqual([false, false]);
    Object.assign(form.value!, { name: "new", rule: "zone=a", content: "mine" });
    expect([dirty.value, sound.value]).toEqual([true, true]);
    meanwhile = () => rows.push(row("new", "zone=b", 0, "theirs"));
    expect(await go()).toBe(false);
    expect(theirs.value).toMatchObject({ rule: "zone=b", content: "theirs" });
    expect(form.value!.content).toBe("mine");
    expect(await go(theirs.value)).toBe(true);
    expect(form.value).toBeNull();
    expect(copies.value.find((one) => one.name === "new")).toMatchObject({ rule: "zone=a", content: "mine" });
  });

  it("overwrites nothing that was not seen: no content, no rule, no removal", async () => {
    const { form, edit, publish: go, theirs, copies, load } = useLabelCopies(key);
    await load();
    edit(copies.value[0]!);
    form.value!.content = "mine";
    rows = rows.map((one) => (one.grayName === "hz" ? row("hz", "region=bj", 7, "h") : one));
    expect(await go()).toBe(false);
    expect(theirs.value!.rule).toBe("region=bj");
    rows = rows.filter((one) => one.grayName !== "hz");
    expect(await go(theirs.value)).toBe(false);
    expect(theirs.value).toBeNull();
    expect(sent.filter((one) => one.method === "POST")).toEqual([]);
    expect(await go(null)).toBe(true);
    expect(rows.at(-1)).toMatchObject({ grayName: "hz", content: "mine" });
  });

  it("ends one", async () => {
    const { copies, end, load } = useLabelCopies(key);
    await load();
    await end(copies.value[0]!);
    expect(copies.value.map((one) => one.name)).toEqual(["sh"]);
  });
});

import { beforeEach, describe, expect, it, vi } from "vitest";
import { NOTHING, type Config } from "@/api/config";
import type { Version } from "@/api/history";
import { useEditing } from "@/pages/config/editing";
import { contentAfter, rollBack } from "@/pages/history/rollback";

const key = { dataId: "a.yaml", group: "G", tenant: "dev" };
const stored: Config = {
  ...key, id: "7", content: "old", md5: "m1", appName: "shop", type: "yaml", createTime: 1, modifyTime: 1, createUser: "u",
  createIp: "i", desc: null, use: "u1", effect: null, schema: null, configTags: "x",
};
const CAS = "caused: Cas publish fail, server md5 may have changed.;";

interface Sent {
  method: string;
  url: URL;
  headers: Record<string, string>;
  form: URLSearchParams;
}

/** A node that holds one config. */
let config: Config | null;
let beta: { content: string; betaIps: string; md5: string } | null;
let sent: Sent[];
let refusal: string;

function answer({ method, url }: Sent): Response {
  if (method === "GET" && url.searchParams.get("show") === "all") return new Response(config ? JSON.stringify(config) : "");
  if (url.searchParams.get("beta") === "true") return new Response(JSON.stringify({ code: 200, message: null, data: method === "GET" ? beta : true }));
  return refusal ? new Response(refusal, { status: 500 }) : new Response("true");
}

beforeEach(() => {
  config = { ...stored };
  beta = null;
  sent = [];
  refusal = "";
  vi.stubGlobal("fetch", async (url: string, options: RequestInit) => {
    const form = new URLSearchParams(String(options.body ?? ""));
    const one = { method: options.method!, url: new URL(url), headers: options.headers as Record<string, string>, form };
    sent.push(one);
    return answer(one);
  });
});

const posts = () => sent.filter((one) => one.method === "POST");

describe("useEditing", () => {
  it("goes on with what was typed, over what it was typed over", async () => {
    const before = useEditing(key);
    await before.load();
    before.content.value = "typed";
    before.fields.tags = ["t"];
    const kept = JSON.parse(JSON.stringify(before.typed())) as ReturnType<typeof before.typed>;
    config = { ...stored, content: "theirs", md5: "m2" };
    const after = useEditing(key);
    await after.load();
    after.retype(kept);
    expect([after.dirty.value, after.current.value!.content]).toEqual([true, "theirs"]);
    refusal = CAS;
    expect(await after.publishAll(after.content.value)).toBe(false);
    const [post] = posts();
    expect([post!.headers.casMd5, post!.form.get("content"), post!.form.get("config_tags")]).toEqual(["m1", "typed", "t"]);
  });

  it("publishes against the md5 that was loaded, with every field", async () => {
    const editing = useEditing(key);
    await editing.load();
    expect(editing.dirty.value).toBe(false);
    editing.content.value = "new";
    expect(editing.dirty.value).toBe(true);
    expect(await editing.publishAll("new")).toBe(true);
    const [post] = posts();
    expect(post!.headers.casMd5).toBe("m1");
    expect(Object.fromEntries(post!.form)).toMatchObject({
      dataId: "a.yaml", group: "G", tenant: "dev", content: "new", type: "yaml", appName: "shop", config_tags: "x", use: "u1", desc: "",
    });
  });

  it("shows the change of somebody else instead of overwriting it", async () => {
    const editing = useEditing(key);
    await editing.load();
    editing.content.value = "mine";
    config = { ...stored, content: "theirs", md5: "m2" };
    refusal = CAS;
    expect(await editing.publishAll("mine")).toBe(false);
    expect(editing.theirs.value).toMatchObject({ content: "theirs", md5: "m2" });
    expect(editing.content.value).toBe("mine");
    refusal = "";
    expect(await editing.publishAll("mine", "m2")).toBe(true);
    expect(posts().at(-1)!.headers.casMd5).toBe("m2");
  });

  it("does not bring back what somebody deleted, unless asked to", async () => {
    const editing = useEditing(key);
    await editing.load();
    config = null;
    expect(await editing.publishAll("mine")).toBe(false);
    expect(editing.theirs.value).toBeNull();
    expect(posts()).toEqual([]);
    expect(await editing.publishAll("mine", NOTHING)).toBe(true);
    expect(posts()[0]!.headers.casMd5).toBe(NOTHING);
  });

  it("publishes gray for addresses, and ends it", async () => {
    const editing = useEditing(key);
    await editing.load();
    beta = { content: "gray", betaIps: "1.1.1.1,2.2.2.2", md5: "b1" };
    expect(await editing.publishGray("gray", ["1.1.1.1", "2.2.2.2"])).toBe(true);
    expect(posts()[0]!.headers.betaIps).toBe("1.1.1.1,2.2.2.2");
    expect(posts()[0]!.headers.casMd5).toBeUndefined();
    await editing.publishGray("gray 2", ["1.1.1.1"]);
    expect(posts()[1]!.headers.casMd5).toBe("b1");
    await editing.endGray();
    expect(editing.gray.value).toBeNull();
  });
});

describe("rolling back", () => {
  const version = (opType: string): Version => ({
    ...key, id: "3", appName: "shop", md5: "h", content: "before", srcIp: null, srcUser: null, opType, createdTime: "", lastModifiedTime: "",
  });
  it("deletes what was created, else publishes the content", () => {
    expect(contentAfter(version("I         "))).toBeNull();
    expect(contentAfter(version("U"))).toBe("before");
    expect(contentAfter(version("D"))).toBe("before");
  });
  it("keeps type, tags and the rest, and overwrites only what was seen", async () => {
    await rollBack(key, version("U"), stored);
    expect(posts()[0]!.headers.casMd5).toBe("m1");
    expect(Object.fromEntries(posts()[0]!.form)).toMatchObject({ content: "before", type: "yaml", config_tags: "x" });
  });
  it("brings a deleted config back only if nobody else has", async () => {
    await rollBack(key, version("D"), null);
    expect(posts()[0]!.headers.casMd5).toBe(NOTHING);
    expect(posts()[0]!.form.get("type")).toBe("yaml");
  });
  it("deletes for a creation", async () => {
    await rollBack(key, version("I"), stored);
    expect(sent.map((one) => one.method)).toEqual(["DELETE"]);
  });
});

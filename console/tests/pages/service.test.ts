import { describe, expect, it } from "vitest";
import type { Instance } from "@/api/service";
import { changedKeys } from "@/pages/service/changed";
import { checkerForm, checkerOf, checkerWords } from "@/pages/service/checker";
import { filteredPage, isEmpty, parseFilter, passes } from "@/pages/service/filter";

function instance(ip: string, metadata: Record<string, string> = {}): Instance {
  return {
    instanceId: `${ip}#80`,
    ip,
    port: 80,
    weight: 1,
    healthy: true,
    enabled: true,
    ephemeral: true,
    clusterName: "DEFAULT",
    metadata,
  };
}

describe("filter", () => {
  it("reads pairs and parts of addresses", () => {
    expect(parseFilter(" version=1.0, 10.0  zone= x=a=b ")).toEqual({
      addresses: ["10.0"],
      metadata: [
        { key: "version", value: "1.0" },
        { key: "zone", value: "" },
        { key: "x", value: "a=b" },
      ],
    });
    expect(isEmpty(parseFilter(" , "))).toBe(true);
    expect(parseFilter("=a").addresses).toEqual(["=a"]);
  });

  it("lets pass what matches every word", () => {
    const one = instance("10.0.0.1", { version: "1.0.2", zone: "" });
    expect(passes(one, parseFilter("version=1.0.2 zone= 0.1:80"))).toBe(true);
    expect(passes(one, parseFilter("version=1.0"))).toBe(false);
    expect(passes(one, parseFilter("absent="))).toBe(false);
    expect(passes(one, parseFilter("10.0.0.2"))).toBe(false);
  });

  it("gives a page of those that pass and how many there are", () => {
    const all = [1, 2, 3, 4, 5].map((n) => instance(`10.0.0.${n}`, { even: String(n % 2 === 0) }));
    const found = filteredPage(all, parseFilter("even=false"), 2, 2);
    expect([found.total, found.items.map((one) => one.ip)]).toEqual([3, ["10.0.0.5"]]);
  });
});

describe("changed keys", () => {
  it("are those that are new, have another value, or are gone", () => {
    const before = { zone: "1", version: "2", owner: "" };
    expect(changedKeys(before, { zone: "2", version: "2", tag: "" })).toEqual({ put: { zone: "2", tag: "" }, removed: { owner: "" } });
    expect(changedKeys(before, { version: "2", owner: "", zone: "1" })).toEqual({ put: {}, removed: {} });
  });
});

describe("checker", () => {
  it("sends only the fields of its type", () => {
    const form = { ...checkerForm({ type: "TCP" }), path: " /ok ", user: "u", pwd: " p ", cmd: "select 1" };
    expect(checkerOf(form)).toEqual({ type: "TCP" });
    expect(checkerOf({ ...form, type: "NONE" })).toEqual({ type: "NONE" });
    expect(checkerOf({ ...form, type: "HTTP" })).toEqual({ type: "HTTP", path: "/ok", headers: "", expectedResponseCode: 200 });
    expect(checkerOf({ ...form, type: "MYSQL" })).toEqual({ type: "MYSQL", user: "u", pwd: " p ", cmd: "select 1" });
  });

  it("keeps the expected code that it came with", () => {
    const before = { type: "HTTP" as const, path: "/", headers: "", expectedResponseCode: 204 };
    expect(checkerOf(checkerForm(before), before)).toEqual(before);
  });

  it("takes an unknown type for none, and tells no password", () => {
    expect(checkerForm({ type: "GRPC" as never }).type).toBe("NONE");
    expect(checkerWords({ type: "MYSQL", user: "u", pwd: "secret", cmd: "select 1" })).toBe("MYSQL u: select 1");
    expect(checkerWords({ type: "HTTP", path: "/ok" })).toBe("HTTP /ok");
  });
});

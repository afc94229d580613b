import { describe, expect, it } from "vitest";
import type { Connection } from "@/api/connections";
import { byNode, clientOf, labelsOf, targets, warnings } from "@/pages/cluster/connections";

function connection(id: string, node: string, publishes = 0): Connection {
  const meta = {
    connectionId: id, clientIp: "10.0.0.9", remoteIp: "10.0.0.9", remotePort: 1, version: "", appName: "-", tenant: null, module: "naming",
    labels: {}, createTime: 0, lastActiveTime: 0, publishes, subscribes: 0, listens: 0,
  };
  return { node, abilityTable: {}, metaInfo: meta };
}

const [A, B, C] = ["a:1", "b:1", "c:1"];
const count = (address: string, total: number) => ({ address, total, matching: total });
const texts = (found: ReturnType<typeof warnings>) => found.map((one) => one.text);

describe("connections", () => {
  it("are called by language and version", () => {
    expect(clientOf("Nacos-Java-Client:v2.5.1")).toBe("Java 2.5.1");
    expect(clientOf("Nacos-Go-Client:2.2.0")).toBe("Go 2.2.0");
    expect(clientOf("my client")).toBe("my client");
    expect(clientOf("")).toBe("–");
  });

  it("show the labels that have no column", () => {
    expect(labelsOf({ module: "naming", AppName: "shop", zone: "hz", source: "sdk", empty: "" })).toEqual(["source=sdk", "zone=hz"]);
  });

  it("are moved node by node, to nodes where not all of them are", () => {
    const [one, two, three] = [connection("1", A), connection("2", B), connection("3", A)];
    expect([...byNode([one, two, three])]).toEqual([[A, ["1", "3"]], [B, ["2"]]]);
    const nodes = [count(A, 2), count(B, 1), count(C, 0)];
    expect(targets([one, three], nodes)).toEqual([B, C]);
    expect(targets([one, two], nodes)).toEqual([A, B, C]);
    expect(targets([one], [count(A, 1)])).toEqual([]);
  });

  it("are moved with warnings of what that brings", () => {
    const even = [count(A, 10), count(B, 10), count(C, 10)];
    expect(texts(warnings([connection("1", A)], B, even))).toEqual([]);
    expect(texts(warnings([connection("1", A, 2)], B, even))).toEqual(["publishes"]);
    expect(warnings([connection("1", A), connection("2", B, 2)], B, even)).toEqual([{ text: "there", values: { count: 1, target: B } }]);
    expect(warnings([connection("1", A)], B, [count(A, 1), count(B, 5)])).toEqual([{ text: "uneven", values: { target: B, total: 6 } }]);
  });
});

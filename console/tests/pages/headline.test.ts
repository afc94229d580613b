import { describe, expect, it } from "vitest";
import { headlines, UP, type Own } from "@/pages/cluster/headline";
import { consoleOf } from "@/pages/cluster/peers";
import type { Node, Verdict } from "@/pages/cluster/verdict";

const WELL: Own = { unready: "", database: UP };
const [A, B] = ["10.0.0.1:8848", "10.0.0.2:8848"];
const node = (address: string, more: Partial<Node> = {}): Node =>
  ({ address, state: "UP", fault: "", voters: [], members: [], storage: [], ...more }) as Node;

function verdict(more: Partial<Verdict> = {}): Verdict {
  return { standalone: false, nodes: [node(A), node(B)], leader: A, term: 2, up: 2, voters: 2, majority: 2, differences: [], ...more };
}

const said = (found: Verdict, own: Partial<Own> = {}) => headlines(found, { ...WELL, ...own }).map((one) => [one.type, one.title, one.text]);

describe("headlines", () => {
  it("are green only where nothing that is known speaks against it", () => {
    expect(said(verdict())).toEqual([["success", "cluster.leads", "cluster.allUp"]]);
    expect(said(verdict({ standalone: true, leader: "" }))).toEqual([["info", "cluster.standalone", ""]]);
    const worse: [Verdict, Partial<Own>][] = [
      [verdict({ up: 1 }), {}],
      [verdict({ leader: "" }), {}],
      [verdict({ nodes: [node(A), node(B, { fault: "any words of a node" })] }), {}],
      [verdict({ nodes: [node(A), node(B, { state: "SUSPICIOUS" })] }), {}],
      [verdict({ differences: [{ kind: "storage", groups: [] }] }), {}],
    ];
    for (const [found, own] of worse) expect(said(found, own).map(([type]) => type)).not.toContain("success");
  });

  it("begin with what is wrong with this node and its database", () => {
    const down = "DOWN:master db (db:3306) down. the database does not answer";
    expect(said(verdict(), { database: down })[0]).toEqual(["error", "cluster.databaseDown", "cluster.databaseDownText"]);
    expect(said(verdict(), { database: "WARN:slave db (db2:3306) down." })[0]).toEqual(["warning", "cluster.databaseWarning", "cluster.reason"]);
    const both = headlines(verdict(), { unready: "members keep configs in different places", database: down });
    expect(both.map((one) => one.title)).toEqual(["cluster.notReady", "cluster.databaseDown", "cluster.leads"]);
    expect(both[0]!.values).toEqual({ reason: "members keep configs in different places" });
  });

  it("do not call a cluster well beside a node that is not ready or a database that is away", () => {
    for (const own of [{ unready: "no leader" }, { database: "DOWN:master db (db:3306) down." }]) {
      expect(said(verdict(), own).map(([type]) => type)).not.toContain("success");
    }
  });

  it("name the nodes that are in trouble, and count", () => {
    const [one] = headlines(verdict({ nodes: [node(A, { fault: "x" }), node(B)] }), WELL);
    expect([one!.text, one!.values.nodes, one!.count]).toEqual(["cluster.troubled", A, 1]);
    expect(headlines(verdict({ leader: "", up: 1, voters: 3 }), WELL)[0]).toMatchObject({ text: "cluster.tooFew", count: 1 });
    expect(headlines(verdict({ leader: "", up: 2, voters: 3 }), WELL)[0]).toMatchObject({ text: "cluster.electing", count: 2 });
  });
});

describe("the console of another node", () => {
  it("is at its address, under the same scheme and context path", () => {
    const here = { protocol: "https:", pathname: "/registry/" };
    expect(consoleOf(B, here)).toBe("https://10.0.0.2:8848/registry/#/clusterManagement");
    expect(consoleOf("[::1]:8848", { protocol: "http:", pathname: "/" })).toBe("http://[::1]:8848/#/clusterManagement");
  });
});

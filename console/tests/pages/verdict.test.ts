import { describe, expect, it } from "vitest";
import type { ExtendInfo, Member } from "@/api/cluster";
import { HEARD, judge, lasting, type Verdict } from "@/pages/cluster/verdict";

const NOW = 1_795_449_000_000;
const ADDRESSES = ["10.0.0.1:8848", "10.0.0.2:8848", "10.0.0.3:8848"];
const [A, B, C] = ADDRESSES as [string, string, string];
const raft = (address: string) => address.replace("8848", "7848");

interface Said extends ExtendInfo {
  leader?: string;
  term?: number;
  voters?: string[];
}

function member(address: string, said: Said = {}, state = "UP"): Member {
  const { leader = A, term = 3, voters = ADDRESSES, ...rest } = said;
  return {
    ip: address.split(":")[0]!,
    port: 8848,
    address,
    state,
    failAccessCnt: 0,
    extendInfo: {
      lastRefreshTime: NOW,
      members: ADDRESSES,
      raftApplied: 9,
      raftCommit: 10,
      raftPort: "7848",
      raftRole: leader === address ? "LEADER" : "FOLLOWER",
      version: "0.1.0",
      raftMetaData: {
        metaDataMap: {
          naming_persistent_service: {
            ...(leader && { leader: raft(leader) }),
            raftGroupMember: voters.map(raft),
            term,
          },
        },
      },
      ...rest,
    },
  };
}

const kinds = (verdict: Verdict) => verdict.differences.map((one) => one.kind);

describe("judge", () => {
  it("finds nothing wrong with a cluster that agrees", () => {
    const verdict = judge([member(A), member(B), member(C)], B);
    expect(verdict).toMatchObject({ standalone: false, leader: A, term: 3, up: 3, voters: 3, majority: 2 });
    expect(verdict.differences).toEqual([]);
    expect(verdict.nodes.map((node) => [node.self, node.leads, node.leader])).toEqual([
      [false, true, A],
      [true, false, A],
      [false, false, A],
    ]);
  });

  it("takes lag from the leader and round trips from the node that answers", () => {
    const fromLeader = { [B]: { connected: true, lag: 4, rttMillis: 1 }, [C]: { connected: false, lag: 7, rttMillis: 1 } };
    const fromB = { [A]: { connected: true, lag: 0, rttMillis: 0.5 }, [C]: { connected: true, lag: 0, rttMillis: 0 } };
    const verdict = judge([member(A, { raftPeers: fromLeader }), member(B, { raftPeers: fromB }), member(C)], B);
    expect(verdict.nodes.map((node) => node.lag)).toEqual([1, 4, undefined]);
    expect(verdict.nodes.map((node) => node.rtt)).toEqual([0.5, undefined, undefined]);
  });

  it("knows no leader where none says that it leads, even if some still follow one", () => {
    const verdict = judge([member(A, {}, "DOWN"), member(B), member(C)], B);
    expect([verdict.leader, verdict.up]).toEqual(["", 2]);
  });

  it("counts who is up against the majority", () => {
    const verdict = judge([member(A, { leader: "" }), member(B, {}, "DOWN"), member(C, {}, "DOWN")], A);
    expect(verdict).toMatchObject({ leader: "", up: 1, majority: 2 });
  });

  it("names the nodes that follow another leader or are in another term", () => {
    const verdict = judge([member(A), member(B), member(C, { leader: "", term: 5 })], A);
    expect(verdict.differences).toEqual([
      {
        kind: "leader",
        groups: [
          { nodes: [A, B], leader: A, term: 3 },
          { nodes: [C], leader: "", term: 5 },
        ],
      },
    ]);
    expect(verdict.term).toBe(5);
  });

  it("believes the leader of the highest term where two say that they lead", () => {
    expect(judge([member(A), member(B, { leader: B, term: 4 }), member(C, { leader: B, term: 4 })], C).leader).toBe(B);
  });

  it("names the nodes whose lists differ", () => {
    const verdict = judge([member(A), member(B, { members: [A, B] }), member(C, { voters: [A, C] })], A);
    expect(kinds(verdict)).toEqual(["voters", "members"]);
    expect(verdict.differences[1]!.groups).toEqual([
      { nodes: [A, C], list: ADDRESSES },
      { nodes: [B], list: [A, B] },
    ]);
  });

  it("names the nodes that keep configurations in different places", () => {
    const [one, two] = [
      { storage: "external", database: "a1" },
      { storage: "external", database: "b2" },
    ];
    const groups = (...said: Said[]) =>
      judge(
        ADDRESSES.map((address, i) => member(address, said[i])),
        A,
      ).differences.map((found) => [found.kind, found.groups.map((group) => [group.nodes, group.list])]);
    expect(groups(one, one, one)).toEqual([]);
    expect(groups(one, { storage: "external" }, one)).toEqual([]); // not known yet
    expect(groups(one, two, one)).toEqual([["storage", [[[A, C], ["external", "a1"]], [[B], ["external", "b2"]]]]]);
    expect(groups({ storage: "embedded" }, one, one)).toEqual([
      ["storage", [[[A], ["embedded", ""]], [[B, C], ["external", "a1"]]]],
    ]);
  });

  it("does not mind the order of a list", () => {
    expect(kinds(judge([member(A), member(B, { voters: [C, A, B] }), member(C)], A))).toEqual([]);
  });

  it("names nodes of cluster.conf that have no vote yet", () => {
    const two = [A, B];
    const verdict = judge([member(A, { voters: two }), member(B, { voters: two }), member(C, { voters: two })], A);
    expect(verdict.differences).toEqual([{ kind: "notVoting", groups: [{ nodes: [C] }] }]);
  });

  it("gives no say to nodes that are down or were not heard of for long", () => {
    const late = { leader: C, term: 9, lastRefreshTime: NOW - HEARD - 1 };
    const verdict = judge([member(A), member(B, { leader: B, term: 9 }, "DOWN"), member(C, late)], A);
    expect([verdict.leader, verdict.differences]).toEqual([A, []]);
  });

  it("sees a node that stands alone", () => {
    const alone: Member = { ...member(A), extendInfo: { raftPort: "7848", version: "0.1.0", lastRefreshTime: NOW } };
    expect(judge([alone], A)).toMatchObject({ standalone: true, leader: "", differences: [] });
  });

  it("shows a node that was never heard of", () => {
    const silent: Member = { ...member(B, {}, "DOWN"), extendInfo: { raftPort: "7848" } };
    const node = judge([member(A), silent], A).nodes[1]!;
    expect(node).toMatchObject({ role: "", term: undefined, version: "", raftAddress: raft(B) });
  });
});

describe("lasting", () => {
  it("leaves out what was not there a look before", () => {
    const agree = judge([member(A), member(B), member(C)], A).differences;
    const differ = judge([member(A), member(B, { term: 4 }), member(C)], A).differences;
    expect(lasting(agree, differ)).toEqual([]);
    expect(lasting(differ, differ)).toEqual(differ);
    expect(lasting(differ, agree)).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import type { ClusterHistory, NodeHistory, RoleEvent, Sample } from "@/api/cluster";
import { clusterLine, elections, events, line, merge } from "@/pages/cluster/series";

const STEP = 5000;
const sample = (time: number, requests = 1, instances = 10, listeners = 2): Sample => ({ time, requests, instances, listeners });
const node = (address: string, samples: Sample[], told: RoleEvent[] = []): NodeHistory => ({ address, samples, events: told });
const history = (now: number, ...nodes: NodeHistory[]): ClusterHistory => ({
  now,
  resolutionMillis: STEP,
  spanMillis: 600_000,
  nodes,
});

describe("merge", () => {
  it("adds what is new, and takes a sample whose time moved a little for the same", () => {
    const before = history(10_000, node("a", [sample(5000), sample(10_000)]));
    const found = merge(before, history(15_000, node("a", [sample(10_003), sample(15_001)])));
    expect(found.nodes[0]!.samples.map((one) => one.time)).toEqual([5000, 10_000, 15_001]);
    expect(found.now).toBe(15_000);
  });

  it("forgets what is older than the span, and keeps a node that no longer answers until then", () => {
    const before = history(600_000, node("a", [sample(5000), sample(600_000)]), node("b", [sample(590_000)]));
    const found = merge(before, history(605_001, node("a", [sample(605_000)])));
    expect(found.nodes.map((one) => one.samples.map((each) => each.time))).toEqual([[600_000, 605_000], [590_000]]);
  });

  it("takes an event once", () => {
    const event = { time: 4000, role: "LEADER", term: 2, leader: "a" };
    const before = history(5000, node("a", [], [event]));
    const later = { time: 9000, role: "FOLLOWER", term: 3, leader: "b" };
    const found = merge(before, history(10_000, node("a", [], [{ ...event, time: 4002 }, later])));
    expect(found.nodes[0]!.events).toEqual([event, later]);
    const again = { ...event, time: 9600 };
    expect(merge(found, history(15_000, node("a", [], [again]))).nodes[0]!.events).toEqual([event, later, again]);
  });

  it("begins with the first answer", () => {
    const first = history(1, node("a", []));
    expect(merge(undefined, first)).toBe(first);
  });
});

describe("line", () => {
  it("has a hole where a node was away", () => {
    expect(line([sample(5000, 1), sample(10_000, 2), sample(40_000, 3)], "requests", STEP)).toEqual([
      [5000, 1],
      [10_000, 2],
      [15_000, null],
      [40_000, 3],
    ]);
  });
});

describe("clusterLine", () => {
  const two = (now: number, late: number[]) =>
    history(now, node("a", [5000, 10_000, 15_000].map((t) => sample(t, 2, 10, 1))), node("b", late.map((t) => sample(t, 3, 11, 4))));

  it("adds requests and listeners, and takes the highest count of instances", () => {
    const found = two(16_000, [6000, 11_000, 16_000]);
    expect(clusterLine(found, "requests")).toEqual([[5000, 5], [10_000, 5], [15_000, 5]]);
    expect(clusterLine(found, "listeners").map(([, value]) => value)).toEqual([5, 5, 5]);
    expect(clusterLine(found, "instances").map(([, value]) => value)).toEqual([11, 11, 11]);
  });

  it("does not dip because one node's sample of now is not there yet", () => {
    expect(clusterLine(two(15_500, [6000, 11_000]), "requests")).toEqual([[5000, 5], [10_000, 5]]);
  });

  it("does not dip where a node's sample fell beside a bucket", () => {
    expect(clusterLine(two(22_000, [9999, 15_001]), "requests").map(([, value]) => value)).toEqual([5, 5, 5]);
  });

  it("falls when a node is gone", () => {
    const gone = history(60_000, node("a", [5, 10, 15, 20, 25].map((s) => sample(s * 1000, 2))), node("b", [sample(5000, 3)]));
    expect(clusterLine(gone, "requests").map(([, value]) => value)).toEqual([5, 2, 2, 2, 2]);
  });

  it("is empty without samples", () => {
    expect(clusterLine(history(1, node("a", [])), "requests")).toEqual([]);
  });
});

describe("events", () => {
  const told = history(
    9000,
    node("a", [], [{ time: 1000, role: "CANDIDATE", term: 2, leader: "" }, { time: 2000, role: "LEADER", term: 2, leader: "a" }]),
    node("b", [], [{ time: 2010, role: "FOLLOWER", term: 2, leader: "a" }]),
  );

  it("come newest first, with the node that tells them", () => {
    expect(events(told).map((one) => [one.address, one.time])).toEqual([["b", 2010], ["a", 2000], ["a", 1000]]);
  });

  it("are one election for each term's leader, when it was first told", () => {
    expect(elections(told)).toEqual([{ time: 2000, leader: "a", term: 2 }]);
  });
});

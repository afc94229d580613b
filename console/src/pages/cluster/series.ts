/** The nodes' samples and events, as the charts draw them. */
import type { ClusterHistory, NodeHistory, RoleEvent, Sample } from "@/api/cluster";

/** Milliseconds by which the same event may seem to move from answer to answer. */
const DRIFT = 250;

export type Measure = "requests" | "instances" | "listeners";
export type Point = [time: number, value: number | null];

export interface ToldEvent extends RoleEvent {
  address: string;
}

/**
 * What was known with what is new. The same sample may come with a time that differs by some milliseconds, as clocks are
 * compared anew with each answer.
 */
export function merge(before: ClusterHistory | undefined, fresh: ClusterHistory): ClusterHistory {
  if (!before) return fresh;
  const start = fresh.now - fresh.spanMillis;
  const known = new Map(before.nodes.map((node) => [node.address, node]));
  for (const node of fresh.nodes) known.set(node.address, mergeNode(known.get(node.address), node, fresh.resolutionMillis));
  const nodes = [...known.values()]
    .map((node) => ({
      address: node.address,
      samples: node.samples.filter((sample) => sample.time > start),
      events: node.events.filter((event) => event.time > start),
    }))
    .sort((a, b) => (a.address < b.address ? -1 : 1));
  return { ...fresh, nodes };
}

function mergeNode(before: NodeHistory | undefined, fresh: NodeHistory, resolution: number): NodeHistory {
  if (!before) return fresh;
  const last = before.samples.at(-1)?.time ?? 0;
  const told = (event: RoleEvent) => before.events.some((one) => same(one, event));
  return {
    address: fresh.address,
    samples: [...before.samples, ...fresh.samples.filter((sample) => sample.time > last + resolution / 2)],
    events: [...before.events, ...fresh.events.filter((event) => !told(event))],
  };
}

function same(one: RoleEvent, other: RoleEvent): boolean {
  const alike = one.role === other.role && one.term === other.term && one.leader === other.leader;
  return alike && Math.abs(one.time - other.time) < DRIFT;
}

/** A node's line; a gap of more than two samples is a hole in it. */
export function line(samples: Sample[], measure: Measure, resolution: number): Point[] {
  const found: Point[] = [];
  let before = 0;
  for (const sample of samples) {
    if (before && sample.time - before > 2.5 * resolution) found.push([before + resolution, null]);
    found.push([sample.time, sample[measure]]);
    before = sample.time;
  }
  return found;
}

/**
 * The line of the whole cluster: sums of requests and listeners. Every node knows all instances, so of those it is the
 * highest count.
 */
export function clusterLine(history: ClusterHistory, measure: Measure): Point[] {
  const { resolutionMillis: step } = history;
  const buckets = new Map<number, Map<string, number>>();
  for (const node of history.nodes) {
    for (const sample of node.samples) {
      const at = Math.floor(sample.time / step) * step;
      const bucket = buckets.get(at) ?? new Map<string, number>();
      bucket.set(node.address, sample[measure]);
      buckets.set(at, bucket);
    }
  }
  const times = [...buckets.keys()].sort((a, b) => a - b);
  return times.slice(0, complete(times, history, buckets)).map((at) => [at, together(at, step, buckets, measure)]);
}

/** The newest bucket waits until all nodes that are in the one before are in it, or it is a step old. */
function complete(times: number[], history: ClusterHistory, buckets: Map<number, Map<string, number>>): number {
  const last = times.at(-1);
  const before = times.at(-2);
  if (last === undefined || before === undefined) return times.length;
  const whole = buckets.get(last)!.size >= buckets.get(before)!.size;
  return whole || history.now - last > 2 * history.resolutionMillis ? times.length : times.length - 1;
}

function together(at: number, step: number, buckets: Map<number, Map<string, number>>, measure: Measure): number {
  // A node's samples drift over the edges of buckets: one that missed this bucket counts with the one before.
  const values = new Map([...(buckets.get(at - step) ?? []), ...buckets.get(at)!]);
  const now = buckets.get(at)!;
  const next = buckets.get(at + step);
  for (const node of values.keys()) if (!now.has(node) && next && !next.has(node)) values.delete(node);
  const numbers = [...values.values()];
  return measure === "instances" ? Math.max(...numbers) : round(numbers.reduce((sum, one) => sum + one, 0));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** All nodes' events, the newest first. */
export function events(history: ClusterHistory): ToldEvent[] {
  return history.nodes
    .flatMap((node) => node.events.map((event) => ({ ...event, address: node.address })))
    .sort((a, b) => b.time - a.time || b.term - a.term);
}

/** When which node became leader: the first that is told of each term's leader, oldest first. */
export function elections(history: ClusterHistory): { time: number; leader: string; term: number }[] {
  const found = new Map<string, { time: number; leader: string; term: number }>();
  for (const event of events(history).reverse()) {
    const key = `${event.term} ${event.leader}`;
    if (event.leader && !found.has(key)) found.set(key, { time: event.time, leader: event.leader, term: event.term });
  }
  return [...found.values()];
}

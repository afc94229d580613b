import { describe, expect, it } from "vitest";
import type { ClusterHistory, Sample } from "@/api/cluster";
import { chartOption, type Look, type Words } from "@/pages/cluster/chart";

const NOW = 1_795_449_600_000;
const MINUTE = 60_000;
const words: Words = {
  requests: "requests",
  instances: "instances",
  listeners: "listeners",
  whole: "whole",
  elected: (leader, term) => `${leader}/${term}`,
};
const colours = { text: "#000", line: "#ccc", back: "#fff", font: "sans-serif" };
const look: Look = { narrow: false, dark: false, language: "en-US" };
const sample = (time: number): Sample => ({ time, requests: 1, instances: 2, listeners: 3 });

function history(...elected: number[]): ClusterHistory {
  const events = elected.map((ago, index) => ({ time: NOW - ago * MINUTE, role: "LEADER", term: index + 1, leader: "a" }));
  return {
    now: NOW,
    resolutionMillis: 5000,
    spanMillis: 10 * MINUTE,
    nodes: [
      { address: "a", samples: [sample(NOW - 5000), sample(NOW)], events },
      { address: "b", samples: [sample(NOW - 5000), sample(NOW)], events: [] },
    ],
  };
}

interface Drawn {
  series: { id: string; name: string; xAxisIndex: number; data: unknown[]; markLine?: { data: Mark[] } }[];
  xAxis: { min: number; max: number; axisLabel: { alignMinLabel: string; alignMaxLabel: string } }[];
  yAxis: { axisLabel: { formatter: (value: number) => string } }[];
}
interface Mark {
  name: string;
  xAxis: number;
  label: { show: boolean; align: string };
}
const draw = (told: ClusterHistory, view: "cluster" | "nodes", how = look) =>
  chartOption(told, view, words, colours, how) as unknown as Drawn;

describe("chartOption", () => {
  it("has one line in each chart for the cluster, or one for each node", () => {
    expect(draw(history(), "cluster").series.map((one) => [one.xAxisIndex, one.name])).toEqual([[0, "whole"], [1, "whole"], [2, "whole"]]);
    const lines = draw(history(), "nodes").series;
    expect(lines.map((one) => one.id)).toEqual([
      "requests a", "requests b", "instances a", "instances b", "listeners a", "listeners b",
    ]);
    expect(lines[4]!.data).toEqual([[NOW - 5000, 3], [NOW, 3]]);
  });

  it("shows ten minutes up to now", () => {
    expect(draw(history(), "cluster").xAxis.map((axis) => [axis.min, axis.max])).toEqual(Array(3).fill([NOW - 10 * MINUTE, NOW]));
  });

  it("keeps all words within its edges", () => {
    const marks = draw(history(9.9, 6, 0.1), "cluster").series[0]!.markLine!.data;
    expect(marks.map((mark) => [mark.label.show, mark.label.align])).toEqual([[true, "left"], [true, "center"], [true, "right"]]);
    const { xAxis, yAxis } = draw(history(), "cluster");
    expect(xAxis.map((axis) => [axis.axisLabel.alignMinLabel, axis.axisLabel.alignMaxLabel])).toEqual(Array(3).fill(["left", "right"]));
    for (const axis of yAxis) expect([7, 9_999, 1_250_000].map(axis.axisLabel.formatter)).toEqual(["7", "9999", "1.3M"]);
  });

  it("marks elections once a chart, in words where there is room for them", () => {
    const lines = draw(history(8, 3, 2.9, 0.5), "nodes").series;
    expect(lines.filter((one) => one.markLine).map((one) => one.id)).toEqual(["requests a", "instances a", "listeners a"]);
    const marks = lines[0]!.markLine!.data;
    expect(marks.map((mark) => [mark.name, mark.label.show, mark.label.align])).toEqual([
      ["a/1", true, "center"],
      ["a/2", false, "center"],
      ["a/3", true, "center"],
      ["a/4", true, "right"],
    ]);
    expect(lines[2]!.markLine!.data.some((mark) => mark.label.show)).toBe(false);
    const narrow = draw(history(8), "cluster", { ...look, narrow: true }).series[0]!.markLine!.data;
    expect(narrow[0]!.label.show).toBe(false);
  });
});

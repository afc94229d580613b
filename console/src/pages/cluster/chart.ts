/** The history as ECharts draws it: three charts over one another that share their time. */
import type { EChartsCoreOption } from "echarts/core";
import type { ClusterHistory } from "@/api/cluster";
import { clusterLine, elections, line, type Measure, type Point } from "./series";

export interface Words {
  requests: string;
  instances: string;
  listeners: string;
  whole: string;
  elected: (leader: string, term: number) => string;
}

export interface Colours {
  text: string;
  line: string;
  back: string;
  font: string;
}

export interface Look {
  narrow: boolean;
  dark: boolean;
  language: string;
}

const MEASURES: Measure[] = ["requests", "instances", "listeners"];
const TOP = 60;
const HEIGHT = 115;
const STEP = 168;
/** Told apart by people who see colours differently, on white and on dark (Okabe and Ito's, darkened for white). */
const LIGHT = ["#0068a8", "#c24e00", "#00795a", "#9c4677", "#6b6b00", "#444444"];
const DARK = ["#56b4e9", "#e69f00", "#2fbf92", "#cc79a7", "#f0e442", "#bbbbbb"];

type Line = { name: string; points: Point[] };

function lines(history: ClusterHistory, view: "cluster" | "nodes", measure: Measure, words: Words): Line[] {
  if (view === "cluster") return [{ name: words.whole, points: clusterLine(history, measure) }];
  return history.nodes.map((node) => ({ name: node.address, points: line(node.samples, measure, history.resolutionMillis) }));
}

/** Share of the span that a mark's words take. */
const WORDS = 1 / 5;

/** At which of its ends words are held, so that they do not go over the edges of the chart. */
function aside(time: number, history: ClusterHistory, room: number): "left" | "center" | "right" {
  if (time > history.now - room) return "right";
  return time < history.now - history.spanMillis + room ? "left" : "center";
}

/** The elections as marks, with their words in the first chart only, and only where those of the next do not lie on them. */
function marks(history: ClusterHistory, words: Words, colours: Colours, labelled: boolean) {
  const room = history.spanMillis * WORDS;
  const found = elections(history);
  return {
    symbol: "none",
    silent: true,
    animation: false,
    lineStyle: { type: "dashed", color: colours.text, opacity: 0.6 },
    label: { color: colours.text, fontSize: 11, formatter: (mark: { name: string }) => mark.name, position: "end" },
    data: found.map((one, index) => ({
      name: words.elected(one.leader, one.term),
      xAxis: one.time,
      label: {
        show: labelled && (found[index + 1]?.time ?? Infinity) > one.time + room,
        align: aside(one.time, history, room),
      },
    })),
  };
}

function axes(history: ClusterHistory, index: number, colours: Colours, look: Look) {
  const clock = (value: number): string => new Date(value).toLocaleTimeString(look.language, { hour: "2-digit", minute: "2-digit" });
  const label = { color: colours.text };
  const short = new Intl.NumberFormat(look.language, { notation: "compact" });
  return {
    x: {
      type: "time",
      gridIndex: index,
      min: history.now - history.spanMillis,
      max: history.now,
      splitNumber: look.narrow ? 3 : 8,
      // The first and the last stand within the chart, not across its edges.
      axisLabel: { ...label, formatter: clock, hideOverlap: true, alignMinLabel: "left", alignMaxLabel: "right" },
      axisLine: { lineStyle: { color: colours.line } },
    },
    y: {
      type: "value",
      gridIndex: index,
      min: 0,
      minInterval: index === 0 ? undefined : 1,
      splitNumber: 3,
      axisLabel: { ...label, formatter: (value: number): string => (value < 10_000 ? String(value) : short.format(value)) },
      splitLine: { lineStyle: { color: colours.line, opacity: 0.5 } },
    },
  };
}

/** @param view one line for the whole cluster, or one for each node. */
export function chartOption(
  history: ClusterHistory,
  view: "cluster" | "nodes",
  words: Words,
  colours: Colours,
  look: Look,
): EChartsCoreOption {
  const both = MEASURES.map((_, index) => axes(history, index, colours, look));
  return {
    animation: false,
    color: look.dark ? DARK : LIGHT,
    textStyle: { fontFamily: colours.font },
    title: MEASURES.map((measure, index) => ({
      text: words[measure],
      left: 0,
      top: TOP - 34 + index * STEP,
      textStyle: { fontSize: look.narrow ? 12 : 13, fontWeight: 600, color: colours.text },
    })),
    legend: { type: "scroll", top: 0, left: 0, show: view === "nodes", textStyle: { color: colours.text } },
    // Drawn on the canvas: the pages' policy lets no style come from a text.
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      confine: true,
      backgroundColor: colours.back,
      borderColor: colours.line,
      textStyle: { color: colours.text },
    },
    axisPointer: { link: [{ xAxisIndex: "all" }], label: { backgroundColor: "#555" } },
    grid: MEASURES.map((_, index) => ({ left: 52, right: look.narrow ? 12 : 24, top: TOP + index * STEP, height: HEIGHT })),
    xAxis: both.map((one) => one.x),
    yAxis: both.map((one) => one.y),
    series: MEASURES.flatMap((measure, index) =>
      lines(history, view, measure, words).map((one, place) => ({
        id: `${measure} ${one.name}`,
        name: one.name,
        type: "line",
        xAxisIndex: index,
        yAxisIndex: index,
        showSymbol: one.points.length < 3,
        data: one.points,
        lineStyle: { width: 2 },
        markLine: place === 0 ? marks(history, words, colours, index === 0 && !look.narrow) : undefined,
      })),
    ),
  };
}

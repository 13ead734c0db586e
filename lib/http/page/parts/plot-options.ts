import uPlot from 'uplot';
import type { Period, StackedSeries } from '../model/plot';
import { groupLabel } from '../model/plot';
import { colour } from './scheme';

export interface PlotInput {
  readonly period: Period;
  readonly series: readonly StackedSeries[];
  readonly format: (value: number) => string;
  readonly hover: (index: number | null) => void;
}

/** Pixels of so many of the letters' size. */
function em(count: number): number {
  return count * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
}

export function plotHeight(): number {
  return Math.round(em(12));
}

/** The bars of a plot: the tallest sum is drawn first, so that each lower one stands before it. */
export function plotOptions(input: PlotInput, width: number): uPlot.Options {
  const { period, series, hover } = input;
  const bars = uPlot.paths.bars?.({ size: [0.72, 96] });
  return {
    width,
    height: plotHeight(),
    legend: { show: false },
    padding: [8, 4, 0, 0],
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: { x: { time: false, range: () => [-0.6, period.groups.length - 0.4] }, y: { range: fromZero } },
    axes: [groupAxis(input), valueAxis(input)],
    series: [
      {},
      ...series
        .map((one, index) => ({
          label: one.name,
          fill: colour(seriesColour(one, index)),
          stroke: colour('surface'),
          width: 1,
          points: { show: false },
          ...(bars ? { paths: bars } : {}),
        }))
        .reverse(),
    ],
    hooks: { setCursor: [(plot) => hover(plot.cursor.idx ?? null)] },
  };
}

/** The name of the colour that stands for a series. */
export function seriesColour({ rest }: StackedSeries, index: number): string {
  return rest ? 'series-rest' : `series-${index + 1}`;
}

function fromZero(_plot: uPlot, _min: number, max: number): uPlot.Range.MinMax {
  return [0, max > 0 ? max * 1.08 : 1];
}

function groupAxis({ period }: PlotInput): uPlot.Axis {
  return {
    stroke: colour('muted'),
    grid: { show: false },
    ticks: { show: false },
    size: em(1.7),
    font: axisFont(),
    splits: (plot) => spread(period.groups.length, plot.width / em(4.4)),
    values: (_plot, splits) => splits.map((index) => groupLabel(period.groups[index] ?? '')),
  };
}

function valueAxis({ format }: PlotInput): uPlot.Axis {
  return {
    stroke: colour('muted'),
    grid: { stroke: colour('line'), width: 1 },
    ticks: { show: false },
    size: em(3.7),
    space: em(2),
    font: axisFont(),
    values: (_plot, splits) => splits.map(format),
  };
}

function axisFont(): string {
  return `${em(0.78)}px ${getComputedStyle(document.body).fontFamily}`;
}

/** So many of the indices that their labels do not touch, the last one among them. */
function spread(count: number, room: number): number[] {
  const step = Math.max(1, Math.ceil(count / Math.max(1, room)));
  const indices: number[] = [];
  for (let index = count - 1; index >= 0; index -= step) indices.unshift(index);
  return indices;
}

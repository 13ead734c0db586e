import type { JSX, RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import type { Period, StackedSeries } from '../model/plot';
import { cumulate, groupLabel } from '../model/plot';
import { plotHeight, plotOptions, seriesColour } from './plot-options';
import { onScheme } from './scheme';

interface StackedPlotProps {
  readonly title: string;
  readonly period: Period;
  readonly series: readonly StackedSeries[];
  readonly format: (value: number) => string;
}

/** Bars on one another, a colour a model; the same as a table for who does not see it. */
export function StackedPlot({ title, period, series, format }: StackedPlotProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const [hovered, setHovered] = useState<number | null>(null);
  usePlot(place, { period, series, format, hover: setHovered });
  const total = series.reduce((sum, one) => sum + sumAt(one, hovered), 0);
  const when = hovered === null ? 'in all' : groupLabel(period.groups[hovered] ?? '');
  return (
    <figure class="plot">
      <figcaption>
        <span class="plot-title">{title}</span>
        <span class="plot-total">{format(total)}</span>
        <span class="muted">{when}</span>
      </figcaption>
      <div ref={place} class="plot-canvas" aria-hidden="true" />
      <ul class="legend">
        {series.map((one, index) => (
          <li key={one.name} class={one.sum === 0 ? 'is-none' : undefined}>
            <span class={`swatch ${seriesColour(one, index)}`} aria-hidden="true" />
            <span class="legend-name">{one.name}</span>
            <span class="legend-value">{format(sumAt(one, hovered))}</span>
          </li>
        ))}
      </ul>
      <PlotTable title={title} period={period} series={series} format={format} />
    </figure>
  );
}

function sumAt(series: StackedSeries, index: number | null): number {
  return index === null ? series.sum : (series.values[index] ?? 0);
}

/** Draws anew when the data, the width or the scheme changes. */
function usePlot(place: RefObject<HTMLDivElement | null>, input: Parameters<typeof plotOptions>[0]): void {
  const key = JSON.stringify([input.period.groups, input.series]);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const data = dataOf(input.period, input.series);
    let plot: uPlot | null = null;
    const draw = (): void => {
      plot?.destroy();
      plot = new uPlot(plotOptions(input, element.clientWidth), data, element);
    };
    draw();
    const resized = new ResizeObserver(() => {
      plot?.setSize({ width: element.clientWidth, height: plotHeight() });
    });
    resized.observe(element);
    const forgetScheme = onScheme(draw);
    return () => {
      resized.disconnect();
      forgetScheme();
      plot?.destroy();
    };
  }, [key]);
}

function dataOf({ groups }: Period, series: readonly StackedSeries[]): uPlot.AlignedData {
  return [groups.map((_, index) => index), ...cumulate(series).reverse()];
}

function PlotTable({ title, period, series, format }: StackedPlotProps): JSX.Element {
  const filled = period.groups.map((group, index) => ({ group, index }));
  const rows = filled.filter(({ index }) => series.some(({ values }) => (values[index] ?? 0) > 0));
  return (
    <details class="plot-table">
      <summary>As a table</summary>
      <div class="scroll" tabIndex={0} role="group" aria-label={`${title} as a table`}>
        <table class="small">
          <thead>
            <tr>
              <th scope="col">When</th>
              {series.map(({ name }) => (
                <th key={name} scope="col" class="number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.reverse().map(({ group, index }) => (
              <tr key={group}>
                <th scope="row">{groupLabel(group)}</th>
                {series.map(({ name, values }) => (
                  <td key={name} class="number">
                    {format(values[index] ?? 0)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

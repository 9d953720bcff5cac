/** Charts by Observable Plot, in the colours of the page. */

import * as Plot from '@observablehq/plot';
import { useEffect, useRef } from 'react';

/** A line of a chart. */
export interface Line {
  readonly label: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

interface ChartProps {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly lines: readonly Line[];
  readonly xDomain?: readonly [number, number];
  readonly yDomain?: readonly [number, number];
  /** A vertical line, such as the threshold. */
  readonly mark?: number;
  /** Drawn as bars of this width instead of lines. */
  readonly bars?: number;
  readonly height?: number;
}

const WIDTH = 290;

export function Chart({ title, x, y, lines, xDomain, yDomain, mark, bars, height = 170 }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const rows = lines.flatMap(({ label, points }) => points.map((point) => ({ ...point, label })));
    const body = bars
      ? Plot.rectY(rows, { x1: ({ x: left }) => left, x2: ({ x: left }) => left + bars, y: 'y', fill: 'var(--accent)' })
      : Plot.line(rows, { x: 'x', y: 'y', stroke: 'label', strokeWidth: 1.8 });
    const plot = Plot.plot({
      ...{ width: WIDTH, height, marginLeft: 44, marginBottom: 34, marginTop: 12, marginRight: 12 },
      style: { background: 'none', color: 'inherit', fontSize: '11px' },
      x: { label: x, ...(xDomain && { domain: [...xDomain] }) },
      y: { label: y, grid: true, ticks: 4, ...(yDomain && { domain: [...yDomain] }) },
      color: { legend: lines.length > 1, scheme: 'observable10', domain: lines.map(({ label }) => label) },
      marks: [body, ...(mark === undefined ? [] : [Plot.ruleX([mark], { strokeDasharray: '4 3' })])],
    });
    // The figure has a name of its own; those of groups inside it are none that readers take.
    for (const group of plot.querySelectorAll('g[aria-label]')) group.removeAttribute('aria-label');
    place.current?.replaceChildren(plot);
  }, [x, y, lines, xDomain, yDomain, mark, bars, height]);
  return (
    <figure className="chart">
      <figcaption>{title}</figcaption>
      <div ref={place} role="img" aria-label={`${title}: ${y} over ${x}`} />
    </figure>
  );
}

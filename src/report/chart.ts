/** Line charts as SVG text, by Observable Plot on a DOM without a browser. */

import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { escapeXml } from './xml.js';

/** One line of a chart. */
export interface Series {
  readonly label: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** A chart of lines over a shared x axis. */
export interface Chart {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
  /** A vertical mark with its label, for example the threshold. */
  readonly mark?: { readonly x: number; readonly label: string };
  /** Range of the axes; fitted to the points by default. */
  readonly xDomain?: readonly [number, number];
  readonly yDomain?: readonly [number, number];
}

const WIDTH = 460;
const HEIGHT = 320;
const TITLE = 34;

/** Draws charts side by side in one SVG. */
export function drawCharts(charts: readonly Chart[]): string {
  const parts = charts.map((chart, i) => {
    const svg = drawOne(chart).replace('<svg ', `<svg x="${i * WIDTH}" y="${TITLE}" `);
    const title = `<text x="${i * WIDTH + WIDTH / 2}" y="22" text-anchor="middle" font-weight="bold">${escapeXml(chart.title)}</text>`;
    return title + svg;
  });
  const size = `width="${charts.length * WIDTH}" height="${HEIGHT + TITLE}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="13"><rect width="100%" height="100%" fill="white"/>${parts.join('')}</svg>\n`;
}

function drawOne(chart: Chart): string {
  const { document } = parseHTML('<html><body></body></html>');
  const rows = chart.series.flatMap(({ label, points }) => points.map((point) => ({ ...point, label })));
  const marks: Plot.Markish[] = [
    Plot.frame({ stroke: '#ccc' }),
    Plot.line(rows, { x: 'x', y: 'y', stroke: 'label', strokeWidth: 1.8 }),
    Plot.text(lastPoints(chart), { x: 'x', y: 'y', text: 'label', fill: 'label', textAnchor: 'end', dy: -8, dx: -4 }),
  ];
  if (chart.mark) {
    marks.push(Plot.ruleX([chart.mark.x], { strokeDasharray: '4 3' }));
    marks.push(
      Plot.text([chart.mark], { x: 'x', text: 'label', frameAnchor: 'bottom', dy: -6, dx: 5, textAnchor: 'start' }),
    );
  }
  const svg = Plot.plot({
    document: document as never,
    width: WIDTH,
    height: HEIGHT,
    marginLeft: 52,
    marginBottom: 40,
    x: { label: chart.x, grid: true, ...(chart.xDomain && { domain: [...chart.xDomain] }) },
    y: { label: chart.y, grid: true, ...(chart.yDomain && { domain: [...chart.yDomain] }) },
    color: { domain: chart.series.map(({ label }) => label), scheme: 'tableau10' },
    marks,
  });
  return svg.outerHTML;
}

/** Where each line is named: at its middle, so that lines that meet at an end stay apart. */
function lastPoints(chart: Chart) {
  return chart.series.flatMap(({ label, points }, i) => {
    const at = points[Math.floor((points.length - 1) * (0.35 + (0.3 * (i + 1)) / chart.series.length))];
    return at ? [{ ...at, label }] : [];
  });
}

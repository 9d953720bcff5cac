/** What is drawn over a micrograph: labels, picks and candidates as circles. */

import type { ApiPick, ApiPoint } from '../../../src/server/api.js';
import type { View } from './tiles.js';

/** What is to be drawn. */
export interface Marks {
  readonly labels: readonly ApiPoint[];
  readonly negatives: readonly ApiPoint[];
  readonly picks: readonly ApiPick[];
  readonly leftOut: readonly ApiPick[];
  /** In full-size pixels. */
  readonly diameter: number;
  /** A circle that is being drawn, and the eraser. */
  readonly extra: { readonly centre: ApiPoint; readonly radius: number; readonly dashed: boolean } | null;
}

const LABEL = '#3ddc84';
const NEGATIVE = '#ff5c7a';
const LEFT_OUT = '#b0b8c4';
const EXTRA = '#ffffff';
/** Circles of one colour are drawn at once. */
const COLOURS = 12;

/** Colour of a score: blue for 0 over violet to yellow for 1. */
export function scoreColour(score: number): string {
  const share = Math.min(1, Math.max(0, score));
  const hue = 220 + 200 * share;
  return `hsl(${hue % 360} 95% ${58 + 8 * share}%)`;
}

/** Draws everything that is in view. */
export function drawMarks(context: CanvasRenderingContext2D, view: View, marks: Marks): void {
  const { clientWidth, clientHeight } = context.canvas;
  const radius = Math.max(3, (view.k * marks.diameter) / 2);
  const inView = (x: number, y: number) =>
    x > -radius && y > -radius && x < clientWidth + radius && y < clientHeight + radius;

  function circles(points: readonly ApiPoint[], colour: string, size = radius): void {
    context.strokeStyle = colour;
    context.beginPath();
    for (const point of points) {
      const [x, y] = toScreen(point, view);
      if (!inView(x, y)) continue;
      context.moveTo(x + size, y);
      context.arc(x, y, size, 0, 2 * Math.PI);
    }
    context.stroke();
  }

  context.lineWidth = 1.5;
  context.setLineDash([4, 4]);
  circles(marks.leftOut, LEFT_OUT, radius * 0.8);
  context.setLineDash([]);
  for (let i = 0; i < COLOURS; i++) {
    const own = marks.picks.filter(({ score }) => Math.min(COLOURS - 1, Math.floor(score * COLOURS)) === i);
    circles(own, scoreColour((i + 0.5) / COLOURS));
  }
  context.lineWidth = 2.5;
  circles(marks.labels, LABEL, radius * 0.9);
  drawCrosses(context, view, marks.negatives, radius * 0.5);
  if (marks.extra) {
    context.setLineDash(marks.extra.dashed ? [6, 4] : []);
    context.lineWidth = 1.5;
    circles([marks.extra.centre], EXTRA, view.k * marks.extra.radius);
    context.setLineDash([]);
  }
}

function drawCrosses(context: CanvasRenderingContext2D, view: View, points: readonly ApiPoint[], size: number): void {
  context.strokeStyle = NEGATIVE;
  context.beginPath();
  for (const point of points) {
    const [x, y] = toScreen(point, view);
    context.moveTo(x - size, y - size);
    context.lineTo(x + size, y + size);
    context.moveTo(x - size, y + size);
    context.lineTo(x + size, y - size);
  }
  context.stroke();
}

/** Pixel centres are whole numbers: pixel (0, 0) covers the screen from its corner on. */
export function toScreen({ x, y }: ApiPoint, view: View): [number, number] {
  return [view.x + view.k * (x + 0.5), view.y + view.k * (y + 0.5)];
}

/** The full-size place under a pixel of the screen. */
export function toFull(x: number, y: number, view: View): ApiPoint {
  return { x: (x - view.x) / view.k - 0.5, y: (y - view.y) / view.k - 0.5 };
}

/** The nearest point within a distance, or undefined. */
export function nearest<P extends ApiPoint>(points: readonly P[], place: ApiPoint, within: number): P | undefined {
  let best: { point: P; distance: number } | undefined;
  for (const point of points) {
    const distance = Math.hypot(point.x - place.x, point.y - place.y);
    if (distance <= within && distance < (best?.distance ?? Number.POSITIVE_INFINITY)) best = { point, distance };
  }
  return best?.point;
}

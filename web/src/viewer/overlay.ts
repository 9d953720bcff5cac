/** What is drawn over a micrograph. Each kind of mark has its shape: picks are circles, labels squares, places that are none crosses. */

import type { Region } from '../../../src/core/regions.js';
import type { ApiPick, ApiPoint } from '../../../src/server/api.js';
import { type Colour, css, MARK_COLOURS, scoreColour } from './palette.js';
import type { Size, View } from './tiles.js';

export type Shape = 'circle' | 'dashed-circle' | 'square' | 'cross' | 'diamond' | 'triangle';

/** Marks of one look. */
export interface MarkGroup {
  readonly shape: Shape;
  readonly colour: Colour;
  /** Part of the particle's radius. */
  readonly size: number;
  readonly points: readonly ApiPoint[];
}

/** Picks of nearly the same score have one colour and are drawn at once. */
const COLOURS = 12;

/** What is to be drawn: made when picks or labels change, not with every move. */
export function groupsOf({
  picks = [],
  leftOut = [],
  labels = [],
  negatives = [],
  onlyOwn = [],
  onlyOther = [],
}: {
  readonly picks?: readonly ApiPick[];
  readonly leftOut?: readonly ApiPick[];
  readonly labels?: readonly ApiPoint[];
  readonly negatives?: readonly ApiPoint[];
  /** Picks that another set does not have, and those that only it has. */
  readonly onlyOwn?: readonly ApiPoint[];
  readonly onlyOther?: readonly ApiPoint[];
}): MarkGroup[] {
  const byScore = Array.from({ length: COLOURS }, (): ApiPick[] => []);
  for (const pick of picks) byScore[Math.min(COLOURS - 1, Math.floor(pick.score * COLOURS))].push(pick);
  return [
    { shape: 'dashed-circle', colour: MARK_COLOURS.leftOut, size: 0.8, points: leftOut } as const,
    ...byScore.map(
      (points, i): MarkGroup => ({
        ...{ shape: 'circle', colour: scoreColour((i + 0.5) / COLOURS), size: 1 },
        points,
      }),
    ),
    { shape: 'diamond', colour: MARK_COLOURS.onlyOwn, size: 1, points: onlyOwn } as const,
    { shape: 'triangle', colour: MARK_COLOURS.onlyOther, size: 1, points: onlyOther } as const,
    { shape: 'square', colour: MARK_COLOURS.label, size: 0.75, points: labels } as const,
    { shape: 'cross', colour: MARK_COLOURS.negative, size: 0.5, points: negatives } as const,
  ].filter(({ points }) => points.length > 0);
}

/** A mark is at least this large on the screen. */
const LEAST_PX = 3;
/** From so many marks in view on, each is a copy of a small picture: that is some ten times faster than drawing it. */
const MANY = 60;
/** Larger marks are always drawn: few are in view, and a picture of one would be large. */
const LARGEST_COPY_PX = 60;
const [LINE, HALO] = [2, 4];
/** What lies under a line, so that it stands out on light and on dark. */
const HALO_COLOUR = '#0008';

/** Draws all marks that are in view; `diameter` is the particle's, in full-size pixels, `size` that of the canvas in CSS pixels. */
export function drawMarks(
  context: CanvasRenderingContext2D,
  view: View,
  groups: readonly MarkGroup[],
  diameter: number,
  size: Size,
): void {
  const radius = Math.max(LEAST_PX, (view.k * diameter) / 2);
  const margin = radius + HALO;
  for (const group of groups) {
    const seen: [number, number][] = [];
    for (const point of group.points) {
      const [x, y] = toScreen(point, view);
      if (x > -margin && y > -margin && x < size.width + margin && y < size.height + margin) seen.push([x, y]);
    }
    if (seen.length === 0) continue;
    const own = Math.max(LEAST_PX, group.size * radius);
    if (seen.length > MANY && own < LARGEST_COPY_PX) drawCopies(context, group, own, seen);
    else drawEach(context, group, own, seen);
  }
}

function drawEach(
  context: CanvasRenderingContext2D,
  { shape, colour }: MarkGroup,
  radius: number,
  places: readonly (readonly [number, number])[],
): void {
  context.setLineDash(shape === 'dashed-circle' ? [4, 4] : []);
  context.beginPath();
  for (const [x, y] of places) trace(context, shape, x, y, radius);
  context.lineWidth = HALO;
  context.strokeStyle = HALO_COLOUR;
  context.stroke();
  context.lineWidth = LINE;
  context.strokeStyle = css(colour);
  context.stroke();
  context.setLineDash([]);
}

function drawCopies(
  context: CanvasRenderingContext2D,
  group: MarkGroup,
  radius: number,
  places: readonly (readonly [number, number])[],
): void {
  const side = 2 * Math.ceil(radius + HALO);
  const picture = new OffscreenCanvas(Math.ceil(side * devicePixelRatio), Math.ceil(side * devicePixelRatio));
  const own = picture.getContext('2d');
  if (!own) return;
  own.scale(devicePixelRatio, devicePixelRatio);
  drawEach(own as unknown as CanvasRenderingContext2D, group, radius, [[side / 2, side / 2]]);
  // Whole pixels of the screen are copied as they are.
  const whole = (place: number) => Math.round((place - side / 2) * devicePixelRatio) / devicePixelRatio;
  for (const [x, y] of places) context.drawImage(picture, whole(x), whole(y), side, side);
}

function trace(context: CanvasRenderingContext2D, shape: Shape, x: number, y: number, radius: number): void {
  if (shape === 'square') {
    const half = radius * Math.SQRT1_2 * 1.2;
    context.rect(x - half, y - half, 2 * half, 2 * half);
  } else if (shape === 'diamond' || shape === 'triangle') {
    const corners = shape === 'diamond' ? 4 : 3;
    for (let i = 0; i < corners; i++) {
      const angle = (2 * Math.PI * i) / corners - Math.PI / 2;
      const [u, v] = [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
      if (i === 0) context.moveTo(u, v);
      else context.lineTo(u, v);
    }
    context.closePath();
  } else if (shape === 'cross') {
    context.moveTo(x - radius, y - radius);
    context.lineTo(x + radius, y + radius);
    context.moveTo(x - radius, y + radius);
    context.lineTo(x + radius, y - radius);
  } else {
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }
}

/** What a tool draws while it is used: a circle, a line that is measured, a closed line. */
export type Sketch =
  | { readonly kind: 'circle'; readonly centre: ApiPoint; readonly radius: number; readonly dashed: boolean }
  | { readonly kind: 'line'; readonly points: readonly ApiPoint[] }
  | { readonly kind: 'stroke'; readonly points: readonly ApiPoint[]; readonly width: number };

const SKETCH_COLOUR = '#ffffff';

/** Draws what a tool is about. */
export function drawSketch(context: CanvasRenderingContext2D, view: View, sketch: Sketch | null): void {
  if (!sketch) return;
  if (sketch.kind === 'stroke') {
    drawRegions(context, view, [{ path: sketch.points, width: sketch.width }]);
    return;
  }
  context.beginPath();
  if (sketch.kind === 'circle') {
    const [x, y] = toScreen(sketch.centre, view);
    context.setLineDash(sketch.dashed ? [6, 4] : []);
    context.arc(x, y, view.k * sketch.radius, 0, 2 * Math.PI);
  } else traceLine(context, view, sketch.points);
  context.lineWidth = HALO;
  context.strokeStyle = HALO_COLOUR;
  context.stroke();
  context.lineWidth = LINE;
  context.strokeStyle = SKETCH_COLOUR;
  context.stroke();
  context.setLineDash([]);
}

function traceLine(context: CanvasRenderingContext2D, view: View, points: readonly ApiPoint[]): void {
  for (const [i, point] of points.entries()) {
    const [x, y] = toScreen(point, view);
    if (i === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  }
}

/** Excluded regions are darkened and edged: whatever lies in them stays to be seen. */
const [EXCLUDED, EXCLUDED_EDGE] = ['#10182099', '#ffb020'];

/** Draws regions in which nothing is picked. */
export function drawRegions(context: CanvasRenderingContext2D, view: View, regions: readonly Region[]): void {
  for (const region of regions) {
    context.beginPath();
    traceLine(context, view, 'outline' in region ? region.outline : region.path);
    if ('outline' in region) {
      context.closePath();
      context.fillStyle = EXCLUDED;
      context.fill();
      context.lineWidth = LINE;
      context.strokeStyle = EXCLUDED_EDGE;
      context.stroke();
      continue;
    }
    context.save();
    [context.lineCap, context.lineJoin] = ['round', 'round'];
    // A line of length 0 has round ends only if it goes somewhere.
    const [x, y] = toScreen(region.path[0], view);
    if (region.path.length === 1) context.lineTo(x + 0.01, y);
    context.lineWidth = view.k * region.width;
    context.strokeStyle = EXCLUDED;
    context.stroke();
    context.lineWidth = LINE;
    context.setLineDash([8, 4]);
    context.strokeStyle = EXCLUDED_EDGE;
    context.stroke();
    context.restore();
  }
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

/** What pressing, dragging and clicking on the micrograph does with each tool. */

import { type PointerEvent, useRef, useState } from 'react';
import { isInPolygon, isInRegion } from '../../../src/core/regions.js';
import type { ApiPick, ApiPoint } from '../../../src/server/api.js';
import type { LabelState } from '../use-labels.js';
import { nearest, type Sketch, toFull } from './overlay.js';
import type { Covers, Tool } from './settings.js';
import type { View } from './tiles.js';

/** What the tools work on. */
export interface ToolSettings {
  readonly id: string;
  readonly tool: Tool;
  readonly view: View;
  readonly labelState: LabelState;
  /** Picks that are shown. */
  readonly picks: readonly ApiPick[];
  /** Distance within which a click means a mark, in full-size pixels. */
  readonly reach: number;
  /** Diameter of the eraser and of the brush. */
  readonly eraser: number;
  /** What lasso and brush do with what they cover. */
  readonly covers: Covers;
  onDiameter(diameter: number): void;
  onError(error: Error): void;
}

/** A line around a region has so many corners at the least. */
const LEAST_CORNERS = 3;
/** Shorter ones are slips of the hand. */
const LEAST_DIAMETER = 4;
/** A mark that is dragged less than this many pixels of the screen was clicked. */
const CLICK_PX = 4;

/** Tools of which a click is no use. */
const DRAGGED: readonly Tool[] = ['lasso', 'brush', 'eraser', 'diameter', 'ruler'];

interface Drag {
  readonly from: ApiPoint;
  readonly to: ApiPoint;
  /** A mark that is being moved. */
  readonly mark: Mark | null;
}

/** What lies under a click. */
export interface Mark {
  readonly kind: 'pick' | 'label' | 'negative';
  readonly place: ApiPoint;
}

/** The mark nearest to a place, a decision before what was decided on. */
export function markAt(place: ApiPoint, reach: number, { labelState: { labels }, picks }: ToolSettings): Mark | null {
  const found = (
    [
      ['label', labels.particles],
      ['negative', labels.negatives],
      ['pick', picks.filter(({ decision }) => decision === null)],
    ] as const
  ).flatMap(([kind, points]) => {
    const point = nearest<ApiPoint>(points, place, reach);
    return point ? [{ kind, place: { x: point.x, y: point.y } }] : [];
  });
  const distance = (mark: Mark) => Math.hypot(mark.place.x - place.x, mark.place.y - place.y);
  return found.reduce<Mark | null>((best, one) => (best && distance(best) <= distance(one) ? best : one), null);
}

/** What the viewer shows and listens to. */
export interface ToolState {
  readonly cursor: ApiPoint | null;
  readonly sketch: Sketch | null;
  /** The distance that was measured last, in full-size pixels. */
  readonly measured: number | null;
  /** Uses the tool on a place, as a click does. */
  use(place: ApiPoint): void;
  /** Whether dragging from here moves the whole view. */
  pans(place: ApiPoint): boolean;
  readonly handlers: Readonly<
    Record<'onPointerDown' | 'onPointerMove' | 'onPointerUp' | 'onPointerLeave', (event: PointerEvent) => void>
  > & { readonly onClick: (event: React.MouseEvent) => void };
}

export function useTools(settings: ToolSettings): ToolState {
  const { id, tool, view, labelState, reach, eraser, covers } = settings;
  const { labels, regions } = labelState;
  const excludes = covers === 'excludes' && (tool === 'lasso' || tool === 'brush');
  const [cursor, setCursor] = useState<ApiPoint | null>(null);
  const [drag, setDrag] = useState<Drag | null>(null);
  /** What the ruler measures, or the lasso surrounds. */
  const [line, setLine] = useState<readonly ApiPoint[]>([]);
  /** Counts strokes: what one stroke does is undone as one. */
  const stroke = useRef(0);
  /** Whether the press that a click ends was of another tool, or has moved something. */
  const isUsed = useRef(false);

  function erase(place: ApiPoint): void {
    for (const kind of ['particle', 'negative'] as const) {
      const points = kind === 'particle' ? labels.particles : labels.negatives;
      const remove = points.filter((point) => Math.hypot(point.x - place.x, point.y - place.y) <= eraser / 2);
      if (remove.length > 0) labelState.change({ id, kind, add: [], remove }, stroke.current);
    }
    const kept = regions.filter((region) => !isInRegion(place, region));
    if (kept.length < regions.length) labelState.exclude(kept);
  }

  /** What lasso or brush have covered becomes an excluded region. */
  function exclude(): void {
    if (tool === 'brush') labelState.exclude([...regions, { path: line, width: eraser }]);
    else if (line.length >= LEAST_CORNERS) labelState.exclude([...regions, { outline: line }]);
  }

  function toggle(kind: 'particle' | 'negative', place: ApiPoint): void {
    const points = kind === 'particle' ? labels.particles : labels.negatives;
    const known = nearest(points, place, reach);
    labelState.change({ id, kind, add: known ? [] : [place], remove: known ? [known] : [] });
  }

  function correct(place: ApiPoint): void {
    const mark = markAt(place, reach, settings);
    if (!mark) labelState.change({ id, kind: 'particle', add: [place], remove: [] });
    else labelState.decide(id, mark.place, mark.kind === 'pick' ? 'rejected' : null).catch(settings.onError);
  }

  function use(place: ApiPoint): void {
    if (tool === 'particle' || tool === 'negative') toggle(tool, place);
    if (tool === 'correct') correct(place);
  }

  /** Picks under the brush are rejected. */
  function brush(place: ApiPoint): void {
    const under = settings.picks.filter(
      ({ x, y, decision }) => decision !== 'accepted' && Math.hypot(x - place.x, y - place.y) <= eraser / 2,
    );
    const add = under.filter((pick) => !nearest(labels.negatives, pick, 1)).map(({ x, y }) => ({ x, y }));
    if (add.length > 0) labelState.change({ id, kind: 'negative', add, remove: [] }, stroke.current);
  }

  /** Everything inside a closed line is rejected, and undone as one. */
  function reject(line: readonly ApiPoint[]): void {
    const inside = (points: readonly ApiPoint[]) =>
      points.filter((point) => isInPolygon(point, line)).map(({ x, y }) => ({ x, y }));
    const [own, found] = [inside(labels.particles), inside(settings.picks)];
    if (own.length > 0) labelState.change({ id, kind: 'particle', add: [], remove: own }, stroke.current);
    if (found.length > 0) labelState.change({ id, kind: 'negative', add: found, remove: [] }, stroke.current);
  }

  /** A label goes to its new place; so does a pick, as a label, and it is rejected where it was if that is another particle. */
  function move(mark: Mark, to: ApiPoint): void {
    const kind = mark.kind === 'negative' ? 'negative' : 'particle';
    const change = (of: 'particle' | 'negative', add: readonly ApiPoint[], remove: readonly ApiPoint[]) =>
      labelState.change({ id, kind: of, add, remove }, stroke.current);
    const isFar = Math.hypot(to.x - mark.place.x, to.y - mark.place.y) > reach / 2;
    if (mark.kind === 'pick' && isFar) change('negative', [mark.place], []);
    change(kind, [to], mark.kind === 'pick' ? [] : [mark.place]);
  }

  function placeOf(event: { clientX: number; clientY: number; currentTarget: Element }): ApiPoint {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    return toFull(event.clientX - left, event.clientY - top, view);
  }

  const handlers = {
    onPointerDown(event: PointerEvent): void {
      if (event.button !== 0) return;
      const from = placeOf(event);
      const mark = tool === 'correct' ? markAt(from, reach, settings) : null;
      isUsed.current = DRAGGED.includes(tool);
      stroke.current++;
      setDrag({ from, to: from, mark });
      if (tool === 'eraser') erase(from);
      if (tool === 'brush' && !excludes) brush(from);
      setLine(tool === 'lasso' || excludes ? [from] : []);
      if (isUsed.current || mark) event.currentTarget.setPointerCapture(event.pointerId);
    },
    onPointerMove(event: PointerEvent): void {
      const place = placeOf(event);
      setCursor(place);
      if (!drag) return;
      setDrag({ ...drag, to: place });
      if (tool === 'eraser') erase(place);
      if (tool === 'brush' && !excludes) brush(place);
      if (tool === 'ruler') setLine([drag.from, place]);
      if (tool === 'lasso' || excludes) setLine((before) => [...before, place]);
    },
    onPointerUp(event: PointerEvent): void {
      if (!drag) return;
      const to = placeOf(event);
      const length = Math.hypot(to.x - drag.from.x, to.y - drag.from.y);
      if (tool === 'diameter' && 2 * length >= LEAST_DIAMETER) settings.onDiameter(Math.round(2 * length));
      if (drag.mark && length * view.k > CLICK_PX) {
        isUsed.current = true;
        move(drag.mark, to);
      }
      if (excludes) exclude();
      else if (tool === 'lasso') reject(line);
      if (tool === 'lasso' || excludes) setLine([]);
      setDrag(null);
    },
    onPointerLeave: () => setCursor(null),
    onClick(event: React.MouseEvent): void {
      if (!isUsed.current) use(placeOf(event));
    },
  };
  return {
    cursor,
    sketch: sketchOf(tool, cursor, drag, line, { eraser, reach, excludes }),
    measured: tool === 'ruler' && line.length === 2 ? Math.hypot(line[1].x - line[0].x, line[1].y - line[0].y) : null,
    use,
    pans: (place) =>
      tool === 'particle' || tool === 'negative' || (tool === 'correct' && markAt(place, reach, settings) === null),
    handlers,
  };
}

function sketchOf(
  tool: Tool,
  cursor: ApiPoint | null,
  drag: Drag | null,
  line: readonly ApiPoint[],
  { eraser, reach, excludes }: { readonly eraser: number; readonly reach: number; readonly excludes: boolean },
): Sketch | null {
  if (tool === 'brush' && excludes && line.length > 0) return { kind: 'stroke', points: line, width: eraser };
  if (tool === 'ruler' || tool === 'lasso') return line.length > 1 ? { kind: 'line', points: line } : null;
  if (!cursor) return null;
  if (tool === 'eraser' || tool === 'brush')
    return { kind: 'circle', centre: cursor, radius: eraser / 2, dashed: true };
  if (tool === 'correct' && drag?.mark) return { kind: 'circle', centre: drag.to, radius: reach, dashed: true };
  if (tool !== 'diameter' || !drag) return null;
  const radius = Math.hypot(cursor.x - drag.from.x, cursor.y - drag.from.y);
  return { kind: 'circle', centre: drag.from, radius, dashed: false };
}

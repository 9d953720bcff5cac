/** A micrograph with everything over it: three canvases (grey values, score map, marks) that move as one. */

import { type KeyboardEvent, type PointerEvent, useEffect, useMemo, useRef, useState } from 'react';
import type { ApiMicrographDetail, ApiPick, ApiPoint } from '../../../src/server/api.js';
import { address } from '../api.js';
import type { LabelState } from '../use-labels.js';
import { drawMarks, nearest, toFull } from './overlay.js';
import { ReadOut, ScaleBar } from './ReadOut.js';
import type { Display, Tool } from './settings.js';
import { contrastFilter, openTiles } from './tiles.js';
import { useView } from './use-view.js';

interface ViewerProps {
  readonly detail: ApiMicrographDetail;
  readonly display: Display;
  readonly tool: Tool;
  /** Of the eraser, in full-size pixels. */
  readonly eraser: number;
  readonly diameter: number | null;
  readonly labelState: LabelState;
  /** All picks of the set, with candidates that filters left out. */
  readonly picks: readonly ApiPick[];
  readonly threshold: number;
  /** Address of the score map, or null. */
  readonly scoreMap: string | null;
  /** A place to be shown. */
  readonly target: ApiPoint | null;
  onDiameter(diameter: number): void;
}

const PAN_PX = 60;
const ZOOM = 1.4;
/** Particles get this many screen pixels when one is shown. */
const SHOWN_PX = 120;

export function Viewer(props: ViewerProps) {
  const { detail, display, tool, eraser, diameter, labelState, picks, threshold, scoreMap, target } = props;
  const { labels } = labelState;
  const grey = useRef<HTMLCanvasElement>(null);
  const scores = useRef<HTMLCanvasElement>(null);
  const marks = useRef<HTMLCanvasElement>(null);
  const [arrived, setArrived] = useState(0);
  const [failed, setFailed] = useState(false);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [cursor, setCursor] = useState<ApiPoint | null>(null);
  const [drag, setDrag] = useState<{ readonly from: ApiPoint; readonly moved: boolean } | null>(null);
  const [heat, setHeat] = useState<HTMLImageElement | null>(null);
  /** What the press that a click ends was made with: drawing a diameter chooses another tool before its click comes. */
  const pressedWith = useRef<Tool | null>(null);
  /** Counts the strokes of the eraser: each is undone as one. */
  const stroke = useRef(0);
  const control = useView(marks, detail, tool !== 'eraser' && tool !== 'diameter');
  const { view } = control;
  const resized = useRef(control.panBy);
  resized.current = control.panBy;
  const lowpass = display.lowpass / (detail.pixelSize ?? 1);

  const tiles = useMemo(() => {
    setFailed(false);
    return openTiles(
      detail,
      lowpass,
      () => setArrived((count) => count + 1),
      () => setFailed(true),
    );
  }, [detail, lowpass]);

  useEffect(() => {
    const element = marks.current;
    if (!element) return;
    const observer = new ResizeObserver(() => {
      setSize((before) => {
        const now = { width: element.clientWidth, height: element.clientHeight };
        // What was in the middle stays there when a banner comes, a panel opens or the window changes.
        if (before.width > 0) resized.current((now.width - before.width) / 2, (now.height - before.height) / 2);
        return now;
      });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    setHeat(null);
    if (scoreMap === null || !display.layers.scores) return;
    const image = new Image();
    image.onload = () => setHeat(image);
    image.src = scoreMap;
  }, [scoreMap, display.layers.scores]);

  const isMeasured = size.width > 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another micrograph or place moves the view; nothing else does.
  useEffect(() => {
    if (!isMeasured) return;
    if (target) control.show(target, SHOWN_PX / (diameter ?? SHOWN_PX));
    else control.fit();
  }, [target, isMeasured, detail.id]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `arrived` counts the tiles that have come.
  useEffect(() => {
    const context = fresh(grey.current, size);
    if (!context) return;
    context.imageSmoothingEnabled = view.k < 2;
    tiles.draw(context, view);
  }, [tiles, view, size, arrived]);

  useEffect(() => {
    const context = fresh(scores.current, size);
    if (context && heat) context.drawImage(heat, view.x, view.y, view.k * detail.width, view.k * detail.height);
  }, [heat, view, size, detail]);

  const shown = useMemo(() => picks.filter((pick) => !pick.filter && pick.counts >= threshold), [picks, threshold]);
  const leftOut = useMemo(() => picks.filter((pick) => pick.filter && pick.score >= threshold), [picks, threshold]);
  const extra = extraCircle(tool, cursor, drag?.from ?? null, eraser);

  useEffect(() => {
    const context = fresh(marks.current, size);
    if (!context) return;
    drawMarks(context, view, {
      labels: display.layers.labels ? labels.particles : [],
      negatives: display.layers.labels ? labels.negatives : [],
      picks: display.layers.picks ? shown : [],
      leftOut: display.layers.leftOut ? leftOut : [],
      diameter: diameter ?? 0,
      extra,
    });
  }, [view, size, labels, shown, leftOut, display.layers, diameter, extra]);

  const reach = (diameter ?? 20) / 2;

  /** A click adds a label, or removes the one that is there. */
  function toggle(place: ApiPoint): void {
    if (tool !== 'particle' && tool !== 'negative') return;
    if (place.x < 0 || place.y < 0 || place.x > detail.width - 1 || place.y > detail.height - 1) return;
    const own = tool === 'particle' ? labels.particles : labels.negatives;
    const hit = nearest(own, place, reach);
    const rounded = { x: Math.round(place.x * 100) / 100, y: Math.round(place.y * 100) / 100 };
    labelState.change({ id: detail.id, kind: tool, add: hit ? [] : [rounded], remove: hit ? [hit] : [] });
  }

  /** Removes labels of both kinds under the eraser. */
  function erase(place: ApiPoint): void {
    for (const kind of ['particle', 'negative'] as const) {
      const own = kind === 'particle' ? labels.particles : labels.negatives;
      const remove = own.filter((point) => Math.hypot(point.x - place.x, point.y - place.y) <= eraser / 2);
      if (remove.length > 0) labelState.change({ id: detail.id, kind, add: [], remove }, stroke.current);
    }
  }

  function placeOf(event: PointerEvent): ApiPoint {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    return toFull(event.clientX - left, event.clientY - top, view);
  }

  function pressed(event: PointerEvent): void {
    if (event.button !== 0) return;
    pressedWith.current = tool;
    stroke.current++;
    const from = placeOf(event);
    setDrag({ from, moved: false });
    if (tool === 'eraser') erase(from);
    if (tool === 'eraser' || tool === 'diameter') event.currentTarget.setPointerCapture(event.pointerId);
  }

  function moved(event: PointerEvent): void {
    const place = placeOf(event);
    setCursor(place);
    if (drag && tool === 'eraser') erase(place);
  }

  function released(event: PointerEvent): void {
    if (drag && tool === 'diameter') {
      const { x, y } = placeOf(event);
      const drawn = 2 * Math.hypot(x - drag.from.x, y - drag.from.y);
      if (drawn >= 4) props.onDiameter(Math.round(drawn));
    }
    setDrag(null);
  }

  function keyed(event: KeyboardEvent): void {
    const middle = () => toFull(size.width / 2, size.height / 2, view);
    const acts: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => control.panBy(PAN_PX, 0),
      ArrowRight: () => control.panBy(-PAN_PX, 0),
      ArrowUp: () => control.panBy(0, PAN_PX),
      ArrowDown: () => control.panBy(0, -PAN_PX),
      '+': () => control.zoomBy(ZOOM),
      '=': () => control.zoomBy(ZOOM),
      '-': () => control.zoomBy(1 / ZOOM),
      '0': () => control.fit(),
      Enter: () => toggle(middle()),
    };
    const act = acts[event.key];
    if (!act || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    act();
  }

  const filter = contrastFilter(tiles.shares(), display.clip, display.inverted);
  return (
    <div className="viewer">
      <canvas ref={grey} style={{ filter }} />
      <canvas ref={scores} />
      {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: it is one, for arrows, zoom and labels. */}
      <canvas
        ref={marks}
        className={`marks ${tool}`}
        tabIndex={0}
        role="application"
        aria-label={`Micrograph ${detail.id}: arrows move, plus and minus zoom, 0 fits, Enter labels the middle`}
        onPointerDown={pressed}
        onPointerMove={moved}
        onPointerUp={released}
        onPointerLeave={() => setCursor(null)}
        onClick={(event) => {
          if (pressedWith.current !== tool) return;
          const { left, top } = event.currentTarget.getBoundingClientRect();
          toggle(toFull(event.clientX - left, event.clientY - top, view));
        }}
        onKeyDown={keyed}
      />
      <div className="crosshair" aria-hidden="true" />
      {failed && <p className="notice">The micrograph cannot be shown: its file could not be read.</p>}
      <ScaleBar view={view} pixelSize={detail.pixelSize} />
      <ReadOut cursor={cursor} detail={detail} picks={[...shown, ...leftOut]} reach={reach} />
    </div>
  );
}

/** The address of a score map. */
export function scoreMapAddress(set: string, id: string): string {
  return address('/api/score-map', { set, id });
}

/** A cleared canvas of the right size, in CSS pixels. */
function fresh(canvas: HTMLCanvasElement | null, { width, height }: { width: number; height: number }) {
  const context = canvas?.getContext('2d');
  if (!canvas || !context || width === 0) return null;
  const [own, tall] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)];
  if (canvas.width !== own || canvas.height !== tall) [canvas.width, canvas.height] = [own, tall];
  context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/** The eraser, or the circle that is being drawn. */
function extraCircle(tool: Tool, cursor: ApiPoint | null, from: ApiPoint | null, eraser: number) {
  if (!cursor) return null;
  if (tool === 'eraser') return { centre: cursor, radius: eraser / 2, dashed: true };
  if (tool !== 'diameter' || !from) return null;
  return { centre: from, radius: Math.hypot(cursor.x - from.x, cursor.y - from.y), dashed: false };
}

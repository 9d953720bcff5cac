/** A micrograph with everything over it: three canvases (grey values, score map, marks) that move as one. */

import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react';
import type { ApiMicrographDetail, ApiPick, ApiPoint } from '../../../src/server/api.js';
import { address } from '../api.js';
import { nameOf, VIEWER_KEYS } from '../keys.js';
import type { Spot } from '../use-address.js';
import type { LabelState } from '../use-labels.js';
import { compare } from './compare.js';
import { Legend } from './Legend.js';
import { Minimap } from './Minimap.js';
import { openMarkLayer } from './mark-layer.js';
import { drawRegions, drawSketch, groupsOf, toFull } from './overlay.js';
import { fitCanvas } from './painter.js';
import { ReadOut, ScaleBar } from './ReadOut.js';
import type { Covers, Display, Tool } from './settings.js';
import type { Size } from './tiles.js';
import { usePicture } from './use-picture.js';
import { useTools } from './use-tools.js';
import { useView, type ViewControl } from './use-view.js';

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
  /** Particles of another set that they are compared with; null: none. */
  readonly other: readonly ApiPick[] | null;
  /** Address of the score map, or null. */
  readonly scoreMap: string | null;
  /** What lasso and brush do. */
  readonly covers: Covers;
  /** A place to be shown. */
  readonly target: ApiPoint | null;
  /** What is shown of the first micrograph that comes; null: all of it. */
  readonly first: Spot | null;
  /** Told what is in view; null: all of the micrograph. */
  onSpot(spot: Spot | null): void;
  onDiameter(diameter: number): void;
  onError(error: Error): void;
}

const PAN_PX = 60;
/** The page is told what is in view once that stays for so long. */
const SETTLE_MS = 150;
const ZOOM = 1.4;
/** Particles get this many screen pixels when one is shown. */
const SHOWN_PX = 120;
/** Diameter of marks where the particle's is not known, in full-size pixels. */
const UNKNOWN_DIAMETER = 20;

export function Viewer(props: ViewerProps) {
  const { detail, display, diameter, labelState, picks, threshold, target, other } = props;
  const { labels } = labelState;
  const grey = useRef<HTMLCanvasElement>(null);
  const scores = useRef<HTMLCanvasElement>(null);
  const marks = useRef<HTMLCanvasElement>(null);
  const reach = (diameter ?? UNKNOWN_DIAMETER) / 2;
  const shown = useMemo(() => picks.filter((pick) => !pick.filter && pick.counts >= threshold), [picks, threshold]);
  const leftOut = useMemo(() => picks.filter((pick) => pick.filter && pick.score >= threshold), [picks, threshold]);

  const pans = useRef<(place: ApiPoint) => boolean>(() => true);
  const control = useView(marks, detail, ({ x, y }, view) => pans.current(toFull(x, y, view)));
  const { view } = control;
  const size = useSize(marks, control.panBy);
  const { failed, arrived } = usePicture(grey, detail, display, diameter, { view, size });
  const tools = useTools({
    ...{ id: detail.id, tool: props.tool, view, labelState, reach, eraser: props.eraser, covers: props.covers },
    ...{ picks: shown, onDiameter: props.onDiameter, onError: props.onError },
  });
  pans.current = tools.pans;
  useHeat(scores, display.layers.scores ? props.scoreMap : null, detail, { view, size });

  const isFirst = useRef(true);
  const isMeasured = size.width > 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another micrograph or place moves the view; nothing else does.
  useEffect(() => {
    if (!isMeasured) return;
    const spot = isFirst.current ? props.first : null;
    isFirst.current = false;
    control.fit();
    if (target) control.show(target, SHOWN_PX / (diameter ?? SHOWN_PX));
    else if (spot) control.show(spot, spot.k);
  }, [target, isMeasured, detail.id]);
  const { onSpot } = props;
  useEffect(() => {
    if (size.width === 0) return;
    const isWhole = Math.abs(view.k / Math.min(size.width / detail.width, size.height / detail.height) - 1) < 0.01;
    const spot = isWhole ? null : { ...toFull(size.width / 2, size.height / 2, view), k: view.k };
    // Not with every move: all of the page is rendered when it is told.
    const timer = setTimeout(() => onSpot(spot), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [view, size, detail, onSpot]);

  const { layers } = display;
  const compared = useMemo(() => other && compare(shown, other, reach), [shown, other, reach]);
  const groups = useMemo(
    () =>
      groupsOf({
        ...(layers.labels && { labels: labels.particles, negatives: labels.negatives }),
        ...(layers.picks && (compared ? { ...compared, picks: compared.both } : { picks: shown })),
        ...(layers.leftOut && { leftOut }),
      }),
    [layers, labels, shown, leftOut, compared],
  );
  const [markLayer] = useState(openMarkLayer);
  const [paused, setPaused] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `paused` counts the pauses of a zoom.
  useEffect(() => {
    const context = fresh(marks.current, size);
    if (!context) return;
    drawRegions(context, view, labelState.regions);
    const again = markLayer.draw(context, view, detail, groups, diameter ?? 0);
    drawSketch(context, view, tools.sketch);
    if (again === null) return;
    const timer = setTimeout(() => setPaused((count) => count + 1), again);
    return () => clearTimeout(timer);
  }, [view, size, detail, groups, diameter, tools.sketch, markLayer, paused, labelState.regions]);

  function keyed(event: KeyboardEvent): void {
    const name = nameOf(VIEWER_KEYS, event);
    if (!name) return;
    event.preventDefault();
    act(name, control, () => tools.use(toFull(size.width / 2, size.height / 2, view)));
  }

  return (
    <div className="viewer">
      <canvas ref={grey} data-testid="grey" data-arrived={arrived} />
      <canvas ref={scores} />
      {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: it is one, for arrows, zoom and labels. */}
      <canvas
        ref={marks}
        className={`marks ${props.tool}`}
        tabIndex={0}
        role="application"
        aria-label={`Micrograph ${detail.id}: arrows move, plus and minus zoom, 0 fits, Enter uses the tool on the middle`}
        {...tools.handlers}
        onKeyDown={keyed}
      />
      <div className="crosshair" aria-hidden="true" />
      {failed && <p className="notice">The micrograph cannot be shown: its file could not be read.</p>}
      <Minimap {...{ detail, view, size }} onGo={(place) => control.show(place, view.k)} />
      <Legend compares={compared !== null} />
      {compared && (
        <output className="compared">
          both {compared.both.length}, only these {compared.onlyOwn.length}, only the others {compared.onlyOther.length}
        </output>
      )}
      <ScaleBar view={view} pixelSize={detail.pixelSize} />
      <ReadOut {...{ detail, reach }} cursor={tools.cursor} measured={tools.measured} picks={[...shown, ...leftOut]} />
    </div>
  );
}

function act(name: keyof typeof VIEWER_KEYS, control: ViewControl, useMiddle: () => void): void {
  const acts: Readonly<Record<keyof typeof VIEWER_KEYS, () => void>> = {
    left: () => control.panBy(PAN_PX, 0),
    right: () => control.panBy(-PAN_PX, 0),
    up: () => control.panBy(0, PAN_PX),
    down: () => control.panBy(0, -PAN_PX),
    closer: () => control.zoomBy(ZOOM),
    farther: () => control.zoomBy(1 / ZOOM),
    fit: () => control.fit(),
    middle: useMiddle,
  };
  acts[name]();
}

/** The size of a canvas; what was in its middle stays there when a banner comes, a panel opens or the window changes. */
function useSize(canvas: React.RefObject<HTMLCanvasElement | null>, panBy: ViewControl['panBy']): Size {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  const latest = useRef(panBy);
  latest.current = panBy;
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const observer = new ResizeObserver(() => {
      setSize((before) => {
        const now = { width: element.clientWidth, height: element.clientHeight };
        // Without a size it is hidden, behind a gallery.
        if (now.width === 0) return before;
        if (before.width > 0) latest.current((now.width - before.width) / 2, (now.height - before.height) / 2);
        return now;
      });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [canvas]);
  return size;
}

/** Draws a score map; null: none. */
function useHeat(
  canvas: React.RefObject<HTMLCanvasElement | null>,
  scoreMap: string | null,
  { width, height }: ApiMicrographDetail,
  { view, size }: Pick<ViewControl, 'view'> & { readonly size: Size },
): void {
  const [heat, setHeat] = useState<HTMLImageElement | null>(null);
  useEffect(() => {
    setHeat(null);
    if (scoreMap === null) return;
    const image = new Image();
    image.onload = () => setHeat(image);
    image.src = scoreMap;
  }, [scoreMap]);
  useEffect(() => {
    const context = fresh(canvas.current, size);
    if (context && heat) context.drawImage(heat, view.x, view.y, view.k * width, view.k * height);
  }, [canvas, heat, view, size, width, height]);
}

/** The address of a score map. */
export function scoreMapAddress(set: string, id: string): string {
  return address('api/score-map', { set, id });
}

/** A cleared canvas of the right size, in CSS pixels. */
function fresh(canvas: HTMLCanvasElement | null, size: Size): CanvasRenderingContext2D | null {
  const context = canvas?.getContext('2d');
  if (!canvas || !context || size.width === 0) return null;
  fitCanvas(canvas, size);
  context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  context.clearRect(0, 0, size.width, size.height);
  return context;
}

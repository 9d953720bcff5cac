/** One column of the table against another; a line around points selects them. */

import { type PointerEvent, useEffect, useMemo, useRef, useState } from 'react';
import { isInPolygon } from '../../../src/core/regions.js';
import { bounds, type Row, scattered, shownValue } from '../table.js';

interface ScatterProps {
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  readonly selected: ReadonlySet<string>;
  onSelect(ids: readonly string[]): void;
}

/** Of the plot, in CSS pixels, and what is around it for the points at its edge. */
const [WIDTH, HEIGHT, MARGIN] = [320, 180, 8];
const POINT_PX = 2.5;

export function Scatter({ columns, rows, selected, onSelect }: ScatterProps) {
  const [[x, y], setAxes] = useState<readonly [number, number]>([2, 4]);
  const [line, setLine] = useState<readonly { x: number; y: number }[]>([]);
  const canvas = useRef<HTMLCanvasElement>(null);
  const points = useMemo(
    () =>
      scattered(rows, x, y).map((one) => ({
        id: one.id,
        x: MARGIN + one.x * (WIDTH - 2 * MARGIN),
        y: HEIGHT - MARGIN - one.y * (HEIGHT - 2 * MARGIN),
      })),
    [rows, x, y],
  );
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context || !canvas.current) return;
    const style = getComputedStyle(canvas.current);
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, WIDTH, HEIGHT);
    for (const isChosen of [false, true]) {
      context.fillStyle = style.getPropertyValue(isChosen ? '--accent' : '--soft') || '#888';
      for (const point of points) {
        if (selected.has(point.id) !== isChosen) continue;
        context.beginPath();
        context.arc(point.x, point.y, isChosen ? 1.5 * POINT_PX : POINT_PX, 0, 2 * Math.PI);
        context.fill();
      }
    }
    context.strokeStyle = style.color;
    context.beginPath();
    for (const [i, corner] of line.entries()) {
      if (i === 0) context.moveTo(corner.x, corner.y);
      else context.lineTo(corner.x, corner.y);
    }
    context.stroke();
  }, [points, selected, line]);

  const place = ({ clientX, clientY, currentTarget }: PointerEvent) => {
    const { left, top } = currentTarget.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  };
  const axis = (which: 0 | 1, label: string) => (
    <label>
      {label}{' '}
      <select
        aria-label={`Column that is drawn ${label}`}
        value={which === 0 ? x : y}
        onChange={(event) => setAxes(which === 0 ? [Number(event.target.value), y] : [x, Number(event.target.value)])}
      >
        {columns.map((name, i) => (
          <option key={name} value={i}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
  const range = (column: number) => {
    const [low, high] = bounds(rows.flatMap(({ values }) => values[column] ?? []));
    return low <= high ? `${shownValue(low)} to ${shownValue(high)}` : 'nothing known';
  };
  return (
    <figure className="scatter">
      <canvas
        ref={canvas}
        width={WIDTH * devicePixelRatio}
        height={HEIGHT * devicePixelRatio}
        style={{ width: WIDTH, height: HEIGHT }}
        role="img"
        aria-label={`${columns[y]} against ${columns[x]}, ${points.length} micrographs`}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setLine([place(event)]);
        }}
        onPointerMove={(event) => {
          if (line.length > 0) setLine([...line, place(event)]);
        }}
        onPointerUp={() => {
          if (line.length > 2) onSelect(points.filter((one) => isInPolygon(one, line)).map(({ id }) => id));
          setLine([]);
        }}
      />
      <figcaption>
        {axis(0, 'across')} {range(x)}
        <br />
        {axis(1, 'up')} {range(y)}
        <br />
        Draw around points to select them.
      </figcaption>
    </figure>
  );
}

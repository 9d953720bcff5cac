/** The edge of a panel: drag it, or use the arrows, to make the panel wider. */

import { type KeyboardEvent, type PointerEvent, useRef } from 'react';

interface DividerProps {
  readonly name: string;
  /** Of the panel, in CSS pixels. */
  readonly width: number;
  /** Which side of the divider the panel is on. */
  readonly side: 'left' | 'right';
  onWidth(width: number): void;
}

export const WIDTHS = { least: 180, most: 700 };
const STEP = 20;

export function Divider({ name, width, side, onWidth }: DividerProps) {
  const from = useRef<{ readonly x: number; readonly width: number } | null>(null);
  const sign = side === 'left' ? 1 : -1;
  const take = (wanted: number) => onWidth(Math.min(WIDTHS.most, Math.max(WIDTHS.least, Math.round(wanted))));
  return (
    // biome-ignore lint/a11y/useSemanticElements: a rule cannot be moved.
    <div
      className={`divider ${side}`}
      role="separator"
      aria-label={name}
      aria-orientation="vertical"
      aria-valuemin={WIDTHS.least}
      aria-valuemax={WIDTHS.most}
      aria-valuenow={width}
      tabIndex={0}
      onPointerDown={(event: PointerEvent) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = { x: event.clientX, width };
      }}
      onPointerMove={(event: PointerEvent) => {
        if (from.current) take(from.current.width + sign * (event.clientX - from.current.x));
      }}
      onPointerUp={() => {
        from.current = null;
      }}
      onKeyDown={(event: KeyboardEvent) => {
        const step = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
        if (step) take(width + sign * step);
      }}
    />
  );
}

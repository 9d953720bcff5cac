/** Where the cursor is, what is there, and how long things are. */

import type { ApiMicrographDetail, ApiPick, ApiPoint } from '../../../src/server/api.js';
import { nearest } from './overlay.js';
import { FILTER_WORDS } from './settings.js';
import type { View } from './tiles.js';

interface ReadOutProps {
  readonly cursor: ApiPoint | null;
  readonly detail: ApiMicrographDetail;
  readonly picks: readonly ApiPick[];
  readonly reach: number;
}

/** Place under the cursor, in pixels and angstroms. */
export function ReadOut({ cursor, detail: { pixelSize, width, height }, picks, reach }: ReadOutProps) {
  const convention = 'full-size pixels from the first stored row and column';
  if (!cursor) {
    return (
      <output className="read-out" title={convention}>
        {width} × {height} px{pixelSize ? `, ${pixelSize.toFixed(3)} Å/px` : ', pixel size unknown'}
      </output>
    );
  }
  const angstroms = pixelSize ? ` (${(cursor.x * pixelSize).toFixed(0)}, ${(cursor.y * pixelSize).toFixed(0)} Å)` : '';
  const pick = nearest(picks, cursor, reach);
  return (
    <output className="read-out" title={convention}>
      x {cursor.x.toFixed(1)}, y {cursor.y.toFixed(1)} px{angstroms}
      {pick && ` · ${pickWords(pick)}`}
    </output>
  );
}

function pickWords({ score, filter }: ApiPick): string {
  return filter
    ? `left out: ${FILTER_WORDS[filter] ?? filter} (score ${score.toFixed(2)})`
    : `pick, score ${score.toFixed(2)}`;
}

const TARGET_PX = 110;

/** A bar of a round length. */
export function ScaleBar({ view, pixelSize }: { readonly view: View; readonly pixelSize: number | null }) {
  const unit = pixelSize ?? 1;
  const length = roundLength((TARGET_PX / view.k) * unit);
  const words = pixelSize === null ? `${length} px` : length >= 10 ? `${length / 10} nm` : `${length} Å`;
  return (
    <div className="scale-bar" style={{ width: (length / unit) * view.k }}>
      {words}
    </div>
  );
}

/** 1, 2 or 5 times a power of ten, at most the length given. */
function roundLength(length: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(length, 1e-6)));
  const steps = [5, 2, 1].map((step) => step * power);
  return steps.find((step) => step <= length) ?? power;
}

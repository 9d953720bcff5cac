/** Where the cursor is, what is there, and how long things are. */

import { FILTER_WORDS } from '../../../src/core/words.js';
import type { ApiMicrographDetail, ApiPick, ApiPoint } from '../../../src/server/api.js';
import { nearest } from './overlay.js';
import type { View } from './tiles.js';

interface ReadOutProps {
  readonly cursor: ApiPoint | null;
  readonly detail: ApiMicrographDetail;
  readonly picks: readonly ApiPick[];
  readonly reach: number;
  /** A distance that was measured, in full-size pixels. */
  readonly measured: number | null;
}

/** Place under the cursor, in pixels and angstroms. */
export function ReadOut({ cursor, detail: { pixelSize, width, height }, picks, reach, measured }: ReadOutProps) {
  return (
    <output className="read-out" title="Full-size pixels from the first stored row and column">
      {cursor ? placeWords(cursor, pixelSize) : sizeWords(width, height, pixelSize)}
      {cursor && pickWords(nearest(picks, cursor, reach))}
      {measured !== null && ` · distance ${measured.toFixed(1)} px${inAngstroms(measured, pixelSize)}`}
    </output>
  );
}

function sizeWords(width: number, height: number, pixelSize: number | null): string {
  return `${width} × ${height} px${pixelSize ? `, ${pixelSize.toFixed(3)} Å/px` : ', pixel size unknown'}`;
}

function placeWords({ x, y }: ApiPoint, pixelSize: number | null): string {
  const angstroms = pixelSize ? ` (${(x * pixelSize).toFixed(0)}, ${(y * pixelSize).toFixed(0)} Å)` : '';
  return `x ${x.toFixed(1)}, y ${y.toFixed(1)} px${angstroms}`;
}

function inAngstroms(length: number, pixelSize: number | null): string {
  return pixelSize ? ` (${(length * pixelSize).toFixed(0)} Å)` : '';
}

function pickWords(pick: ApiPick | undefined): string {
  if (!pick) return '';
  const { score, filter } = pick;
  return filter
    ? ` · left out: ${FILTER_WORDS[filter]} (score ${score.toFixed(2)})`
    : ` · pick, score ${score.toFixed(2)}`;
}

const TARGET_PX = 110;

/** A bar of a round length. */
export function ScaleBar({ view, pixelSize }: { readonly view: View; readonly pixelSize: number | null }) {
  const unit = pixelSize ?? 1;
  const length = roundLength((TARGET_PX / view.k) * unit);
  const words = pixelSize === null ? `${length} px` : length >= 10 ? `${length / 10} nm` : `${length} Å`;
  return (
    <div className="scale-bar">
      {words}
      <div style={{ width: (length / unit) * view.k }} />
    </div>
  );
}

/** 1, 2 or 5 times a power of ten, at most the length given. */
function roundLength(length: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(length, 1e-6)));
  const steps = [5, 2, 1].map((step) => step * power);
  return steps.find((step) => step <= length) ?? power;
}

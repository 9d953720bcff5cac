/** Peaks of a score map, and the choice between peaks that are too close to each other. */

import type { Particle, ScoredParticle } from '../core/particle.js';
import { byScore, indexPoints } from '../evaluation/match.js';
import { mapToFullSize, type ScoreMap } from './score-map.js';

/**
 * Local maxima: positions that no neighbour (of eight) exceeds; of equal neighbours the first in row order counts. Their
 * coordinates are refined to a fraction of a step; their score stays that of the map.
 *
 * @param threshold - lowest score of a peak
 * @returns particles in full-size pixels, in row order
 */
export function findPeaks(map: ScoreMap, threshold: number): ScoredParticle[] {
  const peaks: ScoredParticle[] = [];
  for (let y = 0; y < map.height; y++) {
    for (let x = 0; x < map.width; x++) {
      const score = map.pixels[y * map.width + x];
      if (score >= threshold && isPeak(map, x, y, score)) {
        const [dx, dy] = refine(map, x, y, score);
        peaks.push({ x: mapToFullSize(map, x + dx), y: mapToFullSize(map, y + dy), score });
      }
    }
  }
  return peaks;
}

function isPeak({ pixels, width, height }: ScoreMap, x: number, y: number, score: number): boolean {
  for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
    for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
      const other = pixels[v * width + u];
      const earlier = v < y || (v === y && u < x);
      if (other > score || (earlier && other === score)) return false;
    }
  }
  return true;
}

/** The top of the parabolas through a peak and its neighbours along both axes, at most half a step away; 0 at the edge. */
function refine({ pixels, width, height }: ScoreMap, x: number, y: number, score: number): [number, number] {
  const at = y * width + x;
  const along = (inside: boolean, step: number) => {
    if (!inside) return 0;
    const [before, after] = [pixels[at - step], pixels[at + step]];
    const curvature = before - 2 * score + after;
    return curvature < 0 ? Math.max(-0.5, Math.min(0.5, (before - after) / (2 * curvature))) : 0;
  };
  return [along(x > 0 && x < width - 1, 1), along(y > 0 && y < height - 1, width)];
}

/**
 * Greedy non-maximum suppression: best score first, each kept particle removes those closer than `distance`.
 * The order of the input does not matter: ties go to the smaller row, then column.
 *
 * @param distance - in pixels
 * @returns the kept particles in falling score
 */
export function suppressClose<P extends Particle>(particles: readonly P[], distance: number): P[] {
  const sorted = [...particles].sort(byScore);
  const index = indexPoints(sorted);
  const removed = new Uint8Array(sorted.length);
  return sorted.filter((particle, i) => {
    if (removed[i]) return false;
    for (const j of index?.within(particle.x, particle.y, distance) ?? []) {
      if (j > i && Math.hypot(sorted[j].x - particle.x, sorted[j].y - particle.y) < distance) removed[j] = 1;
    }
    return true;
  });
}

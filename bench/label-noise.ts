/**
 * How far the beta-galactosidase labels limit what can be measured. A model trained without two micrographs picks these; of its
 * best picks, those without a label are averaged, beside labelled ones and random places. If the unlabelled ones are particles,
 * the averages are alike, and no picker can be more precise than the labels are complete. Writes docs/results/label-noise.png and
 * the table in docs/results.md. Usage: npm run bench -- label-noise [FOLDS]
 */

import sharp from 'sharp';
import type { Point } from '../src/core/particle.js';
import { random } from '../src/core/random.js';
import { matchPicks } from '../src/evaluation/match.js';
import { toGrey } from '../src/imaging/contrast.js';
import { extract } from '../src/imaging/pad.js';
import { toResampled } from '../src/imaging/resample.js';
import { type PreparedImage, prepare } from '../src/picking/prepare.js';
import { train } from '../src/training/train.js';
import { BETA_GALACTOSIDASE, foldsOf, loadAll, pickAll, splitOfFold } from './data-sets.js';
import { writeSection } from './results.js';

const { diameter, edge, radius } = BETA_GALACTOSIDASE;
/** The best picks that are looked at: as many as a quarter of the labels. */
const SHARE = 0.25;
/** How many picks hold this share of the labels is counted, too. */
const FOUND = 0.95;
/** Side of the averages in prepared pixels, and their magnification in the picture. */
const SIDE = 40;
const ZOOM = 6;

/** Adds the boxes at some points; returns how many. */
function addBoxes(sum: Float64Array, image: PreparedImage, points: readonly Point[]): number {
  for (const { x, y } of points) {
    const start = (at: number) => Math.round(toResampled(at, image.factor) - (SIDE - 1) / 2);
    const { pixels } = extract(image, start(x), start(y), SIDE, SIDE);
    for (let i = 0; i < sum.length; i++) sum[i] += pixels[i];
  }
  return points.length;
}

function correlation(a: Float64Array, b: Float64Array): number {
  const centred = (values: Float64Array) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return values.map((value) => value - mean);
  };
  const [x, y] = [centred(a), centred(b)];
  const dot = (u: Float64Array, v: Float64Array) => u.reduce((sum, value, i) => sum + value * v[i], 0);
  return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
}

/** How many picks, the best first, hold so many labels; all of them where they hold fewer. */
function picksFor(right: readonly boolean[], labels: number): number {
  let found = 0;
  const last = right.findIndex((one) => {
    found += Number(one);
    return found >= labels;
  });
  return last < 0 ? right.length : last + 1;
}

const folds = Math.min(Number(process.argv[2] ?? Number.POSITIVE_INFINITY), foldsOf(BETA_GALACTOSIDASE));
const averages = [0, 1, 2].map(() => new Float64Array(SIDE * SIDE));
const counts = [0, 0, 0];
const rows: string[] = [];
for (let fold = 0; fold < folds; fold++) {
  const { judged, others } = splitOfFold(BETA_GALACTOSIDASE, fold);
  const labelled = loadAll(BETA_GALACTOSIDASE, others);
  for await (const report of train(labelled, { diameter, edge })) {
    if (report.kind !== 'done') continue;
    for await (const { name, micrograph, particles: truth, result } of pickAll(
      BETA_GALACTOSIDASE,
      report.model,
      judged,
      {
        threshold: 0,
      },
    )) {
      const { width, height } = micrograph;
      const picks = result.particles;
      const best = picks.slice(0, Math.round(SHARE * truth.length));
      const matches = matchPicks(truth, best, radius);
      const chosen = (right: boolean) =>
        matches.filter((match) => match.truth >= 0 === right).map((match) => match.pick);
      const source = random(fold + 1);
      const anywhere = best.map(() => ({
        x: edge + source.uniform() * (width - 2 * edge),
        y: edge + source.uniform() * (height - 2 * edge),
      }));
      const { preparation } = report.model.metadata;
      const { image } = prepare(micrograph, preparation, preparation.factor);
      [chosen(true), chosen(false), anywhere].forEach((points, i) => {
        counts[i] += addBoxes(averages[i], image, points);
      });
      const right = matchPicks(truth, picks, radius).map((match) => match.truth >= 0);
      const needed = picksFor(right, FOUND * truth.length);
      rows.push(
        `| ${name} | ${truth.length} | ${needed} | ${best.length} | ${(chosen(true).length / best.length).toFixed(3)} |`,
      );
    }
  }
}
const tiles = await Promise.all(
  averages.map((sum) => {
    const grey = toGrey({ pixels: Float32Array.from(sum), width: SIDE, height: SIDE });
    return sharp(grey, { raw: { width: SIDE, height: SIDE, channels: 1 } })
      .resize(SIDE * ZOOM)
      .png()
      .toBuffer();
  }),
);
const composites = tiles.map((input, i) => ({ input, left: i * (SIDE * ZOOM + ZOOM), top: 0 }));
const size = { width: 3 * (SIDE * ZOOM + ZOOM), height: SIDE * ZOOM, channels: 3 as const, background: '#ffffff' };
await sharp({ create: size }).composite(composites).png().toFile('docs/results/label-noise.png');
const table = [
  `| micrograph | labels | picks that hold ${100 * FOUND} % of them | best picks | share of them with a label |`,
  '|---|---|---|---|---|',
  ...rows,
  '',
  `Averages of ${counts.join(', ')} boxes: labelled best picks, unlabelled best picks, random places.`,
  `Correlation of the average of the unlabelled with that of the labelled: ${correlation(averages[0], averages[1]).toFixed(3)}; of random places: ${correlation(averages[0], averages[2]).toFixed(3)}.`,
].join('\n');
writeSection('label-noise', table);

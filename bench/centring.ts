/**
 * Are picks better centred than the labels they are judged by? A third judge is the image itself: the point near a particle at
 * which its surroundings correlate best with the mean profile of all particles around their centres, which has no direction and
 * so no offset. Models are trained without the micrographs that are looked at. Writes the table in docs/results.md.
 * Usage: npm run bench -- centring
 */

import type { Point } from '../src/core/particle.js';
import { matchPicks } from '../src/evaluation/match.js';
import { toResampled } from '../src/imaging/resample.js';
import { percentile } from '../src/imaging/statistics.js';
import { type PreparedImage, prepare } from '../src/picking/prepare.js';
import { train } from '../src/training/train.js';
import { APOFERRITIN, BETA_GALACTOSIDASE, type DataSet, foldsOf, loadAll, pickAll, splitOfFold } from './data-sets.js';
import { MACHINE } from './machine.js';
import { writeSection } from './results.js';

/** Radius of the profile, and of the search around the middle between label and pick, in diameters. */
const [PROFILE_DIAMETERS, SEARCH_DIAMETERS] = [0.9, 0.33];
/** The profile is taken around labels first, then around the centres that it found. */
const ROUNDS = 2;

/** A particle in prepared pixels: its label, and the pick that matched it. */
interface Particle {
  readonly image: PreparedImage;
  readonly label: Point;
  readonly pick: Point;
  centre: Point;
}

/** Value between pixels; beyond the edge that of the edge. */
function valueAt({ pixels, width, height }: PreparedImage, x: number, y: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [u, v] = [x - left, y - top];
  const pixel = (i: number, j: number) =>
    pixels[Math.max(0, Math.min(height - 1, j)) * width + Math.max(0, Math.min(width - 1, i))];
  const upper = (1 - u) * pixel(left, top) + u * pixel(left + 1, top);
  return (1 - v) * upper + v * ((1 - u) * pixel(left, top + 1) + u * pixel(left + 1, top + 1));
}

/** Square of the mean value at each distance from the centres, of mean 0 within the circle, and 0 beyond. */
function profileOf(particles: readonly Particle[], radius: number): Float64Array {
  const side = 2 * radius + 1;
  const distance = Array.from({ length: side ** 2 }, (_, i) =>
    Math.round(Math.hypot((i % side) - radius, Math.floor(i / side) - radius)),
  );
  const [sums, counts] = [new Float64Array(side), new Float64Array(side)];
  for (const { image, centre } of particles) {
    for (let i = 0; i < distance.length; i++) {
      const [dx, dy] = [(i % side) - radius, Math.floor(i / side) - radius];
      sums[distance[i]] += valueAt(image, centre.x + dx, centre.y + dy);
      counts[distance[i]]++;
    }
  }
  const within = distance.filter((at) => at <= radius);
  const mean = within.reduce((sum, at) => sum + sums[at] / counts[at], 0) / within.length;
  return Float64Array.from(distance, (at) => (at <= radius ? sums[at] / counts[at] - mean : 0));
}

/** Where the surroundings of a particle correlate best with a profile; null where that is at the end of the search. */
function centreOf({ image, label, pick }: Particle, profile: Float64Array, radius: number, search: number) {
  const [x, y] = [(label.x + pick.x) / 2, (label.y + pick.y) / 2];
  const side = 2 * radius + 1;
  const padded = side + 2 * search;
  const values = Float64Array.from({ length: padded ** 2 }, (_, i) =>
    valueAt(image, x - radius - search + (i % padded), y - radius - search + Math.floor(i / padded)),
  );
  const correlation = (u: number, v: number) => {
    let sum = 0;
    for (let j = 0; j < side; j++)
      for (let i = 0; i < side; i++) sum += profile[j * side + i] * values[(v + j) * padded + u + i];
    return sum;
  };
  let best = { u: 0, v: 0, value: Number.NEGATIVE_INFINITY };
  for (let v = 0; v <= 2 * search; v++) {
    for (let u = 0; u <= 2 * search; u++) {
      const value = correlation(u, v);
      if (value > best.value) best = { u, v, value };
    }
  }
  const { u, v, value } = best;
  if (Math.min(u, v) === 0 || Math.max(u, v) === 2 * search) return null;
  const top = (before: number, after: number) => (before - after) / (2 * (before - 2 * value + after));
  return {
    x: x + u - search + top(correlation(u - 1, v), correlation(u + 1, v)),
    y: y + v - search + top(correlation(u, v - 1), correlation(u, v + 1)),
  };
}

/** Picks of the judged micrographs of all folds that match a label. */
async function matched(set: DataSet): Promise<Particle[]> {
  const particles: Particle[] = [];
  for (let fold = 0; fold < foldsOf(set); fold++) {
    const { judged, others } = splitOfFold(set, fold);
    for await (const report of train(loadAll(set, others), { diameter: set.diameter, edge: set.edge })) {
      if (report.kind !== 'done') continue;
      const { preparation } = report.model.metadata;
      for await (const { micrograph, particles: truth, result } of pickAll(set, report.model, judged, {})) {
        const { image } = prepare(micrograph, preparation, preparation.factor);
        const prepared = ({ x, y }: Point) => ({ x: toResampled(x, image.factor), y: toResampled(y, image.factor) });
        for (const { pick, truth: i } of matchPicks(truth, result.particles, set.radius)) {
          if (i < 0) continue;
          const label = prepared(truth[i]);
          particles.push({ image, label, pick: prepared(pick), centre: label });
        }
      }
    }
  }
  return particles;
}

/** Judges labels and picks by the centres that the images have. */
async function row(set: DataSet): Promise<string> {
  let particles = await matched(set);
  const { factor } = particles[0].image;
  const radius = Math.round((PROFILE_DIAMETERS * set.diameter) / factor);
  const search = Math.round((SEARCH_DIAMETERS * set.diameter) / factor);
  const count = particles.length;
  for (let round = 0; round < ROUNDS; round++) {
    const profile = profileOf(particles, radius);
    particles = particles.flatMap((particle) => {
      const centre = centreOf(particle, profile, radius, search);
      return centre ? [{ ...particle, centre }] : [];
    });
  }
  const differences = (of: (particle: Particle) => readonly [Point, Point]) =>
    particles.map(of).map(([a, b]) => ({ x: factor * (a.x - b.x), y: factor * (a.y - b.y) }));
  const cells = [
    differences(({ pick, label }) => [pick, label]),
    differences(({ label, centre }) => [label, centre]),
    differences(({ pick, centre }) => [pick, centre]),
  ].flatMap((offsets) => {
    const error = percentile(
      offsets.map(({ x, y }) => Math.hypot(x, y)),
      50,
    );
    const mean = (of: (offset: Point) => number) => offsets.reduce((sum, one) => sum + of(one), 0) / offsets.length;
    return [
      `${error.toFixed(1)} px = ${((100 * error) / set.diameter).toFixed(1)} %`,
      `${mean(({ x }) => x).toFixed(1)}, ${mean(({ y }) => y).toFixed(1)}`,
    ];
  });
  return `| ${[set.name, `${particles.length} of ${count}`, ...cells].join(' | ')} |`;
}

const table = [
  `${MACHINE}.`,
  '',
  '| data | particles | pick to label | mean x, y | label to centre | mean x, y | pick to centre | mean x, y |',
  '|---|---|---|---|---|---|---|---|',
  await row(BETA_GALACTOSIDASE),
  await row(APOFERRITIN),
].join('\n');
writeSection('centring', table);

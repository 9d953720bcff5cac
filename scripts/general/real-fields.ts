/** Fields cut out of real micrographs, at any size of the particle and in any quarter turn, for the diet of the general model. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { APOFERRITIN, DATA, type DataSet, namesOf, SPECIMENS } from '../../bench/data-sets.js';
import type { Image } from '../../src/core/micrograph.js';
import { happens, type Random } from '../../src/core/random.js';
import { parseCoordinates } from '../../src/formats/coordinates.js';
import { extractInto } from '../../src/imaging/pad.js';
import { toResampled } from '../../src/imaging/resample.js';
import type { Preparation } from '../../src/network/model.js';
import { prepare } from '../../src/picking/prepare.js';
import type { Disc, Field } from '../../src/simulation/field.js';
import { readMicrograph } from '../../src/storage/read-micrograph.js';

/** Diameters that a user might give, as parts of the right one. */
const SIZES = [0.75, 0.85, 0.95, 1.05, 1.15, 1.3];
/** Diameters of the particles that empty images are said to hold, in pixels of the image. */
const EMPTY_DIAMETERS = [9, 14, 20, 28, 40];
/** Folders of `thumbnails/` in which there is nothing. */
const EMPTY = ['3Empty_no_ice', '4Crystalline_ice', '5Empty_ice_no_particles_but_vitreous_ice'];
/** How often a specimen is drawn beside the others: less where many labels sit on what cannot be seen. */
const WEIGHTS: Readonly<Record<string, number>> = {
  'apoferritin, averaged': 0.7,
  'apoferritin, raw': 0.3,
  '10947': 0.5,
};
/** Labels that count neither way (`kind` in the labels of KLH). */
const UNSURE = /,[lue]$/;
/** Share of the fields that come from empty images, and of those that get more noise. */
const [EMPTY_SHARE, NOISY_SHARE] = [0.1, 0.3];

interface Source {
  readonly image: Image;
  readonly particles: readonly Disc[];
  readonly ignored: readonly Disc[];
}

/** Sources of one specimen, by size. */
type Specimen = readonly (readonly Source[])[];

function labelsIn(file: string): { particles: Disc[]; ignored: Disc[] } {
  const lines = readFileSync(file, 'utf8').trim().split('\n').slice(1);
  const discs = parseCoordinates(readFileSync(file), file).map(({ particle: { x, y } }) => ({ x, y, radius: 0 }));
  return {
    particles: discs.filter((_, i) => !UNSURE.test(lines[i])),
    ignored: discs.filter((_, i) => UNSURE.test(lines[i])),
  };
}

async function readSpecimen(set: DataSet, prepared: number, preparation: Preparation): Promise<Specimen> {
  const bySize: Source[][] = SIZES.map(() => []);
  for (const name of namesOf(set)) {
    const micrograph = await readMicrograph(join(set.micrographs, name + set.ending));
    const { particles, ignored } = labelsIn(join(set.truth, `${name}.csv`));
    for (const [i, size] of SIZES.entries()) {
      const factor = (size * set.diameter) / prepared;
      const scaled = (discs: readonly Disc[]) =>
        discs.map(({ x, y }) => ({
          ...{ x: toResampled(x, factor), y: toResampled(y, factor) },
          radius: (0.6 * set.diameter) / factor,
        }));
      const { image } = prepare(micrograph, preparation, factor);
      bySize[i].push({ image, particles: scaled(particles), ignored: scaled(ignored) });
    }
  }
  return bySize;
}

async function readEmpty(leftOut: number, prepared: number, preparation: Preparation): Promise<Source[]> {
  const sources: Source[] = [];
  for (const folder of EMPTY.map((name) => join(DATA, 'thumbnails', name))) {
    for (const [i, name] of readdirSync(folder).sort().entries()) {
      if (i === leftOut) continue;
      const micrograph = await readMicrograph(join(folder, name));
      for (const diameter of EMPTY_DIAMETERS) {
        const { image } = prepare(micrograph, preparation, diameter / prepared);
        sources.push({ image, particles: [], ignored: [] });
      }
    }
  }
  return sources;
}

/** What real fields are cut from. */
export interface RealFields {
  /** Cuts out one field, prepared. */
  readonly draw: (side: number, source: Random) => Field;
}

/**
 * Reads all real micrographs of some specimens.
 *
 * @param without - specimens that are left out, by name
 * @param emptyLeftOut - which empty image of each class is left out: 0, 1, 2; -1 for none
 * @param prepared - diameter of a particle in prepared pixels
 */
export async function readRealFields(
  without: readonly string[],
  emptyLeftOut: number,
  prepared: number,
  preparation: Preparation,
): Promise<RealFields> {
  const specimens: { readonly weight: number; readonly fields: Specimen }[] = [];
  for (const set of SPECIMENS) {
    // Raw and averaged apoferritin are one specimen.
    const isOut = without.includes(set.name) || (set.truth === APOFERRITIN.truth && without.includes('apoferritin'));
    if (isOut) continue;
    const fields = await readSpecimen(set, prepared, preparation);
    specimens.push({ weight: WEIGHTS[set.name] ?? 1, fields });
  }
  const empty = await readEmpty(emptyLeftOut, prepared, preparation);
  const pick = <T>(all: readonly T[], source: Random) => all[source.integer(all.length)];
  const total = specimens.reduce((sum, { weight }) => sum + weight, 0);
  const specimen = (source: Random): Specimen => {
    let left = total * source.uniform();
    for (const { weight, fields } of specimens) {
      left -= weight;
      if (left <= 0) return fields;
    }
    return specimens[specimens.length - 1].fields;
  };
  return {
    draw: (side, source) => {
      const from = happens(source, EMPTY_SHARE) ? empty : pick(specimen(source), source);
      const field = cut(pick(from, source), side, source);
      return happens(source, NOISY_SHARE) ? withNoise(field, source) : field;
    },
  };
}

function cut({ image, particles, ignored }: Source, side: number, source: Random): Field {
  const along = (length: number) => Math.round((length - side) * source.uniform());
  const [left, top] = [along(image.width), along(image.height)];
  const pixels = new Float32Array(side * side);
  extractInto(pixels, 0, image, left, top, side, side);
  const [mirrored, turned, flipped] = [happens(source, 0.5), happens(source, 0.5), happens(source, 0.5)];
  const view = ({ x, y }: { x: number; y: number }) => {
    const [u, v] = [mirrored ? side - 1 - x : x, flipped ? side - 1 - y : y];
    return turned ? { x: v, y: u } : { x: u, y: v };
  };
  const seen = new Float32Array(side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const to = view({ x, y });
      seen[to.y * side + to.x] = pixels[y * side + x];
    }
  }
  const placed = (discs: readonly Disc[]) =>
    discs
      .map((disc) => ({ ...disc, ...view({ x: disc.x - left, y: disc.y - top }) }))
      .filter(({ x, y }) => x >= 0 && y >= 0 && x < side && y < side);
  return { image: { pixels: seen, width: side, height: side }, particles: placed(particles), ignored: placed(ignored) };
}

function withNoise(field: Field, source: Random): Field {
  const amount = source.uniform();
  const scale = 1 / Math.sqrt(1 + amount ** 2);
  const pixels = field.image.pixels.map((value) => scale * (value + amount * source.normal()));
  return { ...field, image: { ...field.image, pixels } };
}

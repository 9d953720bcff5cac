/** Reference-free 2D class averages of picks. */

import { LabelError, UsageError } from '../../core/errors.js';
import { type Length, toPixels } from '../../core/length.js';
import type { Image } from '../../core/micrograph.js';
import type { Particle } from '../../core/particle.js';
import { random, shuffle } from '../../core/random.js';
import { BOX_DIAMETERS } from '../../core/sizes.js';
import { PROGRAM } from '../../core/version.js';
import { counted } from '../../core/words.js';
import { boxFits, cutParticle, invert, normaliseBackground } from '../../imaging/particle-image.js';
import { resample, toResampled } from '../../imaging/resample.js';
import { drawTiles } from '../../report/picture.js';
import { type ClassMemberRow, type ClassSummary, classFiles, writeClassFiles } from '../../storage/class-files.js';
import { writeWhole } from '../../storage/files.js';
import type { InputMicrograph } from '../../storage/inputs.js';
import { writeMrcStack } from '../../storage/mrc-stack.js';
import { assertFree } from '../../storage/outputs.js';
import { readMicrograph } from '../../storage/read-micrograph.js';
import { agreementsOf } from '../../verification/class-quality.js';
import { CLASS_ITERATIONS, type Classes, classify } from '../../verification/classes.js';
import { forEach } from '../each.js';
import type { RunEvent, Tell } from '../events.js';
import { micrographsOf } from '../inputs.js';
import { firstPixelSize, pairWithMicrographs, readLabels } from '../labels/labelled-inputs.js';
import { type Ended, eventsOf, pause, startProgress, type Work } from '../tell.js';

/** What is classified, and how. */
export interface ClassifySettings {
  /** Coordinates: a folder, or one file. */
  readonly picks: string;
  readonly micrographs: readonly string[];
  readonly diameter: Length;
  readonly classes: number;
  /** Particles at the most, drawn at random. */
  readonly most: number;
  /** Side of the averages, even. */
  readonly side: number;
  /** Lower scores are left out. */
  readonly threshold?: number;
  /** Dark particles become white. */
  readonly invert: boolean;
  /** Angstroms per pixel, instead of what the files say. */
  readonly pixelSize?: number;
  readonly seed: number;
  /** NAME.mrcs of the averages. */
  readonly output: string;
  /** PNG of the averages. */
  readonly plot?: string;
  readonly overwrite: boolean;
}

/** What came of it. */
export interface Classified extends Ended {
  readonly particles: number;
  /** Particles whose boxes reach over the edge of their micrograph. */
  readonly over: number;
  readonly sizes: readonly number[];
  readonly classes: ClassSummary['classes'];
  readonly seconds: number;
}

/**
 * Classifies picks.
 *
 * @throws UsageError, FileError, LabelError if nothing can be classified like this
 */
export function runClassify(
  settings: ClassifySettings,
  signal?: AbortSignal,
): AsyncGenerator<RunEvent, Classified, void> {
  return eventsOf((work) => classifyPicks(settings, work), signal);
}

async function classifyPicks(settings: ClassifySettings, work: Work): Promise<Classified> {
  const { output, plot, side, overwrite } = settings;
  assertNameAndSide(output, side);
  const files = classFiles(output);
  assertFree([...Object.values(files), ...(plot ? [plot] : [])], overwrite);
  const started = performance.now();
  const { cuts, drawn, failed, pixelSize, diameter } = await cutAll(settings, work);
  const over = drawn - cuts.length;
  assertEnough(cuts.length, failed);
  assertMostFit(over, drawn);
  const images = cuts.map(({ image }) => image);
  const classes = await runRounds(images, settings, work.tell);
  await writeMrcStack(output, classes.averages, { pixelSize, float16: false, label: `${PROGRAM} classes` });
  const rows = cuts.map(({ micrograph, particle }, i) => {
    return { micrograph, particle: { ...particle, class: classes.members[i].class + 1 } };
  });
  const summary = summaryOf(rows, agreementsOf(images, classes));
  await writeClassFiles(files, rows, { program: PROGRAM, diameter, classes: summary });
  if (plot) await writeWhole(plot, await draw(classes.averages, summary));
  const seconds = (performance.now() - started) / 1000;
  return {
    ...{ particles: cuts.length, over, sizes: classes.sizes, classes: summary, seconds },
    ...{ failed },
  };
}

/** @throws UsageError */
function assertNameAndSide(output: string, side: number): void {
  if (!/\.mrcs?$/i.test(output)) {
    throw new UsageError({ what: 'Wrong name of the averages', received: output, expected: 'NAME.mrcs' });
  }
  if (side % 2 !== 0) {
    throw new UsageError({ what: 'Wrong value of --side', received: String(side), expected: 'an even number' });
  }
}

/** @throws LabelError where there is nothing to classify */
function assertEnough(particles: number, [reason]: readonly string[]): void {
  if (particles >= 2) return;
  throw new LabelError({
    what: 'There is nothing to classify',
    received: `${counted(particles, 'particle')} whose boxes lie inside a micrograph`,
    expected: 'two or more',
    ...(reason && { hint: reason }),
  });
}

/** @throws LabelError where classes of the few that fit would pass for classes of all */
function assertMostFit(over: number, drawn: number): void {
  if (over <= drawn / 2) return;
  throw new LabelError({
    what: 'Most picks cannot be classified',
    received: `${over} of ${counted(drawn, 'pick')} whose boxes of ${BOX_DIAMETERS} diameters reach over the edge of their micrograph`,
    expected: 'at least half of them inside',
    hint: 'Check --diameter, and the convention of the picks with deepem doctor',
  });
}

/** Draws the averages with what is known of each class. */
function draw(averages: readonly Image[], summary: ClassSummary['classes']) {
  const lines = (i: number) => {
    const { particles, agreement } = summary[i];
    return [`class ${i + 1}`, counted(particles, 'particle'), `agreement ${agreement.toFixed(2)}`];
  };
  return drawTiles(averages.map((image, i) => ({ image, lines: lines(i) })));
}

async function runRounds(images: readonly Image[], { classes, seed }: ClassifySettings, tell: Tell): Promise<Classes> {
  const rounds = classify(images, { classes, seed });
  const progress = startProgress(tell, 'classifying', CLASS_ITERATIONS);
  for (;;) {
    const round = rounds.next();
    if (round.done) return round.value;
    progress(round.value);
    await pause();
  }
}

/** A particle that is to be classified. */
interface Cut {
  readonly micrograph: string;
  readonly particle: Particle;
  readonly image: Image;
}

/** Reads the micrographs one by one and cuts out the particles that were drawn: `drawn` of those that could be read. */
async function cutAll(settings: ClassifySettings, { tell }: Work) {
  const sets = await readLabels(settings.picks, tell);
  const inputs = await micrographsOf(settings.micrographs, tell);
  const pairs = pairWithMicrographs(inputs, sets, 'picks', tell, { partial: true });
  const firstSize = await firstPixelSize(inputs, settings.pixelSize);
  const diameter = toPixels(settings.diameter, firstSize, '--diameter');
  const factor = (BOX_DIAMETERS * diameter) / settings.side;
  const drawnOf = drawParticles(
    [...pairs].map(([input, { particles }]) => ({ input, particles })),
    settings,
  );
  const cuts: Cut[] = [];
  let drawn = 0;
  const progress = { what: 'reading', nameOf: ({ path }: InputMicrograph) => path };
  const failed = await forEach(inputs, { tell }, progress, async (input) => {
    const own = drawnOf.get(input) ?? [];
    if (own.length === 0) return;
    cuts.push(...(await cutOf(input.path, own, factor, settings)));
    drawn += own.length;
  });
  return { cuts, drawn, failed, diameter, pixelSize: firstSize === null ? null : firstSize * factor };
}

/** Draws particles at random, by micrograph. @throws LabelError if there are none */
function drawParticles(
  picked: readonly { readonly input: InputMicrograph; readonly particles: readonly Particle[] }[],
  { threshold, seed, most }: ClassifySettings,
): Map<InputMicrograph, Particle[]> {
  const candidates = picked.flatMap(({ input, particles }) =>
    particles
      .filter(({ score }) => threshold === undefined || score === undefined || score >= threshold)
      .map((particle) => ({ input, particle })),
  );
  if (candidates.length === 0) {
    throw new LabelError({
      what: 'There are no picks to classify',
      received: `${counted(picked.length, 'micrograph')} with coordinates, of which none has a score above --threshold`,
      expected: 'picks, or a lower --threshold',
    });
  }
  const chosen = new Set(shuffle([...candidates], random(seed)).slice(0, most));
  const drawn = new Map<InputMicrograph, Particle[]>();
  for (const candidate of candidates) {
    if (!chosen.has(candidate)) continue;
    const { input, particle } = candidate;
    drawn.set(input, [...(drawn.get(input) ?? []), particle]);
  }
  return drawn;
}

async function cutOf(
  path: string,
  particles: readonly Particle[],
  factor: number,
  { side, invert: white }: ClassifySettings,
): Promise<Cut[]> {
  const small = resample(await readMicrograph(path), factor);
  return particles.flatMap((particle) => {
    const point = { x: toResampled(particle.x, factor), y: toResampled(particle.y, factor) };
    if (!boxFits(point, side, small)) return [];
    const image = normaliseBackground(cutParticle(small, point, side));
    return [{ micrograph: path, particle, image: white ? invert(image) : image }];
  });
}

/** Size, agreement and mean score of each class. */
function summaryOf(rows: readonly ClassMemberRow[], agreements: readonly number[]): ClassSummary['classes'] {
  return agreements.map((agreement, i) => {
    const own = rows.flatMap(({ particle }) => (particle.class === i + 1 ? [particle] : []));
    const scores = own.flatMap(({ score }) => score ?? []);
    const mean = scores.reduce((sum, score) => sum + score, 0) / Math.max(1, scores.length);
    return { class: i + 1, particles: own.length, agreement, score: scores.length > 0 ? mean : null };
  });
}

/** Particle stacks, and the list that RELION and cryoSPARC import. */

import { join, relative } from 'node:path';
import { UsageError } from '../../core/errors.js';
import type { Image } from '../../core/micrograph.js';
import { isInside, type Particle } from '../../core/particle.js';
import { provenanceLine } from '../../core/provenance.js';
import { PROGRAM } from '../../core/version.js';
import type { PickedMicrograph } from '../../formats/coordinate-format.js';
import {
  type ExtractedImages,
  missingOptics,
  particlesStarFormat,
  writeParticles,
} from '../../formats/particles-star.js';
import { fourierScaler } from '../../imaging/fourier-scale.js';
import { boxFits, cutParticle, invert, normaliseBackground } from '../../imaging/particle-image.js';
import type { CoordinateSet } from '../../storage/coordinate-pairs.js';
import { makeFolder, writePieces } from '../../storage/files.js';
import type { InputMicrograph } from '../../storage/inputs.js';
import { writeMrcStack } from '../../storage/mrc-stack.js';
import { assertOutputsApart, outputStem } from '../../storage/outputs.js';
import { readMicrograph } from '../../storage/read-micrograph.js';
import { openOutputs } from '../../storage/unfinished.js';
import { forEach } from '../each.js';
import type { RunEvent, Tell } from '../events.js';
import { micrographsOf } from '../inputs.js';
import { pairWithMicrographs, readLabels } from '../labels/labelled-inputs.js';
import { type Ended, eventsOf, note, type Work, warn } from '../tell.js';
import { type OpticsSource, opticsSource } from './optics.js';

/** What is cut out, and how. */
export interface ExtractSettings {
  /** Coordinates: a folder, or one file. */
  readonly picks: string;
  readonly micrographs: readonly string[];
  /** Side of the box in full-size pixels, even. */
  readonly box: number;
  /** Folder of the stacks and of particles.star. */
  readonly out: string;
  /** Side of the images, even: scaled down by cutting the Fourier transform. The box by default. */
  readonly scaleTo: number;
  /** Dark particles become white. */
  readonly invert: boolean;
  /** Background to mean 0 and standard deviation 1. */
  readonly normalize: boolean;
  readonly float16: boolean;
  /** Boxes that reach beyond the micrograph: left out, or filled by reflection. */
  readonly edge: 'drop' | 'pad';
  /** Lower scores are left out. */
  readonly threshold?: number;
  /** A `micrographs.star` with optics and defocus. */
  readonly ctf?: string;
  /** Angstroms per pixel, instead of what the files say. */
  readonly pixelSize?: number;
  readonly overwrite: boolean;
}

/** What was extracted, and what was not. */
export interface Extracted extends Ended {
  particles: number;
  micrographs: number;
  /** Boxes that reach beyond the edge. */
  atEdge: number;
  /** Centres outside the micrograph. */
  outside: number;
  /** Scores below the threshold. */
  below: number;
  seconds: number;
}

/**
 * Cuts the particles out of micrographs.
 *
 * @param signal - ends after the micrograph at hand; particles.star is then not written
 * @throws UsageError, FileError, LabelError if nothing can be extracted like this
 */
export function runExtract(settings: ExtractSettings, signal?: AbortSignal): AsyncGenerator<RunEvent, Extracted, void> {
  return eventsOf((work) => extract(settings, work), signal);
}

/** A micrograph whose particles are in a stack. */
interface Stack {
  readonly picked: PickedMicrograph;
  readonly stack: string;
}

async function extract(settings: ExtractSettings, work: Work): Promise<Extracted> {
  const { tell, signal } = work;
  assertSides(settings);
  const sets = await readLabels(settings.picks, tell);
  const inputs = await micrographsOf(settings.micrographs, tell);
  const optics = await opticsSource(inputs, settings, tell);
  assertOutputsApart(inputs, settings.out);
  const pairs = [...pairWithMicrographs(inputs, sets, 'coordinates', tell)];
  const outputs = await openOutputs(
    settings.out,
    [...pairs.map(([input]) => stackOf(input, settings)), listOf(settings)].map((file) => relative(settings.out, file)),
    settings.overwrite,
  );
  await makeFolder(settings.out);
  const started = performance.now();
  const counts = { particles: 0, atEdge: 0, outside: 0, below: 0 };
  const done: Stack[] = [];
  const tools = { optics, shape: shaper(settings), settings, counts, tell };
  const progress = { what: 'extracting', nameOf: ([input]: (typeof pairs)[number]) => input.path };
  const failed = await forEach(pairs, work, progress, async ([input, set]) => {
    done.push(...(await extractOne(input, set, tools)));
  });
  if (done.length === 0) note(tell, 'no particles: particles.star is not written');
  else if (signal.aborted) note(tell, 'interrupted: particles.star is not written; run it again');
  else await writeList(done, settings, tell);
  if (!signal.aborted) await outputs.finish();
  const seconds = (performance.now() - started) / 1000;
  return { ...counts, micrographs: done.length, failed, seconds };
}

/** @throws UsageError if a side is odd, or the images would be larger than the boxes */
function assertSides({ box, scaleTo }: ExtractSettings): void {
  if (box % 2 === 0 && scaleTo % 2 === 0 && scaleTo <= box) return;
  throw new UsageError({
    what: 'Wrong side of the images',
    received: `--box ${box}${scaleTo === box ? '' : `, --scale-to ${scaleTo}`}`,
    expected: 'even numbers, --scale-to not above --box',
  });
}

/** What is done with every box. */
function shaper({ box, scaleTo, invert: white, normalize }: ExtractSettings): (image: Image) => Image {
  const scale = scaleTo === box ? null : fourierScaler(box, scaleTo);
  return (image) => {
    const scaled = scale ? scale(image) : image;
    const turned = white ? invert(scaled) : scaled;
    return normalize ? normaliseBackground(turned) : turned;
  };
}

/** Where the images of a micrograph go. */
function stackOf(input: InputMicrograph, { out }: ExtractSettings): string {
  return join(out, `${outputStem(input)}.mrcs`);
}

/** Where the list of all particles goes. */
function listOf({ out }: ExtractSettings): string {
  return join(out, particlesStarFormat.perRun?.file ?? '');
}

/** What every micrograph is extracted with. */
interface Tools {
  readonly optics: OpticsSource;
  readonly shape: (image: Image) => Image;
  readonly settings: ExtractSettings;
  readonly counts: Pick<Extracted, 'particles' | 'atEdge' | 'outside' | 'below'>;
  readonly tell: Tell;
}

/** Writes the stack of one micrograph; none where no particle is left. */
async function extractOne(
  input: InputMicrograph,
  set: CoordinateSet,
  { optics, shape, settings, counts, tell }: Tools,
): Promise<Stack[]> {
  const { name, star, pixelSizeOf } = optics(input, set);
  const micrograph = await readMicrograph(input.path);
  for (const warning of micrograph.warnings) warn(tell, `${input.path}: ${warning}`);
  const particles = choose(set.particles, micrograph, settings, counts);
  if (particles.length === 0) return [];
  const { box, scaleTo } = settings;
  const pixelSize = settings.pixelSize ?? pixelSizeOf(micrograph);
  const stack = stackOf(input, settings);
  const images = (function* () {
    for (const particle of particles) yield shape(cutParticle(micrograph, particle, box));
  })();
  await writeMrcStack(stack, images, {
    pixelSize: pixelSize === null ? null : (pixelSize * box) / scaleTo,
    float16: settings.float16,
    label: `${PROGRAM} particles`,
  });
  counts.particles += particles.length;
  const { width, height } = micrograph;
  const { values = {}, optics: group = {} } = star ?? {};
  return [{ picked: { name, width, height, pixelSize, values, optics: group, box, particles }, stack }];
}

/** The particles whose boxes can be cut. */
function choose(
  particles: readonly Particle[],
  micrograph: { width: number; height: number },
  { box, edge, threshold }: ExtractSettings,
  counts: Tools['counts'],
): Particle[] {
  const good = particles.filter(({ score }) => threshold === undefined || score === undefined || score >= threshold);
  const inside = good.filter((particle) => isInside(particle, micrograph.width, micrograph.height, 0));
  const whole = inside.filter((particle) => boxFits(particle, box, micrograph));
  counts.below += particles.length - good.length;
  counts.outside += good.length - inside.length;
  counts.atEdge += inside.length - whole.length;
  return edge === 'drop' ? whole : inside;
}

async function writeList(done: readonly Stack[], settings: ExtractSettings, tell: Tell): Promise<void> {
  const { box, scaleTo } = settings;
  const images: ExtractedImages = {
    side: scaleTo,
    binning: box / scaleTo,
    names: (i) => done[i].picked.particles.map((_, j) => `${String(j + 1).padStart(6, '0')}@${done[i].stack}`),
  };
  for (const warning of missingOptics(done.map(({ picked }) => picked))) warn(tell, warning);
  const changes = [
    `box ${box}`,
    `images of ${scaleTo}`,
    settings.invert && 'inverted',
    settings.normalize && 'normalised',
  ];
  const provenance = provenanceLine({ program: PROGRAM, changes: changes.filter(Boolean).join(', ') });
  await writePieces(listOf(settings), writeParticles(done, provenance, images));
}

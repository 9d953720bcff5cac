/** `deepem extract`: particle stacks, and the list that RELION and cryoSPARC import. */

import { join, relative } from 'node:path';
import { type Command, Option } from 'commander';
import { FileError, LabelError, messageOf, UsageError } from '../core/errors.js';
import type { Image } from '../core/micrograph.js';
import { isInside, type Particle } from '../core/particle.js';
import { provenanceLine } from '../core/provenance.js';
import { PROGRAM } from '../core/version.js';
import { counted } from '../core/words.js';
import type { PickedMicrograph } from '../formats/coordinate-format.js';
import { type ExtractedImages, missingOptics, particlesStarFormat, writeParticles } from '../formats/particles-star.js';
import { pixelSizeOf as pixelSizeOfOptics, readMicrographsStar, type StarMicrograph } from '../formats/relion-star.js';
import { fourierScaler } from '../imaging/fourier-scale.js';
import { boxFits, cutParticle, invert, normaliseBackground } from '../imaging/particle-image.js';
import { type CoordinateSet, placeOfMicrograph, placeOfNamed } from '../storage/coordinate-pairs.js';
import { makeFolder, readText, writePieces } from '../storage/files.js';
import { type InputMicrograph, listedName } from '../storage/inputs.js';
import { writeMrcStack } from '../storage/mrc-stack.js';
import { stem } from '../storage/names.js';
import { assertOutputsApart, outputStem } from '../storage/outputs.js';
import { describeWeakerRules, pairUp } from '../storage/pairing.js';
import { readMicrograph } from '../storage/read-micrograph.js';
import { openOutputs } from '../storage/unfinished.js';
import { duration, note, onInterrupt, print, startProgress } from './console.js';
import { micrographsOf } from './inputs.js';
import { pairWithMicrographs, readLabels } from './labelled-inputs.js';
import { number, parsePixelSize } from './options.js';

interface ExtractArguments {
  overwrite?: boolean;
  box: number;
  out: string;
  scaleTo?: number;
  invert?: boolean;
  normalize?: boolean;
  float16?: boolean;
  edge: 'drop' | 'pad';
  threshold?: number;
  ctf?: string;
  pixelSize?: number;
}

const HELP = `
Examples:
  deepem extract picks/ micrographs/ --box 256 --out particles/ --invert --normalize
  deepem extract picks/ micrographs/ --ctf CtfFind/job003/micrographs_ctf.star --box 256 --scale-to 64 --out particles/

Writes one stack a micrograph and particles.star (optics groups, coordinates, scores, image names; with --ctf also voltage, Cs, amplitude
contrast and each micrograph's defocus). As in RELION the centre of a box of n pixels is pixel n/2 from 0. RELION wants white particles on
black (--invert for micrographs as recorded) and a background of mean 0 and standard deviation 1 (--normalize). Run it in the RELION project
folder with relative paths: image names in particles.star are as --out is given.`;

export function configure(command: Command): void {
  const side = (name: string) => number(name, { min: 2, max: 8192, whole: true });
  command
    .argument('<picks>', 'coordinates: a folder, or one file')
    .argument('<micrographs...>', 'files, folders, globs, or a micrographs.star')
    .requiredOption('--box <px>', 'side of the box in full-size pixels, even', side('--box'))
    .requiredOption('--out <folder>', 'where the stacks and particles.star go')
    .option(
      '--scale-to <px>',
      'side of the images, even: scaled down by cutting the Fourier transform',
      side('--scale-to'),
    )
    .option('--invert', 'dark particles become white')
    .option('--normalize', 'background outside 75 % of the box to mean 0 and standard deviation 1')
    .option('--float16', 'half the disk space (RELION 4.0 and later)')
    .addOption(
      new Option('--edge <what>', 'boxes that reach beyond the micrograph: left out, or filled by reflection')
        .choices(['drop', 'pad'])
        .default('drop'),
    )
    .option('--threshold <t>', 'leave out scores below this', number('--threshold'))
    .option('--ctf <micrographs.star>', 'optics and defocus of the micrographs, as RELION estimated them')
    .option('--pixel-size <A>', 'angstroms per pixel, instead of what the files say', parsePixelSize)
    .option('--overwrite', 'replace files that are there')
    .addHelpText('after', HELP)
    .action(runExtract);
}

/** What was extracted, and what was not. */
interface Counts {
  particles: number;
  atEdge: number;
  outside: number;
  below: number;
}

async function runExtract(picks: string, args: readonly string[], options: ExtractArguments): Promise<void> {
  assertSides(options);
  const sets = await readLabels(picks);
  const inputs = await micrographsOf(args);
  const ctf = options.ctf ? pairCtf(inputs, await readCtf(options.ctf), options.ctf) : null;
  assertOutputsApart(inputs, options.out);
  const pairs = pairWithMicrographs(inputs, sets, 'coordinates');
  const stacks = [...pairs.keys()].map((input) => stackOf(input, options));
  const outputs = await openOutputs(
    options.out,
    [...stacks, listOf(options)].map((file) => relative(options.out, file)),
    options.overwrite,
  );
  await makeFolder(options.out);
  const counts: Counts = { particles: 0, atEdge: 0, outside: 0, below: 0 };
  const done: { picked: PickedMicrograph; stack: string }[] = [];
  const failed: string[] = [];
  const shape = shaper(options);
  const started = performance.now();
  const interruption = onInterrupt('Stopping after this micrograph. Ctrl-C again ends at once.');
  const progress = startProgress(pairs.size, 'extracting');
  let looked = 0;
  try {
    for (const [input, set] of pairs) {
      if (interruption.signal.aborted) break;
      try {
        done.push(...(await extractOne(input, set, ctf, shape, options, counts)));
      } catch (error) {
        failed.push(messageOf(error));
      }
      progress.update(++looked, input.path);
    }
  } finally {
    progress.stop();
    interruption.dispose();
  }
  if (done.length === 0) note('no particles: particles.star is not written');
  else if (interruption.signal.aborted) note('interrupted: particles.star is not written; run it again');
  else await writeList(done, options);
  if (!interruption.signal.aborted) await outputs.finish();
  summarise(counts, done.length, (performance.now() - started) / 1000, options);
  if (failed.length > 0) print(`could not be extracted from: ${counted(failed.length, 'micrograph')}`);
  for (const reason of failed) print(`  ${reason}`);
  process.exitCode = interruption.exitCode() || (failed.length > 0 ? 3 : 0);
}

/** @throws UsageError if a side is odd, or the images would be larger than the boxes */
function assertSides({ box, scaleTo = box }: ExtractArguments): void {
  if (box % 2 === 0 && scaleTo % 2 === 0 && scaleTo <= box) return;
  throw new UsageError({
    what: 'Wrong side of the images',
    received: `--box ${box}${scaleTo === box ? '' : `, --scale-to ${scaleTo}`}`,
    expected: 'even numbers, --scale-to not above --box',
  });
}

/** Entries of a `micrographs.star` of the micrographs that have one. */
type CtfEntries = ReadonlyMap<InputMicrograph, StarMicrograph>;

async function readCtf(file: string): Promise<StarMicrograph[]> {
  try {
    return readMicrographsStar(await readText(file));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new FileError(
      { what: `Cannot read ${file}`, received: messageOf(cause), expected: 'a micrographs.star' },
      { cause },
    );
  }
}

/** @throws LabelError if an entry could belong to several micrographs, or several entries to one */
function pairCtf(inputs: readonly InputMicrograph[], entries: readonly StarMicrograph[], file: string): CtfEntries {
  const { pairs } = pairUp(inputs, entries, {
    ownerPlace: placeOfMicrograph,
    setPlace: ({ name }) => placeOfNamed(name, file),
    choose(some, { path }) {
      if (some.length === 1) return some[0];
      throw new LabelError({
        what: `More than one micrograph in ${file} could be ${path}`,
        received: some.map(({ name }) => name).join(', '),
        expected: `one that ${path} ends in`,
      });
    },
  });
  const weaker = describeWeakerRules(pairs, `micrographs of ${file}`);
  if (weaker) note(weaker);
  return new Map(pairs.map(({ owner, set }) => [owner, set]));
}

/** What is done with every box. */
function shaper(options: ExtractArguments): (image: Image) => Image {
  const { box, scaleTo = box } = options;
  const scale = scaleTo === box ? null : fourierScaler(box, scaleTo);
  return (image) => {
    const scaled = scale ? scale(image) : image;
    const white = options.invert ? invert(scaled) : scaled;
    return options.normalize ? normaliseBackground(white) : white;
  };
}

/** Where the images of a micrograph go. */
function stackOf(input: InputMicrograph, { out }: ExtractArguments): string {
  return join(out, `${outputStem(input)}.mrcs`);
}

/** Where the list of all particles goes. */
function listOf({ out }: ExtractArguments): string {
  return join(out, particlesStarFormat.perRun?.file ?? '');
}

/** Writes the stack of one micrograph; none where no particle is left. */
async function extractOne(
  input: InputMicrograph,
  set: CoordinateSet,
  ctf: CtfEntries | null,
  shape: (image: Image) => Image,
  options: ExtractArguments,
  counts: Counts,
): Promise<{ picked: PickedMicrograph; stack: string }[]> {
  const star = ctf ? entryOf(ctf, input) : (input.star ?? ofCoordinates(set));
  const name = ctf ? (star?.name ?? listedName(input)) : listedName(input);
  assertName(name);
  const micrograph = await readMicrograph(input.path);
  for (const warning of micrograph.warnings) note(`warning: ${input.path}: ${warning}`);
  const particles = choose(set.particles, micrograph, options, counts);
  if (particles.length === 0) return [];
  const { box, scaleTo = box } = options;
  const pixelSize = options.pixelSize ?? pixelSizeOf(star, input, micrograph, options);
  const stack = stackOf(input, options);
  const images = (function* () {
    for (const particle of particles) yield shape(cutParticle(micrograph, particle, box));
  })();
  await writeMrcStack(stack, images, {
    pixelSize: pixelSize === null ? null : (pixelSize * box) / scaleTo,
    float16: options.float16 ?? false,
    label: `${PROGRAM} particles`,
  });
  counts.particles += particles.length;
  const { width, height } = micrograph;
  const { values = {}, optics = {} } = star ?? {};
  return [{ picked: { name, width, height, pixelSize, values, optics, box, particles }, stack }];
}

/** What a particle list says of the optics of a micrograph. */
function ofCoordinates({ micrograph, optics }: CoordinateSet): StarMicrograph | undefined {
  return optics && { name: micrograph, pixelSize: pixelSizeOfOptics(optics), values: {}, optics };
}

/** @throws FileError where particles.star cannot hold the name */
function assertName(name: string): void {
  const reason = particlesStarFormat.perRun?.refuses?.(name) ?? null;
  if (reason === null) return;
  throw new FileError({
    what: `${JSON.stringify(name)} cannot stand in particles.star`,
    received: `${reason} in the name`,
    expected: 'a name without it',
  });
}

/**
 * Angstroms per pixel: of the table where there is one, which is not filled up from elsewhere.
 *
 * @throws LabelError if the table has none
 */
function pixelSizeOf(
  star: StarMicrograph | undefined,
  input: InputMicrograph,
  micrograph: { readonly pixelSize: number | null },
  { ctf }: ExtractArguments,
): number | null {
  if (!star || !ctf) return star?.pixelSize ?? micrograph.pixelSize ?? input.pixelSize;
  if (star.pixelSize !== null) return star.pixelSize;
  throw new LabelError({
    what: `${ctf} has no pixel size for ${star.name}`,
    received: `the labels ${Object.keys({ ...star.optics, ...star.values }).join(', ')}`,
    expected: 'rlnMicrographPixelSize in its optics group',
    hint: 'Give --pixel-size, or a table that has it',
  });
}

/** @throws LabelError if the micrograph is not listed */
function entryOf(ctf: CtfEntries, input: InputMicrograph): StarMicrograph {
  const star = ctf.get(input);
  if (star) return star;
  throw new LabelError({
    what: `${input.path} is not listed in the file given to --ctf`,
    expected: `an entry of the name "${stem(input.path)}"`,
  });
}

/** The particles whose boxes can be cut. */
function choose(
  particles: readonly Particle[],
  micrograph: { width: number; height: number },
  { box, edge, threshold }: ExtractArguments,
  counts: Counts,
): Particle[] {
  const good = particles.filter(({ score }) => threshold === undefined || score === undefined || score >= threshold);
  const inside = good.filter((particle) => isInside(particle, micrograph.width, micrograph.height, 0));
  const whole = inside.filter((particle) => boxFits(particle, box, micrograph));
  counts.below += particles.length - good.length;
  counts.outside += good.length - inside.length;
  counts.atEdge += inside.length - whole.length;
  return edge === 'drop' ? whole : inside;
}

async function writeList(
  done: readonly { picked: PickedMicrograph; stack: string }[],
  options: ExtractArguments,
): Promise<void> {
  const { box, scaleTo = box } = options;
  const images: ExtractedImages = {
    side: scaleTo,
    binning: box / scaleTo,
    names: (i) => done[i].picked.particles.map((_, j) => `${String(j + 1).padStart(6, '0')}@${done[i].stack}`),
  };
  const micrographs = done.map(({ picked }) => picked);
  for (const warning of missingOptics(micrographs)) note(`warning: ${warning}`);
  const changes = [
    `box ${box}`,
    `images of ${scaleTo}`,
    options.invert && 'inverted',
    options.normalize && 'normalised',
  ];
  const provenance = provenanceLine({ program: PROGRAM, changes: changes.filter(Boolean).join(', ') });
  await writePieces(listOf(options), writeParticles(done, provenance, images));
}

function summarise(
  { particles, atEdge, outside, below }: Counts,
  micrographs: number,
  seconds: number,
  options: ExtractArguments,
): void {
  print(
    `${counted(particles, 'particle')} of ${counted(micrographs, 'micrograph')} in ${duration(seconds)}, written to ${options.out}`,
  );
  if (atEdge > 0)
    print(
      `boxes that reach beyond the edge: ${atEdge}, ${options.edge === 'drop' ? 'left out' : 'filled by reflection'}`,
    );
  if (outside > 0) print(`centres outside the micrograph: ${outside}, left out`);
  if (below > 0) print(`below --threshold: ${below}, left out`);
}

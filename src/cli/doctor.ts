/** `deepem doctor`: which convention coordinates are in. */

import type { Command } from 'commander';
import { forEach } from '../app/each.js';
import { micrographsOf } from '../app/inputs.js';
import { firstPixelSize, pairWithMicrographs, readLabels } from '../app/labels/labelled-inputs.js';
import { quoted } from '../cluster/shell.js';
import { LabelError } from '../core/errors.js';
import { type Length, toPixels } from '../core/length.js';
import type { Micrograph } from '../core/micrograph.js';
import { describeTransform, transform } from '../core/transform.js';
import { counted } from '../core/words.js';
import type { CoordinateFormat } from '../formats/coordinate-format.js';
import { formatNamed, formatOfFile } from '../formats/coordinates.js';
import { drawTiles } from '../report/picture.js';
import type { CoordinateSet } from '../storage/coordinate-pairs.js';
import { writeWhole } from '../storage/files.js';
import type { InputMicrograph } from '../storage/inputs.js';
import { assertFree } from '../storage/outputs.js';
import { readMicrograph } from '../storage/read-micrograph.js';
import { averageImage } from '../verification/average.js';
import { type Diagnosis, diagnose, type Finding, type Patient } from '../verification/doctor.js';
import { print, printJson } from './console.js';
import { length, number, parsePixelSize } from './options.js';
import { tellPeople } from './show.js';

interface DoctorArguments {
  overwrite?: boolean;
  diameter?: Length;
  box?: number;
  from?: CoordinateFormat;
  pixelSize?: number;
  most: number;
  plot?: string;
  json?: boolean;
}

/** Findings in the table and in the picture. */
const SHOWN = 10;

const HELP = `
Examples:
  deepem doctor micrographs/ picks/
  deepem doctor micrographs/ J3/picked_particles.cs --diameter 190A --plot doctor.png

Tries the coordinates as they are, with rows, columns or both counted from the other side, x and y exchanged, corners taken for
centres (and the reverse), and scales from 1/16 to 16; judges each by how much darker or lighter blobs the size of a particle are at
the picks than at the same pattern of picks shifted elsewhere; and prints the command that fixes the file, or "cannot tell". 20 picks or more are
needed. The length of a shift is that of the best contrast, to some hundredths of the diameter. Whether the first pixel is 0 or 1 is below what pixels can tell.`;

export function configure(command: Command): void {
  command
    .argument('<micrographs>', 'a folder, a file, a glob in quotes, or a micrographs.star')
    .argument('<picks>', 'the coordinates in question: a folder, or one file')
    .option('--diameter <length>', 'of the particle (default: several are tried)', length('--diameter'))
    .option(
      '--box <px>',
      "side of the picks' boxes in full-size pixels (default: the files' own, or several are tried)",
      number('--box', { min: 2, max: 65536 }),
    )
    .option('--from <format>', 'what the files are, where the ending does not say', (name: string) => formatNamed(name))
    .option(
      '--most <n>',
      'micrographs looked at, those with most picks',
      number('--most', { min: 1, max: 1000, whole: true }),
      8,
    )
    .option('--pixel-size <A>', 'angstroms per pixel, for a diameter in angstroms', parsePixelSize)
    .option('--plot <file.png>', 'draw the average image at the picks for each change')
    .option('--json', 'as one JSON object')
    .option('--overwrite', 'replace files that are there')
    .addHelpText('after', HELP)
    .action(runDoctor);
}

async function runDoctor(micrographs: string, picks: string, options: DoctorArguments): Promise<void> {
  if (options.plot) assertFree([options.plot], options.overwrite);
  const inputs = await micrographsOf([micrographs], tellPeople);
  const sets = await readLabels(picks, tellPeople, {
    ...(options.from && { format: options.from }),
    micrographs: inputs,
  });
  const matched = withPicks(pairWithMicrographs(inputs, sets, 'coordinates', tellPeople, { partial: true }));
  const pairs = matched.slice(0, options.most);
  const pixelSize = options.diameter
    ? await firstPixelSize(
        pairs.map(({ input }) => input),
        options.pixelSize,
      )
    : null;
  const diameter = options.diameter && toPixels(options.diameter, pixelSize, '--diameter');
  const box = options.box ?? pairs[0].set.box;
  const patients = await readPatients(pairs);
  const diagnosis = diagnose(patients, { ...(diameter && { diameter }), ...(box && { box }) });
  const shown = worthShowing(diagnosis);
  if (options.plot) await writeWhole(options.plot, await draw(patients, shown, diagnosis));
  const fix = fixingCommand(diagnosis.findings[0], micrographs, picks, options);
  const { certain, margin } = diagnosis;
  if (options.json) {
    const misfits = diagnosis.misfits.map((i) => patients[i].name);
    printJson({
      misfits,
      certain,
      margin,
      diameter: diagnosis.diameter,
      findings: diagnosis.findings,
      fix: certain ? fix : null,
    });
    return;
  }
  for (const finding of shown) print(describe(finding));
  summarise(diagnosis, patients, fix, options);
}

interface NamedPatient extends Patient {
  readonly name: string;
}

/** Micrographs that have picks, those with most first. */
function withPicks(pairs: ReadonlyMap<InputMicrograph, CoordinateSet>) {
  const some = [...pairs].flatMap(([input, set]) => (set.particles.length > 0 ? [{ input, set }] : []));
  if (some.length > 0) return some.sort((a, b) => b.set.particles.length - a.set.particles.length);
  throw new LabelError({
    what: 'There are no picks to look at',
    received: `${counted(pairs.size, 'file')} of coordinates, all empty`,
    expected: 'picks',
  });
}

async function readPatients(pairs: readonly { input: InputMicrograph; set: CoordinateSet }[]): Promise<NamedPatient[]> {
  const patients: NamedPatient[] = [];
  const progress = { what: 'reading', nameOf: ({ input }: (typeof pairs)[number]) => input.path };
  const failed = await forEach(pairs, { tell: tellPeople }, progress, async ({ input, set }) => {
    const image: Micrograph = await readMicrograph(input.path);
    patients.push({ name: input.path, image, particles: set.particles });
  });
  for (const reason of failed) tellPeople({ kind: 'left-out', reason });
  if (patients.length > 0) return patients;
  throw new LabelError({ what: 'None of the micrographs can be read', received: failed[0] ?? 'none' });
}

/** The best findings, and those without a scale or shift, which come first in the list of mistakes. */
function worthShowing({ findings }: Diagnosis): Finding[] {
  const plain = ({ transform: { scale, shift } }: Finding) => scale === 1 && shift.x === 0;
  const best = findings.slice(0, SHOWN - findings.filter(plain).length);
  return findings.filter((finding) => plain(finding) || best.includes(finding));
}

function describe({ words, contrast, inside, transform }: Finding): string {
  const where = inside < 1 ? `, ${(100 * inside).toFixed(0)} % inside` : '';
  return `${contrast.toFixed(1).padStart(7)} sd${where}: ${words}${describeTransform(transform) && ` (${describeTransform(transform)})`}`;
}

async function draw(patients: readonly Patient[], findings: readonly Finding[], { diameter }: Diagnosis) {
  return drawTiles(
    findings.map((finding) => {
      const moved = patients.map(({ image, particles }) => ({
        image,
        points: transform(particles, finding.transform, image),
      }));
      const change = describeTransform(finding.transform) || 'no change';
      return { image: averageImage(moved, diameter), lines: [change, `${finding.contrast.toFixed(1)} sd`] };
    }),
  );
}

/** The command that makes the change, in the format of the file where that can be written. */
function fixingCommand(
  { transform }: Finding,
  micrographs: string,
  picks: string,
  { from }: DoctorArguments,
): string | null {
  const changes = describeTransform(transform);
  if (changes === '') return null;
  const format = from ?? formatOfFile(picks);
  const to = format?.perMicrograph || format?.perRun ? format.name : format ? 'particles-star' : 'star';
  const source = from ? ` --from ${from.name}` : '';
  return `deepem convert ${quoted(picks)}${source} ${changes} --micrographs ${quoted(micrographs)} --to ${to} --out fixed`;
}

function summarise(
  { findings, certain, margin, misfits }: Diagnosis,
  patients: readonly NamedPatient[],
  fix: string | null,
  { plot }: DoctorArguments,
): void {
  const picks = patients.reduce((sum, { particles }) => sum + particles.length, 0);
  print(
    `${counted(picks, 'pick')} on ${counted(patients.length, 'micrograph')}; sd: of shifted controls, positive for dark particles`,
  );
  if (!certain) {
    print(
      `cannot tell: the best stands out of the others by ${margin.toFixed(1)} sd; give more picks or micrographs, or --diameter`,
    );
  } else if (fix) {
    print(`found: ${findings[0].words} (${margin.toFixed(1)} sd better than any other change); this fixes it:`);
    print(`  ${fix}`);
  } else print(`the coordinates are right as they are (${margin.toFixed(1)} sd better than any change)`);
  if (misfits.length > 0) {
    const names = misfits.map((i) => patients[i].name).join(', ');
    print(`on ${misfits.length} of them it does not fit, perhaps for another convention: ${names}`);
  }
  print('whether the first pixel is 0 or 1 is below what pixels can tell');
  if (plot) print(`averages drawn in ${plot}`);
}

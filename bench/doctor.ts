/**
 * The convention doctor on real data: 50 labels of one micrograph, with a mistake injected, 100 times; and places without
 * particles, 100 times. Its constants were set with beta-galactosidase in view; the other data were not looked at. Writes docs/results/doctor.json and the table in docs/results.md.
 * Usage: npm run bench -- doctor
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, parse } from 'node:path';
import type { Micrograph } from '../src/core/micrograph.js';
import type { Particle } from '../src/core/particle.js';
import { random, shuffle } from '../src/core/random.js';
import { IDENTITY, type Transform, transform } from '../src/core/transform.js';
import { parseCoordinates } from '../src/formats/coordinates.js';
import { readMicrograph } from '../src/storage/read-micrograph.js';
import { type DoctorOptions, diagnose } from '../src/verification/doctor.js';
import { DATA } from './data-sets.js';
import { MACHINE } from './machine.js';
import { writeSection } from './results.js';

const [TRIALS, PICKS] = [100, 50];
const SEED = 1;

/** Micrographs with true centres; lengths in full-size pixels. */
interface LabelledData {
  readonly name: string;
  readonly micrographs: string;
  readonly truth: string;
  readonly ending: string;
  readonly diameter: number;
  readonly box: number;
}

const BETA_GALACTOSIDASE = join(DATA, 'beta-galactosidase');
const APOFERRITIN = join(DATA, 'apoferritin');
const SETS: readonly LabelledData[] = [
  {
    ...{ name: 'beta-galactosidase', ending: '.jpg', diameter: 108, box: 180 },
    ...{ micrographs: join(BETA_GALACTOSIDASE, 'micrographs'), truth: join(BETA_GALACTOSIDASE, 'truth') },
  },
  ...(['averaged', 'raw'] as const).map((kind) => ({
    ...{ name: `apoferritin, ${kind}`, ending: '.png', diameter: 61, box: 100 },
    ...{ micrographs: join(APOFERRITIN, kind), truth: join(APOFERRITIN, 'truth') },
  })),
];

/** A mistake, and the change that fixes it. */
interface Injected {
  readonly name: string;
  readonly wrong: Transform;
  readonly fix: Transform;
}

function mistakesOf(box: number): readonly Injected[] {
  return [
    { name: 'none', wrong: IDENTITY, fix: IDENTITY },
    ...(['flipY', 'flipX', 'swap'] as const).map((flag) => {
      const one = { ...IDENTITY, [flag]: true };
      return { name: flag, wrong: one, fix: one };
    }),
    ...[2, 4, 8].map((factor) => ({
      name: `binned ${factor}`,
      wrong: { ...IDENTITY, scale: 1 / factor },
      fix: { ...IDENTITY, scale: factor },
    })),
    { name: 'twice too large', wrong: { ...IDENTITY, scale: 2 }, fix: { ...IDENTITY, scale: 0.5 } },
    { name: 'corner', wrong: shifted(-box / 2), fix: shifted(box / 2) },
    { name: 'centre as corner', wrong: shifted(box / 2), fix: shifted(-box / 2) },
  ];
}

function shifted(by: number): Transform {
  return { ...IDENTITY, shift: { x: by, y: by } };
}

/** The same change; of a shift whose box is not known to within a quarter of the diameter. */
function agrees(a: Transform, b: Transform, diameter: number): boolean {
  const same =
    a.flipX === b.flipX && a.flipY === b.flipY && a.swap === b.swap && Math.abs(a.scale / b.scale - 1) < 1e-6;
  return same && Math.hypot(a.shift.x - b.shift.x, a.shift.y - b.shift.y) <= diameter / 4;
}

type Field = { micrograph: Micrograph; particles: readonly Particle[] };

async function load({ truth, micrographs, ending }: LabelledData): Promise<Field[]> {
  const fields: Field[] = [];
  for (const file of readdirSync(truth).sort()) {
    const centres = join(truth, file);
    const micrograph = await readMicrograph(join(micrographs, `${parse(file).name}${ending}`));
    fields.push({
      micrograph,
      particles: parseCoordinates(readFileSync(centres), centres).map(({ particle }) => particle),
    });
  }
  return fields.filter(({ particles }) => particles.length >= PICKS);
}

/** Trials with injected mistakes. */
function treat(fields: readonly Field[], { box, diameter }: LabelledData, options: DoctorOptions) {
  const counts = { right: 0, cannotTell: 0, wrong: 0 };
  const missed: Record<string, number> = {};
  const mistakes = mistakesOf(box);
  for (let trial = 0; trial < TRIALS; trial++) {
    const { micrograph, particles } = fields[trial % fields.length];
    const { name, wrong, fix } = mistakes[Math.floor(trial / fields.length) % mistakes.length];
    const chosen = shuffle([...particles], random(SEED, trial)).slice(0, PICKS);
    const found = diagnose([{ image: micrograph, particles: transform(chosen, wrong, micrograph) }], options);
    if (found.certain && agrees(found.findings[0].transform, fix, diameter)) counts.right++;
    else {
      counts[found.certain ? 'wrong' : 'cannotTell']++;
      missed[name] = (missed[name] ?? 0) + 1;
    }
  }
  return { ...counts, missed };
}

/** Trials with random places; returns how often the doctor was certain. */
function fool(fields: readonly Field[], options: DoctorOptions): number {
  const source = random(SEED, TRIALS);
  return Array.from({ length: TRIALS }, (_, trial) => {
    const { micrograph: image } = fields[trial % fields.length];
    const particles = Array.from({ length: PICKS }, () => ({
      x: source.uniform() * (image.width - 1),
      y: source.uniform() * (image.height - 1),
    }));
    return diagnose([{ image, particles }], options).certain;
  }).filter(Boolean).length;
}

const rows: ({ data: string; known: string; fooled: number } & ReturnType<typeof treat>)[] = [];
for (const set of SETS) {
  const fields = await load(set);
  const { diameter, box } = set;
  for (const [known, options] of [
    ['nothing but the picks', {}],
    ['--diameter', { diameter }],
    ['--diameter and --box', { diameter, box }],
  ] as const) {
    const row = { data: set.name, known, ...treat(fields, set, options), fooled: fool(fields, options) };
    process.stderr.write(`${JSON.stringify(row)}\n`);
    rows.push(row);
  }
}

writeFileSync(
  'docs/results/doctor.json',
  `${JSON.stringify({ machine: MACHINE, trials: TRIALS, picks: PICKS, rows }, null, 1)}\n`,
);
const table = [
  '| data | known | right | "cannot tell" | confidently wrong | confident about random places |',
  '|---|---|---|---|---|---|',
  ...rows.map(
    ({ data, known, right, cannotTell, wrong, fooled }) =>
      `| ${data} | ${known} | ${right} | ${cannotTell} | ${wrong} | ${fooled} |`,
  ),
].join('\n');
writeSection('doctor', table);

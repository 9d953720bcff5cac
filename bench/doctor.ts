/**
 * The convention doctor on real data: 50 labels of one beta-galactosidase micrograph, with a mistake injected, 100 times; and
 * places without particles, 100 times. Writes docs/results/doctor.json and the table in docs/results.md.
 * Usage: npm run bench:doctor
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, parse } from 'node:path';
import { parseCoordinates } from '../src/formats/coordinates.js';
import type { Micrograph } from '../src/micrograph.js';
import type { Particle } from '../src/particle.js';
import { random, shuffle } from '../src/random.js';
import { readMicrograph } from '../src/storage/read-micrograph.js';
import { IDENTITY, type Transform, transform } from '../src/transform.js';
import { diagnose } from '../src/verification/doctor.js';
import { DATA } from './folds.js';

const SET = join(DATA, 'beta-galactosidase');
const [TRIALS, PICKS, DIAMETER, BOX] = [100, 50, 108, 180];
const SEED = 1;

/** What goes wrong, and the change that mends it. */
const MISTAKES: readonly { name: string; wrong: Transform; mends: Transform }[] = [
  { name: 'none', wrong: IDENTITY, mends: IDENTITY },
  ...(['flipY', 'flipX', 'swap'] as const).map((flag) => {
    const one = { ...IDENTITY, [flag]: true };
    return { name: flag, wrong: one, mends: one };
  }),
  ...[2, 4, 8].map((factor) => ({
    name: `binned ${factor}`,
    wrong: { ...IDENTITY, scale: 1 / factor },
    mends: { ...IDENTITY, scale: factor },
  })),
  { name: 'twice too large', wrong: { ...IDENTITY, scale: 2 }, mends: { ...IDENTITY, scale: 0.5 } },
  { name: 'corner', wrong: shifted(-BOX / 2), mends: shifted(BOX / 2) },
  { name: 'centre as corner', wrong: shifted(BOX / 2), mends: shifted(-BOX / 2) },
];

function shifted(by: number): Transform {
  return { ...IDENTITY, shift: { x: by, y: by } };
}

/** The same change; of a shift whose box is not known to within a quarter of the diameter. */
function agrees(a: Transform, b: Transform): boolean {
  const same =
    a.flipX === b.flipX && a.flipY === b.flipY && a.swap === b.swap && Math.abs(a.scale / b.scale - 1) < 1e-6;
  return same && Math.hypot(a.shift.x - b.shift.x, a.shift.y - b.shift.y) <= DIAMETER / 4;
}

const fields: { micrograph: Micrograph; particles: readonly Particle[] }[] = [];
for (const file of readdirSync(join(SET, 'truth')).sort()) {
  const truth = join(SET, 'truth', file);
  fields.push({
    micrograph: await readMicrograph(join(SET, 'micrographs', `${parse(file).name}.jpg`)),
    particles: parseCoordinates(readFileSync(truth), truth).map(({ particle }) => particle),
  });
}

const rows = [
  { what: 'nothing but the picks known', options: {} },
  { what: 'with --diameter', options: { diameter: DIAMETER } },
  { what: 'with --diameter and --box', options: { diameter: DIAMETER, box: BOX } },
].map(({ what, options }) => {
  const counts = { right: 0, cannotTell: 0, wrong: 0 };
  const missed: Record<string, number> = {};
  for (let trial = 0; trial < TRIALS; trial++) {
    const { micrograph, particles } = fields[trial % fields.length];
    const { name, wrong, mends } = MISTAKES[Math.floor(trial / fields.length) % MISTAKES.length];
    const chosen = shuffle([...particles], random(SEED, trial)).slice(0, PICKS);
    const found = diagnose([{ image: micrograph, particles: transform(chosen, wrong, micrograph) }], options);
    const right = found.certain && agrees(found.findings[0].transform, mends);
    if (right) counts.right++;
    else {
      counts[found.certain ? 'wrong' : 'cannotTell']++;
      missed[name] = (missed[name] ?? 0) + 1;
    }
  }
  const source = random(SEED, TRIALS);
  let fooled = 0;
  for (let trial = 0; trial < TRIALS; trial++) {
    const { micrograph: image } = fields[trial % fields.length];
    const particles = Array.from({ length: PICKS }, () => ({
      x: source.uniform() * (image.width - 1),
      y: source.uniform() * (image.height - 1),
    }));
    if (diagnose([{ image, particles }], options).certain) fooled++;
  }
  process.stderr.write(`${what}: ${JSON.stringify({ ...counts, fooled, missed })}\n`);
  return { what, ...counts, fooled, missed };
});

const machine = `${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}`;
writeFileSync(
  'docs/results/doctor.json',
  `${JSON.stringify({ machine, trials: TRIALS, picks: PICKS, rows }, null, 1)}\n`,
);
const table = [
  '| known | right | "cannot tell" | confidently wrong | confident about random places |',
  '|---|---|---|---|---|',
  ...rows.map(
    ({ what, right, cannotTell, wrong, fooled }) => `| ${what} | ${right} | ${cannotTell} | ${wrong} | ${fooled} |`,
  ),
].join('\n');
const page = readFileSync('docs/results.md', 'utf8');
const section = /(<!-- doctor -->)[\s\S]*(<!-- end doctor -->)/;
writeFileSync('docs/results.md', page.replace(section, `$1\n${table}\n$2`));
process.stdout.write(`${table}\n`);

/**
 * Labels against pixels, before a training: right labels and injected mistakes on every real specimen, with 20 labels on two micrographs
 * and with 200 on five. Writes docs/results/label-look.json and the table in docs/results.md.
 * Usage: npm run bench -- label-look [--seeds 20]
 */

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Point } from '../src/core/particle.js';
import { random, shuffle } from '../src/core/random.js';
import { IDENTITY, type Transform, transform } from '../src/core/transform.js';
import { diameterWarnings } from '../src/verification/label-diameter.js';
import { type LabelLook, lookAtLabels, reduceForLook } from '../src/verification/label-look.js';
import { type DataSet, loadAll, namesOf, SPECIMENS } from './data-sets.js';
import { MACHINE } from './machine.js';
import { writeSection } from './results.js';

const { values: given } = parseArgs({ options: { seeds: { type: 'string', default: '20' } } });
const SEEDS = Number(given.seeds);
/** Labels in all, on so many micrographs. */
const SIZES = [
  [20, 2],
  [200, 5],
] as const;

/** A micrograph that was read once, as small as the look needs it. */
interface Field {
  readonly width: number;
  readonly height: number;
  readonly small: ReturnType<typeof reduceForLook>['image'];
  /** The same, as small as half the diameter and twice the diameter need it. */
  readonly sized: Readonly<Record<number, ReturnType<typeof reduceForLook>['image']>>;
  readonly particles: readonly Point[];
}

function mistakesOf(diameter: number): readonly (readonly [string, Transform])[] {
  const corner = -0.75 * diameter;
  return [
    ['rows from the last', { ...IDENTITY, flipY: true }],
    ['columns from the last', { ...IDENTITY, flipX: true }],
    ['x and y exchanged', { ...IDENTITY, swap: true }],
    ['binned 2', { ...IDENTITY, scale: 1 / 2 }],
    ['binned 4', { ...IDENTITY, scale: 1 / 4 }],
    ['twice too large', { ...IDENTITY, scale: 2 }],
    ['corner for centre', { ...IDENTITY, shift: { x: corner, y: corner } }],
  ];
}

async function load(set: DataSet): Promise<Field[]> {
  const fields: Field[] = [];
  for await (const { micrograph, particles } of loadAll(set, namesOf(set))) {
    const { width, height } = micrograph;
    const at = (times: number) => reduceForLook(micrograph, [], times * set.diameter).image;
    fields.push({ width, height, small: at(1), sized: { 0.5: at(0.5), 1: at(1), 2: at(2) }, particles });
  }
  return fields;
}

/** Some labels of some micrographs, changed. */
function look(
  fields: readonly Field[],
  diameter: number,
  [labels, on]: readonly [number, number],
  seed: number,
  change: (points: readonly Point[], field: Field, i: number) => readonly Point[],
): LabelLook {
  const chosen = shuffle([...fields], random(seed, 1)).slice(0, on);
  const patients = chosen.map((field, i) => {
    const own = shuffle([...field.particles], random(seed, 2 + i)).slice(0, Math.round(labels / chosen.length));
    const { particles } = reduceForLook(
      { ...field.small, width: 1, height: 1, pixels: new Float32Array(1) },
      change(own, field, i),
      diameter,
    );
    return { image: field.small, particles };
  });
  return lookAtLabels(patients, { diameter });
}

/** Whether anything is said of a diameter that is so many times the right one. */
function isDiameterDoubted(
  fields: readonly Field[],
  diameter: number,
  [labels, on]: readonly [number, number],
  seed: number,
  times: number,
): boolean {
  const chosen = shuffle([...fields], random(seed, 1)).slice(0, on);
  const own = chosen.map(({ particles }, i) =>
    shuffle([...particles], random(seed, 2 + i)).slice(0, Math.round(labels / chosen.length)),
  );
  const patients = chosen.map(({ sized }, i) => {
    const one = { ...sized[times], width: 1, height: 1, pixels: new Float32Array(1) };
    return { image: sized[times], particles: reduceForLook(one, own[i], times * diameter).particles };
  });
  const plain = own.map((particles) => ({ particles }));
  return diameterWarnings(plain, patients, times * diameter).length > 0;
}

const rows: {
  specimen: string;
  labels: number;
  right: Record<string, number>;
  mistakes: Record<string, number>;
  missed: string[];
  random: Record<string, number>;
  exchanged: string;
  diameters: Record<string, number>;
  milliseconds: number;
}[] = [];
for (const set of SPECIMENS) {
  const { name: specimen, diameter } = set;
  const fields = await load(set);
  for (const size of SIZES) {
    const count = (list: Record<string, number>, kind: string) => {
      list[kind] = (list[kind] ?? 0) + 1;
    };
    const [right, mistakes, nowhere]: Record<string, number>[] = [{}, {}, {}];
    const missed: string[] = [];
    let [strangers, found, milliseconds] = [0, 0, 0];
    const diameters: Record<string, number> = {};
    for (let seed = 0; seed < SEEDS; seed++) {
      const started = performance.now();
      const plain = look(fields, diameter, size, seed, (points) => points);
      milliseconds += performance.now() - started;
      count(right, plain.verdict.kind);
      strangers += plain.strangers.length;
      for (const [name, wrong] of mistakesOf(diameter)) {
        const { verdict } = look(fields, diameter, size, seed, (points, field) => transform(points, wrong, field));
        count(mistakes, verdict.kind);
        if (verdict.kind === 'agree') missed.push(name);
      }
      for (const times of [0.5, 1, 2])
        if (isDiameterDoubted(fields, diameter, size, seed, times)) count(diameters, `${times}`);
      const source = random(seed, 99);
      const anywhere = look(fields, diameter, size, seed, (points, { width, height }) =>
        points.map(() => ({ x: source.uniform() * width, y: source.uniform() * height })),
      );
      count(nowhere, anywhere.verdict.kind);
      const swapped = shuffle([...fields], random(seed, 1)).slice(0, size[1]);
      const exchanged = look(fields, diameter, size, seed, (points, _, i) => {
        if (i > 1 || swapped.length < 3) return points;
        return shuffle([...swapped[1 - i].particles], random(seed, 2 + i)).slice(0, points.length);
      });
      if (exchanged.strangers.join() === '0,1') found++;
    }
    const row = {
      ...{ specimen, labels: size[0], right: { ...right, strangers }, mistakes, missed, random: nowhere },
      ...{
        exchanged: fields.length < 3 || size[1] < 3 ? '-' : `${found}`,
        diameters,
        milliseconds: Math.round(milliseconds / SEEDS),
      },
    };
    process.stderr.write(`${JSON.stringify(row)}\n`);
    rows.push(row);
  }
}

writeFileSync('docs/results/label-look.json', `${JSON.stringify({ machine: MACHINE, seeds: SEEDS, rows }, null, 1)}\n`);
const share = (list: Record<string, number>, kind: string) => list[kind] ?? 0;
writeSection(
  'label-look',
  [
    '| specimen | labels | right: agree / no evidence / contradicted / micrographs left out | mistakes: contradicted / no evidence / not noticed | random places: no evidence | two exchanged micrographs: both named | diameter doubted: right / half / twice | ms |',
    '|---|---|---|---|---|---|---|---|',
    ...rows.map(
      ({ specimen, labels, right, mistakes, random: nowhere, exchanged, diameters, milliseconds }) =>
        `| ${specimen} | ${labels} | ${share(right, 'agree')} / ${share(right, 'silent')} / ${share(right, 'contradicted')} / ${share(right, 'strangers')} | ` +
        `${share(mistakes, 'contradicted')} / ${share(mistakes, 'silent')} / ${share(mistakes, 'agree')} | ${share(nowhere, 'silent')} | ${exchanged} | ${share(diameters, '1')} / ${share(diameters, '0.5')} / ${share(diameters, '2')} | ${milliseconds} |`,
    ),
  ].join('\n'),
);
